"""Reads zstd files: every byte or an error, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import zstandard


def decompressed(path: Path, piece: int) -> Iterator[bytes]:
    """The content of a file, decompressed from pieces of so many bytes.

    Raises, while it is read:
        OSError: it cannot be read.
        zstandard.ZstdError: it is damaged or cut off.
    """
    # Not stream_reader(), because it accepts a truncated file.
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    with path.open("rb") as file:
        while packed := file.read(piece):
            yield decompressor.decompress(packed)
    if not decompressor.eof:
        raise zstandard.ZstdError("it is cut off")
