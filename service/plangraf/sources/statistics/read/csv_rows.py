"""Reads CSV text as rows with their lines: RFC 4180, with the separators that offices use."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from plangraf.sources.statistics.findings import Described, Findings
from plangraf.sources.statistics.read.downloads import CONTROL, CONTROL_REPAIRED

_DELIMITERS = (";", "\t", ",", "|")
# A cell of a statistical table is a code, a name or a number.
_MOST_CELL = 100_000


class CsvRows:
    """The header and the rows of one CSV text.

    Attributes:
        header: the names of the columns.
        delimiter: the separator.
    """

    def __init__(self, text: str, findings: Findings, delimiter: str | None = None) -> None:
        """Reads the header.

        Raises:
            TableError: there is none, or a name occurs twice.
        """
        self._findings = findings
        if found := len(CONTROL.findall(text)):
            text = CONTROL.sub(" ", text)
            findings.repaired(*CONTROL_REPAIRED, found)
        self.delimiter = delimiter or _delimiter(text.partition("\n")[0])
        csv.field_size_limit(_MOST_CELL)
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        self.header: Sequence[str] = [name.strip() for name in self._next() or ()]
        if not any(self.header):
            findings.wrong(
                "header", Described("nothing"), "navn på kolonnene i første linje", "column names in the first line", 1
            )
        for twice in sorted({name for name in self.header if self.header.count(name) > 1}):
            findings.wrong("header", twice, "hvert kolonnenavn én gang", "each column name once", 1)
        findings.stop()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty, with the line that it ends in."""
        width = len(self.header)
        while (row := self._next()) is not None:
            if not row or not any(cell.strip() for cell in row):
                continue
            line = self._reader.line_num
            if len(row) != width:
                self._findings.wrong("row", Described(f"{len(row)} cells"), f"{width} celler", f"{width} cells", line)
                continue
            yield line, [cell.strip() for cell in row]

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            self._findings.wrong(
                "row",
                Described(error),
                "gyldig CSV; nedlastingen kan ha blitt avbrutt",
                "valid CSV; the download may have broken off",
                self._reader.line_num,
            )
            self._findings.stop()
            raise


def _delimiter(header: str) -> str:
    """The separator that occurs most often in the header, outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)
