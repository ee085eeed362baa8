"""The loader: opens one version in memory, once, and forks workers that share it.

Started by `pool` as `python -m plangraf.engine.loader <control socket> <dump> <memory in MiB>`. It stays
single-threaded, so that a fork is safe, and it alone kills its workers, so that no reused process id is hit.
"""

from __future__ import annotations

import ctypes
import gc
import io
import os
import re
import resource
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import zstandard
from pyoxigraph import RdfFormat, Store

from plangraf.engine import worker
from plangraf.engine.frames import CONTROL, FORK, KILL, READY, WORKER

_BLOCK = 16 * 1024 * 1024
_GRAPH_NAME = re.compile(rb" <[^<>]*> \.$", re.MULTILINE)
_PR_SET_PDEATHSIG = 1


def _blocks(dump: Path) -> Iterator[bytes]:
    """The dump's lines, some MiB of whole lines at a time."""
    with dump.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        rest = b""
        while block := stream.read(_BLOCK):
            head, newline, tail = (rest + block).rpartition(b"\n")
            yield head + newline
            rest = tail
        if rest:
            yield rest


def open_store(dump: Path) -> Store:
    """The version in memory: its named graphs, and their union without duplicates as the default graph.

    pyoxigraph's own union option counts a triple once per graph and ignores FROM, so the union is real.
    """
    store = Store()
    for block in _blocks(dump):
        store.bulk_load(io.BytesIO(block), RdfFormat.N_QUADS)
        # Every line of a dump ends in its graph's name; without it, it is the same triple.
        store.bulk_load(io.BytesIO(_GRAPH_NAME.sub(b" .", block)), RdfFormat.N_TRIPLES)
    return store


def die_with_parent() -> None:
    """On Linux: SIGKILL to this process when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _fork(store: Store, control: socket.socket, memory: int) -> int:
    front, back = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            control.close()
            front.close()
            die_with_parent()
            worker.confine(back, memory)
            worker.serve(store, back)
            status = 0
        finally:
            os._exit(status)
    back.close()
    socket.send_fds(control, [CONTROL.pack(WORKER, pid)], [front.fileno()])
    front.close()
    return pid


def main(arguments: list[str]) -> None:
    """Serves fork and kill commands until the control socket closes."""
    control = socket.socket(fileno=int(arguments[0]))
    memory = int(arguments[2]) * 1024 * 1024
    # The front decides when to stop: an interrupt at the terminal reaches the whole process group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    die_with_parent()
    store = open_store(Path(arguments[1]))
    triples = sum(1 for _ in store.quads_for_pattern(None, None, None, worker.DEFAULT_GRAPH))
    gc.collect()
    gc.freeze()  # a worker's collector must not touch, and so copy, what it shares
    control.sendall(CONTROL.pack(READY, triples))
    children: set[int] = set()
    while True:
        readable, _, _ = select.select([control], [], [], 1.0)
        children -= _reap(children)
        if not readable:
            continue
        message = control.recv(CONTROL.size, socket.MSG_WAITALL)
        if len(message) < CONTROL.size:
            break
        kind, number = CONTROL.unpack(message)
        if kind == FORK:
            children.add(_fork(store, control, memory))
        elif kind == KILL and number in children:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)
            children.discard(number)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _reap(children: set[int]) -> set[int]:
    """The workers that have ended by themselves."""
    return {pid for pid in children if os.waitpid(pid, os.WNOHANG)[0] == pid}


if __name__ == "__main__":
    main(sys.argv[1:])
