"""Clients that ask a service without a pause, in threads, and count what becomes of their requests."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Self

import httpx

_DEADLINE_S = 120


class AskingClients:
    """Asks from entering to leaving. A subclass has `ask`.

    Args:
        keeping, closing: clients that keep their connection, and that open one for each request.
    """

    def __init__(self, keeping: int, closing: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self._stop = threading.Event()
        headers: list[dict[str, str]] = [{}] * keeping + [{"Connection": "close"}] * closing
        self._threads = [threading.Thread(target=self._ask_on, args=(one,)) for one in headers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def ask(self, client: httpx.Client) -> Iterator[str]:
        """Sends the requests of a round, and tells the outcome of each; an error of the client is one too."""
        raise NotImplementedError

    def until(self, more: int, outcome: str | None = None) -> None:
        """Waits for more outcomes of all kinds, or of one."""
        wanted, deadline = self._count(outcome) + more, time.monotonic() + _DEADLINE_S
        while self._count(outcome) < wanted:
            assert time.monotonic() < deadline, self.outcomes
            time.sleep(0.01)

    def _count(self, outcome: str | None) -> int:
        return self.outcomes.total() if outcome is None else self.outcomes[outcome]

    def _ask_on(self, headers: dict[str, str]) -> None:
        with httpx.Client(timeout=60, headers=headers) as client:
            while not self._stop.is_set():
                try:
                    for outcome in self.ask(client):
                        self.outcomes[outcome] += 1
                except httpx.HTTPError as error:
                    self.outcomes[f"{type(error).__name__}: {error}"] += 1
