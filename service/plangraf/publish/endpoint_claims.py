"""Claims a version at an endpoint, so that one process at a time loads it, on one machine or on several.

A claim is a statement of its own graph, written before a version is loaded and removed after it. Whoever sees the claim
of another process after writing its own withdraws, so two that begin at the same moment may both be refused, and never
both load. A claim counts as left behind when its process has ended on this machine, or when it was not renewed for a
while: no clock of another machine is compared. The record of a version is written only where the claim still stands.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from plangraf.engines.remote.placement import Placement
from plangraf.errors import PlangrafError, PublicationConflictError
from plangraf.rdf.namespaces import BASE

# Seconds between two renewals, and those after which a claim that was not renewed is left behind. A request of a load
# takes less.
RENEWAL_S = 5.0
PATIENCE_S = 60.0
_LOOK_S = 0.5
_HELD, _RENEWED = f"{BASE}claim/held-by", f"{BASE}claim/renewed"


class Claim:
    """The claim of this process on a version.

    Args:
        placement: of the version.
        address: of the endpoint, for messages.
        read: gives the subjects, predicates and objects of a graph as text.
        update: sends an update.
    """

    def __init__(
        self,
        placement: Placement,
        address: str,
        read: Callable[[str], list[tuple[str, str, str]]],
        update: Callable[[str], None],
    ) -> None:
        self._placement = placement
        self._address = address
        self._read = read
        self._update = update
        self._mine = f"{placement.claim}/{uuid.uuid4().hex}"
        self._renewed = 0
        self._next = 0.0

    def take(self) -> None:
        """Takes the claim, after waiting where a claim of another machine may be left behind.

        Raises:
            PublicationConflictError: another process loads the version.
        """
        self._update(
            f"INSERT DATA {{ GRAPH <{self._placement.claim}> {{ "
            f'<{self._mine}> <{_HELD}> "{_this_process()}" . <{self._mine}> <{_RENEWED}> "0" }} }}'
        )
        self._next = time.monotonic() + RENEWAL_S
        others = self._others()
        try:
            if alive := next((holder for holder, _ in others.values() if _lives_here(holder)), None):
                raise self._conflict(alive)
            if waits := {claim: state for claim, state in others.items() if not _ended_here(state[0])}:
                self._watch(waits)
        except BaseException:
            self.release()
            raise
        for claim in others:
            self._remove(claim)

    def renew(self) -> None:
        """Says that this process goes on, when it is time to say it again."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + RENEWAL_S
        self._renewed += 1
        graph = self._placement.claim
        self._update(
            f"DELETE {{ GRAPH <{graph}> {{ <{self._mine}> <{_RENEWED}> ?before }} }} "
            f'INSERT {{ GRAPH <{graph}> {{ <{self._mine}> <{_RENEWED}> "{self._renewed}" }} }} '
            f"WHERE {{ GRAPH <{graph}> {{ <{self._mine}> <{_RENEWED}> ?before }} }}"
        )

    def write_record(self, statement: str) -> None:
        """Writes the record of the version, if the claim still stands.

        Raises:
            PublicationConflictError: another process took the claim, or removed the version.
        """
        record = self._placement.record
        self._update(
            f"INSERT {{ GRAPH <{record}> {{ {statement} }} }} "
            f"WHERE {{ GRAPH <{self._placement.claim}> {{ <{self._mine}> <{_HELD}> ?holder }} }}"
        )
        if not self._read(record):
            raise PublicationConflictError(
                f"Version {self._placement.version} was removed from {self._address}, or loaded by another process, "
                "while it was loaded. Publish it again."
            )

    def release(self) -> None:
        """Removes the claim; an endpoint that does not answer keeps it, and the next process finds it left behind."""
        with suppress(PlangrafError):
            self._remove(self._mine)

    def _remove(self, claim: str) -> None:
        graph = self._placement.claim
        self._update(
            f"DELETE {{ GRAPH <{graph}> {{ <{claim}> ?says ?what }} }} "
            f"WHERE {{ GRAPH <{graph}> {{ <{claim}> ?says ?what }} }}"
        )

    def _others(self) -> dict[str, tuple[str, str]]:
        """The claims of others: by claim, who holds it and how often it was renewed."""
        found: dict[str, dict[str, str]] = {}
        for claim, says, what in self._read(self._placement.claim):
            if claim != self._mine:
                found.setdefault(claim, {})[says] = what
        return {claim: (said.get(_HELD, ""), said.get(_RENEWED, "")) for claim, said in found.items()}

    def _watch(self, before: dict[str, tuple[str, str]]) -> None:
        """Waits until claims of other machines are released or were not renewed for a while."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            now = self._others()
            for claim, (holder, renewed) in before.items():
                if claim in now and now[claim][1] != renewed:
                    raise self._conflict(holder)
            if not before.keys() & now.keys():
                return
            time.sleep(_LOOK_S)
            self.renew()

    def _conflict(self, holder: str) -> PublicationConflictError:
        _, _, process, _, host = _parts(holder)
        return PublicationConflictError(
            f"Version {self._placement.version} is being loaded into {self._address} by another process ({process} on "
            f"{host}). Wait until it has ended, and publish again."
        )


def _this_process() -> str:
    """The machine since its start, the namespace of its process numbers, number and start of the process, the host."""
    host = "".join(character for character in platform.node() if character.isalnum() or character in ".-")
    return "|".join([*_machine(), str(os.getpid()), _start(os.getpid()), host or "an unnamed host"])


def _machine() -> tuple[str, str]:
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return boot, str(Path("/proc/self/ns/pid").readlink())
    return "", ""


def _start(process: int) -> str:
    """When a process started, in ticks since the start of the machine; empty when there is none."""
    with suppress(OSError):
        # The name of the program, in brackets, may hold any character.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def _lives_here(holder: str) -> bool:
    """Whether a claim's process is one of this machine that runs."""
    boot, space, process, start, _ = _parts(holder)
    return bool(boot) and (boot, space) == _machine() and _start(int(process)) == start


def _ended_here(holder: str) -> bool:
    """Whether a claim's process was one of this machine, and has ended."""
    boot, space, process, start, _ = _parts(holder)
    return bool(boot) and (boot, space) == _machine() and _start(int(process)) != start


def _parts(holder: str) -> list[str]:
    parts = holder.split("|", 4)
    return parts if len(parts) == 5 and parts[2].isdecimal() else ["", "", "0", "", ""]
