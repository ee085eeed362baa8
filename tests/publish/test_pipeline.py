"""From files to a version: parsing, refused input, and an id that depends on the statements only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from plangraf.rdf.graph import nquads_lines, relabelled
from plangraf.rdf.literals import XSD, canonical
from plangraf.sources.files import SourceFile, source_files
from plangraf.sources.turtle import Parsed, read
from plangraf.store.versions import VersionStore
from small_home import CASE, ROOT, make_home, plangraf, write

DATA_GRAPH = "https://w3id.org/plangraf/graph/5001/planstrategi"
ID = "https://w3id.org/plangraf/id/5001"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


def parsed(folder: Path, text: str, graph: str = DATA_GRAPH) -> Parsed:
    """Parses a file without the prefixes of the small home."""
    path = folder / "own.ttl"
    path.write_text(text, encoding="utf-8")
    return read([SourceFile(path, "own.ttl", graph)])


def lines_of(home: Path) -> list[bytes]:
    return nquads_lines(relabelled(read(source_files(home)).quads))


# The id


@pytest.mark.slow
def test_the_same_files_in_two_places_give_the_same_version(home: Path, tmp_path: Path) -> None:
    other = make_home(tmp_path / "elsewhere" / "deep")
    ids = []
    for place, hash_seed in ((home, "1"), (other, "2")):
        run = plangraf("build", "--quiet", home=place, PYTHONHASHSEED=hash_seed)
        assert run.returncode == 0, run.stderr
        version = VersionStore(place / "versions").current()
        ids.append(run.stdout)
        assert version.verify()
    assert ids[0] == ids[1]
    first, second = (VersionStore(place / "versions").current().path for place in (home, other))
    for file in ("manifest.json", "report.json", "data.nq.zst", "dump/index.json", "dump/SHA256SUMS"):
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_order_of_files_and_statements_and_labels_of_blank_nodes_do_not_matter(home: Path) -> None:
    before = lines_of(home)
    ontology = home / "ontology" / "ontology.ttl"
    text = ontology.read_text(encoding="utf-8")
    shuffled = text.replace("rdfs:subClassOf [ a owl:Restriction ; owl:onProperty plan:caseNumber ; ", "").replace(
        "owl:someValuesFrom xsd:string ] ;", "rdfs:subClassOf _:zz ;"
    )
    assert "_:zz" in shuffled
    shuffled += "_:zz owl:someValuesFrom xsd:string ; owl:onProperty plan:caseNumber ; a owl:Restriction .\n"
    ontology.unlink()
    (home / "ontology" / "zz.ttl").write_text(shuffled, encoding="utf-8")
    cases = home / "data" / "5001" / "planstrategi" / "cases.ttl"
    first, second = cases.read_text(encoding="utf-8").split("\n\n")[1:]
    cases.unlink()
    write(home, "data/5001/planstrategi/a.ttl", second)
    write(home, "data/5001/planstrategi/b.ttl", first + "\n\n" + first)
    assert lines_of(home) == before


def test_the_union_counts_a_triple_of_two_graphs_once(home: Path) -> None:
    write(home, "data/5001/other/cases.ttl", f'<{CASE}> a plan:Case ; plan:caseNumber "68/19" .\n')
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 0, run.stderr
    manifest = json.loads((home / "versions" / "current" / "manifest.json").read_bytes())
    assert manifest["quads"] == manifest["triples"] + 2
    assert manifest["graphs"]["https://w3id.org/plangraf/graph/5001/other"] == 2
    assert manifest["warnings"] == {"https://w3id.org/plangraf/shapes#CaseShape-label": 1}
    assert run.stdout == f"version {manifest['version']} triples {manifest['triples']}\n"


def test_the_files_of_the_project_parse_without_problems() -> None:
    assert read(source_files(ROOT)).problems == []


# What reading refuses


def test_every_parse_error_of_every_file_names_file_and_line_in_both_languages(home: Path) -> None:
    cases = home / "data" / "5001" / "planstrategi" / "cases.ttl"
    cases.write_text(cases.read_text(encoding="utf-8").replace(' "68/19" ;', ' "68/19" rdfs:label ;'), encoding="utf-8")
    write(home, "data/sdg/goals.ttl", '<http://metadata.un.org/sdg/11> adms:x "y" .\n')
    run = plangraf("build", home=home)
    assert run.returncode == 1
    report = run.stderr[run.stderr.index("data/5001") :]
    assert report.startswith("data/5001/planstrategi/cases.ttl\n  nb  Feil, linje 12: Kolonne ")
    assert "\n  en  Error, line 12: Column " in report
    assert "data/sdg/goals.ttl\n  nb  Feil, linje 11: " in report
    assert "The prefix adms: has not been declared. Add an @prefix line «@prefix adms: <" in report
    assert "\nnb  feil: " in report
    assert not (home / "versions" / "current").exists()


def test_the_line_of_a_statement_is_its_own_and_not_that_of_its_subject(tmp_path: Path) -> None:
    text = f"""@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<{ID}/plan/1>
    <http://example.org/a> 1 ,
        01 ;

    <http://example.org/b> "2020-1-1"^^xsd:date .
