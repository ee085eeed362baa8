"""The pages of ontology and shapes: an anchor for each term and rule, words in both languages, links that lead on."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from pyoxigraph import NamedNode
from vocabulary_pages import LANGUAGES, labels, names, pages, read, vocabulary

from plangraf.rdf.namespaces import PLAN, PLANSHAPE, PREFIXES, namespace
from small_home import ROOT

MOST_BYTES = 150_000
THEMES = [theme.path for theme in vocabulary().themes]
GROUPS = [group.path for group in vocabulary().shape_groups()]
PATHS = ["/ontology", "/shapes", *THEMES, *GROUPS]
# A CURIE with a prefix of the project, or an IRI; an address of the web that a text names for itself is in <code>.
TECHNICAL = re.compile(rf"\b(?:{'|'.join(PREFIXES)}):[A-Za-z]|https?://\w")


def defined(folder: str, start: str) -> set[str]:
    """The local names that the files of a folder define, by the first word of a line."""
    prefix = "plan:" if start == PLAN else "planshape:"
    files = (ROOT / folder).glob("*.ttl")
    found = re.findall(rf"^{prefix}(\w[\w-]*) a ", "\n".join(path.read_text() for path in files), re.MULTILINE)
    return set(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ontology_has_one_anchor_for_each_term(language: str) -> None:
    count = Counter(read(language, "/ontology").ids)
    terms = defined("ontology", PLAN)
    assert len(terms) > 200
    assert {term: count[term] for term in terms} == dict.fromkeys(terms, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shapes_have_one_anchor_for_each_shape_rule_and_condition(language: str) -> None:
    count = Counter(read(language, "/shapes").ids)
    shapes = defined("shapes", PLANSHAPE)
    assert len(shapes) > 400
    assert {shape: count[shape] for shape in shapes} == dict.fromkeys(shapes, 1)


def test_each_term_has_one_theme_and_a_theme_has_whole_modules() -> None:
    themes = {term.anchor: t.key for t in vocabulary().themes for term in (*t.classes, *t.properties)}
    assert "other" not in themes.values()
    assert set(themes) == defined("ontology", PLAN)
    for path in (ROOT / "ontology").glob("*.ttl"):
        own = re.findall(r"^plan:(\w+) a ", path.read_text(), re.MULTILINE)
        assert len({themes[name] for name in own}) <= 1, path.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_term_and_rule_has_words_of_its_language(language: str) -> None:
    own, graph = names(language), vocabulary().graph
    for term in vocabulary().terms.values():
        for predicate in ("definition", "example"):
            assert graph.text(term.node, NamedNode(PREFIXES["skos"] + predicate), language), term.anchor
        for other in (*term.domains, *term.ranges, *term.parents, *term.same, *term.close):
            if namespace(other.value) != PLAN:
                assert set(labels()[other.value]) >= set(LANGUAGES), other
                assert own.source(other), other
    page = pages(language)["/shapes"]
    for rule in re.findall(r'<li id="[^"]*Shape-[^"]*"><a [^>]*>([^<]*)</a>(.*?)</li>', page):
        sentence = re.sub("<b>.*?</b>|<[^>]*>", "", rule[1]).strip()
        assert re.fullmatch(r"[A-ZÆØÅ].*\.", sentence), rule


@pytest.mark.sampled(3)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_technical_name_stands_in_running_text(language: str, path: str) -> None:
    assert not [text for text in read(language, path).texts if TECHNICAL.search(text)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_id_is_unique_and_each_link_resolves(language: str, path: str) -> None:
    found = read(language, path)
    assert [name for name, count in Counter(found.ids).items() if count > 1] == []
    for link in found.links:
        target, _, fragment = link.partition("#")
        if not target or target in PATHS:
            assert not fragment or fragment in read(language, target or path).ids, link
        elif target.startswith(("/ontology", "/shapes")):
            pytest.fail(f"{link} leads to no page")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_light_and_has_no_inline_style(path: str) -> None:
    for language in LANGUAGES:
        page = pages(language)[path]
        assert len(page.encode()) < MOST_BYTES, (path, language)
        assert " style=" not in page
        assert "<style" not in page


def test_what_is_the_same_in_both_languages_is_no_sentence() -> None:
    """No sentence of a page in Bokmål is left in English."""
    for path in PATHS:
        shared = set(read("nb", path).texts) & set(read("en", path).texts)
        assert not [text for text in shared if len(text.split()) > 8], path
