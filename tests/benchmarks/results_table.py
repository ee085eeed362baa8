"""Computes the table: medians over the rounds, and the ratio of each peer to plangraf.

A ratio above 1 means that plangraf is faster or needs less. It is the peer's time divided by ours, or our answers per
second divided by the peer's.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import HEAVY, POINT, Findings, Sample
from benchmarks.workload import Template

_HIGHER_IS_BETTER = {"rps"}


@dataclass(frozen=True, slots=True)
class Line:
    """The definition of one row: field and measure."""

    label: str
    unit: str
    measure: str
    field: str


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` is the median over the rounds, None without a sample; `ratio` compares with plangraf."""

    value: float | None
    ratio: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    line: Line
    cells: Mapping[str, Cell]


def lines(templates: Iterable[Template], clients: int, longest: int) -> list[Line]:
    """The definitions of the rows in order. `longest` is the number of rows in the longest result."""
    found = []
    for template in templates:
        if template.any_rows:
            continue
        found += [
            Line(f"{template.summary}: first execution", "ms", f"{template.name}/first", "p50"),
            Line("… unseen, p50", "ms", f"{template.name}/unseen", "p50"),
            Line("… unseen, p99", "ms", f"{template.name}/unseen", "p99"),
            Line("… seen before, p50", "ms", f"{template.name}/seen", "p50"),
        ]
    for key, name in (("statements.json", "SPARQL JSON"), ("statements.csv", "CSV")):
        found += [
            Line(f"{number(longest)} rows as {name}: whole", "ms", key, "p50"),
            Line("… first byte", "ms", key, "first_byte"),
        ]
    for measure, label in (
        (f"{POINT}/unseen/clients", f"one plan, unseen, {clients} clients"),
        (f"{POINT}/seen/clients", f"one plan, seen before, {clients} clients"),
        (f"{HEAVY}/unseen/clients", f"matrix, unseen, {clients} clients"),
        (f"{HEAVY}/seen/clients", f"matrix, seen before, {clients} clients"),
        ("mix", "mix, 1 client"),
        ("mix/clients", f"mix, {clients} clients"),
    ):
        found += [
            Line(label, "answers/s", measure, "rps"),
            Line("… p50", "ms", measure, "p50"),
            Line("… p99", "ms", measure, "p99"),
        ]
    return [
        *found,
        Line("start with the data loaded", "s", "load", "seconds"),
        Line("peak memory (PSS of the process tree)", "MiB", "memory", "mib"),
    ]


def rows(wanted: Iterable[Line], findings: Findings, peers: Sequence[str], absent: Mapping[str, str]) -> list[Row]:
    """The table's rows.

    Args:
        wanted: what to show.
        findings: what was measured.
        peers: names of the columns; the first is what the others are compared with.
        absent: why a peer is not there, by its name.
    """
    by_place: dict[tuple[str, str], list[Sample]] = {}
    for sample in findings.samples:
        by_place.setdefault((sample.measure, sample.peer), []).append(sample)
    found = []
    for line in wanted:
        verdicts = findings.verdicts.get(line.measure.split("/")[0], {})
        ours = _cell(by_place.get((line.measure, peers[0]), []), line.field, verdicts.get(peers[0], ""), None)
        cells = {peers[0]: ours}
        for peer in peers[1:]:
            samples = by_place.get((line.measure, peer), [])
            cells[peer] = (
                Cell(None, note="absent")
                if peer in absent
                else _cell(samples, line.field, verdicts.get(peer, ""), ours.value)
            )
        found.append(Row(line, cells))
    return found


def ratio(ours: float, theirs: float, field: str) -> float:
    """The factor by which plangraf is better."""
    return ours / theirs if field in _HIGHER_IS_BETTER else theirs / ours


def markdown(found: Sequence[Row], peers: Sequence[str]) -> str:
    """The table in Markdown, with the ratios after the values."""
    head = ["", "unit", *peers]
    body = [[row.line.label, row.line.unit, *(_shown(row.cells[peer]) for peer in peers)] for row in found]
    written = [head, ["---", "---", *(["---:"] * len(peers))], *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in written)


def number(value: float) -> str:
    """A number with three significant digits and without an exponent."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cell(samples: Sequence[Sample], field: str, verdict: str, ours: float | None) -> Cell:
    values = [sample.values[field] for sample in samples if field in sample.values]
    failed = sum(sample.values.get("failed", 0) for sample in samples)
    notes = [verdict] if verdict in ("wrong", "disputed") else []
    notes += [f"{failed:.0f} failed"] if failed else []
    if not values or verdict == "wrong":
        notes += [sample.note for sample in samples[:1] if sample.note and not failed and sample.note not in notes]
        return Cell(None, note=", ".join(notes))
    value = statistics.median(values)
    return Cell(value, ratio(ours, value, field) if ours and value else None, ", ".join(notes))


def _shown(cell: Cell) -> str:
    if cell.value is None:
        return cell.note or "–"
    parts = [number(cell.value), f"(×{number(cell.ratio)})" if cell.ratio is not None else "", cell.note]
    return " ".join(part for part in parts if part)
