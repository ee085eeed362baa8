"""What people look for stands among the first three hits, and a number that is all that was typed stands first."""

from __future__ import annotations

import pytest
from wanted_answers import WANTED

from plangraf.search.index_files import SearchIndex
from plangraf.search.searching import search

QUESTIONS = [(text, wanted) for questions in WANTED.values() for text, wanted in questions.items()]


def has_end(iri: str, end: str) -> bool:
    return iri.endswith("/" + end.removeprefix("/"))


def test_the_questions_are_of_every_kind() -> None:
    assert sum(map(len, WANTED.values())) >= 40
    assert {"numbers", "inflections", "compounds", "letters", "typos", "English", "Nynorsk"} <= WANTED.keys()


@pytest.mark.parametrize(("text", "wanted"), QUESTIONS, ids=[text for text, _ in QUESTIONS])
def test_a_wanted_thing_is_among_the_first_three(index: SearchIndex, text: str, wanted: tuple[str, ...]) -> None:
    found = search(index, text, limit=10)
    first = [hit.entry.id for hit in found.hits]
    assert any(has_end(iri, end) for iri in first[:3] for end in wanted), first


@pytest.mark.parametrize("text", WANTED["numbers"])
def test_what_has_the_number_stands_first(index: SearchIndex, text: str) -> None:
    first = search(index, text, limit=1).hits[0]
    assert any(has_end(first.entry.id, end) for end in WANTED["numbers"][text])
    assert first.reason == "code"


@pytest.mark.parametrize("text", ["grønn mob", "parkeringsp", "kommunedelplan vann i tr", "8/2", "trondheimsl"])
def test_a_beginning_suggests_what_it_begins(index: SearchIndex, text: str) -> None:
    found = search(index, text, limit=8, facets=False, beginning=True)
    wanted = {
        "grønn mob": "perspective/2020-7",
        "parkeringsp": "plan/2020-2023-8",
        "kommunedelplan vann i tr": "plan/2020-2023-17",
        "8/2": "case/8-21",
        "trondheimsl": "plan/2022-samfunnsplan",
    }
    assert any(has_end(hit.entry.id, wanted[text]) for hit in found.hits[:3]), [hit.title.text for hit in found.hits]
