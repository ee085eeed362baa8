"""The versions folder of a replica: what it has taken over, and the steps that take over another publication.

    versions/.replica/state.json    the publication that was taken over last, with its listings
    versions/.replica/status.json   what `/health/ready` tells of this replica
    versions/.replica/objects/      fetched objects and parts of others, until their versions are in place

A version is assembled beside its place and renamed there; a file that changed is replaced by a rename. The order of
the steps is such that a service that reads the folder meanwhile, or after a crash, finds the old version or the new
one, whole, with everything that its answers need.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from plangraf.errors import ObjectRefusedError, ReplicationError, VersionsError
from plangraf.replicas.fetching import digest_of
from plangraf.replicas.layout import (
    ENGINE_LOG,
    SHARED,
    Blob,
    Listing,
    Placed,
    State,
    encode_state,
    read_state,
)
from plangraf.store.atomic import link_or_copy, sync_folder, write_file
from plangraf.store.versions.folder import VersionsFolder
from plangraf.store.versions.holding import is_held
from plangraf.store.versions.version import CURRENT, FEED, MANIFEST, PRUNED, REPLICA, VERSION_ID, WITHDRAWN, Version

_STATE = "state.json"
# Files of the log, whose names begin with the number of a change.
_LOG = f"{FEED}/0"
OBJECTS_FOLDER = "objects"


@dataclass(slots=True)
class Taken:
    """What a replica has taken over.

    Attributes:
        number: of the publication, 0 before the first.
        state: of the publication, None before the first.
        state_sha256: its digest in the store.
        listings: of the versions, by the SHA-256 of their listings.
        shared: the files beside the versions.
        own: ids of all versions that this replica has put into its folder, and may remove.
    """

    number: int = 0
    state: State | None = None
    state_sha256: str = ""
    listings: dict[str, Listing] = field(default_factory=dict)
    shared: Listing = field(default_factory=dict)
    own: set[str] = field(default_factory=set)


class ReplicaFolder:
    """The versions folder of one replica."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.private = self.path / REPLICA
        self._folder = VersionsFolder(self.path)

    def prepare(self) -> None:
        """Makes the folder.

        Raises:
            VersionsError: it cannot be written, or holds other things.
        """
        with self._folder.lock(), self._folder.explained():
            (self.private / OBJECTS_FOLDER).mkdir(parents=True, exist_ok=True)

    def read(self) -> Taken:
        """What was taken over before; nothing when the record is missing or damaged, because it can be found anew."""
        try:
            found = orjson.loads((self.private / _STATE).read_bytes())
            return Taken(
                int(found["number"]),
                None if found["state"] is None else read_state(_STATE, found["state"].encode()),
                str(found["state-sha256"]),
                {sha256: _listing(files) for sha256, files in found["listings"].items()},
                _listing(found["shared"]),
                {one for one in found["own"] if VERSION_ID.fullmatch(one)},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ObjectRefusedError):
            return Taken()

    def is_whole(self, listing: Listing, folder: Path) -> bool:
        """Whether all files of a listing are in a folder with their sizes."""
        try:
            return all((folder / path).stat().st_size == blob.size for path, blob in listing.items())
        except OSError:
            return False

    def is_as_taken(self, taken: Taken) -> bool:
        """Whether the current version and the files beside the versions are those that were taken over."""
        if taken.state is None:
            return not self._shared_paths()
        link = self.path / CURRENT
        is_current = link.is_symlink() and link.readlink() == Path(taken.state.current)
        return is_current and self._shared_paths() == taken.shared.keys() and self.is_whole(taken.shared, self.path)

    def shared_on_disk(self) -> Listing:
        """The content of the files beside the versions, read from the disk."""
        return {path: digest_of(self.path / path) for path in self._shared_paths()}

    def _shared_paths(self) -> set[str]:
        found = [path for name in SHARED for path in (self.path / name).glob("*")] + [self.path / PRUNED]
        return {path.relative_to(self.path).as_posix() for path in found if path.is_file()}

    def record(self, taken: Taken) -> None:
        """Keeps what was taken over, by one rename."""
        found = {
            "number": taken.number,
            "state": None if taken.state is None else encode_state(taken.state).decode(),
            "state-sha256": taken.state_sha256,
            "listings": {sha256: _entries(files) for sha256, files in taken.listings.items()},
            "shared": _entries(taken.shared),
            "own": sorted(taken.own),
        }
        self.replace(_STATE, orjson.dumps(found))

    def replace(self, name: str, content: bytes) -> None:
        """Replaces a file of the replica's own folder."""
        temporary = self.private / f"{name}.new"
        write_file(temporary, content)
        temporary.replace(self.private / name)
        sync_folder(self.private)

    def present(self) -> set[str]:
        """Ids of the versions in the folder, withdrawn ones too."""
        if not self.path.is_dir():
            return set()
        return {entry.name for entry in self.path.iterdir() if VERSION_ID.fullmatch(entry.name) and entry.is_dir()}

    def listing_of(self, version_id: str) -> Listing:
        """The content of a version's files, read from the disk."""
        folder = self.path / version_id
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return {
            name: digest_of(path)
            for name, path in files.items()
            if name != WITHDRAWN and not path.is_symlink() and not ENGINE_LOG.fullmatch(name)
        }

    def written_ns(self, version_id: str) -> int:
        """The time of a version's writing, as its folder has it."""
        return (self.path / version_id).stat().st_mtime_ns

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Makes this process the only writer of the folder.

        Raises:
            VersionsError: a build is writing, or the folder cannot be written.
        """
        with self._folder.lock(), self._folder.explained():
            yield

    def assemble(self, version: Placed, listing: Listing, sources: Mapping[Blob, Path], most_bytes: int) -> None:
        """Puts a new version into its place, whole.

        Args:
            version: the version.
            listing: its files.
            sources: a file on this disk for each content.
            most_bytes: of its lines.
        Raises:
            ObjectRefusedError: its dump is not that of its id, or its manifest cannot be used.
            OSError: it cannot be written.
        """
        temporary, target = self._folder.temporary(f"replica-{version.id}"), self.path / version.id
        shutil.rmtree(temporary, ignore_errors=True)
        folders = {temporary}
        for path, blob in listing.items():
            place = temporary / path
            place.parent.mkdir(parents=True, exist_ok=True)
            folders |= {parent for parent in place.parents if temporary in parent.parents}
            link_or_copy(sources[blob], place)
        for folder in folders:
            sync_folder(folder)
        try:
            _check_version(version.id, temporary, most_bytes)
        except (ValueError, VersionsError) as error:
            shutil.rmtree(temporary)
            raise ObjectRefusedError(f"Version {version.id} is refused: {error}.") from error
        if target.exists():
            target.rename(self._folder.temporary(f"gone-{version.id}"))
        temporary.rename(target)
        self._date(version)

    def renew(self, version: Placed, before: Listing, listing: Listing, sources: Mapping[Blob, Path]) -> None:
        """Replaces, one by one, the files of a version that another publication has changed."""
        folder = self.path / version.id
        for path, blob in listing.items():
            if before.get(path) != blob:
                self._replace_file(folder / path, sources[blob])
        for path in before.keys() - listing.keys():
            (folder / path).unlink(missing_ok=True)
        (folder / WITHDRAWN).unlink(missing_ok=True)
        self._date(version)

    def place_shared(self, before: Listing, shared: Listing, sources: Mapping[Blob, Path], dated: set[str]) -> None:
        """Puts the files beside the versions into their place; the log's content before its description.

        Args:
            before: the files of the publication before.
            shared: the files now.
            sources: a file on this disk for each content.
            dated: ids of versions whose files changed: a service opens these anew when their dates are written.
        """
        dates = {f"{FEED}/dates-{one}.json" for one in dated}
        for path in sorted(before.keys() - shared.keys(), key=lambda path: (not path.endswith(".json"), path)):
            if path.startswith(_LOG):  # another log took its place
                (self.path / path).unlink(missing_ok=True)
        for path in sorted(shared, key=lambda path: (path == PRUNED, path.endswith(".json"), path)):
            if path != PRUNED and (before.get(path) != shared[path] or path in dates):
                self._replace_file(self.path / path, sources[shared[path]])

    def place_pruned(self, before: Listing, shared: Listing, sources: Mapping[Blob, Path]) -> None:
        """Puts the ids of removed versions into their place, and removes what only these needed.

        It comes after the switch, because the version that was current until then may be among them.
        """
        if PRUNED in shared:
            self._replace_file(self.path / PRUNED, sources[shared[PRUNED]])
        for path in before.keys() - shared.keys():
            (self.path / path).unlink(missing_ok=True)

    def make_current(self, version_id: str) -> None:
        """Makes a version current by one rename."""
        link = self.path / CURRENT
        if link.is_symlink() and link.readlink() == Path(version_id):
            return
        temporary = self._folder.temporary(CURRENT)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(version_id)
        temporary.replace(link)
        sync_folder(self.path)

    def withdraw(self, version_id: str) -> None:
        """Takes a version from the readers to come; those that have it open keep its files."""
        (self.path / version_id / WITHDRAWN).touch()
        sync_folder(self.path / version_id)

    def remove_withdrawn(self) -> set[str]:
        """Removes the withdrawn versions that no process has open; returns the ids of the others."""
        left = set()
        for version_id in sorted(self.present()):
            folder = self.path / version_id
            if not (folder / WITHDRAWN).exists():
                continue
            if is_held(folder):
                left.add(version_id)
                continue
            hidden = self._folder.temporary(f"gone-{version_id}")
            folder.rename(hidden)
            shutil.rmtree(hidden)
        return left

    def refuse_own_versions(self, taken: Taken, state: State) -> None:
        """Raises:
        ReplicationError: the folder holds versions that neither came from the store nor are there.
        """
        if own := sorted(self.present() - taken.own - state.ids):
            raise ReplicationError(
                f"{self.path} holds {own[0]}, which was built there and is not in the store; a replica would remove "
                "it. Name another folder with --versions or PLANGRAF_VERSIONS, or publish this one."
            )

    def _replace_file(self, place: Path, source: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._folder.temporary(place.name)
        temporary.unlink(missing_ok=True)
        # A copy where the source is the file itself: its time of writing tells services that it was renewed.
        if place.exists() and source.samefile(place):
            write_file(temporary, source.read_bytes())
        else:
            link_or_copy(source, temporary)
        temporary.replace(place)
        sync_folder(place.parent)

    def _date(self, version: Placed) -> None:
        """Gives a version the time of its writing, which the list of versions shows and is sorted by."""
        os.utime(self.path / version.id, ns=(version.written_ns, version.written_ns))
        sync_folder(self.path / version.id)


def _check_version(version_id: str, folder: Path, most_bytes: int) -> None:
    """Raises:
    ValueError, VersionsError: the folder does not hold the version of this id.
    """
    manifest = orjson.loads((folder / MANIFEST).read_bytes())
    if not isinstance(manifest, dict) or manifest.get("version") != version_id:
        raise ValueError(f"{MANIFEST} is that of another version")
    if not isinstance(manifest.get("triples"), int) or not isinstance(manifest.get("graphs"), dict):
        raise ValueError(f"{MANIFEST} does not tell the triples of each graph")
    digest, read = hashlib.sha256(), 0
    for chunk in Version(version_id, folder, manifest).quads():
        digest.update(chunk)
        read += len(chunk)
        if read > most_bytes:
            raise ValueError(f"its lines have more than {most_bytes} bytes")
    if digest.hexdigest()[:16] != version_id:
        raise ValueError("its lines are not those that its id names")


def _entries(files: Listing) -> list[list[Any]]:
    return [[path, blob.sha256, blob.size] for path, blob in files.items()]


def _listing(entries: list[list[Any]]) -> dict[str, Blob]:
    return {str(path): Blob(str(sha256), int(size)) for path, sha256, size in entries}
