"""Every hint works: the value that a message suggests is accepted, in every column of every sheet."""

from __future__ import annotations

import re

import pytest
from checkout_model import MODEL
from pyoxigraph import Literal, NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic, as_text
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES
from plangraf.sheets.cell_values import CellError, CellPlace, to_lexical
from plangraf.sheets.cells import derive_values, read_cell
from plangraf.sheets.keys import Keys, ThingNames
from plangraf.sheets.model import Column

KEYS = Keys("9999")
XSD = PREFIXES["xsd"]
COLUMNS = [(sheet, column) for sheet in MODEL.sheets for column in sheet.columns if column.role == "property"]


def mistyped_forms(name: str) -> list[str]:
    """Mistyped forms of names: a letter missing or doubled, capitals, a comma for the point, and a list."""
    return [name[:-1], name + name[-1:], name.upper(), name.replace(".", ","), f"{name};", f"{name}; {name[:-1]}x"]


def message(column: Column, text: str) -> str | None:
    try:
        read_cell(column, text, KEYS)
    except CellError as error:
        return error.en
    return None


@pytest.mark.slow
def test_every_suggested_name_is_accepted() -> None:
    followed = 0
    for _, column in COLUMNS:
        for name in list(column.kind.names)[:40]:
            for text in mistyped_forms(name):
                said = message(column, text)
                for proposal in re.findall(r"(?:Did you mean|Choose one of:) «([^»]+)»", said or ""):
                    assert message(column, proposal) is None, (column.path, text, said)
                    followed += 1
    assert followed > 100


def test_a_suggestion_never_changes_a_number() -> None:
    (column,) = [
        column for sheet, column in COLUMNS if column.path == PLAN + "linkedTarget" and "Perspective" in sheet.iri
    ]
    for code in column.kind.names:
        for text in (f"{code}1", f"1{code}", f"{code}; {code}9"):
            said = message(column, text) or ""
            for proposal in re.findall(r"Did you mean «([^»]+)»", said):
                assert re.findall("[0-9]+", proposal) == re.findall("[0-9]+", text), (text, said)


def test_a_suggested_key_fits_the_sheet() -> None:
    for sheet in MODEL.sheets:
        if sheet.pattern is None or not sheet.may_belong_to("9999") or sheet.segment == "municipality":
            continue
        for text in ("Grønn mobilitet", "13/24", "Æ", "æ ø å!", f"{sheet.segment}/Å bo"):
            with pytest.raises(CellError) as caught:
                KEYS.iri(text, sheet.segment)
            match = re.search(r"Write a key such as (\S+),", caught.value.en)
            assert match, caught.value.en
            assert re.search(sheet.pattern, KEYS.iri(match[1], sheet.segment).value), (sheet.iri, text, match[1])


@pytest.mark.parametrize(
    "datatype", ["integer", "decimal", "double", "boolean", "date", "dateTime", "gYear", "gYearMonth", "duration"]
)
def test_the_examples_in_messages_are_values_of_the_datatype(datatype: str) -> None:
    with pytest.raises(CellError) as caught:
        to_lexical("hei", XSD + datatype)
    for said in (caught.value.nb, caught.value.en):
        values = r"[0-9] \w+|[0-9P][\w:.,-]*|ja|nei|yes|no|true|false"
        found = re.findall(rf"(?:som|such as|eller|or|tekst,|text,|Skriv|Write) \(?({values})\b", said)
        assert found, said
        for text in found:
            assert to_lexical(text.strip(" .,"), XSD + datatype)


def test_the_suggested_forms_of_an_ambiguous_number_are_read() -> None:
    with pytest.raises(CellError) as caught:
        to_lexical("1.234", XSD + "decimal")
    match = re.search(r"Write (\S+) or (\S+)\.", caught.value.en)
    assert match
    assert [to_lexical(text, XSD + "decimal") for text in match.groups()] == ["1234", "1.234"]


