"""The named queries for researchers, row by row where it matters, against the documents and each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import httpx
import pytest
from test_ten_questions import ALL, PLANS, PRINTED

Rows = Callable[..., list[dict[str, str]]]
ID = "https://w3id.org/plangraf/id/5001/"
SDG = "http://metadata.un.org/sdg/"


# target-profile


def test_the_profile_of_a_target_has_each_thing_once_with_its_passage(rows: Rows) -> None:
    found = rows("target-profile", target="11.6")
    assert len({row["thing"] for row in found}) == len(found)
    by_kind: dict[str, list[dict[str, str]]] = {}
    for row in found:
        by_kind.setdefault(row["kind"], []).append(row)
    # Perspective 1 has only the text of 11.6, at lines 96 to 99 of the extraction.
    assert [(row["perspectives"], row["how"], row["firstLine"]) for row in by_kind["perspective"]] == [
        ("6", "printed", "941"),
        ("7", "printed", "1141"),
        ("10", "printed", "1642"),
        ("11", "printed", "1785"),
        ("1", "identified", "96"),
    ]
    plans = {row["item"].removeprefix("Tabell 1, rad "): row for row in by_kind["plan"]}
    for number, text in enumerate(PLANS.split("|"), 1):
        through = sorted(int(each) for each in text.split(",") if "11.6" in ALL[int(each)])
        printed = any("11.6" in PRINTED[each] for each in through)
        if through:
            row = plans.pop(str(number))
            assert (row["perspectives"], row["how"]) == (
                ",".join(map(str, through)),
                "printed" if printed else "identified",
            )
    assert plans == {}
    # The briefing of 2022 names “god helse for alle”, “nærmiljø …” and “grønn mobilitet” as topics.
    assert [(row["label"], row["perspectives"]) for row in by_kind["community-goal"]] == [
        ("En klimasmart by", "7"),
        ("En inkluderende by", "1,6"),
    ]
    assert {(row["label"], row["how"], bool(row["confidence"])) for row in by_kind["commitment"]} == {
        ("Kartlegge støy på nytt og lage ny handlingsplan, særlig for boligområder", "interpreted", True),
        ("Sikre god luft hele året med hyppigere rapportering og tiltak", "interpreted", True),
        ("Lage en bylogistikkplan for god og effektiv varelevering", "interpreted", True),
        ("Sette ned fartsgrensen i Midtbyen til 30 km/t", "interpreted", True),
    }
    assert "https://example.org/list/dust" in {row["thing"] for row in by_kind["indicator"]}
    assert [(row["thing"].rpartition("/")[2], row["how"]) for row in by_kind["table"]] == [("t99001", "published")]
    with_passage = {kind for kind, things in by_kind.items() if all(row["passage"] for row in things)}
    assert with_passage == set(by_kind) - {"indicator", "table"}


@pytest.mark.parametrize("code", ["1.2", "3.4", "5.b", "8.5", "11.6", "12.8", "14.2", "17.14"])
def test_the_profile_counts_what_the_comparison_counts(rows: Rows, code: str) -> None:
    kinds = Counter((row["kind"], row["how"] == "interpreted") for row in rows("target-profile", target=code))
    (compared,) = rows("compare-municipalities", target=code, areas="5001")
    assert kinds["perspective", False] == int(compared["perspectives"])
    assert kinds["plan", False] == int(compared["plans"])
    assert kinds["figure", False] == int(compared["figures"])
    assert kinds["measure", True] == int(compared["measuresInterpreted"])
    assert kinds["commitment", True] == int(compared["commitmentsInterpreted"])
    # A goal with both kinds of links is one row, with the stronger one.
    assert kinds["community-goal", False] == int(compared["goals"])


# trace


def test_a_trace_has_each_step_of_each_path(rows: Rows) -> None:
    found = rows("trace", **{"from": ID + "plan/2020-2023-7", "to": "11.6", "steps": "2"})
    # Row 7 of table 1 names perspectives 11, 6, 7, 8 and 10; all but 8 print 11.6.
    assert [(row["path"], row["step"], row["direction"], row["how"]) for row in found] == [
        (f"5001/plan/2020-2023-7 5001/perspective/2020-{number} 11.6", step, "forward", "printed")
        for number in (10, 11, 6, 7)
        for step in ("1", "2")
    ]
    assert {row["property"].rpartition("#")[2] for row in found} == {"respondsTo", "relatesToTarget"}
    assert found[1]["statement"] == ID + "perspective-target-link/2020-10-11.6"


def test_a_trace_is_the_same_from_the_other_end(rows: Rows) -> None:
    there = rows("trace", **{"from": ID + "commitment/2023-7-65", "to": ID + "plan/2020-2023-10"})
    back = rows("trace", **{"from": ID + "plan/2020-2023-10", "to": ID + "commitment/2023-7-65"})
    assert {frozenset(row["path"].split()) for row in there} == {frozenset(row["path"].split()) for row in back}
    # “utarbeide en plan for bylogistikk” names the document that plan 10 becomes.
    first = [(row["thing"].removeprefix(ID), row["direction"], row["how"]) for row in there[:2]]
    assert first == [
        ("commitment/2023-7-65", "forward", "printed"),
        ("governing-document/plan-for-bylogistikk", "backward", "interpreted"),
    ]
    assert there[1]["confidence"] == "0.9"


def test_no_path_passes_a_thing_twice_or_has_a_gap(rows: Rows) -> None:
    found = rows("trace", **{"from": "commitment", "to": "11.6"})
    paths: dict[str, list[dict[str, str]]] = {}
    for row in found:
        paths.setdefault(row["path"], []).append(row)
    assert [len(path.split()) for path in paths] == sorted(len(path.split()) for path in paths)
    for path, steps in paths.items():
        things = path.split()
        assert len(set(things)) == len(things)
        assert {row["length"] for row in steps} == {str(len(things) - 1)}
        assert sorted({int(row["step"]) for row in steps}) == list(range(1, len(things)))
        for row in steps:
            at = int(row["step"])
            assert row["thing"].endswith(things[at - 1])
            assert row["next"].endswith(things[at])


@pytest.mark.parametrize("steps", ["0", "5", "x", "1.0"])
def test_a_trace_has_at_most_four_steps(made_url: str, steps: str) -> None:
    response = httpx.get(f"{made_url}/queries/trace", params={"from": "plan", "to": "11.6", "steps": steps})
    assert (response.status_code, response.json()["parameter"]) == (400, "steps")


@pytest.mark.parametrize("end", ["11", "plans", "11.6.1", "a b:c", "http://a/<b>", ""])
def test_an_end_is_a_thing_a_target_or_a_kind(made_url: str, end: str) -> None:
    response = httpx.get(f"{made_url}/queries/trace", params={"from": "plan", "to": end})
    assert (response.status_code, response.json()["parameter"]) == (400, "to")


def test_an_unknown_thing_has_no_paths(rows: Rows) -> None:
    assert rows("trace", **{"from": "https://example.org/x", "to": "11.6"}) == []


# edges and paths


def test_the_edges_are_as_many_as_the_links(rows: Rows) -> None:
    found = rows("edges")
    assert Counter((row["link"], row["how"]) for row in found) == {
        # 150 targets of 14 perspectives, 19 of them without number or without text.
        ("perspective-target", "printed"): 131,
        ("perspective-target", "identified"): 19,
        ("plan-perspective", "printed"): sum(len(text.split(",")) for text in PLANS.split("|")),
        ("goal-perspective", "printed"): 10,
        ("goal-plan", "printed"): 5,
        ("goal-goal", "printed"): 25,
        ("measure-goal", "printed"): 92,
        **Counter((row["link"], "interpreted") for row in found if row["how"] == "interpreted"),
    }
    assert sum(row["how"] == "interpreted" for row in found) == 1018
    assert len({(row["link"], row["from"], row["to"], row["how"]) for row in found}) == len(found)
    assert all(bool(row["confidence"]) == (row["how"] == "interpreted") for row in found)


def test_the_weight_of_a_way_counts_what_is_primary_and_printed(rows: Rows) -> None:
    found = rows("plan-target-paths", target="11.6")
    seven = {row["perspectiveNumber"]: row for row in found if row["planNumber"] == "7"}
    # Row 7 begins with perspective 11, out of the order of numbers, so that 11 is the most important one.
    assert {number: (row["primary"], row["printed"], row["weight"]) for number, row in seven.items()} == {
        "11": ("true", "true", "3"),
        "6": ("false", "true", "2"),
        "7": ("false", "true", "2"),
        "10": ("false", "true", "2"),
    }
    assert {row["paths"] for row in seven.values()} == {"4"}
    # Row 3 lists 1, 6, 9 in the order of numbers: nobody knows which one is the most important.
    three = {row["perspectiveNumber"]: row for row in found if row["planNumber"] == "3"}
    assert {number: (row["primary"], row["printed"], row["weight"]) for number, row in three.items()} == {
        "1": ("", "false", ""),
        "6": ("", "true", ""),
    }


# observations


def test_observations_of_an_indicator_are_those_of_its_tables_and_codes(rows: Rows) -> None:
    """A list says that the table measures the national indicator, which is close to the UN's C110602."""
    for indicator in (SDG + "C110602", "https://example.org/list/dust"):
        found = rows("observations", indicator=indicator, area="5030")
        assert [(row["areaNumber"], row["period"]) for row in found] == [("1662", "2017"), ("5030", "2018")]
    assert rows("observations", indicator=SDG + "C020202") == []


