"""The embedded engine with real processes: answers are correct, and no query harms another one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import zstandard
from pyoxigraph import RdfFormat, parse

from plangraf import metrics
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.interface import QueryRequest
from plangraf.errors import (
    AnswerBrokenError,
    DisplacedError,
    EngineError,
    NotInXmlError,
    OverloadedError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    WorkerCrashedError,
)
from plangraf.rdf import formats
from plangraf.rdf.namespaces import GRAPH, ONTOLOGY, PREFIXES, SHAPES
from plangraf.settings import Settings
from plangraf.sparql import safety
from plangraf.store.versions import Version
from plangraf.views.engine_answers import fetch_bytes

HOME = Path(__file__).resolve().parents[2]
E = "http://example.org/"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
HUGE = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """4 000 triples in one graph, one of them in a second graph too, and one only there."""
    lines = [f"<{E}{n}> <{E}next> <{E}{n + 1}> <{E}g1> .\n" for n in range(4000)]
    lines += [f"<{E}1> <{E}next> <{E}2> <{E}g2> .\n", f'<{E}1> <{E}name> "æøå"@nb <{E}g2> .\n']
    folder = tmp_path_factory.mktemp("version")
    (folder / "data.nq.zst").write_bytes(zstandard.compress("".join(sorted(lines)).encode()))
    return Version("0123456789abcdef", folder, {})


@asynccontextmanager
async def running(version: Version, **settings: Any) -> AsyncIterator[EmbeddedEngine]:
    given: dict[str, Any] = {"home": HOME, "query_timeout_s": 1.0, "query_workers": 2, **settings}
    engine = EmbeddedEngine(version, Settings(**given))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def ask(engine: EmbeddedEngine, query: str, format_: formats.Format = formats.CSV, **dataset: Any) -> str:
    answer = await engine.query(QueryRequest(query, format_, **dataset))
    try:
        return b"".join([chunk async for chunk in answer.chunks]).decode()
    finally:
        await answer.aclose()


def with_engine(version: Version, use: Callable[[EmbeddedEngine], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        async with running(version, **settings) as engine:
            await use(engine)

    asyncio.run(main())


def without_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = safety.check("ASK {}", safety.Limits())
    monkeypatch.setattr("plangraf.engines.guarding.check", lambda query, *_: replace(passed, text=query))


def processes(version: Version) -> list[psutil.Process]:
    """The loader and the workers of a version, which no other test serves."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it may have ended just now
            if str(version.path) in child.cmdline():
                found += [child, *child.children()]
    return found


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def all_running(version: Version, workers: int) -> list[psutil.Process]:
    """Waits for the loader and all workers, because an engine is ready with the first one."""
    await until(lambda: len(processes(version)) > workers)
    return processes(version)


@pytest.mark.parametrize(
    ("query", "format_", "expected"),
    [
        ("SELECT ?o { <http://example.org/1> <http://example.org/name> ?o }", formats.CSV, "o\r\næøå\r\n"),
        ("SELECT ?o { <http://example.org/1> <http://example.org/name> ?o }", formats.TSV, '?o\n"æøå"@nb\n'),
        ("ASK { ?s ?p 'æøå'@nb }", formats.JSON, '{"head":{},"boolean":true}'),
        ("ASK { ?s ?p 'æøå'@nb }", formats.XML, "<boolean>true</boolean>"),
        (
            "CONSTRUCT WHERE { ?s <http://example.org/name> ?o }",
            formats.N_TRIPLES,
            '<http://example.org/1> <http://example.org/name> "æøå"@nb .\n',
        ),
        ("CONSTRUCT WHERE { ?s <http://example.org/name> ?o }", formats.TURTLE, '"æøå"@nb'),
        ("CONSTRUCT WHERE { ?s <http://example.org/name> ?o }", formats.RDF_XML, 'xml:lang="nb"'),
        ("CONSTRUCT WHERE { ?s <http://example.org/name> ?o }", formats.JSON_LD, '"@language":"nb"'),
        ("DESCRIBE <http://example.org/1>", formats.N_TRIPLES, "<http://example.org/2> .\n"),
    ],
)
def test_every_form_answers_in_every_format(
    version: Version, query: str, format_: formats.Format, expected: str
) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        assert expected in await ask(engine, query, format_)

    with_engine(version, use)


