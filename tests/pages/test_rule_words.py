"""The sentences that are made from shapes, in both languages, and the forms of the nouns in them."""

from __future__ import annotations

import re

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse
from vocabulary_pages import LANGUAGES, labels, names, vocabulary

from plangraf.pages.vocabulary.grammar import GRAMMARS, lower_first
from plangraf.pages.vocabulary.patterns import describe_pattern
from plangraf.pages.vocabulary.rule_words import RuleWords
from plangraf.pages.vocabulary.shape_model import SH, read_shapes
from plangraf.pages.words import words
from plangraf.rdf.graph import Graph, statements
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES


def sentence(name: str, language: str) -> str:
    said = RuleWords(vocabulary().graph, names(language))
    shape = next(shape for shape in vocabulary().shapes if name.startswith(shape.anchor + "-"))
    rule = next(rule for rule in shape.rules if rule.anchor == name)
    return re.sub("<[^>]*>", "", str(said.rule(shape, rule)))


@pytest.mark.parametrize(
    ("name", "nb", "en"),
    [
        ("PlanShape-municipality", "En plan har minst én kommune.", "A plan has at least one municipality."),
        (
            "PlanShape-number",
            "En plan har høyst ett nummer: et heltall, 1 eller mer.",
            "A plan has at most one number: a whole number, 1 or more.",
        ),
        (
            "PlanShape-title",
            "En plan har nøyaktig én tittel: på bokmål, nynorsk eller nordsamisk, på én linje, uten punktum til slutt.",
            "A plan has exactly one title: in Bokmål, Nynorsk or Northern Sámi, on one line, without a final full "
            "stop.",
        ),
        (
            "ActorGroupShape-label",
            "En aktørgruppe har nøyaktig ett navn på bokmål, og høyst ett på hvert av språkene engelsk, nynorsk og "
            "nordsamisk.",
            "A group of actors has exactly one label in Bokmål, and at most one in each of the languages English, "
            "Nynorsk and Northern Sámi.",
        ),
        (
            "ConceptShape-definition",
            "Et begrep har nøyaktig én definisjon på hvert av språkene bokmål og engelsk.",
            "A concept has exactly one definition in each of the languages Bokmål and English.",
        ),
        (
            "CommitmentShape-isPartOf",
            "Et løfte har nøyaktig én verdi for «del av»: et plattformavsnitt eller et politikkområde.",
            "A commitment has exactly one value for “part of”: a platform section or a policy area.",
        ),
        (
            "CommitmentShape-partner",
            "Et løfte kan ha flere samarbeidspartnere. Hver av dem er en aktørgruppe, en organisasjon eller en "
            "organisasjonsenhet.",
            "A commitment may have several partners. Each is a group of actors, an organisation or an organisational "
            "unit.",
        ),
        (
            "PlanShape-startSeason",
            "En plan har høyst én oppstartssesong: fra begrepslisten «del av året».",
            "A plan has at most one start season: from the scheme “part of the year”.",
        ),
        (
            "PlanShape-type",
            "En plan hører også til klassen Verk (ELI).",
            "A plan also belongs to the class Work (ELI).",
        ),
        (
            "ForeseenDecisionShape-decision_outcome",
            "Et kommende vedtak skal ikke ha utfall.",
            "A foreseen decision must not have any outcome.",
        ),
        (
            "PlanShape-purpose",
            "En plan har høyst ett formål på hvert språk: på bokmål eller engelsk, minst 10 tegn.",
            "A plan has at most one purpose in each language: in Bokmål or English, at least 10 characters.",
        ),
        (
            "AreaValidityShape-validFrom",
            "En gyldighet for et områdenummer har høyst én verdi for «gyldig fra»: en dato, før «gyldig til».",
            "A validity of an area's number has at most one value for “valid from”: a date, before “valid until”.",
        ),
    ],
)
def test_a_rule_is_said_in_plain_words(name: str, nb: str, en: str) -> None:
    assert sentence(name, "nb") == nb
    assert sentence(name, "en").replace("&#39;", "'") == en


def test_one_of_a_fixed_set_is_said_with_the_labels_of_its_members() -> None:
    outcome = PREFIXES["eli-dl"] + "DecisionOutcome-"
    yes, no = (labels()[outcome + name]["nb"] for name in ("Adopted", "Rejected"))
    said = f"Et vedtak har høyst ett utfall: {yes} (ELI-DL) eller {no} (ELI-DL)."
    assert sentence("DecisionShape-decision_outcome", "nb") == said


