"""Content negotiation by RFC 9110 §12.5: each case is a header and the selected format."""

from __future__ import annotations

import pytest

from plangraf.errors import NotAcceptableError, ParameterError
from plangraf.http.resource.negotiation import choose, choose_by_name, choose_language, field_of, match_media_type
from plangraf.rdf.formats import (
    ALL_FORMATS,
    BOOLEAN_FORMATS,
    CSV,
    DATASET_FORMATS,
    DOCUMENT_FORMATS,
    GRAPH_FORMATS,
    HTML,
    JSON,
    JSON_LD,
    N_QUADS,
    N_TRIPLES,
    RDF_XML,
    RESULT_FORMATS,
    TRIG,
    TSV,
    TURTLE,
    XML,
    Format,
)

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
JENA = "application/sparql-results+json,application/sparql-results+xml;q=0.9,text/tab-separated-values;q=0.7,*/*;q=0.3"

RESULTS = [
    # no wish
    (None, JSON),
    ("", JSON),
    ("   ", JSON),
    ("*/*", JSON),
    ("*", JSON),
    # exact, in any case, with parameters
    ("application/sparql-results+json", JSON),
    ("Application/SPARQL-Results+XML", XML),
    ("text/csv; charset=utf-8", CSV),
    ("TEXT/CSV ; Q=0.5", CSV),
    ('text/csv; header=present; q=0.5, text/tab-separated-values; q="0.9"', CSV),
    ('text/csv; comment="a,b;q=0", application/x; q=1', CSV),
    # quality
    ("text/csv;q=0.5, text/tab-separated-values;q=0.6", TSV),
    ("text/csv;q=0.50, text/tab-separated-values;q=0.500", CSV),
    ("application/sparql-results+json;q=0, */*", XML),
    ("application/sparql-results+json;q=0.0, */*;q=0.1", XML),
    ("application/sparql-results+json;q=0, application/sparql-results+xml;q=0.000, */*", CSV),
    # specific before wildcard
    ("*/*;q=0.9, text/csv;q=0.1", JSON),
    ("text/*;q=0.9, text/csv;q=0.1, */*;q=0.5", TSV),
    ("text/*, text/csv;q=0", TSV),
    ("text/*", CSV),
    ("text/csv, */*", CSV),
    ("*/*, text/csv", CSV),
    ("application/*", JSON),
    ("text/*;q=0, */*", JSON),
    # aliases
    ("application/json", JSON),
    ("application/json, */*;q=0.1", JSON),
    ("application/xml", XML),
    ("text/xml", XML),
    ("application/xml, application/sparql-results+json;q=0.9", XML),
    ("application/json, application/sparql-results+xml", XML),
    ("application/sparql-results+json, application/json,text/javascript,application/javascript", JSON),
    ("application/json;q=0, */*", JSON),
    # clients as they are
    (FIREFOX, JSON),
    (CHROMIUM, JSON),
    (JAVA, JSON),
    (JENA, JSON),
    ("text/html, application/json", JSON),
    # invalid elements are ignored; without a valid one, any format is acceptable
    ("text/csv;q=high, text/tab-separated-values;q=0.1", TSV),
    ("text/csv;q=2, text/tab-separated-values;q=0.1", TSV),
    ("text/csv;q=-1, text/tab-separated-values;q=0.1", TSV),
    ("text/csv;q=, text/tab-separated-values;q=0.1", TSV),
    ("garbage", JSON),
    ("/, */csv, text/, ;, ,,", JSON),
    ("text/c sv", JSON),
    (", ,text/csv,", CSV),
    ('text/csv; a="unclosed', CSV),
]


@pytest.mark.parametrize(("accept", "expected"), RESULTS)
def test_the_best_result_format_is_chosen(accept: str | None, expected: Format) -> None:
    assert choose(accept, RESULT_FORMATS) == expected


