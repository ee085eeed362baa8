"""A catalogue is all that a new language of the interface needs; the files of the domain may have texts in it too."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from plangraf.pages.things.kind_files import load_kinds
from plangraf.sparql.named.binding import load_queries
from plangraf.sparql.named.collection_files import load_collections
from plangraf.sparql.named.head import Titled
from plangraf.sparql.named.picture_files import load_pictures
from plangraf.sparql.named.query_words import load_query_words
from plangraf.views.declarations import load_site
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
import frozen, httpx, small_server
from small_server import serving, small_settings
from plangraf.http.app import create_app
folder = Path(sys.argv[2])
frozen.two_versions(folder)
if len(sys.argv) > 4:
    small_server.HOME = Path(sys.argv[4])
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


def answers(
    package: Path, versions: Path, *asked: tuple[str, dict[str, str]], home: Path | None = None
) -> list[tuple[int, dict[str, str], str]]:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT), str(versions), json.dumps(asked), *([str(home)] if home else [])],
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_choice_of_languages_names_the_new_one(asked: dict[str, tuple[int, dict[str, str], str]]) -> None:
    page = asked["Bokmål"][2]
    assert '<html lang="nb">' in page
    assert "Norsk nynorsk</a>" in page
    status, headers, _ = asked["choice"]
    assert (status, headers["location"]) == (303, "/plans")
    assert headers["set-cookie"].startswith("plangraf-language=nn;")


@pytest.mark.slow
def test_pages_in_two_languages_have_different_tags(asked: dict[str, tuple[int, dict[str, str], str]]) -> None:
    assert asked["by header"][1]["etag"] == asked["by cookie"][1]["etag"] == asked["by lang"][1]["etag"]
    assert asked["by header"][1]["etag"] != asked["Bokmål"][1]["etag"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["table", "query as CSV"])
def test_a_table_says_that_the_data_have_two_languages(
    asked: dict[str, tuple[int, dict[str, str], str]], name: str
) -> None:
    status, _, problem = asked[name]
    assert (status, json.loads(problem)["parameter"]) == (400, "lang")
    assert "nb, en" in json.loads(problem)["detail"]


@pytest.mark.slow
def test_a_language_without_a_catalogue_is_refused_with_those_there_are(
    asked: dict[str, tuple[int, dict[str, str], str]],
) -> None:
    assert asked["no such language"][0] == 400
    schemas = json.loads(asked["documentation"][2])["paths"]["/ontology"]["get"]["parameters"]
    assert [one["schema"]["enum"] for one in schemas if one["name"] == "lang"] == [["nb", "nn", "en"]]


# What a translator adds to the files of the domain: file, the text in Bokmål and English, and the same with Nynorsk.
ADDED = (
    ("site.yaml", "title: {nb: Kommunale planer", "title: {nn: Kommunale planar, nb: Kommunale planer"),
    ("site.yaml", "  - text: {nb: ", "  - text: {nn: Kva planar, nb: "),
    ("pages/plan.yaml", "name: {nb: Plan, ", "name: {nn: Planen på nynorsk, nb: Plan, "),
    ("pages/plan.yaml", "sentence:\n", 'sentence:\n  nn: "[Planen {number}|Ein plan]."\n'),
    ("collections/plans.rq", "title: {nb: Planer, ", "title: {nn: Planar, nb: Planer, "),
    ("collections/plans.rq", "kind: {nb: Plantype, ", "kind: {nn: Slag plan, nb: Plantype, "),
)
WORDS = """
groups: {plans: {nb: Planer, en: Plans, nn: Planane}}
queries:
  plans:
    group: plans
    question: {nb: "Hvilke planer?", en: "Which plans?", nn: "Kva planar?"}
    rows: {nb: Én rad for hver plan., en: One row for each plan.}
    parameters:
      number: {nb: Nummer, en: Number, nn: Talet, hint-nb: Skriv det., hint-en: Write it., hint-nn: Skriv talet.}
