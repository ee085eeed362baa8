"""`/.well-known/void`, `/sitemap.xml`, `/robots.txt` and `/llms.txt`: the files that programs read first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.http.routes.catalog import VOID_PATH, catalogue
from plangraf.http.service import Service
from plangraf.rdf.formats import GRAPH_FORMATS, Format
from plangraf.views.catalog import sitemap
from plangraf.views.catalog.void import void

_XML = Format("sitemap", "list", "application/xml", "xml", "Sitemap", charset=True)
_TEXT = Format("text", "list", "text/plain", "txt", "Text", charset=True)
_MARKDOWN = Format("markdown", "list", "text/markdown", "md", "Markdown", charset=True)


def resources(service: Service) -> Iterator[Resource]:
    yield Void()
    yield SitemapIndex()
    yield SitemapPart()
    yield Plain("/robots.txt", _TEXT, _write_robots)
    yield Plain("/llms.txt", _MARKDOWN, _write_llms)


class Void(Resource):
    path = VOID_PATH
    kept = False
    formats = GRAPH_FORMATS
    operation = Operation(
        id="void",
        tag="Catalogue",
        summary="VoID: sizes, parts and links of the data, and queries to begin with; .ttl .jsonld .nt .rdf too",
        answer="The description",
        content=content(GRAPH_FORMATS),
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            found = await catalogue(asked.service)
            return asked.write_graph(await void(snapshot, found), NamedNode(found.whole))

        return View(write=write, canonical=asked.service.settings.base_url + VOID_PATH)


class SitemapIndex(Resource):
    path = "/sitemap.xml"
    kept = False
    formats = (_XML,)
    negotiated = False

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            return sitemap.write_index(
                asked.service.settings.base_url, await sitemap.count_parts(snapshot.engine, asked.service.collections)
            )

        return View(write=write)


class SitemapPart(Resource):
    path = "/sitemap-{number}.xml"
    kept = False
    formats = (_XML,)
    negotiated = False

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        number = asked.place.names["number"]

        async def write() -> bytes:
            body = None
            # An index has at most 50 000 parts, so a number has at most five digits.
            if number.isascii() and number.isdigit() and len(number) < 6 and str(int(number)) == number:
                service = asked.service
                body = await sitemap.write_part(
                    snapshot, service.site.pages, service.collections, service.settings.base_url, int(number)
                )
            if body is None:
                raise ResourceNotFoundError(asked.place.path, N_("All parts are named in /sitemap.xml."))
            return body

        return View(write=write, key=(number,))


class Plain(Resource):
    """A text made from the settings and the queries."""

    kept = False
    negotiated = False

    def __init__(self, path: str, format_: Format, text: Callable[[Service], bytes]) -> None:
        self.path = path
        self.formats = (format_,)
        self._text = text

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        return View(write=self._text(asked.service))


def _write_robots(service: Service) -> bytes:
    """Writes robots.txt: crawlers may read everything except answers to SPARQL queries."""
    sitemaps = f"Sitemap: {service.settings.base_url}/sitemap.xml"
    lines = ["User-agent: *", f"Disallow: {service.prefix}/sparql?", "Allow: /", "", sitemaps, ""]
    return "\n".join(lines).encode()


def _write_llms(service: Service) -> bytes:
    """Writes llms.txt: the contents of the service and how to query it, in the form of llmstxt.org."""
    base = service.settings.base_url
    queries = "\n".join(
        f"- [{name}]({base}/queries/{name}): {query.head.summary}" for name, query in service.queries.items()
    )
    return service.site.llms.replace("{base}", base).replace("{queries}", queries).encode()