def test_the_default_graph_is_the_union_without_duplicates_and_the_dataset_follows_the_standard(
    version: Version,
) -> None:
    g1, g2 = f"{E}g1", f"{E}g2"

    async def use(engine: EmbeddedEngine) -> None:
        async def count(query: str = COUNT, **dataset: Any) -> int:
            return int((await ask(engine, query, **dataset)).split()[1])

        named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
        assert engine.triples == await count() == 4001
        assert await count(named) == 4002
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM <{g2}> {{ ?s ?p ?o }}") == 2
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM <{g1}> FROM <{g2}> {{ ?s ?p ?o }}") == 4001
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM NAMED <{g2}> {{ GRAPH ?g {{ ?s ?p ?o }} }}") == 2
        assert await count(default_graphs=(g2,)) == 2
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM <{g1}> {{ ?s ?p ?o }}", default_graphs=(g2,)) == 2
        assert await count(named_graphs=(g2,)) == 0
        assert await count(named, named_graphs=(g2,)) == 2
        assert await count(named, default_graphs=(g2,)) == 0
        assert await count(default_graphs=(f"{E}unknown",)) == 0

    with_engine(version, use)


def test_the_default_graph_is_the_union_where_graphs_share_no_triple_too(tmp_path: Path) -> None:
    lines = [f"<{E}{n}> <{E}next> <{E}{n + 1}> <{E}g{n % 2}> .\n" for n in range(100)]
    (tmp_path / "data.nq.zst").write_bytes(zstandard.compress("".join(sorted(lines)).encode()))
    path = f"SELECT (COUNT(*) AS ?n) {{ <{E}0> <{E}next>+ ?o }}"

    async def use(engine: EmbeddedEngine) -> None:
        async def count(query: str = COUNT, **dataset: Any) -> int:
            return int((await ask(engine, query, **dataset)).split()[1])

        assert engine.triples == await count() == await count(path) == 100
        assert await count("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } ?s ?p ?o }") == 100
        assert await count("SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o . ?o ?q ?r } }") == 0
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM <{E}g0> {{ ?s ?p ?o }}") == 50
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM <{E}g0> FROM <{E}g1> {{ ?s ?p ?o }}") == 100
        assert await count(f"SELECT (COUNT(*) AS ?n) FROM NAMED <{E}g0> {{ ?s ?p ?o }}") == 0
        assert await count(path, default_graphs=(f"{E}g0",)) == 1
        assert await count(named_graphs=(f"{E}g0",)) == 0
        assert (await ask(engine, f"DESCRIBE <{E}1>", formats.N_TRIPLES)) == f"<{E}1> <{E}next> <{E}2> .\n"
        assert (await ask(engine, f"ASK {{ FILTER EXISTS {{ <{E}1> ?p ?o }} }}", formats.CSV)) == "true"

    with_engine(Version("0123456789abcdef", tmp_path, {}), use)


def test_a_runaway_is_killed_at_its_deadline_while_others_are_answered(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        began = time.monotonic()
        runaway = asyncio.create_task(ask(engine, RUNAWAY))
        answered = 0
        while not runaway.done():
            assert await ask(engine, "ASK {}", formats.JSON) == '{"head":{},"boolean":true}'
            answered += 1
            await asyncio.sleep(0.005)
        with pytest.raises(QueryTimeoutError):
            runaway.result()
        assert time.monotonic() - began >= 1.0
        assert answered >= 1
        await asyncio.gather(*[ask(engine, COUNT) for _ in range(8)])

    with_engine(version, use)


def test_a_client_may_shorten_but_not_extend_the_time_limit(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        for asked, limit in ((0.2, 0.2), (60.0, 1.0)):
            with pytest.raises(QueryTimeoutError) as caught:
                await engine.query(QueryRequest(RUNAWAY, formats.CSV, timeout_s=asked))
            assert caught.value.limit_s == limit

    with_engine(version, use)


def has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended and closed its sockets."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_worker_killed_by_hand_costs_one_error(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        _, *idle = await all_running(version, 2)
        assert len(idle) == 2
        runaway = asyncio.create_task(ask(engine, RUNAWAY))
        await until(lambda: engine.running == 1)
        for worker in idle:
            os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerCrashedError):
            await runaway
        await until(lambda: all(has_ended(worker) for worker in idle))
        await asyncio.sleep(0)  # the loop reads the end of the idle one's socket
        await asyncio.sleep(0)
        for _ in range(10):
            assert (await ask(engine, COUNT)).split()[1] == "4001"
        await until(lambda: sum(not has_ended(child) for child in processes(version)) == 3)

    with_engine(version, use, query_timeout_s=20)


def test_a_stack_overflow_behind_the_guard_costs_one_worker(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    without_guard(monkeypatch)

    async def use(engine: EmbeddedEngine) -> None:
        with pytest.raises(WorkerCrashedError):
            await ask(engine, "SELECT * " + "{" * 9000 + "}" * 9000)
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use)


_LONG = "".join(f"BIND (CONCAT(?v{i}, ?v{i}, ?v{i}, ?v{i}) AS ?v{i + 1}) " for i in range(14))
GREEDY = {
    "order": "SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a",
    "group": "SELECT ?a ?d (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?d",
    "concatenate": f"SELECT (STRLEN(?v14) AS ?n) {{ BIND ('{'x' * 1000}' AS ?v0) {_LONG} }}",
    "replace": f"SELECT (STRLEN(REPLACE(?v10, 'x', '{'y' * 9000}')) AS ?n) {{ BIND ('{'x' * 9}' AS ?v0) {_LONG} }}",
    "group_concat": "SELECT (STRLEN(GROUP_CONCAT(STR(?a))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(text, id=name, marks=[] if name in ("order", "concatenate") else pytest.mark.slow)
        for name, text in GREEDY.items()
    ],
)
def test_a_query_over_its_memory_limit_is_an_error_and_costs_one_worker(version: Version, query: str) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        with pytest.raises(QueryMemoryError, match="100 MiB") as caught:
            await ask(engine, query)
        assert caught.value.extra() == {"limitMiB": 100}
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use, worker_memory_mb=100, query_timeout_s=60)


