"""Reads the entries of a list from Turtle by a SPARQL query, after repairs of what published lists get wrong.

The repairs come first, so that the query of a mapping is written for what the file means.
"""

from __future__ import annotations

import codecs

from pyoxigraph import NamedNode, QuerySolutions, RdfFormat, Store, parse

from plangraf.errors import ListError
from plangraf.sources.lists.entries import Entry, collect
from plangraf.sources.lists.loading import Content
from plangraf.sources.lists.mapping import FIELDS, Mapping
from plangraf.sources.lists.rdf_repairs import IRI_KINDS, repaired, right_iri
from plangraf.sources.lists.repairs import Repairs


def read_store(content: Content, repairs: Repairs, address: str | None = None) -> Store:
    """The statements of a Turtle file, repaired.

    Args:
        content: the file.
        repairs: receives what is repaired.
        address: where the list is published, to which the relative IRIs of a saved file belong.
    Raises:
        ListError: it is not Turtle, or is cut off.
    """
    store = Store()
    turtle = content.content.removeprefix(codecs.BOM_UTF8)
    try:
        quads = parse(turtle, format=RdfFormat.TURTLE, base_iri=content.address or address, lenient=True)
        store.extend(repaired(quads, repairs))
    except SyntaxError as error:
        line = f" in line {error.lineno}" if error.lineno else ""
        raise ListError(
            f"{content.name} is not complete Turtle: {error.msg}{line}. It may be another file, or a broken download; "
            "fetch it again."
        ) from error
    return store


def rdf_entries(store: Store, mapping: Mapping, repairs: Repairs) -> list[Entry]:
    """The entries that the query of the mapping finds.

    Raises:
        ListError: the query fails, names an unknown field, or finds nothing.
    """
    solutions = _select(store, mapping.read.query or "", "read.query")
    names = [variable.value for variable in solutions.variables]
    unknown = set(names) - FIELDS[mapping.kind]
    if unknown or "thing" not in names:
        raise ListError(
            f"The query of {mapping.slug} selects {', '.join(names)}. Select ?thing and any of "
            f"{', '.join(sorted(FIELDS[mapping.kind] - {'thing'}))}."
        )
    written = {right_iri(iri): iri for kind in IRI_KINDS for iri in repairs.entries_of(kind)}
    rows = []
    for solution in solutions:
        thing = solution["thing"]
        if not isinstance(thing, NamedNode):
            raise ListError(f"The query of {mapping.slug} finds {thing}, which has no IRI. Select entries with one.")
        values = {name: solution[name] for name in names if name != "thing" and solution[name] is not None}
        rows.append((written.get(thing.value, thing.value), thing, values))
    if not rows:
        raise ListError(
            f"The query of {mapping.slug} finds nothing in the file. Is it the list that the mapping is for?"
        )
    return collect(rows)


def described_things(store: Store, query: str) -> set[str]:
    """The IRIs of ?thing that a query finds."""
    return {solution["thing"].value for solution in _select(store, query, "described")}


def _select(store: Store, query: str, name: str) -> QuerySolutions:
    try:
        found = store.query(query)
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise ListError(
            f"{name} cannot be evaluated: {' '.join(str(error).split())}. Correct it in the mapping."
        ) from error
    assert isinstance(found, QuerySolutions)
    return found
