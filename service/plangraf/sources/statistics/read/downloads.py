"""Tells a table from what a failed download leaves: an error page, a cut file, an empty one, another format."""

from __future__ import annotations

import codecs
import re

from plangraf.sources.statistics.findings import Described, Findings

_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*<(?:\?xml|[A-Za-z])")
_BINARY = ((b"PK\x03\x04", "zip (XLSX)"), (b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"%PDF", "PDF"))
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters, which XML cannot hold; tabs and line ends are none of these."""
CONTROL_REPAIRED = (
    "styretegn i tekst er gjort til mellomrom",
    "control characters in text are made spaces",
)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(content: bytes, findings: Findings, encoding: str = "utf-8") -> str:
    """The text of a file, without a byte order mark.

    Args:
        content: the bytes of the file.
        findings: receives the defect.
        encoding: the encoding that the text must have.
    Raises:
        TableError: the bytes are not the text of a table.
    """
    _refuse_other_formats(content, encoding, findings)
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        what = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        findings.wrong(
            f"byte {error.start if isinstance(error, UnicodeDecodeError) else 0}",
            Described(what),
            f"tekst i {encoding}; oppgi «encoding» i avbildningsfilen når den er en annen",
            f"text in {encoding}; name another `encoding` in the mapping file",
        )
        findings.stop()
        raise
    if (at := text.find("\0")) >= 0:
        findings.wrong(
            f"character {at + 1}",
            Described("NUL"),
            "tekst uten tegnet NUL; filen er skadet, eller har en annen tegnkoding",
            "text without the character NUL; the file is damaged, or has another encoding",
        )
        findings.stop()
    return text


def _refuse_other_formats(content: bytes, encoding: str, findings: Findings) -> None:
    kind = next((kind for magic, kind in _BINARY if content.startswith(magic)), None)
    if not content.strip():
        kind = "0 bytes" if not content else "white space"
    elif _HTML.match(content):
        kind = "an HTML page: " + content.strip()[:40].decode("utf-8", "replace")
    elif _XML.match(content):
        kind = "XML: " + content.strip()[:40].decode("utf-8", "replace")
    elif content.startswith(_UTF_16) and not encoding.lower().startswith("utf-16"):
        kind = "UTF-16"
    if kind is not None:
        findings.wrong(
            "file",
            Described(kind),
            "en tabell i JSON-stat 2.0, SDMX-CSV eller CSV; hent den på nytt",
            "a table in JSON-stat 2.0, SDMX-CSV or CSV; fetch it again",
        )
        findings.stop()
