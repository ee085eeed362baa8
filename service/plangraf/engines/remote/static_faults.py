"""Finds the faults of a query that the embedded engine would refuse, because endpoints differ in what they refuse.

Virtuoso answers a query whose column is neither grouped nor aggregated, and each endpoint has messages of its own.
"""

from __future__ import annotations

from functools import lru_cache

from pyoxigraph import Store

# Rows of VALUES are joined even over no data. So few characters make few rows.
_FEW_CHARACTERS = 500
_LONGEST = 32 * 1024


@lru_cache(512)
def static_fault(text: str, base: str) -> str:
    """The message of the embedded engine for a query that it refuses over any data; empty for every other one."""
    values = text.upper().count("VALUES")
    if len(text) > _LONGEST or (values > 1 and len(text) > _FEW_CHARACTERS):
        return ""
    try:
        Store().query(text, base_iri=base)
    except (SyntaxError, ValueError, RuntimeError) as error:
        return str(error)
    return ""
