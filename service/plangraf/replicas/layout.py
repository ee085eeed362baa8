"""The documents of a publication: pointer, state and listing; a document that is not exactly one of these is refused.

They come from a store that others may write to. So every number, digest and path is checked before it is used, and a
document is read within a bound on its bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from plangraf.errors import ObjectRefusedError
from plangraf.store.versions.version import (
    BULK_FILES,
    BULK_STORES,
    CONTEXTS,
    DUMP,
    FEED,
    MANIFEST,
    PRUNED,
    TEMPORARY,
    VERSION_ID,
    WITHDRAWN,
)

FORMAT = 1
POINTER = "pointer.json"
OBJECTS = "objects"
SHARED = (FEED, CONTEXTS, BULK_FILES)
"""The folders beside versions."""
ENGINE_LOG = re.compile(rf"{BULK_STORES}/\w+/(LOCK|LOG|LOG\.old\.\d+)")
"""Files of a version that the engine writes whenever it opens a store on disk; they are no part of it."""
# The longest documents that are read: a listing of 100 000 files takes 16 MB.
MOST_POINTER, MOST_STATE, MOST_LISTING = 4096, 8 << 20, 64 << 20
_MOST_DEPTH, _MOST_NAME, _MOST_VERSIONS, _MOST_SIZE = 8, 255, 10_000, 1 << 50
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Blob:
    """Content of an object: its SHA-256 in hex and its bytes."""

    sha256: str
    size: int

    @property
    def object(self) -> str:
        """The name of the object."""
        return f"{OBJECTS}/{self.sha256[:2]}/{self.sha256}"


Listing = Mapping[str, Blob]
"""Content by path; a path is relative, with '/' between its parts."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A version in a state: its id, its place in the order of writing (ns since 1970), and its listing."""

    id: str
    written_ns: int
    listing: Blob


@dataclass(frozen=True, slots=True)
class State:
    """All that a publication holds; `shared` is the listing of what lies beside the versions."""

    current: str
    versions: tuple[Placed, ...]
    shared: Blob

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(version.id for version in self.versions)


@dataclass(frozen=True, slots=True)
class Pointer:
    """The newest publication: `number` counts publications from 1, `before` is the state that it replaced."""

    number: int
    version: str
    state: Blob
    before: Blob | None = None


def blob_of(content: bytes) -> Blob:
    return Blob(hashlib.sha256(content).hexdigest(), len(content))


