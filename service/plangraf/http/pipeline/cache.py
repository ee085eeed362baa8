"""Finished answers, kept ready to send: bounded in bytes, least recently used out.

An answer is kept under its ETag, which is a hash of version, build, query, dataset and format; its coded forms
are made once and kept beside. A second, small table leads from a request as it came to the answer that it got,
so that the same request again needs no parsing and no negotiation.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from plangraf import metrics
from plangraf.errors import PlangrafError
from plangraf.http.pipeline.coding import IDENTITY, encode

Headers = tuple[tuple[bytes, bytes], ...]
Request = tuple[bytes | str, ...]
_OVERHEAD = 1024  # what an entry costs beside its bodies, roughly
_MOST_KEYS = 20_000
# A longer request finds its answer by the tag: as many as may be remembered must not fill the memory.
_LONGEST_KEY = 8192


@dataclass(slots=True)
class Kept:
    """One answer: its ETag without a coding, its Content-Type, and its body in each coding."""

    tag: str
    content_type: bytes
    bodies: dict[str, bytes]

    @property
    def size(self) -> int:
        return _OVERHEAD + sum(map(len, self.bodies.values()))


def _cost(request: Request) -> int:
    """Bytes that a remembered request takes, roughly."""
    return _OVERHEAD + sum(map(len, request))


@dataclass(slots=True)
class Cache:
    """All kept answers of one process, up to `most` bytes; an answer above an eighth of that is not kept.

    The requests that lead to them may take another eighth. Tags and requests name the version, so an answer is right
    for as long as it is kept, whatever is current; those of an earlier version are soon the least recently used.
    """

    most: int
    size: int = 0
    _kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict)
    _requests: OrderedDict[Request, tuple[str, Headers]] = field(default_factory=OrderedDict)
    _requests_size: int = 0
    _computing: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _too_large: OrderedDict[str, None] = field(default_factory=OrderedDict)

    @property
    def largest(self) -> int:
        return self.most // 8

    def get(self, tag: str) -> Kept | None:
        found = self._kept.get(tag)
        if found is not None:
            self._kept.move_to_end(tag)
        return found

    def of_request(self, request: Request) -> tuple[Kept, Headers] | None:
        """The answer that the same request got before, if it is still kept, and its own headers."""
        remembered = self._requests.get(request)
        if remembered is None:
            return None
        tag, headers = remembered
        found = self.get(tag)
        if found is None:
            del self._requests[request]
            self._requests_size -= _cost(request)
            return None
        return found, headers

    def remember(self, request: Request, tag: str, headers: Headers) -> None:
        """Which kept answer a request gets, and with which headers: Vary depends on how the answer was chosen."""
        if tag not in self._kept or sum(map(len, request)) > _LONGEST_KEY:
            return
        if request not in self._requests:
            self._requests_size += _cost(request)
        self._requests[request] = tag, headers
        while self._requests_size > self.largest:
            gone, _ = self._requests.popitem(last=False)
            self._requests_size -= _cost(gone)

    def keep(self, kept: Kept) -> None:
        """Adds an answer and lets the least recently used ones go until all fit."""
        if kept.size > self.largest:
            return
        before = self._kept.pop(kept.tag, None)
        if before is not None:
            self.size -= before.size
        self._kept[kept.tag] = kept
        self.size += kept.size
        self._trim()

    def body(self, kept: Kept, coding: str) -> bytes:
        """The body in one coding, made on first use and kept while there is room."""
        found = kept.bodies.get(coding)
        if found is None:
            found = encode(coding, kept.bodies[IDENTITY])
            if kept.tag in self._kept:
                kept.bodies[coding] = found
                self.size += len(found)
                self._trim()
        return found

    def is_computing(self, tag: str) -> bool:
        """Whether somebody computes this answer now."""
        return tag in self._computing

    async def turn(self, tag: str) -> Kept | None:
        """Waits while the same answer is being computed for somebody else.

        Returns:
            The answer; None when the caller is to compute it, and must call `done` when it has or cannot.
        Raises:
            PlangrafError: the computation that was waited for failed with it; another would, too.
        """
        while (kept := self.get(tag)) is None:
            computing = self._computing.get(tag)
            if computing is None:
                if tag not in self._too_large:
                    self._computing[tag] = asyncio.get_running_loop().create_future()
                return None
            await asyncio.shield(computing)
        return kept

    def done(self, tag: str, error: PlangrafError | None = None, *, too_large: bool = False) -> None:
        """Whoever waits for this answer may look again: it is kept now, has failed, or is theirs to compute.

        What is too large to be kept is computed by each for himself from now on.
        """
        if too_large:
            self._too_large[tag] = None
            if len(self._too_large) > _MOST_KEYS:
                self._too_large.popitem(last=False)
        computing = self._computing.pop(tag, None)
        if computing is None or computing.done():
            return
        if error is None:
            computing.set_result(None)
        else:
            computing.set_exception(error)
            computing.exception()  # nobody may be waiting, which is no reason for a warning

    def _trim(self) -> None:
        while self.size > self.most and self._kept:
            _, gone = self._kept.popitem(last=False)
            self.size -= gone.size
        metrics.CACHE_BYTES.set(self.size)
