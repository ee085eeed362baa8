"""How a worker receives a request: whole, however it arrives, and with calls while nothing arrives."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from plangraf.engines.embedded.worker import _receive


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_request_in_pieces_is_received_whole_after_one_silence(pair: tuple[socket.socket, socket.socket]) -> None:
    front, worker = pair
    silent = threading.Event()
    silences = []

    def on_silence() -> None:
        silences.append(1)
        silent.set()

    def send() -> None:
        silent.wait(60)
        for piece in (b"a", b"b", b"c"):
            front.sendall(piece)

    sender = threading.Thread(target=send)
    sender.start()
    assert _receive(worker, 3, [(struct.pack("ll", 0, 100_000), on_silence)]) == b"abc"
    sender.join()
    assert silences == [1]


def test_a_closed_front_ends_the_request_early(pair: tuple[socket.socket, socket.socket]) -> None:
    front, worker = pair
    front.sendall(b"ab")
    front.close()
    assert _receive(worker, 3) == b"ab"
