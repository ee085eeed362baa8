"""Loads the bytes of a list from a file or an address, and refuses what is not the list.

An address gives an HTML page with status 200 where the list has moved, or a part of the list when the connection
breaks: neither may become data. HTTP: https://www.rfc-editor.org/rfc/rfc9110
"""

from __future__ import annotations

import codecs
import hashlib
import http
import http.client
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from plangraf.bounded_body import read_body
from plangraf.errors import ListError, ListUnreachableError
from plangraf.sources.lists.entries import ascii_iri
from plangraf.sources.lists.mapping import Format

LIMIT_MIB = 64
"""Size bound of a list. The largest that is known has 2 MiB."""

_TIMEOUT_S = 60.0
_GENERAL = frozenset({"text/plain", "application/octet-stream", "binary/octet-stream", ""})
_MEDIA_TYPES: dict[Format, frozenset[str]] = {
    "turtle": _GENERAL | {"text/turtle", "application/x-turtle", "application/turtle", "application/n-triples"},
    "csv": _GENERAL | {"text/csv", "application/csv", "application/vnd.ms-excel", "text/comma-separated-values"},
    "tsv": _GENERAL | {"text/tab-separated-values", "text/csv"},
    "klass": _GENERAL | {"application/json", "text/json"},
}
_ACCEPT: dict[Format, str] = {
    "turtle": "text/turtle, */*;q=0.1",
    "csv": "text/csv, */*;q=0.1",
    "tsv": "text/tab-separated-values, text/csv;q=0.5, */*;q=0.1",
    "klass": "application/json, */*;q=0.1",
}
_PACKED = (
    (b"PK\x03\x04", "a zip archive or workbook"),
    (b"\xd0\xcf\x11\xe0", "an old workbook"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"%PDF", "a PDF"),
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file: its name in messages, and the address that gave them after redirects."""

    name: str
    content: bytes
    address: str | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def load(source: str, format: Format, *, limit: int = LIMIT_MIB << 20) -> Content:
    """The content of a file or of an http(s) address.

    Args:
        source: a path, or an address that starts with http:// or https://.
        format: what the mapping expects.
        limit: most bytes that are read.
    Raises:
        ListUnreachableError: the address does not answer, answers with an error, or breaks off.
        ListError: the file cannot be read, is empty, too large, or of another kind.
    """
    scheme = None if Path(source).exists() else _SCHEME.match(source)
    if scheme is not None and scheme[1].lower() not in ("http", "https"):
        raise ListError(f"{source} is neither a path nor an address that begins with http:// or https://. Name one.")
    loaded = _fetch(source, format, limit) if scheme is not None else _read(source, limit)
    content = loaded.content
    if len(content) > limit:
        raise ListError(
            f"{source} is larger than {limit >> 20} MiB, so nothing was read. Name the list itself, or raise the bound "
            "with --max-mib."
        )
    if not content.strip():
        raise ListError(f"{source} is empty. Fetch it again, or check the address.")
    if is_html(content):
        raise ListError(
            f"{source} is an HTML page, not the list. Open it in a browser and find the address of the file."
        )
    for start, kind in _PACKED:
        if content.startswith(start):
            raise ListError(f"{source} is {kind}, not {format}. Unpack it, or name the file inside.")
    if (other := _other_format(content, format)) is not None:
        raise ListError(f"{source} is {other}, not {format}. Ask for {format}, or convert the file.")
    return loaded


def is_html(content: bytes) -> bool:
    """Whether bytes begin as an HTML page does, comments and a byte order mark before it included."""
    head = content[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    while head.startswith(b"<!--") and b"-->" in head:
        head = head.partition(b"-->")[2].lstrip()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _other_format(content: bytes, format: Format) -> str | None:
    """What text begins like that is not in the format which the mapping names."""
    if content.startswith(_UTF_16):
        return None if format in ("csv", "tsv") else "UTF-16"
    start = content.removeprefix(codecs.BOM_UTF8).lstrip()[:80]
    if start.startswith(b"<?xml") or re.match(rb"<[A-Za-z]+:[A-Za-z]+\s+xmlns", start):
        return "XML"
    if format != "klass" and start.startswith((b"{", b"[{", b"[\n")):
        return "JSON"
    return None


def _read(source: str, limit: int) -> Content:
    path = Path(source)
    try:
        with path.open("rb") as file:
            return Content(path.name, file.read(limit + 1))
    except OSError as error:
        raise ListError(
            f"The list {source} cannot be read ({error.strerror}). Check its name and permissions."
        ) from error


def _fetch(address: str, format: Format, limit: int) -> Content:
    headers = {"Accept": _ACCEPT[format], "Accept-Encoding": "identity", "User-Agent": "plangraf-link"}
    try:
        request = urllib.request.Request(ascii_iri(address), headers=headers)  # noqa: S310  # the scheme is checked
        with _opener().open(request, timeout=_TIMEOUT_S) as answer:
            if answer.status != http.HTTPStatus.OK:
                raise ListUnreachableError(
                    f"{address} answers with status {answer.status} ({answer.reason}), not with the whole list. Check "
                    "it; nothing was changed."
                )
            found = str(answer.headers.get_content_type()) if answer.headers.get("Content-Type") else ""
            if found not in _MEDIA_TYPES[format]:
                raise ListError(f"{address} gives {found}, not {format}. Find the address of the file itself.")
            body, complete = read_body(answer, limit)
            reached = str(answer.url)
    except urllib.error.HTTPError as error:
        gone = " The list is not there any more." if error.code in (404, 410) else ""
        raise ListUnreachableError(
            f"{address} answers with status {error.code} ({error.reason}).{gone} Check it; nothing was changed."
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = " ".join(str(getattr(error, "reason", error)).split()) or type(error).__name__
        raise ListUnreachableError(
            f"{address} cannot be fetched ({said}). Try again later; nothing was changed."
        ) from error
    if not complete:
        raise ListUnreachableError(
            f"{address} broke off after {len(body)} bytes, before the announced end. Try again; nothing was changed."
        )
    return Content(address, body, reached)


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, at most ten."""

    max_redirections = 10

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        if not newurl.startswith(("http://", "https://")):
            raise urllib.error.HTTPError(newurl, code, "redirect to another scheme", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Opens http and https, never file: or ftp:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _WebOnly(),
    ):
        opener.add_handler(handler)
    return opener
