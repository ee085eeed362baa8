"""The log line of a query that took long, without its client; each engine writes it."""

from __future__ import annotations

import structlog

# Bytes. A longer line is not written atomically to a pipe, so another process could split it.
_LONGEST_LOGGED = 3000

log = structlog.get_logger()


def log_if_slow(query: str, version: str, seconds: float, outcome: str, slow_s: float) -> None:
    """Logs a query of a version that took `slow_s` or longer; `outcome` is a word of the metric of queries."""
    if seconds >= slow_s:
        log.warning(
            "slow query",
            seconds=round(seconds, 2),
            outcome=outcome,
            version=version,
            query=query.encode()[:_LONGEST_LOGGED].decode(errors="ignore"),
        )
