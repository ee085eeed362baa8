"""Writes the sitemap (sitemaps.org 0.9): an index, and parts with the addresses of all pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.namespaces import ID, SDG
from plangraf.sparql.named.collection import Collection
from plangraf.views.document_parts import document_path
from plangraf.views.engine_answers import fetch_rows

# sitemaps.org allows 50 000 addresses and 50 MB in a file. Half of the addresses keep a part far below the size limit.
PART = 25_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_DOWNLOADS = "/dump/latest/"


async def count_parts(engine: Engine, collections: Mapping[str, Collection]) -> int:
    """The number of parts: one part of pages, and the parts of things.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    rows = await fetch_rows(engine, f"SELECT (COUNT(DISTINCT ?thing) AS ?n) WHERE {{ {_things(collections)} }}")
    return 1 + -(-int(rows[0]["n"]["value"]) // PART)


def _things(collections: Mapping[str, Collection]) -> str:
    """The pattern of the things with a page in the sitemap. It excludes minor things, which other pages show."""
    minor = [iri for collection in collections.values() if collection.minor for iri in collection.classes]
    # Strings, because the engine refuses the IRI of a class that the version does not define.
    listed = ", ".join(f'"{iri}"' for iri in minor)
    return f"""?thing a ?class
      FILTER (ISIRI(?thing) && (STRSTARTS(STR(?thing), "{ID}") || STRSTARTS(STR(?thing), "{SDG}")))
      FILTER NOT EXISTS {{ ?thing <http://www.w3.org/2002/07/owl#deprecated> true }}
      FILTER NOT EXISTS {{ ?thing a ?minor FILTER (STR(?minor) IN ({listed})) }}"""


def write_index(base: str, number: int) -> bytes:
    """Writes the index of the parts."""
    entries = (f"<sitemap><loc>{escape(f'{base}/sitemap-{n}.xml')}</loc></sitemap>\n" for n in range(number))
    return f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">\n{"".join(entries)}</sitemapindex>\n'.encode()


async def write_part(
    snapshot: Snapshot, pages: Iterable[str], collections: Mapping[str, Collection], base: str, number: int
) -> bytes | None:
    """Writes one part, in the order of the IRIs. Part 0 lists the pages and collections of the site.

    Args:
        snapshot: the leased version.
        pages: paths of the pages that the site declares.
        collections: all collections by path.
        base: absolute address of the service.
        number: number of the part.
    Returns:
        None for a number past the last part.
    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    if number == 0:
        downloads = (_DOWNLOADS,) if snapshot.contents.downloads() else ()
        return _addresses(base + page for page in (*pages, *(f"/{path}" for path in collections), *downloads))
    query = f"""SELECT DISTINCT ?thing WHERE {{ {_things(collections)} }}
      ORDER BY ?thing LIMIT {PART} OFFSET {(number - 1) * PART}"""
    things = [row["thing"]["value"] for row in await fetch_rows(snapshot.engine, query)]
    return _addresses(base + document_path(thing) for thing in things) if things else None


def _addresses(addresses: Iterable[str]) -> bytes:
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    return f'{_HEAD}<urlset xmlns="{_NAMESPACE}">\n{entries}</urlset>\n'.encode()
