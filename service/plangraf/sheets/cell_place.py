"""Where something is wrong in a workbook: sheet, row and column, as people find them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plangraf.diagnostics.diagnostic import Diagnostic

# A cell with a whole chapter in it is known by its beginning.
_LONGEST = 120


class CellError(Exception):
    """A cell that cannot be read, and what to write instead, in Bokmål and in English."""

    def __init__(self, nb: str, en: str) -> None:
        super().__init__(en)
        self.nb, self.en = nb, en


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A cell: `table` is the sheet or file, `row` counts from 1 and `column` is its letter, as Excel shows them.

    `header` is what stands over the column, `content` what stands in the cell.
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
        return _where(self) if self.row is not None or self.column is not None else None

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


def _where(place: CellPlace) -> str:
    parts_nb = [f"rad {place.row}"] if place.row else []
    parts_en = [f"row {place.row}"] if place.row else []
    if place.column:
        parts_nb.append(f"kolonne {place.column}")
        parts_en.append(f"column {place.column}")
    where = f"{', '.join(parts_nb)} · {', '.join(parts_en)}"
    if place.header:
        where += f" ({place.header})"
    if place.content is not None:
        text = place.content if len(place.content) <= _LONGEST else f"{place.content[: _LONGEST - 1]}…"
        where += ": «" + text.replace("\n", "⏎") + "»"
    return where
