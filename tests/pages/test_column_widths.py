"""Columns of a table have room for their words, and the widths of a table belong together."""

from __future__ import annotations

import re

import pytest

from plangraf.pages.column_widths import ColumnWidths, column_widths, extent, word_width
from small_home import ROOT

STYLE = (ROOT / "service" / "plangraf" / "pages" / "styles" / "tables.css").read_text(encoding="utf-8")


def widths(titles: list[str], *rows: list[str]) -> ColumnWidths:
    return column_widths(titles, ([extent([text]) for text in row] for row in rows))


@pytest.mark.parametrize("number", [1, 2, 3, 7, 11, 30])
def test_the_parts_of_a_table_fill_it(number: int) -> None:
    found = widths(["Nr."] * number, ["ord " * n for n in range(number)], ["sårbarhetsanalyse"] * number)
    assert sum(found.parts) == 200
    assert min(found.parts) > 0


def test_at_its_least_width_each_column_has_room_for_its_longest_word() -> None:
    rows = [["Kommunedelplan", "7", "risiko- og sårbarhetsanalyse"], ["En plan med et langt navn " * 4, "12", ""]]
    found = widths(["Plan", "Nr.", "Plantype"], *rows)
    for part, word in zip(found.parts, ("Kommunedelplan", "12", "sårbarhetsanalyse"), strict=True):
        assert found.least * part / 200 > word_width(word)


def test_a_column_of_long_texts_is_wider_than_one_of_short_texts() -> None:
    found = widths(["Name", "Year"], ["A name of several short words that go on and on", "2020"])
    assert found.parts[0] > 3 * found.parts[1]


def test_long_words_and_empty_columns_do_not_widen_a_table() -> None:
    assert widths(["", ""], ["x" * 500, ""]).least < 60
    assert widths(["Title"]).parts == [200]


def test_the_styles_have_every_width() -> None:
    declared = {int(number) for number in re.findall(r"\.w([0-9]+) ", STYLE)}
    assert declared == set(range(1, 201))
    least = {int(number) for number in re.findall(r"\.n([0-9]+) ", STYLE)}
    many = [widths(["Sårbarhetsanalyse"] * number, ["ord"] * number).style for number in range(1, 40)]
    assert {int(style.removeprefix("steady n")) for style in many} <= least
