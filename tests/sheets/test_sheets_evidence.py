"""Import writes evidence of the kind of the same statement in Trondheim's data, and keeps existing evidence."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from checkout_model import MODEL
from pyoxigraph import Literal, NamedNode, Quad, Triple

from filled_sheets import fill
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, PLAN, PREFIXES, SCHEME, SHAPES_GRAPH
from plangraf.settings import Settings
from plangraf.sheets.exporting import export_sheet
from plangraf.sheets.importing import read_sheets
from plangraf.sheets.model import USUAL_KIND
from plangraf.sources.files import source_files
from plangraf.sources.turtle import read
from small_home import ROOT

TYPE = PREFIXES["rdf"] + "type"
SH = PREFIXES["sh"]
KIND = SCHEME + "evidence-kind/"


def _facts(quads: set[Quad]) -> dict[str, dict[str, set[object]]]:
    found: dict[str, dict[str, set[object]]] = defaultdict(lambda: defaultdict(set))
    for quad in quads:
        if isinstance(quad.subject, NamedNode):
            found[quad.subject.value][quad.predicate.value].add(quad.object)
    return found


def _iris(values: set[object]) -> set[str]:
    return {value.value for value in values if isinstance(value, NamedNode)}


def test_the_declared_kinds_match_the_evidence_of_trondheim() -> None:
    """The kind of each property shape is the most frequent in Trondheim's data; English texts are summaries."""
    quads = read(source_files(ROOT)).quads
    shapes = _facts({quad for quad in quads if quad.graph_name.value in (SHAPES_GRAPH, ONTOLOGY_GRAPH)})  # type: ignore[union-attr]
    own = {
        (target, path): shape
        for node in shapes.values()
        for target in _iris(node[SH + "targetClass"])
        for shape in _iris(node[SH + "property"])
        for path in _iris(shapes[shape][SH + "path"])
    }
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    english: Counter[str] = Counter()
    graphs: dict[str, set[Quad]] = defaultdict(set)
    for quad in quads:
        if "/graph/5001/" in str(quad.graph_name):
            graphs[str(quad.graph_name)].add(quad)
    for facts in map(_facts, graphs.values()):
        for evidence in [known for known in facts.values() if PLAN + "Evidence" in _iris(known[TYPE])]:
            (kind,) = _iris(evidence[PLAN + "evidenceKind"])
            (about,) = _iris(evidence[PLAN + "about"])
            for path in _iris(evidence[PLAN + "aboutProperty"]) - {TYPE}:
                for value in evidence[PLAN + "aboutValue"] & facts[about][path] or facts[about][path]:
                    if isinstance(value, Literal) and value.language == "en":
                        english[kind] += 1
                        continue
                    for name in _iris(facts[about][TYPE]):
                        if (name, path) in own:
                            counted[own[name, path]][kind] += 1
    assert len(counted) > 100
    assert english.most_common(1)[0][0] == KIND + "summarised"
    assert english[KIND + "summarised"] == english.total()
    wrong = {}
    for shape, kinds in counted.items():
        declared = next(iter(_iris(shapes[shape][USUAL_KIND])), KIND + "printed")
        if kinds[declared] != max(kinds.values()):
            wrong[shape] = (declared, dict(kinds))
    assert wrong == {}, "write these into ontology/evidence-kinds.ttl"


def test_every_declared_kind_belongs_to_an_existing_shape_and_is_not_printed() -> None:
    quads = read(source_files(ROOT)).quads
    shapes = {quad.subject for quad in quads if quad.predicate.value == SH + "path"}
    declared = [quad for quad in quads if quad.predicate.value == USUAL_KIND]
    assert {quad.subject for quad in declared} <= shapes
    assert len(declared) == len({quad.subject for quad in declared})
    assert {str(quad.object.value) for quad in declared} == {  # type: ignore[union-attr]
        KIND + name for name in ("structural", "summarised", "identified")
    }