"""
    found = parsed(tmp_path, text).problems
    assert [(problem.place.line, problem.place.thing) for problem in found] == [
        (4, f"{ID}/plan/1"),
        (6, f"{ID}/plan/1"),
    ]
    assert found[0].en == '<http://example.org/a>: "01" is not canonical xsd:integer. Write 1'
    assert found[0].nb == "<http://example.org/a>: «01» er ikke kanonisk xsd:integer. Skriv 1"
    assert "is no valid xsd:date" in found[1].en


def test_a_datatype_that_the_engine_changes_is_reported_with_the_one_to_write(tmp_path: Path) -> None:
    text = f"""@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<{ID}/plan/1> <http://example.org/a> "7"^^xsd:nonNegativeInteger , "2024-01-01T00:00:00Z"^^xsd:dateTimeStamp , 7 .
"""
    found = parsed(tmp_path, text).problems
    assert [problem.en for problem in found] == [
        "<http://example.org/a>: xsd:nonNegativeInteger cannot be queried. Write the value as xsd:integer.",
        "<http://example.org/a>: xsd:dateTimeStamp cannot be queried. Write the value as xsd:dateTime.",
    ]


def test_a_line_longer_than_any_buffer_counts_as_one(tmp_path: Path) -> None:
    text = f'<{ID}/plan/1> <http://example.org/a> "{"x" * 300_000}" .\n'
    text += f"<{ID}/plan/2> <http://example.org/a> 01 .\n"
    assert [problem.place.line for problem in parsed(tmp_path, text).problems] == [2]


def test_blank_nodes_are_refused_in_data_and_allowed_in_the_ontology(tmp_path: Path) -> None:
    text = f"<{ID}/plan/1> <http://example.org/a> [ <http://example.org/b> 1 ] .\n"
    text += "_:x <http://example.org/b> 2 .\n"
    found = parsed(tmp_path, text).problems
    assert [problem.place.line for problem in found] == [1, 2]
    assert all("Give the thing an IRI" in problem.en for problem in found)
    assert all("Gi tingen en IRI" in problem.nb for problem in found)
    assert parsed(tmp_path, text, "https://w3id.org/plangraf/graph/ontology").problems == []


@pytest.mark.parametrize(
    ("iri", "message"),
    [
        ("https://w3id.org/plangraf/id/5001/plan/snøhetta", "beyond ASCII"),
        ("http://w3id.org/plangraf/id/5001/plan/1", "must start with https://w3id.org/plangraf/"),
        ("https://www.w3id.org/plangraf/id/5001/plan/1", "must start with https://w3id.org/plangraf/"),
        ("http://127.0.0.1:8000/id/5001/plan/1", "names a machine"),
        ("http://localhost/id/5001/plan/1", "names a machine"),
    ],
)
def test_an_iri_that_is_not_ascii_or_names_a_wrong_host_is_refused(tmp_path: Path, iri: str, message: str) -> None:
    (problem,) = parsed(tmp_path, f"<{ID}/plan/2> <http://example.org/a> <{iri}> .\n").problems
    assert message in problem.en
    assert problem.place.line == 1


def test_good_iris_and_literals_pass(tmp_path: Path) -> None:
    text = f"""@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<{ID}/plan/1> <http://example.org/a> <https://w3id.org/plangraf/ontology> , <https://w3id.org/plangraf> ,
    7 , 1.5 , true , 1.0E3 , "2020"^^xsd:gYear , "2020-02-29"^^xsd:date , "007" , "Grønn mobilitet"@nb .
