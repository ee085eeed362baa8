"""Makes a version current, and records the changes: feed, dates, removed subjects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from plangraf.errors import VersionsError
from plangraf.store.atomic import sync_folder
from plangraf.store.changes.log import FeedLog, Staged
from plangraf.store.versions.folder import VersionsFolder
from plangraf.store.versions.layout import CURRENT, FEED, REMOVED
from plangraf.store.versions.version import Version


def make_current(folder: VersionsFolder, version: Version, before: Version | None, feed_page: int) -> None:
    """Replaces the link to the current version, then commits the changes to the feed.

    Args:
        folder: folder of versions, locked by the caller.
        version: the new current version.
        before: the present current version, if any.
        feed_page: changes on a page of a new feed.
    """
    if before is not None and before.id != version.id:
        # A damaged version keeps its old list; opening it reports the damage.
        with suppress(VersionsError):
            folder.replace_json(f"{version.id}/{REMOVED}", _find_removed(before, version.lines()))
    with staged_changes(folder, version, feed_page) as changes:
        link = folder.temporary(CURRENT)
        link.symlink_to(version.id)
        link.replace(folder.path / CURRENT)
        sync_folder(folder.path)
        if changes is not None:
            changes.commit()


@contextmanager
def staged_changes(folder: VersionsFolder, version: Version, feed_page: int) -> Iterator[Staged | None]:
    """Stages the changes of a version; None without changes or with a damaged dump."""
    log = FeedLog(folder.path / FEED, feed_page)
    temporary = folder.temporary(FEED)
    try:
        if log.version == version.id or not version.verify():
            if log.version == version.id and not version.dates_path.is_file():
                _write_dates(folder, version, log.dates())
            yield None
        else:
            staged = log.stage(version.id, version.lines(), datetime.now(UTC), temporary)
            _write_dates(folder, version, log.dates() if staged is None else staged.dates)
            yield staged
    finally:
        for left in folder.path.glob(f"{temporary.name}.*"):
            left.unlink()


def _write_dates(folder: VersionsFolder, version: Version, dates: Mapping[str, tuple[str, str]]) -> None:
    version.dates_path.parent.mkdir(exist_ok=True)
    folder.replace_json(f"{FEED}/{version.dates_path.name}", dates)


def _find_removed(before: Version, lines: Iterable[bytes]) -> dict[str, str]:
    """Finds subjects of `before` and earlier versions that are missing now, each with the last version that had it.

    Args:
        before: the previous version; if its dump is damaged, only its list of removed subjects counts.
        lines: N-Quads lines of the new version.
    """
    subjects = {line.partition(b" ")[0] for line in lines}
    gone = {iri: last for iri, last in before.removed().items() if f"<{iri}>".encode() not in subjects}
    with suppress(VersionsError):
        had = {line.partition(b" ")[0] for line in before.lines()} - subjects
        gone |= {subject[1:-1].decode(): before.id for subject in had if subject.startswith(b"<")}
    return gone
