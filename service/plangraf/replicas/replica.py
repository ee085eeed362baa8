"""One replica: takes over the newest publication of a store, as a whole or not at all."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plangraf.errors import ObjectRefusedError, ReplicationError
from plangraf.replicas.fetching import Fetcher, digest_of
from plangraf.replicas.folder import OBJECTS_FOLDER, ReplicaFolder, Taken
from plangraf.replicas.layout import (
    MOST_LISTING,
    Blob,
    Listing,
    Placed,
    Pointer,
    State,
    read_shared_listing,
    read_state,
    read_version_listing,
)
from plangraf.replicas.objects import Objects, Tag
from plangraf.store.atomic import link_or_copy
from plangraf.store.versions.version import FEED, PRUNED

# All listings of a publication together.
_MOST_LISTINGS = 4 * MOST_LISTING
# Left on the disk for the service itself.
_FREE = 64 << 20


@dataclass(frozen=True, slots=True)
class _Change:
    """A version that is new, with `before` None, or of which some files differ."""

    version: Placed
    before: Listing | None
    listing: Listing


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The publication that was taken over, with what was fetched for it."""

    number: int
    version: str
    files: int
    fetched_bytes: int


class Replica:
    """Keeps a folder of versions equal to the newest publication of a store.

    Args:
        objects: the store.
        path: the folder of versions.
        most_bytes: of all files of a publication, and of the lines of a version.
        stopping: set when the process ends.
    """

    def __init__(
        self, objects: Objects, path: Path, *, most_bytes: int, stopping: threading.Event | None = None
    ) -> None:
        self.folder = ReplicaFolder(path)
        self.published: Pointer | None = None
        self._objects = objects
        self._most_bytes = most_bytes
        self._fetcher = Fetcher(objects, self.folder.private / OBJECTS_FOLDER, stopping)
        self._taken = Taken()
        self._prepared = False
        self._tag: Tag | None = None
        self._withdrawn: set[str] = set()

    @property
    def taken(self) -> Taken:
        """What the folder holds."""
        return self._taken

    def update(self) -> TakenOver | None:
        """Takes over the newest publication; None when it is there already.

        Raises:
            ReplicationError, VersionsError, OSError: it cannot be taken over; the folder serves what it did.
        """
        if not self._prepared:
            self._prepare()
        if self._withdrawn:
            with self.folder.writing():
                self._withdrawn = self.folder.remove_withdrawn()
        found = self._objects.pointer(self._tag)
        if found is None:
            return None
        pointer, tag = found
        self.published = pointer
        done = None
        if (self._taken.number, self._taken.state_sha256) != (pointer.number, pointer.state.sha256):
            done = self._take(pointer)
        self._tag = tag
        return done

    def _prepare(self) -> None:
        """Reads what was taken over before, and leaves out what is not on the disk any more."""
        self.folder.prepare()
        taken = self.folder.read()
        for version in taken.state.versions if taken.state is not None else ():
            listing = taken.listings.get(version.listing.sha256)
            if listing is not None and not self.folder.is_whole(listing, self.folder.path / version.id):
                del taken.listings[version.listing.sha256]
                taken.number = 0
        if not self.folder.is_as_taken(taken):
            # Somebody used the folder otherwise, such as with `plangraf versions use`.
            taken.number, taken.listings, taken.shared = 0, {}, self.folder.shared_on_disk()
        self._taken = taken
        self._withdrawn = self.folder.present()  # some may be withdrawn
        self._prepared = True

    def _take(self, pointer: Pointer) -> TakenOver:
        taken = self._taken
        state = read_state(pointer.state.object, self._fetcher.document(pointer.state))
        if state.current != pointer.version:
            raise ObjectRefusedError(
                f"The object {pointer.state.object} is refused: its current version is not the pointer's."
            )
        self.folder.refuse_own_versions(taken, state)
        listings, shared = self._documents(state)
        changes = self._changes(state, listings)
        sources, fetched = self._obtain(changes, shared, listings)
        with self.folder.writing():
            # Noted first, so that after a crash the replica knows which versions are its own.
            taken.own |= state.ids
            self.folder.record(taken)
            for change in changes:
                if change.before is None:
                    self.folder.assemble(change.version, change.listing, sources, self._most_bytes)
                else:
                    self.folder.renew(change.version, change.before, change.listing, sources)
            renewed = {one.version.id for one in changes if one.before is not None and one.before != one.listing}
            self.folder.place_shared(taken.shared, shared, sources, renewed)
            self.folder.make_current(state.current)
            self.folder.place_pruned(taken.shared, shared, sources)
            for version_id in (taken.own & self.folder.present()) - state.ids:
                self.folder.withdraw(version_id)
            self._withdrawn = self.folder.remove_withdrawn()
            self._taken = Taken(
                pointer.number, state, pointer.state.sha256, listings, shared, set(state.ids) | self._withdrawn
            )
            self.folder.record(self._taken)
        self._fetcher.forget(())
        return TakenOver(pointer.number, state.current, len(fetched), sum(blob.size for blob in fetched))

    def _documents(self, state: State) -> tuple[dict[str, Listing], Listing]:
        """The listings of the versions by their SHA-256, and that of the files beside them."""
        if sum(version.listing.size for version in state.versions) > _MOST_LISTINGS:
            raise ObjectRefusedError(f"The publication is refused: its listings have more than {_MOST_LISTINGS} bytes.")
        listings = {}
        for version in state.versions:
            sha256 = version.listing.sha256
            known = self._taken.listings.get(sha256)
            listings[sha256] = known or read_version_listing(
                version.listing.object, self._fetcher.document(version.listing)
            )
        return listings, read_shared_listing(state.shared.object, self._fetcher.document(state.shared))

    def _changes(self, state: State, listings: Mapping[str, Listing]) -> list[_Change]:
        """What differs on this disk, the current version first."""
        old = {} if self._taken.state is None else {one.id: one for one in self._taken.state.versions}
        present, found = self.folder.present(), []
        for version in sorted(state.versions, key=lambda one: one.id != state.current):
            listing = listings[version.listing.sha256]
            if version.id not in present:
                found.append(_Change(version, None, listing))
                continue
            known = old.get(version.id)
            before = None if known is None else self._taken.listings.get(known.listing.sha256)
            if before is None:
                before = self.folder.listing_of(version.id)
            if known != version or before != listing or self.folder.written_ns(version.id) != version.written_ns:
                found.append(_Change(version, before, listing))
        return found

    def _obtain(
        self, changes: list[_Change], shared: Listing, listings: Mapping[str, Listing]
    ) -> tuple[dict[Blob, Path], list[Blob]]:
        """A verified file on this disk for each content that the steps need; tells what was fetched.

        Raises:
            ReplicationError: it is more than may be or fits, or cannot be fetched.
        """
        names: dict[Blob, str] = {}
        for change in changes:
            before = change.before or {}
            names |= {
                blob: f"{path} of version {change.version.id}"
                for path, blob in change.listing.items()
                if before.get(path) != blob
            }
        dates = {f"{FEED}/dates-{change.version.id}.json" for change in changes}
        for path, blob in shared.items():
            if self._taken.shared.get(path) != blob or path == PRUNED or path in dates:
                names.setdefault(blob, path)
        everything = {blob for listing in (shared, *listings.values()) for blob in listing.values()}
        if (total := sum(blob.size for blob in everything)) > self._most_bytes:
            raise ReplicationError(
                f"The publication is refused: its files have {total} bytes, and PLANGRAF_REPLICA_MAX_GB allows "
                f"{self._most_bytes}."
            )
        self._fetcher.forget(names)
        # Under a name of its own, because the file that has it may be replaced before it is needed.
        for blob, file in self._local(names).items():
            if not self._fetcher.path(blob).exists():
                link_or_copy(file, self._fetcher.path(blob))
        lacking = [blob for blob in names if not self._fetcher.path(blob).exists()]
        self._refuse_full_disk(lacking)
        self._fetcher.fetch((blob, names[blob]) for blob in lacking)
        return {blob: self._fetcher.path(blob) for blob in names}, lacking

    def _local(self, names: Mapping[Blob, str]) -> dict[Blob, Path]:
        """The contents that are on this disk already, in another version or beside the versions."""
        taken, known = self._taken, {}
        for version in taken.state.versions if taken.state is not None else ():
            for path, blob in taken.listings.get(version.listing.sha256, {}).items():
                known[blob] = self.folder.path / version.id / path
        known |= {blob: self.folder.path / path for path, blob in taken.shared.items()}
        return {blob: known[blob] for blob in names if blob in known and _is_content(known[blob], blob)}

    def _refuse_full_disk(self, lacking: list[Blob]) -> None:
        needed = sum(blob.size for blob in lacking)
        free = shutil.disk_usage(self.folder.path).free
        if needed + _FREE > free:
            raise ReplicationError(
                f"The publication needs {needed} bytes more in {self.folder.path}, and the disk has {free}. Free some "
                "space; what is served stays."
            )


def _is_content(path: Path, blob: Blob) -> bool:
    try:
        return digest_of(path) == blob
    except OSError:
        return False
