"""A connection of an attacker in the soak, and the replies that it counts."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field

_PATIENCE_S = 15.0


@dataclass(slots=True)
class Answered:
    """The replies to the attackers by status and problem code, and the number of attacks by kind."""

    replies: Counter[str] = field(default_factory=Counter)
    attacks: Counter[str] = field(default_factory=Counter)


class Connection:
    """One connection of an attacker. With a small receive buffer the service notices a slow reader at once."""

    def __init__(self, source: str, *, buffer: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        if buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._socket.bind((source, 0))

    async def open(self, host: str, port: int) -> None:
        await self._loop.sock_connect(self._socket, (host, port))

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self, most: int = 65536) -> bytes:
        return await asyncio.wait_for(self._loop.sock_recv(self._socket, most), _PATIENCE_S)

    def reset(self) -> None:
        """Resets the connection."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_close(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()
