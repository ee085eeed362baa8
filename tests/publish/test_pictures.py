"""Pictures of a version: their rows are those of the query, one mark for each row, the same bytes in each build."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pyoxigraph import Quad, RdfFormat, Store, parse

from plangraf.diagnostics.diagnostic import DataError
from plangraf.publish.pictures import drawing, rows, writing
from plangraf.publish.pictures.writing import write_pictures
from plangraf.sparql.named.binding import load_queries
from plangraf.sparql.named.picture_files import Picture, load_pictures
from plangraf.store.pictures import read_pictures
from plangraf.store.versions import VersionStore
from plangraf.views.document_parts import document_path
from plangraf.views.pictures.palette import MARK_COLOURS, PALETTE, TEXT_COLOURS, THEMES, contrast
from small_home import ROOT, make_home, plangraf

ID = "https://w3id.org/plangraf/id/5001/case/"
DECLARED = """\
title: {nb: Saker, en: Cases}
reading: {nb: "{cases} {cases|sak|saker}.", en: "{cases} {cases|case|cases}."}
empty: {nb: Ingen saker., en: No cases.}
each-municipality: false
kinds: [plan:Case]
values: {cases: {rows: true}}
columns:
  number: {title: {nb: Nr., en: "No."}, link: case}
  label: {title: {nb: Navn, en: Name}}
