"""Parameters are declared once; reading, the text of each refusal and the documentation follow from the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import unquote_plus

import frozen
import httpx
import pytest
from pydantic import BeforeValidator, ConfigDict, Field
from small_server import serving, small_settings

from plangraf.errors import ParameterError
from plangraf.http.app import create_app
from plangraf.http.resource.parameters import Formatted, Negotiated, SparqlParameters, parse_parameters
from plangraf.http.routes.lists.collection_requests import SORT, CollectionParameters
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.collection import RESERVED
from plangraf.sparql.named.parameter_model import (
    Refusal,
    StrictParameters,
    declare,
    document_parameters,
    field_name,
    make_model,
)

ASK = "/sparql?query=ASK%7B%7D"
DOC = "/doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6"
TWICE = "is given 2 times. Give it once."
SECONDS = "is not a number of seconds above 0, such as 5 or 0.5."
WHOLE = "is not a whole number from 1"


@pytest.mark.parametrize(
    "text",
    [
        "plain", "a%20b+c", "%C3%A6", "%c3%a6", "50%", "%", "%4", "%zz%41", "%%41", "%3D=%3d", "=", "a=b%41", "_ \t%09",
        "%0A%0D", "a%\r\nb", "a%\nb%41", "%25%2541", "%00", "  %20 ",
    ],
)  # fmt: skip
def test_percent_decoding_is_that_of_the_standard_library(text: str) -> None:
    expected = {"name": unquote_plus(text)}
    assert parse_parameters(b"name=" + text.encode()) == expected


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("parameters") / "versions"
    frozen.two_versions(folder)
    with serving(lambda port: create_app(small_settings(folder, port))) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        ("/queries/plans?number=x", "number", "'x' is not a whole number such as 7."),
        ("/queries/plans?number=1&number=2", "number", TWICE),
        ("/queries/plans?color=red&number=x", "color", "is not known to plans. It takes: format, lang, municip"),
        ("/queries/plans?number=x&color=red", "color", "is not known to plans. It takes: format, lang, municip"),
        ("/queries/plans?lang=sv", "lang", "'sv' is not offered; use one of: nb, en."),
        ("/queries/plans?municipality=50", "municipality", "'50' does not have the form ^[0-9]{4}$, such as 5001."),
        ("/queries/plans?municipality=5%20", "municipality", "'5 ' is not a code of letters, digits and . _ / -."),
        (
            "/queries/plans?format=xls",
            "format",
            "'xls' is not offered here; use one of: json, xml, csv, tsv, parquet, html.",
        ),
        ("/queries/perspectives-by-target", "target", "is needed by perspectives-by-target and missing. Such as"),
        ("/queries/perspectives-by-target?target=eleven", "target", "'eleven' is neither a UN code such as 11.6 or"),
        ("/plans?page=x", "page", f"'x' {WHOLE}."),
        ("/plans?page=01", "page", f"'01' {WHOLE}."),
        ("/plans?page=1&page=2", "page", TWICE),
        ("/plans?limit=1001", "limit", f"'1001' {WHOLE} to 1000."),
        ("/plans?limit=99999999999", "limit", f"'99999999999' {WHOLE} to 1000."),
        ("/plans?limit=%D9%A1", "limit", f"'١' {WHOLE} to 1000."),
        ("/plans?version=x", "version", "'x' is not the id of a version, 16 characters of 0-9 and a-f."),
        ("/plans?lang=sv", "lang", "'sv' is not offered; use one of: nb, en."),
        ("/plans?lang=nb&lang=en", "lang", TWICE),
        (
            "/plans?page=x&unknown=1",
            "unknown",
            "is not known to /plans. It takes: format, goal, kind, lang, limit, munici",
        ),
        ("/plans?perspective=a%20b", "perspective", "'a b' is not a code of letters, digits and . _ / -."),
        ("/plans?perspective=urn:x%20y", "perspective", "'urn:x y' is not an absolute IRI: "),
        ("/plans?perspective=a&perspective=b", "perspective", TWICE),
        ("/doc", "iri", "is missing. Such as /doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6."),
        (f"{DOC}&iri=urn:a:b", "iri", TWICE),
        (f"{DOC}&lang=sv", "lang", "'sv' is not offered; use one of: nb, en."),
        (f"{ASK}&query=ASK%7B%7D", "query", "is given 2 times. Send exactly one query."),
        (f"{ASK}&timeout=0", "timeout", f"'0' {SECONDS}"),
        (f"{ASK}&timeout=1e3", "timeout", f"'1e3' {SECONDS}"),
        (f"{ASK}&timeout=1&timeout=2", "timeout", TWICE),
        (f"{ASK}&explain=yes", "explain", "'yes' is neither true nor false."),
        (f"{ASK}&explain=true&explain=true", "explain", TWICE),
        (f"{ASK}&format=xls", "format", "'xls' is not offered here; use one of: json, xml."),
        (f"{ASK}&default-graph-uri=urn:a:b&default-graph-uri=x", "default-graph-uri", "'x' is not an absolute IRI: "),
        (f"{ASK}&named-graph-uri=x", "named-graph-uri", "'x' is not an absolute IRI: "),
        ("/dump/?path=a&path=b", "path", TWICE),
    ],
)
def test_a_refusal_says_which_parameter_which_value_and_what_to_do(
    client: httpx.Client, path: str, name: str, text: str
) -> None:
    response = client.get(path)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["parameter"]) == (400, "bad-parameter", name)
    assert problem["detail"].startswith(f"Parameter {name!r}: {text}")


@pytest.mark.parametrize(
    "path", ["/feed?lang=sv", "/collections?unknown=1", f"{ASK}&lang=sv", "/robots.txt?format=xls", f"{ASK}&x=1&x=2"]
)
def test_a_parameter_that_an_address_does_not_read_is_ignored(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/plans?page=x", 406), ("/catalog?lang=sv", 406), ("/plans?unknown=1", 400), ("/queries/plans?number=x", 400)],
)
def test_accept_is_refused_before_a_malformed_value_and_after_an_unknown_name(
    client: httpx.Client, path: str, status: int
) -> None:
    assert client.get(path, headers={"Accept": "image/png"}).status_code == status


def _double(value: object) -> int:
    if isinstance(value, str) and value.isdecimal():
        return 2 * int(value)
    raise ValueError(f"{value!r} cannot be doubled.")


class Doubled(Formatted):
    model_config = ConfigDict(extra="forbid")

    size: Annotated[int, BeforeValidator(_double)] = Field(default=2, ge=1, le=10, description="A size.", examples=[3])
    name: Annotated[str, Refusal(missing="is missing. Say one.")] = Field(alias="own-name")


def test_one_model_reads_refuses_and_documents() -> None:
    read = Doubled.read({"size": "4", "own-name": "x", "format": ["csv", "json"]})
    assert (read.size, read.name, read.format) == (8, "x", ("csv", "json"))
    assert Doubled.read({"own-name": ""}).size == 2
    for given, text in (
        ({"size": "4"}, "is missing. Say one."),
        ({"size": "x", "own-name": "x"}, "'x' cannot be doubled."),
        ({"size": ["4", "4"]}, "is given 2 times."),
        ({"own-name": ["a"] * 3}, "is given 3 times."),
        ({"nmae": "x"}, "is not known to Doubled. It takes: format, own-name, size."),
    ):
        with pytest.raises(ParameterError) as caught:
            Doubled.read(given)
        assert text in str(caught.value)
    assert document_parameters(Doubled)[1:] == [
        {
            "name": "size",
            "in": "query",
            "required": False,
            "description": "A size.",
            "example": 3,
            "schema": {"type": "integer", "minimum": 1, "maximum": 10, "default": 2},
        },
        {"name": "own-name", "in": "query", "required": True, "schema": {"type": "string"}},
    ]


def test_only_a_dataset_that_the_request_names_replaces_that_of_the_query() -> None:
    assert SparqlParameters.read({}).graphs == (None, None)
    assert SparqlParameters.read({"named-graph-uri": "urn:a:b"}).graphs == ((), ("urn:a:b",))


def test_a_declared_parameter_may_have_the_name_of_a_method() -> None:
    fields = {name: declare(name, str.upper, {"type": "string"}, "", None, optional=True) for name in ("json", "copy")}
    model = make_model("x", StrictParameters, fields)
    read = model.read({"json": "a"})
    assert [getattr(read, field_name(name)) for name in fields] == ["A", None]
    assert [parameter["name"] for parameter in document_parameters(model)] == ["json", "copy"]


def test_no_facet_can_have_the_name_of_a_parameter_of_every_collection() -> None:
    assert {parameter["name"] for parameter in document_parameters(CollectionParameters)} | {SORT} == set(RESERVED)


def test_the_languages_of_pages_are_those_of_named_queries() -> None:
    (lang,) = [parameter for parameter in document_parameters(Negotiated) if parameter["name"] == "lang"]
    assert lang["schema"]["enum"] == list(LANGUAGES)
