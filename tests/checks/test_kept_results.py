"""After any change, the results that are kept and the things that are validated again give the report on all things."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from plangraf.checks import kept_results
from plangraf.checks.data_graph import DataGraph, check_problems
from plangraf.checks.kept_results import Change, Results
from plangraf.checks.shacl.reach import UnboundedError, reach
from plangraf.checks.shacl.validation import shacl_problems, shapes_of
from plangraf.diagnostics.diagnostic import FilePlace
from plangraf.rdf.graph import RDF_TYPE, nquads_lines, relabelled
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, SHAPES_GRAPH
from plangraf.rdf.quad_lines import QuadLines
from plangraf.sources.files import sources
from plangraf.sources.turtle import read
from plangraf.sparql.matched_terms import Links

PREFIXES = """@prefix e: <http://e/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SHAPES = """
e:PlanShape a sh:NodeShape ; sh:targetClass e:Plan ; sh:property e:part , e:period , e:start , e:title , e:two .
e:part a sh:PropertyShape ; sh:path e:partOf ; sh:class e:Strategy ; sh:message "part"@en .
e:period a sh:PropertyShape ; sh:path e:in ; sh:node e:PeriodShape ; sh:message "period"@en .
e:PeriodShape a sh:NodeShape ; sh:property e:year , e:within .
e:within a sh:PropertyShape ; sh:path e:of ; sh:class e:Strategy ; sh:message "of"@en .
e:year a sh:PropertyShape ; sh:path e:first ; sh:minCount 1 ; sh:lessThanOrEquals e:last ; sh:message "year"@en .
e:title a sh:PropertyShape ; sh:path e:name ; sh:uniqueLang true ; sh:severity sh:Warning ; sh:message "name"@en .
e:start a sh:PropertyShape ; sh:path e:first ; sh:sparql e:startsInPeriod ; sh:message "start"@en .
e:startsInPeriod a sh:SPARQLConstraint ; sh:message "outside"@en ; sh:select \"\"\"
    SELECT $this ?value WHERE {
      $this $PATH ?value . ?strategy <http://e/lists> $this ; <http://e/in> ?period . ?period <http://e/first> ?begins .
      FILTER (?value < ?begins) }\"\"\" .
e:two a sh:PropertyShape ; sh:path e:partOf ; sh:qualifiedValueShape [ sh:class e:Strategy ; sh:property e:named ] ;
    sh:qualifiedMinCount 1 ; sh:message "two"@en .
