"""Areas over time: mergers, splits and new numbers from Klass or a table of the same columns, joined by dates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_lists import DAY, entries, link_text, mapping_file, repairs, settings, values

from plangraf.errors import ListError
from plangraf.sources.lists.linking import Outcome, link

ID = "https://w3id.org/plangraf/id/"
KLASS: dict[str, object] = {"kind": "areas", "label": [], "read": {"format": "klass"}}


def day(text: str) -> str:
    return f'"{text}"^^<http://www.w3.org/2001/XMLSchema#date>'


def municipality(number: str) -> str:
    return f"{ID}{number}/municipality/{number}"


def code(number: str, name: str, start: str, end: str | None = None) -> dict[str, object]:
    """As Klass writes one: validFrom and validTo are null, the requested range has the days."""
    return {
        "code": number,
        "parentCode": None,
        "level": "1",
        "name": name,
        "validFrom": None,
        "validTo": None,
        "validFromInRequestedRange": start,
        "validToInRequestedRange": end or "2026-01-01",
    }


def change(old: str, new: str, on: str) -> dict[str, object]:
    return {"oldCode": old, "oldName": "", "newCode": new, "newName": "", "changeOccurred": on}


CODES = [
    # Klæbu becomes part of Trondheim, whose name then also gets its Southern Sámi form.
    code("1601", "Trondheim", "2012-01-01", "2018-01-01"),
    code("5001", "Trondheim", "2018-01-01", "2023-01-01"),
    code("5001", "Trondheim - Tråante", "2023-01-01"),
    code("1662", "Klæbu", "2012-01-01", "2018-01-01"),
    code("5030", "Klæbu", "2018-01-01", "2020-01-01"),
    # Haram becomes part of Ålesund in 2020, and a municipality of its own again in 2024.
    code("1534", "Haram", "2012-01-01", "2020-01-01"),
    code("1504", "Ålesund", "2012-01-01", "2020-01-01"),
    code("1507", "Ålesund", "2020-01-01", "2024-01-01"),
    code("1508", "Ålesund", "2024-01-01"),
    code("1580", "Haram", "2024-01-01"),
    # Two counties become Trøndelag; Viken comes and goes.
    code("16", "Sør-Trøndelag", "2012-01-01", "2018-01-01"),
    code("17", "Nord-Trøndelag", "2012-01-01", "2018-01-01"),
    code("50", "Trøndelag - Trööndelage", "2018-01-01"),
    code("30", "Viken", "2020-01-01", "2024-01-01"),
    code("31", "Østfold", "2024-01-01"),
    code("32", "Akershus", "2024-01-01"),
    code("33", "Buskerud", "2024-01-01"),
]
CHANGES = [
    change("1601", "5001", "2018-01-01"),
    change("1662", "5030", "2018-01-01"),
    change("5030", "5001", "2020-01-01"),
    change("1534", "1507", "2020-01-01"),
    change("1504", "1507", "2020-01-01"),
    change("1507", "1508", "2024-01-01"),
    change("1507", "1580", "2024-01-01"),
    change("16", "50", "2018-01-01"),
    change("17", "50", "2018-01-01"),
    change("30", "31", "2024-01-01"),
    change("30", "32", "2024-01-01"),
    change("30", "33", "2024-01-01"),
    change("5001", "5001", "2023-01-01"),
]


def link_klass(folder: Path, codes: list[dict[str, object]], changes: list[dict[str, object]]) -> Outcome:
    sources = []
    for name, content in (("codes", {"codes": codes}), ("changes", {"codeChanges": changes})):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        sources.append(str(path))
    return link(settings(), mapping_file(folder, **KLASS), sources, today=DAY)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return link_klass(tmp_path_factory.mktemp("areas"), CODES, CHANGES)


def test_numbers_and_changes_are_counted_and_a_new_name_is_no_change_of_number(linked: Outcome) -> None:
    assert linked.things == {"municipalities": 9, "counties": 7, "changes": 12}
    assert repairs(linked) == {"same-number": 1}


def test_a_number_is_valid_from_its_first_day_until_the_first_on_which_it_is_not(linked: Outcome) -> None:
    assert values(linked.folder, municipality("5030"), "plan:validFrom") == [day("2018-01-01")]
    assert values(linked.folder, municipality("5030"), "plan:validUntil") == [day("2020-01-01")]
    # The name changed in 2023, the number did not; the requested range ended in 2026, the number did not.
    assert values(linked.folder, municipality("5001"), "plan:validFrom") == [day("2018-01-01")]
    assert values(linked.folder, municipality("5001"), "plan:validUntil") == []


def test_a_name_in_two_languages_gives_the_one_that_the_number_had_alone(linked: Outcome) -> None:
    assert values(linked.folder, municipality("5001"), "rdfs:label") == ['"Trondheim"@en', '"Trondheim"@nb']
    assert values(linked.folder, municipality("5001"), "skos:altLabel") == ['"Trondheim - Tråante"']
    # Which part is the Norwegian one cannot be known without such a number.
    assert values(linked.folder, f"{ID}no/county/50", "rdfs:label")[1] == '"Trøndelag - Trööndelage"@nb'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1601", ["5001"]),  # a county's reform
        ("5030", ["5001"]),  # a merger
        ("1504", ["1507"]),
        ("1534", ["1507"]),
        ("1507", ["1508", "1580"]),  # a split
        ("5001", []),
    ],
)
def test_a_number_that_ended_names_its_successors(linked: Outcome, old: str, new: list[str]) -> None:
    found = values(linked.folder, municipality(old), "dcterms:isReplacedBy")
    assert found == [f"<{municipality(number)}>" for number in new]


def test_counties_merge_and_dissolve(linked: Outcome) -> None:
    county = f"{ID}no/county/"
    assert values(linked.folder, f"{county}16", "dcterms:isReplacedBy") == [f"<{county}50>"]
    assert values(linked.folder, f"{county}17", "dcterms:isReplacedBy") == [f"<{county}50>"]
    assert values(linked.folder, f"{county}30", "dcterms:isReplacedBy") == [
        f"<{county}{number}>" for number in ("31", "32", "33")
    ]
    assert values(linked.folder, municipality("5001"), "plan:county") == [f"<{county}50>"]
    assert values(linked.folder, municipality("1507"), "plan:county") == []  # 15 is not in the list


def test_a_change_has_its_day_and_both_areas(linked: Outcome) -> None:
    iri = f"{ID}no/area-change/2020-01-01-5030-5001"
    assert values(linked.folder, iri, "plan:changeDate") == [day("2020-01-01")]
    assert values(linked.folder, iri, "plan:changedFrom") == [f"<{municipality('5030')}>"]
    assert values(linked.folder, iri, "plan:changedTo") == [f"<{municipality('5001')}>"]
    assert values(linked.folder, iri, "rdfs:label") == [
        '"Klæbu (5030) became Trondheim (5001) on 2020-01-01"@en',
        '"Klæbu (5030) ble Trondheim (5001) 1.1.2020"@nb',
    ]


def test_a_part_that_moves_away_does_not_end_a_number(tmp_path: Path) -> None:
    codes = [code("1719", "Levanger", "2012-01-01"), code("1721", "Verdal", "2012-01-01")]
    done = link_klass(tmp_path, codes, [change("1719", "1721", "2015-01-01")])
    assert values(done.folder, municipality("1719"), "dcterms:isReplacedBy") == []
    iri = f"{ID}no/area-change/2015-01-01-1719-1721"
    assert values(done.folder, iri, "rdfs:label")[0].startswith('"A part of Levanger (1719) became Verdal (1721)')


def test_an_area_that_never_existed_is_left_out_and_told(tmp_path: Path) -> None:
    done = link_klass(tmp_path, CODES, [*CHANGES, change("9998", "5001", "2020-01-01")])
    assert entries(done, "unknown-area") == ("2020-01-01: 9998 → 5001",)
    assert done.things["changes"] == 12


@pytest.mark.parametrize("on", ["2017-12-31", "2020-06-01", "2012-01-01"])
def test_a_change_on_a_day_on_which_one_of_the_numbers_was_not_valid_is_left_out_and_told(
    tmp_path: Path, on: str
) -> None:
    done = link_klass(tmp_path, CODES, [*CHANGES, change("1662", "5030", on)])
    assert entries(done, "impossible-change") == (f"{on}: 1662 → 5030",)
    assert done.things["changes"] == 12


def test_the_first_requested_day_is_not_the_first_day_of_a_number(linked: Outcome) -> None:
    assert values(linked.folder, municipality("1601"), "plan:validFrom") == []
    assert values(linked.folder, municipality("1601"), "plan:validUntil") == [day("2018-01-01")]


def test_the_numbers_of_one_day_get_their_predecessors_from_the_changes(tmp_path: Path) -> None:
    """/codesAt says no day; a number that it lacks ended with its last change."""
    names = [("5001", "Trondheim - Tråante"), ("1508", "Ålesund"), ("1580", "Haram")]
    codes: list[dict[str, object]] = [
        {"code": number, "name": name, "validFrom": None, "validTo": None} for number, name in names
    ]
    changes = [
        change("1601", "5001", "2018-01-01") | {"oldName": "Trondheim"},
        change("1662", "5030", "2018-01-01") | {"oldName": "Klæbu"},
        change("5030", "5001", "2020-01-01") | {"oldName": "Klæbu"},
        change("1507", "1508", "2024-01-01") | {"oldName": "Ålesund"},
        change("1507", "1580", "2024-01-01") | {"oldName": "Ålesund"},
        change("9998", "5001", "2024-01-01"),
    ]
    done = link_klass(tmp_path, codes, changes)
    assert done.things == {"municipalities": 7, "changes": 5}
    assert entries(done, "unknown-area") == ("2024-01-01: 9998 → 5001",)
    assert values(done.folder, municipality("5030"), "dcterms:isReplacedBy") == [f"<{municipality('5001')}>"]
    assert values(done.folder, municipality("5030"), "plan:validUntil") == [day("2020-01-01")]
    assert values(done.folder, municipality("5030"), "plan:validFrom") == []
    assert values(done.folder, municipality("1507"), "dcterms:isReplacedBy") == [
        f"<{municipality(number)}>" for number in ("1508", "1580")
    ]
    assert values(done.folder, municipality("5001"), "plan:validUntil") == []


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    first = link_klass(tmp_path, CODES, CHANGES)
    mapping = first.folder / "list.yaml"
    again = link(settings(), mapping, [str(tmp_path / "changes.json"), str(tmp_path / "codes.json")], today=DAY)
    assert again.unchanged


def test_a_number_out_of_use_for_a_while_is_told(tmp_path: Path) -> None:
    codes = [code("0301", "Oslo", "2012-01-01", "2014-01-01"), code("0301", "Oslo", "2015-01-01")]
    done = link_text(tmp_path, json.dumps({"codes": codes}), name="codes.json", **KLASS)
    assert entries(done, "broken-validity") == ("0301: 2014-01-01 – 2015-01-01",)


def test_a_table_of_the_same_columns_gives_the_same_areas(tmp_path: Path) -> None:
    table = (
        "kode;navn;fra;til;gammel;ny;dato\r\n5030;Klæbu;2018-01-01;2020-01-01;;;\r\n5001;Trondheim;2018-01-01;;;;\r\n"
        ";;;;5030;5001;2020-01-01\r\n"
    )
    columns = {
        "code": "kode",
        "name": "navn",
        "validFrom": "fra",
        "validTo": "til",
        "oldCode": "gammel",
        "newCode": "ny",
        "changeOccurred": "dato",
    }
    read = {"format": "csv", "delimiter": ";", "encoding": "cp1252", "columns": columns}
    done = link_text(tmp_path, table.encode("cp1252"), name="areas.csv", kind="areas", label=[], read=read)
    assert values(done.folder, municipality("5030"), "dcterms:isReplacedBy") == [f"<{municipality('5001')}>"]
    assert values(done.folder, municipality("5030"), "rdfs:label") == ['"Klæbu"@en', '"Klæbu"@nb']


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"codes": [{"code": "5001", "name": "Tr', "is not complete JSON"),
        ('{"error": "Not found"}', "neither `codes` nor `codeChanges`"),
        ('{"codes": ["5001"]}', "entry 1 is not an object"),
        ('{"codes": []}', "no code and no change"),
        ("<html>Vedlikehold</html>", "is an HTML page"),
        (json.dumps({"codeChanges": [change("5030", "5001", "2020-01-01")]}), "only changes"),
        (
            json.dumps({"codes": [code("301", "Oslo", "2012-01-01")]}),
            "301 is not the number of an area.* lost its zero",
        ),
        (json.dumps({"codes": [code("0301", "", "2012-01-01")]}), "the number 0301 has no name"),
        (json.dumps({"codes": [code("0301", "Oslo", "01.01.2012")]}), '"01.01.2012" is not a day'),
        (
            json.dumps({"codes": [code("0301", "Oslo", "2020-01-01", "2012-01-01"), code("5001", "T", "2018-01-01")]}),
            "0301 ends on 2012-01-01, before it begins on 2020-01-01",
        ),
        (
            json.dumps({"codes": [code("0301", "Oslo", "2012-01-01"), code("0301", "Kristiania", "2014-01-01")]}),
            "0301 has two names on 2014-01-01: Oslo and Kristiania",
        ),
        (json.dumps({"codes": [], "codeChanges": [change("5030", "", "2020-01-01")]}), "nothing is not the number"),
        (json.dumps({"codes": [code("0301", "Oslo", "20120101")]}), '"20120101" is not a day'),
        (json.dumps({"codes": [{"code": 301, "name": "Oslo"}]}), "301 is not the number of an area.* lost its zero"),
        (json.dumps({"codeChanges": [change("5030", "50", "2020-01-01")]}), "makes a municipality a county"),
        ('<?xml version="1.0"?><codeList/>', "is XML, not klass"),
    ],
)
def test_what_is_not_a_list_of_areas_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ListError, match=message):
        link_text(tmp_path, content, name="codes.json", **KLASS)
    assert [path.name for path in (tmp_path / "link" / "maaling").iterdir()] == ["list.yaml"]


def test_the_same_area_elsewhere_stands_in_a_table_beside_the_mapping(tmp_path: Path) -> None:
    matches = mapping_file(tmp_path).with_name("matches.tsv")
    text = json.dumps({"codes": [code("5001", "Trondheim", "2018-01-01")]})
    matches.write_text("code\tiri\n5001\thttp://www.wikidata.org/entity/Q25804\n", encoding="utf-8")
    done = link_text(tmp_path, text, name="codes.json", matches="matches.tsv", **KLASS)
    found = values(done.folder, municipality("5001"), "skos:exactMatch")
    assert found == ["<http://www.wikidata.org/entity/Q25804>"]
    for content, message in (
        ("code\tiri\n5002\thttp://www.wikidata.org/entity/Q1\n", "The matches name 5002"),
        ("code\tiri\n5001 Q25804\n", "line 2: .* is not an IRI"),
        ("nr\tiri\n", "is to begin with the columns code and iri"),
    ):
        matches.write_text(content, encoding="utf-8")
        with pytest.raises(ListError, match=message):
            link_text(tmp_path, text, name="codes.json", matches="matches.tsv", **KLASS)
