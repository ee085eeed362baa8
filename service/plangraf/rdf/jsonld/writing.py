"""Serialises JSON-LD."""

from __future__ import annotations

import orjson


def dump(document: object, *, indented: bool = True) -> bytes:
    """The bytes of a document: indented for readers, or compact for downloads."""
    indent = orjson.OPT_INDENT_2 if indented else 0
    return orjson.dumps(document, option=indent | orjson.OPT_APPEND_NEWLINE)
