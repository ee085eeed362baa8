"""A graph whose things are read from a file of lines is the graph in memory."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode

from plangraf.checks.data_graph import DataGraph
from plangraf.rdf.graph import nquads_lines, relabelled
from plangraf.rdf.line_file import LineFile
from plangraf.rdf.namespaces import PREFIXES
from plangraf.rdf.quad_lines import QuadLines
from plangraf.sources.files import source_files
from plangraf.sources.turtle import read
from small_home import ROOT


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataGraph, DataGraph]:
    files = [file for file in source_files(ROOT) if "5001/kommune" in file.name or not file.name.startswith("data/")]
    quads = relabelled(read(files).quads)
    path = tmp_path_factory.mktemp("lines") / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in sorted(nquads_lines(quads))))
    return DataGraph(quads), DataGraph(QuadLines(LineFile(path)))


def test_each_thing_has_the_same_properties(both: tuple[DataGraph, DataGraph]) -> None:
    in_memory, in_file = both
    assert in_file.is_read_late
    assert not in_memory.is_read_late
    assert set(in_file.by_subject) == set(in_memory.by_subject)
    assert len(in_file.by_subject) == len(in_memory.by_subject)
    assert all(in_file.by_subject[thing] == properties for thing, properties in in_memory.by_subject.items())
    for absent in (NamedNode("urn:none"), Literal("none")):
        assert in_file.objects(absent, NamedNode(PREFIXES["rdf"] + "type")) == ()
        assert absent not in in_file.by_subject


def test_each_property_has_the_same_subjects(both: tuple[DataGraph, DataGraph]) -> None:
    in_memory, in_file = both
    predicates = {quad.predicate for quad in in_memory.quads}
    assert len(predicates) > 50
    for predicate in predicates:
        assert dict(in_file.subject_objects(predicate)) == dict(in_memory.subject_objects(predicate))


def test_each_class_has_the_same_instances(both: tuple[DataGraph, DataGraph]) -> None:
    in_memory, in_file = both
    kind = NamedNode(PREFIXES["rdf"] + "type")
    classes = {quad.object for quad in in_memory.quads if quad.predicate == kind}
    assert len(classes) > 10
    for class_ in classes:
        assert in_file.instances(class_) == in_memory.instances(class_)
