"""What is known of saved files: bytes, SHA-256, time and query, from `parts.json` of a fetch or from the user.

`parts.json` stands beside the files that a fetch kept: {"address", "language", "license", "complete", "parts":
[{"file", "method", "address", "body", "time", "sha256"}]}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plangraf.errors import SettingError
from plangraf.rdf.literals import XSD, canonical
from plangraf.sources.statistics.cube.description import RetrievedFile
from plangraf.store.atomic import exclusive

PARTS, CONFIGURATION = "parts.json", "config.json"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file and its bytes."""

    path: Path
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Beside:
    """What the files beside saved files say of them.

    Attributes:
        address: where the table is published.
        language: language of its labels.
        licence: IRI of the licence.
        parts: file name → its entry of parts.json.
    """

    address: str | None = None
    language: str | None = None
    licence: str | None = None
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_saved(paths: Sequence[Path]) -> list[SavedFile]:
    """The bytes of all files.

    Raises:
        SettingError: one of them cannot be read.
    """
    found = []
    for path in paths:
        try:
            # A file in a dataset's folder is not there for a moment while another process replaces the folder.
            with exclusive(path.resolve().parent.parent):
                found.append(SavedFile(path, path.read_bytes()))
        except OSError as error:
            raise SettingError(f"{path} cannot be read ({error.strerror}).") from error
    return found


def read_beside(files: Sequence[SavedFile]) -> Beside:
    """Reads what stands beside the files, and checks that they are still the fetched ones.

    Raises:
        SettingError: a fetch is incomplete, or a file changed after it was fetched.
    """
    folder = files[0].path.parent
    configuration, fetched = _object(folder / CONFIGURATION), _object(folder / PARTS)
    parts = {part["file"]: part for part in fetched.get("parts", ()) if isinstance(part, dict) and "file" in part}
    named = [file for file in files if file.path.name in parts]
    if not named:
        return Beside(licence=_text(configuration, "license"))
    if fetched.get("complete") is not True:
        raise SettingError(f"{folder / PARTS} says that the fetch is not complete. Run the same fetch again.")
    for file in named:
        if parts[file.path.name].get("sha256") != file.sha256:
            raise SettingError(
                f"{file.path} is not what was fetched: SHA-256 {file.sha256}, fetched was "
                f"{parts[file.path.name].get('sha256')}. Fetch it again."
            )
    return Beside(
        _text(fetched, "address"),
        _text(fetched, "language"),
        _text(fetched, "license") or _text(configuration, "license"),
        parts,
    )


def licence_of(stated: str | None) -> str:
    """Checks the licence that the user, the table or a file beside it states.

    Raises:
        SettingError: none is stated, or it is not an address.
    """
    if not stated:
        raise SettingError(
            "Neither the file nor a config.json beside it says under which licence the table may be published. Look "
            "at the office's terms and give --licence, such as https://creativecommons.org/licenses/by/4.0/."
        )
    if urlsplit(stated).scheme not in ("http", "https"):
        raise SettingError(f"The licence {stated!r} is not an address that starts with https://.")
    return stated


def retrieved_file(
    file: SavedFile, beside: Beside, earlier: Mapping[str, str], *, retrieved: str | None, query: str | None
) -> RetrievedFile:
    """The provenance of a file. An equal file keeps the time of its first import.

    Args:
        file: the file.
        beside: what stands beside it.
        earlier: SHA-256 → time of the files of an earlier import.
        retrieved: the time that the user gives.
        query: the address that the user gives.
    Raises:
        SettingError: the given time is not one.
    """
    part = beside.parts.get(file.path.name, {})
    digest = file.sha256
    saved = datetime.fromtimestamp(int(file.path.stat().st_mtime), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stated = retrieved or earlier.get(digest) or _text(part, "time") or saved
    day = canonical(stated, XSD + "date")
    time = canonical(f"{stated}T00:00:00Z" if day == stated else stated, XSD + "dateTime")
    if time is None:
        raise SettingError(f"--retrieved {stated} is not a time such as 2026-01-31T08:00:00Z.")
    address = query or _text(part, "address")
    asked = address
    if address and not query and part.get("body") is not None:
        asked = f"{part.get('method', 'POST')} {address} {json.dumps(part['body'], ensure_ascii=False, sort_keys=True)}"
    return RetrievedFile(file.path.name, digest, time, address, asked)


def _object(path: Path) -> Mapping[str, Any]:
    """The JSON object of a file; empty when there is none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None
