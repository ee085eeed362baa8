"""The protocol writes the head and the body of an answer to the connection."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

import pytest
from small_server import Script, serving, small_settings, snapshots_over

from plangraf.http.app import application
from plangraf.http.server import protocol
from plangraf.http.server.protocol import Protocol, Together


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


HEADERS = [(b"content-length", b"4"), (b"x-own", b"a\tb")]


@pytest.mark.parametrize(
    ("status", "headers", "body", "method", "sent"),
    [
        pytest.param(200, HEADERS, b"body", "GET", True, id="complete"),
        pytest.param(200, HEADERS, b"", "HEAD", True, id="HEAD"),
        pytest.param(304, [(b"etag", b'"1"')], b"", "GET", True, id="no body"),
        pytest.param(200, [(b"x-own", b"a")], b"body", "GET", False, id="no length"),
        pytest.param(200, HEADERS, b"another", "GET", False, id="another length"),
        pytest.param(200, [*HEADERS, (b"x-split", b"a\r\nx-own: b")], b"body", "GET", False, id="two headers in one"),
        pytest.param(200, [*HEADERS, (b"x-split", b"a\nb")], b"body", "GET", False, id="LF"),
        pytest.param(200, [*HEADERS, (b"connection", b"close")], b"body", "GET", False, id="Connection"),
    ],
)
@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_complete_answer_is_one_write_unless_uvicorn_must_send_it(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes, method: str, sent: bool, keep_alive: bool
) -> None:
    recorder, ended = Recorder(), []
    cycle = SimpleNamespace(
        response_started=False, response_complete=False, disconnected=False, keep_alive=keep_alive,
        default_headers=[(b"date", b"now")], scope={"method": method}, message_event=asyncio.Event(),
        on_response=lambda: ended.append(True),
    )  # fmt: skip
    state = SimpleNamespace(_answering=cycle, flow=SimpleNamespace(write_paused=False), transport=recorder)
    assert Protocol._send_whole(cast(Protocol, state), status, headers, b"x-common: c\r\n", body) is sent
    own = b"".join(b"%b: %b\r\n" % header for header in headers)
    end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
    line = {200: b"HTTP/1.1 200 OK", 304: b"HTTP/1.1 304 Not Modified"}[status]
    whole = line + b"\r\ndate: now\r\n" + own + b"x-common: c\r\n" + end + body
    assert recorder.pieces == ([whole] if sent else [])
    assert (ended == [True], cycle.response_complete, recorder.closed) == (sent, sent, sent and not keep_alive)
    assert not Protocol._send_whole(cast(Protocol, state), status, headers, b"", body) or not sent


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