e:named a sh:PropertyShape ; sh:path e:name ; sh:minCount 1 ; sh:message "named"@en .
e:ListedShape a sh:NodeShape ; sh:targetObjectsOf e:lists ; sh:property e:named .
"""
CHECKS = {
    "listed-twice": "SELECT ?plan ?one WHERE { ?one e:lists ?plan . ?two e:lists ?plan . FILTER (?one != ?two) }",
    "nothing-said": "SELECT ?thing WHERE { ?other e:lists ?thing . FILTER NOT EXISTS { ?thing ?any ?said } }",
    "years": "SELECT ?thing ?year WHERE { ?thing e:first ?year . FILTER (?year > 7) }",
    # One name in two branches of a UNION, and in EXISTS, stands for different things.
    "other-part": """SELECT DISTINCT ?thing ?other WHERE {
        { ?thing e:partOf ?other . FILTER NOT EXISTS { ?other a e:Strategy } }
        UNION { ?thing e:first 9 . ?other e:of ?strategy . FILTER NOT EXISTS { ?thing e:in ?other } } }""",
    "without-graph": """SELECT ?thing ?property WHERE { GRAPH ?graph { ?thing ?property ?value }
        MINUS { GRAPH ?graph { ?other e:partOf ?thing ; e:name ?value } }
        MINUS { GRAPH ?graph { ?thing a e:Draft } }
        FILTER (STRENDS(STR(?graph), "b") && EXISTS { GRAPH ?graph { ?any a e:Strategy } }) }""",
    "many-names": """SELECT ?thing (COUNT(?name) AS ?names) { ?thing e:name ?name } GROUP BY ?thing
        HAVING (COUNT(?name) > 1)""",
    "no-thing": "SELECT (COUNT(?one) AS ?number) ?year { ?one e:first ?year } GROUP BY ?year HAVING (COUNT(?one) > 3)",
    "optional": """SELECT ?thing ?far { ?thing a e:Plan OPTIONAL { ?thing e:in ?period . ?period e:of ?far }
        FILTER (!BOUND(?far)) FILTER NOT EXISTS { ?far e:lists ?thing } }""",
    "first-of-all": "SELECT ?thing { ?thing e:first ?year } ORDER BY DESC(?year) LIMIT 1",
    "inner": """SELECT ?thing { ?thing e:in ?period
        { SELECT ?period { ?any e:of ?strategy ; e:first ?year . ?period e:last ?year } } }""",
}
_CHANGES = 25
THINGS = [f"http://e/{letter}{number}" for letter in "psd" for number in range(5)]


def random_line(chance: Random) -> bytes:
    """A statement about a plan, a strategy or a period, which seldom says what their shapes forbid."""
    plan, strategy, period = (f"<http://e/{letter}{chance.randrange(5)}>" for letter in "psd")
    year = f'"{chance.choice((2, 3, 3, 3, 9))}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    name = f'"{chance.choice("ab")}"@{chance.choice(("nb", "en"))}'
    said = chance.choice((
        f"{plan} {RDF_TYPE} <http://e/{chance.choice(('Plan', 'Draft'))}>", f"{strategy} {RDF_TYPE} <http://e/Strategy>",
        f"{strategy} <http://e/lists> {plan}", f"{strategy} <http://e/in> {period}", f"{plan} <http://e/in> {period}",
        f"{plan} <http://e/partOf> {chance.choice((strategy, strategy, plan))}", f"{plan} <http://e/first> {year}",
        f"{period} <http://e/first> {year}", f"{period} <http://e/last> {year}", f"{strategy} <http://e/name> {name}",
        f"{plan} <http://e/name> {name}", f"{period} <http://e/of> {strategy}",
    ))  # fmt: skip
    return f"{said} <https://w3id.org/plangraf/graph/9999/{chance.choice('ab')}> .".encode()


def shape_lines() -> list[bytes]:
    subclass = "e:Draft rdfs:subClassOf e:Plan ."
    found = set()
    for text, graph in ((SHAPES, SHAPES_GRAPH), (subclass, ONTOLOGY_GRAPH)):
        found |= {Quad(*quad.triple, NamedNode(graph)) for quad in parse(PREFIXES + text, RdfFormat.TURTLE)}
    return nquads_lines(relabelled(found))


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed else []) for seed in range(6)])
def test_kept_and_new_results_are_those_of_all_things(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_results, "_SHARE", 1.1)  # the data are so few that each change concerns many of them
    checks = []
    for name, query in CHECKS.items():
        checks.append(tmp_path / f"{name}.rq")
        checks[-1].write_text(f"#+ summary: {name}\n#+ columns: {{thing: iri}}\nPREFIX e: <http://e/>\n{query}\n")
    chance = Random(seed)
    shapes, own = shape_lines(), {random_line(chance) for _ in range(60)}
    before: Results | None = None
    kept = partly = asked = 0
    for number in range(_CHANGES):
        old = set(own)
        for _ in range(chance.randint(1, 3)):
            own ^= {random_line(chance) if chance.random() < 0.5 else chance.choice(sorted(own))}
        everything = QuadLines(sorted({*shapes, *own}))
        lines = {thing: line for line, thing in enumerate(chance.sample(THINGS, 12))}

        def locate(iri: str, lines: dict[str, int] = lines, number: int = number) -> FilePlace | None:
            return FilePlace(f"data/{number}.ttl", lines[iri]) if iri in lines else None

        data = DataGraph(everything)
        whole = shacl_problems(data, locate)
        rows = {check.name: check_problems(data, [check], locate) for check in checks}
        if before is not None:
            change = Change(before, sorted(old ^ own))
            assert change.shapes(data, locate)[0] == whole
            names = {one.place.thing for one in whole}
            kept += sum(one[0] in names for one in before.shapes)
            for check in checks:
                found = change.rows(check, locate)
                if found is None:
                    found = change.rows_of_part(check, data, locate)
                    partly += found is not None
                asked += found is None
                assert found is None or found == rows[check.name]
        before = Results.from_json(Results.of(whole, rows).as_json())
    assert kept > 10
    assert partly > 10
    assert 0 < asked < len(checks) * _CHANGES


def test_a_change_of_classes_or_of_many_things_validates_all() -> None:
    lines = shape_lines()
    for line, reason in (
        (b"<http://e/A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <http://e/Plan> <http://e/g> .", "class"),
        (b"_:a <http://e/first> <http://e/p1> <http://e/g> .", "blank node"),
    ):
        with pytest.raises(UnboundedError, match=reason):
            Change(Results(), [line]).shapes(DataGraph(QuadLines(sorted([*lines, line]))), lambda _: None)


def test_a_query_without_a_bound_is_named() -> None:
    text = SHAPES.replace("<http://e/lists> $this ;", "?any ?other ;")
    quads = {Quad(*quad.triple, NamedNode(SHAPES_GRAPH)) for quad in parse(PREFIXES + text, RdfFormat.TURTLE)}
    with pytest.raises(UnboundedError, match="http://e/start"):
        reach(shapes_of(DataGraph(quads)))


def test_the_shapes_of_the_project_look_two_links_far(root: Path) -> None:
    files = [file for file in sources(root, [root / "data"]).files if file.graph in (ONTOLOGY_GRAPH, SHAPES_GRAPH)]
    links = reach(shapes_of(DataGraph(relabelled(read(files).quads))))
    assert links == Links(2, frozenset({"http://data.europa.eu/eli/ontology#basis_for"}))
