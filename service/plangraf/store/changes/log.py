"""The append-only log of changes, with one publication for each new current state.

A publication is staged before its version becomes current, and committed right after by one rename. Changes are always
computed against the state at the end of the log. So the next write repairs a crash between the two steps, and no change
is lost or repeated, even after versions were pruned.

The log also says when each graph was first published and when it last changed: equal dates on every machine, unlike
file times and clocks.
"""

from __future__ import annotations

import hashlib
import os
import threading
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
import zstandard

from plangraf.errors import VersionsError
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.changes.dates import GraphDates, digest_of
from plangraf.store.changes.things import compare_things, group_by_thing

Kind = Literal["Create", "Update", "Delete"]
# Changes on a page: about 700 KiB of N-Quads, 50 KiB compressed.
PAGE_SIZE = 250
_ZSTD_LEVEL = 9
# What stands before the IRI in the record of a change.
_THING = b'"thing":'
# What stands between the IRI and the lines, and the end of a record without lines.
_LINES = b',"lines":'
_NO_LINES = b"[]}"


@dataclass(frozen=True, slots=True)
class State:
    """The version at the end of the log: its lines, and the dates of its graphs."""

    lines: Iterable[bytes]
    dates: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """The new state of one thing.

    Attributes:
        sequence: number in the whole log, from 1.
        kind: kind of activity.
        thing: IRI of the thing.
        lines: N-Quads lines without newline, none when the thing is deleted.
        published: UTC time of the publication.
        version: id of the version.
    """

    sequence: int
    kind: Kind
    thing: str
    lines: tuple[bytes, ...]
    published: str
    version: str


@dataclass(frozen=True, slots=True)
class Publication:
    """The changes `first` to `last`, in frames of (first sequence, offset, length in bytes)."""

    first: int
    last: int
    published: str
    version: str
    page_size: int
    frames: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """A written but uncommitted publication; `dates` are those of all graphs after the commit."""

    folder: Path
    first: int
    content: Path
    description: Path
    dates: Mapping[str, tuple[str, str]]

    def commit(self) -> None:
        self.folder.mkdir(exist_ok=True)
        sync_folder(self.folder.parent)
        self.content.replace(self.folder / _file_name(self.first, "zst"))
        sync_folder(self.folder)
        self.description.replace(self.folder / _file_name(self.first, "json"))
        sync_folder(self.folder)


