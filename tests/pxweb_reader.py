"""Fetches from the server that plays PxWebApi 2, with a clock that only waits move."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from plangraf.diagnostics.progress import Progress
from plangraf.sources.statistics.polite_requests import Clock, Limits
from plangraf.sources.statistics.pxweb import fetch
from pxweb_server import PxServer

START = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
ALL: Mapping[str, str] = {"Region": "*", "Kjonn": "*", "ContentsCode": "*", "Tid": "*"}


@dataclass
class Reader:
    """Fetches with a time of its own: it moves when the client sleeps and never else."""

    server: PxServer
    cache: Path
    limits: Limits = field(default_factory=Limits)
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    output: io.StringIO = field(default_factory=io.StringIO)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def fetch(self, selection: Mapping[str, str] = ALL, address: str | None = None) -> list[Path]:
        clock = Clock(lambda: self.seconds, self.sleep, lambda: START + timedelta(seconds=self.seconds))
        return fetch(
            self.server.table_url if address is None else address,
            selection,
            cache=self.cache,
            progress=Progress(self.output),
            limits=self.limits,
            clock=clock,
        )

    def lines(self, first_word: str) -> list[str]:
        return [line for line in self.output.getvalue().splitlines() if line.split()[0] == first_word]


def cells(paths: list[Path]) -> dict[frozenset[tuple[str, str]], float]:
    """Each value of the parts by its codes; a cell that two parts have fails."""
    found: dict[frozenset[tuple[str, str]], float] = {}
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        ids = document["id"]
        codes = [sorted(index, key=index.get) for index in (_index(document, name) for name in ids)]
        for combination, value in zip(itertools.product(*codes), document["value"], strict=True):
            key = frozenset(zip(ids, combination, strict=True))
            assert key not in found, combination
            found[key] = value
    return found


def _index(document: Any, name: str) -> dict[str, int]:
    index: dict[str, int] = document["dimension"][name]["category"]["index"]
    return index


def listed(paths: list[Path]) -> Any:
    """`parts.json` beside the parts."""
    return json.loads((paths[0].parent / "parts.json").read_text(encoding="utf-8"))