def test_an_answer_over_the_size_limit_is_aborted_and_counted(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        def oversized() -> float:
            found = re.search(rb'^plangraf_workers_replaced_total{reason="oversized"} (.*)$', metrics.render()[0], re.M)
            return float(found[1]) if found else 0.0

        before = oversized()
        answer = await engine.query(QueryRequest(HUGE, formats.CSV))
        pieces: list[int] = []

        async def read() -> None:
            async for chunk in answer.chunks:
                pieces.append(len(chunk))

        with pytest.raises(AnswerBrokenError, match="longer than 2 MiB"):
            await read()
        assert 1024**2 < sum(pieces) <= 2 * 1024**2
        assert oversized() == before + 1
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use, answer_max_mb=2, query_timeout_s=60)


def test_a_long_text_is_sent_in_pieces_and_complete(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        grow = "".join(f"BIND (CONCAT(?v{i}, ?v{i}, ?v{i}, ?v{i}) AS ?v{i + 1}) " for i in range(7))
        answer = await engine.query(QueryRequest(f"SELECT ?v7 {{ BIND ('{'x' * 1000}' AS ?v0) {grow} }}", formats.CSV))
        pieces = [len(chunk) async for chunk in answer.chunks]
        assert max(pieces) <= 8 * 1024**2
        assert sum(pieces) == len("v7\r\n") + 1000 * 4**7 + len("\r\n")

    with_engine(version, use, query_timeout_s=60)


def test_a_worker_cannot_open_a_socket_even_without_the_guard(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_guard(monkeypatch)
    canary = socket.create_server(("127.0.0.1", 0))
    canary.settimeout(0.3)
    address = f"http://127.0.0.1:{canary.getsockname()[1]}/"

    async def use(engine: EmbeddedEngine) -> None:
        with pytest.raises(EngineError):
            await ask(engine, f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}")

    with canary:
        with_engine(version, use)
        with pytest.raises(TimeoutError):
            canary.accept()


def test_a_truncated_answer_never_ends_normally(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        answer = await engine.query(QueryRequest(HUGE, formats.CSV))
        sizes: list[int] = []

        async def read_on() -> None:
            async for chunk in answer.chunks:
                sizes.append(len(chunk))

        with pytest.raises(AnswerBrokenError):
            await read_on()
        assert sum(sizes) > 1_000_000
        answer = await engine.query(QueryRequest(HUGE, formats.JSON))
        await anext(answer.chunks)
        for worker in processes(version)[1:]:
            os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(AnswerBrokenError):
            await read_on()

    with_engine(version, use)


def test_a_slow_reader_keeps_its_answer_past_the_limit(version: Version) -> None:
    took: list[float] = []

    async def use(engine: EmbeddedEngine) -> None:
        answer = await engine.query(QueryRequest("SELECT * { ?s ?p ?o ; ?q ?r . ?x ?p ?s }", formats.JSON))
        began, size = time.monotonic(), 0
        async for chunk in answer.chunks:
            size += len(chunk)
            await asyncio.sleep(limit / 5 if size < 1_000_000 else 0)
        assert size > 500_000
        took.append(time.monotonic() - began)

    # On a machine under load the evaluation itself may need longer than a short limit.
    for limit in (0.5, 2.0, 8.0, 32.0):
        with suppress(AnswerBrokenError, QueryTimeoutError):
            with_engine(version, use, query_timeout_s=limit)
            break
    assert took
    assert took[0] > limit


def test_a_disconnect_frees_the_worker_at_once(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        answer = await engine.query(QueryRequest(HUGE, formats.CSV))
        await anext(answer.chunks)
        task = asyncio.create_task(ask(engine, RUNAWAY))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await answer.aclose()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(*[ask(engine, COUNT) for _ in range(4)])
        assert time.monotonic() - began < 100  # and so did not wait for the limit

    with_engine(version, use, query_timeout_s=120)


@pytest.mark.parametrize(
    ("query", "format_", "told"),
    [
        (f"CONSTRUCT {{ ?s <{E}1> 1 }} WHERE {{ ?s ?p 'æøå'@nb }}", formats.RDF_XML, f"<{E}1>"),
        (f"CONSTRUCT {{ ?s <{E}a/> 1 }} WHERE {{ ?s ?p 'æøå'@nb }}", formats.RDF_XML, f"<{E}a/>"),
        (f"CONSTRUCT {{ ?s <{E}a> '\\u0001' }} WHERE {{ ?s ?p 'æøå'@nb }}", formats.RDF_XML, "control character"),
        ("SELECT ('\\u0001' AS ?a) {}", formats.XML, "control character"),
        ("SELECT ('\\uFFFE' AS ?a) {}", formats.XML, "control character"),
    ],
)
def test_characters_that_xml_forbids_are_an_error(
    version: Version, query: str, format_: formats.Format, told: str
) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        with pytest.raises(NotInXmlError, match=re.escape(told)):
            await ask(engine, query, format_)
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use)


def test_characters_that_xml_forbids_abort_an_answer_in_progress(version: Version) -> None:
    many = f"CONSTRUCT {{ ?s <{E}a> ?o . ?x <{E}1> ?y }} WHERE {{ {{ ?s ?p ?o ; ?q ?r }} UNION {{ BIND(1 AS ?y) }} }}"

    async def use(engine: EmbeddedEngine) -> None:
        answer = await engine.query(QueryRequest(many.replace("?x", f"<{E}x>"), formats.RDF_XML))
        with pytest.raises(AnswerBrokenError):
            async for _ in answer.chunks:
                pass
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT ?o { <1> <name> ?o }", "o\r\n"),
        (f"BASE <{E}> SELECT ?o {{ <1> <name> ?o }}", "o\r\næøå\r\n"),
        ('SELECT (IRI("a") AS ?a) (<b> AS ?b) {}', "a,b\r\nhttp://127.0.0.1:8000/a,http://127.0.0.1:8000/b\r\n"),
        ("SELECT (<> AS ?a) {}", "a\r\nhttp://127.0.0.1:8000/sparql\r\n"),
        ("PREFIX x: <#> SELECT (x:y AS ?a) {}", "a\r\nhttp://127.0.0.1:8000/sparql#y\r\n"),
    ],
)
def test_relative_iris_without_a_base_resolve_against_the_endpoint(version: Version, query: str, rows: str) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        assert await ask(engine, query) == rows

    with_engine(version, use)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT (TRUE AS ?a) (False AS ?b) { FILTER(TRUE) }", "a,b\r\ntrue,false\r\n"),
        ("SELECT ?a ?a ?b ?a { VALUES (?a ?b) { (1 2) } }", "a,b\r\n1,2\r\n"),
        ("SELECT ?a (?b AS ?c) ?a { { SELECT ?b ?b ?a { VALUES (?a ?b) { (1 2) } } } }", "a,c\r\n1,2\r\n"),
        ("SELECT ?a ?a WHERE { VALUES ?a { TRUE } } GROUP BY ?a HAVING (TRUE)", "a\r\ntrue\r\n"),
        ('SELECT ("TRUE" AS ?a) ("?b ?b" AS ?b) { FILTER(TRUE) }', "a,b\r\nTRUE,?b ?b\r\n"),
    ],
)
def test_valid_sparql_that_the_engine_alone_refuses_is_answered(version: Version, query: str, rows: str) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        assert await ask(engine, query) == rows

    with_engine(version, use)


