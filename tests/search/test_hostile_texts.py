"""No text makes a search fail, and an answer without hits says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_counts import examples
from plangraf.search.index_files import SearchIndex
from plangraf.search.question import MOST_UNITS
from plangraf.search.searching import search

TEXTS = {
    "operators": 'plan AND (mobilitet OR "grønn") NOT title:vann^3 +x -y /a.*/',
    "quotes": '"grønn mobilitet',
    "ten thousand characters": "a" * 10_000,
    "ten thousand words": "plan " * 5_000 + " ".join(f"ord{n}" for n in range(5_000)),
    "control characters": "\x00\x01\x1b[31m\x7f\u202eplan\u0000",
    "punctuation": "!!!???...,,,;;;:::",
    "emoji": "🌍🚲 👩‍👩‍👧",
    "SQL": "'; DROP TABLE plans; --",
    "unbalanced": "((((plan]]]]{{{",
    "a star": "*",
    "a tilde": "plan~2",
    "a range": "[2020 TO 2023}",
    "a regular expression": "/(a+)+$/",
    "other scripts": "план 计划 خطة תוכנית 😀 ñ",
    "combining marks": "p\u0301\u0300\u0301lan e\u0308" * 50,
    "half a surrogate pair": "\ud83d plan",
    "numbers": "1" * 400 + "/2",
    "separators": "11.6.7.8.9.10/3/4/5,6,7",
    "an apostrophe": "'''''s",
    "one letter": "a",
    "stop words": "og i på",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("beginning", [False, True])
def test_no_text_makes_a_search_fail(index: SearchIndex, name: str, beginning: bool) -> None:
    found = search(index, TEXTS[name], beginning=beginning)
    assert found.total or found.unknown or not found.question.units, "an empty answer must say why"


def test_operators_are_words(index: SearchIndex) -> None:
    plain, quoted = search(index, "grønn mobilitet"), search(index, '+("grønn" -mobilitet)')
    assert [hit.entry.id for hit in plain.hits] == [hit.entry.id for hit in quoted.hits]


def test_more_words_than_are_read_are_counted(index: SearchIndex) -> None:
    found = search(index, " ".join(f"plan{n}x" for n in range(MOST_UNITS + 5)))
    assert len(found.question.units) == MOST_UNITS
    assert found.question.dropped == 5


@given(st.text(max_size=60))
@examples(200)
def test_any_text_is_answered(index: SearchIndex, text: str) -> None:
    found = search(index, text, beginning=True)
    assert len(found.hits) <= 10
    for hit in found.hits:
        assert "".join(piece for piece, _ in hit.title.pieces()) == hit.title.text
