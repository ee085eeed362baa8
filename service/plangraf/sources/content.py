"""Prepares the bytes of a source file for the parser, or gives the one reason why they are not Turtle.

Turtle is UTF-8 (https://www.w3.org/TR/turtle/#sec-mime), but editors add byte order marks or use other encodings.
"""

from __future__ import annotations

import codecs
import re

_UTF_8 = codecs.BOM_UTF8
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_BINARY = (
    (b"PK\x03\x04", "zip (XLSX, DOCX, ODS)"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "XLS, DOC"),
)
_XML = re.compile(rb"\s*<(?:\?xml|!doctype|rdf:RDF|html)", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{|\[\s*(?:\{|\]))")
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) \S|^={7}$", re.MULTILINE)
_EMPTY = re.compile(rb"(?:\s|#[^\n]*(?:\n|$))*")


class UnreadableContentError(Exception):
    """The bytes are not Turtle: what to do, in both languages, and the line of the fault."""

    def __init__(self, nb: str, en: str, line: int | None = None) -> None:
        super().__init__(en)
        self.nb, self.en, self.line = nb, en, line


def turtle(content: bytes) -> bytes:
    """Removes a byte order mark, and turns CR into LF in a file that has only CR.

    Raises:
        UnreadableContentError: the bytes are of another encoding or format.
    """
    for mark, coding in _WIDE:
        if content.startswith(mark):
            raise _other_coding(coding)
    content = content.removeprefix(_UTF_8)
    for magic, kind in _BINARY:
        if content.startswith(magic):
            raise _other_format(kind)
    if b"\0" in content:
        zero = content.index(b"\0")
        raise _other_coding("UTF-16") if content[zero + 2 : zero + 3] == b"\0" else _other_format("binær/binary")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf_8(content, error.start) from None
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    if _XML.match(content):
        raise _other_format("XML (RDF/XML, HTML)")
    if _JSON.match(content):
        raise _other_format("JSON-LD/TriG")
    if conflict := _CONFLICT.search(content):
        raise UnreadableContentError(
            "Her står merker etter en sammenslåing i git som ikke er ferdig. Velg én av de to tekstene.",
            "Here stand marks of a merge in git that is not finished. Choose one of the two texts.",
            content.count(b"\n", 0, conflict.start()) + 1,
        )
    return content


def is_empty(content: bytes) -> bool:
    """Whether the content has only white space and comments."""
    return _EMPTY.fullmatch(content) is not None


def _other_coding(coding: str) -> UnreadableContentError:
    return UnreadableContentError(
        f"Filen er skrevet i {coding}. Lagre den som UTF-8.", f"The file is written in {coding}. Save it as UTF-8."
    )


def _other_format(kind: str) -> UnreadableContentError:
    return UnreadableContentError(
        f"Filen er ikke Turtle, men {kind}. Skriv innholdet som Turtle.",
        f"The file is not Turtle but {kind}. Write its content as Turtle.",
    )


def _not_utf_8(content: bytes, at: int) -> UnreadableContentError:
    line = content.count(b"\n", 0, at) + 1
    begin = max(content.rfind(b"\n", 0, at) + 1, at - 20)
    shown = content[begin : at + 10].split(b"\n")[0].decode("cp1252", "replace").strip()
    return UnreadableContentError(
        f"Filen er ikke UTF-8; lest som Windows-1252 står det «{shown}». Lagre den som UTF-8.",
        f'The file is not UTF-8; read as Windows-1252 it says "{shown}". Save it as UTF-8.',
        line,
    )