"""


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small home whose files have some texts in Nynorsk."""
    home = tmp_path_factory.mktemp("home") / "home"
    shutil.copytree(ROOT / "tests" / "http" / "home", home)
    shutil.copytree(ROOT / "queries" / "pages", home / "queries" / "pages")
    (home / "queries" / "words.yaml").write_text(WORDS, encoding="utf-8")
    for name, text, with_nynorsk in ADDED:
        file = home / "queries" / name
        before = file.read_text(encoding="utf-8")
        assert text in before, name
        file.write_text(before.replace(text, with_nynorsk, 1), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def spoken(package: Path, translated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    paths = ("/", "/doc/5001/plan/one", "/plans", "/queries", "/queries/plans", "/collections", "/plans.csv")
    asked = [(path, {**PAGE, "Accept-Language": language}) for path in paths for language in ("nn", "nb", "en")]
    found = answers(package, tmp_path_factory.mktemp("versions"), *asked, home=translated)
    assert {status for status, _, _ in found} == {200}
    return {
        (path, headers["Accept-Language"]): page for (path, headers), (_, _, page) in zip(asked, found, strict=True)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("/", ["Kommunale planar"]),
        ("/doc/5001/plan/one", ["Planen på nynorsk", "Planen 1."]),
        ("/plans", ["Planar", "Slag plan"]),
        ("/queries", ["Planane", "Kva planar?", "Én rad for hver plan."]),
        ("/queries/plans", ["Kva planar?", "Talet", "Skriv talet.", "Én rad for hver plan."]),
        ("/collections", ["Planar</a>", "Perspektiver</a>"]),
    ],
)
def test_texts_of_the_domain_are_in_the_language_that_has_them_and_else_in_bokmal(
    spoken: dict[tuple[str, str], str], path: str, texts: list[str]
) -> None:
    for text in texts:
        assert text in spoken[path, "nn"]
    for language in ("nb", "en"):
        assert texts[0] not in spoken[path, language]


@pytest.mark.slow
def test_a_table_keeps_its_headings_whatever_language_pages_have(spoken: dict[tuple[str, str], str]) -> None:
    assert spoken["/plans.csv", "nn"] == spoken["/plans.csv", "nb"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ({"nb": "a", "en": "b", "xx": "c"}, "`xx` is not the tag of a language, such as nn or se"),
        ({"nb": "a", "en": "b", "norsk": "c"}, "`norsk` is not the tag of a language"),
        ({"nb": "a", "en": "b", "nn": ""}, "nn\n  String should have at least 1 character"),
        ({"nb": "a", "en": "b", "nn": 1}, "nn\n  Input should be a valid string"),
        ({"en": "b", "nn": "c"}, "Field required"),
    ],
)
def test_only_languages_stand_beside_bokmal_and_english(text: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        Titled.model_validate(text)


def test_a_text_is_in_bokmal_where_it_lacks_a_language() -> None:
    text = Titled.model_validate({"nb": "a", "en": "b", "nn": "c", "se": "d"})
    assert [text.in_language(tag) for tag in ("nb", "en", "nn", "se", "sv")] == ["a", "b", "c", "d", "a"]


def further(value: object) -> Iterator[str]:
    """The tags of further languages in what was read from the files of the domain."""
    if isinstance(value, Titled):
        yield from value.further
    if isinstance(value, BaseModel):
        yield from further([getattr(value, name) for name in type(value).model_fields])
    elif is_dataclass(value):
        yield from (tag for tag, _ in getattr(value, "further", ()))
        yield from further([getattr(value, one.name) for one in fields(value)])
    elif isinstance(value, Mapping):
        yield from further(list(value.values()))
    elif isinstance(value, list | tuple):
        yield from (tag for one in value for tag in further(one))


def test_each_language_of_the_domain_files_has_words_of_the_interface(translated: Path) -> None:
    """A text in a language that no page has would never be shown."""
    known = {path.stem for path in (ROOT / "service" / "plangraf" / "pages" / "translations").glob("*.po")}
    for folder, tags in ((ROOT / "queries", known), (translated / "queries", {"nn"})):
        queries = load_queries(folder)
        lists = load_collections(folder)
        read = [load_site(folder.parent), load_query_words(folder, queries), lists, load_kinds(folder, lists)]
        assert set(further([*read, load_pictures(folder, partial(dict, queries))])) <= tags
    assert set(further(read)) == {"nn"}
