"""One renderer groups and reports the diagnostics of files, sheets and catalogues."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plangraf.diagnostics.diagnostic import (
    DataError,
    Diagnostic,
    FilePlace,
    as_json,
    as_text,
    causes,
    in_file,
    in_order,
    stops,
    summary,
)
from plangraf.portals.findings import CKAN, ItemPlace
from plangraf.sheets.cell_values import CellPlace

THING = "https://w3id.org/plangraf/id/5001/plan/1"
SHAPE = "https://w3id.org/plangraf/shapes#PlanShape-number"


def places(kind: str) -> list[Any]:
    if kind == "file":
        return [FilePlace("data/a.ttl", number, f"{THING}{number}") for number in range(1, 10)]
    if kind == "sheet":
        return [CellPlace("plan.csv", number, "B", "nummer", f"x{number}") for number in range(1, 10)]
    return [ItemPlace(CKAN, f"https://plan.example.no/id/{number}") for number in range(1, 10)]


@pytest.mark.parametrize("kind", ["file", "sheet", "catalogue"])
def test_nine_problems_of_one_cause_are_reported_once_with_count_rule_and_three_examples(kind: str) -> None:
    found = [Diagnostic(place, "Feil tall.", "Wrong number.", rule=SHAPE) for place in places(kind)]
    (cause,) = causes(found)
    assert (len(cause.diagnostics), cause.en, cause.rule) == (9, "Wrong number.", SHAPE)
    text = as_text(found).splitlines()
    assert text[:2] == [
        "nb  9 funn med 1 årsak. «--all» viser hvert av dem.",
        "en  9 findings with 1 cause. --all shows each of them.",
    ]
    assert text[3:6] == [
        "9 × nb  Feil: Feil tall.",
        "    en  Error: Wrong number.",
        "        planshape:PlanShape-number",
    ]
    assert [line.strip() for line in text[7:11]] == [*(place.example for place in places(kind)[:3]), ""]
    heading = {"file": "data/a.ttl, linje · line 1–9", "sheet": "plan.csv, rad · row 1–9", "catalogue": CKAN}[kind]
    assert text[6].strip() == heading
    assert text[-2:] == ["nb  feil: 9", "en  error: 9"]


@pytest.mark.parametrize("kind", ["file", "sheet", "catalogue"])
def test_each_problem_is_reported_under_its_heading_and_subject(kind: str) -> None:
    first, second, *_ = places(kind)
    found = [
        Diagnostic(second, "Nei.", "No.", "Warning"),
        Diagnostic(first, "Råd.", "Hint.", "Info", "some-rule"),
        Diagnostic(first, "Råd.", "Hint.", "Info", "some-rule"),
    ]
    line = {"file": (", linje 1", ", line 1", ", linje 2", ", line 2")}.get(kind, ("",) * 4)
    assert as_text(found).splitlines() == [
        first.heading,
        f"  {first.subject}",
        f"    nb  Råd{line[0]}: Råd.",
        f"    en  Advice{line[1]}: Hint.",
        "        some-rule",
        f"  {second.subject}",
        f"    nb  Advarsel{line[2]}: Nei.",
        f"    en  Warning{line[3]}: No.",
        "",
        "nb  advarsel: 1, råd: 1",
        "en  warning: 1, advice: 1",
    ]
    assert not stops(found)


@pytest.mark.parametrize("place", [FilePlace("data/a.ttl"), CellPlace("plan.csv")])
def test_problems_of_a_whole_file_or_sheet_are_reported_under_its_name(place: Any) -> None:
    assert as_text([Diagnostic(place, "Tom.", "Empty.")]).splitlines()[:3] == [
        place.heading,
        "  nb  Feil: Tom.",
        "  en  Error: Empty.",
    ]


def test_places_are_in_reading_order() -> None:
    cells = [CellPlace("a", 2, "B"), CellPlace("a", 2, "AA"), CellPlace("a", 10, "A"), CellPlace("b", 1)]
    found = [Diagnostic(place, "x", "x") for place in reversed(cells)]
    assert [one.place for one in in_order(found)] == cells


def test_the_json_report_has_the_members_of_the_place() -> None:
    problem = in_file("data/a.ttl", 7, "Feil.", "Wrong.", THING, SHAPE, "Warning")
    assert json.loads(as_json([problem])) == {
        "conforms": True,
        "results": [
            {
                "file": "data/a.ttl",
                "line": 7,
                "focus_node": THING,
                "message_nb": "Feil.",
                "message_en": "Wrong.",
                "severity": "Warning",
                "shape": SHAPE,
            }
        ],
    }
    cell = json.loads(as_json([Diagnostic(CellPlace("plan.csv", 3, "B"), "Feil.", "Wrong.")]))
    assert cell["conforms"] is False
    assert {name: cell["results"][0][name] for name in ("table", "row", "column")} == {
        "table": "plan.csv",
        "row": 3,
        "column": "B",
    }
    assert summary([problem]) == "nb  advarsel: 1\nen  warning: 1"


def test_the_error_of_a_build_names_the_first_place() -> None:
    error = DataError([in_file("data/a.ttl", 7, "Feil.", "Wrong."), in_file("data/b.ttl", None, "Feil.", "Wrong.")])
    assert str(error).startswith("2 problem(s) in the source files; the current version is unchanged.")
    assert str(error).endswith("The first is at data/a.ttl:7: Wrong.")
