"""The object store behind an address: s3://, gs://, az:// or file:, all through obstore.

Credentials and the addresses of other endpoints come from the environment variables that each cloud documents
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME, …).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions
from obstore.store import LocalStore, from_url

from plangraf.errors import (
    ObjectMissingError,
    ObjectRefusedError,
    PublicationConflictError,
    ReplicationError,
    SettingError,
    StoreUnreachableError,
)
from plangraf.replicas.layout import MOST_POINTER, POINTER, Blob, Pointer, encode_pointer, read_pointer
from plangraf.store.atomic import exclusive

# Written at each publication, to try the store's conditions.
_PROBE = "conditions"
SCHEMES = ("s3", "gs", "az", "file")
# One request, with a range of some MiB, on a slow line.
_REQUEST, _CONNECT = "60s", "5s"
_RETRIES, _RETRYING = 2, timedelta(seconds=15)
# Objects that one request deletes.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """An object in the store: its size and when it was written, by the store's clock."""

    size: int
    written: datetime


@dataclass(frozen=True, slots=True)
class Tag:
    """What tells whether an object is still the one that was read: some stores look at one of these, others at both."""

    etag: str
    version: str | None = None

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> Tag:
        return cls(str(meta["e_tag"]), meta.get("version"))

    @property
    def mode(self) -> dict[str, str]:
        """The condition of a write, as the library takes it."""
        return {"e_tag": self.etag, **({} if self.version is None else {"version": self.version})}