"""
    assert parsed(tmp_path, text).problems == []


def test_a_triple_as_object_is_refused(tmp_path: Path) -> None:
    text = f"<{ID}/plan/1> <http://example.org/a> <<( <http://a.no/s> <http://a.no/p> 1 )>> .\n"
    (problem,) = parsed(tmp_path, text).problems
    assert "Describe the statement with plan:Evidence" in problem.en


CANONICAL = [
    ("integer", "007", "7"),
    ("integer", "+7", "7"),
    ("integer", "-0", "0"),
    ("integer", "7.0", None),
    ("decimal", "1.50", "1.5"),
    ("decimal", "1.0", "1"),
    ("decimal", ".5", "0.5"),
    ("decimal", "-00.0", "0"),
    ("boolean", "1", "true"),
    ("boolean", "0", "false"),
    ("boolean", "TRUE", None),
    ("date", "2020-02-29", "2020-02-29"),
    ("date", "2019-02-29", None),
    ("date", "2020-01-01+00:00", "2020-01-01Z"),
    ("date", "2020-1-1", None),
    ("gYear", "2020", "2020"),
    ("gYear", "20", None),
    ("gYear", "2020-00:00", "2020Z"),
    ("gYearMonth", "2020-03", "2020-03"),
    ("gYearMonth", "2020-13", None),
    ("dateTime", "2020-01-01T10:00:00.500Z", "2020-01-01T10:00:00.5Z"),
    ("dateTime", "2020-12-31T24:00:00", "2021-01-01T00:00:00"),
    ("dateTime", "2020-12-31T24:00:01", None),
    ("dateTime", "2020-01-01T10:00:00+01:00", "2020-01-01T10:00:00+01:00"),
    ("dateTime", "2020-01-01", None),
    ("double", "1e3", "1.0E3"),
    ("double", "-0.00125", "-1.25E-3"),
    ("double", "0", "0.0E0"),
    ("double", "x", None),
    ("double", "1.0E3", "1.0E3"),
    ("double", "INF", "INF"),
    ("string", "007", "007"),
]


@pytest.mark.parametrize(("datatype", "lexical", "right"), CANONICAL)
def test_the_canonical_form_of_a_literal(datatype: str, lexical: str, right: str | None) -> None:
    assert canonical(lexical, XSD + datatype) == right
    if right is not None:
        assert canonical(right, XSD + datatype) == right


@pytest.mark.parametrize(
    ("datatype", "right"),
    sorted({(kind, right) for kind, _, right in CANONICAL if right and kind != "double"}),
)
def test_the_engine_returns_a_canonical_literal_unchanged(datatype: str, right: str) -> None:
    """Without doubles, because the engine writes `1000` for the canonical `1.0E3`."""
    node = NamedNode("http://example.org/a")
    store = Store()
    store.add(Quad(node, node, Literal(right, datatype=NamedNode(XSD + datatype))))
    (quad,) = store
    assert isinstance(quad.object, Literal)
    assert quad.object.value == right


# Doing it again, and not doing it


def test_unchanged_files_are_not_built_again_and_changed_ones_are(home: Path) -> None:
    first = plangraf("build", home=home)
    assert "shapes" in first.stderr
    again = plangraf("build", home=home)
    assert again.stdout == first.stdout.replace("\n", " up to date\n")
    assert again.stderr == ""
    forced = plangraf("build", "--force", home=home)
    assert forced.stdout == first.stdout
    write(home, "data/5001/planstrategi/more.ttl", f'<{ID}/case/1-20> a plan:Case ; plan:caseNumber "1/20" .\n')
    changed = plangraf("build", home=home)
    assert changed.returncode == 0
    assert changed.stdout != first.stdout
    assert len(VersionStore(home / "versions").list()) == 2


def test_a_version_of_unchanged_files_that_was_deleted_is_built_again(home: Path) -> None:
    first = plangraf("build", "--quiet", home=home)
    manifest = home / "versions" / "current" / "manifest.json"
    manifest.unlink()
    again = plangraf("build", "--quiet", home=home)
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert manifest.is_file()


def test_a_folder_with_foreign_files_is_refused_before_the_build(home: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "documents"
    foreign.mkdir()
    (foreign / "thesis.odt").write_text("years of work")
    run = plangraf("build", "--versions", foreign, home=home)
    assert run.returncode == 1
    assert run.stderr.startswith("plangraf: ")
    assert "thesis.odt" in run.stderr
    assert "parse" not in run.stderr
    assert [entry.name for entry in foreign.iterdir()] == ["thesis.odt"]


def test_more_data_folders_become_graphs_of_their_own(home: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    write(more, "5031/strategi/cases.ttl", "<https://w3id.org/plangraf/id/5031/case/1-20> a plan:Case .\n")
    run = plangraf("build", "--quiet", "--data", more, home=home)
    assert run.returncode == 1
    assert f"{more}/5031/strategi/cases.ttl\n  <https://w3id.org/plangraf/id/5031/case/1-20>\n" in run.stderr
    write(
        more,
        "5031/strategi/cases.ttl",
        '<https://w3id.org/plangraf/id/5031/case/1-20> a plan:Case ; plan:caseNumber "1/20" .\n',
    )
    run = plangraf("build", "--quiet", home=home, PLANGRAF_DATA=str(more))
    assert run.returncode == 0, run.stderr
    graphs = VersionStore(home / "versions").current().manifest["graphs"]
    assert graphs["https://w3id.org/plangraf/graph/5031/strategi"] == 2


def test_a_missing_data_folder_gives_one_clear_line(home: Path) -> None:
    run = plangraf("build", "--data", "nowhere", home=home)
    assert run.returncode == 2
    assert run.stderr == "plangraf: The data folder nowhere does not exist.\n"
