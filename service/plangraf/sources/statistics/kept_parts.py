"""Parts of a fetched table on disk, with what proves where they come from.

One folder for one table and selection: a file for each part, as the server sent it, and `parts.json`:

    {"address": …, "selection": {…}, "codelists": {…}, "language": …, "table": …, "updated": …, "license": …,
     "complete": true, "parts": [{"file": …, "method": …, "address": …, "body": …, "time": …, "sha256": …, "etag": …,
     "lastModified": …, "updated": …, "cells": …}, …]}

`body` is the JSON of a POST, null for GET; `time` is when the part was last confirmed, in UTC. Each file is written
beside its name, synced and renamed, so that a break at any moment leaves complete parts only.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from plangraf.sources.statistics.pxweb_selection import DataRequest
from plangraf.store.atomic import sync_folder, write_file

PARTS = "parts.json"


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was fetched; the module's docstring says what its members are."""

    file: str
    method: str
    address: str
    body: Mapping[str, Any] | None
    time: str
    sha256: str
    etag: str | None
    lastModified: str | None  # noqa: N815  as parts.json has it
    updated: str | None
    cells: int


class PartsFolder:
    """The parts of one table and selection; parts of an earlier run are taken over when their bytes are unchanged."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Opens or makes a folder; `about` is what `parts.json` says of all parts together."""
        self.folder = folder
        self.about = dict(about)
        folder.mkdir(parents=True, exist_ok=True)
        self._kept = {part.file: part for part in self._read()}
        self._parts: dict[str, Part] = {}

    def find(self, request: DataRequest) -> Part | None:
        """The part that an earlier run fetched by the same request, if its file still has the same bytes."""
        part = self._kept.get(_file_name(request))
        if part is None:
            return None
        try:
            digest = hashlib.sha256((self.folder / part.file).read_bytes()).hexdigest()
        except FileNotFoundError:
            return None
        return part if digest == part.sha256 else None

    def save(self, request: DataRequest, body: bytes, **known: Any) -> Path:
        """Writes a new part; `known` are `time`, `etag`, `lastModified` and `updated`."""
        name = _file_name(request)
        self._write(name, body)
        digest = hashlib.sha256(body).hexdigest()
        return self.keep(
            Part(name, request.method, request.address, request.body, sha256=digest, cells=request.cells, **known)
        )

    def keep(self, part: Part) -> Path:
        """Takes a part into the list of this run."""
        self._parts[part.file] = self._kept[part.file] = part
        self._write_list(complete=False)
        return self.folder / part.file

    def finish(self) -> list[Path]:
        """Declares the parts complete, in the order of this run, and removes files that no longer belong to them."""
        self._write_list(complete=True)
        for path in self.folder.glob("part-*.json"):
            if path.name not in self._parts:
                path.unlink(missing_ok=True)
        return [self.folder / name for name in self._parts]

    def start_again(self) -> None:
        """Forgets which parts belong to this run, because the table changed; their files are replaced one by one."""
        self._parts = {}

    def _read(self) -> list[Part]:
        try:
            found = orjson.loads((self.folder / PARTS).read_bytes())
            return [Part(**part) for part in found["parts"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []  # nothing usable is kept, so all parts are fetched

    def _write_list(self, *, complete: bool) -> None:
        # An unfinished list names kept parts too, so that a break loses none of them.
        parts = self._parts if complete else {**self._kept, **self._parts}
        content = {**self.about, "complete": complete, "parts": [asdict(part) for part in parts.values()]}
        self._write(PARTS, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")

    def _write(self, name: str, content: bytes) -> None:
        descriptor, unfinished = tempfile.mkstemp(dir=self.folder, prefix=".unfinished-")
        os.close(descriptor)
        try:
            write_file(Path(unfinished), content)
            Path(unfinished).replace(self.folder / name)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        sync_folder(self.folder)


def _file_name(request: DataRequest) -> str:
    sent = json.dumps([request.method, request.address, request.body], sort_keys=True, ensure_ascii=False)
    return f"part-{hashlib.sha256(sent.encode()).hexdigest()[:16]}.json"
