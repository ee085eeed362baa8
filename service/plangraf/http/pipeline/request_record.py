"""Records each request: its id, one count, one log line on standard error without the client's address."""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from select import PIPE_BUF
from typing import Any

import orjson
import structlog

from plangraf import metrics
from plangraf.settings import Settings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KINDS = {
    "",
    "sparql",
    "mcp",
    "id",
    "doc",
    "targets",
    "goals",
    "queries",
    "catalog",
    "ontology",
    "shapes",
    "context",
    "feed",
    "version",
    "compare",
    "dump",
    "health",
    "metrics",
    "collections",
}
# A longer line is not written atomically to a pipe, so another process could split it.
_LONGEST_PATH = 600
_TOGETHER_S = 0.05

log = structlog.get_logger()


class Notes:
    """Records the requests of one process."""

    def __init__(self, log: RequestLog, collections: Iterable[str] = ()) -> None:
        self._log = log
        self._kinds = _KINDS.union(collections)
        # One random prefix and a counter, because a random number for each request costs more and is no more unique.
        prefix = uuid.uuid4().hex[:16]
        self._ids = (f"{prefix}{number:08x}" for number in itertools.count())

    def request_id(self, given: str = "") -> str:
        """The client's own id when it is well-formed, else a new one."""
        return given if given and _REQUEST_ID.fullmatch(given) else next(self._ids)

    def note(
        self,
        method: str,
        path: str,
        status: int,
        size: int,
        *,
        began: float,
        request_id: str,
        version: str,
        outcome: str = "complete",
        failure: BaseException | None = None,
    ) -> None:
        """Counts a request under the first segment of its path, `other` for an unknown one, and logs it.

        Args:
            method: of the request.
            path: its path; "-", as the method, when the request was refused before it had one.
            status: of the answer.
            size: of the answer's body, in bytes.
            began: its arrival, by time.perf_counter().
            request_id: as in X-Request-Id.
            version: as in Plangraf-Version.
            outcome: complete, broken or gone.
            failure: an unexpected exception.
        """
        kind = path.split("/", 2)[1].partition(".")[0] if path.startswith("/") else "other"
        metrics.REQUESTS.labels(kind if kind in self._kinds else "other", str(status)).inc()
        line = {
            "method": method,
            "path": path[:_LONGEST_PATH],
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 2),
            "bytes": size,
            "request_id": request_id,
            "version": version,
            "outcome": outcome,
        }
        if failure is not None:
            log.error("request", **line, exc_info=failure)
        else:
            self._log.add(line)

    def flush(self) -> None:
        """Writes the buffered lines, before the process ends."""
        self._log.flush()


class RequestLog:
    """Batches the log lines of requests, because one write for each would cost more.

    Each write is at most PIPE_BUF long, so that it is atomic: another process may write to the same pipe.
    """

    def __init__(self, settings: Settings) -> None:
        self._plain = settings.log_format == "json"
        self._wanted = settings.log_level in ("debug", "info")
        self._lines: list[bytes] = []

    def add(self, line: dict[str, Any]) -> None:
        if not self._wanted:
            return
        if not self._plain:
            structlog.get_logger().info("request", **line)
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_TOGETHER_S, self.flush)
        line |= {"event": "request", "level": "info", "timestamp": datetime.now(UTC)}
        self._lines.append(orjson.dumps(line, option=orjson.OPT_UTC_Z))

    def flush(self) -> None:
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        together = b""
        for line in lines:
            if together and len(together) + len(line) >= PIPE_BUF:
                sys.stderr.write(together.decode())
                together = b""
            together += line + b"\n"
        sys.stderr.write(together.decode())
