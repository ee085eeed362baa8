"""Pages state that a consultation adopts nothing: the page of the decision, and that of its document."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from plangraf.pages.html import Pages
from plangraf.rdf.graph import Statements
from plangraf.settings import default_home
from plangraf.views.declarations import load_site
from plangraf.views.describe import Description
from plangraf.views.document_parts import select_notice

BASE = "https://w3id.org/plangraf/id/"
STRATEGY = BASE + "5001/planning-strategy/2020-2023"
DECISION = BASE + "5001/decision/formannskapet-2020-10-27"
HEAD = """@base <https://w3id.org/plangraf/id/> .
@prefix plan: <https://w3id.org/plangraf/ontology#> .
@prefix eli-dl: <http://data.europa.eu/eli/eli-draft-legislation-ontology#> .
<5001/planning-strategy/2020-2023> a plan:PlanningStrategy .
"""
HEARING = """<5001/decision/formannskapet-2020-10-27> a plan:Decision ;
    plan:decidedOn <5001/planning-strategy/2020-2023> ; plan:decisionType <scheme/decision-type/hearing> ;
    eli-dl:decision_outcome eli-dl:DecisionOutcome-Adopted .
"""
START = """<5001/decision/1-20> a plan:Decision ; plan:decidedOn <5001/planning-strategy/2020-2023> ;
    plan:decisionType <scheme/decision-type/start-of-work> .
"""
ADOPTION = """<5001/decision/2-21> a plan:Decision ; plan:decidedOn <5001/planning-strategy/2020-2023> ;
    plan:decisionType <scheme/decision-type/adoption> .
"""
FORESEEN = ADOPTION.replace("a plan:Decision", "a plan:ForeseenDecision , eli-dl:ForeseenActivity")
BECOMES = """<5001/plan/2020-2023-10> a plan:Plan ; plan:becomes <5001/governing-document/plan-for-bylogistikk> .
"""
CITED = """<5001/document-citation/a-1> plan:citedDocument <5001/planning-strategy/2020-2023> ;
    plan:documentStatus <scheme/document-status/{}> .
"""


def description(iri: str, turtle: str) -> Description:
    """The result of `describe`: the triples of the thing, incoming ones, and statements about their subjects."""
    store = Store()
    store.load(HEAD + turtle, format=RdfFormat.TURTLE)
    thing = NamedNode(iri)
    own: Statements = [(s, p, o) for s, p, o, _ in store if s == thing]  # type: ignore[misc]
    incoming: Statements = [(s, p, o) for s, p, o, _ in store if o == thing]  # type: ignore[misc]
    named: Statements = [(s, p, o) for s, p, o, _ in store if thing not in (s, o)]  # type: ignore[misc]
    return Description(thing=thing, own=own, incoming=incoming, named=named, predicates=[], evidence=[])


@pytest.mark.parametrize(
    ("iri", "turtle", "expected"),
    [
        (DECISION, HEARING, "decision_hearing"),
        (BASE + "5001/decision/1-20", START, "decision_start"),
        (BASE + "5001/decision/2-21", ADOPTION, None),
        (BASE + "5001/decision/2-21", FORESEEN, "foreseen"),
        (DECISION, HEARING.replace("plan:Decision ;", "plan:PlannedActivity , eli-dl:ForeseenActivity ;"), "foreseen"),
        (STRATEGY, "", None),
        (STRATEGY, HEARING, "only_hearing"),
        (STRATEGY, START, "only_start"),
        (STRATEGY, START + HEARING, "only_hearing"),
        (STRATEGY, HEARING + ADOPTION, None),
        (STRATEGY, HEARING + FORESEEN, "only_hearing"),
        (STRATEGY, CITED.format("on-hearing"), "only_hearing"),
        (STRATEGY, HEARING + CITED.format("adopted"), None),
        (BASE + "5001/document-citation/a-1", CITED.format("to-be-adopted"), "status_then"),
        # The section of the page that has the interpreted link says that it is our reading.
        (BASE + "5001/plan/2020-2023-10", BECOMES, None),
    ],
)
def test_only_a_passed_adoption_counts_as_adoption(iri: str, turtle: str, expected: str | None) -> None:
    assert select_notice(description(iri, turtle)) == expected


@pytest.mark.parametrize(("language", "words"), [("nb", "ikke at det er vedtatt"), ("en", "not that it was adopted")])
def test_the_page_of_a_proposal_on_hearing_says_that_it_is_not_adopted(language: str, words: str) -> None:
    pages = Pages("", lambda: "0123456789abcdef", own_words=load_site(default_home()).words)
    page = pages.document(
        description(STRATEGY, HEARING), language, canonical="http://a/", alternates=[], json_ld={}
    ).decode()
    assert words in page
    page = pages.document(
        description(STRATEGY, HEARING + ADOPTION), language, canonical="http://a/", alternates=[], json_ld={}
    ).decode()
    assert words not in page
