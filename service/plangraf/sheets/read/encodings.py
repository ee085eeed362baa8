"""Bytes of a CSV file to text: UTF-8, UTF-16, or Windows-1252 where nothing else can be meant."""

from __future__ import annotations

import codecs

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.read.raw import UnreadableError

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# The letters and signs of Norwegian texts. Other encodings of old put æ, ø and å at bytes that are ¾, ¿, Œ, †, ‘
# or › in Windows-1252: a text that would show these is not read.
_EXPECTED = frozenset("æøåÆØÅéÉèÈêëóòôöÖüÜäÄáàÁçñ«»–—“”„’…§°€£·•½¼²³®©´µ×\u00a0\u00ad")


def decoded(content: bytes, name: str, problems: list[SheetDiagnostic]) -> str:
    """The text of a file.

    Args:
        content: the file's bytes.
        name: how messages call the file.
        problems: gets a word when the encoding had to be guessed.
    Raises:
        UnreadableError: no encoding fits.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise _unreadable(content, error.start, name) from error
    if b"\x00" in content:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = content.decode(encoding, errors="replace")
            if text.isprintable() or all(sign.isprintable() or sign in "\r\n\t" for sign in text):
                return text
        raise _unreadable(content, content.index(b"\x00"), name)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise _unreadable(content, error.start, name) from error
        if not {sign for sign in text if ord(sign) > 126} <= _EXPECTED:
            raise _unreadable(content, error.start, name) from error
    problems.append(
        Diagnostic(
            CellPlace(name),
            "Filen er ikke UTF-8 og er lest som Windows-1252. Se etter at æ, ø og å er riktige.",
            "The file is not UTF-8 and is read as Windows-1252. See that æ, ø and å are right.",
            "Info",
        )
    )
    return text


def _unreadable(content: bytes, position: int, name: str) -> UnreadableError:
    line = content.count(b"\n", 0, position) + 1
    return UnreadableError(
        name,
        f"Linje {line} er ikke UTF-8. Lagre filen som «CSV UTF-8 (semikolondelt)».",
        f"Line {line} is not UTF-8. Save the file as “CSV UTF-8”.",
    )
