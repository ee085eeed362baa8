"""The behaviours in which SPARQL servers differ: what each server does by itself, and what the service answers over it.

`python tests/engines/remote/behaviours.py ENGINE…` writes the columns of these engines into docs/operators.md.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, parse_query_results

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from engine_servers import EngineServer, running_engine
from plangraf.engines.interface import QueryRequest
from plangraf.engines.remote.engine import make_remote_engine
from plangraf.engines.remote.kinds import kind_of
from plangraf.engines.remote.placement import placement_of
from plangraf.errors import PlangrafError
from plangraf.publish.endpoint_loading import Loader
from plangraf.rdf import formats
from plangraf.rdf.namespaces import GRAPH
from plangraf.settings import Settings
from plangraf.store.versions import Version, VersionStore
from small_home import ROOT

PAGE = ROOT / "docs" / "operators.md"
ENGINES = ("oxigraph", "fuseki", "virtuoso")
_BEGIN, _END = "<!-- behaviours:begin -->\n", "<!-- behaviours:end -->"
_E = "http://example.org/"
_ONE, _TWO = f"{GRAPH}5001/one", f"{GRAPH}5001/two"
_PROLOGUE = f"PREFIX : <{_E}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
_LONG = "x" * 20_000


def _typed(value: str, name: str) -> str:
    return f'"{value}"^^<http://www.w3.org/2001/XMLSchema#{name}>'


def _lines() -> list[bytes]:
    one, two = f"<{_ONE}> .", f"<{_TWO}> ."
    lines = [f"<{_E}n{n}> <{_E}next> <{_E}n{n + 1}> {one}" for n in range(5)]
    lines += [
        f"<{_E}n0> <{_E}next> <{_E}n1> {two}",
        f"<{_E}v> <{_E}size> {_typed('1.5', 'decimal')} {one}",
        f"<{_E}v> <{_E}on> {_typed('2020-05-06', 'date')} {one}",
        f"<{_E}v> <{_E}lasts> {_typed('P42D', 'duration')} {one}",
        f"<{_E}v> <{_E}done> {_typed('true', 'boolean')} {one}",
        f'<{_E}v> <{_E}name> "\u00c5s"@nb {one}',
        f'<{_E}v> <{_E}name> "As"@en-gb {one}',
        f'<{_E}v> <{_E}long> "{_LONG}" {one}',
        f"<{_E}v> <{_E}part> _:b {two}",
        f'_:b <{_E}name> "part" {two}',
    ]
    return sorted(line.encode() for line in lines)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A query and its answer by the standard: the rows as CSV of terms, sorted."""

    name: str
    query: str
    wanted: tuple[str, ...]


BEHAVIOURS = (
    Behaviour(
        "a triple of two graphs counts once", "SELECT (COUNT(*) AS ?n) { :n0 :next ?o }", (_typed("1", "integer"),)
    ),
    Behaviour(
        "several graphs in FROM are one set",
        f"SELECT (COUNT(*) AS ?n) FROM <{_ONE}> FROM <{_TWO}> {{ :n0 :next ?o }}",
        (_typed("1", "integer"),),
    ),
    Behaviour("GRAPH ?g", "SELECT ?g { GRAPH ?g { :n0 :next ?o } }", (f"<{_ONE}>", f"<{_TWO}>")),
    Behaviour("forms of decimals", "SELECT (2.50 * 2 AS ?x) {}", (_typed("5", "decimal"),)),
    Behaviour("division of integers", "SELECT (1/4 AS ?x) {}", (_typed("0.25", "decimal"),)),
    Behaviour("forms of doubles", "SELECT (1000.0e0 AS ?x) {}", (_typed("1000", "double"),)),
    Behaviour("booleans as columns", "SELECT (1 < 2 AS ?x) {}", (_typed("true", "boolean"),)),
    Behaviour("a boolean of the data", "SELECT ?x { :v :done ?x FILTER(?x) }", (_typed("true", "boolean"),)),
    Behaviour("a duration of the data", "SELECT ?x { :v :lasts ?x }", (_typed("P42D", "duration"),)),
    Behaviour("a cast that fails is unbound", 'SELECT (xsd:integer("a") AS ?x) {}', ("",)),
    Behaviour(
        "order of dates", 'SELECT ?x { :v :on ?x FILTER(?x > "2020-01-01"^^xsd:date) }', (_typed("2020-05-06", "date"),)
    ),
    Behaviour("language tags", 'SELECT ?x { :v :name ?x FILTER(LANGMATCHES(LANG(?x), "en")) }', ('"As"@en-gb',)),
    Behaviour(
        "letters beside ASCII in REGEX",
        'SELECT ?x { :v :name ?x FILTER(REGEX(STR(?x), "^\u00e5", "i")) }',
        ('"\u00c5s"@nb',),
    ),
    Behaviour("a long text", "SELECT (STRLEN(?l) AS ?x) { :v :long ?l }", (_typed("20000", "integer"),)),
    Behaviour("blank nodes join", "SELECT ?x { :v :part ?b . ?b :name ?x }", ('"part"',)),
    Behaviour(
        "GROUP_CONCAT of numbers", 'SELECT (GROUP_CONCAT(?v; separator="|") AS ?x) { VALUES ?v { 1 } }', ('"1"',)
    ),
    Behaviour(
        "names of SELECT in HAVING",
        "SELECT (COUNT(*) AS ?n) { :n0 :next ?o } GROUP BY ?o HAVING(?n > 0)",
        (_typed("1", "integer"),),
    ),
    Behaviour("paths of any length", "SELECT ?x { :n3 :next* ?x }", (f"<{_E}n3>", f"<{_E}n4>", f"<{_E}n5>")),
    Behaviour(
        "EXISTS in BIND", "SELECT ?x { :n0 :next ?o BIND(EXISTS { ?o :next ?p } AS ?x) }", (_typed("true", "boolean"),)
    ),
    Behaviour(
        "VALUES with UNDEF",
        "SELECT ?x { VALUES (?s ?x) { (UNDEF 1) (:v 2) } :v :done ?d . FILTER(!BOUND(?s)) }",
        (_typed("1", "integer"),),
    ),
    Behaviour("MINUS without common names", "SELECT ?x { :n0 :next ?x MINUS { ?a :size ?b } }", (f"<{_E}n1>",)),
    Behaviour("ASK", "ASK { :n0 :next ?o }", ("true",)),
    Behaviour("a fault of the query", "SELECT ?s { ?s :next ?o } GROUP BY ?o", ("refused",)),
)


