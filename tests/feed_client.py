"""A client of the change feed that uses only the content of its pages.

It walks from the root by `tree:relation`, never fetches immutable pages again, revalidates the others by ETag, and
applies members in the order of their sequence path. Its copy must then equal the current data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    parse,
)

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
AS = "https://www.w3.org/ns/activitystreams#"
TREE = "https://w3id.org/tree#"
LDES = "https://w3id.org/ldes#"
TYPE, CONTEXT, ATTACHMENT = NamedNode(RDF + "type"), NamedNode(AS + "context"), NamedNode(AS + "attachment")
DEFAULT = DefaultGraph()
RDF_FORMATS = {
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/ld+json": RdfFormat.JSON_LD,
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
}
Objects = dict[tuple[object, str], list[NamedNode | BlankNode | Literal]]


@dataclass(frozen=True)
class Member:
    """One change: the statements about the thing with their graphs, or with the default graph if unknown."""

    iri: str
    kind: str
    thing: str
    sequence: int
    published: str
    quads: frozenset[Quad]


@dataclass
class Replica:
    """A copy of the data, updated from the feed at `root` in one media type."""

    root: str
    accept: str = "application/trig"
    members: list[Member] = field(default_factory=list)
    requests: list[tuple[str, int]] = field(default_factory=list)
    _kept: dict[str, list[str]] = field(default_factory=dict)
    _tags: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)

    def harvest(self) -> list[Member]:
        """Reads and returns the new members, in order."""
        self.requests = []
        found: dict[str, Member] = {}
        known = {member.iri for member in self.members}
        todo, done = [self.root], set()
        with httpx.Client(headers={"Accept": self.accept}, timeout=60) as client:
            while todo:
                page = todo.pop()
                done.add(page)
                todo += [following for following in self._read(client, page, found) if following not in done]
        fresh = sorted((m for m in found.values() if m.iri not in known), key=lambda member: member.sequence)
        self.members += fresh
        return fresh

    def things(self) -> dict[str, frozenset[Quad]]:
        """The present statements, by thing."""
        state: dict[str, frozenset[Quad]] = {}
        for member in self.members:
            if member.kind == "Delete":
                assert not member.quads
                del state[member.thing]
            else:
                assert (member.kind == "Update") == (member.thing in state), member
                state[member.thing] = member.quads
        return state

    def data(self) -> set[Quad]:
        return canonical(quad for quads in self.things().values() for quad in quads)

    def _read(self, client: httpx.Client, page: str, found: dict[str, Member]) -> list[str]:
        """Adds the members of a page to `found`; returns the pages that it links to."""
        if page in self._kept:
            return self._kept[page]
        tag, before = self._tags.get(page, ("", []))
        response = client.get(page, headers={"If-None-Match": tag} if tag else {})
        self.requests.append((page, response.status_code))
        if response.status_code == 304:
            return before
        assert response.status_code == 200, response.text
        media_type = response.headers["content-type"].split(";")[0]
        assert media_type == self.accept
        quads = list(parse(response.content, RDF_FORMATS[media_type]))
        objects: Objects = defaultdict(list)
        for quad in quads:
            if quad.graph_name == DEFAULT:
                objects[quad.subject, quad.predicate.value].append(quad.object)
        if page == self.root:
            self._read_root(objects, page)
        for member in members(quads, objects, self._paths):
            found[member.iri] = member
        here = NamedNode(page)
        following = [
            str(node.value)
            for relation in objects[here, TREE + "relation"]
            for node in objects[relation, TREE + "node"]
            if objects[relation, TREE + "path"] == [NamedNode(self._paths["timestamp"])]
        ]
        self._tags[page] = response.headers["etag"], following
        immutable = "immutable" in response.headers["cache-control"]
        assert immutable == (objects[here, LDES + "immutable"] != [])
        if immutable:
            self._kept[page] = following
        return following

    def _read_root(self, objects: Objects, page: str) -> None:
        (es,) = (subject for subject, predicate in list(objects) if predicate == TREE + "view")
        assert objects[es, TREE + "view"] == [NamedNode(page)]
        assert objects[es, RDF + "type"] == [NamedNode(LDES + "EventStream")]
        for path in ("timestamp", "sequence", "versionOf"):
            (value,) = objects[es, f"{LDES}{path}Path"]
            self._paths[path] = str(value.value)


def members(quads: Iterable[Quad], objects: Objects, paths: dict[str, str]) -> Iterable[Member]:
    """The members in the quads of a page, extracted by the LDES specification."""
    payload: dict[object, list[Quad]] = defaultdict(list)
    for quad in quads:
        payload[quad.graph_name].append(quad)
    focus = {m: None for (_, predicate), found in list(objects.items()) if predicate == TREE + "member" for m in found}
    around: dict[object, list[Quad]] = defaultdict(list)
    for quad in payload[DEFAULT]:
        around[quad.subject].append(quad)
    for node in focus:
        own = [*payload[node], *around[node]]
        todo = [quad.object for quad in own]
        while todo:
            term = todo.pop()
            if isinstance(term, BlankNode):
                own += around[term]
                todo += [quad.object for quad in around.pop(term, [])]
        yield member_of(str(node.value), own, paths)


def member_of(iri: str, quads: list[Quad], paths: dict[str, str]) -> Member:
    """The statements of one member: in the graph with its IRI, or about the member itself."""
    node = NamedNode(iri)
    said: dict[str, list[NamedNode | BlankNode | Literal]] = defaultdict(list)
    attached: dict[object, dict[str, object]] = defaultdict(dict)
    for quad in quads:
        if quad.graph_name == DEFAULT:
            if quad.subject == node:
                said[quad.predicate.value].append(quad.object)
            attached[quad.subject][quad.predicate.value] = quad.object
    (thing,) = said[paths["versionOf"]]
    (sequence,) = said[paths["sequence"]]
    (published,) = said[paths["timestamp"]]
    (kind,) = (t.value.removeprefix(AS) for t in said[TYPE.value] if t.value.startswith(AS))
    assert isinstance(thing, NamedNode)
    own = [quad for quad in quads if quad.graph_name == node]
    statements = said[ATTACHMENT.value]
    if statements:
        names = [RDF + name for name in ("subject", "predicate", "object")]
        terms = [[attached[statement][name] for name in [*names, CONTEXT.value]] for statement in statements]
        stated = {Quad(*found) for found in terms}  # type: ignore[arg-type]
        assert not own or {quad.triple for quad in stated} == {quad.triple for quad in own}
    elif own:
        (context,) = said[CONTEXT.value] or [DEFAULT]
        assert isinstance(context, NamedNode | DefaultGraph)
        stated = {Quad(quad.subject, quad.predicate, quad.object, context) for quad in own}
    else:
        about = {*paths.values(), CONTEXT.value, "http://schema.org/version"}
        stated = {
            Quad(thing if quad.subject == node else quad.subject, quad.predicate, quad.object)
            for quad in quads
            if not (quad.subject == node and (quad.predicate.value in about or quad.object == NamedNode(AS + kind)))
        }
    return Member(iri, kind, thing.value, int(sequence.value), published.value, frozenset(stated))


def canonical(quads: Iterable[Quad]) -> set[Quad]:
    """The quads with blank nodes labelled by RDFC-1.0."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)


def union(quads: Iterable[Quad]) -> set[Quad]:
    """All quads in the default graph."""
    return canonical(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)


def version_data(lines: bytes) -> set[Quad]:
    return canonical(parse(lines, RdfFormat.N_QUADS))
