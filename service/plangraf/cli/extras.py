"""The extras of the package: which of its packages a command needs, and what to install when one is missing.

It imports no third-party package, because a plain install has none. pyproject.toml has the same table.
"""

from __future__ import annotations

from importlib.util import find_spec

from plangraf.errors import ExtraMissingError

EXTRAS = {
    "server": (
        "babel",
        "brotli",
        "fastapi",
        "httptools",
        "jinja2",
        "orjson",
        "prometheus_client",
        "pydantic",
        "pydantic_settings",
        "pyoxigraph",
        "yaml",
        "structlog",
        "tantivy",
        "typer",
        "uvicorn",
        "uvloop",
        "zstandard",
    ),
    "publish": ("pyarrow", "pyshacl", "rdflib", "vl_convert"),
    "sheets": ("openpyxl", "pyshacl", "rdflib"),
    "portals": ("pyshacl", "rdflib"),
    "statistics": ("httpx",),
    "remote": ("httpx",),
    "replicas": ("obstore",),
    "mcp": ("mcp",),
    "parquet": ("pyarrow",),
    "otel": ("opentelemetry.exporter.otlp.proto.http", "opentelemetry.sdk"),
}
"""By extra, the names under which its packages are imported. Every command needs `server`; the others include it."""


def has_extra(extra: str) -> bool:
    """Whether all packages of an extra are installed."""
    return _missing(extra) is None


def require_extra(extra: str) -> None:
    """Checks an extra before a command imports from it.

    Raises:
        ExtraMissingError: one of its packages is not installed.
    """
    if package := _missing(extra):
        raise ExtraMissingError(extra, package)


def _missing(extra: str) -> str | None:
    return next((package for package in EXTRAS[extra] if not _is_installed(package)), None)


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of a package above it
        return False