DOCUMENTS = [
    (None, TURTLE),
    ("*/*", TURTLE),
    (FIREFOX, HTML),
    (CHROMIUM, HTML),
    ("text/html", HTML),
    ("application/xhtml+xml", HTML),
    ("text/*", TURTLE),
    ("application/*", JSON_LD),
    ("application/ld+json", JSON_LD),
    ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', JSON_LD),
    (
        'application/ld+json;profile="http://www.w3.org/ns/json-ld#a, http://b";q=0.4, text/turtle;q=0.3',
        JSON_LD,
    ),
    ("application/json", JSON_LD),
    ("application/ld+json, application/json", JSON_LD),
    ("application/rdf+xml", RDF_XML),
    ("application/xml", RDF_XML),
    ("application/n-triples", N_TRIPLES),
    ("text/plain", N_TRIPLES),
    ("application/x-turtle", TURTLE),
    ("text/turtle, application/ld+json", TURTLE),
    ("application/ld+json, text/turtle", TURTLE),
    ("text/turtle;q=0.9, application/rdf+xml;q=0.95", RDF_XML),
    ("text/turtle, text/html;q=0.9", TURTLE),
    ("text/n3, text/turtle;q=0.5", TURTLE),
    # rdflib and Jena as they ask for graphs
    ("application/rdf+xml;q=0.9, text/turtle;q=1, */*;q=0.1", TURTLE),
    (
        "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,*/*;q=0.3",
        TURTLE,
    ),
]


