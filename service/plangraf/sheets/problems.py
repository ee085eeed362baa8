"""What is wrong in a workbook, told by sheet, row and column, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from plangraf.diagnostics.causes import SEVERITIES, cause_lines, causes, drowning
from plangraf.rdf.names import compact

# A cell with a whole chapter in it is known by its beginning.
_LONGEST = 120


class CellError(Exception):
    """A cell that cannot be read, and what to write instead, in Bokmål and in English."""

    def __init__(self, nb: str, en: str) -> None:
        super().__init__(en)
        self.nb, self.en = nb, en


@dataclass(frozen=True, slots=True)
class Place:
    """A cell: `table` is the sheet or file, `row` counts from 1 and `column` is its letter, as Excel shows them.

    `header` is what stands over the column, `content` what stands in the cell.
    """

    table: str
    row: int | None = None
    column: str | None = None
    header: str | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """One thing that is wrong; `severity` and `shape` are as in `plangraf.errors.DataProblem`."""

    place: Place
    message_nb: str
    message_en: str
    severity: str = "Violation"
    shape: str | None = None


def stops(problems: Iterable[SheetProblem]) -> bool:
    """Whether any of them is more than a warning."""
    return any(problem.severity == "Violation" for problem in problems)


def as_text(problems: Sequence[SheetProblem], *, every: bool = False) -> str:
    """The problems in Bokmål and in English, with a count at the end.

    Args:
        problems: what is told.
        every: each one by sheet, row and column, however many there are; else many are told by cause.
    """
    ordered = sorted(set(problems), key=_order)
    found = causes(ordered)
    lines: list[str] = []
    if not every and drowning(ordered, found):
        nb, en = ("årsak", "cause") if len(found) == 1 else ("årsaker", "causes")
        lines += [
            f"nb  {len(ordered)} funn med {len(found)} {nb}. «--all» viser hvert av dem.",
            f"en  {len(ordered)} findings with {len(found)} {en}. --all shows each of them.",
            "",
            *cause_lines(found, lambda one: (one.place.table, one.place.row), _example, _shape, ("rad", "row")),
        ]
        return "\n".join([*lines, _counts(ordered)])
    for table, of_table in groupby(ordered, key=lambda problem: problem.place.table):
        lines.append(table)
        for place, of_place in groupby(of_table, key=lambda problem: problem.place):
            if place.row is not None or place.column is not None:
                lines.append(f"  {_where(place)}")
            for problem in of_place:
                nb, en = SEVERITIES[problem.severity]
                lines += [f"    nb  {nb}: {problem.message_nb}", f"    en  {en}: {problem.message_en}"]
                if problem.shape:
                    lines.append(f"        {_shape(problem.shape)}")
        lines.append("")
    return "\n".join([*lines, _counts(ordered)])


def _order(problem: SheetProblem) -> tuple[object, ...]:
    place = problem.place
    column = place.column or ""
    return (place.table, place.row or 0, len(column), column, place.content or "", problem.shape or "",
            problem.message_en)  # fmt: skip


def _shape(iri: str) -> str:
    return compact(iri) if ":" in iri else iri


def _example(problem: SheetProblem) -> str:
    place = problem.place
    return f"{place.table}: {_where(place)}" if place.row is not None or place.column is not None else place.table


def _where(place: Place) -> str:
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


def _counts(problems: Sequence[SheetProblem]) -> str:
    counts = {name: sum(problem.severity == name for problem in problems) for name in SEVERITIES}
    nb = ", ".join(f"{SEVERITIES[name][0].lower()}: {count}" for name, count in counts.items() if count)
    en = ", ".join(f"{SEVERITIES[name][1].lower()}: {count}" for name, count in counts.items() if count)
    return f"nb  {nb}\nen  {en}"
