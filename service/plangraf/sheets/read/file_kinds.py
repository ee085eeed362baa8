"""Recognises files that are not .xlsx workbooks by their first bytes, and says what to do with each kind.

Compound files: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb · OpenDocument: mimetype as first part
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from plangraf.sheets.read.raw import UnreadableError

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE_NB, _SAVE_EN = "Lagre den som Excel-arbeidsbok (.xlsx).", "Save it as an Excel workbook (.xlsx)."


def refuse_other_kinds(path: Path) -> None:
    """Refuses a file of another kind.

    Raises:
        UnreadableError: the file is not an .xlsx workbook.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise UnreadableError(path.name, "Filen er tom.", "The file is empty.")
    if start.startswith(_COMPOUND):
        if _ENCRYPTED in path.read_bytes():
            raise UnreadableError(
                path.name,
                "Arbeidsboken er beskyttet med passord. Fjern passordet og lagre den på nytt.",
                "The workbook is protected by a password. Remove the password and save it again.",
            )
        raise _wrong_kind_error(
            path, "en arbeidsbok i det gamle Excel-formatet (.xls)", "a workbook in Excel's old format (.xls)"
        )
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table")):
        raise _wrong_kind_error(path, "en nettside", "a web page")
    if text.startswith(b"<?xml") and b"schemas-microsoft-com:office:spreadsheet" in text:
        raise _wrong_kind_error(path, "et XML-regneark fra 2003", "an XML spreadsheet of 2003")
    if start.startswith(b"%PDF"):
        raise _wrong_kind_error(path, "en PDF", "a PDF")
    if start.startswith(b"PK"):
        _refuse_other_archives(path)
    elif b"\x00" not in start and (b";" in start or b"," in start) and b"\n" in start:
        raise UnreadableError(
            path.name,
            "Filen er ren tekst, ikke en arbeidsbok. Legg CSV-filer i en mappe, og oppgi mappen.",
            "The file is plain text, not a workbook. Put CSV files into a folder, and name the folder.",
        )


def _refuse_other_archives(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()}
            mimetype = archive.read("mimetype")[:200] if "mimetype" in archive.namelist() else b""
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError):
        return  # the reader of workbooks reports the damage
    if b"opendocument" in mimetype:
        raise _wrong_kind_error(path, "et OpenDocument-regneark (.ods)", "an OpenDocument spreadsheet (.ods)")
    if "xl/workbook.bin" in names:
        raise _wrong_kind_error(path, "en binær arbeidsbok (.xlsb)", "a binary workbook (.xlsb)")
    if any(name.endswith(".iwa") for name in names):
        raise _wrong_kind_error(path, "et regneark fra Numbers", "a spreadsheet of Numbers")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise _wrong_kind_error(path, "et tekstdokument eller en presentasjon", "a text document or a presentation")
    if not any(name.endswith("workbook.xml") for name in names):
        raise _wrong_kind_error(path, "en zip-fil uten arbeidsbok", "a zip file without a workbook")


def _wrong_kind_error(path: Path, nb: str, en: str) -> UnreadableError:
    return UnreadableError(path.name, f"Filen er {nb}. {_SAVE_NB}", f"The file is {en}. {_SAVE_EN}")
