"""The parts of one table become one table, or tell why they are not of one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from json_stat_tables import table, written

from plangraf.sources.statistics.findings import TableError
from plangraf.sources.statistics.join import join
from plangraf.sources.statistics.read.json_stat import read_json_stat
from plangraf.sources.statistics.statistical_table import Table


def part(*years: str, **changes: Any) -> Table:
    """A part with some years of the table."""
    document = table(
        size=[2, 2, len(years)],
        dimension__Tid__category={"index": list(years)},
        value=[int(year) * 10 + number for number in range(4) for year in years],
        status={},
    )
    for path, value in changes.items():
        document[path] = value
    return read_json_stat(written(document), "part.json")[0]


def test_parts_with_different_years_become_one_table() -> None:
    found = join([part("2018", "2019"), part("2020")])
    assert [code.code for code in found.dimensions[2].codes] == ["2018", "2019", "2020"]
    values = {found.codes_at(at): value for at, value in zip(found.positions, found.values, strict=True)}
    assert len(values) == 12
    assert values["5001", "Antall", "2018"] == Decimal(20180)
    assert values["0301", "Andel", "2020"] == Decimal(20203)


def test_one_part_is_the_table() -> None:
    only = part("2020")
    assert join([only]) is only


def test_an_equal_value_in_two_parts_is_kept_once() -> None:
    assert len(join([part("2019", "2020"), part("2020")]).positions) == 8


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (part("2020", updated="2026-02-01T07:00:00Z"), "part 2, updated: found"),
        (part("2020", extension={"px": {"tableid": "09999", "language": "no"}}), "part 2, table: found"),
        (part("2019", value=[1, 2, 3, 4]), "part 2, 5001, Antall, 2019: found 1. Wanted one value for each key"),
    ],
)
def test_parts_that_are_not_of_one_table_are_told(other: Table, expected: str) -> None:
    with pytest.raises(TableError) as caught:
        join([part("2019"), other])
    assert caught.value.problems[0].en.startswith(expected)


def test_a_unit_that_differs_between_parts_is_told() -> None:
    document = table(
        dimension__Innhold__category__unit={"Antall": {"base": "1000 personer"}, "Andel": {"base": "prosent"}}
    )
    with pytest.raises(
        TableError,
        match=r"Innhold Antall: found Ledige, 1000 personer\. Wanted the same in all parts: Ledige, personer, 0",
    ):
        join([part("2018"), read_json_stat(written(document), "part.json")[0]])