class Objects:
    """Reads and writes the objects of one address; safe for threads."""

    def __init__(self, address: str, *, writing: bool = False) -> None:
        """Opens a store; `writing` makes the folder of one in files.

        Raises:
            SettingError: the address cannot be used.
        """
        self.address = checked_address(address)
        self._writing = writing
        self._folder: Path | None = None
        self._opened: Any = None
        if urlsplit(self.address).scheme == "file":
            self._folder = Path(unquote(urlsplit(self.address).path))
            return
        try:
            self._opened = from_url(
                self.address,
                client_options={"timeout": _REQUEST, "connect_timeout": _CONNECT, "allow_http": True},
                retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRYING},
            )
        except (exceptions.BaseError, OSError, ValueError) as error:
            raise SettingError(f"{address!r} cannot be used as an object store ({first_line(error)}).") from error

    @property
    def _store(self) -> Any:
        """The library's store; one in files is opened late, because its folder may not be mounted yet."""
        if self._opened is None:
            self._opened = LocalStore(self._folder, mkdir=self._writing)
        return self._opened

    def pointer(self, known: Tag | None = None) -> tuple[Pointer, Tag] | None:
        """The pointer and its tag; None when it is still the one with the tag `known`.

        Raises:
            ObjectMissingError: nothing was published here yet.
            ObjectRefusedError: it is not a pointer.
            StoreUnreachableError: no usable answer.
        """
        with self._explained(POINTER):
            options: Any = {} if known is None else {"if_none_match": known.etag}
            try:
                answer = obstore.get(self._store, POINTER, options=options)
            except exceptions.NotModifiedError:
                return None
            if answer.meta["size"] > MOST_POINTER:
                raise ObjectRefusedError(f"The object {POINTER} is refused: it has {answer.meta['size']} bytes.")
            return read_pointer(bytes(answer.bytes())), Tag.of(answer.meta)

    def tag_of_pointer(self) -> Tag:
        """The tag of a pointer that cannot be read."""
        with self._explained(POINTER):
            return Tag.of(obstore.head(self._store, POINTER))

    def replace_pointer(self, pointer: Pointer, known: Tag | None) -> None:
        """Writes the pointer if it is still the one with the tag `known`, or absent for None.

        Raises:
            PublicationConflictError: it is another one now.
            StoreUnreachableError: no usable answer; whether it was written is not known.
        """
        content = encode_pointer(pointer)
        if self._folder is not None and known is not None:
            self._replace_locally(self._folder, content, known)
            return
        mode: Any = "create" if known is None else known.mode
        with self._explained(POINTER):
            try:
                obstore.put(self._store, POINTER, content, mode=mode)
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as error:
                raise _conflict(self.address) from error

    def _replace_locally(self, folder: Path, content: bytes, known: Tag) -> None:
        """Compares and writes under a lock, because a file system has no conditional write."""
        with exclusive(folder), self._explained(POINTER):
            if Tag.of(obstore.head(self._store, POINTER)) != known:
                raise _conflict(self.address)
            obstore.put(self._store, POINTER, content)

    def check_conditions(self) -> None:
        """Tries whether the store keeps the conditions of a write, without which publications could undo each other.

        Raises:
            ReplicationError: it ignores them.
            StoreUnreachableError: no usable answer.
        """
        if self._folder is not None:
            return
        with self._explained(_PROBE):
            # Unlike that of any other publication of this moment, so that none of them can bring its tag back.
            own = b"a write with a condition replaces only what it names %b\n" % os.urandom(8).hex().encode()
            old = Tag.of(obstore.put(self._store, _PROBE, own))
            obstore.put(self._store, _PROBE, b"a write with a condition must leave this\n")
            modes: list[Any] = ["create", old.mode]
            for mode in modes:
                with suppress(exceptions.AlreadyExistsError, exceptions.PreconditionError):
                    obstore.put(self._store, _PROBE, b"the condition was ignored\n", mode=mode)
                    raise ReplicationError(
                        f"{self.address} ignores the conditions of a write, so two publications could undo each "
                        "other. Nothing is published. Use a store with conditional writes (If-Match, If-None-Match)."
                    )

    def read(self, blob: Blob, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end` of an object.

        Raises:
            ObjectMissingError: the store lacks it.
            ObjectRefusedError: its size is not the stated one.
            StoreUnreachableError: no usable answer, or a shorter one.
        """
        with self._explained(blob.object):
            answer = obstore.get(self._store, blob.object, options={"range": (start, end)})
            if answer.meta["size"] != blob.size:
                raise ObjectRefusedError(
                    f"The object {blob.object} is refused: it has {answer.meta['size']} bytes instead of {blob.size}."
                )
            content = bytes(answer.bytes())
        if len(content) != end - start:
            raise StoreUnreachableError(f"{self.address} cut its answer for {blob.object} short.")
        return content

    def write(self, blob: Blob, content: bytes | Path) -> None:
        """Writes an object as a whole.

        Raises:
            StoreUnreachableError, ReplicationError: it was not written.
        """
        with self._explained(blob.object):
            obstore.put(self._store, blob.object, content)

    def list(self, prefix: str) -> Mapping[str, Found]:
        """The objects whose names begin with a folder's name."""
        with self._explained(prefix):
            batches = obstore.list(self._store, prefix, chunk_size=_BATCH)
            return {one["path"]: Found(one["size"], one["last_modified"]) for batch in batches for one in batch}

    def delete(self, names: Iterable[str]) -> None:
        """Deletes objects; one that is absent already is no error."""
        wanted = list(names)
        for first in range(0, len(wanted), _BATCH):
            with self._explained(wanted[first]):
                obstore.delete(self._store, wanted[first : first + _BATCH])

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ObjectMissingError(f"{self.address} has no object {name}.") from error
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as error:
            raise ReplicationError(
                f"{self.address} refuses access to {name} ({first_line(error)}). Check the credentials."
            ) from error
        except (exceptions.BaseError, OSError, NotImplementedError, ValueError) as error:
            raise StoreUnreachableError(
                f"{self.address} gives no usable answer for {name} ({first_line(error)})."
            ) from error


def checked_address(address: str) -> str:
    """An address without a final '/'.

    Raises:
        SettingError: it is not the address of an object store, or holds credentials.
    """
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or (parts.scheme != "file" and not parts.netloc):
        raise SettingError(
            f"{address!r} is not an object store. Write s3://bucket/folder, gs://bucket/folder, "
            "az://container/folder or file:/folder."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingError(
            f"The address of {parts.scheme}://{parts.netloc.rpartition('@')[2]} must have no credentials, '?' or '#'. "
            "Give credentials by the environment variables of the store."
        )
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise SettingError(f"{address!r} must name an absolute folder, as file:/srv/plangraf does.")
        return f"file://{parts.path.rstrip('/') or '/'}"
    return address.rstrip("/")


def first_line(error: BaseException) -> str:
    """What an error of the library says, without the dump that follows."""
    text = str(error).partition("Debug source:")[0]
    return " ".join(text.split())[:300] or type(error).__name__


def _conflict(address: str) -> PublicationConflictError:
    return PublicationConflictError(
        f"Another publication to {address} came first, and this one changed nothing. Run it again: it starts from "
        "what is there now."
    )
