"""The tokenizer: kinds, places in the original text, escapes, and linear time."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from plangraf.errors import QueryLimitError, QuerySyntaxError
from plangraf.tokens import tokenize


def kinds(query: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokenize(query)]


def test_every_kind_of_token_is_told_apart() -> None:
    query = """PREFIX plan: <http://x#> # a comment with ' and {
    SELECT ?a { _:b plan:b.c 'x'@nb-NO , "y\\"z" , \"\"\"long " text\"\"\"
    , -1.5e3 , .5 ; a [] FILTER(?a<3 && ?b>=4) }"""
    assert kinds(query) == [
        ("word", "PREFIX"), ("prefixed_name", "plan:"), ("iri", "<http://x#>"), ("word", "SELECT"),
        ("variable", "?a"), ("punctuation", "{"), ("bnode", "_:b"), ("prefixed_name", "plan:b.c"),
        ("string", "'x'"), ("langtag", "@nb-NO"), ("punctuation", ","), ("string", '"y\\"z"'),
        ("punctuation", ","), ("string", '"""long " text"""'), ("punctuation", ","), ("punctuation", "-"),
        ("number", "1.5e3"), ("punctuation", ","), ("number", ".5"), ("punctuation", ";"), ("word", "a"),
        ("punctuation", "["), ("punctuation", "]"), ("word", "FILTER"), ("punctuation", "("), ("variable", "?a"),
        ("punctuation", "<"), ("number", "3"), ("punctuation", "&&"), ("variable", "?b"), ("punctuation", ">="),
        ("number", "4"), ("punctuation", ")"), ("punctuation", "}"),
    ]  # fmt: skip


def test_a_token_knows_its_line_and_column_in_the_original_text() -> None:
    token = tokenize("SELECT *\r\n{ ?æ plan:øre\n   ?å }")[4]
    assert (token.text, token.line, token.column) == ("plan:øre", 2, 6)
    last = tokenize("SELECT *\r\n{ ?æ plan:øre\n   ?å }")[-2]
    assert (last.text, last.line, last.column) == ("?å", 3, 4)


def test_codepoint_escapes_are_decoded_before_the_tokens_and_places_stay_those_of_the_original() -> None:
    tokens = tokenize("ASK { \\u0053ERVICE <http://x> { } }")
    assert [(token.text, token.column) for token in tokens[2:5]] == [
        ("SERVICE", 7), ("<http://x>", 20), ("{", 31),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "line", "column", "token"),
    [
        ("SELECT * { ?s ?p 'open }", 1, 18, "'open }"),
        ('SELECT * {\n ?s ?p """open\n" }', 2, 8, '"""open'),
        ("ASK { ?s ?p \x00 }", 1, 13, "\x00"),
        ("ASK { ?s ?p § }", 1, 13, "§"),
        ("ASK { ?s ?p ? \\ }", 1, 15, "\\"),
    ],
)
def test_a_text_that_is_no_token_is_refused_at_its_place(query: str, line: int, column: int, token: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        tokenize(query)
    place = caught.value.place
    assert (place.line, place.column, place.token) == (line, column, token)


def test_the_number_of_tokens_is_bounded() -> None:
    with pytest.raises(QueryLimitError) as caught:
        tokenize("{} " * 100, 150)
    assert (caught.value.limit, caught.value.found) == (150, 151)


@pytest.mark.parametrize(
    "piece", ["a.a.", '"""', "a:" + "." * 50, "<a", "?", '""', "aaaa", "%41", "'\\''", "::", "_:a."]
)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        began = time.perf_counter()
        with suppress(QuerySyntaxError):
            tokenize(piece * (length // len(piece)))
        return time.perf_counter() - began

    seconds(1000)
    assert seconds(200_000) < 40 * (seconds(20_000) + 0.005)
