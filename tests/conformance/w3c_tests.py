"""Reads W3C's manifests of SPARQL tests: query, data and expected result.

The tests and their form: https://w3c.github.io/rdf-tests/sparql/
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sparql_answers
from pyoxigraph import RdfFormat, parse
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF
from rdflib.term import Node
from sparql_answers import Answer

# What the addresses of the files begin with, wherever they lie.
PUBLISHED = "https://w3c.github.io/rdf-tests/"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
EVALUATION = frozenset((MF.QueryEvaluationTest, MF.CSVResultFormatTest))
ACCEPTED = frozenset((MF.PositiveSyntaxTest, MF.PositiveSyntaxTest11))
REFUSED = frozenset((MF.NegativeSyntaxTest, MF.NegativeSyntaxTest11))
_FORMATS = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".rdf": RdfFormat.RDF_XML,
    ".n3": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".nq": RdfFormat.N_QUADS,
}


@dataclass(slots=True)
class Test:
    """One entry: `data` and `graphs` are files of the default and named graphs, `result` the file of the answer."""

    __test__ = False

    manifest: str
    name: str
    kind: URIRef
    query: Path
    base: str
    data: list[Path] = field(default_factory=list)
    graphs: list[Path] = field(default_factory=list)
    result: Path | None = None
    lax: bool = False


class Folder:
    """A folder of tests; each file has the address that it is published under."""

    def __init__(self, path: Path, published: str = PUBLISHED) -> None:
        self.path = path
        self._published = published

    def address(self, file: Path) -> str:
        return self._published + file.relative_to(self.path).as_posix()

    def file(self, address: Node | None) -> Path:
        return self.path / str(address).removeprefix(self._published)

    def tests(self, manifest: Path) -> Iterator[Test]:
        """The entries of one manifest, in order."""
        graph = Graph()
        graph.parse(manifest, format="turtle", publicID=self.address(manifest))
        (entries,) = set(graph.objects(None, MF.entries))
        for entry in Collection(graph, entries):
            action = graph.value(entry, MF.action)
            asked = graph.value(action, QT.query) or action
            test = Test(
                manifest.parent.relative_to(self.path).as_posix(),
                str(entry).rpartition("#")[2],
                URIRef(str(graph.value(entry, RDF.type))),
                self.file(asked),
                str(asked),
            )
            test.data = [self.file(each) for each in graph.objects(action, QT.data)]
            test.graphs = [self.file(each) for each in graph.objects(action, QT.graphData)]
            if (result := graph.value(entry, MF.result)) is not None:
                test.result = self.file(result)
            test.lax = (entry, MF.resultCardinality, MF.LaxCardinality) in graph
            yield test

    def triples(self, file: Path, graph: str) -> set[bytes]:
        """The lines of a version for the triples of a file in a named graph."""
        name = f" <{graph}> .".encode()
        lines = set()
        for quad in parse(
            path=file, format=_FORMATS[file.suffix], base_iri=self.address(file), rename_blank_nodes=True
        ):
            lines.add(str(quad.triple).encode() + name)
        return lines

    def expected(self, file: Path) -> Answer:
        """The answer in a file of results; of a table of CSV the texts of its cells."""
        text = file.read_text()
        if file.suffix == ".srx":
            return sparql_answers.from_xml(text)
        if file.suffix == ".srj":
            return sparql_answers.from_json(__import__("json").loads(text))
        if file.suffix == ".tsv":
            return sparql_answers.from_tsv(text)
        if file.suffix == ".csv":
            return from_csv(text)
        graph = Graph()
        graph.parse(file, publicID=self.address(file), format="xml" if file.suffix == ".rdf" else "turtle")
        sets = list(graph.subjects(RDF.type, RS.ResultSet))
        if sets:
            return _of_result_set(graph, sets[0])
        lines = parse(path=file, format=_FORMATS[file.suffix], base_iri=self.address(file))
        return sparql_answers.from_triples("".join(f"{quad.triple} .\n" for quad in lines))


def from_csv(text: str) -> Answer:
    """Reads CSV, which has texts instead of terms: a text that starts with `_:` is a blank node."""
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    return Answer("rows", tuple(head), tuple(map(tuple, rows)))


def is_ordered(file: Path) -> bool:
    """Whether a file of results declares the order of its rows."""
    return file.suffix in (".ttl", ".rdf") and "index" in file.read_text()


def _of_result_set(graph: Graph, results: Node) -> Answer:
    """https://www.w3.org/2001/sw/DataAccess/tests/result-set#"""
    if (boolean := graph.value(results, RS.boolean)) is not None:
        return Answer("boolean", rows=((str(boolean),),))
    columns = tuple(sorted(str(name) for name in graph.objects(results, RS.resultVariable)))
    rows = []
    for solution in graph.objects(results, RS.solution):
        cells = {
            str(graph.value(binding, RS.variable)): _term(graph.value(binding, RS.value))
            for binding in graph.objects(solution, RS.binding)
        }
        place = int(str(graph.value(solution, RS["index"]) or 0))
        rows.append((place, tuple(cells.get(name, sparql_answers.UNBOUND) for name in columns)))
    return Answer("rows", columns, tuple(row for _, row in sorted(rows)))


def _term(node: Node | None) -> str:
    if isinstance(node, Literal):
        return sparql_answers.term("literal", str(node), node.language, str(node.datatype) if node.datatype else None)
    return sparql_answers.term("uri" if isinstance(node, URIRef) else "bnode", str(node))
