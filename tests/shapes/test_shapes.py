"""Each shape finds its mistake and nothing else.

A fixture is one complete small file, tests/shapes/<shape>/pass-*.ttl or fail-*.ttl. It is validated together with
tests/shapes/world.ttl, which has one valid thing of each class for its links. Fixtures that are independent of each
other are validated together, because a validation is expensive and one more fixture is cheap.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from fixture_data import FIXTURES, ROOT, WORLD, data_of, groups, quads_of
from pyoxigraph import NamedNode, Quad
from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection

from plangraf.checks.shacl.validation import shacl_problems
from plangraf.diagnostics.diagnostic import FileDiagnostic

PLANSHAPE = Namespace("https://w3id.org/plangraf/shapes#")
TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
SEVERITIES = {SH.Violation, SH.Warning, SH.Info}
# What a node shape may carry besides constraints: its name, its target, and links to its property shapes.
NOT_A_CONSTRAINT = {RDF.type, SH.name, SH.description, SH.property, SH.severity, SH.message, *TARGETS}


@cache
def shapes() -> Graph:
    graph = Graph()
    for path in sorted((ROOT / "shapes").glob("*.ttl")):
        graph.parse(path)
    return graph


@cache
def world() -> Graph:
    return Graph().parse(WORLD)


def node_shapes() -> set[URIRef]:
    return {shape for shape in shapes().subjects(RDF.type, SH.NodeShape) if isinstance(shape, URIRef)}


def property_shapes() -> set[URIRef]:
    return {shape for shape in shapes().subjects(RDF.type, SH.PropertyShape) if isinstance(shape, URIRef)}


def targeted_node_shapes() -> set[URIRef]:
    return {shape for shape in node_shapes() if any((shape, target, None) in shapes() for target in TARGETS)}


def reporting_shapes() -> set[URIRef]:
    """The shapes that a report can name: property shapes, and node shapes with constraints of their own."""
    own = {shape for shape in targeted_node_shapes() if set(shapes().predicates(shape)) - NOT_A_CONSTRAINT}
    return property_shapes() | own


def local(shape: URIRef) -> str:
    return shape.removeprefix(str(PLANSHAPE))


def problems_of(own: set[Quad]) -> list[FileDiagnostic]:
    return shacl_problems(data_of(own), lambda _: None)


def names(problems: list[FileDiagnostic]) -> set[str]:
    return {local(URIRef(str(problem.rule))) for problem in problems}


def fixtures(kind: str) -> list[str]:
    return sorted(str(path.relative_to(FIXTURES)) for path in FIXTURES.glob(f"*/{kind}-*.ttl"))


def expected(fixture: Path) -> set[str]:
    """The shapes that must report a fixture."""
    return {fixture.parent.name} if fixture.name.startswith("fail-") else set()


# The others are in the longer set: each group mixes fixtures of all shapes.
@pytest.mark.sampled(9)
@pytest.mark.parametrize(
    "number", [pytest.param(one, marks=pytest.mark.slow if one % 2 else []) for one in range(len(groups()))]
)
def test_each_mistake_of_a_group_is_reported_by_its_shape_and_no_other(number: int) -> None:
    group = groups()[number]
    found: dict[Path | None, set[str]] = {path: set() for path in group.fixtures}
    for problem in problems_of(group.quads):
        path = group.things.get(NamedNode(str(problem.place.thing)))
        found.setdefault(path, set()).update(names([problem]))
    wanted: dict[Path | None, set[str]] = {path: expected(path) for path in group.fixtures}
    assert {path: shapes for path, shapes in found.items() if shapes != wanted.get(path)} == {}


def test_the_common_data_of_the_fixtures_conform() -> None:
    assert problems_of(quads_of([WORLD])) == []


def test_every_class_of_the_world_is_the_target_of_a_shape() -> None:
    targeted = {target for shape in node_shapes() for target in shapes().objects(shape, SH.targetClass)}
    ours = {cls for cls in world().objects(None, RDF.type) if str(cls).startswith("https://w3id.org/plangraf/")}
    assert ours <= targeted
    for cls in targeted:
        found = (None, RDF.type, cls) in world() or str(cls).startswith(("http://www.w3.org/2002/07/owl#", str(RDF)))
        assert found, f"world.ttl holds no {cls}"


def test_every_shape_has_a_passing_and_a_failing_fixture() -> None:
    names = {local(shape) for shape in reporting_shapes()}
    for kind in ("pass", "fail"):
        assert {fixture.split("/")[0] for fixture in fixtures(kind)} == names


def test_every_file_among_the_fixtures_is_run() -> None:
    run = {FIXTURES / name for kind in ("pass", "fail") for name in fixtures(kind)}
    assert {path for group in groups() for path in group.fixtures} == run
    assert {path for path in FIXTURES.glob("*Shape*/*") if path.is_file()} == run
    assert set(FIXTURES.rglob("*.ttl")) == run | {WORLD}


def test_every_node_shape_has_a_target_or_is_part_of_another_shape() -> None:
    for shape in node_shapes() - targeted_node_shapes():
        assert (None, SH.qualifiedValueShape, shape) in shapes(), shape


def test_every_property_shape_is_an_iri_named_after_its_node_shape_and_belongs_to_it_alone() -> None:
    linked = set(shapes().objects(None, SH.property))
    assert linked == property_shapes() == set(shapes().subjects(SH.path))
    for shape in property_shapes():
        (owner,) = shapes().subjects(SH.property, shape)
        path = shapes().value(shape, SH.path)
        name = f"{owner}-{str(path).replace('#', '/').rpartition('/')[2]}"
        assert str(shape) == name or (isinstance(path, BNode) and str(shape).startswith(f"{owner}-"))


def test_every_shape_has_one_severity_and_messages_and_names_in_bokmal_and_english() -> None:
    for shape in reporting_shapes():
        severity = list(shapes().objects(shape, SH.severity))
        assert len(severity) == 1, shape
        assert severity[0] in SEVERITIES, shape
        for predicate in (SH.message, SH.name):
            texts = list(shapes().objects(shape, predicate))
            languages = {text.language for text in texts if isinstance(text, Literal) and text.strip()}
            assert len(texts) == 2, (shape, predicate)
            assert languages == {"nb", "en"}, (shape, predicate)


def test_every_constraint_in_sparql_has_messages_of_its_own_in_bokmal_and_english() -> None:
    """pySHACL drops the language of the shape's own messages when a constraint in SPARQL reports."""
    constraints = set(shapes().objects(None, SH.sparql))
    assert constraints == set(shapes().subjects(RDF.type, SH.SPARQLConstraint))
    for constraint in constraints:
        languages = sorted(str(getattr(text, "language", "")) for text in shapes().objects(constraint, SH.message))
        assert languages == ["en", "nb"], constraint