def write_behaved(folder: Path) -> Version:
    """The version that is asked."""
    lines = _lines()
    graphs = {graph: sum(line.endswith(f"<{graph}> .".encode()) for line in lines) for graph in (_ONE, _TWO)}
    triples = len({line.rpartition(b" <")[0] for line in lines})
    return VersionStore(folder).write(
        lines, {"triples": triples, "quads": len(lines), "graphs": graphs, "warnings": {}}
    )


def cells(server: EngineServer, version: Version) -> dict[str, str]:
    """The cell of each behaviour: what the server does by itself, and what the service answers."""
    Loader(server.target).load(version)
    return {one.name: f"{_raw(server, version, one)} → {_served(server, version, one)}" for one in BEHAVIOURS}


def _raw(server: EngineServer, version: Version, behaviour: Behaviour) -> str:
    placement = placement_of(version)
    query = _PROLOGUE + behaviour.query.replace(_ONE, placement.stored(_ONE)).replace(_TWO, placement.stored(_TWO))
    form: dict[str, str | list[str]] = {"query": query}
    if "FROM" not in query:
        named = [placement.stored(graph) for graph in placement.graphs]
        form |= {"default-graph-uri": placement.union, "named-graph-uri": named}
    answer = httpx.post(server.target.query, data=form, headers={"Accept": formats.JSON.media_type}, timeout=60)
    if answer.status_code != 200:
        return "right" if behaviour.wanted == ("refused",) else "error"
    rows = _rows(answer.content.replace(kind_of(answer.headers).node or b"\0", b'"type": "bnode", "value": "'))
    rows = tuple(row.replace(placement.before, GRAPH) for row in rows)
    return _cell(rows, behaviour.wanted)


def _served(server: EngineServer, version: Version, behaviour: Behaviour) -> str:
    settings = Settings(
        home=ROOT, engine=server.target.query, engine_authorization=server.target.secret or None,  # type: ignore[arg-type]
        engine_accept_differences=True,
    )  # fmt: skip

    async def ask() -> bytes:
        engine = make_remote_engine(version, settings)
        await engine.start()
        try:
            answer = await engine.query(QueryRequest(_PROLOGUE + behaviour.query, formats.JSON))
            return b"".join([chunk async for chunk in answer.chunks])
        finally:
            await engine.close()

    try:
        return _cell(_rows(asyncio.run(ask())), behaviour.wanted).replace("right", "equal")
    except PlangrafError as error:
        refused = error.code.startswith("query-") and error.code != "query-timeout"
        return "equal" if refused and behaviour.wanted == ("refused",) else "refused" if refused else "error"


def _rows(body: bytes) -> tuple[str, ...]:
    found = parse_query_results(body, QueryResultsFormat.JSON)
    if isinstance(found, QueryBoolean):
        return (str(bool(found)).lower(),)
    assert isinstance(found, QuerySolutions)
    return tuple(sorted(",".join("" if term is None else str(term) for term in row) for row in found))


def _cell(rows: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    if rows == tuple(sorted(wanted)):
        return "right"
    shown = "; ".join(re.sub(r"\^\^<[^>]*[#/](\w+)>", r" \1", row) for row in rows)
    return f"`{shown[:24]}`" if 0 < len(shown) <= 24 else "wrong"


def table(columns: dict[str, dict[str, str]]) -> str:
    """The table of the page; a cell of an engine that is not in `columns` is that of the page."""
    known = read_table()
    lines = ["| behaviour | " + " | ".join(name.capitalize() for name in ENGINES) + " |", "|---|---|---|---|"]
    for one in BEHAVIOURS:
        row = [columns.get(engine, known.get(engine, {})).get(one.name, "–") for engine in ENGINES]
        lines.append("| " + " | ".join([one.name, *row]) + " |")
    return "\n".join(lines) + "\n"


def read_table() -> dict[str, dict[str, str]]:
    """The cells of the page, by engine and behaviour."""
    text = PAGE.read_text().partition(_BEGIN)[2].partition(_END)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]
    return {engine: {row[0]: row[number] for row in rows} for number, engine in enumerate(ENGINES, 1)}


def main(engines: list[str]) -> None:
    columns = {}
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            version = write_behaved(Path(name) / "versions")
            (Path(name) / "engine").mkdir()
            with running_engine(engine, Path(name) / "engine") as server:
                columns[engine] = cells(server, version)
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + table(columns) + _END + rest.partition(_END)[2])


if __name__ == "__main__":
    main(sys.argv[1:])