@pytest.fixture
def rows(short_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "plan.xlsx"
    shutil.copy(short_template, path)
    lines = {"@evidence plan:firstLine": 3}
    return fill(
        path,
        {
            "plan:SourceDocument": [{"key": "kilde", "dcterms:title@nb": "Kilden"}],
            "plan:Plan": [
                {
                    "key": "1",
                    "plan:number": 1,
                    "dcterms:title@nb": "Skoleplan",
                    "plan:purpose@nb": "Nok skoleplasser.",
                    "plan:purpose@en": "Enough places at school.",
                    "plan:municipality": "municipality/9999",
                    "plan:responsibleUnit": "organizational-unit/skole",
                    **lines,
                }
            ],
            "plan:Perspective": [
                {"key": "2024-1", "skos:prefLabel@nb": "Trygg vei", "skos:prefLabel@en": "Safe road", **lines}
            ],
            "plan:PlanPerspectiveLink": [
                {
                    "key": "1-1",
                    "plan:linkedPlan": "plan/1",
                    "plan:position": 1,
                    "plan:linkedPerspective": "perspective/2024-1",
                    **lines,
                }
            ],
        },
    )


def kinds(path: Path) -> dict[str, set[str]]:
    """By thing, the kind and the property of its evidence, with the value if it names one."""
    imported = read_sheets(path, path.parent / "9999" / "ny", MODEL)
    assert imported.problems == []
    facts: dict[str, dict[str, set[object]]] = defaultdict(lambda: defaultdict(set))
    for triple in imported.triples:
        facts[triple.subject.value][triple.predicate.value].add(triple.object)  # type: ignore[union-attr]
    found: dict[str, set[str]] = defaultdict(set)
    for known in facts.values():
        if PLAN + "Evidence" not in _iris(known[TYPE]):
            continue
        (about,), (kind,) = _iris(known[PLAN + "about"]), _iris(known[PLAN + "evidenceKind"])
        assert known[PLAN + "checked"] == {Literal(False)}
        for name in _iris(known[PLAN + "aboutProperty"]):
            local = name.replace("#", "/").rpartition("/")[2]
            values = known[PLAN + "aboutValue"] or {""}
            found[about.rpartition("/id/9999/")[2]] |= {
                f"{kind.rpartition('/')[2]} {local} {value}".strip() for value in values
            }
    return found


def test_each_statement_of_a_row_gets_its_own_kind(rows: Path) -> None:
    found = kinds(rows)
    assert found["plan/1"] == {
        "structural type",
        "structural municipality",
        "printed number",
        "printed title",
        "summarised purpose",
        "identified responsibleUnit",
    }
    assert found["perspective/2024-1"] == {
        "structural type",
        'printed prefLabel "Trygg vei"@nb',
        'summarised prefLabel "Safe road"@en',
    }
    assert found["plan-perspective-link/1-1"] == {
        "structural type",
        "structural linkedPlan",
        "structural position",
        "printed linkedPerspective",
    }


def test_the_kind_named_in_a_row_replaces_printed(rows: Path) -> None:
    fill(
        rows,
        {
            "plan:Plan": [
                {
                    "key": "2",
                    "dcterms:title@nb": "Ny plan",
                    "plan:purpose@nb": "Noe vi sier selv.",
                    "@evidence plan:firstLine": 3,
                    "@evidence plan:evidenceKind": "identifisert",
                }
            ]
        },
    )
    assert kinds(rows)["plan/2"] == {"structural type", "identified title", "summarised purpose"}


def test_export_and_import_keep_the_evidence_unchanged(tmp_path: Path) -> None:
    folder = tmp_path / "5001" / "planstrategi-2020-2023"
    shutil.copytree(ROOT / "data" / "5001" / "planstrategi-2020-2023", folder)
    export_sheet(Settings(), str(folder), tmp_path / "a.xlsx")
    imported = read_sheets(tmp_path / "a.xlsx", folder, MODEL)
    wanted = (PLAN + "evidenceKind", PLAN + "checked", PLAN + "aboutValue", PLAN + "aboutProperty")
    files = [file for file in source_files(ROOT) if "planstrategi-2020-2023" in file.graph]

    def evidence(triples: set[Triple]) -> set[Triple]:
        return {triple for triple in triples if triple.predicate.value in wanted}

    before = evidence({quad.triple for quad in read(files).quads})
    assert len(before) > 500
    assert evidence(imported.triples) == before
