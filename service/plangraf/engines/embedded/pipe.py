"""The front's end of a worker's socket: cuts the stream into frames and pauses reading while too much is buffered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from plangraf.engines.embedded.wire import FRAME

_READ_AHEAD = 256 * 1024


class Pipe(asyncio.Protocol):
    """The frames of one worker, in order of arrival, for one reader.

    A frame that arrives in one piece, as most short answers do, is passed on without a copy into the buffer.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._waiting = 0
        self._rest = bytearray()
        self._paused = False
        self._reader: asyncio.Future[None] | None = None
        self.closed = False
        self.on_close: Callable[[], object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not isinstance, because uvloop's transports have the methods and not the class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._rest and len(data) >= FRAME.size:
            kind, size = FRAME.unpack_from(data)
            if len(data) == FRAME.size + size:
                self._put(kind, data[FRAME.size :])
                return
        self._rest += data
        at = 0
        while len(self._rest) - at >= FRAME.size:
            kind, size = FRAME.unpack_from(self._rest, at)
            end = at + FRAME.size + size
            if end > len(self._rest):
                break
            self._put(kind, bytes(self._rest[at + FRAME.size : end]))
            at = end
        del self._rest[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._wake()
        if self.on_close is not None:
            self.on_close()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def next(self, within_s: float) -> tuple[bytes, bytes]:
        """Waits for the next frame; returns its kind and payload.

        Raises:
            ConnectionError: the worker has ended, and every frame that it sent has been read.
            TimeoutError: no frame arrived within `within_s` seconds.
        """
        if not self._frames:
            loop = asyncio.get_running_loop()
            # Not asyncio.timeout, because a timer costs less, and every query comes here.
            timer = loop.call_later(within_s, self._stop_waiting)
            try:
                while not self._frames:
                    if self.closed:
                        raise ConnectionResetError("the worker is gone")
                    self._reader = loop.create_future()
                    await self._reader
            finally:
                timer.cancel()
        kind, payload = self._frames.popleft()
        self._waiting -= len(payload)
        if self._paused and self._waiting < _READ_AHEAD and not self.closed:
            self._paused = False
            self._transport.resume_reading()
        return kind, payload

    def close(self) -> None:
        self._transport.close()

    def _put(self, kind: bytes, payload: bytes) -> None:
        self._frames.append((kind, payload))
        self._waiting += len(payload)
        if self._waiting >= _READ_AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def _stop_waiting(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_exception(TimeoutError())

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
