"""Watches the pointer of a store, takes over each publication, and keeps a file that tells how it went."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import orjson
import structlog

from plangraf.errors import PlangrafError, VersionsError
from plangraf.replicas.fetching import StoppedError
from plangraf.replicas.layout import Pointer
from plangraf.replicas.replica import Replica, TakenOver
from plangraf.store.versions.version import REPLICA_STATUS

# A failure is tried again after this many intervals at most, and a minute at most.
_MOST_INTERVALS, _MOST_S = 16, 60.0

log = structlog.get_logger()


class Watcher:
    """Updates one replica until it is stopped.

    Args:
        replica: the replica.
        address: of its store, for people.
        interval_s: seconds between two looks at the pointer.
        stopping: ends the watching when it is set.
    """

    def __init__(self, replica: Replica, address: str, interval_s: float, stopping: threading.Event) -> None:
        self._replica = replica
        self._address = address
        self._interval_s = interval_s
        self._stopping = stopping
        self._problem: str | None = None
        self._failures = 0
        self._told: Mapping[str, object] | None = None

    def run(self) -> None:
        """Updates now and after each interval, as the only writer of the folder until it is stopped.

        A failure is logged once, and tried again later and later.
        """
        while not self._stopping.is_set():
            try:
                with self._replica.folder.writing():
                    self._follow()
            except VersionsError as error:  # another process writes there, or nobody can
                self._failed(error)
                self._stopping.wait(self._pause_s())

    def _follow(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                done = self._replica.update()
            except StoppedError:
                return
            except (PlangrafError, OSError) as error:
                self._failed(error)
            else:
                self._succeeded(done, time.monotonic() - began)
            self._tell()
            self._stopping.wait(self._pause_s())

    def _succeeded(self, done: TakenOver | None, seconds: float) -> None:
        self._failures = 0
        if done is not None:
            log.info(
                "publication taken over",
                version=done.version,
                number=done.number,
                files=done.files,
                bytes=done.fetched_bytes,
                seconds=round(seconds, 3),
            )
        elif self._problem is not None:
            log.info("replica follows again", store=self._address)
        self._problem = None

    def _pause_s(self) -> float:
        if not self._failures:
            return self._interval_s
        most = max(self._interval_s, min(_MOST_S, self._interval_s * _MOST_INTERVALS))
        return min(most, self._interval_s * 2.0 ** min(self._failures - 1, 10))

    def _failed(self, error: Exception) -> None:
        said = str(error)
        self._failures += 1
        if said != self._problem:
            serving = self._replica.taken.state.current if self._replica.taken.state is not None else None
            log.error("publication not taken over", store=self._address, serving=serving, error=said)
            self._problem = said

    def _tell(self) -> None:
        """Writes the status; a folder that cannot be written has its problem in the log only."""
        taken = self._replica.taken
        status = status_of(self._address, taken.number, self._replica.published, self._problem)
        if status == self._told:
            return
        try:
            self._replica.folder.replace(REPLICA_STATUS, orjson.dumps(status))
            self._told = status
        except (OSError, VersionsError) as error:
            log.error("replica status not written", error=str(error))


def status_of(address: str, number: int, published: Pointer | None, problem: str | None) -> Mapping[str, object]:
    """What `/health/ready` tells of a replica.

    Returns:
        from: address of the store; published: the newest publication that was seen there, None before the first;
        number: of the publication that is served, 0 before the first; behind: whether these differ or are not known;
        problem: why the newest cannot be taken over, None when nothing is wrong.
    """
    seen = None if published is None else {"number": published.number, "version": published.version}
    behind = published is None or published.number != number
    return {"from": address, "published": seen, "number": number, "behind": behind, "problem": problem}
