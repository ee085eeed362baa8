"""Fetches a catalogue document, parses it, finds its items, and assigns each node to the items that own it.

Requests are those of a harvester: with the given header fields only, and without decoding the body. They use
http.client, because libraries above it add their own Accept-Encoding, follow redirects by their own rules, and decode
the body.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Literal, TypeVar
from urllib.parse import quote, urljoin, urlsplit
from xml.parsers import expat

import pyoxigraph
import rdflib
from rdflib import RDF, BNode, URIRef
from rdflib.term import Node

from plangraf.bounded_body import read_body
from plangraf.errors import SettingError
from plangraf.portals.findings import Item, Kind
from plangraf.rdf.rdflib_graph import to_rdflib

Follow = Literal["never", "as Java", "always"]

# Java's client does not follow 308, nor a redirect between http and https.
_REDIRECTS: Mapping[Follow, frozenset[int]] = {
    "never": frozenset(),
    "as Java": frozenset({301, 302, 303, 307}),
    "always": frozenset({301, 302, 303, 307, 308}),
}
_MAX_REDIRECTS = 20
# Characters of path and query that are not percent-encoded.
_UNQUOTED = "/?:@!$&'()*+,;=%~[]"
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")
FOAF = rdflib.Namespace("http://xmlns.com/foaf/0.1/")
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
# Base of relative IRIs; no document uses this host itself.
RELATIVE = "http://relative.invalid/"
_KINDS: dict[Node, Kind] = {
    DCAT.Catalog: "catalogue",
    DCAT.DatasetSeries: "series",
    DCAT.Dataset: "dataset",
    DCAT.DataService: "service",
}
_Term = TypeVar("_Term")
# Labels that the parser generates, other ones at each run.
_GENERATED_LABEL = re.compile("[0-9a-f]{24,32}")


class UnreachableError(Exception):
    """No HTTP answer: connection refused, unknown host, timeout, or bytes that are not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        url: address that answered, after `redirects`.
        headers: header fields with lower-case names.
        body: bytes as sent, at most one more than the limit.
        redirects: addresses that redirected.
        complete: False when the connection broke before the announced length.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[str, ...] = ()
    complete: bool = True


def send_request(
    url: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    follow: Follow = "as Java",
    limit: int,
    timeout_s: float = 60.0,
) -> Answer:
    """Sends a request and follows redirects; a redirect that is not followed is the answer.

    Args:
        url: address of the request.
        headers: all header fields except Host and User-Agent.
        method: HTTP method.
        follow: which redirects to follow.
        limit: bytes of the body to read, 0 for none.
        timeout_s: longest silence of the server, in seconds.
    Raises:
        UnreachableError: no HTTP answer.
    """
    passed: list[str] = []
    while True:
        answer = _send_once(url, headers, method, limit, timeout_s)
        target = _redirect_target(answer) if answer.status in _REDIRECTS[follow] else None
        across = target is not None and urlsplit(target).scheme != urlsplit(url).scheme
        if target is None or (across and follow == "as Java") or len(passed) == _MAX_REDIRECTS:
            return replace(answer, redirects=tuple(passed))
        passed.append(url)
        url = target


def decode_body(answer: Answer, limit: int) -> bytes:
    """Decodes a gzip or deflate body, up to `limit` + 1 bytes; returns a body with another coding unchanged."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("gzip", "x-gzip", "deflate"):
        return answer.body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(answer.body, limit + 1)
    except zlib.error:
        return answer.body


def _redirect_target(answer: Answer) -> str | None:
    """Target of a redirect; None when the Location is missing or invalid."""
    try:
        return urljoin(answer.url, answer.headers["location"])
    except (KeyError, ValueError):
        return None


def _send_once(url: str, headers: Mapping[str, str], method: str, limit: int, timeout_s: float) -> Answer:
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connect(url, timeout_s) as connection:
            connection.putrequest(method, quote(target, safe=_UNQUOTED), skip_accept_encoding=True)
            for name, value in {"User-Agent": "plangraf-check-harvest", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            body, complete = (b"", True) if method == "HEAD" or not limit else read_body(response, limit)
            return Answer(url, response.status, fields, body, complete=complete)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnreachableError(" ".join(str(error).split()) or type(error).__name__) from error


@contextlib.contextmanager
def _connect(url: str, timeout_s: float) -> Iterator[http.client.HTTPConnection]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is not an http:// or https:// address")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout_s)
    try:
        yield connection
    finally:
        connection.close()


class UnreadableError(Exception):
    """The bytes do not parse in the given format; the message names the place."""


def parse_document(body: bytes, form: pyoxigraph.RdfFormat) -> list[pyoxigraph.Quad]:
    """Parses a document; fetches nothing that it names.

    Raises:
        UnreadableError: a syntax error, unbounded entities, or a triple term, which no portal reads.
        SettingError: JSON-LD with a remote context, which is not fetched here.
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
    return _label_blank_nodes(quads)


def _refuse_expansion(body: bytes) -> None:
    """Refuses XML with multiplying entities, because pyoxigraph would expand them until memory runs out.

    Raises:
        UnreadableError: the document passes expat's limit of amplification.
    """
    try:
        expat.ParserCreate().Parse(body, True)
    except expat.ExpatError as error:
        # pyoxigraph has better messages for other errors.
        if "amplification" in expat.ErrorString(error.code):
            raise UnreadableError("its XML entities expand to many times its size") from error


def _label_blank_nodes(quads: list[pyoxigraph.Quad]) -> list[pyoxigraph.Quad]:
    """Numbers unlabelled blank nodes in the order of the document, so that two runs give equal reports."""
    taken = {
        term.value for quad in quads for term in (quad.subject, quad.object) if isinstance(term, pyoxigraph.BlankNode)
    }
    free = (name for number in count(1) if (name := f"unnamed{number}") not in taken)
    names: dict[str, str] = {}

    def label(term: _Term) -> _Term | pyoxigraph.BlankNode:
        if not isinstance(term, pyoxigraph.BlankNode) or not _GENERATED_LABEL.fullmatch(term.value):
            return term
        if term.value not in names:
            names[term.value] = next(free)
        return pyoxigraph.BlankNode(names[term.value])

    return [pyoxigraph.Quad(label(quad.subject), quad.predicate, label(quad.object), quad.graph_name) for quad in quads]


class Content:
    """The items of one graph, as rdflib nodes, because pySHACL needs those."""

    def __init__(self, quads: Iterable[pyoxigraph.Quad]) -> None:
        self.graph = to_rdflib(quads)

    @cached_property
    def kinds(self) -> dict[Node, Kind]:
        """Kind of each catalogue, series, dataset and service; a node that is both series and dataset is a series."""
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
        """Described nodes that `start` reaches, without following `stops`."""
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
        """Items that reach a node without passing another item, by node; an item owns itself."""
        found: dict[Node, list[Node]] = {}
        for item in self.kinds:
            for node in self.reached(item, self.kinds):
                found.setdefault(node, []).append(item)
        return found

    @cached_property
    def next_page(self) -> str | None:
        """Address of the next page, from hydra:next or hydra:nextPage."""
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
    """Each node once, sorted by name, so that two runs give equal reports."""
    return sorted(set(nodes), key=name_of)
