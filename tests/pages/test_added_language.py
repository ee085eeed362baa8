"""A catalogue is all that a new language of the interface needs: one file beside the others, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from small_home import ROOT

NYNORSK = """
msgid "Skip to the content"
msgstr "Hopp til innhaldet"

msgid "Ontology"
msgstr "Ontologi på nynorsk"

#, python-format
msgid "%(num)s thing"
msgid_plural "%(num)s things"
msgstr[0] ""
msgstr[1] ""
"""
# Requests over a real connection to a service whose package has the catalogue.
SCRIPT = """
import json, sys, tempfile
from pathlib import Path
sys.path[:0] = [sys.argv[1] + "/tests/http", sys.argv[1] + "/tests"]
import frozen, httpx
from small_server import serving, small_settings
from plangraf.http.app import create_app
folder = Path(sys.argv[2])
frozen.two_versions(folder)
found = []
made = serving(lambda port: create_app(small_settings(folder, port)))
with made as address, httpx.Client(base_url=address) as client:
    for path, headers in json.loads(sys.argv[3]):
        answer = client.get(path, headers=headers)
        found.append([answer.status_code, dict(answer.headers), answer.text])
print(json.dumps(found))
"""
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with a catalogue in Nynorsk, which has two words."""
    folder = tmp_path_factory.mktemp("with-nynorsk")
    leave = shutil.ignore_patterns("__pycache__", "built")
    shutil.copytree(ROOT / "service" / "plangraf", folder / "plangraf", ignore=leave)
    (folder / "plangraf" / "pages" / "translations" / "nn.po").write_text(NYNORSK, encoding="utf-8")
    return folder


def answers(package: Path, versions: Path, *asked: tuple[str, dict[str, str]]) -> list[tuple[int, dict[str, str], str]]:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT), str(versions), json.dumps(asked)],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return [(status, headers, text) for status, headers, text in json.loads(run.stdout.splitlines()[-1])]


@pytest.fixture(scope="module")
def asked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, dict[str, str], str]]:
    requests: dict[str, tuple[str, dict[str, str]]] = {
        "by lang": ("/doc/5001/plan/one?lang=nn", PAGE),
        "by header": ("/doc/5001/plan/one", {**PAGE, "Accept-Language": "nn-NO, nb;q=0.8"}),
        "by cookie": ("/doc/5001/plan/one", {**PAGE, "Cookie": "plangraf-language=nn"}),
        "Bokmål": ("/doc/5001/plan/one", {**PAGE, "Accept-Language": "nb"}),
        "list": ("/plans?lang=nn", PAGE),
        "ontology": ("/ontology?lang=nn", PAGE),
        "named query": ("/queries/plans?lang=nn", PAGE),
        "SPARQL": ("/sparql?query=ASK%20%7B%7D&lang=nn", PAGE),
        "unknown thing": ("/doc/5001/plan/none?lang=nn", PAGE),
        "choice": ("/language?to=nn&back=/plans", {}),
        "table": ("/plans.csv?lang=nn", {}),
        "query as CSV": ("/queries/plans.csv?lang=nn", {}),
        "no such language": ("/plans?lang=sv", PAGE),
        "documentation": ("/openapi.json", {}),
    }
    found = answers(package, tmp_path_factory.mktemp("versions"), *requests.values())
    return dict(zip(requests, found, strict=True))


@pytest.mark.parametrize(
    "name", ["by lang", "by header", "by cookie", "list", "ontology", "named query", "SPARQL", "unknown thing"]
)
def test_each_page_is_offered_in_the_new_language(asked: dict[str, tuple[int, dict[str, str], str]], name: str) -> None:
    status, _, page = asked[name]
    assert status == (404 if name == "unknown thing" else 200)
    assert '<html lang="nn">' in page
    assert "Hopp til innhaldet" in page
    assert "Ontologi på nynorsk" in page
    # A word that the catalogue lacks is in Bokmål, and so are the data.
    assert "Hovedmeny" in page
    assert "Main menu" not in page


def test_the_choice_of_languages_names_the_new_one(asked: dict[str, tuple[int, dict[str, str], str]]) -> None:
    page = asked["Bokmål"][2]
    assert '<html lang="nb">' in page
    assert "Norsk nynorsk</a>" in page
    status, headers, _ = asked["choice"]
    assert (status, headers["location"]) == (303, "/plans")
    assert headers["set-cookie"].startswith("plangraf-language=nn;")


def test_pages_in_two_languages_have_different_tags(asked: dict[str, tuple[int, dict[str, str], str]]) -> None:
    assert asked["by header"][1]["etag"] == asked["by cookie"][1]["etag"] == asked["by lang"][1]["etag"]
    assert asked["by header"][1]["etag"] != asked["Bokmål"][1]["etag"]


@pytest.mark.parametrize("name", ["table", "query as CSV"])
def test_a_table_says_that_the_data_have_two_languages(
    asked: dict[str, tuple[int, dict[str, str], str]], name: str
) -> None:
    status, _, problem = asked[name]
    assert (status, json.loads(problem)["parameter"]) == (400, "lang")
    assert "nb, en" in json.loads(problem)["detail"]


def test_a_language_without_a_catalogue_is_refused_with_those_there_are(
    asked: dict[str, tuple[int, dict[str, str], str]],
) -> None:
    assert asked["no such language"][0] == 400
    schemas = json.loads(asked["documentation"][2])["paths"]["/ontology"]["get"]["parameters"]
    assert [one["schema"]["enum"] for one in schemas if one["name"] == "lang"] == [["nb", "nn", "en"]]
