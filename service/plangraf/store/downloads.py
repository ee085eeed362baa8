"""The downloads of a version, as its index lists them.

`/dump/<id>/…` is the permanent address of a version's file; `/dump/latest/…` redirects to that of the served version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from plangraf.store.versions import DOWNLOADS, DOWNLOADS_INDEX


@dataclass(frozen=True, slots=True)
class File:
    """One download.

    Attributes:
        version: id of the version.
        name: path inside the version's folder of downloads.
        size: bytes.
        sha256: digest in hex.
        media_type: media type of the uncompressed data.
        compression: media type of the compression, None without.
        titles: titles by language.
    """

    version: str
    name: str
    size: int
    sha256: str
    media_type: str
    compression: str | None
    titles: Mapping[str, str]

    def address(self, base: str) -> str:
        """Address of this file, valid as long as the version is kept."""
        return f"{base}/dump/{self.version}/{self.name}"

    def latest(self, base: str) -> str:
        """Address of the same file in the served version."""
        return f"{base}/dump/latest/{self.common_name}"

    @property
    def common_name(self) -> str:
        """The name without the version."""
        return self.name.replace(f"-{self.version}.", ".", 1)


def list_downloads(folder: Path | None, version: str) -> tuple[File, ...]:
    """The downloads of a version in the order of its index; empty when it has no index or no folder.

    Args:
        folder: folder of the version.
        version: id of the version.
    Raises:
        OSError, ValueError: the index cannot be read.
    """
    if folder is None:
        return ()
    index = folder / DOWNLOADS / DOWNLOADS_INDEX
    try:
        written_ns = index.stat().st_mtime_ns
    except FileNotFoundError:
        return ()
    return _read_index(index, version, written_ns)


@lru_cache(16)
def _read_index(index: Path, version: str, _mtime_ns: int) -> tuple[File, ...]:
    entries = json.loads(index.read_bytes())["files"]
    return tuple(
        File(
            version,
            entry["name"],
            entry["bytes"],
            entry["sha256"],
            entry["mediaType"],
            entry.get("compression"),
            entry["title"],
        )
        for entry in entries
    )
