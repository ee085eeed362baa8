"""Queries a real server as a client does, over versions with given data, and returns rows.

Each data set is a separate version, and one server answers for all of them under /version/<id>/sparql.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import sparql_answers
from pyoxigraph import RdfFormat, parse
from sparql_answers import Answer
from sparql_cases import DATA, Case

from plangraf.rdf.graph import nquads_lines
from plangraf.store.versions import VersionStore

RESULTS = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "tsv": "text/tab-separated-values",
}
TRIPLES = {"nt": ("application/n-triples", RdfFormat.N_TRIPLES), "ttl": ("text/turtle", RdfFormat.TURTLE)}


def write_version(store: VersionStore, lines: list[bytes]) -> str:
    """A version with these N-Quads lines, without parsing, shapes and checks, which such data would fail."""
    graphs: dict[str, int] = {}
    for line in lines:
        name = line.rpartition(b" <")[2].removesuffix(b"> .").decode()
        graphs[name] = graphs.get(name, 0) + 1
    triples = {line.rpartition(b" <")[0] for line in lines}
    manifest = {"triples": len(triples), "quads": len(lines), "graphs": graphs, "warnings": {}}
    return store.write(lines, manifest).id


def write_data_sets(versions: Path) -> dict[str, str]:
    """A version of each data set of the differential tests; gives their ids by name."""
    store = VersionStore(versions)
    found = {}
    for file in sorted(DATA.glob("*.trig")):
        quads = list(parse(path=file, format=RdfFormat.TRIG, rename_blank_nodes=False))
        assert all(hasattr(quad.graph_name, "value") for quad in quads), f"{file.name}: put every triple into a graph"
        found[file.stem] = write_version(store, nquads_lines(quads))
    return found


@dataclass(frozen=True, slots=True)
class Asker:
    """The server, and the version of each data set; `refused` are those that its engine cannot hold as they are."""

    url: str
    versions: Mapping[str, str]
    client: httpx.Client
    refused: frozenset[str] = frozenset()

    def ask(self, case: Case) -> Answer:
        """The answers of the service; consecutive cases request different formats."""
        results = list(RESULTS)[case.number % len(RESULTS)]
        media_type, format_ = list(TRIPLES.values())[case.number % len(TRIPLES)]
        response = self.client.get(
            f"{self.url}/version/{self.versions[case.data]}/sparql",
            params={"query": case.query, "default-graph-uri": case.default, "named-graph-uri": case.named},
            headers={"Accept": f"{RESULTS[results]}, {RESULTS['json']};q=0.9, {media_type}"},
        )
        if response.status_code != 200:
            problem = response.json()
            return Answer("error", code=f"{response.status_code} {problem['code']}", message=problem.get("detail", ""))
        content_type = response.headers["content-type"].partition(";")[0]
        if content_type == media_type:
            return sparql_answers.from_triples(response.text, format_)
        if content_type == RESULTS["xml"]:
            return sparql_answers.from_xml(response.text)
        if content_type == RESULTS["tsv"]:
            return sparql_answers.from_tsv(response.text)
        return sparql_answers.from_json(response.json())
