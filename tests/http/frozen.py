"""Requests every kind of address in many ways, and returns each answer without times, tags and lengths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse
from small_server import HOME

from plangraf.http.pipeline.browser_headers import BROWSER_HEADERS
from plangraf.publish.search_index import build_index
from plangraf.search.index_files import FOLDER as SEARCH
from plangraf.sources.files import source_files
from plangraf.store.versions import DOWNLOADS, VersionStore

PUBLIC = "https://data.example.no/plans-of-norway"
OTHER_VERSION = "00000000000000aa"
_CHANGING = {
    "date",
    "last-modified",
    "server",
    "x-request-id",
    "server-timing",
    "content-length",
    "transfer-encoding",
    "connection",
}
_OF_ALL = "access-control-"
# The hash of a strong tag; what is coded has the coding's name after it.
_SUM = re.compile(r"'sha256-[A-Za-z0-9+/]{43}='")
_TAG = re.compile(r'"[0-9a-f]{16,64}(-[a-z]+)?"')
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

# What a request says: method, headers, query part.
REQUESTS: Mapping[str, tuple[str, dict[str, str], str]] = {
    "no wish": ("GET", {}, ""),
    "head": ("HEAD", {}, ""),
    "page in English": ("GET", {"Accept": "text/html", "Accept-Language": "en"}, ""),
    "browser, gzip": ("GET", {"Accept": _BROWSER, "Accept-Language": "nn", "Accept-Encoding": "gzip"}, ""),
    "turtle, zstd": ("GET", {"Accept": "text/turtle", "Accept-Language": "en", "Accept-Encoding": "zstd"}, ""),
    "jsonld": ("GET", {"Accept": "application/ld+json"}, ""),
    "expanded": ("GET", {"Accept": 'application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"'}, ""),
    "json": ("GET", {"Accept": "application/json"}, ""),
    "json results": ("GET", {"Accept": "application/sparql-results+json, */*;q=0.1"}, ""),
    "csv": ("GET", {"Accept": "text/csv", "Accept-Language": "en"}, ""),
    "quads": ("GET", {"Accept": "application/n-quads"}, ""),
    "xml": ("GET", {"Accept": "application/xml"}, ""),
    "png": ("GET", {"Accept": "image/png"}, ""),
    "identity refused": ("GET", {"Accept-Encoding": "identity;q=0"}, ""),
    "html by name, in English": ("GET", {"Accept-Language": "nb"}, "format=html&lang=en"),
    "csv by name": ("GET", {"Accept": "text/turtle"}, "format=csv"),
    "rdf by name": ("GET", {"Accept": "text/turtle"}, "format=rdfxml"),
    "unknown format": ("GET", {}, "format=xls"),
    "unknown language": ("GET", {"Accept": "text/html"}, "lang=sv"),
    "two languages": ("GET", {"Accept": "text/html"}, "lang=nb&lang=en"),
    "any tag": ("GET", {"If-None-Match": "*"}, ""),
    "another tag": ("GET", {"If-None-Match": '"x"'}, ""),
    "failed precondition": ("GET", {"If-Match": '"x"'}, ""),
    "credentials": ("GET", {"Authorization": "Bearer x"}, ""),
    "options": ("OPTIONS", {}, ""),
    "post": ("POST", {"Content-Type": "application/x-www-form-urlencoded"}, ""),
    "put": ("PUT", {}, ""),
}
# Under a kept version, and at the endings of an address, fewer say the same.
FEW = ("no wish", "head", "page in English", "csv", "png", "html by name, in English", "any tag", "options", "put")

_FULL = (
    "/",
    "/catalog",
    "/.well-known/void",
    "/ontology",
    "/shapes",
    "/context/v1.jsonld",
    "/plans",
    "/collections",
    "/plans?limit=1&page=2",
    "/plans?perspective=2020-7",
    "/queries",
    "/queries/plans",
    "/queries/plans?number=1",
    "/queries/perspectives-by-target?target=11.6",
    "/queries/now",
    "/search?q=plan",
    "/doc/5001/plan/one",
    "/doc/5001/dataset/example",
    "/doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6",
    "/targets/11.6",
    "/goals/11",
    "/id/5001/plan/one",
    "/feed",
    "/feed/1",
    "/pictures",
    "/sparql",
    "/sparql?query=ASK%20%7B%7D",
    "/version/",
    "/dump/<current>/",
    "/compare/<earlier>..<current>",
    "/sitemap.xml",
    "/robots.txt",
    "/openapi.json",
    "/health/ready",
)
_FEW = (
    "/search.json?q=plan&lang=en",
    "/search.csv?q=plan",
    "/search?q=plan&kind=x",
    "/search?q=plan&page=2",
    "/search/suggestions?q=pla",
    "/catalog.ttl",
    "/catalog.html",
    "/catalog.csv",
    "/.well-known/void.nt",
    "/.well-known/void.html",
    "/ontology.html",
    "/ontology.rdf",
    "/ontology.nq",
    "/ontology/theme/other",
    "/ontology/theme/other.ttl",
    "/ontology/theme/none",
    "/shapes/theme/other",
    "/shapes/theme/none.html",
    "/shapes.html",
    "/shapes.jsonld",
    "/shapes.csv",
    "/context/<context>.jsonld",
    "/context/0123456789abcdef.jsonld",
    "/context/x.jsonld",
    "/plans.csv",
    "/plans.html",
    "/plans.ttl?limit=1",
    "/plans.nq",
    "/plans?version=<current>",
    "/plans?version=<earlier>",
    f"/plans?version={OTHER_VERSION}",
    "/plans?version=x",
    "/plans?page=0",
    "/plans?page=9",
    "/plans?limit=1001",
    "/plans?perspective=none",
    "/plans?unknown=1",
    "/plans?page=1&page=2",
    "/plans/",
    "/nothing",
    "/plans.csv/",
    "/plansx",
    "/collections.csv",
    "/collections.html",
    "/collections.rdf",
    "/collections.xls",
    "/catalog/",
    "/ontology/",
    "/queries/",
    "/sparql/",
    "/targets",
    "/feed/",
    "/compare",
    "/health",
    "/static/",
    "/pictures/matrix.svg",
    "/pictures/neighbourhood?iri=https%3A%2F%2Fw3id.org%2Fplangraf%2Fid%2F5001%2Fplan%2Fone",
    "/queries/plans.csv",
    "/queries/plans.xml",
    "/queries/plans.html",
    "/queries/plns",
    "/queries/plans?number=x",
    "/queries/perspectives-by-target",
    "/queries/now.csv",
    "/queries/plans/more",
    "/doc/5001/plan/one.ttl",
    "/doc/5001/plan/one.html",
    "/doc/5001/plan/one.trig",
    "/doc/5001/plan/one.csv",
    "/doc/5001/plan/none",
    "/doc/5001/plan/none.ttl",
    "/doc/5001/plan/gone",
    "/doc/5001/plan/old",
    "/doc/5001/plan/given-up",
    "/doc/5001/file/report.ttl",
    "/doc/",
    "/doc",
    "/doc?iri=x",
    "/doc?iri=https%3A%2F%2Fw3id.org%2Fplangraf%2Fid%2F5001%2Fplan%2Fone",
    "/doc?iri=http%3A%2F%2Fexample.org%2Fno",
    "/doc?iri=https%3A%2F%2Fw3id.org%2Fplangraf%2Fontology%23nothing",
    "/targets/11.6.ttl",
    "/targets/11.A",
    "/targets/x",
    "/targets/11.9",
    "/goals/11.html",
    "/goals/99x",
    "/id/5001/plan/old.ttl",
    "/id/5001/plan/none",
    "/id/catalog",
    "/id/catalog/void",
    "/doc/catalog",
    "/id/",
    "/feed/0",
    "/feed/99",
    "/feed/x",
    "/id/event/x",
    "/sparql?query=oops",
    "/sparql?query=",
    "/sparql?query=SELECT%20%2A%20%7B%7D&timeout=x",
    "/sparql?query=DESCRIBE%20%3Chttp%3A%2F%2Fexample.org%2Fa%3E",
    "/sparql?query=SELECT%20%2A%20%7B%3Fs%20a%20%3Chttp%3A%2F%2Fexample.org%2Fa%3E%7D&explain=true",
    "/version",
    "/version/x/",
    "/version/<earlier>",
    f"/version/{OTHER_VERSION}/plans",
    "/dump",
    "/dump/",
    "/dump/latest/",
    "/dump/latest/all.nq",
    "/dump/<current>",
    "/dump/<current>/all-<current>.nq",
    "/dump/<current>/none",
    "/dump/x/",
    "/version/<earlier>/dump/all.nq",
    "/version/<earlier>/dump/",
    "/compare/<earlier>..<current>.json",
    "/compare/<earlier>..<current>.rdfp",
    "/compare/<earlier>..<current>.html",
    "/compare/x",
    f"/compare/<earlier>..{OTHER_VERSION}",
    "/sitemap-1.xml",
    "/sitemap-x.xml",
    "/sitemap-99.xml",
    "/llms.txt",
    "/mcp",
    "/docs",
    "/redoc",
    "/static/style.css",
    "/static/none",
    "/health/live",
    "/metrics",
    "/favicon.ico",
    "/%E2%82%AC",
    "//",
    "/plans%2Ecsv",
)
_UNDER = (
    "/",
    "/plans",
    "/plans.csv",
    "/plans?version=<earlier>",
    "/plans?version=<current>",
    "/plans?page=9",
    "/collections",
    "/collections.csv",
    "/queries",
    "/queries/plans",
    "/queries/plans.csv",
    "/queries/plns",
    "/doc/5001/plan/one",
    "/doc/5001/plan/one.ttl",
    "/doc/5001/plan/none",
    "/doc/5001/plan/gone",
    "/id/5001/plan/one",
    "/targets/11.6",
    "/doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6",
    "/ontology",
    "/ontology.html",
    "/shapes.ttl",
    "/context/v1.jsonld",
    "/sparql",
    "/sparql?query=ASK%20%7B%7D",
    "/mcp",
    "/openapi.json",
    "/docs",
    "/static/style.css",
    "/catalog",
    "/.well-known/void",
    "/feed",
    "/sitemap.xml",
    "/robots.txt",
    "/version/",
    "/compare/x",
    "/health/live",
    "/metrics",
    "/nothing",
)


def cases() -> Iterator[tuple[str, str]]:
    """Each address with the names of its requests."""
    for path in _FULL:
        yield from ((path, name) for name in REQUESTS)
    for path in _FEW:
        yield from ((path, name) for name in FEW)
    for version in ("<earlier>", "<current>"):
        for path in _UNDER:
            yield from ((f"/version/{version}{path}", name) for name in FEW)


def two_versions(folder: Path) -> dict[str, str]:
    """Writes two versions of `home/` with a download each, and their feed; what the placeholders stand for."""
    lines: set[bytes] = set()
    graphs: dict[str, int] = {}
    for file in source_files(HOME):
        quads = Dataset(parse(file.path.read_bytes(), RdfFormat.TURTLE, rename_blank_nodes=True))
        quads.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        for quad in quads:
            lines.add(f"{quad.triple} <{file.graph}> .".encode())
            graphs[file.graph] = graphs.get(file.graph, 0) + 1
    gone = b'<https://w3id.org/plangraf/id/5001/plan/gone> <http://www.w3.org/2000/01/rdf-schema#label> "Borte"@nb'
    graph = next(name for name in graphs if name.endswith("/5001/example"))
    found = {}
    for name, more in (("<earlier>", {gone + f" <{graph}> .".encode()}), ("<current>", set())):
        found[name] = _write(folder, sorted(lines | more), graphs)
    return found


def _write(folder: Path, lines: list[bytes], graphs: Mapping[str, int]) -> str:
    store = VersionStore(folder)
    manifest = {"triples": len(lines), "quads": len(lines), "graphs": dict(graphs), "warnings": {}}
    version = store.write(lines, manifest)
    body = b"\n".join(lines)
    build_index(list(parse(body, RdfFormat.N_QUADS)), HOME, version.path / SEARCH)
    downloads = version.path / DOWNLOADS
    downloads.mkdir()
    (downloads / f"all-{version.id}.nq").write_bytes(body)
    described = {
        "name": f"all-{version.id}.nq",
        "bytes": len(body),
        "sha256": "ab" * 32,
        "mediaType": "application/n-quads",
        "title": {"nb": "Alt", "en": "All"},
    }
    (downloads / "index.json").write_text(json.dumps({"files": [described]}))
    return version.id


def answer(client: httpx.Client, path: str, name: str, names: Mapping[str, str]) -> tuple[str, bytes]:
    """The stable part of one answer in one line, and its body."""
    method, headers, query = REQUESTS[name]
    for placeholder, value in names.items():
        path = path.replace(placeholder, value)
    if query:
        path += ("&" if "?" in path else "?") + query
    # Not by the client, which adds headers of its own.
    request = httpx.Request(method, f"{str(client.base_url).rstrip('/')}{path}", headers=headers)
    response = client.send(request)
    return _line(response, names), response.content


def _line(response: httpx.Response, names: Mapping[str, str]) -> str:
    told = [str(response.status_code)]
    for name, value in sorted(response.headers.items()):
        if name not in _CHANGING and BROWSER_HEADERS.get(name.title()) != value and not name.startswith(_OF_ALL):
            told.append(f"{name}: {value}")
    if response.headers.get("content-type") == "application/problem+json" and response.content:
        told.append(f"problem: {response.json()['code']}")
    line = _SUM.sub("'sha256-…'", _TAG.sub(r'"…\1"', " | ".join(told)))
    for placeholder, value in names.items():
        line = line.replace(value, placeholder)
    return line
