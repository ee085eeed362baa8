"""The history of a thing for its page: since when its statements are as they are, and what they were in kept versions.

The log of changes tells it, see `store.changes.history`. What each publication changed is a part of the snapshot.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from starlette.concurrency import run_in_threadpool

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import VersionsError
from plangraf.store.changes.history import ChangedThings, Stage, read_changed, stages
from plangraf.store.changes.log import FeedLog, Publication

State = Literal["new", "changed", "same", "absent"]
# A page must not wait for a longer log; this one takes 2 s, once for a version.
_MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Point:
    """A version at the time of its publication, in UTC."""

    version: str
    published: datetime


@dataclass(frozen=True, slots=True)
class KeptState:
    """What a thing is in a kept version, compared with the kept version before it, of which `before` is the id."""

    at: Point
    state: State
    before: str | None


@dataclass(frozen=True, slots=True)
class ThingHistory:
    """The history of a thing up to the version of a page.

    Attributes:
        first: the first version that had it, as far as the log reaches back.
        since: the version in which its statements became what they are.
        kept: the kept versions up to this one, the newest first.
    """

    first: Point
    since: Point
    kept: Sequence[KeptState]


async def thing_history(
    snapshot: Snapshot, log: FeedLog, thing: str, kept: Collection[str] | None
) -> ThingHistory | None:
    """The history of a thing; None when the log is too long or damaged, or does not know the version or the thing.

    Args:
        snapshot: the version of the page; later publications do not count.
        log: the log of changes beside the versions.
        thing: IRI of the thing.
        kept: ids of the versions that the page may link to; None for the page of a kept version, which never changes.
    """
    try:
        publications = await run_in_threadpool(log.publications)
        numbers = [number for number, one in enumerate(publications) if one.version == snapshot.id]
        if not numbers or log.size > _MOST_BYTES:
            return None
        told = publications[: numbers[0 if kept is None else -1] + 1]
        changed = [await snapshot.part(_changed, log, publication) for publication in told]
    except VersionsError:
        return None  # reading the feed reports the damage
    return told_history(stages(told, changed, thing), kept or ())


async def _changed(_snapshot: Snapshot, log: FeedLog, publication: Publication) -> ChangedThings:
    return await run_in_threadpool(read_changed, log, publication)


def told_history(found: Sequence[Stage], kept: Collection[str]) -> ThingHistory | None:
    """The history of a thing from what it was after each publication; None when the last one lacks it."""
    if not found or found[-1].statements is None:
        return None
    since = len(found) - 1
    while since and found[since - 1].statements == found[-1].statements:
        since -= 1
    first = next(stage for stage in found if stage.statements is not None)
    # A version that became current again counts at its last publication.
    last = {stage.version: number for number, stage in enumerate(found) if stage.version in kept}
    states: list[KeptState] = []
    before: Stage | None = None
    for number in sorted(last.values()):
        stage = found[number]
        states.append(KeptState(_point(stage), _state(stage, before), before.version if before else None))
        before = stage
    return ThingHistory(_point(first), _point(found[since]), states[::-1])


def _state(stage: Stage, before: Stage | None) -> State:
    if stage.statements is None:
        return "absent"
    if before is None or before.statements is None:
        return "new"
    return "same" if stage.statements == before.statements else "changed"


def _point(stage: Stage) -> Point:
    return Point(stage.version, datetime.fromisoformat(stage.published))
