"""A resource is declared once; its endings, Vary, ETag, Link, methods and documentation follow from that."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pyoxigraph import Literal, NamedNode
from small_server import small_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from plangraf.errors import NotAcceptableError, ParameterError, ResourceNotFoundError
from plangraf.http.pipeline.pinning import KEPT
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.resource.table import Table
from plangraf.http.service import PINNED, Pinned, make_service
from plangraf.rdf.formats import CSV, DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, JSON_LD, TURTLE, Format

PUBLIC = "https://data.example.no/base"
FORMATS = (*GRAPH_FORMATS, CSV, HTML)
THING = NamedNode("http://example.org/thing")
LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")


class Things(Resource):
    """A graph, a table and a page; counts how often each step runs."""

    path = "/things"
    formats = FORMATS
    operation = Operation(id="things", tag="Tests", summary="Things", answer="All", content=content(FORMATS))

    def __init__(self) -> None:
        self.reads = self.writes = 0

    async def read(self, asked: Asked, snapshot: Any) -> View:
        self.reads += 1

        async def write() -> bytes:
            self.writes += 1
            if asked.page:
                return f"{asked.language} {[other.href for other in asked.alternates]}".encode()
            if asked.format == CSV:
                return f"{asked.language}\r\n".encode()
            return asked.write_graph([(THING, LABEL, Literal(snapshot.label))], THING)

        return View(write=write, canonical=f"{PUBLIC}/things", about=THING.value)


class Codes(Resource):
    """A path with a parameter, whose old value redirects to the new one."""

    path = "/codes/{code}"
    formats = (TURTLE, JSON_LD)
    endings = False
    kept = False

    async def find(self, request: Request, place: Place) -> Place | Response:
        code = place.names["code"]
        if code == "old":
            return Response(status_code=301, headers={"Location": "/codes/new"})
        if code == "none":
            raise ResourceNotFoundError(place.path)
        return replace(place, thing=code.upper())

    async def read(self, asked: Asked, snapshot: Any) -> View:
        async def write() -> bytes:
            return str(asked.place.thing).encode()

        return View(write=write, key=(asked.place.thing,), cache_control="max-age=60")


class Below(Codes):
    path = "/codes/fixed/{rest:path}"


class Paged(Things):
    """Things without a page in some versions."""

    path = "/paged"

    def offered(self, snapshot: Any) -> tuple[Format, ...]:
        return FORMATS if snapshot.paged else tuple(format_ for format_ in FORMATS if format_ != HTML)


@pytest.fixture
def service(tmp_path: Path) -> Pinned:
    settings = small_settings(tmp_path, 8000, public_url=PUBLIC)
    snapshot = SimpleNamespace(id="0123456789abcdef", label="One", paged=True)
    return make_service(settings, None).pin(snapshot, kept=False)  # type: ignore[arg-type]


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def table(things: Things) -> Table:
    table = Table()
    table.add(things, Below(), Codes(), Paged())
    return table


class Client:
    """Sends requests to the resources of the table, each pinned to one snapshot."""

    def __init__(self, table: Table, service: Pinned) -> None:
        self._app = Starlette(routes=[table])
        self.service = service

    async def _pinned(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[PINNED], scope[KEPT] = self.service, self.service.kept
        await self._app(scope, receive, send)

    def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        async def asking() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._pinned), base_url="http://x") as client:
                given = {"Accept": "*/*", **{name.replace("_", "-"): value for name, value in headers.items()}}
                return await client.request(method, path, headers={"Accept-Encoding": "identity", **given})

        return asyncio.run(asking())


@pytest.fixture
def client(table: Table, service: Pinned) -> Client:
    return Client(table, service)


@pytest.mark.parametrize(
    ("path", "headers", "media_type", "vary"),
    [
        ("/things", {}, "text/turtle", "Accept, Accept-Language, Accept-Encoding"),
        ("/things", {"Accept": "text/html"}, "text/html", "Accept, Accept-Language, Cookie, Accept-Encoding"),
        ("/things", {"Accept": "text/csv"}, "text/csv", "Accept, Accept-Encoding"),
        ("/things.nt", {"Accept": "text/html"}, "application/n-triples", "Accept-Encoding"),
        ("/things.html", {}, "text/html", "Accept-Language, Cookie, Accept-Encoding"),
        ("/things.html?lang=en", {}, "text/html", "Accept-Encoding"),
        ("/things?format=jsonld", {"Accept": "text/html"}, "application/ld+json", "Accept-Encoding"),
        ("/things.csv?format=html", {}, "text/csv", "Accept-Encoding"),
        ("/codes/a", {"Accept": "application/ld+json"}, "application/ld+json", "Accept, Accept-Encoding"),
    ],
)
def test_an_ending_precedes_format_and_format_precedes_accept(
    client: Client, path: str, headers: Mapping[str, str], media_type: str, vary: str
) -> None:
    response = client.ask(path, **headers)
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert response.headers["vary"] == vary


def test_the_link_header_lists_the_other_formats(client: Client) -> None:
    links = client.ask("/things.ttl").headers["link"].split(", ")
    assert links[0] == f'<{PUBLIC}/things>; rel="canonical"'
    assert links[1] == f'<{THING.value}>; rel="describes"'
    assert [link for link in links if 'rel="alternate"' in link] == [
        f'</base/things.{format_.suffix}>; rel="alternate"; type="{format_.media_type}"'
        for format_ in FORMATS
        if format_ != TURTLE
    ]
    assert "/base/things.ttl" in client.ask("/things.html").text
    assert "link" not in client.ask("/codes/a").headers


def test_only_lang_sets_the_language_of_a_table(client: Client) -> None:
    assert client.ask("/things.csv", Accept_Language="en").text == "nb\r\n"
    assert client.ask("/things.csv?lang=en").text == "en\r\n"


def test_an_answer_is_written_once_and_not_for_a_304(client: Client, things: Things) -> None:
    first = client.ask("/things")
    assert first.headers["cache-control"] == "no-cache"
    assert client.ask("/things").content == first.content
    assert (things.reads, things.writes) == (2, 1)
    assert client.ask("/things", If_None_Match=first.headers["etag"]).status_code == 304
    assert (things.reads, things.writes) == (3, 1)


def test_each_language_format_version_and_key_has_its_own_etag(client: Client, service: Pinned) -> None:
    paths = ["/things.ttl", "/things.nt", "/things.html?lang=nb", "/things.html?lang=en", "/codes/a", "/codes/b"]
    tags = {client.ask(path).headers["etag"] for path in paths}
    other = SimpleNamespace(id="fedcba9876543210", label="Two", paged=True)
    client.service = service.pin(other, kept=False)  # type: ignore[arg-type]
    tags |= {client.ask(path).headers["etag"] for path in paths}
    assert len(tags) == 2 * len(paths)
    assert b"Two" in client.ask("/things.nt").content


def test_find_runs_before_negotiation(client: Client) -> None:
    assert client.ask("/codes/old", Accept="image/png").status_code == 301
    assert client.ask("/codes/a").text == "A"
    assert client.ask("/codes/a").headers["cache-control"] == "max-age=60"
    with pytest.raises(ResourceNotFoundError):
        client.ask("/codes/none", Accept="image/png")


@pytest.mark.parametrize(
    ("path", "headers", "error"),
    [
        ("/things", {"Accept": "image/png"}, NotAcceptableError),
        ("/things?format=xls", {}, ParameterError),
        ("/things?lang=sv", {}, ParameterError),
        ("/things?lang=nb&lang=en", {}, ParameterError),
    ],
)
def test_an_invalid_request_is_refused_before_the_view_is_read(
    client: Client, things: Things, path: str, headers: Mapping[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.ask(path, **headers)
    assert things.reads == 0


def test_a_version_without_a_format_has_neither_its_ending_nor_its_link(client: Client, service: Pinned) -> None:
    assert client.ask("/paged.html").status_code == 200
    without = SimpleNamespace(id="fedcba9876543210", label="Two", paged=False)
    client.service = service.pin(without, kept=False)  # type: ignore[arg-type]
    with pytest.raises(ResourceNotFoundError):
        client.ask("/paged.html")
    assert "html" not in client.ask("/paged").headers["link"]
    with pytest.raises(NotAcceptableError):
        client.ask("/paged", Accept="text/html")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/things", ("/things", "/things", None, {})),
        ("/things.csv", ("/things", "/things", "csv", {})),
        ("/things.trig", None),
        ("/things.csv.csv", None),
        ("/things/", None),
        ("/thing", None),
        ("/", None),
        ("", None),
        ("*", None),
        ("/codes/a.ttl", ("/codes/{code}", "/codes/a.ttl", None, {"code": "a.ttl"})),
        ("/codes/fixed/a/b", ("/codes/fixed/{rest:path}", "/codes/fixed/a/b", None, {"rest": "a/b"})),
        ("/codes/a/b", None),
        ("/codes", None),
    ],
)
def test_a_path_is_found_exactly_by_its_ending_or_by_its_pattern(
    table: Table, path: str, found: tuple[str, str, str | None, dict[str, str]] | None
) -> None:
    place = table.find(path)
    if found is None:
        assert place is None
        return
    assert place is not None
    suffix = place[1].fixed.suffix if place[1].fixed else None
    assert (place[0].path, place[1].path, suffix, dict(place[1].names)) == found


def test_another_method_is_refused_by_the_table(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.ask("/things", method).status_code == 405
        assert client.ask("/nothing", method).status_code == 404


def test_only_versioned_resources_are_found_under_a_retained_version(client: Client, service: Pinned) -> None:
    client.service = service.pin(service.snapshot, kept=True)
    assert client.ask("/things").status_code == 200
    assert f"/version/{service.snapshot.id}/things.nt" in client.ask("/things").headers["link"]
    assert client.ask("/codes/a").status_code == 404


def test_the_documentation_follows_from_the_declaration(things: Things) -> None:
    class Documented(Codes):
        operation = Operation(id="code", tag="Tests", summary="A code", status=303, others={})

    table = Table()
    table.add(things, Below(), Documented())
    all_things, code = table.documented()
    assert (all_things.path_format, all_things.operation_id, all_things.summary) == ("/things", "things", "Things")
    assert list(all_things.responses[200]["content"]) == [format_.media_type for format_ in FORMATS]
    assert {304, 400, 406} <= set(all_things.responses)
    assert code.openapi_extra is not None
    in_path, format_ = code.openapi_extra["parameters"]
    assert in_path == {
        "name": "code",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "title": "Code"},
    }
    assert (format_["name"], format_["required"]) == ("format", False)
    assert format_["schema"] == {"type": "string", "enum": ["turtle", "jsonld"]}
    assert all_things.openapi_extra is not None
    assert [parameter["name"] for parameter in all_things.openapi_extra["parameters"]] == ["format", "lang"]
    assert [route.path_format for route in table.documented(kept=True)] == ["/things"]


def test_every_format_of_a_kind_is_written_by_the_base(client: Client) -> None:
    class Documents(Things):
        path = "/documents"
        formats = DOCUMENT_FORMATS

    table = Table()
    table.add(Documents())
    client = Client(table, client.service)
    for format_ in GRAPH_FORMATS:
        response = client.ask(f"/documents.{format_.suffix}")
        assert response.headers["content-type"] == format_.content_type
        assert b"One" in response.content
