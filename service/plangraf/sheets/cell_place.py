"""The place of a finding in a workbook: sheet, row and column, as the spreadsheet program shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plangraf.diagnostics.diagnostic import Diagnostic

# Messages quote only the beginning of a long cell.
_MAX_CHARS = 120


class CellError(Exception):
    """A cell cannot be read; the message says in Bokmål and English what to write instead."""

    def __init__(self, nb: str, en: str) -> None:
        super().__init__(en)
        self.nb, self.en = nb, en


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A sheet, a row or a cell.

    Attributes:
        table: the sheet or file, as messages name it.
        row: row number, from 1.
        column: letter of the column.
        header: heading of the column.
        content: text of the cell.
    """

    table: str
    row: int | None = None
    column: str | None = None
    header: str | None = None
    content: str | None = None

    @property
    def heading(self) -> str:
        return self.table

    @property
    def subject(self) -> str | None:
        return _describe(self) if self.row is not None or self.column is not None else None

    @property
    def number(self) -> int | None:
        return self.row

    @property
    def unit(self) -> tuple[str, str]:
        return "rad", "row"

    @property
    def numbered(self) -> bool:
        return False

    @property
    def example(self) -> str:
        return f"{self.table}: {self.subject}" if self.subject else self.table

    @property
    def order(self) -> tuple[str | int, ...]:
        column = self.column or ""
        return self.table, self.row or 0, len(column), column, self.content or ""

    @property
    def members(self) -> Mapping[str, str | int | None]:
        return {"table": self.table, "row": self.row, "column": self.column}


SheetDiagnostic = Diagnostic[CellPlace]


def _describe(place: CellPlace) -> str:
    parts_nb = [f"rad {place.row}"] if place.row else []
    parts_en = [f"row {place.row}"] if place.row else []
    if place.column:
        parts_nb.append(f"kolonne {place.column}")
        parts_en.append(f"column {place.column}")
    where = f"{', '.join(parts_nb)} · {', '.join(parts_en)}"
    if place.header:
        where += f" ({place.header})"
    if place.content is not None:
        text = place.content if len(place.content) <= _MAX_CHARS else f"{place.content[: _MAX_CHARS - 1]}…"
        where += ": «" + text.replace("\n", "⏎") + "»"
    return where