def encode_pointer(pointer: Pointer) -> bytes:
    before = None if pointer.before is None else _encode_blob(pointer.before)
    found = {
        "plangraf-replicas": FORMAT,
        "number": pointer.number,
        "version": pointer.version,
        "state": _encode_blob(pointer.state),
        "before": before,
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def encode_state(state: State) -> bytes:
    versions = [
        {"id": version.id, "written": version.written_ns, "listing": _encode_blob(version.listing)}
        for version in state.versions
    ]
    found = {"plangraf-replicas": FORMAT, "current": state.current, "versions": versions}
    return orjson.dumps({**found, "shared": _encode_blob(state.shared)})


def encode_listing(files: Listing) -> bytes:
    """Equal listings give equal bytes."""
    entries = [[path, blob.sha256, blob.size] for path, blob in sorted(files.items())]
    return orjson.dumps({"plangraf-replicas": FORMAT, "files": entries})


def read_pointer(content: bytes) -> Pointer:
    """Raises:
    ObjectRefusedError: it is no pointer of this format.
    """

    def parse(found: Mapping[str, Any]) -> Pointer:
        before = found["before"]
        return Pointer(
            _number(found["number"], 1),
            _version_id(found["version"]),
            _blob(found["state"], MOST_STATE),
            None if before is None else _blob(before, MOST_STATE),
        )

    return _read(POINTER, content, {"number", "version", "state", "before"}, parse)


def read_state(name: str, content: bytes) -> State:
    """Raises:
    ObjectRefusedError: it is no state of this format, or does not hold its current version.
    """

    def parse(found: Mapping[str, Any]) -> State:
        versions = tuple(_placed(one) for one in _list(found["versions"], _MOST_VERSIONS))
        state = State(_version_id(found["current"]), versions, _blob(found["shared"], MOST_LISTING))
        if len(state.ids) < len(versions):
            raise ValueError("it names a version twice")
        if state.current not in state.ids:
            raise ValueError(f"its current version {state.current} is not among its versions")
        return state

    return _read(name, content, {"current", "versions", "shared"}, parse)


def read_version_listing(name: str, content: bytes) -> Listing:
    """Raises:
    ObjectRefusedError: it is no listing of this format, or no version's.
    """

    def parse(found: Mapping[str, Any]) -> Listing:
        files = _files(found["files"])
        for path in files:
            parts = path.split("/")
            if parts[0] == WITHDRAWN or parts[0].startswith(TEMPORARY):
                raise ValueError(f"a version must not hold {path!r}")
        for needed in (MANIFEST, DUMP):
            if needed not in files:
                raise ValueError(f"it lacks {needed}")
        return files

    return _read(name, content, {"files"}, parse)


def read_shared_listing(name: str, content: bytes) -> Listing:
    """Raises:
    ObjectRefusedError: it is no listing of this format, or of other files than those beside versions.
    """

    def parse(found: Mapping[str, Any]) -> Listing:
        files = _files(found["files"])
        for path in files:
            parts = path.split("/")
            if path != PRUNED and not (len(parts) == 2 and parts[0] in SHARED and not parts[1].startswith(TEMPORARY)):
                raise ValueError(f"{path!r} is not a file that versions share")
        return files

    return _read(name, content, {"files"}, parse)


def checked_path(path: object) -> str:
    """A path that stays inside of its folder.

    Raises:
        ValueError: it could leave the folder, or no file system takes it.
    """
    if not isinstance(path, str) or not path:
        raise ValueError(f"{path!r} is not a path")
    parts = path.split("/")
    if path.startswith("/"):
        raise ValueError(f"the path {path!r} is absolute")
    if ".." in parts:
        raise ValueError(f"the path {path!r} leads out of its folder")
    bad = any(part in ("", ".") or len(part.encode("utf-8", "replace")) > _MOST_NAME for part in parts)
    if bad or len(parts) > _MOST_DEPTH or _UNPRINTABLE.search(path):
        raise ValueError(f"{path[:_MOST_NAME]!r} is not a path of a publication")
    return path


def _read(name: str, content: bytes, members: set[str], parse: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        found = orjson.loads(content)
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
        form = found.pop("plangraf-replicas", None)
        if form != FORMAT:
            shown = "no format" if form is None else f"the format {form!r}"[:80]
            raise ValueError(f"it has {shown}, and this release reads format {FORMAT}; install the publisher's release")
        if set(found) != members:
            raise ValueError(f"its members are {', '.join(sorted(found))[:200]}, not {', '.join(sorted(members))}")
        return parse(found)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ObjectRefusedError(f"The object {name} is refused: {error}.") from error


def _files(entries: object) -> dict[str, Blob]:
    files: dict[str, Blob] = {}
    for entry in _list(entries, MOST_LISTING):
        if not isinstance(entry, list) or len(entry) != 3:
            raise ValueError(f"{str(entry)[:80]!r} is not path, digest and size")
        path = checked_path(entry[0])
        if path in files:
            raise ValueError(f"it names {path!r} twice")
        files[path] = _blob(entry[1:], _MOST_SIZE)
    folders = {parent for path in files for parent in _parents(path)}
    if both := sorted(folders & files.keys()):
        raise ValueError(f"{both[0]!r} is both a file and a folder")
    return files


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:number]) for number in range(1, len(parts)))


def _encode_blob(blob: Blob) -> list[str | int]:
    return [blob.sha256, blob.size]


def _blob(found: object, most: int) -> Blob:
    if not isinstance(found, list) or len(found) != 2:
        raise ValueError(f"{str(found)[:80]!r} is not digest and size")
    sha256, size = found
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError(f"{str(sha256)[:80]!r} is not a SHA-256 in hex")
    if _number(size, 0) > most:
        raise ValueError(f"{size} bytes are more than the {most} that are read")
    return Blob(sha256, size)


def _placed(found: object) -> Placed:
    if not isinstance(found, dict) or set(found) != {"id", "written", "listing"}:
        raise ValueError(f"{str(found)[:80]!r} is not a version of a state")
    return Placed(_version_id(found["id"]), _number(found["written"], 0), _blob(found["listing"], MOST_LISTING))


def _number(found: object, least: int) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found < 1 << 63:
        raise ValueError(f"{str(found)[:80]!r} is not a whole number of at least {least}")
    return found


def _version_id(found: object) -> str:
    if not isinstance(found, str) or not VERSION_ID.fullmatch(found):
        raise ValueError(f"{str(found)[:80]!r} is not the id of a version")
    return found


def _list(found: object, most: int) -> Sequence[Any]:
    if not isinstance(found, list) or len(found) > most:
        raise ValueError("it holds something else than a list")
    return found
