"""Batched log lines are written complete, in pieces that a pipe accepts atomically."""

from __future__ import annotations

import asyncio
import json
import sys
from select import PIPE_BUF

import pytest

from plangraf.http.pipeline.request_record import RequestLog
from plangraf.settings import Settings


def test_batched_lines_are_never_split(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    class Stream:
        def write(self, text: str) -> None:
            written.append(text)

    monkeypatch.setattr(sys, "stderr", Stream())

    async def main() -> None:
        log = RequestLog(Settings())
        for number in range(500):
            log.add({"path": f"/æ{number}" + "x" * (number % 300)})
        log.flush()
        log.flush()

    asyncio.run(main())
    pieces = [text for text in written if "/æ" in text]  # others write, too
    assert 10 < len(pieces) < 100
    assert all(text.endswith("\n") and len(text.encode()) <= PIPE_BUF for text in pieces)
    assert [json.loads(line)["path"][:2] for line in "".join(pieces).splitlines()] == ["/æ"] * 500
