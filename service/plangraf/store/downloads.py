"""The files of a version as its own index lists them: names, sizes, sums, types, and the addresses that they answer at.

`/dump/<id>/…` is one version's file for good, `/dump/latest/…` leads to that of the version that is served.
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
    """One file; `name` is its path inside the version's folder of downloads, `size` in bytes, `sha256` in hex.

    `media_type` is that of the data, `compression` that of what is around them; `titles` are by language.
    """

    version: str
    name: str
    size: int
    sha256: str
    media_type: str
    compression: str | None
    titles: Mapping[str, str]

    def address(self, base: str) -> str:
        """Where this very file is, as long as the version is kept."""
        return f"{base}/dump/{self.version}/{self.name}"

    def latest(self, base: str) -> str:
        """Where the file of its kind is, of whatever version is served."""
        return f"{base}/dump/latest/{self.common_name}"

    @property
    def common_name(self) -> str:
        """The name without the version."""
        return self.name.replace(f"-{self.version}.", ".", 1)


def files(folder: Path | None, version: str) -> tuple[File, ...]:
    """The downloads of a version in the order of its index; none when it was built without, or has no folder.

    Args:
        folder: the version's.
        version: its id.
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
    return _listed(index, version, written_ns)


@lru_cache(16)
def _listed(index: Path, version: str, _written_ns: int) -> tuple[File, ...]:
    told = json.loads(index.read_bytes())["files"]
    return tuple(
        File(version, one["name"], one["bytes"], one["sha256"], one["mediaType"], one.get("compression"), one["title"])
        for one in told
    )
