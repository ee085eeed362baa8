"""Reads the pictures that a version was published with: their index, and the files that it lists."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

PICTURES = "pictures"
PICTURES_INDEX = "index.json"
MEDIA_TYPES: Mapping[str, str] = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "fragment": "image/svg+xml",
    "csv": "text/csv",
    "json": "application/json",
}
_ELSE = "nb"
State = Literal["drawn", "empty", "too-large"]


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One file: `name` is its path in the folder of pictures, `size` its bytes, `sha256` its digest in hex."""

    name: str
    size: int
    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in one language, of one municipality or of all, which is None.

    `width` and `height` are the px of the drawn file, 0 without one. `files` are by kind: csv, json, and when it is
    drawn svg, svg-dark, png, png-dark and fragment. `readings` has the sentence in the languages that have no drawing
    of their own and are shown this one.
    """

    municipality: str | None
    language: str
    state: State
    reading: str
    rows: int
    query: str
    width: int
    height: int
    files: Mapping[str, PictureFile]
    readings: Mapping[str, str] = field(default_factory=dict)

    def reading_in(self, language: str) -> str:
        """The sentence in a language, else in that of the drawing."""
        return self.readings.get(language, self.reading)


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture with its drawings; `kinds` are the IRIs of the classes whose documents show it.

    `not_drawn` counts the municipalities that it is not drawn for, because there were too many.
    """

    name: str
    title: Mapping[str, str]
    kinds: tuple[str, ...]
    named_query: str | None
    not_drawn: int
    drawings: Sequence[Drawing]

    def title_in(self, language: str) -> str:
        """The title in a language, else in Bokmål."""
        return self.title.get(language, self.title[_ELSE])

    @property
    def municipalities(self) -> list[str]:
        """The municipalities that it is drawn for, in the order of the index; empty when it is one for all."""
        return list(dict.fromkeys(one.municipality for one in self.drawings if one.municipality is not None))

    def drawing(self, language: str, municipality: str | None = None) -> Drawing | None:
        """The drawing in a language, else in Bokmål: of the municipality, else the first; None when there is none."""
        known = language if any(one.language == language for one in self.drawings) else _ELSE
        own = (one for one in self.drawings if one.language == known)
        return next((one for one in own if municipality is None or one.municipality == municipality), None)


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """All pictures of a version in their order, and the names of municipalities by number and language.

    `digest` is that of the index: a build may draw the same version anew.
    """

    folder: Path
    digest: str
    municipalities: Mapping[str, Mapping[str, str]]
    pictures: Mapping[str, KeptPicture]

    def of_kinds(self, kinds: Sequence[str]) -> list[KeptPicture]:
        """The pictures that the document of a thing with these classes shows, which are drawn."""
        return [
            picture
            for picture in self.pictures.values()
            if not set(kinds).isdisjoint(picture.kinds) and any(one.state == "drawn" for one in picture.drawings)
        ]

    def read(self, file: PictureFile) -> bytes:
        """The bytes of one file.

        Raises:
            OSError: it is missing or unreadable.
        """
        return (self.folder / file.name).read_bytes()


def read_pictures(folder: Path) -> KeptPictures:
    """The pictures of a version; none when it was published without.

    Args:
        folder: folder of the version.
    Raises:
        OSError, ValueError, KeyError: the index cannot be read.
    """
    index = folder / PICTURES / PICTURES_INDEX
    try:
        written_ns = index.stat().st_mtime_ns
    except FileNotFoundError:
        return KeptPictures(folder / PICTURES, "", {}, {})
    return _read_index(index, written_ns)


@lru_cache(16)
def _read_index(index: Path, _mtime_ns: int) -> KeptPictures:
    body = index.read_bytes()
    content = json.loads(body)
    pictures = [
        KeptPicture(
            one["name"],
            one["title"],
            tuple(one["kinds"]),
            one["namedQuery"],
            one["notDrawn"],
            [_drawing(entry) for entry in one["drawings"]],
        )
        for one in content["pictures"]
    ]
    digest = hashlib.sha256(body).hexdigest()[:16]
    return KeptPictures(index.parent, digest, content["municipalities"], {one.name: one for one in pictures})


def _drawing(entry: Mapping[str, object]) -> Drawing:
    files: Mapping[str, Mapping[str, object]] = entry["files"]  # type: ignore[assignment]  # as publish writes it
    return Drawing(
        municipality=entry["municipality"],  # type: ignore[arg-type]
        language=str(entry["language"]),
        state=entry["state"],  # type: ignore[arg-type]
        reading=str(entry["reading"]),
        rows=int(str(entry["rows"])),
        query=str(entry["query"]),
        width=int(str(entry["width"])),
        height=int(str(entry["height"])),
        files={
            kind: PictureFile(str(one["name"]), int(str(one["bytes"])), str(one["sha256"]), str(one["mediaType"]))
            for kind, one in files.items()
        },
        readings=entry.get("readings", {}),  # type: ignore[arg-type]
    )


def read_identities(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The names of the files of each drawing by kind, by the digest of what decides the drawing.

    Empty when the folder has no readable index.
    """
    try:
        content = json.loads((folder / PICTURES_INDEX).read_bytes())
        return {
            entry["identity"]: {kind: one["name"] for kind, one in entry["files"].items()}
            for picture in content["pictures"]
            for entry in picture["drawings"]
            if entry["state"] == "drawn"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
