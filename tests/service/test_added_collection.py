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
    home = httpx.get(added, headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert '<a href="/late-plans">Late plans</a>' in home
    assert f"<loc>{added}/late-plans</loc>" in httpx.get(f"{added}/sitemap-0.xml").text
    described = httpx.get(f"{added}/openapi.json").json()["paths"]["/late-plans"]["get"]
    assert described["summary"] == "Late plans, page by page"
    assert described["description"].startswith("The plans that start in 2022 or later.")
    assert {"kind", "municipality"} <= {parameter["name"] for parameter in described["parameters"]}
    assert re.search(r'plangraf_http_requests_total\{kind="late-plans"', httpx.get(f"{added}/metrics").text)


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


def test_a_build_names_an_unknown_term_in_labels_and_frames(tmp_path: Path) -> None:
    home = small(tmp_path / "home")
    with (home / "ontology" / "labels" / "properties.ttl").open("a", encoding="utf-8") as file:
        file.write('dcterms:titel rdfs:label "Tittel"@nb , "Title"@en .\n')
    frames = home / "ontology" / "frames.jsonld"
    frames.write_text(frames.read_text().replace('"plan:revises"', '"plan:revizes"'), encoding="utf-8")
    found = plangraf("build", home=home)
    assert found.returncode != 0
    assert re.search(r"ontology/frames.jsonld\n.*\n.*line 14: .*revizes", found.stderr), found.stderr
    assert re.search(r"ontology/labels/properties.ttl\n.*\n.*line \d+: .*terms/titel", found.stderr), found.stderr


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "part"),
    [
        ("a.rq", "#+ title: {nb: Sene planer, en: Late plans}\n", "", 1, "title: Field required"),
        ("a.rq", "?thing a plan:Plan ;", "?thing a plan:Plann ;", 13, "ontology#Plann"),
        ("a.rq", "path: plan:startYear", "path: plan:startYeer", 6, "startYeer"),
        ("a.rq", "FILTER (STR", "FILTER ((STR", 14, "never closed"),
        ("a.rq", "codes: scheme/document-kind", "codez: x", 9, "codez"),
        (
            "shared.yaml",
            "",
            "columns:\n  title: {nb: Tittel, en: Title, path: dcterms:titel}\n",
            2,
            "titel",
        ),
    ],
)
def test_a_build_reports_an_invalid_collection_with_file_and_line(
    tmp_path: Path, name: str, old: str, new: str, line: int, part: str
) -> None:
    home = small(tmp_path / "home")
    folder = home / "queries" / "collections"
    text = FILE.replace(old, new, 1) if old else new
    (folder / name).write_text(text, encoding="utf-8")
    found = plangraf("build", home=home)
    assert found.returncode != 0
    assert part in found.stderr
    assert re.search(rf"collections/{name}(:{line}\b|\n.*\n.*Error, line {line}:)", found.stderr), found.stderr


def test_a_collection_cannot_take_an_address_of_the_service(home: Path, tmp_path: Path, built: Path) -> None:
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    folder = tmp_path / "home" / "queries" / "collections"
    (folder / "late-plans.rq").rename(folder / "sparql.rq")
    found = plangraf("serve", "--no-build", "--port", "0", home=tmp_path / "home", PLANGRAF_VERSIONS=str(built))
    assert found.returncode != 0
    assert "plangraf: queries/collections/sparql.rq:1: /sparql is an address of the service" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_service_reports_that_its_home_lacks_the_folder(tmp_path: Path, built: Path) -> None:
    for name in ("ontology", "shapes", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "queries").mkdir()
    shutil.copy(ROOT / "queries" / "site.yaml", tmp_path / "queries")
    found = plangraf("serve", "--no-build", "--port", "0", home=tmp_path, PLANGRAF_VERSIONS=str(built))
    assert found.returncode != 0
    assert "plangraf: queries/collections:1: The folder queries/collections is missing." in found.stderr
    assert "Traceback" not in found.stderr