def test_a_code_of_contents_measures_its_own_observations(rows: Rows) -> None:
    found = rows("observations", indicator="https://example.org/indicator/2020-1.1")
    assert [(row["series"], row["value"]) for row in found] == [("ContentsCode=2020-1.1", "15.92")]


@pytest.mark.parametrize(
    ("bounds", "periods"),
    [
        ({"from": "2018"}, ["2020", "2018", "2020", "2018"]),
        ({"to": "2017"}, ["2016", "2017", "2017"]),
        ({"from": "2017", "to": "2018"}, ["2017", "2017", "2018", "2018"]),
        ({"from": "2021"}, []),
    ],
)
def test_periods_are_bounded_by_year(rows: Rows, bounds: dict[str, str], periods: list[str]) -> None:
    found = rows("observations", table="99001", area="5001", **bounds)
    assert [row["period"] for row in found] == periods


@pytest.mark.parametrize(
    ("bounds", "starts"),
    [
        ({"from": "2020"}, ["2020-01-01"]),
        ({"to": "2019"}, ["2019-10-01"]),
        ({"to": "2019-12"}, ["2019-10-01"]),
        ({"to": "2020-02"}, ["2019-10-01"]),
        ({"from": "2019-10"}, ["2019-10-01", "2020-01-01"]),
    ],
)
def test_a_quarter_is_in_when_all_of_it_is(rows: Rows, bounds: dict[str, str], starts: list[str]) -> None:
    found = rows("observations", table="99002", **bounds)
    assert [row["periodStart"] for row in found] == starts
    assert {(row["area"], row["series"], row["presentNumber"]) for row in found} <= {("", "", "")}


