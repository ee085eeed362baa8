"""Finds the lines of bulk files that pictures draw: those of subjects that link to one of a few things."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from plangraf.store.versions.bulk import open_bulk

_PIECE = 8 * 1024 * 1024


def lines_about(file: Path, things: Collection[str]) -> Iterator[bytes]:
    """The N-Triples lines, without newline, of each subject that has one of these things as an object.

    It searches for the things and parses nothing else, because a table has millions of lines about other areas.

    Args:
        file: a bulk file as `plangraf.store.versions.bulk.packing` writes it; its lines are sorted.
        things: IRIs.
    Raises, while it is read:
        VersionsError: the file is damaged.
    """
    if not things:
        return
    wanted = re.compile(rb"> <(?:%b)> \.\n" % b"|".join(re.escape(thing.encode()) for thing in sorted(things)))
    rest = b""
    with open_bulk(file) as content:
        while piece := content.read(_PIECE):
            block = rest + piece
            end = _last_subject(block)
            yield from _of_block(block[:end], wanted)
            rest = block[end:]
    yield from _of_block(rest, wanted)


def _last_subject(block: bytes) -> int:
    """Where the lines of the last subject begin, because more of them may follow; 0 when there is only one."""
    start = block.rfind(b"\n") + 1
    if not start:
        return 0
    first = block.rfind(b"\n", 0, start - 1) + 1
    subject = _subject_at(block, first)
    while first:
        before = block.rfind(b"\n", 0, first - 1) + 1
        if not block.startswith(subject, before):
            return first
        first = before
    return 0


def _of_block(block: bytes, wanted: re.Pattern[bytes]) -> Iterator[bytes]:
    done = 0
    for match in wanted.finditer(block):
        if match.start() < done:
            continue
        first = block.rfind(b"\n", 0, match.start()) + 1
        subject, end = _subject_at(block, first), match.end()
        while first > done:
            before = block.rfind(b"\n", 0, first - 1) + 1
            if not block.startswith(subject, before):
                break
            first = before
        while block.startswith(subject, end):
            end = block.find(b"\n", end) + 1 or len(block)
        done = end
        yield from block[first:end].splitlines()


def _subject_at(block: bytes, start: int) -> bytes:
    return block[start : block.find(b" ", start) + 1]
