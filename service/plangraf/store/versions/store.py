"""The versions of one folder: lists, reads, writes, switches and prunes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from plangraf.errors import VersionsError
from plangraf.rdf.object_kinds import ObjectKinds
from plangraf.rdf.term_counts import TermCounter
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.changes.log import PAGE_SIZE, FeedLog
from plangraf.store.versions.bulk import BulkGraph, bulk_json, packing, stores_name, unreadable
from plangraf.store.versions.folder import VersionsFolder, install_version, make_current, staged_changes, write_dump
from plangraf.store.versions.version import (
    BULK,
    BULK_FILES,
    CONTEXTS,
    CURRENT,
    DUMP,
    FEED,
    INPUTS,
    KNOWN,
    MANIFEST,
    OBJECT_KINDS,
    PRUNED,
    REPLICA,
    REPLICA_STATUS,
    TEMPORARY,
    TERM_COUNTS,
    UNFINISHED,
    VERSION_ID,
    Version,
    context_digest,
    encode_json,
    is_kept,
)

_MAX_PRUNED = 10_000


class VersionStore:
    """The versions of one folder. Reading needs no lock; writing takes it and refuses a second writer.

    `feed_page` is the number of changes on a page of a new feed.
    """

    def __init__(self, path: Path, feed_page: int = PAGE_SIZE) -> None:
        self.path = path.absolute()
        self._feed_page = feed_page
        self._folder = VersionsFolder(self.path)

    def current(self) -> Version:
        """The current version.

        Raises:
            VersionsError: no version is current yet, or it is damaged.
        """
        while True:
            name = self._current_id()
            try:
                return self.get(name)
            except VersionsError:
                # Another process can have made another version current, and removed this one, meanwhile.
                if self._current_id() == name:
                    raise

    def _current_id(self) -> str:
        try:
            return str((self.path / CURRENT).readlink())
        except FileNotFoundError as error:
            raise VersionsError(f"There is no version in {self.path} yet. Run `plangraf build`.") from error
        except OSError as error:
            raise VersionsError(f"{self.path / CURRENT} is not a link to a version ({error}).") from error

    def has_current(self) -> bool:
        """Whether there is a current version, which may be damaged."""
        try:
            self.current()
        except VersionsError:
            return (self.path / CURRENT / MANIFEST).is_file()
        return True

    def get(self, version_id: str) -> Version:
        """One version by its id.

        Raises:
            VersionsError: it does not exist, or its manifest cannot be read.
        """
        path = self.path / version_id
        if not VERSION_ID.fullmatch(version_id) or not is_kept(path):
            raise VersionsError(f"There is no version {version_id!r} in {self.path}. `plangraf versions` lists them.")
        try:
            manifest = json.loads((path / MANIFEST).read_bytes())
            written_ns = path.stat().st_mtime_ns
        except (OSError, ValueError) as error:
            raise unreadable(f"Version {version_id} in {self.path}", error) from error
        return Version(version_id, path, manifest, written_ns)

    def list(self) -> Sequence[Version]:
        """The versions whose manifest can be read, in the order of writing."""
        return self.listed()[0]

    def listed(self) -> tuple[Sequence[Version], str | None]:
        """The versions as in `list`, and the id of the current one among them; None when it cannot be read."""
        while True:
            folders = {folder.name: folder for folder in self.folders()}
            found = []
            for version_id in folders:
                with suppress(VersionsError):
                    found.append(self.get(version_id))
            link = self.path / CURRENT
            current = link.readlink().name if link.is_symlink() else ""
            # Another process can have made another version current, and removed those found, meanwhile.
            if not current or current in folders or not is_kept(self.path / current):
                return found, current if any(version.id == current for version in found) else None

    def damaged(self, *, dumps: bool = False) -> Sequence[str]:
        """Ids of kept versions whose manifest cannot be read; with `dumps` also those whose dump has another digest.

        None of them is removed. A version that another process removes meanwhile is not one of them.
        """
        return [
            folder.name for folder in self.folders() if not self._is_whole(folder.name, dumps=dumps) and is_kept(folder)
        ]

    def _is_whole(self, version_id: str, *, dumps: bool) -> bool:
        try:
            version = self.get(version_id)
        except VersionsError:
            return False
        return not dumps or version.verify()

    def readable(self) -> Sequence[Version]:
        """The current version, then the others from the newest one, without those whose manifest cannot be read."""
        found, current = self.listed()
        first = [version for version in found if version.id == current]
        return [*first, *(version for version in reversed(found) if version.id != current)]

    def folders(self) -> Sequence[Path]:
        """The folders of the kept versions in the order of writing, those of damaged versions too."""
        if not self.path.is_dir():
            return []
        found = []
        for entry in self.path.iterdir():
            if VERSION_ID.fullmatch(entry.name) and is_kept(entry):
                with suppress(FileNotFoundError):  # another process has just removed it
                    found.append((entry.stat().st_mtime_ns, entry))
        return [entry for _, entry in sorted(found)]

    def pruned(self) -> Sequence[str]:
        """Ids of pruned versions in the order of pruning."""
        try:
            known = json.loads((self.path / PRUNED).read_bytes())
        except (OSError, ValueError):
            return []
        return [str(version_id) for version_id in known]

    def replica_status(self) -> Mapping[str, Any] | None:
        """What the replica that keeps this folder tells of itself; None when no replica keeps it."""
        try:
            found = json.loads((self.path / REPLICA / REPLICA_STATUS).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def inputs(self) -> tuple[str, str] | None:
        """Digest of the input files and version id of the last build; None when unknown."""
        try:
            known = json.loads((self.path / INPUTS).read_bytes())
            return str(known["digest"]), str(known["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def data_folders(self) -> Sequence[Path]:
        """The data folders of the last build."""
        try:
            return [Path(folder) for folder in json.loads((self.path / INPUTS).read_bytes()).get("data", [])]
        except (OSError, ValueError, TypeError, AttributeError):
            return []

    def context(self, digest: str) -> Path:
        """Path of the context with this digest, which may not exist."""
        return self.path / CONTEXTS / f"{digest}.jsonld"

    def lock(self) -> AbstractContextManager[None]:
        """Makes this process the only writer, see VersionsFolder.lock."""
        return self._folder.lock()

    def explained(self) -> AbstractContextManager[None]:
        """Converts an error of the file system to a VersionsError with advice."""
        return self._folder.explained()

    @property
    def unfinished(self) -> Path:
        """Path of the folder with what a killed build had finished, which may not exist."""
        return self.path / UNFINISHED

    @property
    def known(self) -> Path:
        """Path of the folder with what builds have read of each dataset, which may not exist."""
        return self.path / KNOWN

    def temporary(self, name: str) -> Path:
        """A temporary path of this process; the next build removes leftovers."""
        return self._folder.temporary(name)

    @contextmanager
    def packing(self, target: Path) -> Iterator[Callable[[bytes], None]]:
        """Compresses a bulk file into a temporary path, while the caller reads and checks it, see bulk.packing.

        Raises:
            VersionsError: the target cannot be written, also from the yielded function.
        """

        def write(piece: bytes) -> None:
            with self._folder.explained():
                pack(piece)

        with self._folder.explained(), packing(target) as pack:
            yield write

    def write(
        self,
        lines: Iterable[bytes],
        manifest: Mapping[str, Any],
        extra: Mapping[str, bytes] | None = None,
        folders: Mapping[str, Path] | None = None,
        bulk: Mapping[Path, BulkGraph] | None = None,
    ) -> Version:
        """Writes one version and makes it current by the last rename; a failure keeps the old one.

        Args:
            lines: N-Quads lines without newline, sorted by bytes and unique.
            manifest: content of manifest.json without the id.
            extra: further files of the version, by name.
            folders: further folders of the version, by name; they are moved, so they must be on the same disk.
            bulk: the bulk graphs of the version, by the files that `packing` wrote; these are moved, and the lines must
                state the digests.
        Returns:
            The new version, or the existing one with the same lines.
        Raises:
            VersionsError: the folder cannot be written (disk full, read-only, foreign, in use).
            ValueError: the lines are not sorted and unique.
        """
        with self._folder.lock(), self._folder.explained():
            temporary = self._folder.temporary("version")
            try:
                temporary.mkdir()
                kinds, counter = ObjectKinds(), TermCounter()
                version_id = write_dump(temporary / DUMP, counter.passing(kinds.passing(lines)))
                own: dict[str, object] = {
                    MANIFEST: {"version": version_id, **manifest},
                    OBJECT_KINDS: kinds.as_json(),
                    TERM_COUNTS: counter.as_json(),
                }
                if bulk:
                    own[BULK] = bulk_json(list(bulk.values()))
                    self._keep_bulk(bulk)
                files = {name: encode_json(content) for name, content in own.items()}
                for name, content in {**files, **(extra or {})}.items():
                    write_file(temporary / name, content)
                for name, folder in (folders or {}).items():
                    folder.rename(temporary / name)
                sync_folder(temporary)
                install_version(self._folder, temporary, version_id)
                self.use(version_id)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            return self.get(version_id)

    def _keep_bulk(self, bulk: Mapping[Path, BulkGraph]) -> None:
        """Keeps bulk files under their digests."""
        kept = self.path / BULK_FILES
        kept.mkdir(exist_ok=True)
        for packed, graph in bulk.items():
            packed.replace(kept / f"{graph.sha256}.nt.zst")
        sync_folder(kept)

    def kept_stores(self, graphs: Iterable[BulkGraph]) -> Path:
        """Path of the engine's store of some bulk graphs, which may not exist."""
        return self.path / BULK_FILES / stores_name(graphs)

    def _prune_bulk(self) -> None:
        """Removes the bulk files that no version has, and their stores; none while a version cannot be read."""
        if self.damaged():
            return
        wanted = set()
        for version in self.list():
            graphs = version.bulk()
            wanted |= {self.kept_stores(graphs), *map(version.bulk_path, graphs)}
        for path in (self.path / BULK_FILES).glob("*"):
            if path not in wanted:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def use(self, version_id: str) -> None:
        """Makes a version current by one atomic rename, and adds its changes to the feed.

        Raises:
            VersionsError: it does not exist, the folder cannot be written, or the feed is damaged.
        """
        with self._folder.lock(), self._folder.explained():
            version = self.get(version_id)
            self.catch_up()
            make_current(self._folder, version, self.current() if self.has_current() else None, self._feed_page)

    def catch_up(self) -> None:
        """Adds the changes of the current version to the feed, after a crash or a build without a feed.

        A damaged version is skipped; the changes of the next version then start from the one before it.

        Raises:
            VersionsError: another build is writing, the folder cannot be written, or the feed is damaged.
        """
        # Returns before the lock, because usually nothing is missing and the folder may be read-only.
        if not self.has_current() or FeedLog(self.path / FEED).version == self.current().id:
            return
        with self._folder.lock(), self._folder.explained():
            if self.has_current():
                with staged_changes(self._folder, self.current(), self._feed_page) as changes:
                    if changes is not None:
                        changes.commit()

    def prune(self, keep: int) -> Sequence[str]:
        """Removes all versions except the current one and the `keep` newest others; returns the removed ids.

        Raises:
            VersionsError: a build is writing, or the folder cannot be written.
        """
        with self._folder.lock(), self._folder.explained():
            current = self.current().id if self.has_current() else None
            others = [version for version in self.list() if version.id != current]
            gone = others[: max(0, len(others) - keep)]
            self._remove(gone)
        return [version.id for version in gone]

    def withdraw(self, version_id: str) -> None:
        """Removes one version that is not the current one.

        Raises:
            VersionsError: it does not exist or is current, a build is writing, or the folder cannot be written.
        """
        with self._folder.lock(), self._folder.explained():
            version = self.get(version_id)
            if self.has_current() and self.current().id == version_id:
                raise VersionsError(
                    f"Version {version_id} is the current one. Make another one current first: `plangraf versions use`."
                )
            self._remove([version])

    def _remove(self, gone: Sequence[Version]) -> None:
        for version in gone:
            # The version is renamed first, because an interrupted removal must not leave a partial version.
            hidden = self.path / f"{TEMPORARY}gone-{version.id}"
            version.path.rename(hidden)
            shutil.rmtree(hidden)
            version.dates_path.unlink(missing_ok=True)
        if gone:
            pruned = [*self.pruned(), *(version.id for version in gone)]
            self._folder.replace_json(PRUNED, pruned[-_MAX_PRUNED:])
            self._prune_bulk()
        sync_folder(self.path)

    def record_inputs(self, digest: str, version_id: str, data: Iterable[Path] = ()) -> None:
        """Records the digest of a build's inputs, its version and its data folders."""
        folders = [str(folder.absolute()) for folder in data]
        with self._folder.lock(), self._folder.explained():
            self._folder.replace_json(INPUTS, {"digest": digest, "version": version_id, "data": folders})

    def keep_context(self, body: bytes) -> None:
        """Keeps a JSON-LD context permanently under its digest, because clients may pin it."""
        path = self.context(context_digest(body))
        with self._folder.lock(), self._folder.explained():
            if not path.exists():
                temporary = self._folder.temporary(path.name)
                write_file(temporary, body)
                path.parent.mkdir(exist_ok=True)
                temporary.replace(path)
                sync_folder(path.parent)
