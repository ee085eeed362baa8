"""The protocol writes the head and the body of an answer to the connection."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
from small_server import Script, serving, small_settings, snapshots_over

from plangraf.http.app import application
from plangraf.http.server import protocol
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


def test_half_a_head_and_half_a_body_are_waited_for_so_long_and_no_longer(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the limits of a server, see tests/service/test_connections.py, in the longer set: they are half a minute."""
    monkeypatch.setattr(protocol, "HEAD_S", 0.5)
    monkeypatch.setattr(protocol, "BODY_S", 1.5)
    snapshots = snapshots_over(script, tmp_path)
    with serving(lambda port: application(small_settings(tmp_path, port), snapshots), protocol.Protocol) as url:
        began = time.monotonic()
        silent, half_head, half_body = (connect(url) for _ in range(3))
        half_head.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: ")
        half_body.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 50\r\n\r\nASK"
        )
        ended = {}
        for name, connection in (("head", half_head), ("silent", silent), ("body", half_body)):
            with connection, connection.makefile("rb") as answer:
                head, _, body = answer.read().partition(b"\r\n\r\n")
            ended[name] = time.monotonic() - began
            if name == "silent":
                assert head == b""
            else:
                assert head.startswith(b"HTTP/1.1 408 ")
                assert json.loads(body)["code"] == "request-timeout"
        assert ended["head"] >= 0.5
        assert 25 > ended["body"] >= 1.5
        assert script.asked == []


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)