def test_a_missing_value_has_its_status_and_symbol(rows: Rows) -> None:
    (missing,) = [row for row in rows("observations", table="99001") if not row["value"]]
    assert (missing["areaNumber"], missing["period"], missing["status"], missing["symbol"]) == (
        "1662",
        "2017",
        "confidential",
        ":",
    )


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, "table"),
        ({"area": "5001"}, "table"),
        ({"table": "99001", "area": "500"}, "area"),
        ({"table": "99001", "area": "5001,"}, "area"),
        ({"table": "99001", "from": "20"}, "from"),
        ({"table": "99001", "to": "2020-1"}, "to"),
        ({"indicator": "11.6.2"}, "indicator"),
    ],
)
def test_a_request_for_observations_that_cannot_be_used_is_named(
    made_url: str, parameters: dict[str, str], name: str
) -> None:
    response = httpx.get(f"{made_url}/queries/observations", params=parameters)
    assert (response.status_code, response.json()["parameter"]) == (400, name)


# comparisons


def test_municipalities_side_by_side_have_the_same_targets(rows: Rows) -> None:
    found = rows("compare-municipalities", areas="5001,5030,1662")
    assert len(found) == 3 * 169
    for trondheim, klaebu in zip(
        [row for row in found if row["areaNumber"] == "5001"],
        [row for row in found if row["areaNumber"] == "5030"],
        strict=True,
    ):
        assert trondheim["target"] == klaebu["target"]
        assert (trondheim["successors"], klaebu["successors"]) == ("", "5001")
        assert {klaebu[name] for name in ("perspectives", "plans", "commitments")} == {"0"}
    assert {row["successors"] for row in rows("compare-municipalities", areas="5012", target="11.6")} == {
        "5055,5056,5059"
    }


def test_a_comparison_needs_a_target_or_municipalities(made_url: str, rows: Rows) -> None:
    """Of all targets and all municipalities it would be tens of megabytes."""
    response = httpx.get(f"{made_url}/queries/compare-municipalities")
    assert (response.status_code, response.json()["parameter"]) == (400, "target")
    assert "or areas or municipality is needed by compare-municipalities" in response.json()["detail"]
    assert rows("compare-municipalities", municipality="5001") == rows("compare-municipalities", areas="5001")
    assert {row["targetCode"] for row in rows("compare-municipalities", target="11.6")} == {"11.6"}


@pytest.mark.parametrize("tolerance", ["-1", "1,5", "x", "1e3"])
def test_a_tolerance_is_a_number_of_per_cent(made_url: str, tolerance: str) -> None:
    response = httpx.get(f"{made_url}/queries/figures-and-statistics", params={"tolerance": tolerance})
    assert (response.status_code, response.json()["parameter"]) == (400, "tolerance")


def test_a_wider_tolerance_lets_more_figures_agree(rows: Rows) -> None:
    def within(tolerance: str) -> int:
        found = rows("figures-and-statistics", status="tied", assume="document", tolerance=tolerance)
        return sum(row["agreement"] == "within" for row in found)

    assert within("0.1") < within("1") < within("11")
