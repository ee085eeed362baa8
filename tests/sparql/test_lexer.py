"""The tokenizer: kinds, places in the original text, escapes, and linear time."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from plangraf.errors import QueryLimitError, QuerySyntaxError
from plangraf.sparql.lexer import tokenize


def kinds(query: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokenize(query)]


def test_every_kind_of_token_is_distinguished() -> None:
    query = """PREFIX plan: <http://x#> # a comment with ' and {
    SELECT ?a { _:b plan:b.c 'x'@nb-NO , "y\\"z" , \"\"\"long " text\"\"\"
    , -1.5e3 , .5 ; a [] FILTER(?a<3 && ?b>=4) }"""
    assert kinds(query) == [
        ("word", "PREFIX"),
        ("prefixed_name", "plan:"),
        ("iri", "<http://x#>"),
        ("word", "SELECT"),
        ("variable", "?a"),
        ("punctuation", "{"),
        ("bnode", "_:b"),
        ("prefixed_name", "plan:b.c"),
        ("string", "'x'"),
        ("langtag", "@nb-NO"),
        ("punctuation", ","),
        ("string", '"y\\"z"'),
        ("punctuation", ","),
        ("string", '"""long " text"""'),
        ("punctuation", ","),
        ("punctuation", "-"),
        ("number", "1.5e3"),
        ("punctuation", ","),
        ("number", ".5"),
        ("punctuation", ";"),
        ("word", "a"),
        ("punctuation", "["),
        ("punctuation", "]"),
        ("word", "FILTER"),
        ("punctuation", "("),
        ("variable", "?a"),
        ("punctuation", "<"),
        ("number", "3"),
        ("punctuation", "&&"),
        ("variable", "?b"),
        ("punctuation", ">="),
        ("number", "4"),
        ("punctuation", ")"),
        ("punctuation", "}"),
    ]


def test_a_token_knows_its_line_and_column_in_the_original_text() -> None:
    token = tokenize("SELECT *\r\n{ ?æ plan:øre\n   ?å }")[4]
    assert (token.text, token.line, token.column) == ("plan:øre", 2, 6)
    last = tokenize("SELECT *\r\n{ ?æ plan:øre\n   ?å }")[-2]
    assert (last.text, last.line, last.column) == ("?å", 3, 4)


def test_codepoint_escapes_are_decoded_before_the_tokens_and_places_stay_those_of_the_original() -> None:
    tokens = tokenize("ASK { \\u0053ERVICE <http://x> { } }")
    assert [(token.text, token.column) for token in tokens[2:5]] == [
        ("SERVICE", 7),
        ("<http://x>", 20),
        ("{", 31),
    ]


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
def test_text_that_is_not_a_token_is_refused_at_its_place(query: str, line: int, column: int, token: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        tokenize(query)
    place = caught.value.place
    assert (place.line, place.column, place.token) == (line, column, token)


def test_the_number_of_tokens_is_bounded() -> None:
    with pytest.raises(QueryLimitError) as caught:
        tokenize("{} " * 100, 150)
    assert (caught.value.limit, caught.value.found) == (150, 151)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["a.a.", '"""', "a:" + "." * 50, "<a", "?", '""', "aaaa", "%41", "'\\''", "::", "_:a."]
)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        """The minimum processor time of three runs, which excludes other work."""
        found = []
        for _ in range(3):
            began = time.thread_time()
            with suppress(QuerySyntaxError):
                tokenize(piece * (length // len(piece)))
            found.append(time.thread_time() - began)
        return min(found)

    assert seconds(200_000) < 40 * (seconds(20_000) + 0.005)


@pytest.mark.parametrize(
    ("query", "line", "column", "said"),
    [
        ("ASK {\n ?s ?p 'a\\zb' }", 2, 8, "\\z, which is no escape"),
        ("ASK {\n ?s ?p <http://x/a b> }", 2, 8, "an IRI cannot hold a space. Write it percent-encoded, as %20."),
        ("ASK {\n ?s ?p <http://x/a }", 2, 8, "not closed"),
        ("ASK {\n ?s ?p 'a'@ }", 2, 11, "a language tag was expected"),
        ("ASK {\n ?s ?p _: }", 2, 8, "needs a label"),
        ("ASK {\n ?s ?p '\\uD800' }", 2, 9, "stands for no character"),
        ("ASK {\n ?s ?p 'a\0b' }", 2, 10, "NUL"),
        ("ASK {\n ?s\u00a0?p ?o }", 2, 4, "U+00A0"),
        ("\ufeffASK {}", 1, 1, "byte order mark"),
    ],
)
def test_only_escapes_of_sparql_and_its_characters_are_read(query: str, line: int, column: int, said: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        tokenize(query)
    assert (caught.value.place.line, caught.value.place.column) == (line, column)
    assert said in str(caught.value)


def test_an_escaped_quotation_mark_never_ends_a_string() -> None:
    assert kinds("'a\\u0027' \"\\\\u0041\" <http://x/\\u00e6\\u0023>") == [
        ("string", "'a\\u0027'"),
        ("string", '"\\\\u0041"'),
        ("iri", "<http://x/æ\\u0023>"),
    ]
    assert tokenize("<http://x/\\u00e6\\u0023>")[0].iri == "http://x/æ#"


def test_names_are_divided_into_prefix_and_local_name() -> None:
    dotted, colon, escaped, bare = tokenize("a.b:c.d x:y:z x:a\\-b%41 :")
    assert (dotted.prefix, dotted.local) == ("a.b", "c.d")
    assert (colon.prefix, colon.local) == ("x", "y:z")
    assert (escaped.prefix, escaped.local) == ("x", "a-b%41")
    assert (bare.prefix, bare.local) == ("", "")


def test_a_full_stop_ends_a_sentence_and_stays_within_a_name() -> None:
    assert kinds("?s x:p x:o. 5. 5.5 1.e3 _:b.") == [
        ("variable", "?s"),
        ("prefixed_name", "x:p"),
        ("prefixed_name", "x:o"),
        ("punctuation", "."),
        ("number", "5"),
        ("punctuation", "."),
        ("number", "5.5"),
        ("number", "1.e3"),
        ("bnode", "_:b"),
        ("punctuation", "."),
    ]


def test_less_than_and_an_iri_are_distinguished_as_in_the_grammar() -> None:
    assert kinds("?a<?b && ?c >?d") == [
        ("variable", "?a"),
        ("punctuation", "<"),
        ("variable", "?b"),
        ("punctuation", "&&"),
        ("variable", "?c"),
        ("punctuation", ">"),
        ("variable", "?d"),
    ]
    assert kinds("?a<?b>?d")[1] == ("iri", "<?b>")
