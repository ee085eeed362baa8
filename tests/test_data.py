"""Rules of the data that neither shapes nor checks can say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, parse

from plangraf.namespaces import slug

DATA = Path(__file__).resolve().parents[1] / "data"
DOCUMENT = re.compile(r"https://w3id\.org/plangraf/id/(?:no|[0-9]{2}|[0-9]{4})/governing-document/(.+)")
TITLE = NamedNode("http://purl.org/dc/terms/title")


def titles() -> list[tuple[str, str]]:
    return [
        (key[1], triple.object.value)
        for path in sorted(DATA.glob("5001/*/documents.ttl"))
        for triple in parse(path=str(path))
        if triple.predicate == TITLE
        and isinstance(triple.subject, NamedNode)
        and (key := DOCUMENT.fullmatch(triple.subject.value))
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