def test_a_suggested_key_names_a_thing_of_the_same_municipality() -> None:
    def thing(key: str, label: str) -> list[Triple]:
        node = NamedNode(ID + key)
        kind = Triple(node, NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PLAN + "Perspective"))
        return [kind, Triple(node, NamedNode(PREFIXES["skos"] + "prefLabel"), Literal(label, language="nb"))]

    own = [*thing("9999/perspective/2024-1", "Trygge veier"), *thing("9999/perspective/2024-2", "Gode liv")]
    names = ThingNames([*own, *thing("5001/perspective/2020-7", "Grønn mobilitet")], KEYS)
    column = next(column for _, column in COLUMNS if column.path == PLAN + "respondsTo")
    meant = {
        text: names.suggest_key(column, text)
        for text in ("2", "Gode liv", "perspective/2", "2024-3", "Grønn mobilitet")
    }
    assert meant == {
        "2": "perspective/2024-2",
        "Gode liv": "perspective/2024-2",
        "perspective/2": "perspective/2024-2",
        "2024-3": None,
        "Grønn mobilitet": None,
    }
    for key in filter(None, meant.values()):
        assert message(column, key) is None
    assert names.examples(column) == ["perspective/2024-1", "perspective/2024-2"]


@pytest.mark.parametrize("text", ["1.1", "A2", "3b", "II", "høst 2025", "2024–2025", "vår 2026", "2. halvår 2026"])
def test_the_examples_of_the_guide_are_read(text: str) -> None:
    path = PLAN + ("number" if len(text) < 4 else "startYear")
    assert derive_values(path, text)


@pytest.mark.parametrize("text", ["før 2030", "tidligst 2026", "senest 2027", "ca. 2025", "2025?", "flyttet fra 2023"])
def test_a_year_beside_other_words_is_not_read_as_the_start(text: str) -> None:
    found = derive_values(PLAN + "startYear", text)
    assert found == {PLAN + "startAsPrinted": [Literal(text, language="nb")]}


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("høsten 2025 – våren 2026", ["2025", "2026"]),
        ("mars 2025 til mai 2026", ["2025", "2026"]),
        ("1. halvår 2025 – 2. halvår 2026", ["2025", "2026"]),
        ("1. tertial 2025", ["2025"]),
        ("T2 2025", ["2025"]),
    ],
)
def test_seasons_and_months_beside_years_do_not_hide_them(text: str, years: list[str]) -> None:
    found = derive_values(PLAN + "startYear", text) or {}
    assert [str(term.value) for path, terms in found.items() if path.endswith("Year") for term in terms] == years
    assert PLAN + "startAsPrinted" in found
    assert PLAN + "startSeason" not in found


def test_every_second_year_is_two_years() -> None:
    found = derive_values(PLAN + "revisionInterval", "hvert annet år") or {}
    assert [str(term.value) for term in found[PLAN + "revisionInterval"]] == ["P2Y"]


@pytest.mark.parametrize("text", ["2025/2024", "2024 og 2026", "20225", "01.08.2025", "vår 2025 og høst 2026", "1/25"])
def test_an_ambiguous_start_is_not_read(text: str) -> None:
    assert derive_values(PLAN + "startYear", text) is None


def test_many_problems_are_grouped_by_cause_with_three_examples() -> None:
    problems = [
        Diagnostic(CellPlace("plan.csv", row, "B", "nummer", f"x{row}"), f"«x{row}» er feil.", f"«x{row}» is wrong.")
        for row in range(4, 24)
    ]
    problems += [Diagnostic(CellPlace("plan.csv", 9, "C"), "Noe annet.", "Something else.")]
    report = as_text(problems)
    assert "21 findings with 2 causes. --all shows each of them." in report
    assert "20 × nb" in report
    assert "plan.csv, rad · row 4–23" in report
    assert report.count("kolonne B") == 3
    assert as_text(problems, every=True).count("kolonne B") == 20
