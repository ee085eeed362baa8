"""Decodes the bytes of a CSV file: UTF-8, UTF-16, or Windows-1252 when no other encoding is likely."""

from __future__ import annotations

import codecs

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.read.raw import UnreadableError

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Letters and signs of Norwegian texts. Older encodings have æ, ø and å at the bytes of ¾, ¿, Œ, †, ‘ and › in
# Windows-1252, so a text with other signs than these is refused.
_NORWEGIAN_SIGNS = frozenset("æøåÆØÅéÉèÈêëóòôöÖüÜäÄáàÁçñ«»–—“”„’…§°€£·•½¼²³®©´µ×\u00a0\u00ad")


def decode(content: bytes, name: str, problems: list[SheetDiagnostic]) -> str:
    """Decodes the content of a file.

    Args:
        content: bytes of the file.
        name: name of the file in messages.
        problems: receives an Info when the encoding was guessed.
    Raises:
        UnreadableError: no encoding fits.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise _unreadable_error(content, error.start, name) from error
    if b"\x00" in content:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = content.decode(encoding, errors="replace")
            if text.isprintable() or all(sign.isprintable() or sign in "\r\n\t" for sign in text):
                return text
        raise _unreadable_error(content, content.index(b"\x00"), name)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise _unreadable_error(content, error.start, name) from error
        if not {sign for sign in text if ord(sign) > 126} <= _NORWEGIAN_SIGNS:
            raise _unreadable_error(content, error.start, name) from error
    problems.append(
        Diagnostic(
            CellPlace(name),
            "Filen er ikke UTF-8 og er lest som Windows-1252. Se etter at æ, ø og å er riktige.",
            "The file is not UTF-8 and is read as Windows-1252. See that æ, ø and å are right.",
            "Info",
        )
    )
    return text


def _unreadable_error(content: bytes, position: int, name: str) -> UnreadableError:
    line = content.count(b"\n", 0, position) + 1
    return UnreadableError(
        name,
        f"Linje {line} er ikke UTF-8. Lagre filen som «CSV UTF-8 (semikolondelt)».",
        f"Line {line} is not UTF-8. Save the file as “CSV UTF-8”.",
    )
