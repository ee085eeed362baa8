"""Builds a table from rows that name their codes: the order of codes is that of their first occurrence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import prod

from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.read.roles import with_roles
from plangraf.sources.statistics.statistical_table import Code, Dimension, Role, Unit, strides


@dataclass(slots=True)
class _Growing:
    """A dimension while rows are read: code → (place, label)."""

    code: str
    label: str
    role: Role | None
    places: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Built:
    """What the rows give to a table."""

    dimensions: tuple[Dimension, ...]
    positions: Sequence[int]
    values: Sequence[Decimal | None]
    statuses: dict[int, str]
    unit: Unit | None


class TableBuilder:
    """Collects rows, and reports two values for one key and a unit that changes in a series."""

    def __init__(self, dimensions: Sequence[tuple[str, str, Role | None]], findings: Findings) -> None:
        """`dimensions` gives code, label and role of each."""
        self._dimensions = [_Growing(*one) for one in dimensions]
        self._findings = findings
        self._rows: dict[tuple[int, ...], tuple[Decimal | None, str | None, int]] = {}
        self._units: dict[tuple[str, ...], tuple[str, int]] = {}
        self._time = next((place for place, one in enumerate(self._dimensions) if one.role == "time"), None)

    def add(
        self,
        codes: Sequence[str],
        labels: Sequence[str | None],
        value: Decimal | None,
        status: str | None,
        line: int,
        unit: str | None = None,
    ) -> None:
        """Adds one row; `codes` and `labels` are in the order of the dimensions."""
        key = []
        for one, code, label in zip(self._dimensions, codes, labels, strict=True):
            if not code:
                self._findings.wrong(one.code, "", "en kode", "a code", line)
            key.append(one.places.setdefault(code, len(one.places)))
            if label and one.labels.setdefault(code, label) != label:
                self._findings.wrong(
                    one.code,
                    f"{code} {label}",
                    f"ett navn for hver kode: «{one.labels[code]}»",
                    f'one name for each code: "{one.labels[code]}"',
                    line,
                )
        known = self._rows.setdefault(tuple(key), (value, status, line))
        if known[2] != line:
            self._findings.wrong(
                ", ".join(codes),
                f"{_shown(value, status)}",
                f"én verdi for hver nøkkel: linje {known[2]} har {_shown(known[0], known[1])}",
                f"one value for each key: line {known[2]} has {_shown(known[0], known[1])}",
                line,
            )
        if unit:
            self._unit(codes, unit, line)

    def _unit(self, codes: Sequence[str], unit: str, line: int) -> None:
        series = tuple(code for place, code in enumerate(codes) if place != self._time)
        known = self._units.setdefault(series, (unit, line))
        if known[0] != unit:
            self._findings.wrong(
                ", ".join(series),
                f"unit {unit}",
                f"én enhet i serien: linje {known[1]} har {known[0]}",
                f"one unit in the series: line {known[1]} has {known[0]}",
                line,
            )

    def build(self, unit: Unit | None = None) -> Built:
        """The dimensions and observations.

        Args:
            unit: the unit of the rows that name none.
        Raises:
            TableError: there is no row, or an earlier defect.
        """
        if not self._rows:
            self._findings.wrong("rows", "none", "minst én rad med et tall", "a row with a number")
        self._findings.stop()
        made = [
            Dimension(one.code, one.label, tuple(Code(code, one.labels.get(code)) for code in one.places), one.role)
            for one in self._dimensions
        ]
        dimensions = with_roles(made, self._findings)
        contents = next((place for place, one in enumerate(dimensions) if one.role == "metric"), None)
        if contents is None:
            unit = self._common_unit(unit)
        else:
            changed = replace(dimensions[contents], codes=self._codes_with_units(dimensions[contents], contents, unit))
            dimensions = (*dimensions[:contents], changed, *dimensions[contents + 1 :])
        self._findings.stop()
        return Built(dimensions, *self._observations(), unit)

    def _common_unit(self, unit: Unit | None) -> Unit | None:
        """The unit of a table without a contents dimension: the one of the mapping, else the one that rows name."""
        named = sorted({base for base, _ in self._units.values()})
        if len(named) > 1:
            self._findings.wrong(
                "unit",
                ", ".join(named),
                "én enhet, eller en dimensjon med «role: metric» som skiller dem",
                "one unit, or a dimension with `role: metric` that tells them apart",
            )
        if not named:
            return unit
        return Unit(named[0], unit.decimals if unit else None)

    def _codes_with_units(self, contents: Dimension, place: int, unit: Unit | None) -> tuple[Code, ...]:
        """The contents codes, each with the unit of its rows, else with that of the mapping."""
        # A series leaves out the time dimension.
        place -= self._time is not None and self._time < place
        of_code: dict[str, set[str]] = {}
        for series, (base, _) in self._units.items():
            of_code.setdefault(series[place], set()).add(base)
        made = []
        for code in contents.codes:
            named = sorted(of_code.get(code.code, ()))
            if len(named) > 1:
                self._findings.wrong(
                    code.code, ", ".join(named), "én enhet for hvert innhold", "one unit for each kind of contents"
                )
            decimals = unit.decimals if unit else None
            made.append(replace(code, unit=Unit(named[0], decimals) if named else unit))
        return tuple(made)

    def _observations(self) -> tuple[list[int], list[Decimal | None], dict[int, str]]:
        steps = strides([len(one.places) for one in self._dimensions])
        by_position = {
            sum(place * step for place, step in zip(key, steps, strict=True)): (value, status)
            for key, (value, status, _) in self._rows.items()
        }
        assert len(by_position) == len(self._rows) <= prod(len(one.places) for one in self._dimensions)
        positions = sorted(by_position)
        statuses = {place: status for place in positions if (status := by_position[place][1])}
        return positions, [by_position[place][0] for place in positions], statuses


def _shown(value: Decimal | None, status: str | None) -> str:
    return f"{value}" if value is not None else status or "null"
