"""Writes the change feed as a Linked Data Event Stream over TREE pages, from the log of changes.

A member is one change of one thing, an activity of ActivityStreams. A format with named graphs puts the statements
about the thing into a graph that has the member's IRI. Turtle and N-Triples have no named graphs, so there the member
replaces the thing as subject. `as:context` names the graphs of the data that hold the statements. When several graphs
hold them, the member has one `as:attachment` for each statement, with the context of that statement.

LDES: https://semiceu.github.io/LinkedDataEventStreams/, TREE: https://treecg.github.io/specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import RdfFormat, parse

from plangraf.rdf.formats import JSON_LD, N_QUADS, N_TRIPLES, TRIG, TURTLE, Format
from plangraf.rdf.graph import nquads_line, nquads_terms, serialized
from plangraf.rdf.namespaces import ID, PREFIXES, SHAPES, expand
from plangraf.sparql.named.head import Titled
from plangraf.store.changes.log import Change
from plangraf.views.declarations import TitleAndDescription

FORMATS = (TRIG, N_QUADS, TURTLE, N_TRIPLES, JSON_LD)
EVENT = ID + "event/"
# Seconds between two requests of a client, and the lifetime of a cached page that still grows.
POLLING_S = 60

_AS = "https://www.w3.org/ns/activitystreams#"
_PREFIXES = {**PREFIXES, "as": _AS, "ldes": "https://w3id.org/ldes#", "tree": "https://w3id.org/tree#"}
_NAME = re.compile(r"[a-z]+:[A-Za-z]+")
# The properties in the shape of a member: path, and datatype of the single value; None for an IRI.
_PROPERTIES = (
    ("dcterms:isVersionOf", None),
    ("as:published", "xsd:dateTime"),
    ("schema:position", "xsd:integer"),
    ("schema:version", "xsd:string"),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """One feed: the absolute address of the service, and the id of the log, with which the IRIs of members begin."""

    base_url: str
    log: str

    @property
    def root(self) -> str:
        return f"{self.base_url}/feed"

    def page(self, number: int) -> str:
        return f"{self.root}/{number}"

    def member(self, sequence: int) -> str:
        return f"{EVENT}{self.log}-{sequence}"


def write_root(stream: Stream, first: str, license_iri: str, texts: TitleAndDescription, format_: Format) -> bytes:
    """Writes the description of the event stream, which links to the first page.

    Args:
        stream: the feed.
        first: publication time of the first change.
        license_iri: licence of the data.
        texts: title and description of the stream.
        format_: one of FORMATS.
    """
    es, shape = f"<{stream.root}#stream>", f"<{stream.root}#member>"
    triples = [
        (es, "rdf:type", "ldes:EventStream"),
        *((es, "dcterms:title", f'"{text}"@{language}') for language, text in _english_first(texts.title)),
        *((es, "dcterms:description", f'"{text}"@{language}') for language, text in _english_first(texts.description)),
        (es, "dcterms:license", f"<{license_iri}>"),
        (es, "dcterms:conformsTo", f"<{SHAPES}>"),
        (es, "ldes:timestampPath", "as:published"),
        (es, "ldes:sequencePath", "schema:position"),
        (es, "ldes:versionOfPath", "dcterms:isVersionOf"),
        *((es, f"ldes:version{kind}Object", f"as:{kind}") for kind in ("Create", "Update", "Delete")),
        (es, "ldes:pollingInterval", _typed_literal(POLLING_S, "xsd:integer")),
        (es, "tree:shape", shape),
        (es, "tree:view", f"<{stream.root}>"),
        (f"<{stream.root}>", "rdf:type", "tree:Node"),
        *_relation_triples(stream.root, stream.page(1), first),
        (shape, "rdf:type", "sh:NodeShape"),
    ]
    for path, datatype in _PROPERTIES:
        of = f"<{stream.root}#member-{path.partition(':')[2]}>"
        triples += [
            (shape, "sh:property", of),
            (of, "rdf:type", "sh:PropertyShape"),
            (of, "sh:path", path),
            (of, "sh:minCount", _typed_literal(1, "xsd:integer")),
            (of, "sh:maxCount", _typed_literal(1, "xsd:integer")),
            (of, "sh:datatype", datatype) if datatype else (of, "sh:nodeKind", "sh:IRI"),
        ]
    return _serialize([_triple_line(*triple) for triple in triples], format_)


def _english_first(text: Titled) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("en", text.en), ("nb", text.nb)


def write_page(stream: Stream, number: int, changes: Sequence[Change], following: str | None, format_: Format) -> bytes:
    """Writes one page of members in the order of the log.

    Args:
        stream: the feed.
        number: page number, from 1.
        changes: the changes on the page.
        following: publication time of the first change on the next page; None for the last page, which still grows.
        format_: one of FORMATS.
    """
    here, es = stream.page(number), f"<{stream.root}#stream>"
    triples = [
        (es, "rdf:type", "ldes:EventStream"),
        (es, "tree:view", f"<{stream.root}>"),
        (f"<{here}>", "rdf:type", "tree:Node"),
    ]
    if following is not None:
        triples += [(f"<{here}>", "ldes:immutable", _typed_literal("true", "xsd:boolean"))]
        triples += _relation_triples(here, stream.page(number + 1), following)
    lines = [_triple_line(*triple) for triple in triples]
    for change in changes:
        lines += _member_lines(es, stream.member(change.sequence), change, graphs=format_ not in (TURTLE, N_TRIPLES))
    return _serialize(lines, format_)


def _relation_triples(here: str, there: str, since: str) -> list[tuple[str, str, str]]:
    """Links a page to the next one, whose members were published at `since` or later."""
    relation = f"<{here}#next>"
    return [
        (f"<{here}>", "tree:relation", relation),
        (relation, "rdf:type", "tree:GreaterThanOrEqualToRelation"),
        (relation, "tree:node", f"<{there}>"),
        (relation, "tree:path", "as:published"),
        (relation, "tree:value", _typed_literal(since, "xsd:dateTime")),
    ]


def _member_lines(es: str, iri: str, change: Change, *, graphs: bool) -> Iterator[bytes]:
    """The lines of one member: first its own properties, then the statements about the thing."""
    member = f"<{iri}>"
    own = [_split_line(each, change.sequence) for each in change.lines]
    contexts = sorted({context for *_, context in own if context is not None})
    yield _triple_line(es, "tree:member", member)
    yield _triple_line(member, "rdf:type", f"as:{change.kind}")
    yield _triple_line(member, "dcterms:isVersionOf", f"<{change.thing}>")
    yield _triple_line(member, "as:published", _typed_literal(change.published, "xsd:dateTime"))
    yield _triple_line(member, "schema:position", _typed_literal(change.sequence, "xsd:integer"))
    yield _triple_line(member, "schema:version", f'"{change.version}"')
    for context in contexts:
        yield _triple_line(member, "as:context", context.decode())
    if len(contexts) > 1:
        for number, (subject, predicate, value, graph) in enumerate(own, 1):
            statement = f"_:e{change.sequence}s{number}"
            yield _triple_line(member, "as:attachment", statement)
            yield _triple_line(statement, "rdf:type", "rdf:Statement")
            yield nquads_line(statement.encode(), _RDF_SUBJECT, subject)
            yield nquads_line(statement.encode(), _RDF_PREDICATE, predicate)
            yield nquads_line(statement.encode(), _RDF_OBJECT, value)
            if graph is not None:
                yield _triple_line(statement, "as:context", graph.decode())
    thing = f"<{change.thing}>".encode()
    for subject, predicate, value in dict.fromkeys(quad[:3] for quad in own):
        if graphs:
            yield nquads_line(subject, predicate, value, member.encode())
        else:
            yield nquads_line(member.encode() if subject == thing else subject, predicate, value)


def _split_line(own_line: bytes, sequence: int) -> tuple[bytes, bytes, bytes, bytes | None]:
    """The terms of a line. Blank nodes get labels that no other member of the page uses."""
    subject, predicate, value, graph = nquads_terms(own_line)

    def relabel(term: bytes) -> bytes:
        return b"_:e%d%b" % (sequence, term[2:]) if term.startswith(b"_:") else term

    return relabel(subject), predicate, relabel(value), graph


def _expand_name(term: str) -> str:
    """`<IRI>` for a name such as `as:Create`; any other term unchanged."""
    return f"<{expand(term, _PREFIXES)}>" if _NAME.fullmatch(term) else term


def _typed_literal(text: object, datatype: str) -> str:
    return f'"{text}"^^{_expand_name(datatype)}'


def _triple_line(subject: str, predicate: str, value: str) -> bytes:
    return nquads_line(*(_expand_name(term).encode() for term in (subject, predicate, value)))


_RDF_SUBJECT, _RDF_PREDICATE, _RDF_OBJECT = (
    _expand_name(f"rdf:{name}").encode() for name in ("subject", "predicate", "object")
)


def _serialize(lines: Iterable[bytes], format_: Format) -> bytes:
    body = b"".join(lines)
    if format_ in (N_QUADS, N_TRIPLES):
        return body
    assert isinstance(format_.writer, RdfFormat)
    return serialized(list(parse(body, RdfFormat.N_QUADS)), format_.writer, _PREFIXES)