class FeedLog:
    """The log in one folder. Readers need no lock; `stage` and `commit` need the lock of the store.

    `page_size` is for a new log. An existing log keeps its own, because its pages were served as immutable.
    """

    def __init__(self, folder: Path, page_size: int = PAGE_SIZE) -> None:
        self.folder = folder
        self._page_size = page_size
        self._publications: tuple[Publication, ...] = ()
        self._reading = threading.Lock()

    def publications(self) -> Sequence[Publication]:
        """All committed publications; each is read only once.

        Raises:
            VersionsError: the log is damaged.
        """
        with self._reading:
            found = list(self._publications)
            while (publication := self._read_publication(found[-1].last + 1 if found else 1)) is not None:
                found.append(publication)
            if len(found) > len(self._publications):
                self._publications = tuple(found)
            return self._publications

    def _read_publication(self, first: int) -> Publication | None:
        """Reads the publication that begins with a change; None when it does not exist yet."""
        try:
            record: dict[str, Any] = orjson.loads((self.folder / _file_name(first, "json")).read_bytes())
            frames = tuple((int(begin), int(offset), int(size)) for begin, offset, size in record["frames"])
            return Publication(
                first, int(record["last"]), record["published"], record["version"], int(record["page"]), frames
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged_error(error) from error

    @property
    def last(self) -> int:
        """Sequence number of the newest change, 0 for an empty log."""
        found = self.publications()
        return found[-1].last if found else 0

    @property
    def version(self) -> str | None:
        """Id of the version of the last publication."""
        found = self.publications()
        return found[-1].version if found else None

    @property
    def id(self) -> str:
        """Eight hex digits that identify the log; empty for an empty log."""
        found = self.publications()
        if not found:
            return ""
        return hashlib.sha256(f"{found[0].version} {found[0].published}".encode()).hexdigest()[:8]

    @property
    def page_size(self) -> int:
        """Number of changes on a page."""
        found = self.publications()
        return found[0].page_size if found else self._page_size

    @property
    def pages(self) -> int:
        return self.page_of(self.last)

    def page_of(self, sequence: int) -> int:
        """Number of the page of a change, from 1."""
        return -(-sequence // self.page_size)

    def changes(self, first: int = 1, last: int | None = None) -> Iterator[Change]:
        """Reads the changes from `first` to `last`, in order.

        Raises:
            VersionsError: the log is damaged.
        """
        found = self.publications()
        at = max(0, bisect_right(found, first, key=lambda publication: publication.first) - 1)
        for publication in found[at:]:
            if last is not None and publication.first > last:
                return
            yield from self._read_changes(publication, first, last)

    def last_lines(self, things: Collection[str], before: int) -> dict[str, tuple[bytes, ...]]:
        """The lines of each thing in its last change before a sequence number, without the things that have none.

        It reads the log from its beginning, but parses only the changes of these things.

        Raises:
            VersionsError: the log is damaged.
        """
        wanted = {orjson.dumps(thing): thing for thing in things}
        found: dict[str, tuple[bytes, ...]] = {}
        for publication in self.publications():
            if publication.first >= before:
                break
            for _, line in self._read_lines(publication, 1, before - 1):
                name = line[line.find(_THING) + len(_THING) :]
                if (thing := wanted.get(name[: name.find(b'"', 1) + 1])) is not None:
                    found[thing] = tuple(text.encode() for text in orjson.loads(line)["lines"])
        return found

    def named_changes(self, publication: Publication) -> Iterator[tuple[bytes, bytes]]:
        """The IRI of each thing that a publication changed, and its statements as they are stored, empty when deleted.

        It parses no statement, because equal statements are stored as equal bytes.

        Raises:
            VersionsError: the log is damaged.
        """
        for _, line in self._read_lines(publication, 1, None):
            start = line.find(_THING) + len(_THING)
            end = line.find(_LINES, start)
            statements = line[end + len(_LINES) :]
            yield orjson.loads(line[start:end]).encode(), b"" if statements == _NO_LINES else statements

    @property
    def size(self) -> int:
        """Bytes of all committed changes as they are stored."""
        return sum(size for publication in self.publications() for _, _, size in publication.frames)

    def state(self) -> dict[str, bytes]:
        """Digest of every thing at the end of the log.

        Raises:
            VersionsError: the log is damaged.
        """
        return self._replay()[0]

    def dates(self) -> Mapping[str, tuple[str, str]]:
        """Times of first publication and last change, by graph.

        Raises:
            VersionsError: the log is damaged.
        """
        return self._replay()[1].dates

    def _replay(self) -> tuple[dict[str, bytes], GraphDates]:
        found: dict[str, bytes] = {}
        dates = GraphDates()
        for change in self.changes():
            dates.apply(change.thing, change.lines, change.published)
            if change.kind == "Delete":
                found.pop(change.thing, None)
            else:
                found[change.thing] = digest_of(change.lines)
        return found, dates

    def stage(
        self, version: str, lines: Iterable[bytes], now: datetime, temporary: Path, known: State | None = None
    ) -> Staged | None:
        """Writes the differences between the end of the log and a version; None when they are equal.

        Args:
            version: id of the version.
            lines: its N-Quads lines, sorted and unique.
            now: the time, in UTC.
            temporary: path without ending for the files, on the file system of the log.
            known: the version at the end of the log; without it, the whole log is read.
        Raises:
            VersionsError: the log is damaged.
            OSError: the files cannot be written.
        """
        first = self.last + 1
        content, description = temporary.with_suffix(".zst"), temporary.with_suffix(".json")
        published = self._next_time(now)
        dates, changes = self._changes_to(lines, published, known)
        with content.open("wb") as file:
            writer = _FrameWriter(file, first, self.page_size)
            for kind, thing, own in changes:
                writer.add(kind, thing, own)
            writer.flush()
            file.flush()
            os.fsync(file.fileno())
        if writer.following == first:
            return None
        record = {
            "version": version,
            "published": published,
            "last": writer.following - 1,
            "page": self.page_size,
            "frames": writer.frames,
        }
        write_file(description, orjson.dumps(record))
        return Staged(self.folder, first, content, description, dates.dates)

    def _changes_to(
        self, lines: Iterable[bytes], published: str, known: State | None
    ) -> tuple[GraphDates, Iterator[tuple[Kind, str, list[bytes]]]]:
        """The dates, which the changes renew while they are read, and the changes."""
        if known is not None:
            self._check_sizes()
            dates = GraphDates(known.dates)
            return dates, _compared(known.lines, lines, dates, published)
        before, dates = self._replay()
        return dates, _replayed(before, lines, dates, published)

    def _check_sizes(self) -> None:
        """Refuses a log of which a file is missing, cut off or replaced, because a comparison reads none of them."""
        for publication in self.publications():
            name = _file_name(publication.first, "zst")
            _, offset, size = publication.frames[-1]
            try:
                found = (self.folder / name).stat().st_size
            except OSError as error:
                raise self._damaged_error(error) from error
            if found != offset + size:
                raise self._damaged_error(ValueError(f"{name} has {found} bytes instead of {offset + size}"))

    def _next_time(self, now: datetime) -> str:
        """Time of a new publication, later than the last one even when the clock was set back."""
        found = self.publications()
        if found:
            now = max(now, datetime.fromisoformat(found[-1].published) + timedelta(milliseconds=1))
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _read_changes(self, publication: Publication, first: int, last: int | None) -> Iterator[Change]:
        for sequence, line in self._read_lines(publication, first, last):
            try:
                yield _parse_change(sequence, line, publication)
            except (ValueError, KeyError) as error:
                raise self._damaged_error(error) from error

    def _read_lines(self, publication: Publication, first: int, last: int | None) -> Iterator[tuple[int, bytes]]:
        try:
            with (self.folder / _file_name(publication.first, "zst")).open("rb") as file:
                for number, (begin, offset, size) in enumerate(publication.frames):
                    frames = publication.frames
                    end = frames[number + 1][0] if number + 1 < len(frames) else publication.last + 1
                    if end <= first or (last is not None and begin > last):
                        continue
                    file.seek(offset)
                    records = zstandard.decompress(file.read(size)).splitlines()
                    if len(records) != end - begin:
                        raise ValueError(f"{len(records)} changes where there should be {end - begin}")
                    for sequence, line in enumerate(records, begin):
                        if first <= sequence and (last is None or sequence <= last):
                            yield sequence, line
        except (OSError, ValueError, zstandard.ZstdError) as error:
            raise self._damaged_error(error) from error

    def _damaged_error(self, error: Exception) -> VersionsError:
        return VersionsError(
            f"The log of changes in {self.folder} is damaged ({error}). Put it back from a copy; or remove the folder: "
            "the next build begins a new feed, for services that start after it and clients that read all of it."
        )


class _FrameWriter:
    """Writes changes as zstd frames that never cross a page."""

    def __init__(self, file: BinaryIO, first: int, page_size: int) -> None:
        self.frames: list[tuple[int, int, int]] = []
        self.following = first
        self._file = file
        self._page_size = page_size
        self._begin = first
        self._lines: list[bytes] = []
        self._compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)

    def add(self, kind: Kind, thing: str, lines: Iterable[bytes]) -> None:
        record = {"kind": kind, "thing": thing, "lines": [line.decode() for line in lines]}
        self._lines.append(orjson.dumps(record) + b"\n")
        self.following += 1
        if (self.following - 1) % self._page_size == 0:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            offset = self._file.tell()
            size = self._file.write(self._compressor.compress(b"".join(self._lines)))
            self.frames.append((self._begin, offset, size))
        self._begin, self._lines = self.following, []


def _compared(
    before: Iterable[bytes], lines: Iterable[bytes], dates: GraphDates, published: str
) -> Iterator[tuple[Kind, str, list[bytes]]]:
    for thing, old, new in compare_things(before, lines):
        dates.replace(old, new, published)
        yield "Delete" if not new else "Update" if old else "Create", thing, new


def _replayed(
    before: dict[str, bytes], lines: Iterable[bytes], dates: GraphDates, published: str
) -> Iterator[tuple[Kind, str, list[bytes]]]:
    for kind, thing, own in _differences(before, lines):
        dates.apply(thing, own, published)
        yield kind, thing, own


def _differences(before: dict[str, bytes], lines: Iterable[bytes]) -> Iterator[tuple[Kind, str, list[bytes]]]:
    """Differences from one state to another: created and updated things, then deleted ones. Empties `before`."""
    for thing, own in group_by_thing(lines):
        digest = before.pop(thing, None)
        if digest is None:
            yield "Create", thing, own
        elif digest != digest_of(own):
            yield "Update", thing, own
    for thing in sorted(before):
        yield "Delete", thing, []


def _parse_change(sequence: int, line: bytes, publication: Publication) -> Change:
    record = orjson.loads(line)
    lines = tuple(text.encode() for text in record["lines"])
    return Change(sequence, record["kind"], record["thing"], lines, publication.published, publication.version)


def _file_name(first: int, ending: str) -> str:
    return f"{first:012d}.{ending}"
