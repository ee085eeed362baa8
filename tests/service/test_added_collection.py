"""One file adds a collection: the site lists, describes, counts and queries it."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from running_server import Server
from small_home import ROOT, plangraf

FILE = """\
#+ title: {nb: Sene planer, en: Late plans}
#+ summary: The plans that start in 2022 or later
#+ order: [plan:startYear, dcterms:title]
#+ columns:
#+   title:
#+   start: {nb: Oppstart, en: Start, path: plan:startYear}
#+ facets:
#+   municipality:
#+   kind: {nb: Plantype, en: Kind, path: plan:planKind, codes: scheme/document-kind, example: temaplan}
PREFIX plan: <https://w3id.org/plangraf/ontology#>

SELECT ?thing WHERE {
  ?thing a plan:Plan ; plan:startYear ?year .
  FILTER (STR(?year) >= "2022")
}
"""
LATE = """PREFIX plan: <https://w3id.org/plangraf/ontology#>
SELECT DISTINCT ?thing WHERE { ?thing a plan:Plan ; plan:startYear ?year FILTER (STR(?year) >= "2022") }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's home with one more collection."""
    home = tmp_path_factory.mktemp("added")
    for name in ("ontology", "shapes", "data"):
        (home / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "queries", home / "queries")
    (home / "queries" / "collections" / "late-plans.rq").write_text(FILE, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def added(home: Path, built: Path, run_server: Callable[..., AbstractContextManager[Server]]) -> Iterator[str]:
    with run_server(built, PLANGRAF_HOME=str(home)) as server:
        yield server.url


def things(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.slow
def test_one_file_adds_a_collection_to_every_list_of_collections(added: str) -> None:
    asked = httpx.post(f"{added}/sparql", data={"query": LATE, "format": "json"}).json()["results"]["bindings"]
    late = {row["thing"]["value"] for row in asked}
    listed = things(httpx.get(f"{added}/late-plans.csv").text)
    assert {row["thing"] for row in listed} == late
    assert 0 < len(late) < len(things(httpx.get(f"{added}/plans.csv").text))
    assert list(listed[0]) == ["thing", "title", "start"]
    assert [row["start"] for row in listed] == sorted(row["start"] for row in listed)
    themes = things(httpx.get(f"{added}/late-plans.csv?kind=temaplan&municipality=5001").text)
    assert 0 < len(themes) < len(late)

    (row,) = [row for row in things(httpx.get(f"{added}/collections.csv").text) if "late-plans" in row["collection"]]
    assert (row["title"], int(row["total"])) == ("Sene planer", len(late))
    assert row["filters"] == "municipality | kind"
    assert row["classes"] == "https://w3id.org/plangraf/ontology#Plan"
    lists = httpx.get(f"{added}/collections", headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert '<a href="/late-plans">Late plans</a>' in lists
    assert f"<loc>{added}/late-plans</loc>" in httpx.get(f"{added}/sitemap-0.xml").text
    described = httpx.get(f"{added}/openapi.json").json()["paths"]["/late-plans"]["get"]
    assert described["summary"] == "Late plans, page by page"
    assert described["description"].startswith("The plans that start in 2022 or later.")
    assert {"kind", "municipality"} <= {parameter["name"] for parameter in described["parameters"]}
    assert re.search(r'plangraf_http_requests_total\{kind="late-plans"', httpx.get(f"{added}/metrics").text)


@pytest.mark.slow
def test_a_page_of_the_added_collection_is_for_people_and_programs(added: str) -> None:
    page = httpx.get(f"{added}/late-plans", headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert re.search("<h1[^>]*>Late plans", page)
    document = httpx.get(f"{added}/late-plans.jsonld").json()
    assert document["totalItems"] == len(document["member"])
    assert document["hydra:search"]["hydra:template"] == f"{added}/late-plans{{?municipality,kind}}"


def small(home: Path) -> Path:
    """A home without data, because it builds in a second."""
    shutil.copytree(ROOT / "ontology", home / "ontology")
    shutil.copytree(ROOT / "shapes", home / "shapes")
    (home / "data").mkdir()
    shutil.copytree(ROOT / "queries" / "collections", home / "queries" / "collections")
    return home


WRONG = {
    "no-title": ("#+ title: {nb: Sene planer, en: Late plans}\n", "", 1, "title: Field required"),
    "unknown-class": ("?thing a plan:Plan ;", "?thing a plan:Plann ;", 13, "ontology#Plann"),
    "unknown-path": ("path: plan:startYear", "path: plan:startYeer", 6, "startYeer"),
    "open-bracket": ("FILTER (STR", "FILTER ((STR", 14, "never closed"),
    "unknown-key": ("codes: scheme/document-kind", "codez: x", 9, "codez"),
}
"""What is replaced in the file of a collection of this name, by what, and the line and a part of the error."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a build says of a home with each mistake once: it tells all of them."""
    home = small(tmp_path_factory.mktemp("wrong") / "home")
    folder = home / "queries" / "collections"
    for name, (old, new, _, _) in WRONG.items():
        assert old in FILE
        (folder / f"{name}.rq").write_text(FILE.replace(old, new, 1), encoding="utf-8")
    for path, old, new in (
        (folder / "shared.yaml", "path: dcterms:title", "path: dcterms:titel"),
        (home / "ontology" / "frames.jsonld", '"plan:revises"', '"plan:revizes"'),
    ):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    with (home / "ontology" / "labels" / "properties.ttl").open("a", encoding="utf-8") as file:
        file.write('dcterms:titel rdfs:label "Tittel"@nb , "Title"@en .\n')
    found = plangraf("build", "--all", home=home)
    assert found.returncode == 1
    return found.stderr


def test_a_build_names_an_unknown_term_in_labels_and_frames_and_shared_columns(report: str) -> None:
    assert re.search(r"ontology/frames.jsonld\n.*\n.*line 14: .*revizes", report), report
    assert re.search(r"ontology/labels/properties.ttl\n.*\n.*line \d+: .*terms/titel", report), report
    assert re.search(r"collections/shared.yaml\n.*\n.*Error, line 23: .*terms/titel", report), report


@pytest.mark.parametrize("name", WRONG)
def test_a_build_names_file_and_line_of_a_collection_that_cannot_be_used(report: str, name: str) -> None:
    _, _, line, part = WRONG[name]
    of_file = report.partition(f"queries/collections/{name}.rq\n")[2].partition("\n\n")[0]
    assert re.search(rf"\bError, line {line}: .*{re.escape(part)}", of_file), report


def test_no_other_file_of_that_home_is_told(report: str) -> None:
    told = set(re.findall(r"^(?:queries|ontology)/\S+$", report, re.MULTILINE))
    collections = {"shared.yaml", *(f"{name}.rq" for name in WRONG)}
    assert told == {f"queries/collections/{name}" for name in collections} | {
        "ontology/frames.jsonld",
        "ontology/labels/properties.ttl",
    }


def one_process(built: Path) -> dict[str, str]:
    return {"PLANGRAF_VERSIONS": str(built), "PLANGRAF_PROCESSES": "1"}


def test_a_collection_cannot_take_an_address_of_the_service(home: Path, tmp_path: Path, built: Path) -> None:
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    folder = tmp_path / "home" / "queries" / "collections"
    (folder / "late-plans.rq").rename(folder / "sparql.rq")
    found = plangraf("serve", "--no-build", "--port", "0", home=tmp_path / "home", **one_process(built))
    assert found.returncode != 0
    assert "plangraf: queries/collections/sparql.rq:1: /sparql is an address of the service" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_service_reports_that_its_home_lacks_the_folder(tmp_path: Path, built: Path) -> None:
    for name in ("ontology", "shapes", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "queries").mkdir()
    shutil.copy(ROOT / "queries" / "site.yaml", tmp_path / "queries")
    found = plangraf("serve", "--no-build", "--port", "0", home=tmp_path, **one_process(built))
    assert found.returncode != 0
    assert "plangraf: queries/collections:1: The folder queries/collections is missing." in found.stderr
    assert "Traceback" not in found.stderr
