"""Joins the parts of one table that was fetched in pieces, because offices limit the cells of one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.statistical_table import Code, Dimension, Table, strides


def join(tables: Sequence[Table]) -> Table:
    """One table with the codes and values of all parts.

    Args:
        tables: at least one; their dimensions are the same, their codes may differ.
    Raises:
        TableError: the parts are of different tables or times, or disagree about a value.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    findings = Findings(first.name)
    for number, other in enumerate(tables[1:], 2):
        _compare(first, other, f"part {number}", findings)
    findings.stop()
    dimensions = tuple(
        replace(first.dimensions[place], codes=_codes([table.dimensions[place] for table in tables], findings))
        for place in range(len(first.dimensions))
    )
    findings.stop()
    values: dict[int, Decimal | None] = {}
    statuses: dict[int, str] = {}
    for number, table in enumerate(tables, 1):
        _add(table, f"part {number}", dimensions, values, statuses, findings)
    findings.stop()
    positions: Sequence[int] = sorted(values)
    return replace(
        first,
        dimensions=dimensions,
        positions=positions,
        values=[values[place] for place in positions],
        statuses=statuses,
        notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
    )


def _compare(first: Table, other: Table, part: str, findings: Findings) -> None:
    shape = [[(one.code, one.role) for one in table.dimensions] for table in (first, other)]
    for place, wanted, found in (
        ("table", first.name, other.name),
        ("language", first.language, other.language),
        ("updated", first.updated, other.updated),
        ("dimensions", shape[0], shape[1]),
    ):
        if wanted != found:
            findings.wrong(
                f"{part}, {place}",
                found,
                f"{wanted}, som i første del; hent alle deler på nytt",
                f"{wanted}, as in the first part; fetch all parts again",
            )


def _codes(parts: Sequence[Dimension], findings: Findings) -> tuple[Code, ...]:
    found: dict[str, Code] = {}
    for part in parts:
        for code in part.codes:
            known = found.setdefault(code.code, code)
            if known != code:
                findings.wrong(
                    f"{part.code} {code.code}",
                    f"{code.label}, {code.unit}",
                    f"det samme i alle deler: {known.label}, {known.unit}",
                    f"the same in all parts: {known.label}, {known.unit}",
                )
    return tuple(found.values())


def _add(
    table: Table,
    part: str,
    dimensions: Sequence[Dimension],
    values: dict[int, Decimal | None],
    statuses: dict[int, str],
    findings: Findings,
) -> None:
    """Adds the values of one part under their positions in the whole."""
    steps = strides([len(one.codes) for one in dimensions])
    places = [
        {code.code: number * step for number, code in enumerate(one.codes)}
        for one, step in zip(dimensions, steps, strict=True)
    ]
    moved = [[place[code.code] for code in one.codes] for place, one in zip(places, table.dimensions, strict=True)]
    own = table.strides
    for position, value in zip(table.positions, table.values, strict=True):
        rest, target = position, 0
        for step, targets in zip(own, moved, strict=True):
            place, rest = divmod(rest, step)
            target += targets[place]
        status = table.statuses.get(position)
        if target in values and (values[target], statuses.get(target)) != (value, status):
            findings.wrong(
                f"{part}, {', '.join(table.codes_at(position))}",
                value if value is not None else status,
                f"én verdi for hver nøkkel: en tidligere del har {values[target]}",
                f"one value for each key: an earlier part has {values[target]}",
            )
        values[target] = value
        if status is not None:
            statuses[target] = status
