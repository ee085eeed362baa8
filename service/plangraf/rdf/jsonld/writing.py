"""JSON-LD to bytes."""

from __future__ import annotations

import orjson


def dump(document: object, *, indented: bool = True) -> bytes:
    """The bytes of a document: indented for readers, or dense for whole downloads."""
    indent = orjson.OPT_INDENT_2 if indented else 0
    return orjson.dumps(document, option=indent | orjson.OPT_APPEND_NEWLINE)
