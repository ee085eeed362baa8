"""Writes the order of each long list and the values of its filters, as a service would derive them when it is asked.

What no changed statement concerns is taken from the version before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, QuerySolutions

from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES
from plangraf.rdf.quad_lines import Queried
from plangraf.sparql.matched_terms import matched_predicates
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.safety import Limits, check
from plangraf.store.atomic import link_or_copy
from plangraf.views.collections import list_files
from plangraf.views.collections.list_files import read_index, read_order, read_values, write_index
from plangraf.views.collections.members import SortRow, facet_queries, in_order, order_query, places_of

LONG = 500
"""A service arranges a list of fewer things in a tenth of a second."""
_DEFINED = f"SELECT ?term WHERE {{ ?term <{PREFIXES['rdfs']}isDefinedBy> <{ONTOLOGY}> }}"


@dataclass(frozen=True, slots=True)
class Before:
    """The lists of another version, and the properties of all statements that differ from it; None when unknown."""

    folder: Path
    changed: Set[str] | None


def write_lists(
    folder: Path, collections: Iterable[Collection], loaded: Queried, bulk: BulkTerms, before: Before | None = None
) -> tuple[int, int]:
    """Creates a folder and writes the files of all long lists into it.

    Args:
        folder: the target; it must not exist.
        collections: all lists.
        loaded: the statements of the version but bulk triples.
        bulk: the terms of its bulk triples. A list whose queries can match one is left to the service.
        before: another version.
    Returns:
        The number of files, and how many of them the other version had.
    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True)
    writer = _Writer(folder, loaded, bulk, before)
    for collection in collections:
        writer.write(collection)
    write_index(folder, writer.entries)
    return len(writer.entries), writer.taken


@dataclass
class _Writer:
    folder: Path
    loaded: Queried
    bulk: BulkTerms
    before: Before | None
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: int = 0

    @cached_property
    def _terms(self) -> frozenset[str]:
        return frozenset(_value(row["term"]) for row in self._rows(_DEFINED))

    @cached_property
    def _known(self) -> Mapping[str, Mapping[str, Any]]:
        return read_index(self.before.folder) if self.before is not None else {}

    def write(self, collection: Collection) -> None:
        usable = collection.usable(self._terms)
        query = order_query(usable)
        if not usable.classes or self._reaches_bulk(query):
            return
        name = f"{usable.path}/{list_files.ORDER}"
        things = self._order_before(usable.path, query)
        as_before = things is not None
        if things is None:
            things = in_order(_sort_rows(self._rows(query), len(usable.order)))
            if len(things) < LONG:
                return
            self.entries[name] = list_files.write_order(self.folder, usable.path, things, query)
            as_before = self._is_as_before(name)
        else:
            self._take(name)
        for facet in usable.facets:
            queries = facet_queries(usable, facet)
            if any(map(self._reaches_bulk, queries)):
                continue
            name, identity = f"{usable.path}/{facet.name}", [query, *queries]
            if as_before and self._has_before(name, queries) and self._values_before(usable.path, facet.name, identity):
                self._take(name)
                continue
            values = places_of(things, [_pairs(self._rows(one)) for one in queries])
            self.entries[name] = list_files.write_values(self.folder, usable.path, facet.name, values, identity)

    def _order_before(self, path: str, query: str) -> Sequence[str] | None:
        """The order of the other version, when it must be the same and its file is whole."""
        if self.before is None or not self._has_before(f"{path}/{list_files.ORDER}", [query]):
            return None
        return read_order(self.before.folder, path, query)

    def _values_before(self, path: str, facet: str, identity: Sequence[str]) -> bool:
        assert self.before is not None
        return read_values(self.before.folder, path, facet, identity) is not None

    def _has_before(self, name: str, queries: Sequence[str]) -> bool:
        """Whether the other version has a file that no changed statement concerns."""
        if self.before is None or self.before.changed is None or name not in self._known:
            return False
        matched = [matched_predicates(query) for query in queries]
        return all(one is not None and one.isdisjoint(self.before.changed) for one in matched)

    def _is_as_before(self, name: str) -> bool:
        """Whether the other version has the file that was just written, because the change moves nothing."""
        known = self._known.get(name)
        return (
            known == self.entries[name]
            and self.before is not None
            and (self.before.folder / name).read_bytes() == (self.folder / name).read_bytes()
        )

    def _take(self, name: str) -> None:
        assert self.before is not None
        source, target = self.before.folder / name, self.folder / name
        target.parent.mkdir(exist_ok=True)
        link_or_copy(source, target)
        self.entries[name] = dict(self._known[name])
        self.taken += 1

    def _reaches_bulk(self, query: str) -> bool:
        return check(query, Limits(), bulk=self.bulk).reaches_bulk

    def _rows(self, query: str) -> QuerySolutions:
        found = self.loaded.query(query)
        assert isinstance(found, QuerySolutions)
        return found


def _sort_rows(rows: QuerySolutions, keys: int) -> Iterator[SortRow]:
    for row in rows:
        yield (
            _value(row["thing"]),
            [
                None if (one := row[f"k{n}"]) is None else (_value(one), getattr(one, "language", None))
                for n in range(keys)
            ],
        )


def _pairs(rows: QuerySolutions) -> Iterator[tuple[str, str]]:
    return ((_value(row["thing"]), _value(row["value"])) for row in rows if row["value"] is not None)


def _value(term: object) -> str:
    assert isinstance(term, NamedNode | Literal)  # data hold no blank nodes
    return term.value
