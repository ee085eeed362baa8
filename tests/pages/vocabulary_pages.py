"""The pages of ontology and shapes, rendered from the files of the project, and what a reader of a page finds in it."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

from pyoxigraph import NamedNode, RdfFormat, parse

from plangraf.pages.html import Pages
from plangraf.pages.vocabulary.names import Names
from plangraf.pages.vocabulary.ontology_page import OntologyOverview, TermUse, ThemePage, theme_words
from plangraf.pages.vocabulary.shapes_page import ShapesPage
from plangraf.pages.vocabulary.term_model import Vocabulary, read_vocabulary
from plangraf.pages.words import words
from plangraf.rdf.graph import statements
from plangraf.rdf.namespaces import ONTOLOGY, terms
from plangraf.views.declarations import TermLabels, load_labels
from small_home import ROOT

LANGUAGES = ("nb", "en")
_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr", "path", "rect"})


@cache
def vocabulary() -> Vocabulary:
    files = [path for path in sorted((ROOT / "ontology").rglob("*.ttl")) if path.parent.name != "labels"]
    files += sorted((ROOT / "shapes").glob("*.ttl"))
    quads = (quad for path in files for quad in parse(path.read_bytes(), RdfFormat.TURTLE, rename_blank_nodes=True))
    return read_vocabulary(statements(quads))


@cache
def labels() -> TermLabels:
    return load_labels(ROOT)


def names(language: str, here: str = "", *, themes: bool = False) -> Names:
    homes: dict[NamedNode, str] = vocabulary().homes() if themes else {}
    return Names(vocabulary().graph, labels(), words(language), "", here, homes)


@cache
def pages(language: str) -> dict[str, str]:
    """Each page by its path."""
    render, found = Pages("", "0000000000000000").render, {}
    dcterms, own = terms("dcterms"), names(language, "/ontology")
    found["/ontology"] = render(
        "ontology.html",
        language,
        title=own.text_of(vocabulary().graph, NamedNode(ONTOLOGY), dcterms("title")),
        lead=own.text_of(vocabulary().graph, NamedNode(ONTOLOGY), dcterms("description")),
        themes=OntologyOverview(vocabulary(), own, "").themes(),
        alternates=[],
    )
    for theme in vocabulary().themes:
        own = names(language, theme.path, themes=True)
        found[theme.path] = render(
            "ontology-theme.html",
            language,
            theme=ThemePage(vocabulary(), TermUse({}, {}), own, "").view(theme),
            others=[(other.path, theme_words(vocabulary(), other, own)[0], False) for other in vocabulary().themes],
            alternates=[],
        )
    page, groups = ShapesPage(vocabulary(), names(language, "/shapes"), ""), vocabulary().shape_groups()
    found["/shapes"] = render(
        "shapes.html",
        language,
        groups=[page.group(group) for group in groups],
        conditions=page.conditions(),
        alternates=[],
    )
    for group in groups:
        page = ShapesPage(vocabulary(), names(language, group.path, themes=True), "")
        found[group.path] = render(
            "shapes-theme.html",
            language,
            group=page.group(group),
            others=[(other.path, page.label(other), False) for other in groups],
        )
    return {path: body.decode() for path, body in found.items()}


class Read(HTMLParser):
    """What stands in a page: ids, targets of links, and the running text, which is what is not code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._open.append(tag)
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [given["href"]] if tag == "a" and given.get("href") else []

    def handle_endtag(self, tag: str) -> None:
        assert tag in _VOID or self._open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if "code" not in self._open:
            self.texts.append(data)


@cache
def read(language: str, path: str) -> Read:
    return Read(pages(language)[path])
