"""The answers of the queries that a kind declares for sections of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from plangraf.engines.interface import Engine
from plangraf.pages.things.kind_files import Kind
from plangraf.rdf.graph import Statements, Value
from plangraf.views.describe import fetch_labels
from plangraf.views.engine_answers import fetch_rows

MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one query, in its order, and the names of the things in them."""

    rows: Sequence[Mapping[str, Value]]
    named: Statements = field(default_factory=list)


async def fetch_sections(engine: Engine, kind: Kind, thing: NamedNode, language: str) -> dict[str, Rows]:
    """The rows of each section with a query, by the name of the section.

    Raises:
        PlangrafError: the engine cannot answer a query.
    """
    found = {}
    for section in kind.form.sections:
        if section.query:
            rows = [
                {name: value for name, term in row.items() if (value := _term(term)) is not None}
                for row in (await fetch_rows(engine, bound(section.query, thing, language), bulk=False))[:MOST_ROWS]
            ]
            mentioned = {value for row in rows for value in row.values() if isinstance(value, NamedNode)}
            named = await fetch_labels(engine, mentioned) if mentioned else []
            found[section.name] = Rows(rows, named)
    return found


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
