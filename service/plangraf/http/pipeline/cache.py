"""The cache of finished answers, bounded in bytes; it evicts the least recently used.

The key of an answer is its ETag, a hash of version, build, query, dataset and format. Each coded form is made once
and cached beside it. A second, small table maps a request as it was received to its answer, so that an equal request
needs no parsing and no negotiation.
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
_OVERHEAD = 1024  # rough cost of an entry beside its bodies
_MOST_KEYS = 20_000
# A longer request is not remembered, because many of them would fill the memory; it finds its answer by the tag.
_LONGEST_KEY = 8192


@dataclass(slots=True)
class CachedAnswer:
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
    """All cached answers of one process, up to `most` bytes; an answer above a quarter of that is not cached.

    The table of requests may take another eighth of it. Tags and requests name the version, so a cached answer stays
    valid when another version becomes current; answers of an earlier version are soon the least recently used.
    """

    most: int
    size: int = 0
    _answers: OrderedDict[str, CachedAnswer] = field(default_factory=OrderedDict)
    _requests: OrderedDict[Request, tuple[str, Headers]] = field(default_factory=OrderedDict)
    _requests_size: int = 0
    _computing: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _too_large: OrderedDict[str, None] = field(default_factory=OrderedDict)

    @property
    def largest(self) -> int:
        return self.most // 4

    def get(self, tag: str) -> CachedAnswer | None:
        found = self._answers.get(tag)
        if found is not None:
            self._answers.move_to_end(tag)
        return found

    def find_by_request(self, request: Request) -> tuple[CachedAnswer, Headers] | None:
        """Looks up the answer to an equal earlier request; returns it with the headers that it was sent with."""
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
        """Maps a request to a cached answer and to its own headers, such as Vary, which tells how it was negotiated."""
        if tag not in self._answers or sum(map(len, request)) > _LONGEST_KEY:
            return
        if request not in self._requests:
            self._requests_size += _cost(request)
        self._requests[request] = tag, headers
        while self._requests_size > self.most // 8:
            gone, _ = self._requests.popitem(last=False)
            self._requests_size -= _cost(gone)

    def add(self, cached: CachedAnswer) -> None:
        """Adds an answer and evicts the least recently used until all fit."""
        if cached.size > self.largest:
            return
        before = self._answers.pop(cached.tag, None)
        if before is not None:
            self.size -= before.size
        self._answers[cached.tag] = cached
        self.size += cached.size
        self._trim()

    def body(self, cached: CachedAnswer, coding: str) -> bytes:
        """The body in one coding, encoded on first use and cached beside the others."""
        found = cached.bodies.get(coding)
        if found is None:
            found = encode(coding, cached.bodies[IDENTITY])
            cached.bodies[coding] = found
            if self._answers.get(cached.tag) is cached:
                self.size += len(found)
                self._trim()
        return found

    def is_computing(self, tag: str) -> bool:
        """Whether a request computes this answer now."""
        return tag in self._computing

    async def join_flight(self, tag: str) -> CachedAnswer | None:
        """Joins the single flight of an answer: waits while another request computes it.

        Returns:
            The answer; None when the caller must compute it, and then call `end_flight`, even after a failure.
        Raises:
            PlangrafError: the computation failed with it, and would fail so again.
        """
        while (cached := self.get(tag)) is None:
            computing = self._computing.get(tag)
            if computing is None:
                if tag not in self._too_large:
                    self._computing[tag] = asyncio.get_running_loop().create_future()
                return None
            await asyncio.shield(computing)
        return cached

    def end_flight(self, tag: str, error: PlangrafError | None = None, *, too_large: bool = False) -> None:
        """Wakes the waiters: the answer is cached, failed, or one of them must compute it.

        An answer that is too large to cache gets no single flight from now on: each request computes its own.
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
            computing.exception()  # mark as retrieved: a flight without waiters must not warn

    def _trim(self) -> None:
        while self.size > self.most and self._answers:
            _, gone = self._answers.popitem(last=False)
            self.size -= gone.size
        metrics.CACHE_BYTES.set(self.size)
