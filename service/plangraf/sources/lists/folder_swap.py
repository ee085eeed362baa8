"""Replaces a dataset's folder as a whole, so that a build reads the old files or the new ones and never a mixture."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from plangraf.errors import ListError
from plangraf.store.atomic import exclusive, sync_folder, write_file


def replace_folder(folder: Path, files: Mapping[str, bytes], generated: frozenset[str]) -> bool:
    """Writes the files beside the folder and puts them in its place; False when they are there already.

    Files of the folder that are not `generated` are kept, apart from those that `files` names.

    Raises:
        ListError: the folder is a file, or cannot be written.
    """
    folder = folder.resolve()  # a link to a folder stays one
    try:
        if folder.exists() and not folder.is_dir():
            raise ListError(f"{folder} is a file. Name a folder with --to.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(folder.parent):
            _finish_earlier(folder)
            kept = _kept(folder, generated - files.keys())
            if kept.keys() | files.keys() == _names(folder) and all(
                (folder / name).is_file() and (folder / name).read_bytes() == content for name, content in files.items()
            ):
                return False
            _swap(folder, files, kept)
    except OSError as error:
        where = error.filename or folder
        raise ListError(f"{where} cannot be written ({error.strerror}). {folder} is as it was.") from error
    return True


def _swap(folder: Path, files: Mapping[str, bytes], kept: Mapping[str, Path]) -> None:
    made = Path(tempfile.mkdtemp(prefix=_new(folder), dir=folder.parent))
    try:
        made.chmod(0o755)
        for name, path in kept.items():
            if name not in files:
                shutil.copytree(path, made / name) if path.is_dir() else shutil.copy2(path, made / name)
        for name, content in files.items():
            write_file(made / name, content)
        sync_folder(made)
        if not folder.exists():
            made.rename(folder)
        else:
            old = _old(folder)
            folder.rename(old)
            try:
                made.rename(folder)
            except OSError:
                old.rename(folder)
                raise
            shutil.rmtree(old)
        sync_folder(folder.parent)
    finally:
        if made.exists():
            shutil.rmtree(made)


def _finish_earlier(folder: Path) -> None:
    """Puts back the old folder, or removes it and the unfinished one, after a crash broke off a replacement."""
    old = _old(folder)
    if old.is_dir():
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)
    for left in folder.parent.glob(f"{_new(folder)}*"):  # no other process writes here now
        shutil.rmtree(left)


def _new(folder: Path) -> str:
    return f".{folder.name}.new-"


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _kept(folder: Path, generated: frozenset[str]) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {path.name: path for path in folder.iterdir() if path.name not in generated}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()
