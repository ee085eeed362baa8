"""The loader: opens one version in memory, once, and forks workers that share it.

Started by `pool` as `python -m plangraf.engines.embedded.loader <control socket> <version> <memory in MiB>`. It stays
single-threaded, so that a fork is safe, and it alone kills its workers, so that no reused process id is hit.
"""

from __future__ import annotations

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
from contextlib import suppress
from pathlib import Path

from pyoxigraph import RdfFormat, Store, parse

from plangraf.engines.embedded import worker
from plangraf.engines.embedded.wire import CONTROL, FORK, KILL, READY, WORKER
from plangraf.engines.embedded.worker import Stores
from plangraf.errors import VersionsError
from plangraf.processes import die_with_parent
from plangraf.store.versions import Version

_BLOCK = 16 * 1024 * 1024
_GRAPH_NAME = re.compile(rb" <[^<>]*> \.$", re.MULTILINE)
# How often to look for workers that have ended: those that were killed, and those that died by themselves.
_SOON_S = 0.02
_SELDOM_S = 1.0


def _blocks(version: Version) -> Iterator[bytes]:
    """The dump's lines, some MiB of whole lines at a time."""
    pieces: list[bytes] = []
    size = 0
    for chunk in version.quads():
        pieces.append(chunk)
        size += len(chunk)
        if size >= _BLOCK:
            head, newline, tail = b"".join(pieces).rpartition(b"\n")
            yield head + newline
            pieces, size = [tail], len(tail)
    yield b"".join(pieces)


def open_stores(version: Version) -> tuple[Stores, int]:
    """The version in memory, its graphs and their union without duplicates.

    pyoxigraph's own union option counts a triple once per graph and ignores FROM, so the union is real.

    Returns:
        The stores, and the number of quads in the named graphs.
    """
    store, union = Store(), Store()
    quads = 0
    with_blank_nodes: list[bytes] = []
    for block in _blocks(version):
        quads += block.count(b"\n")
        named = block
        if b"_:" in block:
            lines = block.splitlines(keepends=True)
            with_blank_nodes += [line for line in lines if b"_:" in line]
            named = b"".join(line for line in lines if b"_:" not in line)
        store.bulk_load(io.BytesIO(named), RdfFormat.N_QUADS)
        # Every line of a dump ends in its graph's name; without it, it is the same triple.
        triples = _GRAPH_NAME.sub(b" .", named)
        for target in (store, union):
            target.bulk_load(io.BytesIO(triples), RdfFormat.N_TRIPLES)
    if with_blank_nodes:
        # Loading renames blank nodes, each time anew; a label is to mean one node in all graphs and processes.
        named = b"".join(with_blank_nodes)
        triples = _GRAPH_NAME.sub(b" .", named)
        for target, text in ((store, named), (store, triples), (union, triples)):
            target.bulk_extend(parse(text, RdfFormat.N_QUADS, rename_blank_nodes=False))
    return Stores(store, union), quads


def _fork(stores: Stores, control: socket.socket, memory: int, *, overlapping: bool) -> int:
    front, back = socket.socketpair()
    said, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            control.close()
            front.close()
            os.close(said)
            die_with_parent()
            worker.confine(back, says, memory)
            worker.serve(stores, back, overlapping=overlapping)
            status = 0
        finally:
            os._exit(status)
    back.close()
    os.close(says)
    try:
        with front, suppress(BrokenPipeError):  # a front that is gone is noticed where commands are read
            socket.send_fds(control, [CONTROL.pack(WORKER, pid)], [front.fileno(), said])
    finally:
        os.close(said)
    return pid


def main(arguments: list[str]) -> None:
    """Serves fork and kill commands until the control socket closes."""
    control = socket.socket(fileno=int(arguments[0]))
    memory = int(arguments[2]) * 1024 * 1024
    # The front decides when to stop: an interrupt at the terminal reaches the whole process group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    die_with_parent()
    folder = Path(arguments[1])
    stores, quads = open_stores(Version(folder.name, folder, {}))
    triples = len(stores.union)
    gc.collect()
    gc.freeze()  # a worker's collector must not touch, and so copy, what it shares
    with suppress(BrokenPipeError):
        control.sendall(CONTROL.pack(READY, triples))
    children: set[int] = set()
    killed: set[int] = set()
    while True:
        readable, _, _ = select.select([control], [], [], _SOON_S if killed else _SELDOM_S)
        _bury(children, killed)
        if not readable:
            continue
        try:
            message = control.recv(CONTROL.size, socket.MSG_WAITALL)
        except ConnectionResetError:
            break
        if len(message) < CONTROL.size:
            break
        kind, number = CONTROL.unpack(message)
        if kind == FORK:
            children.add(_fork(stores, control, memory, overlapping=quads > triples))
        elif kind == KILL and number in children:
            # Reaped later: ending takes as long as there is memory to give back, a fork need not wait for that.
            os.kill(number, signal.SIGKILL)
            killed.add(number)
            _bury(children, killed)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    for pid in children:
        os.waitpid(pid, 0)


def _bury(children: set[int], killed: set[int]) -> None:
    """Reaps the workers that have ended, whoever ended them."""
    for pid in list(children):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            children.discard(pid)
            killed.discard(pid)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except VersionsError as damage:
        sys.exit(str(damage))