def test_every_shape_file_holds_the_shape_of_its_name() -> None:
    names = {local(shape).removesuffix("Shape").lower() for shape in targeted_node_shapes()}
    for path in (ROOT / "shapes").glob("*.ttl"):
        stem = path.stem.replace("-", "").removeprefix("sdg").replace("period", "periodoftime")
        assert stem in names | {"shapes"}, path


def known_terms() -> dict[str, set[str]]:
    """The existing terms by namespace: those of our ontology, and those of ontology/vocabularies/."""
    ontology = Graph()
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        ontology.parse(path)
    ours = {str(term) for term in ontology.subjects(RDFS.isDefinedBy)}
    known = {"https://w3id.org/plangraf/ontology#": ours}
    for path in sorted((ROOT / "ontology" / "vocabularies").glob("*.tsv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        (namespace,) = (line.split(": ", 1)[1] for line in lines if line.startswith("# namespace: "))
        known[namespace] = {line.split("\t")[0] for line in lines if not line.startswith("#")}
    return known


def terms_of_constraints() -> set[URIRef]:
    """Every predicate, class and datatype in a shape, including those in paths and lists."""
    links = [
        SH.path,
        SH["class"],
        SH.hasValue,
        SH.equals,
        SH.lessThanOrEquals,
        SH["in"],
        SH.datatype,
        *TARGETS,
    ]
    found = {node for link in links for node in shapes().objects(None, link)}
    for node in [node for node in found if isinstance(node, BNode)]:
        for head in (node, *shapes().objects(node, SH.alternativePath)):
            found |= set(Collection(shapes(), head))
    return {node for node in found if isinstance(node, URIRef)} | {
        predicate for predicate in shapes().predicates() if isinstance(predicate, URIRef)
    }


def test_every_term_that_a_shape_uses_is_defined_in_its_vocabulary() -> None:
    known = known_terms()
    # Things, not terms: what rdfs:isDefinedBy and skos:inScheme must lead to.
    things = {"https://w3id.org/plangraf/ontology", "http://metadata.un.org/sdg"}
    for term in terms_of_constraints() - {URIRef(thing) for thing in things}:
        namespaces = [namespace for namespace in known if str(term).startswith(namespace)]
        assert namespaces, f"{term} is of a vocabulary that is not pinned in ontology/vocabularies/"
        assert any(str(term) in known[namespace] for namespace in namespaces), term
