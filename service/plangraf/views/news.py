"""What the last publication of the data changed: numbers, and the few things that a reader wants named.

The log of changes tells it, see `store.changes.log`. A thing is named when it stands in a list of the site that is not
minor, and the lists' own order decides which come first. For an updated thing the earlier log tells how many of its
statements changed; that is left out when the log is long, because a page must not wait for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plangraf.rdf.graph import RDF_TYPE, nquads_terms
from plangraf.sparql.named.collection import Collection
from plangraf.store.changes.log import Change, FeedLog, Kind
from plangraf.views.declarations import LABELS

MOST_NAMED = 5
# A publication with more changes is told by its numbers alone, and those of a log with more bytes are not counted.
_MOST_READ = 5_000
_MOST_BYTES = 16 * 1024 * 1024
_TYPE = str(RDF_TYPE).encode()
_NAMES = frozenset(str(label).encode() for label in LABELS)


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One changed thing that the data still hold; `statements` is the number of changed ones, None when unknown."""

    kind: Kind
    thing: str
    statements: int | None


@dataclass(frozen=True, slots=True)
class News:
    """The last publication: its time in UTC, its version, how many things it changed by kind, and some of them.

    `first` tells that it is the first publication of this service, which has no change to tell. `numbers` is None when
    the publication changed too many things to read, of which there are `total`.
    """

    published: str
    version: str
    first: bool
    total: int
    numbers: Mapping[Kind, int] | None
    items: tuple[NewsItem, ...] = ()


def classes_by_place(collections: Iterable[Collection]) -> dict[bytes, int]:
    """The classes whose things a reader wants named, with the place of their list."""
    found: dict[bytes, int] = {}
    for place, collection in enumerate(collections):
        if not collection.minor:
            for class_ in collection.classes:
                found.setdefault(f"<{class_}>".encode(), place)
    return found


def read_news(log: FeedLog, classes: Mapping[bytes, int]) -> News | None:
    """The news of a log; None for an empty log.

    Args:
        log: the log of changes.
        classes: the result of `classes_by_place`.
    Raises:
        VersionsError: the log is damaged.
    """
    publications = log.publications()
    if not publications:
        return None
    last = publications[-1]
    total = last.last - last.first + 1
    if last.first == 1:
        return News(last.published, last.version, True, total, None)
    if total > _MOST_READ:
        return News(last.published, last.version, False, total, None)
    changes = list(log.changes(last.first, last.last))
    named = _select(changes, classes)
    before: Mapping[str, tuple[bytes, ...]] = {}
    if log.size <= _MOST_BYTES:
        before = log.last_lines([change.thing for change in named if change.kind == "Update"], last.first)
    items = tuple(NewsItem(change.kind, change.thing, _changed(change, before)) for change in named)
    return News(last.published, last.version, False, total, Counter(change.kind for change in changes), items)


def _select(changes: Iterable[Change], classes: Mapping[bytes, int]) -> list[Change]:
    """The named things to show: of the first lists first, new things before changed ones."""
    ranked = []
    for change in changes:
        terms = [nquads_terms(line) for line in change.lines]
        places = [classes[value] for _, predicate, value, _ in terms if predicate == _TYPE and value in classes]
        if places and any(predicate in _NAMES for _, predicate, _, _ in terms):
            ranked.append((change.kind != "Create", min(places), change.sequence, change))
    return [change for *_, change in sorted(ranked, key=lambda one: one[:3])][:MOST_NAMED]


def _changed(change: Change, before: Mapping[str, tuple[bytes, ...]]) -> int | None:
    """The number of changed statements; a changed value is one, although the log has an old and a new line of it."""
    if change.kind == "Create":
        return len(change.lines)
    if change.thing not in before:
        return None
    old, new = set(before[change.thing]), set(change.lines)
    return max(len(old - new), len(new - old))
