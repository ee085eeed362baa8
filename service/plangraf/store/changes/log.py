"""The log of changes: append-only, one publication for each time that another state became current.

A publication is staged before its version becomes current and committed right after, by the rename of its small
file. What a crash leaves between the two is found at the next writing, since changes are always reckoned from
the log's own end: from the state that somebody has who read all of it. So no change is lost and none is doubled,
whichever versions are still there.
"""

from __future__ import annotations

import hashlib
import os
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
import zstandard

from plangraf.errors import VersionsError
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.changes.dates import GraphDates
from plangraf.store.changes.things import things

Kind = Literal["Create", "Update", "Delete"]

# Changes on a page: some 700 KiB of N-Quads, 50 KiB when compressed.
PAGE = 250
_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Change:
    """One thing as it is from now on: its lines are N-Quads without newline, none when it is gone.

    `sequence` counts from 1 over the whole log, `published` is UTC and the same for all of a publication.
    """

    sequence: int
    kind: Kind
    thing: str
    lines: tuple[bytes, ...]
    published: str
    version: str


@dataclass(frozen=True, slots=True)
class Publication:
    """The changes `first` to `last`, in frames of (first sequence, offset, length in bytes); `page` of them a page."""

    first: int
    last: int
    published: str
    version: str
    page: int
    frames: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """A publication that is written and does not count yet; `dates` are those of all graphs when it does."""

    folder: Path
    first: int
    content: Path
    description: Path
    dates: Mapping[str, tuple[str, str]]

    def commit(self) -> None:
        self.folder.mkdir(exist_ok=True)
        sync_folder(self.folder.parent)
        self.content.replace(self.folder / _name(self.first, "zst"))
        sync_folder(self.folder)
        self.description.replace(self.folder / _name(self.first, "json"))
        sync_folder(self.folder)


