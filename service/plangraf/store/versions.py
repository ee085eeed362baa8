"""Versions: immutable folders that hold everything a server needs, and the one that is current.

Between `publish`, which writes them, and `engines`, which read them.

    versions/<id>/data.nq.zst      sorted unique N-Quads lines, zstd; the id is a hash of these lines alone
    versions/<id>/manifest.json    what the version holds, nothing volatile
    versions/<id>/dump/            whole downloads, see plangraf.publish.dumps
    versions/<id>/…                files derived from the same data: validation report, the ontology's page
    versions/<id>/removed.json     what versions before it had and it has not, each with the last that had it
    versions/current               symbolic link to one id, replaced by one atomic rename
    versions/inputs.json           which input files the newest build read, so that it is not done twice, and
                                   the data folders that were named for it
    versions/feed/                 every change from one current version to the next, see plangraf.store.changes
    versions/feed/dates-<id>.json  when each graph was first published and last changed, when that became current
    versions/context/              every JSON-LD context that a build had; pruning leaves them
    versions/pruned.json           ids of the versions that were here once

N-Quads: https://www.w3.org/TR/n-quads/
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from plangraf.errors import VersionsError
from plangraf.store.atomic import sync_folder as _sync
from plangraf.store.atomic import write_file as _write_file
from plangraf.store.changes.log import PAGE, FeedLog, Staged

DUMP = "data.nq.zst"
MANIFEST = "manifest.json"
CURRENT = "current"
INPUTS = "inputs.json"
FEED = "feed"
DOWNLOADS = "dump"
DOWNLOADS_INDEX = "index.json"
REMOVED = "removed.json"
CONTEXTS = "context"
PRUNED = "pruned.json"

_LOCK = ".lock"
_TEMPORARY = ".tmp-"
_ID = re.compile(r"[0-9a-f]{16}")
# What a file system or a repository puts into an otherwise empty folder.
_HARMLESS = {"lost+found", ".gitkeep", ".gitignore", ".keep"}
_CHUNK = 1 << 17
_MOST_PRUNED = 10_000
# Level 9 takes a third of the time of 19 and the dump is a tenth larger.
_LEVEL = 9

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "it is read-only; name another folder with --versions or PLANGRAF_VERSIONS",
    errno.EACCES: "this user may not write there; name another folder with --versions or PLANGRAF_VERSIONS",
    errno.EPERM: "this user may not write there; name another folder with --versions or PLANGRAF_VERSIONS",
    errno.EEXIST: "it is not a folder; name another one with --versions or PLANGRAF_VERSIONS",
    errno.ENOTDIR: "it is not a folder; name another one with --versions or PLANGRAF_VERSIONS",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version; `manifest` is the content of its manifest.json."""

    id: str
    path: Path
    manifest: Mapping[str, Any]

    @property
    def triples(self) -> int:
        """Unique triples in the union of all graphs: the size of the default graph."""
        return int(self.manifest["triples"])

    def quads(self) -> Iterator[bytes]:
        """The dump as chunks of N-Quads bytes, some MiB at most; lines may cross chunks.

        Raises:
            VersionsError: the dump is missing or damaged.
        """
        try:
            # Not stream_reader(): it takes a dump that was cut off for one that ends there.
            decompressor = zstandard.ZstdDecompressor().decompressobj()
            with (self.path / DUMP).open("rb") as file:
                while compressed := file.read(_CHUNK):
                    yield decompressor.decompress(compressed)
            if not decompressor.eof:
                raise zstandard.ZstdError("the dump is cut off")
        except (OSError, zstandard.ZstdError) as error:
            raise VersionsError(
                f"Version {self.id} in {self.path.parent} is damaged ({error}). "
                "Write it anew with `plangraf build --force`."
            ) from error

    def lines(self) -> Iterator[bytes]:
        """The dump line by line, without the newlines, in memory that does not depend on its size.

        Raises:
            VersionsError: the dump is missing or damaged.
        """
        rest = b""
        for chunk in self.quads():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        if rest:
            yield rest

    def removed(self) -> Mapping[str, str]:
        """What versions before this one had as a subject and this one has not: IRI to the last that had it."""
        try:
            known: dict[str, str] = json.loads((self.path / REMOVED).read_bytes())
        except (OSError, ValueError):
            return {}
        return known

    @property
    def dates_path(self) -> Path:
        """Where its dates stand: beside it, since they are no part of the version."""
        return self.path.parent / FEED / f"dates-{self.id}.json"

    def dates(self) -> Mapping[str, tuple[str, str]]:
        """When each graph was first published and last changed, in UTC; none when no log tells."""
        try:
            known = json.loads(self.dates_path.read_bytes())
            return {graph: (str(issued), str(modified)) for graph, (issued, modified) in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def verify(self) -> bool:
        """Whether the dump still has the digest that the id is made of."""
        digest = hashlib.sha256()
        try:
            for chunk in self.quads():
                digest.update(chunk)
        except VersionsError:
            return False
        return digest.hexdigest()[:16] == self.id


class VersionStore:
    """The versions of one folder. Reading needs no lock; writing takes it and refuses a second writer.

    `feed_page` counts the changes on a page of the feed, should it begin with this store.
    """

    def __init__(self, path: Path, feed_page: int = PAGE) -> None:
        self.path = path.absolute()
        self._feed_page = feed_page
        self._locked = False

    def current(self) -> Version:
        """The version that is served.

        Raises:
            VersionsError: there is none yet, or it is damaged.
        """
        try:
            name = str((self.path / CURRENT).readlink())
        except FileNotFoundError as error:
            raise VersionsError(f"There is no version in {self.path} yet. Run `plangraf build`.") from error
        except OSError as error:
            raise VersionsError(f"{self.path / CURRENT} is not a link to a version ({error}).") from error
        return self.get(name)

    def has_current(self) -> bool:
        return (self.path / CURRENT / MANIFEST).is_file()

    def get(self, version_id: str) -> Version:
        """One version by its id.

        Raises:
            VersionsError: it does not exist, or its manifest cannot be read.
        """
        path = self.path / version_id
        if not _ID.fullmatch(version_id) or not path.is_dir():
            raise VersionsError(f"There is no version {version_id!r} in {self.path}. `plangraf versions` lists them.")
        try:
            manifest = json.loads((path / MANIFEST).read_bytes())
        except (OSError, ValueError) as error:
            raise VersionsError(
                f"Version {version_id} in {self.path} is damaged ({error}). "
                "Write it anew with `plangraf build --force`."
            ) from error
        return Version(version_id, path, manifest)

    def list(self) -> list[Version]:
        """All versions, the one written last at the end."""
        if not self.path.is_dir():
            return []
        found = [entry for entry in self.path.iterdir() if _ID.fullmatch(entry.name) and entry.is_dir()]
        return [self.get(entry.name) for entry in sorted(found, key=lambda entry: entry.stat().st_mtime_ns)]

    def pruned(self) -> Sequence[str]:
        """Ids of the versions that were removed from here, the last at the end."""
        try:
            known = json.loads((self.path / PRUNED).read_bytes())
        except (OSError, ValueError):
            return []
        return [str(version_id) for version_id in known]

    def inputs(self) -> tuple[str, str] | None:
        """Digest of the input files that were last built, and the version they gave; None when not known."""
        try:
            known = json.loads((self.path / INPUTS).read_bytes())
            return str(known["digest"]), str(known["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Makes this process the only writer; the lock ends with the process, however it ends.

        The folder is created when it is missing, and what builds left that were killed is removed.

        Raises:
            VersionsError: another build is writing, or the folder is not one for versions.
        """
        if self._locked:
            yield
            return
        with self._explained():
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise VersionsError(
                    f"Another build is writing to {self.path}. Wait until it is done, then try again."
                ) from error
            self._locked = True
            with self._explained():
                self._remove_leftovers()
            yield
        finally:
            self._locked = False
            os.close(descriptor)

    def write(
        self,
        lines: Iterable[bytes],
        manifest: Mapping[str, Any],
        extra: Mapping[str, bytes] | None = None,
        folders: Mapping[str, Path] | None = None,
    ) -> Version:
        """Writes one version and makes it current; until the last rename the old one stays.

        Args:
            lines: N-Quads lines without their newline, sorted by bytes, each one once.
            manifest: what manifest.json holds beside the id.
            extra: more files of the version, by name.
            folders: more folders of the version, by name; they are moved from where they are, on the same disk.
        Returns:
            The new version; the one that is there when the same lines were written before.
        Raises:
            VersionsError: the folder cannot be written (disk full, read-only, foreign, in use).
            ValueError: the lines are not sorted and unique.
        """
        with self.lock(), self._explained():
            temporary = self.path / f"{_TEMPORARY}{os.getpid()}"
            try:
                temporary.mkdir()
                version_id = _write_dump(temporary / DUMP, lines)
                described = {"version": version_id, **manifest}
                for name, content in {MANIFEST: _json(described), **(extra or {})}.items():
                    _write_file(temporary / name, content)
                for name, folder in (folders or {}).items():
                    folder.rename(temporary / name)
                _sync(temporary)
                self._place(temporary, version_id)
                self.use(version_id)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            return self.get(version_id)

    def use(self, version_id: str) -> None:
        """Makes a version current by one atomic rename, and its changes part of the feed.

        Raises:
            VersionsError: it does not exist, the folder cannot be written, or the feed is damaged.
        """
        with self.lock(), self._explained():
            version = self.get(version_id)
            self.catch_up()
            if self.has_current() and (before := self.current()).id != version_id:
                # Of a version that cannot be read only its own opening tells what is wrong.
                with suppress(VersionsError):
                    self._write_beside(f"{version_id}/{REMOVED}", _removed_since(before, version.lines()))
            with self._staged(version) as changes:
                link = self.path / f"{_TEMPORARY}{CURRENT}-{os.getpid()}"
                link.symlink_to(version_id)
                link.replace(self.path / CURRENT)
                _sync(self.path)
                if changes is not None:
                    changes.commit()

    def catch_up(self) -> None:
        """Writes into the feed what became current and did not come that far: a crash, or a time without feed.

        A version that is damaged is left out; the changes to the one after it are those from the one before.

        Raises:
            VersionsError: another build is writing, the folder cannot be written, or the feed is damaged.
        """
        # Mostly there is nothing to do: then no folder need be writable, and no build is kept from the lock.
        if not self.has_current() or FeedLog(self.path / FEED).version == self.current().id:
            return
        with self.lock(), self._explained():
            if self.has_current():
                with self._staged(self.current()) as changes:
                    if changes is not None:
                        changes.commit()

    @contextmanager
    def _staged(self, version: Version) -> Iterator[Staged | None]:
        """What a version changes, ready to be committed; None when nothing, or when its dump is damaged."""
        log = FeedLog(self.path / FEED, self._feed_page)
        temporary = self.path / f"{_TEMPORARY}{FEED}-{os.getpid()}"
        try:
            if log.version == version.id or not version.verify():
                if log.version == version.id and not version.dates_path.is_file():
                    self._write_dates(version, log.dates())
                yield None
            else:
                staged = log.stage(version.id, version.lines(), datetime.now(UTC), temporary)
                self._write_dates(version, log.dates() if staged is None else staged.dates)
                yield staged
        finally:
            for left in self.path.glob(f"{temporary.name}.*"):
                left.unlink()

    def _write_dates(self, version: Version, dates: Mapping[str, tuple[str, str]]) -> None:
        version.dates_path.parent.mkdir(exist_ok=True)
        self._write_beside(f"{FEED}/{version.dates_path.name}", dates)

    def prune(self, keep: int) -> Sequence[str]:
        """Removes all versions but the current one and the `keep` written last; the ids of those removed.

        Raises:
            VersionsError: a build is writing, or the folder cannot be written.
        """
        with self.lock(), self._explained():
            current = self.current().id if self.has_current() else None
            others = [version for version in self.list() if version.id != current]
            gone = others[: max(0, len(others) - keep)]
            for version in gone:
                # Out of sight by one rename: a removal that is interrupted leaves nothing that looks like a version.
                hidden = self.path / f"{_TEMPORARY}gone-{version.id}"
                version.path.rename(hidden)
                shutil.rmtree(hidden)
                version.dates_path.unlink(missing_ok=True)
            if gone:
                self._write_beside(PRUNED, [*self.pruned(), *(version.id for version in gone)][-_MOST_PRUNED:])
            _sync(self.path)
        return [version.id for version in gone]

    def temporary(self, name: str) -> Path:
        """A path of this process in the folder; what is left there goes with the next build."""
        return self.path / f"{_TEMPORARY}{name}-{os.getpid()}"

    def record_inputs(self, digest: str, version_id: str, data: Iterable[Path] = ()) -> None:
        """Remembers which inputs a version was built from, and the data folders that were named for it."""
        folders = [str(folder.absolute()) for folder in data]
        with self.lock(), self._explained():
            self._write_beside(INPUTS, {"digest": digest, "version": version_id, "data": folders})

    def data_folders(self) -> Sequence[Path]:
        """The data folders of the last build."""
        try:
            return [Path(folder) for folder in json.loads((self.path / INPUTS).read_bytes()).get("data", [])]
        except (OSError, ValueError, TypeError, AttributeError):
            return []

    def keep_context(self, body: bytes) -> None:
        """Keeps a JSON-LD context for good, by the hash of its bytes: who pinned it finds it whatever is pruned."""
        path = self.context(context_digest(body))
        with self.lock(), self._explained():
            if not path.exists():
                temporary = self.temporary(path.name)
                _write_file(temporary, body)
                path.parent.mkdir(exist_ok=True)
                temporary.replace(path)
                _sync(path.parent)

    def context(self, digest: str) -> Path:
        """Where the context with this hash is kept, if it is."""
        return self.path / CONTEXTS / f"{digest}.jsonld"

    def _write_beside(self, name: str, value: object) -> None:
        temporary = self.temporary(name.replace("/", "-"))
        try:
            _write_file(temporary, _json(value))
            temporary.replace(self.path / name)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(self.path)

    def _place(self, temporary: Path, version_id: str) -> None:
        """Moves a finished folder to its name, or renews what is derived in the one that is there.

        The dump of an existing version is by definition the same; its derived files may differ when
        the code that derives them has changed, and each is then replaced by a rename of its own.
        """
        target = self.path / version_id
        if target.is_dir() and not Version(version_id, target, {}).verify():
            target.rename(self.path / f"{_TEMPORARY}damaged-{os.getpid()}")
        if not target.is_dir():
            temporary.rename(target)
        else:
            for file in sorted(temporary.iterdir()):
                known = target / file.name
                if file.is_dir():
                    old = self.temporary(f"old-{file.name}")
                    if known.is_dir():
                        known.rename(old)
                    file.rename(known)
                    shutil.rmtree(old, ignore_errors=True)
                elif file.name != DUMP and not (known.is_file() and known.read_bytes() == file.read_bytes()):
                    file.replace(known)
            _sync(target)
        _sync(self.path)

    def _refuse_foreign(self) -> None:
        names = {entry.name for entry in self.path.iterdir()} - _HARMLESS
        foreign = sorted(
            name
            for name in names
            if name not in (CURRENT, INPUTS, FEED, CONTEXTS, PRUNED, _LOCK)
            and not name.startswith(_TEMPORARY)
            and not ((_ID.fullmatch(name)) and (self.path / name).is_dir())
        )
        current = self.path / CURRENT
        if current.exists() and not current.is_symlink():
            foreign.append(CURRENT)
        if foreign:
            raise VersionsError(
                f"{self.path} holds other things than versions ({', '.join(foreign[:3])}"
                f"{', …' if len(foreign) > 3 else ''}) and is left alone. "
                "Name an empty or new folder with --versions or PLANGRAF_VERSIONS."
            )

    def _remove_leftovers(self) -> None:
        for entry in self.path.iterdir():
            if entry.name.startswith(_TEMPORARY):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what the file system refuses into a message that says what to do."""
        try:
            yield
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, f"{error.strerror or error}")
            raise VersionsError(
                f"The folder of versions {self.path} cannot be written: {reason}. The current version is unchanged."
            ) from error


def context_digest(body: bytes) -> str:
    """What a copy of a JSON-LD context is called by."""
    return hashlib.sha256(body).hexdigest()[:16]


def _removed_since(before: Version, lines: Iterable[bytes]) -> dict[str, str]:
    """What a version with these lines has no more: what an earlier one had, with the last version that had it.

    Args:
        before: the version that it follows on; of one that is damaged only what it says itself is known.
        lines: the N-Quads lines of the new one.
    """
    subjects = {line.partition(b" ")[0] for line in lines}
    gone = {iri: last for iri, last in before.removed().items() if f"<{iri}>".encode() not in subjects}
    with suppress(VersionsError):
        had = {line.partition(b" ")[0] for line in before.lines()} - subjects
        gone |= {subject[1:-1].decode(): before.id for subject in had if subject.startswith(b"<")}
    return gone


def _write_dump(path: Path, lines: Iterable[bytes]) -> str:
    """Writes the dump, synced; returns the id that the lines give."""
    digest = hashlib.sha256()
    last = b""
    with path.open("wb") as file:
        compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as dump:
            for line in lines:
                if line <= last:
                    raise ValueError(f"N-Quads lines must be sorted and unique: {line!r} after {last!r}")
                last = line
                whole = line + b"\n"
                digest.update(whole)
                dump.write(whole)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()[:16]


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
