"""A catalogue document as RDF: its items, and which of them each other node belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import count
from typing import TypeVar
from xml.parsers import expat

import pyoxigraph
import rdflib
from rdflib import RDF, BNode, URIRef
from rdflib.term import Node

from plangraf.errors import SettingError
from plangraf.portals.findings import Item, Kind
from plangraf.rdf.rdflib_graph import to_rdflib

DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")
FOAF = rdflib.Namespace("http://xmlns.com/foaf/0.1/")
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")

# No document names this host, so an IRI that begins so was relative.
RELATIVE = "http://relative.invalid/"

_KINDS: dict[Node, Kind] = {
    DCAT.Catalog: "catalogue",
    DCAT.DatasetSeries: "series",
    DCAT.Dataset: "dataset",
    DCAT.DataService: "service",
}


_Term = TypeVar("_Term")

# As the parser names a blank node that has no label, anew each time.
_WITHOUT_LABEL = re.compile("[0-9a-f]{24,32}")


class UnreadableError(Exception):
    """The bytes are not in the format that they are read as; the message says where."""


def parsed(body: bytes, form: pyoxigraph.RdfFormat) -> list[pyoxigraph.Quad]:
    """The statements of a document without a base of its own; nothing that it names is fetched.

    Raises:
        UnreadableError: a syntax error, with its place, entities that expand without bound, or a triple term, which no
            portal reads.
        SettingError: JSON-LD whose context stands elsewhere, which a portal fetches and we do not.
    """
    if form == pyoxigraph.RdfFormat.RDF_XML:
        _refuse_expansion(body)
    try:
        quads = list(pyoxigraph.parse(body, form, base_iri=RELATIVE))
    except SyntaxError as error:
        if "remote context" in error.msg:
            raise SettingError(
                "The JSON-LD names its context by an address, and nothing that a document names is fetched here. Check "
                "the same catalogue as Turtle."
            ) from error
        raise UnreadableError(error.msg) from error
    except (ValueError, OSError) as error:
        raise UnreadableError(str(error)) from error
    for quad in quads:
        if isinstance(quad.object, pyoxigraph.Triple):
            raise UnreadableError(f"{quad.object} is a triple term of RDF 1.2")
    return _labelled(quads)


def _refuse_expansion(body: bytes) -> None:
    """Refuses XML whose entities multiply, because pyoxigraph expands them until memory ends.

    Raises:
        UnreadableError: expat's limit of amplification is passed.
    """
    try:
        expat.ParserCreate().Parse(body, True)
    except expat.ExpatError as error:
        # What else is wrong pyoxigraph tells better.
        if "amplification" in expat.ErrorString(error.code):
            raise UnreadableError("its XML entities expand to many times its size") from error


def _labelled(quads: list[pyoxigraph.Quad]) -> list[pyoxigraph.Quad]:
    """The same with blank nodes without a label numbered as they come, so that two runs call them the same."""
    taken = {
        term.value for quad in quads for term in (quad.subject, quad.object) if isinstance(term, pyoxigraph.BlankNode)
    }
    free = (label for number in count(1) if (label := f"unnamed{number}") not in taken)
    names: dict[str, str] = {}

    def named(term: _Term) -> _Term | pyoxigraph.BlankNode:
        if not isinstance(term, pyoxigraph.BlankNode) or not _WITHOUT_LABEL.fullmatch(term.value):
            return term
        if term.value not in names:
            names[term.value] = next(free)
        return pyoxigraph.BlankNode(names[term.value])

    return [pyoxigraph.Quad(named(quad.subject), quad.predicate, named(quad.object), quad.graph_name) for quad in quads]


class Content:
    """The items of one graph. Nodes are rdflib's, as pySHACL needs them."""

    def __init__(self, quads: Iterable[pyoxigraph.Quad]) -> None:
        self.graph = to_rdflib(quads)

    @cached_property
    def kinds(self) -> dict[Node, Kind]:
        """Every node typed as catalogue, series, dataset or service; a series that is a dataset too is a series."""
        found: dict[Node, Kind] = {}
        for type_, kind in _KINDS.items():
            for node in ordered(self.graph.subjects(RDF.type, type_)):
                found.setdefault(node, kind)
        return found

    @cached_property
    def items(self) -> list[Item]:
        return [Item(kind, name_of(node)) for node, kind in self.kinds.items()]

    def of_kind(self, *kinds: Kind) -> list[Node]:
        return [node for node, kind in self.kinds.items() if kind in kinds]

    def described(self, node: Node) -> bool:
        return (node, None, None) in self.graph

    def reached(self, start: Node, stops: Iterable[Node] = ()) -> set[Node]:
        """What is described and can be reached from `start`, without going on from `stops`."""
        ends = set(stops) - {start}
        found: set[Node] = {start}
        waiting = [start]
        while waiting:
            for value in self.graph.objects(waiting.pop(), None):
                if value not in found and isinstance(value, URIRef | BNode) and value not in ends:
                    if not self.described(value):
                        continue
                    found.add(value)
                    waiting.append(value)
        return found

    @cached_property
    def owners(self) -> dict[Node, list[Node]]:
        """For each described node the items that reach it without passing another item; an item owns itself."""
        found: dict[Node, list[Node]] = {}
        for item in self.kinds:
            for node in self.reached(item, self.kinds):
                found.setdefault(node, []).append(item)
        return found

    @cached_property
    def next_page(self) -> str | None:
        """The address of the page that follows by hydra:next or hydra:nextPage."""
        for type_ in (HYDRA.PartialCollectionView, HYDRA.PagedCollection):
            for node in ordered(self.graph.subjects(RDF.type, type_)):
                for path in (HYDRA.next, HYDRA.nextPage):
                    for value in ordered(self.graph.objects(node, path)):
                        return str(value)
        return None

    def texts(self, node: Node, path: URIRef) -> Sequence[rdflib.Literal]:
        return sorted(value for value in self.graph.objects(node, path) if isinstance(value, rdflib.Literal))


def name_of(node: Node) -> str:
    return f"_:{node}" if isinstance(node, BNode) else str(node)


def ordered(nodes: Iterable[Node]) -> list[Node]:
    """Each node once, by name, so that two runs say the same in the same order."""
    return sorted(set(nodes), key=name_of)
