"""The form of our log lines and of uvicorn's on standard error."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog

from plangraf.settings import Settings

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
        # Standard error of the moment of the line, because that of this moment may be closed by then.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
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
    for name in ("uvicorn", "uvicorn.error", "asyncio", "mcp", "opentelemetry"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.propagate = name == "uvicorn.error"
        logger.setLevel(max(level, logging.WARNING) if name in ("asyncio", "mcp", "opentelemetry") else level)
    access = logging.getLogger("uvicorn.access")
    access.handlers, access.propagate = [], False