class FeedLog:
    """The log in one folder. Reading needs no lock; staging and committing are for who holds that of the store.

    `page` counts the changes on a page of a log that is empty yet. One that has begun keeps its own number: pages
    that were served as immutable are cut by it.
    """

    def __init__(self, folder: Path, page: int = PAGE) -> None:
        self.folder = folder
        self._page = page
        self._publications: tuple[Publication, ...] = ()
        self._reading = threading.Lock()

    def publications(self) -> Sequence[Publication]:
        """All there are by now; what was read once is not read again.

        Raises:
            VersionsError: the log is damaged.
        """
        with self._reading:
            found = list(self._publications)
            while (publication := self._publication(found[-1].last + 1 if found else 1)) is not None:
                found.append(publication)
            if len(found) > len(self._publications):
                self._publications = tuple(found)
            return self._publications

    def _publication(self, first: int) -> Publication | None:
        """The one that begins with a change; None when there is none yet."""
        try:
            told: dict[str, Any] = orjson.loads((self.folder / _name(first, "json")).read_bytes())
            frames = tuple((int(begin), int(offset), int(size)) for begin, offset, size in told["frames"])
            return Publication(first, int(told["last"]), told["published"], told["version"], int(told["page"]), frames)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error

    @property
    def last(self) -> int:
        """The sequence number of the newest change, 0 when there is none."""
        found = self.publications()
        return found[-1].last if found else 0

    @property
    def version(self) -> str | None:
        """The version whose state the log ends with."""
        found = self.publications()
        return found[-1].version if found else None

    @property
    def id(self) -> str:
        """What tells this log from every other one, in eight hex digits; empty when nothing is in it."""
        found = self.publications()
        if not found:
            return ""
        return hashlib.sha256(f"{found[0].version} {found[0].published}".encode()).hexdigest()[:8]

    @property
    def page(self) -> int:
        """How many changes stand on a page."""
        found = self.publications()
        return found[0].page if found else self._page

    @property
    def pages(self) -> int:
        return self.page_of(self.last)

    def page_of(self, sequence: int) -> int:
        """The page that a change stands on, from 1."""
        return -(-sequence // self.page)

    def changes(self, first: int = 1, last: int | None = None) -> Iterator[Change]:
        """The changes from `first` to `last`, as far as there are any, in their order.

        Raises:
            VersionsError: the log is damaged.
        """
        found = self.publications()
        at = max(0, bisect_right(found, first, key=lambda publication: publication.first) - 1)
        for publication in found[at:]:
            if last is not None and publication.first > last:
                return
            yield from self._changes_of(publication, first, last)

    def state(self) -> dict[str, bytes]:
        """The digest of every thing as the log leaves it.

        Raises:
            VersionsError: the log is damaged.
        """
        return self._replayed()[0]

    def dates(self) -> Mapping[str, tuple[str, str]]:
        """Each graph with the times of its first publication and its last change.

        Raises:
            VersionsError: the log is damaged.
        """
        return self._replayed()[1].dates

    def _replayed(self) -> tuple[dict[str, bytes], GraphDates]:
        found: dict[str, bytes] = {}
        dates = GraphDates()
        for change in self.changes():
            dates.change(change.thing, change.lines, change.published)
            if change.kind == "Delete":
                found.pop(change.thing, None)
            else:
                found[change.thing] = _digest(change.lines)
        return found, dates

    def stage(self, version: str, lines: Iterable[bytes], now: datetime, temporary: Path) -> Staged | None:
        """Writes what differs between the log's end and a version; None when nothing does.

        Args:
            version: its id.
            lines: its N-Quads lines, sorted, each one once.
            now: the time, in UTC.
            temporary: path without an ending, on the log's file system, for the files.
        Raises:
            VersionsError: the log is damaged.
            OSError: the files cannot be written.
        """
        first = self.last + 1
        content, description = temporary.with_suffix(".zst"), temporary.with_suffix(".json")
        before, dates = self._replayed()
        published = self._later(now)
        with content.open("wb") as file:
            writer = _Frames(file, first, self.page)
            for kind, thing, own in _differences(before, lines):
                writer.add(kind, thing, own)
                dates.change(thing, own, published)
            writer.flush()
            file.flush()
            os.fsync(file.fileno())
        if writer.following == first:
            return None
        told = {
            "version": version,
            "published": published,
            "last": writer.following - 1,
            "page": self.page,
            "frames": writer.frames,
        }
        write_file(description, orjson.dumps(told))
        return Staged(self.folder, first, content, description, dates.dates)

    def _later(self, now: datetime) -> str:
        """The time of a new publication: after that of the one before, whatever the clock says."""
        found = self.publications()
        if found:
            now = max(now, datetime.fromisoformat(found[-1].published) + timedelta(milliseconds=1))
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _changes_of(self, publication: Publication, first: int, last: int | None) -> Iterator[Change]:
        try:
            with (self.folder / _name(publication.first, "zst")).open("rb") as file:
                for number, (begin, offset, size) in enumerate(publication.frames):
                    frames = publication.frames
                    end = frames[number + 1][0] if number + 1 < len(frames) else publication.last + 1
                    if end <= first or (last is not None and begin > last):
                        continue
                    file.seek(offset)
                    told = zstandard.decompress(file.read(size)).splitlines()
                    if len(told) != end - begin:
                        raise ValueError(f"{len(told)} changes where there should be {end - begin}")
                    for sequence, line in enumerate(told, begin):
                        if first <= sequence and (last is None or sequence <= last):
                            yield _change(sequence, line, publication)
        except (OSError, ValueError, KeyError, zstandard.ZstdError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> VersionsError:
        return VersionsError(
            f"The log of changes in {self.folder} is damaged ({error}). Put it back from a copy; or remove the folder: "
            "the next build begins a new feed, for services that start after it and clients that read all of it."
        )


class _Frames:
    """Writes changes as zstd frames, none of which crosses a page."""

    def __init__(self, file: BinaryIO, first: int, page: int) -> None:
        self.frames: list[tuple[int, int, int]] = []
        self.following = first
        self._file = file
        self._page = page
        self._begin = first
        self._lines: list[bytes] = []
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)

    def add(self, kind: Kind, thing: str, lines: Iterable[bytes]) -> None:
        told = {"kind": kind, "thing": thing, "lines": [line.decode() for line in lines]}
        self._lines.append(orjson.dumps(told) + b"\n")
        self.following += 1
        if (self.following - 1) % self._page == 0:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            offset = self._file.tell()
            size = self._file.write(self._compressor.compress(b"".join(self._lines)))
            self.frames.append((self._begin, offset, size))
        self._begin, self._lines = self.following, []


def _differences(before: dict[str, bytes], lines: Iterable[bytes]) -> Iterator[tuple[Kind, str, list[bytes]]]:
    """How to come from one state to another: what is new or other, then what is gone. Empties `before`."""
    for thing, own in things(lines):
        digest = before.pop(thing, None)
        if digest is None:
            yield "Create", thing, own
        elif digest != _digest(own):
            yield "Update", thing, own
    for thing in sorted(before):
        yield "Delete", thing, []


def _change(sequence: int, line: bytes, publication: Publication) -> Change:
    told = orjson.loads(line)
    lines = tuple(text.encode() for text in told["lines"])
    return Change(sequence, told["kind"], told["thing"], lines, publication.published, publication.version)


def _digest(lines: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"\n".join(lines)).digest()[:16]


def _name(first: int, ending: str) -> str:
    return f"{first:012d}.{ending}"
