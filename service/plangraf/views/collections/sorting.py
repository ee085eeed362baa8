"""Sorts a collection by one of its columns, once per version, column and direction.

Numbers sort by value, dates by time, texts in Norwegian order (see `collation_key`) by their Bokmål form, and
things by what a page shows of them: code or number, then name. The language of the answer never matters, because every
format and language of a page then holds the same things. A thing with several values sorts by the first of them.
Things without a value follow in both directions, and equal things keep the collection's own order, so that the order
is total and a walk through the pages meets every thing once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import groupby

from starlette.concurrency import run_in_threadpool

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, PREFIXES, local_name
from plangraf.sparql.named.collection import Collection, Column, Sort
from plangraf.views.collections.collation import collation_key, language_rank
from plangraf.views.collections.members import fetch_sort_rows, order
from plangraf.views.declarations import LABELS
from plangraf.views.describe import defined_terms
from plangraf.views.document_parts import sdg_code

_Row = Mapping[str, Mapping[str, str]]
_Key = tuple[bool, Decimal, str]
_NUMBERS = frozenset(
    PREFIXES["xsd"] + name
    for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger", "positiveInteger")
)
_LABEL_ORDER = {label.value: number for number, label in enumerate(LABELS)}


async def sorted_places(snapshot: Snapshot, collection: Collection, sort: Sort) -> tuple[int, ...]:
    """The places of all things in the collection's own order, arranged by one column; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    things = await snapshot.part(order, collection)
    terms = await snapshot.part(defined_terms)
    usable, column = collection.usable(terms), sort.column
    if not column.path:
        keys = {thing: _text_key(local_name(thing)) for thing in things}
    else:
        keys = await _fetch_keys(snapshot, usable, column, column.path, terms)
        if column.other and len(keys) < len(things):
            keys = await _fetch_keys(snapshot, usable, column, (column.other,), terms) | keys
    return await run_in_threadpool(_arrange, things, keys, sort.descending)


async def arrange(
    snapshot: Snapshot, collection: Collection, sort: Sort | None, places: Sequence[int]
) -> Sequence[int]:
    """Arranges the ascending places of selected things.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    if sort is None:
        return places
    arranged = await snapshot.part(sorted_places, collection, sort)
    if len(places) == len(arranged):
        return arranged
    selected = set(places)
    return [place for place in arranged if place in selected]


def _arrange(things: Sequence[str], keys: Mapping[str, _Key], descending: bool) -> tuple[int, ...]:
    valued = [place for place, thing in enumerate(things) if thing in keys]
    valued.sort(key=lambda place: keys[things[place]])
    if descending:
        groups = [list(group) for _, group in groupby(valued, key=lambda place: keys[things[place]])]
        valued = [place for group in reversed(groups) for place in group]
    return (*valued, *(place for place, thing in enumerate(things) if thing not in keys))


async def _fetch_keys(
    snapshot: Snapshot, usable: Collection, column: Column, path: Sequence[str], terms: frozenset[str]
) -> dict[str, _Key]:
    """The key of each thing that has a value."""
    if not usable.classes or not all(_is_defined(property_, terms) for property_ in path):
        return {}
    pattern = f"{usable.members} ?thing {'/'.join(f'<{property_}>' for property_ in path)} ?value"
    rows = await fetch_sort_rows(snapshot, f"SELECT DISTINCT ?thing ?value WHERE {{ {pattern} }}")
    names: Iterable[_Row] = ()
    if any(row["value"]["type"] == "uri" for row in rows):
        shown = [label.value for label in LABELS]
        if column.tag and _is_defined(column.tag, terms):
            shown.append(column.tag)
        properties = ", ".join(f"<{property_}>" for property_ in shown)
        names = await fetch_sort_rows(
            snapshot,
            f"""SELECT ?value ?p ?name WHERE {{
              {{ SELECT DISTINCT ?value WHERE {{ {pattern} }} }} ?value ?p ?name FILTER (?p IN ({properties}))
            }}""",
        )
    return await run_in_threadpool(_keys, rows, _names(names, column.tag))


def _is_defined(property_: str, terms: frozenset[str]) -> bool:
    return property_ in terms or not property_.startswith(CLOSED_NAMESPACES)


def _names(rows: Iterable[_Row], tag: str | None) -> dict[str, str]:
    """What a page in Bokmål shows of each thing."""
    best: dict[str, tuple[int, int, str]] = {}
    tags: dict[str, str] = {}
    for row in rows:
        thing, property_, name = row["value"]["value"], row["p"]["value"], row["name"]
        if property_ == tag:
            tags[thing] = min(tags.get(thing, name["value"]), name["value"])
        else:
            candidate = language_rank(name.get("xml:lang")), _LABEL_ORDER[property_], name["value"]
            best[thing] = min(best.get(thing, candidate), candidate)
    return {
        thing: " ".join(filter(None, (tags.get(thing), best[thing][2] if thing in best else "")))
        for thing in best.keys() | tags.keys()
    }


def _keys(rows: Iterable[_Row], names: Mapping[str, str]) -> dict[str, _Key]:
    """The least key of each thing, of its values in the best language."""
    found: dict[str, tuple[int, _Key]] = {}
    for row in rows:
        thing, value = row["thing"]["value"], row["value"]
        candidate = language_rank(value.get("xml:lang")), _key(value, names)
        found[thing] = min(found.get(thing, candidate), candidate)
    return {thing: key for thing, (_, key) in found.items()}


def _key(value: Mapping[str, str], names: Mapping[str, str]) -> _Key:
    text = value["value"]
    if value["type"] == "uri":
        code, name = sdg_code(text), names.get(text) or local_name(text)
        return _text_key(f"{code} {name}" if code else name)
    if value.get("datatype") in _NUMBERS:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return _text_key(text)
        return (False, number, "") if number == number else _text_key(text)
    return _text_key(text)


def _text_key(text: str) -> _Key:
    return True, Decimal(), collation_key(text)
