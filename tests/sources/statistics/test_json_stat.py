"""JSON-stat 2.0 in all forms that offices write, and each defect with its place, what was found and what was wanted."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from json_stat_tables import table, written

from plangraf.sources.statistics.findings import MOST_DEFECTS, Repair, TableError
from plangraf.sources.statistics.read.json_stat import read_json_stat
from plangraf.sources.statistics.statistical_table import Note, Table, Unit

VALUES = [Decimal(1500), None, Decimal("2.1"), Decimal("2.25"), Decimal(7), Decimal(8), Decimal("9.0"), Decimal(0)]


def read(document: dict[str, Any] | bytes, **options: str) -> Table:
    content = document if isinstance(document, bytes) else written(document)
    return read_json_stat(content, "table.json", **options)[0]


def repairs(document: dict[str, Any]) -> tuple[Repair, ...]:
    return read_json_stat(written(document), "table.json")[1].repairs


def defects(document: dict[str, Any] | bytes) -> list[str]:
    with pytest.raises(TableError) as caught:
        read(document)
    assert all(problem.nb and problem.nb != problem.en for problem in caught.value.problems)
    return [problem.en for problem in caught.value.problems]


def test_a_table_keeps_codes_labels_units_and_exact_numbers() -> None:
    found = read(table())
    assert (found.name, found.language, found.source) == ("05111", "nb", "Statistisk sentralbyrå")
    assert [(one.code, one.role) for one in found.dimensions] == [
        ("Region", "geo"),
        ("Innhold", "metric"),
        ("Tid", "time"),
    ]
    assert [(code.code, code.label) for code in found.dimensions[0].codes] == [("5001", "Trondheim"), ("0301", "Oslo")]
    count, share = found.dimensions[1].codes
    assert (count.unit, share.unit) == (Unit("personer", 0), Unit("prosent", 1))
    assert (count.reference_time, count.measuring_type, count.price_type) == ("31.12.", "Stock", "NotApplicable")
    assert list(found.values) == VALUES
    assert str(found.values[6]) == "9.0"
    assert dict(found.statuses) == {1: ".."}
    assert found.codes_at(3) == ("5001", "Andel", "2020")


def test_a_number_beyond_the_precision_of_a_double_is_exact() -> None:
    content = written(table()).replace(b"2.25", b"12345678901234567.123456789")
    assert read(content).values[3] == Decimal("12345678901234567.123456789")


def test_sparse_values_leave_out_what_has_neither_value_nor_status() -> None:
    found = read(table(value={"0": 1500, "2": 2.1, "7": 0}, status={"1": ".."}))
    assert list(found.positions) == [0, 1, 2, 7]
    assert list(found.values) == [Decimal(1500), None, Decimal("2.1"), Decimal(0)]


def test_one_status_for_all_is_that_of_the_sparse_values_only() -> None:
    assert dict(read(table(value={"0": 1, "5": 2}, status="p")).statuses) == {0: "p", 5: "p"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"1": "..", "3": ":"}, {1: "..", 3: ":"}),
        (["", "..", None, "", "", "", "", ""], {1: ".."}),
        ("p", dict.fromkeys(range(8), "p")),
    ],
    ids=["object", "array", "text"],
)
def test_a_status_is_read_in_each_form(status: Any, expected: dict[int, str]) -> None:
    assert dict(read(table(status=status)).statuses) == expected


def test_a_null_without_a_status_is_a_missing_value_and_a_repair() -> None:
    document = table(status=None)
    assert read(document).values[1] is None
    assert [(one.en, one.count) for one in repairs(document)] == [
        ("null without a status is read as a missing value without a reason", 1)
    ]


def test_an_index_may_be_absent_when_there_is_one_code() -> None:
    document = table(
        dimension__Tid__category={"label": {"2019": "2019"}}, size=[2, 2, 1], value=[1, 2, 3, 4], status={}
    )
    assert [code.code for code in read(document).dimensions[2].codes] == ["2019"]


def test_an_index_as_an_object_orders_the_codes() -> None:
    document = table(dimension__Region__category__index={"0301": 1, "5001": 0})
    assert [code.code for code in read(document).dimensions[0].codes] == ["5001", "0301"]


@pytest.mark.parametrize(
    ("role", "dimension", "meaning"),
    [("geo", "Region", "areas"), ("time", "Tid", "periods"), ("metric", "Innhold", "contents")],
)
def test_a_role_that_is_missing_is_found_and_told(role: str, dimension: str, meaning: str) -> None:
    document = table()
    del document["role"][role]
    assert [(one.code, one.role) for one in read(document).dimensions if one.role == role] == [(dimension, role)]
    assert repairs(document)[0].en == f"dimension {dimension} is read as {meaning}, which the source does not say"


@pytest.mark.parametrize(
    "name", ["Bosted", "Bostedskommune", "Tettsted", "Grunnkretser", "KOKkommuneregion0000", "Kommune"]
)
def test_a_dimension_of_areas_is_known_by_its_name(name: str) -> None:
    text = json.dumps(table(role={"time": ["Tid"], "metric": ["Innhold"]}), ensure_ascii=False)
    found = read(json.loads(text.replace('"Region"', f'"{name}"').replace('"region"', '"xx"')))
    assert [one.code for one in found.dimensions if one.role == "geo"] == [name]


def test_of_two_dimensions_of_areas_the_first_has_the_role_and_the_other_codes() -> None:
    document = json.loads(json.dumps(table()).replace('"Innhold"', '"Arbeidssted"'))
    document["role"] = {"time": ["Tid"], "geo": ["Region", "Arbeidssted"]}
    assert [one.role for one in read(document).dimensions][0::2] == ["geo", "time"]
    told = [repair.en for repair in repairs(document)]
    assert "dimension Arbeidssted is read as codes, because the table has two dimensions of areas" in told


@pytest.mark.parametrize("escape", ["\\ud800", "\\uDC00", "a\\\\\\ud83dx"])
def test_half_a_surrogate_is_told(escape: str) -> None:
    content = json.dumps(table(), ensure_ascii=False).replace("Ledige", escape)
    with pytest.raises(TableError, match="half a surrogate cannot be stored"):
        read_json_stat(content.encode(), "t.json")


def test_control_characters_become_spaces_in_text_and_are_told_in_codes() -> None:
    document = table(dimension__Innhold__category__label={"Antall": "Ledi\x07ge\x00", "Andel": "Andel\tledige"})
    assert [code.label for code in read(document).dimensions[1].codes] == ["Ledi ge", "Andel ledige"]
    assert [(one.en, one.count) for one in repairs(document)] == [("control characters in text are made spaces", 1)]
    codes = json.loads(json.dumps(table()).replace("Antall", "An\\u0007tall"))
    assert any("Wanted a code without control characters" in one for one in defects(codes))


def test_a_character_beyond_the_first_plane_and_an_escaped_backslash_are_text() -> None:
    content = json.dumps(table(label="\U0001f171 \\\\ud800"))
    found, _ = read_json_stat(content.encode(), "t.json")
    assert found.label == "\U0001f171 \\\\ud800"


def test_notes_are_read_from_tables_dimensions_and_codes_in_both_forms() -> None:
    document = table(
        note=["Om tabellen."],
        extension__noteMandatory={"0": True},
        dimension__Tid__note=["Om året."],
        dimension__Region__extension={
            "note": [{"mandatory": True, "text": "Om området."}],
            "valueNote": {"0301": [{"mandatory": False, "text": "Om Oslo."}]},
        },
    )
    assert set(read(document).notes) == {
        Note("Om tabellen.", True),
        Note("Om året.", False, "Tid"),
        Note("Om området.", True, "Region"),
        Note("Om Oslo.", False, "Region", "0301"),
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": None}, 'version: found null. Wanted "2.0".'),
        ({"version": "1.3"}, 'version: found "1.3". Wanted "2.0".'),
        ({"class": "collection"}, 'class: found "collection". Wanted "dataset".'),
        ({"value": [1, 2, 3]}, "value: found 3 values. Wanted 8 (2 × 2 × 2); fetch the table again."),
        ({"value": [1, 2, "3", 4, 5, 6, 7, 8]}, 'value[2]: found "3". Wanted a number or null.'),
        ({"value": [1, 2, True, 4, 5, 6, 7, 8]}, "value[2]: found True. Wanted a number or null."),
        ({"value": {"0": 1, "8": 2}}, 'value.8: found "8". Wanted a position from 0 to 7.'),
        ({"value": {"0": 1, "00": 2}}, 'value.00: found "00". Wanted each position once.'),
        ({"value": {"x": 1}}, 'value.x: found "x". Wanted a position from 0 to 7.'),
        ({"value": []}, "value: found null. Wanted a list or an object of numbers; this may be metadata"),
        ({"value": [None] * 8, "status": {}}, "value: found no value. Wanted a number: the selection has no row."),
        ({"status": {"8": ".."}}, 'status.8: found "8". Wanted a position from 0 to 7.'),
        ({"status": [".."]}, "status: found 1 statuses. Wanted 8, one a value."),
        ({"status": {"1": 2}}, "status[1]: found 2. Wanted a symbol as text."),
        ({"status": 7}, "status: found 7. Wanted an object, a list or a text."),
        ({"size": [2, 2]}, "size: found [2, 2]. Wanted 3 whole numbers, one a dimension."),
        ({"size": [2, 2, 3]}, "dimension.Tid.category.index: found 2 codes. Wanted 3, as `size` says."),
        ({"id": ["Region", "Innhold", "Innhold"]}, 'id: found "Innhold". Wanted each dimension once.'),
        ({"id": []}, "id: found []. Wanted a list of the dimensions' names."),
        ({"dimension__Tid": None}, "dimension.Tid: found null. Wanted a description with `category`."),
        ({"role__geo": ["Sted"]}, 'role.geo: found "Sted". Wanted a dimension of `id`.'),
        ({"role__geo": ["Tid"]}, 'role.geo: found "Tid". Wanted one role for each dimension.'),
        (
            {"dimension__Tid__category__index": {"2019": 0, "2020": 0}},
            'dimension.Tid.category.index.2020: found 0. Wanted a place of its own: "2019" has it.',
        ),
        (
            {"dimension__Tid__category__index": {"2019": 0, "2020": 2}},
            "dimension.Tid.category.index.2020: found 2. Wanted a place from 0 to 1.",
        ),
        (
            {"dimension__Innhold__category__index": ["Antall", "Antall"]},
            'dimension.Innhold.category.index: found "Antall". Wanted each code once.',
        ),
        (
            {"dimension__Innhold__category__index": ["Antall", 7]},
            "dimension.Innhold.category.index[1]: found 7. Wanted a code as text.",
        ),
        (
            {"dimension__Tid__category__index": None},
            "dimension.Tid.category.index: found null. Wanted `index`; only one code may lack it.",
        ),
        (
            {"dimension__Tid__category__label": {"2021": "2021"}},
            'dimension.Tid.category.label: found "2021". Wanted only codes of `index`.',
        ),
        (
            {"dimension__Innhold__category__unit": {"Antall": {"base": "personer", "decimals": -1}}},
            "dimension.Innhold.category.unit.Antall.decimals: found -1. Wanted a whole number, 0 or more.",
        ),
        ({"updated": "i går"}, 'updated: found "i går". Wanted a time such as 2026-01-31T07:00:00Z.'),
        (
            {"extension__px": {"language": "no"}},
            "extension.px.tableid: found null. Wanted its number; give it with --table.",
        ),
        (
            {"extension__px": {"tableid": "05111"}},
            "extension.px.language: found null. Wanted the language of the labels; give it with --language",
        ),
        ({"label": ""}, 'label: found "". Wanted the title of the table.'),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, dict) else "",
)
def test_a_defect_is_told_with_place_found_and_wanted(changes: dict[str, Any], expected: str) -> None:
    found = defects(table(**changes))
    assert any(one.startswith(expected) for one in found), found


def test_all_defects_are_told_at_once() -> None:
    found = defects(
        table(version="1.0", role__geo=["Sted"], status={"9": ".."}, dimension__Tid__category__label={"x": "y"})
    )
    assert len(found) == 3  # the status waits until the dimensions are right
    assert len(defects(table(value=["x"] * 8))) == 8


def test_a_size_of_nothing_is_a_selection_without_rows() -> None:
    document = table(size=[2, 2, 0], dimension__Tid__category={"index": [], "label": {}}, value=[], status={})
    assert "size (Tid): found 0. Wanted at least one code: the selection has no row." in defects(document)


def test_very_many_defects_stop_at_a_limit() -> None:
    codes = [str(number) for number in range(1000)]
    document = table(dimension__Region__category={"index": codes}, size=[1000, 2, 2], value=["x"] * 4000, status={})
    assert len(defects(document)) == MOST_DEFECTS


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "file: found 0 bytes"),
        (b"  \n", "file: found white space"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "file: found an HTML page: <!DOCTYPE html>"),
        (b"<?xml version='1.0'?><error/>", "file: found XML"),
        (b"\x1f\x8b\x08\x00", "file: found gzip"),
        (b"PK\x03\x04", "file: found zip (XLSX)"),
        ("{}".encode("utf-16"), "file: found UTF-16"),
        (b'{"label": "\xe5"}', "byte 11: found invalid"),
        (b"[1, 2]", "file: found list"),
        (b'{"value": [1, NaN]}', 'value: found "NaN"'),
        (b'{"version": "2.0", "version": "2.0"}', '"version": found the same name twice'),
        (b'{"dataset": {"dimension": {}}}', "file: found JSON-stat 1"),
        (b'{"type": "about:blank", "title": "Too many", "status": 429}', "file: found an error of the service: 429"),
    ],
    ids=lambda one: "" if isinstance(one, bytes) else one,
)
def test_content_that_is_not_a_table_is_named(content: bytes, expected: str) -> None:
    (first, *_) = defects(content)
    assert first.startswith(expected), first


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_download_is_told(kept: float) -> None:
    content = written(table())
    (only,) = defects(content[: int(len(content) * kept)])
    assert "the download probably broke off, fetch the file again" in only or "valid JSON; fetch the file again" in only


@pytest.mark.parametrize("number", ["1e20", "-1e30", "0.1234567890123456789"])
def test_a_number_that_the_engine_would_change_is_refused(number: str) -> None:
    (only,) = defects(written(table()).replace(b"2.25", number.encode()))
    assert only.endswith("Wanted a number below 10^20 with at most 18 decimals.")