def test_a_condition_by_query_adds_its_message() -> None:
    assert sentence("PeriodOfTimeShape-endDate", "en").endswith(
        ". Let the period end in its first year or on its first day, or later."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_pattern_of_the_shapes_has_words(language: str) -> None:
    """A regular expression that is new in the shapes gets its words in `patterns.py`."""
    graph, scheme = vocabulary().graph, "^https://w3id\\.org/plangraf/id/scheme/"
    patterns = {
        text.value
        for shape in vocabulary().shapes
        for rule in shape.rules
        for text in graph.literals(rule.node, SH("pattern"))
        if not text.value.startswith(scheme)
    }
    assert len(patterns) > 20
    assert [pattern for pattern in sorted(patterns) if not describe_pattern(pattern, words(language))] == []


def test_a_pattern_without_words_is_shown_as_it_is() -> None:
    text = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <https://w3id.org/plangraf/shapes#> .
@prefix plan: <https://w3id.org/plangraf/ontology#> .
ex:AShape a sh:NodeShape ; sh:targetClass plan:Plan ; sh:property ex:AShape-x .
ex:AShape-x sh:path plan:planKind ; sh:name "kind of plan"@en ; sh:pattern "^<b>&$" ; sh:maxLength 1 .
"""
    graph = Graph(statements(parse(text.encode(), RdfFormat.TURTLE)))
    (shape,) = read_shapes(graph)
    own = names("en")
    said = RuleWords(graph, own).rule(shape, shape.rules[0])
    assert said == (
        "A plan may have several kinds of plan. Each is at most 1 character, "
        "written by the pattern <code>^&lt;b&gt;&amp;$</code>."
    )


@pytest.mark.parametrize(
    ("language", "name", "forms"),
    [
        ("nb", "tittel", ("en tittel", "én", "titler")),
        ("nb", "saksnummer", ("et saksnummer", "ett", "saksnumre")),
        ("nb", "FN-delmål", ("et FN-delmål", "ett", "FN-delmål")),
        ("nb", "sjekksum for innholdet", ("en sjekksum for innholdet", "én", "sjekksummer for innholdet")),
        ("nb", "ansvarlig enhet", ("en ansvarlig enhet", "én", None)),
        ("nb", "status slik den er trykt", ("en status slik den er trykt", "én", "statuser slik den er trykt")),
        ("nb", "del av", None),
        ("nb", "måltallets enhet", None),
        ("nb", "nevner perspektiv", None),
        ("nb", "måltallet slik det er trykt", None),
        ("nb", "snurrebass", None),
        ("en", "title", ("a title", "one", "titles")),
        ("en", "annex", ("an annex", "one", "annexes")),
        ("en", "UN target", ("a UN target", "one", "UN targets")),
        ("en", "unit", ("a unit", "one", "units")),
        ("en", "party", ("a party", "one", "parties")),
        ("en", "legal basis", ("a legal basis", "one", "legal bases")),
        ("en", "kind of evidence", ("a kind of evidence", "one", "kinds of evidence")),
        ("en", "evidence", ("a piece of evidence", "one", "pieces of evidence")),
        ("en", "printed item", ("a printed item", "one", "printed items")),
        ("en", "printed as a revision", None),
        ("en", "part of", None),
        ("en", "replaces", None),
        ("en", "", None),
        ("nb", "", None),
    ],
)
def test_a_name_has_the_forms_of_a_noun_or_is_none(
    language: str, name: str, forms: tuple[str, str, str | None] | None
) -> None:
    noun = GRAMMARS[language].noun(name)
    assert (None if noun is None else (noun.with_article, noun.one, noun.plural)) == forms


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_name_of_each_class_is_a_noun(language: str) -> None:
    """A class that is new in the ontology gets its head word in `grammar.py`, so that rules can be about it."""
    own = names(language)
    found = [lower_first(own.label(term.node)) for term in vocabulary().terms.values() if term.is_class]
    assert len(found) > 50
    assert [name for name in found if GRAMMARS[language].noun(name) is None] == []


def test_each_term_of_others_that_a_rule_or_text_names_has_a_label_of_ours() -> None:
    """Without one a page would show its local name in lower case."""
    graph, named = vocabulary().graph, set()
    for shape in vocabulary().shapes:
        for rule in shape.rules:
            for node in (rule.node, *graph.items(rule.node, SH("or"))):
                for name in ("class", "datatype", "hasValue", "lessThan", "lessThanOrEquals", "equals"):
                    named |= set(graph.iris(node, SH(name)))
            named |= {value.value for value in graph.items(rule.node, SH("in")) if isinstance(value, NamedNode)}
    for _, _, value in graph:
        if isinstance(value, Literal) and value.language:
            for prefix, local in re.findall(r"(?<![\w/])([a-z][a-z-]*):([A-Za-z][\w-]*)", value.value):
                named |= {PREFIXES[prefix] + local} if prefix in PREFIXES else set()
    others = {iri for iri in named if not iri.startswith(ONTOLOGY)}
    assert len(others) > 40
    assert [iri for iri in sorted(others) if iri not in labels()] == []


def test_terms_in_a_text_become_links_and_addresses_code() -> None:
    own = names("nb", "/ontology")
    assert own.text("Året er plan:startYear, <b>.") == 'Året er <a href="#startYear">oppstartsår</a>, &lt;b&gt;.'
    assert own.text("en org:Organization.") == "en organisasjon."
    assert own.text("Kl. 12:30 og sak:x.") == "Kl. 12:30 og sak:x."
    assert own.text("Se https://w3id.org/plangraf/id/<kommunenummer>/plan/<nøkkel>, slik.") == (
        "Se <code>https://w3id.org/plangraf/id/&lt;kommunenummer&gt;/plan/&lt;nøkkel&gt;</code>, slik."
    )
    assert own.text('som "2026"^^xsd:gYear.') == "som <code>2026</code>."
    assert own.text("Velg fra begrepslisten season.") == (
        'Velg fra begrepslisten «<a href="/doc/scheme/season">del av året</a>».'
    )
    assert own.text("Velg fra begrepslisten ukjent-liste.") == "Velg fra begrepslisten ukjent-liste."
    assert PREFIXES["org"] == "http://www.w3.org/ns/org#"
