"""The log on standard error: one structured line for each request, without the client's address."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime
from select import PIPE_BUF
from typing import Any

import orjson
import structlog

from plangraf.settings import Settings

_TOGETHER_S = 0.05
# Lines of uvicorn that repeat ours, about an answer that was broken off on purpose.
_SAID_ALREADY = ("ASGI callable returned without completing response.", "Invalid HTTP request received.")


class _NotSaidAlready(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() not in _SAID_ALREADY


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def configure_logging(settings: Settings) -> None:
    """Sends our log lines and uvicorn's to standard error in one form, JSON lines or text."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any]
    if settings.log_format == "json":
        renderer = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ]
    else:
        renderer = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    handler.addFilter(_NotSaidAlready())
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.propagate = name == "uvicorn.error"
        logger.setLevel(max(level, logging.WARNING) if name == "asyncio" else level)
    access = logging.getLogger("uvicorn.access")
    access.handlers, access.propagate = [], False


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
        stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        if not self._lines:
            asyncio.get_running_loop().call_later(_TOGETHER_S, self.flush)
        self._lines.append(orjson.dumps({**line, "event": "request", "level": "info", "timestamp": stamp}))

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
