"""Which packages a command needs beside those of the server; pyproject.toml has the same table as extras."""

from __future__ import annotations

from importlib.util import find_spec

from plangraf.errors import ExtraMissingError

EXTRAS = {
    "publish": ("pyarrow", "pylode", "pyshacl", "rdflib"),
    "sheets": ("openpyxl", "pyshacl", "rdflib"),
    "portals": ("pyshacl", "rdflib"),
    "statistics": ("httpx",),
}


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
    return next((package for package in EXTRAS[extra] if find_spec(package) is None), None)
