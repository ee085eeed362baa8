"""Rules of the data that neither shapes nor checks can say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, parse

from plangraf.namespaces import slug

DATA = Path(__file__).resolve().parents[1] / "data"
DOCUMENT = "https://w3id.org/plangraf/id/5001/governing-document/"
TITLE = NamedNode("http://purl.org/dc/terms/title")
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
FORCE = NamedNode("https://w3id.org/plangraf/ontology#force")
PROMISES = {NamedNode(f"https://w3id.org/plangraf/ontology#{name}") for name in ("Measure", "Commitment")}


def titles() -> list[tuple[str, str]]:
    return [
        (triple.subject.value.removeprefix(DOCUMENT), triple.object.value)
        for path in sorted(DATA.glob("5001/*/documents.ttl"))
        for triple in parse(path=str(path))
        if triple.predicate == TITLE
        and isinstance(triple.subject, NamedNode)
        and triple.subject.value.startswith(DOCUMENT)
        and isinstance(triple.object, Literal)
    ]


def test_a_governing_document_has_the_slug_of_its_title_as_key() -> None:
    found = titles()
    assert len(found) > 80
    assert [(key, slug(title)) for key, title in found if key != slug(title)] == []


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Byvekstavtalen (2019)", "byvekstavtalen-2019"),
        ("Arbeidsgiverpolitisk plattform 2016–2020", "arbeidsgiverpolitisk-plattform-2016-2020"),
        ("  Nærmiljø på Ås: idé & øl! ", "naermiljoe-paa-aas-ide-oel"),
    ],
)
def test_a_slug_is_ascii_with_single_hyphens(title: str, key: str) -> None:
    assert slug(title) == key


def test_every_measure_and_commitment_has_a_force_that_its_label_is_checked_against() -> None:
    """The check label-keeps-the-force says nothing of a promise without plan:force."""
    triples = [triple for path in sorted(DATA.glob("5001/*/*.ttl")) for triple in parse(path=str(path))]
    promises = {triple.subject for triple in triples if triple.predicate == TYPE and triple.object in PROMISES}
    assert len(promises) >= 377
    assert promises == {triple.subject for triple in triples if triple.predicate == FORCE}
