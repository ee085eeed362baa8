"""Writes the folder of a dataset so that it is there completely or not at all.

All files are written and synced beside the folder, then the folder is renamed. Files of others in an old folder,
such as a mapping file, move along.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph

from plangraf.errors import SettingError
from plangraf.rdf.namespaces import terms
from plangraf.store.atomic import exclusive, sync_folder, write_file

DATASET, STRUCTURE, OBSERVATIONS = "dataset.ttl", "structure.ttl", "observations.nt"
WRITTEN = (DATASET, STRUCTURE, OBSERVATIONS)
plan, prov, rdf = map(terms, ("plan", "prov", "rdf"))


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A temporary folder beside the one that is written, removed at the end whatever happens.

    Raises:
        SettingError: it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(folder.parent):
            _remove_leftovers(folder)
            temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
            lock = _lock(temporary)
    except OSError as error:
        raise SettingError(f"{folder} cannot be written ({error.strerror}).") from error
    try:
        yield temporary
    except OSError as error:
        raise SettingError(f"{folder} cannot be written ({error.strerror}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _remove_leftovers(folder: Path) -> None:
    """Removes what killed imports left beside a folder; one that runs holds the lock of its own."""
    replaced = "(?:old-)?" if folder.exists() else ""  # an old folder may be the only one
    name = re.compile(rf"\.{re.escape(folder.name)}-{replaced}[a-z0-9_]{{8}}")
    for left in folder.parent.iterdir():
        if name.fullmatch(left.name) and left.is_dir() and (lock := _lock(left)) is not None:
            os.close(lock)
            shutil.rmtree(left, ignore_errors=True)


def _lock(folder: Path) -> int | None:
    """Locks a folder until the descriptor is closed or the process ends; None when another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def write_texts(temporary: Path, files: Mapping[str, bytes]) -> None:
    """Writes and syncs small files."""
    for name, content in files.items():
        write_file(temporary / name, content)
    sync_folder(temporary)


def same_files(folder: Path, temporary: Path) -> bool:
    """Whether a folder holds the written files already, byte for byte."""
    return all((folder / name).is_file() and _digest(folder / name) == _digest(temporary / name) for name in WRITTEN)


def put_in_place(temporary: Path, folder: Path) -> None:
    """Makes the temporary folder the dataset's folder; an old one is gone only when the new one is there."""
    temporary.chmod(0o755)
    if not folder.exists():
        temporary.rename(folder)
    else:
        for path in folder.iterdir():
            if path.name not in WRITTEN:
                target = temporary / path.name
                shutil.copytree(path, target) if path.is_dir() else shutil.copy2(path, target)
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_old(folder)))
        folder.rename(old / folder.name)
        try:
            temporary.rename(folder)
        except OSError:
            (old / folder.name).rename(folder)
            raise
        finally:
            if folder.exists():
                shutil.rmtree(old, ignore_errors=True)
    sync_folder(folder.parent)


def restore_interrupted(folder: Path) -> None:
    """Puts an old folder back whose replacement broke off between the two renames."""
    if folder.exists() or not folder.parent.is_dir():
        return
    with exclusive(folder.parent):
        for old in sorted(folder.parent.glob(f"{_old(folder)}*")):
            if (old / folder.name).is_dir() and not folder.exists():
                (old / folder.name).rename(folder)
                old.rmdir()


def _old(folder: Path) -> str:
    """What the name of the folder begins with that an old one is moved into."""
    return f".{folder.name}-old-"


def earlier_files(folder: Path) -> dict[str, str]:
    """SHA-256 → time of retrieval of the files that an earlier import read; empty without one."""
    path = folder / DATASET
    if not path.is_file():
        return {}
    try:
        quads = list(pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE))
    except SyntaxError:
        return {}
    retrieved = {
        quad.subject for quad in quads if quad.predicate == rdf("type") and quad.object == plan("RetrievedFile")
    }
    said = {(quad.subject, quad.predicate): str(getattr(quad.object, "value", "")) for quad in quads}
    return {
        said.get((file, plan("contentDigest")), ""): said.get((file, prov("generatedAtTime")), "") for file in retrieved
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