@pytest.mark.slow
def test_a_query_over_the_waiting_limit_is_an_overload_error(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        tasks = [asyncio.create_task(ask(engine, RUNAWAY, client="one")) for _ in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(OverloadedError):
            await ask(engine, COUNT, client="one")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use, query_workers=1, query_max_waiting=4)


def test_a_dead_loader_is_replaced(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        os.kill(processes(version)[0].pid, signal.SIGKILL)
        await asyncio.sleep(0.2)
        await until(lambda: engine.ready)
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use)


def test_no_process_outlives_the_engine(version: Version) -> None:
    seen: list[psutil.Process] = []

    async def use(engine: EmbeddedEngine) -> None:
        seen.extend(await all_running(version, 2))
        assert len(seen) == 3

    with_engine(version, use)
    assert not psutil.wait_procs(seen, timeout=60)[1]


@pytest.mark.parametrize(
    ("query", "column", "token"),
    [
        ("SELECT ?s { ?s ?p ?o } GROUP BY ?o", 8, "?s"),
        ("SELECT * { ?s ?p ?o } LIMIT x:y", 29, "x:y"),
        ('SELECT * { ?s ?p "æ" ?o }', 22, "?o"),
        ("SELECT * { ?s ?p ?o . ?s }", 26, "}"),
        ("SELECT * { ?s ?p ?o } ORDER ?s", 29, "?s"),
        ("SELECT * { ?s ?p ?o } ODER BY ?s", 23, "ODER"),
        ("SELECT * WHERE { ?s ?p ?o } ?x", 29, "?x"),
    ],
)
def test_an_error_of_the_engine_has_a_place_too(version: Version, query: str, column: int, token: str) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        with pytest.raises(QuerySyntaxError) as caught:
            await ask(engine, f"PREFIX x: <http://x/>\n{query}")
        place = caught.value.place
        assert (place.line, place.column, place.token) == (2, column, token)

    with_engine(version, use)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Blank nodes that two graphs share, two types, and a string that looks like JSON-LD."""
    rdf_type = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    hostile = '},{\\"@id\\":\\"x\\",\\"http://www.w3.org/1999/02/22-rdf-syntax-ns#type\\":[{\\"@id\\":\\"y\\"}]'
    lines = [
        f"<{E}a> {rdf_type} <{E}A> <{E}g1> .\n",
        f"<{E}a> {rdf_type} <{E}B> <{E}g1> .\n",
        f'<{E}a> <{E}p> "{hostile}" <{E}g1> .\n',
        f"<{E}a> <{E}q> _:c14n0 <{E}g1> .\n",
        f"_:c14n0 <{E}p> _:c14n1 <{E}g1> .\n",
        f"_:c14n0 <{E}p> _:c14n1 <{E}g2> .\n",
    ]
    folder = tmp_path_factory.mktemp("small")
    (folder / "data.nq.zst").write_bytes(zstandard.compress("".join(sorted(lines)).encode()))
    return Version("fedcba9876543210", folder, {})


def test_a_blank_node_is_one_node_in_all_graphs_and_keeps_its_label(small: Version) -> None:
    join = f"SELECT ?n ?m {{ ?s <{E}q> ?n GRAPH <{E}g2> {{ ?n <{E}p> ?m }} }}"

    async def use(engine: EmbeddedEngine) -> None:
        assert engine.triples == 5
        assert await ask(engine, join) == "n,m\r\n_:c14n0,_:c14n1\r\n"

    with_engine(small, use)


def test_json_ld_of_a_graph_has_types_as_types_and_strings_as_they_are(small: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        body = await ask(engine, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", formats.JSON_LD)
        (node,) = [node for node in json.loads(body) if node["@id"] == f"{E}a"]
        assert sorted(node["@type"]) == [f"{E}A", f"{E}B"]
        sent = {str(quad.triple) for quad in parse(body.encode(), RdfFormat.JSON_LD, rename_blank_nodes=False)}
        lines = await ask(engine, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", formats.N_TRIPLES)
        assert sent == {str(quad.triple) for quad in parse(lines, RdfFormat.N_TRIPLES, rename_blank_nodes=False)}

    with_engine(small, use)


def test_a_long_json_ld_answer_is_complete_however_it_is_chunked(version: Version) -> None:
    typed = f"CONSTRUCT {{ ?s a ?o , <{E}C> ; <{E}next> ?o }} WHERE {{ ?s <{E}next> ?o }}"

    async def use(engine: EmbeddedEngine) -> None:
        body = await ask(engine, typed, formats.JSON_LD)
        assert len(body) > 200_000
        nodes = json.loads(body)
        assert all(f"{E}C" in node["@type"] for node in nodes)
        assert len(list(parse(body.encode(), RdfFormat.JSON_LD))) == 3 * 4000

    with_engine(version, use)


def test_foreign_terms_in_the_shapes_are_suggested_for_an_unknown_term_of_ours(
    tmp_path: Path,
) -> None:
    lines = [
        f"<{ONTOLOGY}#Plan> <{PREFIXES['rdfs']}isDefinedBy> <{ONTOLOGY}> <{GRAPH}ontology> .\n",
        f"<{SHAPES}#PlanShape-x> <{PREFIXES['sh']}path> <{PREFIXES['dcterms']}identifier> <{GRAPH}shapes> .\n",
        f"<{SHAPES}#PlanShape> <{PREFIXES['sh']}targetClass> <{PREFIXES['skos']}Concept> <{GRAPH}shapes> .\n",
    ]
    (tmp_path / "data.nq.zst").write_bytes(zstandard.compress("".join(lines).encode()))

    async def use(engine: EmbeddedEngine) -> None:
        for wrong, meant in (("?s plan:identifier ?o", "dcterms:identifier"), ("?s a plan:concept", "skos:Concept")):
            with pytest.raises(QuerySyntaxError, match=f"did you mean {meant}\\?"):
                engine.check(f"PREFIX plan: <{ONTOLOGY}#> ASK {{ {wrong} }}")

    with_engine(Version("0123456789abcdef", tmp_path, {}), use)


def test_functions_that_need_the_clock_or_chance_work_in_a_worker(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        body = await ask(engine, "SELECT (NOW() AS ?n) (RAND() AS ?r) (UUID() AS ?u) (MD5('a') AS ?m) {}")
        assert "urn:uuid:" in body
        assert "0cc175b9c0f1b6a831c399e269772661" in body

    with_engine(version, use)


def test_a_client_that_stops_reading_loses_its_worker_and_gets_an_error(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plangraf.engines.embedded.answer.LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr("plangraf.engines.embedded.answer._LOOK_S", 0.1)

    async def use(engine: EmbeddedEngine) -> None:
        answer = await engine.query(QueryRequest(HUGE, formats.CSV))
        await anext(answer.chunks)
        await until(lambda: answer._worker is None)
        assert (await ask(engine, COUNT)).split()[1] == "4001"
        with pytest.raises(AnswerBrokenError):
            async for _ in answer.chunks:
                pass

    with_engine(version, use, query_workers=1, query_timeout_s=10)


def test_a_damaged_version_fails_at_the_start_and_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "data.nq.zst").write_bytes(b"no zstandard")
    damaged = Version("0" * 16, tmp_path, {})
    engine = EmbeddedEngine(damaged, Settings(home=HOME))
    with pytest.raises(EngineError, match="could not be opened"):
        asyncio.run(engine.start())
    assert not processes(damaged)


def test_workers_serve_after_their_loader_dies_until_a_new_loader_replaces_them(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        loader, *workers = await all_running(version, 2)
        os.kill(loader.pid, signal.SIGKILL)
        answered = 0
        while processes(version)[:1] in ([], [loader]) or not all(has_ended(worker) for worker in workers):
            assert (await ask(engine, COUNT)).split()[1] == "4001"
            answered += 1
        assert answered > 0
        assert engine.ready
        fresh = await all_running(version, 2)
        assert not {loader, *workers} & set(fresh)
        assert (await ask(engine, COUNT)).split()[1] == "4001"

    with_engine(version, use)


def test_a_query_survives_the_death_of_the_loader(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        loader, *_ = await all_running(version, 2)
        answer = await engine.query(QueryRequest(HUGE, formats.CSV))
        os.kill(loader.pid, signal.SIGKILL)
        await until(lambda: has_ended(loader))
        size = 0
        async for chunk in answer.chunks:
            size += len(chunk)
            if size > 3_000_000:  # far beyond what was sent before
                break
        assert size > 3_000_000
        await answer.aclose()

    with_engine(version, use, query_timeout_s=60)


def test_a_worker_without_a_loader_exits_when_its_query_is_cancelled(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        loader, worker = await all_running(version, 1)
        runaway = asyncio.create_task(ask(engine, RUNAWAY))
        await until(lambda: os.sched_getscheduler(worker.pid) == os.SCHED_BATCH)  # it is in the middle of it
        os.kill(loader.pid, signal.SIGKILL)  # no other process could end the worker
        await until(lambda: has_ended(loader))
        assert not has_ended(worker)
        runaway.cancel()
        await asyncio.gather(runaway, return_exceptions=True)
        await until(lambda: has_ended(worker))

    with_engine(version, use, query_workers=1, query_timeout_s=60)


def test_precomputed_queries_run_at_idle_priority_one_at_a_time_and_delay_nobody(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        before = await all_running(version, 2)
        ahead = [asyncio.create_task(engine.query(QueryRequest(RUNAWAY, formats.CSV, ahead=True))) for _ in range(2)]
        await until(lambda: len(processes(version)) == 4)
        (worker,) = set(processes(version)) - set(before)
        await until(lambda: os.sched_getscheduler(worker.pid) == os.SCHED_IDLE)
        for _ in range(5):
            assert (await ask(engine, COUNT)).split()[1] == "4001"
        assert len(processes(version)) == 4
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)
        answer = await engine.query(QueryRequest(COUNT, formats.CSV, ahead=True))
        assert answer.complete == b"n\r\n4001\r\n"
        await until(lambda: len(processes(version)) == 3)

    with_engine(version, use, query_timeout_s=60)


def test_a_precomputed_query_gets_little_memory_and_the_same_query_of_a_client_all(version: Version) -> None:
    # A text of 81 MB, beside shorter ones that it is made of.
    query = f"SELECT (STRLEN(?v8) AS ?n) {{ BIND ('{'x' * 1236}' AS ?v0) {_LONG.partition('BIND (CONCAT(?v8')[0]} }}"

    async def use(engine: EmbeddedEngine) -> None:
        with pytest.raises(QueryMemoryError):
            await engine.query(QueryRequest(query, formats.CSV, ahead=True))
        assert (await ask(engine, query)).split()[1] == str(1236 * 4**8)
        answer = await engine.query(QueryRequest(COUNT, formats.CSV, ahead=True))
        assert answer.complete == b"n\r\n4001\r\n"

    with_engine(version, use, query_timeout_s=60)


def test_an_idle_worker_that_has_copied_loaded_memory_is_replaced_without_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A worker that has answered a long query is replaced in any case.
    monkeypatch.setattr("plangraf.engines.embedded.pool._SHORT_S", 60)
    monkeypatch.setattr("plangraf.engines.embedded.pool._SHORT_FOR_HEAVY_S", 60)
    lines = [f'<{E}{n}> <{E}name> "{n % 1000}" <{E}g> .\n' for n in range(120_000)]
    (tmp_path / "data.nq.zst").write_bytes(zstandard.compress("".join(sorted(lines)).encode()))
    version = Version("0123456789abcdef", tmp_path, {})

    async def use(engine: EmbeddedEngine) -> None:
        assert await ask(engine, COUNT)
        before = await all_running(version, 1)
        # A scan counts references in every page of the store.
        assert (await ask(engine, "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }")).split()[1] == "1000"
        await until(lambda: len(now := processes(version)) == 2 and now != before)
        assert processes(version)[0] == before[0]  # the loader
        for _ in range(20):
            assert (await ask(engine, COUNT)).split()[1] == "120000"

    with_engine(version, use, query_workers=1, query_timeout_s=60)


def test_the_processes_exit_when_their_front_is_killed(version: Version, tmp_path: Path) -> None:
    program = tmp_path / "front.py"
    program.write_text(
        "import asyncio\n"
        "from pathlib import Path\n"
        "from plangraf.engines.interface import QueryRequest\n"
        "from plangraf.engines.embedded.pool import EmbeddedEngine\n"
        "from plangraf.rdf.formats import CSV\n"
        "from plangraf.settings import Settings\n"
        "from plangraf.store.versions import Version\n"
        "async def main():\n"
        f"    version = Version('0' * 16, Path({str(version.path)!r}), {{}})\n"
        f"    engine = EmbeddedEngine(version, Settings(home={str(HOME)!r}))\n"
        "    await engine.start()\n"
        "    print('up', flush=True)\n"
        f"    await engine.query(QueryRequest({RUNAWAY!r}, CSV))\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as front:
        assert front.stdout is not None
        assert front.stdout.readline() == "up\n"
        deadline = time.monotonic() + 60
        # The loader, its workers, and one more for the long query.
        while len(family := psutil.Process(front.pid).children(recursive=True)) != 6:
            assert time.monotonic() < deadline, family
            time.sleep(0.05)
        front.kill()
    assert not psutil.wait_procs(family, timeout=60)[1]


def test_closing_during_a_worker_replacement_logs_nothing(version: Version, capfd: pytest.CaptureFixture[str]) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        answers = [await engine.query(QueryRequest(HUGE, formats.CSV)) for _ in range(2)]
        for answer in answers:
            await answer.aclose()  # two workers are being replaced while the engine closes

    with_engine(version, use)
    assert capfd.readouterr().err == ""


def test_a_long_query_yields_its_slot_and_ends_when_too_many_run(version: Version) -> None:
    async def use(engine: EmbeddedEngine) -> None:
        first = asyncio.create_task(ask(engine, RUNAWAY, client="one"))
        await until(lambda: len(processes(version)) == 3)  # the loader, the long query's worker and a fresh one
        assert (await ask(engine, COUNT, client="two")).split()[1] == "4001"
        second = asyncio.create_task(ask(engine, RUNAWAY + "#", client="one"))
        with pytest.raises(DisplacedError):
            await asyncio.wait_for(first, 60)
        assert not second.done()
        assert (await ask(engine, COUNT, client="two")).split()[1] == "4001"
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert engine.running == 0

    with_engine(version, use, query_workers=1, query_long=1, query_timeout_s=60)


def test_a_part_of_an_answer_that_the_service_collects_ends_as_a_query_that_passed_its_limit(version: Version) -> None:
    """Nothing was sent of it, so that its reader is told the reason and not that an answer broke off."""
    request, broken_off = QueryRequest(HUGE, formats.CSV), []

    async def use(engine: EmbeddedEngine) -> None:
        answer = await engine.query(request)
        with pytest.raises(AnswerBrokenError, match="time limit"):
            async for _ in answer.chunks:
                pass
        broken_off.append(True)
        await answer.aclose()
        with pytest.raises(QueryTimeoutError):
            await fetch_bytes(engine, request)

    # On a machine under load the beginning itself may take longer than a short limit.
    for limit in (0.5, 2.0, 8.0):
        with suppress(QueryTimeoutError):
            with_engine(version, use, query_timeout_s=limit, answer_max_mb=10_000)
            break
    assert broken_off


def test_a_long_query_goes_on_beside_busy_programs(version: Version) -> None:
    """At idle priority the kernel gives a process nothing while others want the processor."""

    async def use(engine: EmbeddedEngine) -> None:
        before = await all_running(version, 1)
        runaway = asyncio.create_task(ask(engine, RUNAWAY))
        await until(lambda: len(processes(version)) == 3)
        worker = before[-1]
        own = os.getpriority(os.PRIO_PROCESS, 0)
        await until(lambda: own < os.getpriority(os.PRIO_PROCESS, worker.pid) < 19)
        assert os.sched_getscheduler(worker.pid) == os.SCHED_BATCH
        runaway.cancel()
        await asyncio.gather(runaway, return_exceptions=True)

    with_engine(version, use, query_workers=1, query_timeout_s=60)


def test_a_worker_copies_no_loaded_memory_while_it_answers(tmp_path: Path) -> None:
    # Texts of many lengths, and enough of them, leave a heap full of holes.
    lines = [f'<{E}{n}> <{E}name> "{"x" * (n * 37 % 400)}{n}" <{E}g> .\n' for n in range(60_000)]
    (tmp_path / "data.nq.zst").write_bytes(zstandard.compress("".join(sorted(lines)).encode()))

    async def scenario() -> None:
        async with running(Version("0123456789abcdef", tmp_path, {}), query_workers=1) as engine:

            async def ask_many() -> None:
                for n in range(100):
                    await ask(engine, f"SELECT * {{ <{E}{n * 7}> ?p ?o }}")

            await ask_many()
            (worker,) = [child for child in psutil.Process().children() if str(tmp_path) in " ".join(child.cmdline())]
            (worker,) = worker.children()

            def faults() -> int:
                return int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[7])

            # A pause makes the worker return freed memory, which the next query takes again: any round may have one.
            rounds = []
            for _ in range(10):
                before = faults()
                await ask_many()
                rounds.append(faults() - before)
            assert min(rounds) < 100

    asyncio.run(scenario())
