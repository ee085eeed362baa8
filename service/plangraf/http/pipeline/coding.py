"""Content codings: gzip, brotli and zstd (RFC 9110 §8.4, §12.5.3).

An absent Accept-Encoding means identity, because a harvester must never get a coding that it did not name.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import brotli
import zstandard

from plangraf.errors import CodingNotAcceptableError
from plangraf.http.resource.negotiation import parse_weights

IDENTITY = "identity"
# Preferred first among equal qualities: the coding that costs least for what it saves.
CODINGS = ("zstd", "br", "gzip")
_ALIASES = {"x-gzip": "gzip"}
# A smaller body is not coded, because it fits into one packet either way.
SMALLEST = 860
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTD_LEVEL = 5, 5, 3
# A whole body of at most so many bytes is coded harder: a tenth smaller for a fraction of a millisecond.
_SHORT, _ZSTD_LEVEL_OF_SHORT = 128 * 1024, 9
_GZIP_CONTAINER = 31


class Encoder(Protocol):
    """A streaming encoder: `write` may return nothing yet, `flush` returns all so far, `finish` ends the body."""

    def write(self, data: bytes) -> bytes: ...

    def flush(self) -> bytes: ...

    def finish(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._coder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_CONTAINER)

    def write(self, data: bytes) -> bytes:
        return self._coder.compress(data)

    def flush(self) -> bytes:
        return self._coder.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._coder.flush()


class _Brotli:
    def __init__(self) -> None:
        self._coder = brotli.Compressor(quality=_BROTLI_QUALITY)

    def write(self, data: bytes) -> bytes:
        return bytes(self._coder.process(data))

    def flush(self) -> bytes:
        return bytes(self._coder.flush())

    def finish(self) -> bytes:
        return bytes(self._coder.finish())


class _Zstd:
    def __init__(self) -> None:
        self._coder = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()

    def write(self, data: bytes) -> bytes:
        return self._coder.compress(data)

    def flush(self) -> bytes:
        return self._coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._coder.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


_ENCODERS: dict[str, Callable[[], Encoder]] = {"gzip": _Gzip, "br": _Brotli, "zstd": _Zstd}


@dataclass(frozen=True, slots=True)
class Coding:
    """The coding that a client prefers; `needed` when the client excludes identity."""

    name: str
    needed: bool = False

    def of(self, size: int) -> str:
        """The coding of a body of `size` bytes: identity for a short one unless the client excludes it."""
        return self.name if self.needed or size >= SMALLEST else IDENTITY


UNCODED = Coding(IDENTITY)


@lru_cache(256)
def choose_coding(accept_encoding: str | None) -> Coding:
    """Chooses the coding for an Accept-Encoding header: the highest quality, among equals identity last.

    Raises:
        CodingNotAcceptableError: the header excludes identity and names no coding of ours.
    """
    if not accept_encoding:
        return UNCODED
    given = {_ALIASES.get(name, name): quality for name, quality in reversed(parse_weights(accept_encoding))}
    rest = given.get("*")

    def quality(coding: str) -> float:
        return given.get(coding, rest if rest is not None else 0.0)

    best = max(CODINGS, key=quality)
    plain = given.get(IDENTITY, rest if rest == 0 else None)
    if quality(best) > 0 and quality(best) >= (plain if plain is not None else 0.0):
        return Coding(best, needed=plain == 0)
    if plain == 0:
        raise CodingNotAcceptableError(accept_encoding, (*CODINGS, IDENTITY))
    return UNCODED


def encoder(coding: str) -> Encoder:
    return _ENCODERS[coding]()


def encode(coding: str, body: bytes) -> bytes:
    """Encodes a whole body; `identity` returns it unchanged."""
    if coding == IDENTITY:
        return body
    if coding == "zstd" and len(body) <= _SHORT:
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL_OF_SHORT).compress(body)
    coder = encoder(coding)
    return coder.write(body) + coder.finish()


def tag_of(tag: str, coding: str) -> str:
    """The strong ETag of a representation in one coding: each coding has its own (RFC 9110 §8.8.3.3)."""
    return tag if coding == IDENTITY else f'{tag[:-1]}-{coding}"'
