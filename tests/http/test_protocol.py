"""The protocol writes the head and the body of an answer to the connection."""

from __future__ import annotations

import asyncio
from typing import cast

from plangraf.http.server.protocol import Together


class Recorder:
    """A transport that records each piece that one system call sends."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.pieces.append(data)

    def writelines(self, data: list[bytes]) -> None:
        self.write(b"".join(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def test_a_head_is_sent_with_the_next_bytes_or_alone_without_any() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        together = Together(cast(asyncio.Transport, recorder))
        for data in (b"head ", b"body ", b"more"):
            together.write(data)
        await asyncio.sleep(0)
        assert recorder.pieces == [b"head body ", b"more"]
        alone = Together(cast(asyncio.Transport, recorder))
        alone.write(b"head")
        await asyncio.sleep(0)
        assert recorder.pieces[2:] == [b"head"]
        alone.write(b"late")
        assert recorder.pieces[3:] == [b"late"]

    asyncio.run(scenario())


def test_a_pending_head_is_sent_before_its_connection_closes_and_never_after() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        together = Together(cast(asyncio.Transport, recorder))
        together.write(b"head")
        together.close()
        assert recorder.pieces == [b"head"]
        assert together.is_closing()
        gone = Together(cast(asyncio.Transport, Recorder()))
        gone.write(b"head")
        gone._transport.close()
        await asyncio.sleep(0)

    asyncio.run(scenario())
