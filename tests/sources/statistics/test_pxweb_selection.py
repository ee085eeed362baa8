"""What a selection means, checked against metadata, and how it is split; no server."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest

import pxweb_tables
from plangraf.errors import SourceAnswerError, SourceRequestError
from plangraf.sources.statistics.pxweb_selection import (
    Choice,
    check_selection,
    data_request,
    split_choices,
)
from plangraf.sources.statistics.pxweb_table import (
    Dimension,
    Table,
    TableAddress,
    add_selection,
    parse_address,
    read_codelist,
    read_table,
)

ADDRESS = "https://statistics.example/api/pxwebapi/v2/tables/07459"
POPULATION = pxweb_tables.population()
YEARS = [str(year) for year in range(2020, 2026)]
REGIONS = ["1601", "5001", "5030", "5031", "0301", "1103", "4601", "4204"]


@pytest.fixture
def table() -> Table:
    return read_table(pxweb_tables.metadata(POPULATION, "no"), "there")


def codelist(list_id: str, dimension: Dimension) -> Dimension:
    found = next(one for axis in POPULATION.axes for one in axis.codelists if one.id == list_id)
    return read_codelist(pxweb_tables.codelist(found, "no", ["no"]), dimension, "there")


def choose(table: Table, **selection: str) -> dict[str, Choice]:
    names = {name.replace("codelist_", "codelist["): text for name, text in selection.items()}
    chosen = {f"{name}]" if "[" in name else name: text for name, text in names.items()}
    complete = {"Region": "5001", "ContentsCode": "Personer1", "Tid": "2025"} | chosen
    return {
        one.dimension: one for one in check_selection(table, add_selection(parse_address(ADDRESS), complete), codelist)
    }


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("2020,2024", ["2020", "2024"]),
        (" 2020 , 2024 ,", ["2020", "2024"]),
        ("*", YEARS),
        ("top(2)", ["2024", "2025"]),
        ("TOP(2,1)", ["2023", "2024"]),
        ("top(99)", YEARS),
        ("bottom(2)", ["2020", "2021"]),
        ("bottom(2,1)", ["2021", "2022"]),
        ("from(2023)", ["2023", "2024", "2025"]),
        ("To(2021)", ["2020", "2021"]),
        ("range(2021,2023)", ["2021", "2022", "2023"]),
        ("range(2023, 2021)", ["2021", "2022", "2023"]),
        ("202?", YEARS),
        ("*5", ["2025"]),
        ("*02*", YEARS),
        ("202*", YEARS),
        ("???4", ["2024"]),
        ("2025,top(2),2020", ["2025", "2024", "2020"]),
    ],
)
def test_an_expression_over_periods_means_these_codes(table: Table, written: str, codes: list[str]) -> None:
    assert list(choose(table, Tid=written)["Tid"].codes) == codes
    axis = POPULATION.axes[3]
    sent = choose(table, Tid=written)["Tid"].items
    assert sorted(pxweb_tables.expand(axis, YEARS, sent)) == sorted(codes)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("top(2)", ["1601", "5001"]),
        ("bottom(2)", ["4601", "4204"]),
        ("bottom(1,1)", ["4601"]),
        ("50*", ["5001", "5030", "5031"]),
        ("from(4601)", ["4601", "4204"]),
        ("range(5030,0301)", ["5030", "5031", "0301"]),
    ],
)
def test_an_expression_over_other_values_counts_from_the_first(table: Table, written: str, codes: list[str]) -> None:
    assert list(choose(table, Region=written)["Region"].codes) == codes
    assert pxweb_tables.expand(POPULATION.axes[0], REGIONS, choose(table, Region=written)["Region"].items) == codes


def test_names_and_codes_are_found_without_regard_to_case_and_sent_as_the_table_has_them(table: Table) -> None:
    wanted = add_selection(parse_address(ADDRESS), {"region": "5001", "TID": "2025", "contentscode": "PERSONER1"})
    chosen = check_selection(table, wanted, codelist)
    assert [(one.dimension, one.items) for one in chosen] == [
        ("Region", ("5001",)),
        ("ContentsCode", ("Personer1",)),
        ("Tid", ("2025",)),
    ]


def test_the_values_of_a_code_list_stand_in_for_those_of_the_dimension(table: Table) -> None:
    assert choose(table, Region="*", codelist_Region="agg_Counties")["Region"].codes == ("50", "03")
    with pytest.raises(SourceRequestError, match=r"no code '5001'.*50 \(Trøndelag\)"):
        choose(table, Region="5001", codelist_Region="agg_Counties")


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"Regin": "5001"}, r"no dimension 'Regin'.*Region \(region\), Kjonn \(sex\)"),
        ({"sex": "1"}, r"no dimension 'sex'. Write Kjonn \(sex\)"),
        ({"Region": "5002"}, r"no code '5002'. The nearest: 5001 \(Trondheim\)"),
        ({"Region": "trondheim"}, r"no code 'trondheim'. The nearest: 5001 \(Trondheim\)\."),
        ({"Region": "Klæbu"}, r"The nearest: 5030 \(Klæbu \(-2019\)\)"),
        ({"Region": "Kristiansund"}, r"The nearest: 4204 \(Kristiansand\)"),
        ({"Region": "zzzzzzzz"}, r"It has 8 codes, the first: 1601 \(Trondheim \(-2017\)\), 5001"),
        ({"Tid": "from(2015)"}, r"no code '2015'"),
        ({"tid": "2024"}, "Tid is given twice, as '2025' and as '2024'"),
        ({"Tid": "range(2020)"}, "range takes two codes"),
        ({"Tid": "from()"}, "from takes a code"),
        ({"Tid": "top(0)"}, "cannot be read"),
        ({"Tid": "top(x)"}, "cannot be read"),
        ({"Tid": "2*5"}, "at the start, at the end"),
        ({"Tid": "19*"}, r"selects nothing: Tid has 6 codes, 2020 to 2025"),
        ({"Tid": "top(1,9)"}, "selects nothing"),
        ({"Tid": ""}, "without a value"),
        ({"codelist[Region]": "agg_County"}, r"no code list 'agg_County'. It has agg_Counties"),
        ({"codelist[Tid]": "agg_x"}, "It has none"),
        ({"codelist[Kjonn]": "x"}, r"codelist\[Kjonn\] is given without values of Kjonn. Add Kjonn=\*"),
        ({"outputvalues[Region]": "single"}, "cannot be honoured"),
    ],
)
def test_a_selection_that_does_not_fit_says_what_is_there(
    table: Table, selection: Mapping[str, str], message: str
) -> None:
    complete = {"Region": "5001", "ContentsCode": "Personer1", "Tid": "2025", **selection}
    with pytest.raises(SourceRequestError, match=message):
        check_selection(table, add_selection(parse_address(ADDRESS), complete), codelist)


def test_mandatory_dimensions_without_a_selection_are_named(table: Table) -> None:
    with pytest.raises(SourceRequestError, match=r"Select from ContentsCode \(contents\), Tid \(year\)"):
        check_selection(table, add_selection(parse_address(ADDRESS), {"Region": "*"}), codelist)


def test_a_selection_in_the_address_and_one_beside_it_are_joined_but_may_not_contradict() -> None:
    address = f"{ADDRESS}/data?lang=en&outputFormat=csv&valueCodes[Tid]=top(3)&codelist[Region]=agg_Counties"
    wanted = add_selection(parse_address(address), {"Region": "50", "valuecodes[Tid]": "top(3)"})
    assert wanted == TableAddress(
        "https://statistics.example/api/pxwebapi/v2",
        "07459",
        "en",
        {"Tid": "top(3)", "Region": "50"},
        {"Region": "agg_Counties"},
    )
    with pytest.raises(SourceRequestError, match=r"Tid is given twice, as 'top\(3\)' and as '\*'"):
        add_selection(parse_address(address), {"Tid": "*"})


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("07459", "not the address of a table"),
        ("https://statistics.example/api/pxwebapi/v2/savedqueries/1/data", "not the address of a table"),
        ("ftp://statistics.example/tables/07459", "not the address of a table"),
        ("https://statistics.example:port/tables/07459", "not an address"),
        ("https://me:secret@statistics.example/v2/tables/07459", "user name or password"),
        (f"{ADDRESS}/data?outputvalues[Region]=single", r"outputvalues\[Region\], which cannot be honoured"),
        (f"{ADDRESS}/data?Region=5001", "the parameter Region, which cannot be honoured"),
    ],
)
def test_an_address_that_cannot_be_honoured_is_refused(address: str, message: str) -> None:
    with pytest.raises(SourceRequestError, match=message) as refused:
        parse_address(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("category", "codes"),
    [
        ({"index": {"b": 0, "a": 1}, "label": {"a": "A", "b": "B"}}, ["b", "a"]),
        ({"index": ["b", "a"]}, ["b", "a"]),
        ({"label": {"only": "Only"}}, ["only"]),
    ],
)
def test_codes_are_read_in_order_from_each_form_of_an_index(category: object, codes: list[str]) -> None:
    document = {"id": ["X"], "dimension": {"X": {"category": category}}, "updated": None}
    assert list(read_table(document, "there").dimensions["X"].labels) == codes


@pytest.mark.parametrize("document", [[], {}, {"id": []}, {"id": ["X"], "dimension": {"X": {}}}, {"id": 1}])
def test_metadata_of_another_shape_are_refused(document: object) -> None:
    with pytest.raises(SourceAnswerError, match="there does not answer with the metadata"):
        read_table(document, "there")


def test_blanks_in_an_expression_are_not_sent(table: Table) -> None:
    assert choose(table, Tid="range( 2023 , 2021 ), top( 1, 0)")["Tid"].items == ("range(2023,2021)", "top(1,0)")


def choices_of(*sizes: int) -> tuple[Choice, ...]:
    return tuple(
        Choice(f"D{place}", ("*",), tuple(f"{place}-{number}" for number in range(size)))
        for place, size in enumerate(sizes)
    )


@pytest.mark.parametrize(
    ("sizes", "most", "parts"),
    [
        ((8, 2, 2, 6), 192, 1),
        ((8, 2, 2, 6), 191, 2),
        ((8, 2, 2, 6), 100, 2),
        ((8, 2, 2, 6), 50, 4),
        ((8, 2, 2, 6), 24, 8),
        ((10, 1), 3, 4),
        ((5, 5), 4, 10),
        ((3, 2), 1, 6),
        ((312, 134, 3, 1, 16), 150_000, 14),
    ],
)
def test_a_selection_is_split_into_few_parts_that_hold_each_cell_once(
    sizes: tuple[int, ...], most: int, parts: int
) -> None:
    found = split_choices(choices_of(*sizes), most)
    assert len(found) == parts
    counts = [math.prod(len(choice.codes) for choice in part) for part in found]
    assert max(counts) <= most
    assert sum(counts) == math.prod(sizes)
    if math.prod(sizes) < 1_000:
        every = [combination for part in found for combination in itertools.product(*(one.codes for one in part))]
        assert sorted(every) == sorted(itertools.product(*(one.codes for one in choices_of(*sizes))))


def test_parts_are_of_nearly_equal_size_and_leave_other_expressions_as_written() -> None:
    found = split_choices(choices_of(10, 3), 12)
    assert [len(part[0].codes) for part in found] == [4, 3, 3]
    assert {part[1].items for part in found} == {("*",)}


def test_a_short_selection_is_a_get_and_a_long_one_a_post_with_the_same_choices() -> None:
    wanted = parse_address(ADDRESS)
    short = (
        Choice("Region", ("5001", "a,b", "range(1,2)"), ("5001", "a,b", "1", "2"), "agg_Counties"),
        Choice("Tid", ("top(3)",), ("1", "2", "3")),
    )
    request = data_request(wanted, "no", short)
    assert request.method == "GET"
    assert request.body is None
    assert request.cells == 12
    assert dict(parse_qsl(urlsplit(request.address).query)) == {
        "lang": "no",
        "outputFormat": "json-stat2",
        "valuecodes[Region]": "5001,[a,b],range(1,2)",
        "valuecodes[Tid]": "top(3)",
        "codelist[Region]": "agg_Counties",
    }
    codes = tuple(str(number) for number in range(1_000))
    request = data_request(wanted, "no", (Choice("Region", (*codes, "a,b"), (*codes, "a,b"), "agg_Counties"),))
    assert request.method == "POST"
    assert request.address == f"{ADDRESS}/data?lang=no&outputFormat=json-stat2"
    assert request.body == {
        "selection": [{"variableCode": "Region", "codelist": "agg_Counties", "valueCodes": [*codes, "a,b"]}]
    }


@pytest.mark.parametrize("count", ["1" * 5000, "٣", "²", "1_0", "-1", ""], ids=lambda count: count[:4])
@pytest.mark.parametrize("form", ["top({})", "bottom(1,{})"])
def test_a_count_that_is_not_a_usual_number_is_refused(table: Table, form: str, count: str) -> None:
    with pytest.raises(SourceRequestError, match="this expression cannot be read"):
        choose(table, Tid=form.format(count))
