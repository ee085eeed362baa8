"""The sitemap (sitemaps.org 0.9): an index, and parts with the addresses of the things that have pages."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from plangraf.engines.base import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.namespaces import ID, PLAN, SDG
from plangraf.views.addresses import document_path
from plangraf.views.collections.table import COLLECTIONS
from plangraf.views.graphs import fetch_rows

# sitemaps.org allows 50 000 addresses in a file; fewer keep it far below 50 MB.
PART = 25_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PAGES = (
    "/", "/catalog", "/queries", "/sparql", "/ontology", "/shapes", "/docs", "/version/", "/collections",
    *(f"/{path}" for path in COLLECTIONS),
)  # fmt: skip
_DOWNLOADS = "/dump/latest/"
# Evidence and passages stand on the pages of what they are about.
_THINGS = f"""?thing a ?class
  FILTER (ISIRI(?thing) && (STRSTARTS(STR(?thing), "{ID}") || STRSTARTS(STR(?thing), "{SDG}")))
  FILTER NOT EXISTS {{ ?thing <http://www.w3.org/2002/07/owl#deprecated> true }}
  FILTER NOT EXISTS {{ ?thing a ?minor FILTER (STR(?minor) IN ("{PLAN}Evidence", "{PLAN}Passage")) }}"""
_COUNT = f"SELECT (COUNT(DISTINCT ?thing) AS ?n) WHERE {{ {_THINGS} }}"


async def parts(engine: Engine) -> int:
    """How many parts the sitemap has: one of pages, and as many as the things need.

    Raises:
        PlangrafError: what the engine raises.
    """
    things = int((await fetch_rows(engine, _COUNT))[0]["n"]["value"])
    return 1 + -(-things // PART)


def index(base: str, number: int) -> bytes:
    """The index of the sitemap's parts."""
    entries = (f"<sitemap><loc>{escape(f'{base}/sitemap-{n}.xml')}</loc></sitemap>\n" for n in range(number))
    return f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">\n{"".join(entries)}</sitemapindex>\n'.encode()


async def part(snapshot: Snapshot, base: str, number: int) -> bytes | None:
    """One part, in the order of the IRIs; part 0 has the pages of the service. None when there is no such part.

    Raises:
        PlangrafError: what the engine raises.
    """
    if number == 0:
        downloads = (_DOWNLOADS,) if snapshot.contents.downloads() else ()
        return _addresses(base + page for page in (*_PAGES, *downloads))
    query = f"""SELECT DISTINCT ?thing WHERE {{ {_THINGS} }}
      ORDER BY ?thing LIMIT {PART} OFFSET {(number - 1) * PART}"""
    things = [row["thing"]["value"] for row in await fetch_rows(snapshot.engine, query)]
    return _addresses(base + document_path(thing) for thing in things) if things else None


def _addresses(addresses: Iterable[str]) -> bytes:
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    return f'{_HEAD}<urlset xmlns="{_NAMESPACE}">\n{entries}</urlset>\n'.encode()
