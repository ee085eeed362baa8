"""The change feed as a Linked Data Event Stream over TREE pages, from the log of changes.

A member is one change of one thing, an activity of ActivityStreams. What is said of the thing from then on stands,
where the format has named graphs, in a graph named as the member; in Turtle and N-Triples, which have none, the
member itself is its subject in place of the thing. `as:context` names the graphs of ours that it stands in; when
there are several, each statement is an `as:attachment` of the member with its own.

LDES: https://semiceu.github.io/LinkedDataEventStreams/, TREE: https://treecg.github.io/specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import RdfFormat, parse

from plangraf.rdf.canonical import line, parts
from plangraf.rdf.formats import JSON_LD, N_QUADS, N_TRIPLES, TRIG, TURTLE, Format
from plangraf.rdf.names import expand
from plangraf.rdf.namespaces import ID, PREFIXES, SHAPES
from plangraf.rdf.writing import serialized
from plangraf.store.changes.log import Change

FORMATS = (TRIG, N_QUADS, TURTLE, N_TRIPLES, JSON_LD)
EVENT = ID + "event/"
# Seconds after which a client looks again, and for which what can still grow may be kept.
POLLING_S = 60

_AS = "https://www.w3.org/ns/activitystreams#"
_PREFIXES = {
    **PREFIXES,
    "as": _AS,
    "ldes": "https://w3id.org/ldes#",
    "tree": "https://w3id.org/tree#",
}
_NAME = re.compile(r"[a-z]+:[A-Za-z]+")
_TITLES = {"en": "Changes of the knowledge graph", "nb": "Endringer i kunnskapsgrafen"}
_DESCRIPTIONS = {
    "en": "Every change of every thing since the feed began: who reads all of it has the data as they are now.",
    "nb": "Hver endring av hver ting siden strømmen begynte: den som leser alt, har dataene slik de er nå.",
}
# What the shape of a member says of its properties: path, and the datatype of the one value; None for an IRI.
_PROPERTIES = (
    ("dcterms:isVersionOf", None),
    ("as:published", "xsd:dateTime"),
    ("schema:position", "xsd:integer"),
    ("schema:version", "xsd:string"),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """One feed: the service's own absolute address, and the id of its log, which its members' IRIs begin with."""

    base_url: str
    log: str

    @property
    def root(self) -> str:
        return f"{self.base_url}/feed"

    def page(self, number: int) -> str:
        return f"{self.root}/{number}"

    def member(self, sequence: int) -> str:
        return f"{EVENT}{self.log}-{sequence}"


def write_root(stream: Stream, first: str, license_iri: str, format_: Format) -> bytes:
    """The event stream's description, which leads to its first page.

    Args:
        stream: the feed.
        first: when the first change was published.
        license_iri: of the data.
        format_: one of FORMATS.
    """
    es, shape = f"<{stream.root}#stream>", f"<{stream.root}#member>"
    said = [
        (es, "rdf:type", "ldes:EventStream"),
        *((es, "dcterms:title", f'"{text}"@{language}') for language, text in _TITLES.items()),
        *((es, "dcterms:description", f'"{text}"@{language}') for language, text in _DESCRIPTIONS.items()),
        (es, "dcterms:license", f"<{license_iri}>"),
        (es, "dcterms:conformsTo", f"<{SHAPES}>"),
        (es, "ldes:timestampPath", "as:published"),
        (es, "ldes:sequencePath", "schema:position"),
        (es, "ldes:versionOfPath", "dcterms:isVersionOf"),
        *((es, f"ldes:version{kind}Object", f"as:{kind}") for kind in ("Create", "Update", "Delete")),
        (es, "ldes:pollingInterval", _typed(POLLING_S, "xsd:integer")),
        (es, "tree:shape", shape),
        (es, "tree:view", f"<{stream.root}>"),
        (f"<{stream.root}>", "rdf:type", "tree:Node"),
        *_relation(stream.root, stream.page(1), first),
        (shape, "rdf:type", "sh:NodeShape"),
    ]
    for path, datatype in _PROPERTIES:
        of = f"<{stream.root}#member-{path.partition(':')[2]}>"
        said += [
            (shape, "sh:property", of),
            (of, "rdf:type", "sh:PropertyShape"),
            (of, "sh:path", path),
            (of, "sh:minCount", _typed(1, "xsd:integer")),
            (of, "sh:maxCount", _typed(1, "xsd:integer")),
            (of, "sh:datatype", datatype) if datatype else (of, "sh:nodeKind", "sh:IRI"),
        ]
    return _written([_line(*triple) for triple in said], format_)


def write_page(stream: Stream, number: int, changes: Sequence[Change], following: str | None, format_: Format) -> bytes:
    """One page of members, in their order.

    Args:
        stream: the feed.
        number: of the page, from 1.
        changes: those on it.
        following: when the first change of the next page was published; None for the last page, which still grows.
        format_: one of FORMATS.
    """
    here, es = stream.page(number), f"<{stream.root}#stream>"
    said = [
        (es, "rdf:type", "ldes:EventStream"),
        (es, "tree:view", f"<{stream.root}>"),
        (f"<{here}>", "rdf:type", "tree:Node"),
    ]
    if following is not None:
        said += [(f"<{here}>", "ldes:immutable", _typed("true", "xsd:boolean"))]
        said += _relation(here, stream.page(number + 1), following)
    lines = [_line(*triple) for triple in said]
    for change in changes:
        lines += _member(es, stream.member(change.sequence), change, graphs=format_ not in (TURTLE, N_TRIPLES))
    return _written(lines, format_)


def _relation(here: str, there: str, since: str) -> list[tuple[str, str, str]]:
    """From a page to the next: all that is there was published then or later."""
    relation = f"<{here}#next>"
    return [
        (f"<{here}>", "tree:relation", relation),
        (relation, "rdf:type", "tree:GreaterThanOrEqualToRelation"),
        (relation, "tree:node", f"<{there}>"),
        (relation, "tree:path", "as:published"),
        (relation, "tree:value", _typed(since, "xsd:dateTime")),
    ]


def _member(es: str, iri: str, change: Change, *, graphs: bool) -> Iterator[bytes]:
    """The lines of one member, those that say what it is before those that it carries."""
    member = f"<{iri}>"
    own = [_apart(each, change.sequence) for each in change.lines]
    contexts = sorted({context for *_, context in own if context is not None})
    yield _line(es, "tree:member", member)
    yield _line(member, "rdf:type", f"as:{change.kind}")
    yield _line(member, "dcterms:isVersionOf", f"<{change.thing}>")
    yield _line(member, "as:published", _typed(change.published, "xsd:dateTime"))
    yield _line(member, "schema:position", _typed(change.sequence, "xsd:integer"))
    yield _line(member, "schema:version", f'"{change.version}"')
    for context in contexts:
        yield _line(member, "as:context", context.decode())
    if len(contexts) > 1:
        for number, (subject, predicate, value, graph) in enumerate(own, 1):
            statement = f"_:e{change.sequence}s{number}"
            yield _line(member, "as:attachment", statement)
            yield _line(statement, "rdf:type", "rdf:Statement")
            yield line(statement.encode(), _RDF_SUBJECT, subject)
            yield line(statement.encode(), _RDF_PREDICATE, predicate)
            yield line(statement.encode(), _RDF_OBJECT, value)
            if graph is not None:
                yield _line(statement, "as:context", graph.decode())
    thing = f"<{change.thing}>".encode()
    for subject, predicate, value in dict.fromkeys(quad[:3] for quad in own):
        if graphs:
            yield line(subject, predicate, value, member.encode())
        else:
            yield line(member.encode() if subject == thing else subject, predicate, value)


def _apart(own_line: bytes, sequence: int) -> tuple[bytes, bytes, bytes, bytes | None]:
    """The terms of a line, with blank nodes that no other member of the page has."""
    subject, predicate, value, graph = parts(own_line)

    def own(term: bytes) -> bytes:
        return b"_:e%d%b" % (sequence, term[2:]) if term.startswith(b"_:") else term

    return own(subject), predicate, own(value), graph


def _full(term: str) -> str:
    """`<IRI>` for a name like `as:Create`; any other term as it is."""
    return f"<{expand(term, _PREFIXES)}>" if _NAME.fullmatch(term) else term


def _typed(text: object, datatype: str) -> str:
    return f'"{text}"^^{_full(datatype)}'


def _line(subject: str, predicate: str, value: str) -> bytes:
    return line(*(_full(term).encode() for term in (subject, predicate, value)))


_RDF_SUBJECT, _RDF_PREDICATE, _RDF_OBJECT = (
    _full(f"rdf:{name}").encode() for name in ("subject", "predicate", "object")
)


def _written(lines: Iterable[bytes], format_: Format) -> bytes:
    body = b"".join(lines)
    if format_ in (N_QUADS, N_TRIPLES):
        return body
    assert isinstance(format_.writer, RdfFormat)
    return serialized(list(parse(body, RdfFormat.N_QUADS)), format_.writer, _PREFIXES)
