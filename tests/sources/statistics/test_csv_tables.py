"""CSV with a mapping file, and SDMX-CSV 1.0 and 2.x: exact numbers, counted repairs, defects with their line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from plangraf.sources.statistics.findings import Findings, Repair, TableError
from plangraf.sources.statistics.read.csv_mapping import read_mapping
from plangraf.sources.statistics.read.plain_csv import read_plain_csv
from plangraf.sources.statistics.read.sdmx_csv import is_sdmx_csv, read_sdmx_csv
from plangraf.sources.statistics.statistical_table import Table, Unit

MAPPING = """\
table: utslipp
label: Utslipp etter kommune og år
language: nb
source: Miljødirektoratet
licence: https://data.norge.no/nlod/no/2.0
dimensions:
  Region: {column: Nr, labels: Kommune, role: geo}
  Tid: {column: År, role: time}
value: {column: Tonn, unit: tonn, decimal: ",", thousands: " "}
status: Merknad
"""
CSV = """\
Nr;Kommune;År;Tonn;Merknad
0301;Oslo;2019;1 234 567,5;
0301;Oslo;2020;−12;*
5001;Trondheim;2019;..;
5001;Trondheim;2020;7;
"""


def plain(text: str, mapping: str = MAPPING) -> tuple[Table, tuple[Repair, ...]]:
    table, findings = read_plain_csv(text.encode(), "t.csv", read_mapping(mapping, Findings("t.yaml")))
    return table, findings.repairs


def defects(text: str, mapping: str = MAPPING) -> list[str]:
    with pytest.raises(TableError) as caught:
        plain(text, mapping)
    return [
        f"{problem.place.line}: {problem.en}" if problem.place.line else problem.en for problem in caught.value.problems
    ]


def by_codes(table: Table) -> dict[tuple[str, ...], tuple[Decimal | None, str | None]]:
    return {
        table.codes_at(position): (value, table.statuses.get(position))
        for position, value in zip(table.positions, table.values, strict=True)
    }


def test_a_csv_file_is_read_by_its_mapping() -> None:
    table, repairs = plain(CSV)
    assert by_codes(table) == {
        ("0301", "2019"): (Decimal("1234567.5"), None),
        ("0301", "2020"): (Decimal(-12), "*"),
        ("5001", "2019"): (None, ".."),
        ("5001", "2020"): (Decimal(7), None),
    }
    assert (table.name, table.unit, table.source) == ("utslipp", Unit("tonn"), "Miljødirektoratet")
    assert [code.label for code in table.dimensions[0].codes] == ["Oslo", "Trondheim"]
    assert {(one.en, one.count) for one in repairs} == {
        ("a decimal comma is read as a point", 1),
        ("separators between thousands are removed", 1),
        ("a typographic minus is read as a minus", 1),
    }


def test_years_as_columns_are_a_dimension() -> None:
    mapping = (
        MAPPING.replace("{column: År, role: time}", '{across: "[0-9]{4}", role: time}')
        .replace("column: Tonn, ", "")
        .replace("status: Merknad\n", "")
    )
    table, _ = plain("Nr;Kommune;2019;2020\n0301;Oslo;1;2\n5001;Trondheim;3;\n", mapping)
    assert by_codes(table) == {
        ("0301", "2019"): (Decimal(1), None),
        ("0301", "2020"): (Decimal(2), None),
        ("5001", "2019"): (Decimal(3), None),
    }


def test_another_encoding_is_read_when_the_mapping_names_it() -> None:
    text = CSV.replace("−", "-").replace("Trondheim", "Trøndelag")
    mapping = read_mapping(MAPPING + "encoding: cp1252\n", Findings("t.yaml"))
    table, _ = read_plain_csv(text.encode("cp1252"), "t.csv", mapping)
    assert table.dimensions[0].codes[1].label == "Trøndelag"
    with pytest.raises(TableError, match="Wanted text in utf-8"):
        read_plain_csv(text.encode("cp1252"), "t.csv", read_mapping(MAPPING, Findings("t.yaml")))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("1 234 567,5", "12 34", '2: Tonn: found "12 34". Wanted a number'),
        ("1 234 567,5", "1.234,5", '2: Tonn: found "1.234,5". Wanted a number'),
        ("1 234 567,5", "ca. 5", '2: Tonn: found "ca. 5". Wanted a number'),
        ("1 234 567,5", "1e30", "2: Tonn: found 1E+30. Wanted a number below 10^20 with at most 18 decimals."),
        ("0301;Oslo;2020", "0301;Oslo;2019", "3: 0301, 2019: found -12. Wanted one value for each key: line 2 has"),
        ("5001;Trondheim;2020", "5001;Tråante;2020", '5: Region: found "5001 Tråante". Wanted one name for each code'),
        (";7;", ";7", "5: row: found 4 cells. Wanted 5 cells."),
        ("Nr;Kommune", "Nr;Nr", '1: header: found "Nr". Wanted each column name once.'),
        (
            ";Tonn;",
            ";Kilo;",
            '1: value.column: found "Tonn". Wanted one of the columns: Nr, Kommune, År, Kilo, Merknad.',
        ),
        ("5001;Trondheim;2020", ";Trondheim;2020", '5: Region: found "". Wanted a code.'),
        ("0301;Oslo;2019", '"0301;Oslo;2019', "row: found"),
    ],
)
def test_a_defect_of_a_csv_file_is_told_with_its_line(old: str, new: str, expected: str) -> None:
    found = defects(CSV.replace(old, new))
    assert any(expected in one for one in found), found


def test_a_comma_that_the_mapping_does_not_name_is_a_defect() -> None:
    mapping = MAPPING.replace(', decimal: ",", thousands: " "', "")
    assert defects(CSV, mapping)[0].startswith('2: Tonn: found "1 234 567,5". Wanted a number; name the decimal sign')


def test_a_table_without_rows_is_a_selection_without_rows() -> None:
    assert defects("Nr;Kommune;År;Tonn;Merknad\n") == ["rows: found none. Wanted a row with a number."]


def test_a_unit_that_changes_in_a_series_is_a_defect() -> None:
    mapping = MAPPING.replace("unit: tonn", "unit_column: Enhet").replace("status: Merknad\n", "")
    text = "Nr;Kommune;År;Tonn;Enhet\n0301;Oslo;2019;1;tonn\n0301;Oslo;2020;2;kg\n"
    assert defects(text, mapping)[0] == "3: 0301: found unit kg. Wanted one unit in the series: line 2 has tonn."


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("table: [", "file: found"),
        (MAPPING + "colour: red\n", "colour: found"),
        (MAPPING.replace("label: Utslipp etter kommune og år\n", ""), "label: found"),
        (MAPPING.replace("column: Nr, ", ""), "dimensions.Region: found"),
        (MAPPING.replace("column: Tonn, ", ""), "file: found"),
        (MAPPING.replace('thousands: " "', 'thousands: ","'), "file: found"),
    ],
)
def test_a_mapping_file_that_cannot_be_used_is_told(mapping: str, expected: str) -> None:
    assert defects(CSV, mapping)[0].partition(": ")[2].startswith(expected) or defects(CSV, mapping)[0].startswith(
        expected
    )


SDMX_1 = """\
DATAFLOW,FREQ,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE,UNIT_MULT
OFFICE:DF_LABOUR(1.0),A,0301,UNEMP,2019,6.90,A,PT,0
OFFICE:DF_LABOUR(1.0),A,0301,UNEMP,2020,,M,PT,0
OFFICE:DF_LABOUR(1.0),A,0301,POP,2020,7,P,PS,3
"""
SDMX_2 = """\
STRUCTURE;STRUCTURE_ID;STRUCTURE_NAME;ACTION;FREQ: Frequency;REF_AREA: Area;TIME_PERIOD: Time;OBS_VALUE: Value
dataflow;OFFICE:DF_LABOUR(1.0);Labour market;I;A: Annual;0301: Oslo;2019: 2019;6.90
dataflow;OFFICE:DF_LABOUR(1.0);Labour market;I;A: Annual;0301: Oslo;2020: 2020;7
"""


def sdmx(text: str) -> Table:
    return read_sdmx_csv(text.encode(), "t.csv", language="en")[0]


def test_sdmx_csv_1_keeps_codes_as_text_and_numbers_exact() -> None:
    table = sdmx(SDMX_1)
    assert by_codes(table) == {
        ("A", "0301", "UNEMP", "2019"): (Decimal("6.90"), None),
        ("A", "0301", "UNEMP", "2020"): (None, "M"),
        ("A", "0301", "POP", "2020"): (Decimal(7), "P"),
    }
    assert [(one.code, one.role) for one in table.dimensions] == [
        ("FREQ", None),
        ("REF_AREA", "geo"),
        ("INDICATOR", "metric"),
        ("TIME_PERIOD", "time"),
    ]
    assert [code.unit for code in table.dimensions[2].codes] == [Unit("PT"), Unit("PS × 10^3")]
    assert (table.name, table.source) == ("DF_LABOUR", "OFFICE")


def test_sdmx_csv_2_with_labels_gives_names_to_codes_and_dimensions() -> None:
    table = sdmx(SDMX_2)
    assert by_codes(table)["A", "0301", "2019"] == (Decimal("6.90"), None)
    assert [(one.code, one.label) for one in table.dimensions][:2] == [("FREQ", "Frequency"), ("REF_AREA", "Area")]
    assert [code.label for code in table.dimensions[1].codes] == ["Oslo"]
    assert table.label == "Labour market"


def test_sdmx_csv_2_with_names_in_columns_of_their_own() -> None:
    table = sdmx(
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,SERIES_KEY,OBS_KEY,"
        "FREQ,Frequency,REF_AREA,Area,TIME_PERIOD,Time,OBS_VALUE,Value\n"
        "dataflow,O:T(1.0),Labour market,I,A.0301,A.0301.2019,A,Annual,0301,Oslo,2019,2019,6.90,6.90\n"
    )
    assert by_codes(table) == {("A", "0301", "2019"): (Decimal("6.90"), None)}
    assert [(one.code, one.label) for one in table.dimensions][:2] == [("FREQ", "Frequency"), ("REF_AREA", "Area")]
    assert [code.label for code in table.dimensions[1].codes] == ["Oslo"]
    assert table.label == "Labour market"


def test_sdmx_csv_of_eurostat_has_the_time_of_its_update_and_flags_as_attributes() -> None:
    table = sdmx(
        "DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
        "ESTAT:NAMA(1.0),20/02/24 11:00:00,A,CP_MEUR,NO,2020,1.5,p\n"
    )
    assert by_codes(table) == {("A", "CP_MEUR", "NO", "2020"): (Decimal("1.5"), "p")}
    assert [one.role for one in table.dimensions] == [None, None, "geo", "time"]


def test_an_empty_value_is_a_missing_one_without_a_reason_and_told() -> None:
    text = "DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE\nO:T(1.0),0301,2019,\nO:T(1.0),0301,2020,1\n"
    told = [("null without a status is read as a missing value without a reason", 1)]
    table, findings = read_sdmx_csv(text.encode(), "t.csv", language="en")
    assert by_codes(table)["0301", "2019"] == (None, None)
    assert [(one.en, one.count) for one in findings.repairs] == told
    table, repairs = plain("Nr;Kommune;År;Tonn;Merknad\n0301;Oslo;2019;;\n0301;Oslo;2020;7;\n")
    assert by_codes(table)["0301", "2019"] == (None, None)
    assert [(one.en, one.count) for one in repairs] == told


def test_an_empty_cell_across_columns_is_left_out_and_told() -> None:
    mapping = MAPPING.replace("{column: År, role: time}", '{across: "[0-9]{4}", role: time}')
    mapping = mapping.replace("{column: Tonn, ", "{").replace("status: Merknad\n", "")
    table, repairs = plain("Nr;Kommune;2019;2020\n0301;Oslo;;7\n", mapping)
    assert by_codes(table) == {("0301", "2020"): (Decimal(7), None)}
    assert [(one.en, one.count) for one in repairs] == [("an empty cell across columns is left out", 1)]


def test_control_characters_in_a_csv_file_become_spaces() -> None:
    table, repairs = plain(CSV.replace("Oslo", "Os\x07lo"))
    assert table.dimensions[0].codes[0].label == "Os lo"
    assert ("control characters in text are made spaces", 2) in [(one.en, one.count) for one in repairs]


def test_utf_16_is_read_when_the_mapping_names_it_and_a_nul_is_told() -> None:
    mapping = read_mapping(MAPPING + "encoding: utf-16\n", Findings("t.yaml"))
    assert read_plain_csv(CSV.encode("utf-16"), "t.csv", mapping)[0].values[0] == Decimal("1234567.5")
    assert defects(CSV.replace("Oslo", "Os\0lo")) == [
        "character 35: found NUL. Wanted text without the character NUL; the file is damaged, or has another encoding."
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SDMX_1.replace("OBS_VALUE", "VALUE"), "header: found"),
        (
            SDMX_1.replace("POP,2020", "UNEMP,2019"),
            "A, 0301, UNEMP, 2019: found 7. Wanted one value for each key: line 2 has 6.90.",
        ),
        (
            SDMX_1.replace("2020,,M,PT", "2020,,M,PS"),
            "A, 0301, UNEMP: found unit PS. Wanted one unit in the series: line 2 has PT.",
        ),
        (
            SDMX_2.replace(";I;A: Annual;0301: Oslo;2020", ";D;A: Annual;0301: Oslo;2020"),
            'ACTION: found "D". Wanted I, A, R or M',
        ),
        (
            SDMX_2.replace(
                "DF_LABOUR(1.0);Labour market;I;A: Annual;0301: Oslo;2020",
                "DF_X(1.0);Labour market;I;A: Annual;0301: Oslo;2020",
            ),
            "STRUCTURE_ID: found",
        ),
        (
            SDMX_1.replace("6.90", "6,90").replace("2019,6,90", '2019,"6,90"'),
            'OBS_VALUE: found "6,90". Wanted a number',
        ),
        (SDMX_1.replace("OFFICE:DF_LABOUR(1.0)", "?"), 'DATAFLOW: found "?". Wanted AGENCY:ID(VERSION).'),
    ],
)
def test_a_defect_of_sdmx_csv_is_told(text: str, expected: str) -> None:
    with pytest.raises(TableError) as caught:
        sdmx(text)
    found = [problem.en for problem in caught.value.problems]
    assert any(one.startswith(expected) for one in found), found


def test_sdmx_csv_is_recognised_by_its_first_column() -> None:
    assert is_sdmx_csv(SDMX_1.encode())
    assert is_sdmx_csv(b"\xef\xbb\xbf" + SDMX_2.encode())
    assert is_sdmx_csv(b"STRUCTURE[;],STRUCTURE_ID")
    assert not is_sdmx_csv(CSV.encode())
