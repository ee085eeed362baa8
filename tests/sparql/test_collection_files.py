"""The file of a collection: its declarations, and the errors of invalid files."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from plangraf.diagnostics.diagnostic import DataError
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.collection_files import load_collections, terms_of_head

ROOT = Path(__file__).resolve().parents[2]
PLAN = "https://w3id.org/plangraf/ontology#"
DIGESTS = Path(__file__).with_name("collections.txt")
HEAD = """\
#+ title: {nb: Saker, en: Cases}
#+ summary: The cases
#+ order: [plan:caseNumber]
#+ columns:
#+   number: {nb: Nr., en: No., path: plan:caseNumber}
#+ facets:
#+   body: {nb: Organ, en: Body, path: eli-dl:had_responsible_organization, example: 5001/political-body/bystyret}
"""
QUERY = f"PREFIX plan: <{PLAN}>\n\nSELECT ?thing WHERE {{ ?thing a plan:Case }}\n"


def load(folder: Path, text: str, name: str = "cases") -> Collection:
    shutil.copytree(ROOT / "queries" / "collections", folder / "collections", ignore=lambda *_: {"cases.rq"})
    for path in (folder / "collections").glob("*.rq"):
        path.unlink()
    (folder / "collections" / f"{name}.rq").write_text(text, encoding="utf-8")
    return load_collections(folder)[name]


def test_a_file_becomes_a_collection(tmp_path: Path) -> None:
    found = load(tmp_path, HEAD + QUERY)
    assert (found.path, found.title("nb"), found.title("en"), found.summary) == ("cases", "Saker", "Cases", "The cases")
    assert (found.classes, found.narrowed) == ((PLAN + "Case",), None)
    assert found.order == (f"?thing <{PLAN}caseNumber> ?value",)
    assert [(column.name, column.path) for column in found.columns] == [("number", (PLAN + "caseNumber",))]
    (body,) = found.facets
    assert body.property == "http://data.europa.eu/eli/eli-draft-legislation-ontology#had_responsible_organization"
    assert body.short("https://w3id.org/plangraf/id/5001/political-body/bystyret") == "5001/political-body/bystyret"


def test_a_collection_may_say_why_a_version_has_none_of_its_things(tmp_path: Path) -> None:
    why = '#+ when-empty: {nb: "Hent saker med `x`.", en: "Get cases with `x`."}\n'
    told = load(tmp_path / "a", HEAD + why + QUERY).when_empty
    assert told is not None
    assert told.text == ("Hent saker med `x`.", "Get cases with `x`.")
    assert load(tmp_path / "b", HEAD + QUERY).when_empty is None
    with pytest.raises(DataError, match="when-empty"):
        load(tmp_path / "c", HEAD + '#+ when-empty: {nb: "Hent saker."}\n' + QUERY)


def test_a_shared_column_or_facet_is_referred_to_by_name(tmp_path: Path) -> None:
    shared = "#+   label: concept\n#+   municipality:\n#+ facets:\n#+   municipality: named-by\n"
    found = load(tmp_path, HEAD.replace("#+ facets:\n", shared) + QUERY)
    assert [column.name for column in found.columns] == ["number", "label", "municipality"]
    assert found.columns[1].path == ("http://www.w3.org/2004/02/skos/core#prefLabel",)
    facet = found.facets[0]
    assert (facet.name, facet.nb) == ("municipality", "Nevnt av kommune")
    assert facet.thing("5001") == "https://w3id.org/plangraf/id/5001/municipality/5001"
    assert facet.exists("5001") == f'ASK {{ ?thing <{PLAN}municipalityNumber> "5001" }}'


@pytest.mark.parametrize(
    ("pattern", "classes", "narrowed"),
    [
        ("?thing a plan:Case .", ("Case",), False),
        ("?thing rdf:type plan:Case", ("Case",), False),
        ("VALUES ?c { plan:Case plan:Decision } ?thing a ?c", ("Case", "Decision"), False),
        ("?thing a plan:Case ; plan:caseNumber ?number", ("Case",), True),
        ("?thing a plan:Case FILTER NOT EXISTS { ?thing a plan:Decision }", ("Case",), True),
        ("{ ?other a plan:Plan } ?thing a plan:Case", ("Case",), True),
    ],
)
def test_the_pattern_declares_the_classes_and_may_restrict_them(
    tmp_path: Path, pattern: str, classes: tuple[str, ...], narrowed: bool
) -> None:
    rdf = "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>\n"
    found = load(tmp_path, f"{HEAD}{rdf}PREFIX plan: <{PLAN}>\nSELECT ?thing WHERE {{ {pattern} }}")
    assert found.classes == tuple(PLAN + name for name in classes)
    assert (found.narrowed is not None) == narrowed
    assert ("SELECT DISTINCT ?thing WHERE" in found.members) == narrowed
    assert "plan:" not in found.members
    # A version whose ontology lacks a term of the pattern lists nothing, rather than too much.
    without = found.usable(frozenset(PLAN + name for name in (*classes, "caseNumber")) - {PLAN + "caseNumber"})
    assert bool(without.classes) == (
        not narrowed or ("NOT EXISTS" not in pattern and "caseNumber" not in pattern and "Plan" not in pattern)
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("#+ title: {nb: Saker, en: Cases}\n", "", 1, "title: Field required"),
        ("nb: Saker, ", "", 1, "title.nb"),
        ("#+ summary: The cases\n", "", 1, "summary"),
        ("nb: Nr., ", "", 5, "columns.number.nb"),
        ("path: plan:caseNumber}", "way: plan:caseNumber}", 5, "columns.number.way"),
        ("path: plan:caseNumber}", "path: nowhere:caseNumber}", 5, "nowhere"),
        ("number: {nb: Nr., en: No., path: plan:caseNumber}", "numbers:", 5, "'numbers' is not among the columns"),
        ("#+   body: {", "#+   a-b: {", 6, "a-b"),
        ("#+   body: {", "#+   page: {", 6, "'page' is a parameter"),
        ("path: eli-dl", "values: words, path: eli-dl", 7, "facets.body.values"),
        ("path: eli-dl", "sort: up, path: eli-dl", 7, "facets.body.sort"),
        ("path: eli-dl", "graph: true, path: eli-dl", 7, "either a path or"),
        (
            "path: eli-dl:had_responsible_organization",
            "path: eli-dl:had_responsible_organization//a",
            7,
            "property path",
        ),
        ("path: eli-dl:had_responsible_organization", 'path: "?x"', 7, "cannot stand in one"),
        ("5001/political-body/bystyret", "a b", 7, "the example cannot be used"),
        ("path: eli-dl", "codes: nowhere, path: eli-dl", 7, "nowhere"),
        ("[plan:caseNumber]", "[plan:caseNumber, 'plan:caseNumber)']", 3, "property path"),
        ("#+ summary: The cases", "#+ summary: 'The cases", 7, "not YAML"),
        ("?thing a plan:Case", "?thing a plan:Case , ", 10, "Line 10"),
        ("?thing a plan:Case", "?thing plan:caseNumber ?number", 10, "which class"),
        ("?thing a plan:Case", "?thing a other:Case", 10, "other"),
        ("SELECT ?thing", "SELECT ?case", 10, "?thing and nothing else"),
        ("SELECT ?thing", "SELECT *", 10, "?thing and nothing else"),
        ("SELECT ?thing WHERE", "ASK", 1, "is a SELECT"),
        ("Case }\n", "Case } LIMIT 5\n", 10, "the head has the order"),
        (QUERY, "", 1, "the query is empty"),
    ],
)
def test_an_invalid_file_is_reported_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, part: str
) -> None:
    text = HEAD + QUERY
    assert old in text
    with pytest.raises(DataError) as caught:
        load(tmp_path, text.replace(old, new, 1))
    (found,) = caught.value.problems
    assert (found.place.file, found.place.line) == (f"{tmp_path.name}/collections/cases.rq", line), found
    assert part in found.en
    assert found.nb != found.en


def test_all_invalid_files_are_reported_together_including_an_invalid_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="small letters"):
        load(tmp_path, HEAD + QUERY, "Cases")
    (tmp_path / "collections" / "second.rq").write_text(QUERY, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_collections(tmp_path)
    assert [(problem.place.file.rpartition("/")[2], problem.place.line) for problem in caught.value.problems] == [
        ("Cases.rq", 1),
        ("second.rq", 1),
    ]


def test_a_missing_folder_and_an_invalid_shared_file_are_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="/collections is missing"):
        load_collections(tmp_path)
    (tmp_path / "collections").mkdir()
    assert load_collections(tmp_path) == {}
    (tmp_path / "collections" / "shared.yaml").write_text("columns:\n  title: {nb: Tittel}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"shared\.yaml:2: .*columns\.title\.en"):
        load_collections(tmp_path)


def test_the_terms_of_a_head_have_their_lines() -> None:
    found = list(terms_of_head(HEAD + QUERY))
    assert (PLAN + "caseNumber", 3) in found
    assert (PLAN + "caseNumber", 5) in found
    assert not [iri for iri, line in found if line > 7]
    assert list(terms_of_head("columns:\n  a: {path: plan:number}\n")) == [(PLAN + "number", 2)]


def described(collection: Collection) -> str:
    """A collection in one line: its names, and a digest of everything that affects its answers."""
    columns = ",".join(column.name for column in collection.columns)
    facets = ",".join(facet.name for facet in collection.facets)
    affects = repr(collection) + (repr(collection.when_empty.text) if collection.when_empty else "")
    digest = hashlib.sha256(affects.encode()).hexdigest()[:12]
    return f"{collection.path} | {columns} | {facets} | {digest}"


def test_columns_facets_and_order_of_all_collections_are_as_published() -> None:
    found = [described(collection) for collection in load_collections(ROOT / "queries").values()]
    assert found == DIGESTS.read_text(encoding="utf-8").splitlines(), (
        "A published collection has changed. When that is meant, say so in CHANGELOG.md and write the new lines to "
        f"{DIGESTS.name}:\n" + "\n".join(found)
    )