@pytest.mark.parametrize(("accept", "expected"), DOCUMENTS)
def test_the_best_document_format_is_chosen(accept: str | None, expected: Format) -> None:
    assert choose(accept, DOCUMENT_FORMATS) == expected


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "text/turtle",
        "text/html",
        "*/*;q=0",
        "application/sparql-results+json;q=0",
        "image/*, text/html;q=0.9",
        "application/*;q=0, text/*;q=0",
        "text/turtle, application/ld+json;q=0.5",
    ],
)
def test_an_unacceptable_request_names_the_choices(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        choose(accept, RESULT_FORMATS)
    assert caught.value.choices == [
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
        "application/vnd.apache.parquet",
    ]
    assert repr(accept) in str(caught.value)


def test_a_boolean_has_no_table_format() -> None:
    with pytest.raises(NotAcceptableError):
        choose("text/csv", BOOLEAN_FORMATS)
    assert choose("text/csv, */*;q=0.1", BOOLEAN_FORMATS) == JSON


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_a_hostile_header_is_read_in_linear_time(length: int) -> None:
    for piece in (",", '"', ";", "a/b;", '";q=', "*/*,"):
        choose(piece * (length // len(piece)) + ", text/csv", [CSV])


@pytest.mark.parametrize("format_", ALL_FORMATS, ids=lambda format_: format_.name)
def test_every_format_is_found_by_its_names(format_: Format) -> None:
    kind = RESULT_FORMATS if format_ in RESULT_FORMATS else (*DOCUMENT_FORMATS, *DATASET_FORMATS)
    for name in (format_.name, format_.suffix, format_.media_type, format_.name.upper(), *format_.names):
        assert choose_by_name([name], kind) == format_


@pytest.mark.parametrize(
    ("name", "choices", "expected"),
    [
        ("json", RESULT_FORMATS, JSON),
        ("json", GRAPH_FORMATS, JSON_LD),
        ("json-ld", GRAPH_FORMATS, JSON_LD),
        ("xml", RESULT_FORMATS, XML),
        ("xml", GRAPH_FORMATS, RDF_XML),
        ("rdf+xml", GRAPH_FORMATS, RDF_XML),
        ("n3", GRAPH_FORMATS, TURTLE),
        ("application/json", RESULT_FORMATS, JSON),
        (" csv ", RESULT_FORMATS, CSV),
    ],
)
def test_a_format_name_selects_the_format_that_the_answer_supports(
    name: str, choices: tuple[Format, ...], expected: Format
) -> None:
    assert choose_by_name([name], choices) == expected


def test_an_unknown_format_name_is_refused_with_the_known_names() -> None:
    with pytest.raises(ParameterError, match="json, xml, csv, tsv"):
        choose_by_name(["xls"], RESULT_FORMATS)


@pytest.mark.parametrize("formats", [RESULT_FORMATS, GRAPH_FORMATS, DOCUMENT_FORMATS])
def test_no_two_formats_of_one_answer_share_a_name(formats: tuple[Format, ...]) -> None:
    names = [
        name
        for format_ in formats
        for name in {format_.name, format_.suffix, *format_.names, format_.media_type, *format_.aliases}
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "nb"),
        ("", "nb"),
        ("*", "nb"),
        ("nb", "nb"),
        ("nb-NO", "nb"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("EN-us", "en"),
        ("de, en;q=0.5", "en"),
        ("de, *;q=0.5", "nb"),
        ("en;q=0.8, nb;q=0.9", "nb"),
        ("en, nb;q=0.9", "en"),
        ("nn, nb;q=0.9, en;q=0.8", "nb"),
        ("se", "nb"),
        ("nb;q=0, en;q=0.1", "en"),
        ("en;q=0", "nb"),
        ("zz;q=x,,;", "nb"),
    ],
)
def test_the_language_of_a_page_follows_accept_language(header: str | None, language: str) -> None:
    assert choose_language(header) == language


@pytest.mark.parametrize(
    ("accept", "media_type", "profiles"),
    [
        (None, "application/ld+json", set()),
        ("*/*", "application/ld+json", set()),
        ("application/json", "application/json", set()),
        ("application/json, application/ld+json", "application/ld+json", set()),
        ("application/json, application/ld+json;q=0.9", "application/json", set()),
        ('application/ld+json;profile="http://a http://b"', "application/ld+json", {"http://a", "http://b"}),
        ("Application/LD+JSON; Profile=http://A; q=0.5", "application/ld+json", {"http://A"}),
        ('application/ld+json;q=0.5;profile="http://a", application/ld+json', "application/ld+json", set()),
        ('application/ld+json;q=0;profile="http://a"', "application/ld+json", set()),
        ('application/ld+json;profile="unclosed', "application/ld+json", {"unclosed"}),
        ('text/turtle;profile="http://a", application/ld+json;q=0.1', "application/ld+json", set()),
    ],
)
def test_an_accept_header_for_json_ld_may_name_a_profile(
    accept: str | None, media_type: str, profiles: set[str]
) -> None:
    assert match_media_type(accept, JSON_LD) == (media_type, profiles)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,text/turtle;q=0.6", JSON_LD),
        ("application/n-quads, application/n-triples;q=0.8", N_TRIPLES),
        ("application/trig", TRIG),
        ("application/trig, */*;q=0.1", TRIG),
        ("application/trig, text/html;q=0.9", TRIG),
        ("application/trig, text/turtle;q=0", TRIG),
        ("application/*;q=0.5, application/n-quads", N_QUADS),
        ("*/*", TURTLE),
    ],
)
def test_quads_are_sent_only_if_no_triple_format_is_named(accept: str, expected: Format) -> None:
    assert choose(accept, (*GRAPH_FORMATS, *DATASET_FORMATS, HTML), DATASET_FORMATS) == expected


def test_the_lines_of_a_field_are_one_list() -> None:
    lines = [(b"accept", b"text/csv"), (b"host", b"x"), (b"accept", b"text/html;q=0.1"), (b"accept", b"a/b")]
    scope: dict[str, object] = {"headers": lines}
    for _ in range(2):
        assert field_of(scope, b"accept") == "text/csv, text/html;q=0.1, a/b"
        assert field_of(scope, b"host") == "x"
        assert field_of(scope, b"range") == ""
