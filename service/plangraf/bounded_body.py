"""Reads the body of an HTTP answer within a bound, and tells whether all of it came."""

from __future__ import annotations

import http.client

from plangraf.numbers_in_text import whole_number

_CHUNK = 64 * 1024


def read_body(answer: http.client.HTTPResponse, limit: int) -> tuple[bytes, bool]:
    """The body up to one byte over the limit, and whether it is complete as far as it was read."""
    pieces: list[bytes] = []
    size = 0
    try:
        while size <= limit and (piece := answer.read(min(_CHUNK, limit + 1 - size))):
            pieces.append(piece)
            size += len(piece)
    except http.client.IncompleteRead as error:
        return b"".join([*pieces, error.partial]), False
    announced = whole_number(answer.headers.get("Content-Length", ""))
    return b"".join(pieces), size > limit or announced is None or size >= announced
