"""Loads a version into the store of a SPARQL endpoint, where `engines.remote` reads it.

Readers see it only when its record is written, which is last and after each graph was read back, so a load that dies
is no version, and the next one begins it again. One process at a time loads a version; see `endpoint_claims`.
A label of a blank node is one node within one request, so all statements that a node stands in travel together, and
the endpoint itself copies them into the union.

SPARQL 1.1 Update: https://www.w3.org/TR/sparql11-update/
Graph Store HTTP Protocol: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any, TypeVar, cast

import httpx
from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results

from plangraf.engines.remote.credentials import digest_of, headers_of
from plangraf.engines.remote.kinds import MOST_ROWS, OTHER, Kind, kind_of
from plangraf.engines.remote.placement import VERSIONS, Placement, placement_of
from plangraf.errors import EngineError, EngineUnavailableError
from plangraf.publish.endpoint_claims import Claim
from plangraf.publish.graph_digests import Digest, Losses
from plangraf.rdf.formats import JSON, N_TRIPLES
from plangraf.rdf.namespaces import PLAN
from plangraf.store.versions import Version
from plangraf.store.zstd_file import decompressed

# Lines of one request. Virtuoso compiles an update into a statement, which may have 10 000 lines.
_LINES_OF_UPDATE = 500
_LINES_OF_GRAPH = 20_000
_SAID = 300
_BLANK = re.compile(r"_:\S+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_TIMEOUT_S = 600.0
# Before the predicate of a statement that waits in a graph of all graphs.
_NUMBERED = "urn:plangraf:graph:"
_T = TypeVar("_T")


def _nothing() -> None:
    """What is called while no version is loaded."""


@dataclass(frozen=True, slots=True)
class Target:
    """The addresses of an endpoint: of its queries, its updates, and its graph store (empty when it has none)."""

    query: str
    update: str
    graph_store: str = ""
    secret: str = ""


class Loader:
    """Writes versions to one endpoint.

    Args:
        target: the endpoint.
        progress: told the number of statements sent so far.
    """

    def __init__(self, target: Target, progress: Callable[[int], None] = lambda _sent: None) -> None:
        self._target = target
        self._progress = progress
        self._client = httpx.Client(
            headers={"User-Agent": "plangraf", **headers_of(target.secret)},
            auth=digest_of(target.secret),
            timeout=_TIMEOUT_S,
        )
        self._kind: Kind = OTHER
        self._sent = 0
        self._renew: Callable[[], None] = _nothing

    def load(self, version: Version) -> bool:
        """Loads a version; returns False when it is there already.

        Raises:
            EngineUnavailableError: the endpoint does not answer.
            EngineError: it refuses a request, cuts an answer, or holds other statements than were sent.
            PublicationConflictError: another process loads the version.
            VersionsError: the version is damaged.
        """
        placement = placement_of(version)
        if self._has(placement.record):
            return False
        claim = Claim(placement, self._target.query, self._statements, self._update)
        claim.take()
        try:
            # Another process may have ended between the two.
            if self._has(placement.record):
                return False
            self._renew = claim.renew
            wanted = self._load_graphs(version, placement)
            for graph, digest in wanted.items():
                self._verify(version, placement, graph, digest)
            claim.write_record(f"<{placement.record}> <{PLAN}triples> {version.triples}")
        finally:
            self._renew = _nothing
            claim.release()
        return True

    def held(self) -> list[str]:
        """The ids of the versions of which the endpoint holds a graph, complete or not, sorted.

        Raises:
            EngineUnavailableError, EngineError: it does not answer, or refuses.
        """
        return sorted({graph.removeprefix(VERSIONS).partition("/")[0] for graph in self._graphs(VERSIONS)})

    def remove_pruned(self, pruned: Iterable[str]) -> list[str]:
        """Removes the versions that the folder of versions no longer keeps; gives their ids.

        Versions of other folders stay, because several services may share an endpoint.
        """
        wanted = set(pruned)
        gone = sorted(wanted.intersection(self.held())) if wanted else []
        for version_id in gone:
            self.drop(version_id)
        return gone

    def drop(self, version_id: str) -> None:
        """Removes a version: its record first, so that nobody reads half of it."""
        record = f"{VERSIONS}{version_id}"
        for graph in (record, *self._graphs(f"{record}/")):
            self._update(f"DROP SILENT GRAPH <{graph}>")

    def _graphs(self, beginning: str) -> list[str]:
        named = f'GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), "{beginning}"))'
        query = f"SELECT DISTINCT ?g WHERE {{ {named} }} ORDER BY ?g"
        return self._read(query, lambda rows: [str(cast(NamedNode, row["g"]).value) for row in rows])

    def close(self) -> None:
        self._client.close()

    def _load_graphs(self, version: Version, placement: Placement) -> dict[str, Digest]:
        # By their names, because a list of all graphs may take a walk through the store.
        for graph in (placement.record, placement.union, placement.mixed, *map(placement.stored, placement.graphs)):
            self._update(f"DROP SILENT GRAPH <{graph}>")
        digests: dict[str, Digest] = defaultdict(Digest)
        waiting: dict[str, list[bytes]] = defaultdict(list)
        blank: list[tuple[str, str]] = []
        most = _LINES_OF_GRAPH if self._target.graph_store else _LINES_OF_UPDATE
        known = {placement.union, *map(placement.stored, placement.graphs)}
        for graph, triple in placed_statements(version, placement):
            if graph not in known:
                raise EngineError(
                    f"Version {version.id} has statements in {graph.removeprefix(placement.before)}, which its "
                    "manifest lacks. Write it again with `plangraf build --force`."
                )
            if b"_:" in triple and (triple.startswith(b"_:") or b"> _:" in triple):
                blank.append((triple.decode(), graph))
                continue
            lines = waiting[graph]
            lines.append(triple)
            if len(lines) >= most:
                digests[graph].add(lines)
                self._send(graph, lines)
                lines.clear()
        for graph, lines in waiting.items():
            if lines:
                digests[graph].add(lines)
                self._send(graph, lines)
        for statement, graph in blank:
            digests[graph].add([statement.encode()])
        self._send_blank(blank, placement)
        return digests

    def _send_blank(self, statements: list[tuple[str, str]], placement: Placement) -> None:
        """Sends the statements with blank nodes, whose labels are the same nodes within one request only."""
        if not self._target.graph_store:
            for part in _connected(statements, _LINES_OF_UPDATE):
                placed = (f"GRAPH <{graph}> {{ {self._storable(statement)} }}" for statement, graph in part)
                # Not INSERT DATA, in which blank nodes are refused by Virtuoso.
                self._update("INSERT {\n" + "\n".join(placed) + "\n} WHERE { }")
            return
        # A graph store takes one graph at a time. So they go to one graph, with the number of their own before the
        # predicate, and the endpoint copies them from there with their nodes.
        numbers = {graph: number for number, graph in enumerate(sorted({graph for _, graph in statements}))}
        for part in _connected(statements, _LINES_OF_GRAPH):
            self._send(placement.mixed, [_numbered(statement, numbers[graph]) for statement, graph in part])
        for graph, number in numbers.items():
            before = f"{_NUMBERED}{number}:"
            self._update(
                f"INSERT {{ GRAPH <{graph}> {{ ?s ?own ?o }} }} WHERE {{ GRAPH <{placement.mixed}> {{ ?s ?p ?o "
                f'FILTER(STRSTARTS(STR(?p), "{before}")) BIND(IRI(STRAFTER(STR(?p), "{before}")) AS ?own) }} }}'
            )
        self._update(f"DROP SILENT GRAPH <{placement.mixed}>")

    def _storable(self, statement: str) -> str:
        return self._kind.storable(statement.encode()).decode()

    def _verify(self, version: Version, placement: Placement, graph: str, digest: Digest) -> None:
        """Reads a graph back, in the way in which queries read it.

        Raises:
            EngineError: it holds other statements than were sent.
        """
        self._renew()
        found = Digest()
        query = f"SELECT ?s ?p ?o WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        self._read(query, found.add_rows)
        if found == digest:
            return
        losses = self._read(query, Losses)
        sent = (triple for stored, triple in placed_statements(version, placement) if stored == graph)
        raise EngineError(
            f"The endpoint holds {found.count} statements of <{graph}>, and {digest.count} were sent. It keeps these "
            f"otherwise: {losses.compared(sent)}. The version is not used; load it again, or into another engine."
        )

    def _send(self, graph: str, lines: list[bytes]) -> None:
        body = b"\n".join(map(self._kind.storable, lines))
        if self._target.graph_store:
            self._request(
                "POST",
                self._target.graph_store,
                params={"graph": graph},
                content=body + b"\n",
                headers={"Content-Type": N_TRIPLES.media_type},
            )
        else:
            self._update(f"INSERT DATA {{ GRAPH <{graph}> {{\n{body.decode()}\n}} }}")
        self._sent += len(lines)
        self._progress(self._sent)
        self._renew()

    def _update(self, text: str) -> None:
        self._request(
            "POST",
            self._target.update,
            content=text.encode(),
            headers={"Content-Type": "application/sparql-update"},
        )

    def _statements(self, graph: str) -> list[tuple[str, str, str]]:
        """The statements of a small graph without blank nodes, as texts."""

        def texts(rows: QuerySolutions) -> list[tuple[str, str, str]]:
            found = [tuple(cast(NamedNode | Literal, term).value for term in row) for row in rows]
            return cast(list[tuple[str, str, str]], found)

        return self._read(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}", texts)

    def _has(self, graph: str) -> bool:
        """Whether a graph has a statement; not by ASK, whose answer Virtuoso writes as a table."""
        return self._read(
            f"SELECT ?s WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} LIMIT 1", lambda rows: any(True for _ in rows)
        )

    def _read(self, query: str, use: Callable[[QuerySolutions], _T]) -> _T:
        """Gives the rows of a query to a function while they arrive.

        Raises:
            EngineUnavailableError: the endpoint does not answer, or breaks off.
            EngineError: it refuses, answers with something else than a table, or cuts it.
        """
        address = self._target.query
        try:
            with self._client.stream(
                "POST", address, data={"query": query}, headers={"Accept": JSON.media_type}
            ) as response:
                if response.status_code >= 300:
                    response.read()
                _checked(response, address)
                if MOST_ROWS in response.headers:
                    most = response.headers[MOST_ROWS]
                    raise EngineError(f"{address} cuts an answer after {most} rows; raise its ResultSetMaxRows.")
                self._kind = kind_of(response.headers)
                body = cast(IO[bytes], io.BufferedReader(_Body(response, self._renew)))
                rows = parse_query_results(self._kind.readable(body), QueryResultsFormat.JSON)
                assert isinstance(rows, QuerySolutions)
                return use(rows)
        except httpx.HTTPError as error:
            raise EngineUnavailableError(f"{address}: {error or type(error).__name__}") from error
        except (SyntaxError, ValueError) as error:
            raise EngineError(f"{address} answers with something else than {JSON.media_type} ({error}).") from error

    def _request(self, method: str, address: str, **what: object) -> httpx.Response:
        try:
            response = self._client.request(method, address, **what)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise EngineUnavailableError(f"{address}: {error or type(error).__name__}") from error
        return _checked(response, address)


def _checked(response: httpx.Response, address: str) -> httpx.Response:
    if response.status_code >= 300:
        said = " ".join(response.text.split())[:_SAID]
        raise EngineError(f"{address} answered with status {response.status_code}: {said}")
    return response


class _Body(io.RawIOBase):
    """The body of a response while it arrives; `on_piece` is called with each piece."""

    def __init__(self, response: httpx.Response, on_piece: Callable[[], None]) -> None:
        self._pieces = response.iter_bytes()
        self._on_piece = on_piece
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next((piece for piece in self._pieces if piece), b"")
            self._on_piece()
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def placed_statements(version: Version, placement: Placement) -> Iterator[tuple[str, bytes]]:
    """All that a store holds of a version but its record: the graph there, and the statement as an N-Triples line."""
    return chain(_placed(version.lines(), placement), _bulk(version, placement))


def _placed(lines: Iterable[bytes], placement: Placement) -> Iterator[tuple[str, bytes]]:
    """Each statement in its graph, and once in the union; a dump is sorted, so repetitions are neighbours."""
    names: dict[bytes, str] = {}
    last = b""
    for line in lines:
        triple, _, graph = line.rpartition(b" <")
        own = graph.removesuffix(b"> .")
        if own not in names:
            names[own] = placement.stored(own.decode())
        statement = triple + b" ."
        yield names[own], statement
        if triple != last:
            yield placement.union, statement
            last = triple


def _bulk(version: Version, placement: Placement) -> Iterator[tuple[str, bytes]]:
    for graph in version.bulk():
        name, rest = placement.stored(graph.graph), b""
        for chunk in decompressed(version.bulk_path(graph), 1 << 20):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from ((name, line) for line in lines)
        if rest:
            yield name, rest


def _labels(statement: str) -> list[str]:
    return _BLANK.findall(_QUOTED.sub("", statement))


def _numbered(statement: str, number: int) -> bytes:
    subject, _, rest = statement.partition(" <")
    return f"{subject} <{_NUMBERED}{number}:{rest}".encode()


def _connected(statements: list[tuple[str, str]], most: int) -> Iterator[list[tuple[str, str]]]:
    """Statements with blank nodes, and their graphs, as parts: all that a node stands in are in one."""
    above: dict[str, str] = {}

    def top(label: str) -> str:
        while (next_label := above.setdefault(label, label)) != label:
            label = above[label] = above[next_label]
        return label

    labels = [_labels(statement) for statement, _ in statements]
    for first, *others in labels:
        for other in others:
            above[top(other)] = top(first)
    parts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for (first, *_), statement in zip(labels, statements, strict=True):
        parts[top(first)].append(statement)
    waiting: list[tuple[str, str]] = []
    for part in parts.values():
        if waiting and len(waiting) + len(part) > most:
            yield waiting
            waiting = []
        waiting += part
    if waiting:
        yield waiting