"""
QUERY = """\
#+ summary: Cases
#+ columns: {case: iri, number: string, label: string}
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?case ?number ?label WHERE {
  ?case plan:caseNumber ?number
  OPTIONAL { ?case rdfs:label ?words FILTER (LANG(?words) = ?lang) }
  BIND (STR(?words) AS ?label)
} ORDER BY ?number
"""
SPEC = {
    "mark": {"type": "point", "aria": True, "fill": "@blue"},
    "encoding": {
        "y": {"field": "number", "type": "nominal", "title": {"nb": "Sak", "en": "Case"}},
        "description": {"field": "mark"},
        "href": {"field": "case"},
    },
}
Change = Callable[[Path], None]


def declare(home: Path, **files: str) -> Path:
    """Writes one picture into a home; a file may be replaced, by its name with `_` for a full stop."""
    folder = home / "queries" / "pictures" / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    given = {"picture_yaml": DECLARED, "query_rq": QUERY, "spec_vl_json": json.dumps(SPEC, indent=1), **files}
    for name, text in given.items():
        if text:
            (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def load(home: Path) -> list[Picture]:
    return load_pictures(home / "queries", lambda: load_queries(home / "queries"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = make_home(tmp_path / "home")
    declare(home)
    return home


def line(subject: str, predicate: str, value: str) -> bytes:
    return f"<{ID}{subject}> <{predicate}> {value} <https://w3id.org/plangraf/graph/5001/x> .".encode()


LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


def cases(*labels: str) -> list[bytes]:
    """Lines of as many cases, each with a number and a label in Bokmål."""
    found = []
    for number, label in enumerate(labels, 1):
        found.append(line(str(number), "https://w3id.org/plangraf/ontology#caseNumber", f'"{number}/20"'))
        found.append(line(str(number), "http://www.w3.org/2000/01/rdf-schema#label", f"{json.dumps(label)}@nb"))
    return sorted(found)


@pytest.mark.slow
def test_a_build_keeps_pictures_with_the_version_and_builds_the_same_bytes_again(home: Path) -> None:
    run = plangraf("build", home=home)
    assert run.returncode == 0, run.stderr
    assert "2 drawings" in run.stderr
    version = VersionStore(home / "versions").current()
    folder = version.path / "pictures"
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
    assert len(before) == 15  # two languages of svg, png, both dark, fragment, csv, json; the index
    again = plangraf("build", "--force", home=home)
    assert "as before" not in again.stderr  # drawn anew
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")} == before
    shutil.rmtree(home / "queries" / "pictures")
    without = plangraf("build", home=home)
    assert without.returncode == 0, without.stderr
    assert VersionStore(home / "versions").current().id == version.id
    assert read_pictures(version.path).pictures == {}


def test_an_unchanged_drawing_is_taken_from_the_present_version(home: Path) -> None:
    assert plangraf("build", home=home).returncode == 0
    first = VersionStore(home / "versions").current()
    sheet = home / "data" / "sdg" / "targets.ttl"
    sheet.write_text(sheet.read_text() + '<http://metadata.un.org/sdg/11.7> rdfs:label "Parker"@nb .\n')
    run = plangraf("build", home=home)
    assert "2 drawings, 2 as before" in run.stderr
    second = VersionStore(home / "versions").current()
    assert second.id != first.id
    for name in ("cases/all-nb.png", "cases/all-en-dark.svg", "index.json"):
        assert (first.path / "pictures" / name).read_bytes() == (second.path / "pictures" / name).read_bytes()


def test_a_drawing_stands_when_its_query_matches_no_changed_statement(home: Path, tmp_path: Path) -> None:
    drawn = {}
    write_pictures(cases("En"), tmp_path / "one", load(home))
    for name, known, changed in (("other", "one", {"urn:other"}), ("label", "one", {LABEL}), ("anew", None, None)):
        before = tmp_path / known if known else None
        done = write_pictures(cases("En", "To"), tmp_path / name, load(home), before, changed=changed)
        drawn[name] = done.taken, {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
    one = {path.name: path.read_bytes() for path in (tmp_path / "one").rglob("*.*")}
    assert drawn["other"] == (2, one)
    assert drawn["label"] == (0, drawn["anew"][1])
    next((tmp_path / "one").rglob("*.png")).write_bytes(b"")
    write_pictures(cases("En"), tmp_path / "again", load(home), tmp_path / "one", changed={"urn:other"})
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").rglob("*.*")} == one


def test_the_index_lists_each_file_with_its_sum(home: Path, tmp_path: Path) -> None:
    write_pictures(cases("En", "To"), tmp_path / "out", load(home))
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    listed = [file for one in index["pictures"] for entry in one["drawings"] for file in entry["files"].values()]
    assert {file["name"] for file in listed} == {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*") if path.name != "index.json"
    }
    for file in listed:
        body = (tmp_path / "out" / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_no_text_of_the_data_becomes_markup(home: Path, tmp_path: Path) -> None:
    evil = '</title><script>alert(1)</script><a href="javascript:x">&amp;'
    write_pictures(cases(evil), tmp_path / "out", load(home))
    for name in ("all-nb.svg", "all-nb-dark.svg", "all-nb.fragment"):
        root = ET.fromstring((tmp_path / "out" / "cases" / name).read_text())  # noqa: S314  # our own
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "g", "path", "line", "rect", "text", "a", "title", "desc"}
        assert [element.get("href") for element in root.iter() if element.tag.endswith("a")] == ["../doc/5001/case/1"]
        assert evil in "".join(root.itertext())
        assert not any(key.startswith("on") or key == "style" for element in root.iter() for key in element.attrib)


def test_the_fragment_has_neither_styles_nor_fixed_colours(home: Path, tmp_path: Path) -> None:
    write_pictures(cases("En"), tmp_path / "out", load(home))
    text = (tmp_path / "out" / "cases" / "all-nb.fragment").read_text()
    assert "style" not in text
    assert not re.search(r"#[0-9a-f]{6}", text)
    assert 'class="fill-blue' in text
    assert set(re.findall(r'<a href="[^"]*"([^>]*)>', text)) == {' tabindex="-1"'}


def test_a_version_without_rows_says_why_nothing_is_drawn(home: Path, tmp_path: Path) -> None:
    write_pictures([], tmp_path / "out" / "pictures", load(home))
    kept = read_pictures(tmp_path / "out").pictures["cases"]
    drawing_ = kept.drawing("nb")
    assert drawing_ is not None
    assert (drawing_.state, drawing_.reading, set(drawing_.files)) == ("empty", "Ingen saker.", {"csv", "json"})


def test_the_sentence_of_a_picture_may_have_further_languages(home: Path, tmp_path: Path) -> None:
    declare(
        home,
        picture_yaml=DECLARED.replace("reading: {nb:", 'reading: {nn: "{cases} {cases|sak|saker} her.", nb:').replace(
            "empty: {nb:", "empty: {nn: Ingen saker her., nb:"
        ),
    )
    write_pictures(cases(*"ABCDEFGHIJKL"), tmp_path / "some" / "pictures", load(home))
    write_pictures([], tmp_path / "none" / "pictures", load(home))
    found = [read_pictures(tmp_path / name).pictures["cases"].drawing("nn") for name in ("some", "none")]
    assert [one.reading_in("nn") for one in found if one] == ["12 saker her.", "Ingen saker her."]
    assert [one.reading_in("se") for one in found if one] == ["12 saker.", "Ingen saker."]


def test_more_rows_than_a_drawing_can_show_are_a_table(home: Path, tmp_path: Path) -> None:
    declare(home, picture_yaml=DECLARED + "most: 2\n")
    write_pictures(cases("En", "To", "Tre"), tmp_path / "out" / "pictures", load(home))
    drawing_ = read_pictures(tmp_path / "out").pictures["cases"].drawing("nb")
    assert drawing_ is not None
    assert (drawing_.state, drawing_.rows, drawing_.reading) == ("too-large", 3, "3 saker.")
    assert (tmp_path / "out/pictures/cases/all-nb.csv").read_bytes().count(b"\r\n") == 4


def changed(**change: object) -> str:
    return json.dumps({**SPEC, **change})


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("files", "file", "line", "words"),
    [
        ({"spec_vl_json": '{\n"mark": }'}, "spec.vl.json", 2, "is not JSON"),
        ({"spec_vl_json": "[]"}, "spec.vl.json", 1, "must be a JSON object"),
        ({"spec_vl_json": changed(data={"url": "https://example.org/x.csv"})}, "spec.vl.json", 1, "loads nothing"),
        ({"spec_vl_json": ""}, "", 1, "has one drawing"),
        ({"picture_yaml": DECLARED.replace("title:", "titel:", 1)}, "picture.yaml", 1, "cannot be used"),
        ({"picture_yaml": DECLARED.replace("{cases} {", "{casse} {")}, "picture.yaml", 1, "'casse' is not among"),
        ({"picture_yaml": DECLARED.replace("link: case", "link: cas")}, "picture.yaml", 8, "no column 'cas'"),
        ({"picture_yaml": DECLARED + "query: other\n"}, "picture.yaml", 10, "either a file"),
        ({"query_rq": QUERY.replace("?number ?label WHERE", "?number WHERE")}, "query.rq", 5, "SELECT gives"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_stops_a_build_with_file_and_line(
    home: Path, files: dict[str, str], file: str, line: int, words: str
) -> None:
    folder = declare(home, **files)
    for name, text in files.items():
        if not text:
            (folder / name.replace("_", ".")).unlink()
    with pytest.raises(DataError) as caught:
        load(home)
    (problem,) = caught.value.problems
    assert problem.place.file == f"queries/pictures/cases{'/' if file else ''}{file}"
    assert problem.place.line == line
    assert words in problem.en
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1
    assert not (home / "versions" / "current").exists()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (changed(mark={"type": "point", "aria": True, "fill": "#123456"}), "the colour #123456 is not one of @paper"),
        (changed(mark={"type": "point", "aria": True, "fill": "@red"}), "@red is not a colour"),
        (changed(mark={"type": "point", "aria": False, "fill": "@blue"}), "0 named marks for 2 rows"),
        (changed(mark={"type": "nothing", "aria": True}), "cannot be used"),
        (changed(transform=[{"calculate": "'https://example.org/'", "as": "case"}]), "which is no IRI of its rows"),
    ],
)
def test_a_drawing_that_cannot_be_used_names_its_file(home: Path, tmp_path: Path, spec: str, words: str) -> None:
    declare(home, spec_vl_json=spec)
    with pytest.raises(DataError) as caught:
        write_pictures(cases("En", "To"), tmp_path / "out", load(home))
    (problem,) = caught.value.problems
    assert problem.place.file == "queries/pictures/cases/spec.vl.json"
    assert words in problem.en


# Municipalities


OF_MUNICIPALITIES = QUERY.replace(
    "?case plan:caseNumber ?number\n",
    "?case plan:caseNumber ?number ; plan:municipality/plan:municipalityNumber ?municipality\n",
)


def of_municipality(number: str, cases_of_it: int) -> list[bytes]:
    area = f"<https://w3id.org/plangraf/id/{number}/municipality/{number}>"
    graph = f"<https://w3id.org/plangraf/graph/{number}/x>"
    plan, label = "https://w3id.org/plangraf/ontology#", "http://www.w3.org/2000/01/rdf-schema#label"
    found = [
        f'{area} <{plan}municipalityNumber> "{number}" {graph} .',
        f'{area} <{label}> "Kommune {number}"@nb {graph} .',
    ]
    for case in range(cases_of_it):
        thing = f"<https://w3id.org/plangraf/id/{number}/case/{case}>"
        found += [f'{thing} <{plan}caseNumber> "{case}" {graph} .', f"{thing} <{plan}municipality> {area} {graph} ."]
    return [line.encode() for line in found]


def test_each_municipality_has_its_drawing_up_to_a_bound_that_is_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_MUNICIPALITIES", 2)
    declare(home, picture_yaml=DECLARED.replace("each-municipality: false\n", ""), query_rq=OF_MUNICIPALITIES)
    lines = sorted([*of_municipality("9991", 1), *of_municipality("9992", 3), *of_municipality("9993", 2)])
    write_pictures(lines, tmp_path / "out" / "pictures", load(home))
    kept = read_pictures(tmp_path / "out")
    picture = kept.pictures["cases"]
    assert (picture.municipalities, picture.not_drawn) == (["9992", "9993"], 1)
    assert kept.municipalities["9991"] == {"nb": "Kommune 9991", "en": "Kommune 9991"}
    readings = [one.reading for one in picture.drawings if one.language == "nb"]
    assert readings == ["3 saker.", "2 saker."]
    second = picture.drawing("en", "9993")
    assert second is not None
    assert second.files["svg"].name == "cases/9993-en.svg"


def test_the_pictures_of_a_kind_are_those_that_are_drawn(home: Path, tmp_path: Path) -> None:
    write_pictures(cases("En"), tmp_path / "some" / "pictures", load(home))
    write_pictures([], tmp_path / "none" / "pictures", load(home))
    case, other = "https://w3id.org/plangraf/ontology#Case", "https://w3id.org/plangraf/ontology#Plan"
    assert [one.name for one in read_pictures(tmp_path / "some").of_kinds([other, case])] == ["cases"]
    assert read_pictures(tmp_path / "some").of_kinds([other]) == []
    assert read_pictures(tmp_path / "none").of_kinds([case]) == []


# The palette


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_texts_stand_out_from_the_paper(theme: str) -> None:
    colours = PALETTE[theme]  # type: ignore[index]  # of THEMES
    for name in MARK_COLOURS:
        assert contrast(colours[name], colours["paper"]) >= 3, name
    for name in TEXT_COLOURS:
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    assert len(set(colours.values())) == len(colours)


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_styles_of_pages_have_the_colours_of_the_palette() -> None:
    css = (ROOT / "service/plangraf/pages/styles/pictures.css").read_text()
    light, _, dark = css.partition("prefers-color-scheme: dark")
    for theme, text in (("light", light), ("dark", dark)):
        found = dict(re.findall(r"--picture-([a-z]+): (#[0-9a-f]{6})", text))
        assert found == PALETTE[theme]  # type: ignore[index]
    assert {f"fill-{name}" for name in PALETTE["light"]} <= set(re.findall(r"\.(fill-[a-z]+) ", css))
    assert {f"stroke-{name}" for name in PALETTE["light"]} <= set(re.findall(r"\.(stroke-[a-z]+) ", css))


# The pictures of this checkout

OURS = load(ROOT)


@pytest.mark.parametrize("picture", OURS, ids=lambda picture: picture.name)
@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_kept_rows_are_the_answer_of_the_query_and_each_is_one_mark(
    built: Path, picture: Picture, language: str
) -> None:
    version = VersionStore(built).current()
    kept = read_pictures(version.path)
    drawing_ = kept.pictures[picture.name].drawing(language)
    assert drawing_ is not None
    content = json.loads(kept.read(drawing_.files["json"]))
    assert len(content["rows"]) == len(content["table"]) == drawing_.rows
    if drawing_.state != "drawn":
        assert picture.name == "series"
        return
    for kind in ("svg", "svg-dark", "fragment"):
        root = ET.fromstring(kept.read(drawing_.files[kind]).decode())  # noqa: S314  # our own
        marks = [one for one in root.iter() if one.tag.endswith("title") and one.get("id") is None]
        assert len(marks) == drawing_.rows
    assert drawing_.reading in kept.read(drawing_.files["json"]).decode()
    assert "{" not in drawing_.reading


@pytest.mark.parametrize("picture", [one for one in OURS if one.name != "series"], ids=lambda picture: picture.name)
@pytest.mark.parametrize("language", ["nb", "en"])
def test_text_is_11_px_or_more_on_a_screen_of_390_px(built: Path, picture: Picture, language: str) -> None:
    kept = read_pictures(VersionStore(built).current().path)
    drawing_ = kept.pictures[picture.name].drawing(language)
    assert drawing_ is not None
    for kind in ("svg", "fragment"):
        root = ET.fromstring(kept.read(drawing_.files[kind]).decode())  # noqa: S314  # our own
        sizes = {float(size.removesuffix("px")) for one in root.iter() if (size := one.get("font-size"))}
        assert min(sizes) * min(1, 390 / float(root.get("width", "0"))) >= 11


def test_a_decision_leads_to_its_document_too(built: Path) -> None:
    kept = read_pictures(VersionStore(built).current().path)
    drawing_ = kept.pictures["decisions"].drawing("nb")
    assert drawing_ is not None
    content = json.loads(kept.read(drawing_.files["json"]))
    wanted = {row["document"] for row in content["rows"] if "document" in row}
    assert len(wanted) > 8
    links = set(re.findall(r'href="\.\.([^"]*)"', kept.read(drawing_.files["fragment"]).decode()))
    assert {document_path(iri) for iri in wanted} <= links
    assert {document_path(row["decision"]) for row in content["rows"]} <= links


def test_series_of_statistics_are_drawn_over_the_plan_period(built: Path) -> None:
    """The checkout has no statistics, so these are made ones, of years before, in and after a plan period."""
    store = Store()
    store.bulk_load(path=ROOT / "tests" / "questions" / "statistics.trig", format=RdfFormat.TRIG)
    lines = [
        line
        for line in VersionStore(built).current().lines()
        if line.endswith((b"/planstrategi-2020-2023> .", b"/5001/kommune> ."))
    ]
    store.bulk_extend(parse(b"\n".join(lines), RdfFormat.N_QUADS))
    store.bulk_extend([Quad(quad.subject, quad.predicate, quad.object) for quad in store])
    (picture,) = [one for one in OURS if one.name == "series"]
    found = rows.typed(rows.ask(store, picture, "nb", "5001"), picture)
    assert [(row["series"], row["year"], row["value"]) for row in found] == [
        ("99001 Andel;Alle", 2020, 6.5), ("99001 Dager;Alle", 2018, 27.0), ("99001 Dager;Alle", 2020, 22.0)
    ]  # fmt: skip
    assert {(row["planStart"], row["planEnd"]) for row in found} == {(2020, 2023)}
    assert rows.reading(found, picture, "nb").startswith("2 serier fra 1 tabell viser 3 verdier fra 2018 til 2020.")
    drawn = drawing.draw(picture, found, "nb")
    assert drawn.marks == 3
    assert "@tint" in {element.get("fill") for element in drawn.body.iter()}
