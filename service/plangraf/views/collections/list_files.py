"""The order of long lists and the values of their filters in files, which a build writes and a service maps.

    lists/index.json              what each file was derived by, its sections and its CRC-32
    lists/<path>/order            the things of a list in order
    lists/<path>/<facet>          the values of a filter with the places of their things, see FacetValues

A file is its sections, one behind the other: texts in UTF-8, and arrays of unsigned numbers in the byte order of the
machine. All HTTP processes share its pages, and its CRC-32 is compared when a process opens it. A file that was derived
by other queries or other code, or that is damaged, is not used: the service derives the list itself.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, overload

import structlog

from plangraf.engines.parts import Mapped
from plangraf.store.atomic import write_file
from plangraf.views.collections.facet_values import FacetValues

LISTS = "lists"
"""The folder in that of a version."""
ORDER = "order"
INDEX = "index.json"
_ALIGNED = 8
# What decides the content of a file beside the queries.
_CODE = ("collation.py", "facet_values.py", "list_files.py", "members.py")
_ARRAYS = ("starts", "places", "firsts", "numbers", "frequent")

log = structlog.get_logger()


class Texts(Mapped, Sequence[str]):
    """Texts in a part of a file that is mapped into memory; each is decoded when it is asked for."""

    def __init__(self, content: memoryview[int], ends: memoryview[int]) -> None:
        self._content = content
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return str(self._content[self._ends[index] : self._ends[index + 1]], "utf-8")


def derived_by(queries: Sequence[str]) -> str:
    """The identity of a file: of its queries and of the code that derives it."""
    return hashlib.sha256("\0".join([_code(), *queries]).encode()).hexdigest()


def write_order(folder: Path, path: str, things: Sequence[str], query: str) -> dict[str, Any]:
    """Writes the order of a list; returns its entry in the index.

    Raises:
        OSError: it cannot be written.
    """
    return _write(folder, f"{path}/{ORDER}", [query], _text_sections("things", things))


def write_values(folder: Path, path: str, facet: str, values: FacetValues, queries: Sequence[str]) -> dict[str, Any]:
    """Writes the values of a filter; returns its entry in the index. The first query is that of the order.

    Raises:
        OSError: it cannot be written.
    """
    arrays = {name: array("I", getattr(values, name)).tobytes() for name in _ARRAYS}
    return _write(folder, f"{path}/{facet}", queries, _text_sections("values", values.values) | arrays)


def write_index(folder: Path, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes the index of the files by their names; it comes last."""
    content = {"byteOrder": sys.byteorder, "files": entries}
    write_file(folder / INDEX, (json.dumps(content, indent=1) + "\n").encode())


def read_index(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The entries of the files by their names; empty without an index, or when it cannot be read."""
    index = folder / INDEX
    try:
        return _read_index(index, index.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("list not readable", file=str(index), error=str(error))
        return {}


def read_order(folder: Path, path: str, query: str) -> Sequence[str] | None:
    """The things of a list in order; None when there is no file that this query gave."""
    found = _read(folder, f"{path}/{ORDER}", [query])
    return None if found is None else _texts(found, "things")


def read_values(folder: Path, path: str, facet: str, queries: Sequence[str]) -> FacetValues | None:
    """The values of a filter; None when there is no file that these queries gave."""
    found = _read(folder, f"{path}/{facet}", queries)
    if found is None:
        return None
    return FacetValues(_texts(found, "values"), *(found[name].cast("I") for name in _ARRAYS))


def damaged_files(folder: Path) -> Iterator[str]:
    """The names of files that are missing, or are not as they were written; that of the index when it is damaged."""
    if (folder / INDEX).is_file() and not _is_readable(folder / INDEX):
        yield INDEX
    for name, entry in read_index(folder).items():
        try:
            whole = _open(folder / name, entry) is not None
        except (OSError, ValueError):
            whole = False
        if not whole:
            yield name


def _text_sections(name: str, texts: Sequence[str]) -> dict[str, bytes]:
    encoded = [text.encode() for text in texts]
    return {name: b"".join(encoded), f"{name}-ends": array("Q", accumulate(map(len, encoded), initial=0)).tobytes()}


def _texts(sections: Mapping[str, memoryview[int]], name: str) -> Texts:
    return Texts(sections[name], sections[f"{name}-ends"].cast("Q"))


def _write(folder: Path, name: str, queries: Sequence[str], sections: Mapping[str, bytes]) -> dict[str, Any]:
    entry: dict[str, Any] = {"derivedBy": derived_by(queries), "sections": {}}
    content = bytearray()
    for section, part in sections.items():
        entry["sections"][section] = [len(content), len(part)]
        content += part + bytes(-len(part) % _ALIGNED)
    (folder / name).parent.mkdir(exist_ok=True)
    write_file(folder / name, bytes(content))
    return entry | {"bytes": len(content), "crc32": zlib.crc32(content)}


def _read(folder: Path, name: str, queries: Sequence[str]) -> dict[str, memoryview[int]] | None:
    """The sections of a file by their names."""
    entry = read_index(folder).get(name)
    if entry is None or entry["derivedBy"] != derived_by(queries):
        return None
    try:
        content = _open(folder / name, entry)
    except (OSError, ValueError) as error:
        log.error("list not readable", file=str(folder / name), error=str(error))
        return None
    if content is None:
        log.error("list not readable", file=str(folder / name), error="it is damaged")
        return None
    return {section: content[start : start + size] for section, (start, size) in entry["sections"].items()}


def _open(path: Path, entry: Mapping[str, Any]) -> memoryview[int] | None:
    """A file in memory; None when it is not as it was written."""
    with path.open("rb") as file:
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return content if len(content) == entry["bytes"] and zlib.crc32(content) == entry["crc32"] else None


def _is_readable(index: Path) -> bool:
    try:
        return isinstance(json.loads(index.read_bytes())["files"], dict)
    except (OSError, ValueError, KeyError, TypeError):
        return False


@lru_cache(16)
def _read_index(index: Path, _mtime_ns: int) -> Mapping[str, Mapping[str, Any]]:
    content = json.loads(index.read_bytes())
    found: dict[str, dict[str, Any]] = content["files"]
    return found if content["byteOrder"] == sys.byteorder else {}


@lru_cache(1)
def _code() -> str:
    files = (Path(__file__).with_name(name).read_bytes() for name in _CODE)
    return hashlib.sha256(b"\0".join(files)).hexdigest()
