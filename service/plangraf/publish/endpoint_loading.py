"""Loads a version into the store of a SPARQL endpoint, where `engines.remote` reads it.

Readers see it only when its record is written, which is last and after a count of each graph, so a load that dies is
no version, and the next one begins it again. Statements with blank nodes travel in one update, because a label is one
node within an update, also over several graphs.

SPARQL 1.1 Update: https://www.w3.org/TR/sparql11-update/
Graph Store HTTP Protocol: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import httpx
import orjson

from plangraf.engines.remote.placement import Placement, placement_of
from plangraf.errors import EngineError, EngineUnavailableError
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
        headers = {"User-Agent": "plangraf"} | ({"Authorization": target.secret} if target.secret else {})
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT_S)
        self._sent = 0

    def load(self, version: Version) -> bool:
        """Loads a version; returns False when it is there already.

        Raises:
            EngineUnavailableError: the endpoint does not answer.
            EngineError: it refuses a request, or holds another number of statements than were sent.
            VersionsError: the version is damaged.
        """
        placement = placement_of(version)
        if self._has(placement.record):
            return False
        wanted = self._load_graphs(version, placement)
        for graph, count in wanted.items():
            found = self._count(graph)
            if found != count:
                raise EngineError(
                    f"The endpoint holds {found} statements of <{graph}>, and {count} were sent. The version is not "
                    "used; load it again."
                )
        self._update(
            f"INSERT DATA {{ GRAPH <{placement.record}> {{ <{placement.record}> <{PLAN}triples> {version.triples} }} }}"
        )
        return True

    def drop(self, placement: Placement) -> None:
        """Removes a version: its record first, so that nobody reads half of it."""
        stored = (placement.stored(graph) for graph in placement.graphs)
        for graph in (placement.record, placement.union, *stored):
            self._update(f"DROP SILENT GRAPH <{graph}>")

    def close(self) -> None:
        self._client.close()

    def _load_graphs(self, version: Version, placement: Placement) -> dict[str, int]:
        self.drop(placement)
        counts: dict[str, int] = defaultdict(int)
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
            counts[graph] += 1
            if b"_:" in triple and (triple.startswith(b"_:") or b"> _:" in triple):
                blank.append((triple.decode(), graph))
                continue
            lines = waiting[graph]
            lines.append(triple)
            if len(lines) >= most:
                self._send(graph, lines)
                lines.clear()
        for graph, lines in waiting.items():
            if lines:
                self._send(graph, lines)
        for statements in _connected(blank, _LINES_OF_UPDATE):
            # Not INSERT DATA, in which Virtuoso refuses blank nodes.
            self._update("INSERT {\n" + "\n".join(statements) + "\n} WHERE { }")
        return counts

    def _send(self, graph: str, lines: list[bytes]) -> None:
        body = b"\n".join(lines)
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

    def _update(self, text: str) -> None:
        self._request(
            "POST",
            self._target.update,
            content=text.encode(),
            headers={"Content-Type": "application/sparql-update"},
        )

    def _has(self, graph: str) -> bool:
        """Whether a graph has a statement; not by ASK, whose answer Virtuoso writes as a table."""
        rows = self._results(f"SELECT ?s WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} LIMIT 1")
        return bool(rows["results"]["bindings"])

    def _count(self, graph: str) -> int:
        rows = self._results(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        return int(rows["results"]["bindings"][0]["n"]["value"])

    def _results(self, query: str) -> dict[str, dict[str, list[dict[str, dict[str, str]]]]]:
        response = self._request("POST", self._target.query, data={"query": query}, headers={"Accept": JSON.media_type})
        try:
            found: dict[str, dict[str, list[dict[str, dict[str, str]]]]] = orjson.loads(response.content)
        except ValueError as error:
            raise EngineError(f"{self._target.query} answers with something else than {JSON.media_type}.") from error
        return found

    def _request(self, method: str, address: str, **what: object) -> httpx.Response:
        try:
            response = self._client.request(method, address, **what)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise EngineUnavailableError(f"{address}: {error or type(error).__name__}") from error
        if response.status_code >= 300:
            said = " ".join(response.text.split())[:_SAID]
            raise EngineError(f"{address} answered with status {response.status_code}: {said}")
        return response


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


def _connected(statements: list[tuple[str, str]], most: int) -> Iterator[list[str]]:
    """Statements with blank nodes as parts of updates: all that a node stands in are in one."""
    above: dict[str, str] = {}

    def top(label: str) -> str:
        while (next_label := above.setdefault(label, label)) != label:
            label = above[label] = above[next_label]
        return label

    labels = [_BLANK.findall(_QUOTED.sub("", statement)) for statement, _ in statements]
    for first, *others in labels:
        for other in others:
            above[top(other)] = top(first)
    parts: dict[str, list[str]] = defaultdict(list)
    for (first, *_), (statement, graph) in zip(labels, statements, strict=True):
        parts[top(first)].append(f"GRAPH <{graph}> {{ {statement} }}")
    waiting: list[str] = []
    for part in parts.values():
        if waiting and len(waiting) + len(part) > most:
            yield waiting
            waiting = []
        waiting += part
    if waiting:
        yield waiting
