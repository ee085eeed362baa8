"""The client against a real service."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from doc_pages import ROOT, blocks
from plangraf.client import Iri, Plangraf, ProblemError
from running_server import Server

PLAN = "https://w3id.org/plangraf/ontology#"
ID = "https://w3id.org/plangraf/id/5001/"


@pytest.fixture
def service(url: str) -> Plangraf:
    return Plangraf(url)


def test_a_named_query_gives_typed_rows_in_the_order_of_the_service(service: Plangraf) -> None:
    rows = service.query("plans-by-target", target="11.6")
    assert rows.columns == ("plan", "number", "title", "perspectiveNumber", "primary")
    assert rows[0]["plan"] == Iri(f"{ID}plan/2020-2023-3")
    assert [type(value) for value in rows[0].values()] == [Iri, int, str, int, type(None)]
    assert {type(value) for value in rows.column("primary")} == {bool, type(None)}
    listed = httpx.get(f"{service.url}/queries/plans-by-target.csv", params={"target": "11.6"}).text.splitlines()
    assert len(rows) == len(listed) - 1


def test_years_days_and_decimals_have_types_of_python(service: Plangraf) -> None:
    years = service.query("plans").column("startYear")
    assert 2020 in years
    assert {type(value) for value in years} == {int, type(None)}
    assert date(2008, 12, 4) in service.query("decisions").column("date")
    values = [value for value in service.query("figures", municipality=5001).column("value") if value is not None]
    assert Decimal(16) in values
    assert {type(value) for value in values} == {Decimal}


def test_a_parameter_named_as_a_word_of_python_takes_an_underscore(service: Plangraf) -> None:
    rows = service.query("trace", from_=f"{ID}plan/2020-2023-7", to="11.6", steps=2)
    assert len(rows) > 0
    assert {row["length"] for row in rows} <= {1, 2}


def test_sparql_gives_typed_rows_and_asks(service: Plangraf) -> None:
    text = f"SELECT ?n ?none WHERE {{ <{ID}plan/2020-2023-7> <{PLAN}respondsTo>/<{PLAN}number> ?n }} ORDER BY ?n"
    rows = service.sparql(text)
    assert [dict(row) for row in rows] == [{"n": n, "none": None} for n in (6, 7, 8, 10, 11)]
    assert [dict(row) for row in service.sparql("ASK { ?s a <http://example.org/> }")] == [{"answer": False}]


def test_sparql_with_an_error_tells_the_place(service: Plangraf) -> None:
    with pytest.raises(ProblemError, match="Did you mean plan:") as caught:
        service.sparql("SELECT * WHERE {\n  ?s pln:x ?o }")
    assert caught.value.code == "query-syntax"
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column, caught.value.place.token) == (2, 6, "pln:x")


def test_an_unknown_query_and_a_wrong_value_are_told(service: Plangraf) -> None:
    with pytest.raises(ProblemError, match="Did you mean plans-by-target") as caught:
        service.query("plan-by-target", target="11.6")
    assert (caught.value.status, caught.value.code) == (404, "not-found")
    with pytest.raises(ProblemError, match="tolerance") as caught:
        service.query("figures-and-statistics", tolerance="much")
    assert (caught.value.status, caught.value.code) == (400, "bad-parameter")


@pytest.mark.parametrize("page_size", [7, 1000])
def test_a_collection_is_complete_and_typed_whatever_the_page_size(service: Plangraf, page_size: int) -> None:
    rows = service.collection("figures", page_size=page_size)
    csv = httpx.get(f"{service.url}/figures.csv?limit=1000").text.splitlines()[1:]
    assert [row["thing"] for row in rows] == [line.partition(",")[0] for line in csv if line.startswith("https://")]
    first = rows[0]
    assert (first["obsValue"], first["refPeriod"]) == (Decimal(16), 2015)
    assert isinstance(first["unitMeasure"], Iri)
    assert str(first["label"]).startswith("Andel som er litt")


def test_a_collection_is_filtered_and_has_tuples_of_several_values(service: Plangraf) -> None:
    rows = service.collection("plans", lang="en", kind="temaplan", target="11.6")
    everything = service.collection("plans")
    assert 0 < len(rows) < len(everything)
    (plan_7,) = (row for row in everything if row["thing"] == f"{ID}plan/2020-2023-7")
    numbers = ("6", "7", "8", "10", "11")
    assert set(plan_7["respondsTo"]) == {Iri(f"{ID}perspective/2020-{n}") for n in numbers}  # type: ignore[arg-type]


def test_the_language_of_texts_is_chosen(service: Plangraf) -> None:
    nb, en = (service.collection("perspectives", lang=lang).column("prefLabel") for lang in ("nb", "en"))
    assert (nb[6], en[6]) == ("Grønn mobilitet", "Green mobility")


def test_a_filter_with_an_unknown_value_is_told(service: Plangraf) -> None:
    with pytest.raises(ProblemError) as caught:
        service.collection("plans", target="99.99")
    assert (caught.value.status, caught.value.code) == (400, "bad-parameter")


def test_a_pinned_client_asks_its_version_for_everything(service: Plangraf) -> None:
    pinned = service.pin()
    current = httpx.get(f"{service.url}/health/ready").headers["plangraf-version"]
    assert pinned.version == current
    assert pinned.pin() is pinned
    for rows in (pinned.query("plans"), pinned.sparql("SELECT (1 AS ?n) {}"), pinned.collection("plans", page_size=9)):
        assert rows.version == current
        assert f"/version/{current}/" in rows.address


def test_a_version_that_was_never_there_is_told(service: Plangraf) -> None:
    with pytest.raises(ProblemError) as caught:
        Plangraf(service.url, "0" * 16).query("plans")
    assert caught.value.status == 404


def test_a_version_is_cited_in_three_ways(service: Plangraf) -> None:
    version = service.pin().version
    cited = service.cite()
    url = f"https://w3id.org/plangraf/version/{version}/"
    assert cited.text == f"plangraf. plangraf: linked municipal plan data, version {version}. CC-BY-4.0. {url}"
    assert cited.bibtex.startswith(f"@misc{{plangraf-{version},\n  author = {{{{plangraf}}}},\n")
    assert rf"\url{{{url}}}" in cited.bibtex
    assert cited.cff == httpx.get(f"{service.url}/dump/{version}/CITATION.cff").text


def test_the_example_of_the_docs_prints_plans_of_a_target(service: Plangraf) -> None:
    (program,) = blocks(ROOT / "docs" / "researchers.md", "python")
    program = program.replace("http://127.0.0.1:8000", service.url)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    first, asked, groups, total, cited = run.stdout.splitlines()
    # Perspectives 1, 6, 7, 10 and 11 name 11.6; so many rows of table 1 of the planning strategy name each.
    assert groups == "[9, 16, 7, 11, 9]"
    assert first.startswith("52 ")
    assert (asked, total) == ("True", "22")
    assert cited.startswith("plangraf. plangraf: linked municipal plan data, version ")


def test_the_client_runs_without_the_dependencies_of_the_service(server: Server, root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == []
    names = {line.split(">")[0].replace("-", "_") for line in project["optional-dependencies"]["server"]}
    names |= {"yaml", "starlette"}
    program = textwrap.dedent(f"""
        import sys
        for name in {sorted(names)!r}:
            sys.modules[name] = None  # an import of it fails
        from plangraf.client import Plangraf
        service = Plangraf({server.url!r}).pin()
        service.cite()
        asked = service.query("trends"), service.sparql("SELECT (1 AS ?n) {{}}"), service.collection("plans")
        print(*map(len, asked))
        loaded = sorted(name for name in sys.modules if name.startswith("plangraf.") and sys.modules[name])
        print(sorted(name for name in loaded if not name.startswith("plangraf.client")))
    """)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    counts, loaded = run.stdout.splitlines()
    assert (counts.split()[1:], loaded) == (["1", "26"], "[]")
