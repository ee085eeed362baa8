"""The answers of the queries that a kind declares for sections of its page."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import QuerySyntaxError
from plangraf.pages.things.kind_files import Kind
from plangraf.pages.things.kind_form import Way, Ways
from plangraf.rdf.graph import Statements, Value
from plangraf.rdf.namespaces import ID
from plangraf.sparql.named.collection import Collection
from plangraf.views.collections.members import select
from plangraf.views.describe import fetch_labels
from plangraf.views.engine_answers import fetch_rows

MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one query, in its order, and the names of the things in them; or the numbers of things by list."""

    rows: Sequence[Mapping[str, Value]]
    named: Statements = field(default_factory=list)
    numbers: Mapping[str, int] = field(default_factory=dict)


async def fetch_sections(
    snapshot: Snapshot, collections: Mapping[str, Collection], kind: Kind, thing: NamedNode, language: str
) -> dict[str, Rows]:
    """The rows of each section with a query, and the numbers of its ways in, by the name of the section.

    Raises:
        PlangrafError: the engine cannot answer a query.
    """
    found = {}
    for section in kind.form.sections:
        if section.query:
            # An earlier version may lack some terms of ours, and the engine refuses unknown ones.
            with contextlib.suppress(QuerySyntaxError):
                found[section.name] = await _fetch_rows(snapshot.engine, bound(section.query, thing, language))
        if section.ways:
            numbers = {
                way.list_: await _count(snapshot, collections, way, section.ways, thing) for way in section.ways.to
            }
            found[section.name] = Rows([], [], numbers)
    return found


async def _fetch_rows(engine: Engine, query: str) -> Rows:
    rows = [
        {name: value for name, term in row.items() if (value := _term(term)) is not None}
        for row in (await fetch_rows(engine, query, bulk=False))[:MOST_ROWS]
    ]
    mentioned = {value for row in rows for value in row.values() if isinstance(value, NamedNode)}
    return Rows(rows, await fetch_labels(engine, mentioned) if mentioned else [])


async def _count(
    snapshot: Snapshot, collections: Mapping[str, Collection], way: Way, ways: Ways, thing: NamedNode
) -> int:
    """The number of things that a list has for an area, as the list itself counts them."""
    collection = collections.get(way.list_)
    facet = next((facet for facet in collection.facets if facet.name == ways.filter_), None) if collection else None
    return len(await select(snapshot, collection, {facet: area_number(thing)})) if collection and facet else 0


def area_number(thing: NamedNode) -> str:
    """`5001` for `…/id/5001/municipality/5001`."""
    return thing.value.removeprefix(ID).partition("/")[0]


def bound(query: str, thing: NamedNode, language: str) -> str:
    """The query about one thing, in one language."""
    return query.replace("$this", str(thing)).replace("$lang", str(Literal(language)))


def _term(term: Mapping[str, str]) -> Value | None:
    if term["type"] == "uri":
        return NamedNode(term["value"])
    if term["type"] != "literal":
        return None
    if language := term.get("xml:lang"):
        return Literal(term["value"], language=language)
    datatype = term.get("datatype")
    return Literal(term["value"], datatype=NamedNode(datatype)) if datatype else Literal(term["value"])
