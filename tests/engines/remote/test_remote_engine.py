"""An endpoint as engine: the answers of the embedded engine, a clear error for each fault, nothing cut short."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from placed_store import ONE, TWO, E, placed_store, write_small_version
from prometheus_client import Counter
from pyoxigraph import RdfFormat, parse
from structlog.testing import capture_logs

from plangraf import metrics
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.guarding import Guard
from plangraf.engines.interface import Engine, QueryRequest
from plangraf.engines.remote import endpoint as endpoint_module
from plangraf.engines.remote.endpoint import Endpoint as Client
from plangraf.engines.remote.engine import RemoteEngine, make_remote_engine
from plangraf.engines.remote.placement import placement_of
from plangraf.errors import (
    AnswerBrokenError,
    EngineError,
    EngineUnavailableError,
    NotInXmlError,
    PlangrafError,
    QuerySyntaxError,
    QueryTimeoutError,
    QueryUnsupportedError,
)
from plangraf.rdf import formats
from plangraf.settings import Settings
from plangraf.store.versions import Version
from small_home import ROOT
from sparql_endpoint import JSON, Endpoint, Fault, running_endpoint

PREFIX = f"PREFIX e: <{E}> "
ROWS = {
    "select": "SELECT ?s ?o { ?s e:next ?o } ORDER BY ?s LIMIT 5",
    "triples of two graphs count once": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "ask": "ASK { e:1 e:name ?name }",
    "terms": "SELECT * { e:1 e:name ?name . e:2 e:size ?size }",
    "name of a graph": "SELECT ?g { GRAPH ?g { e:1 e:next e:2 } } ORDER BY ?g",
    "name of a graph joined with the data": "SELECT ?g ?name { e:graph e:is ?g . GRAPH ?g { e:1 e:name ?name } }",
    "name of a graph in VALUES": f"SELECT ?g ?o {{ VALUES ?g {{ <{TWO}> }} GRAPH ?g {{ e:1 e:next ?o }} }}",
    "name of a graph in NOT EXISTS": "SELECT ?g { GRAPH ?g { ?s e:next e:2 } "
    "FILTER NOT EXISTS { GRAPH ?g { ?s e:name ?n } } }",
    "a name that only EXISTS has": "SELECT ?s { ?s e:next e:2 FILTER EXISTS { GRAPH ?g { ?s e:name ?n } } }",
    "name of a graph in EXISTS": "SELECT ?g { GRAPH ?g { ?s e:next e:2 } FILTER EXISTS { GRAPH ?g { ?s e:name ?n } } }",
    "name of a graph in EXISTS of BIND": "SELECT ?g ?has { GRAPH ?g { ?s e:next e:2 } "
    "BIND(EXISTS { GRAPH ?g { ?s e:name ?n } } AS ?has) } ORDER BY ?g",
    "name of a graph in EXISTS in EXISTS": "SELECT ?g ?s { GRAPH ?g { ?s e:next ?o } "
    "FILTER NOT EXISTS { GRAPH ?g { ?o ?p ?x } FILTER NOT EXISTS { GRAPH ?g { ?o e:name ?n } } } } ORDER BY ?g ?s",
    "name of a graph before and after BIND": "SELECT ?g ?has { GRAPH ?h { e:graph e:is ?g } "
    "BIND(EXISTS { GRAPH ?g { e:1 e:name ?n } } AS ?has) GRAPH ?g { ?s e:next e:2 } } ORDER BY ?g",
    "one graph twice": "SELECT ?g ?name { GRAPH ?g { ?s e:next e:2 } GRAPH ?g { e:1 e:name ?name } } ORDER BY ?g",
    "one graph twice in EXISTS": "SELECT ?g { e:graph e:is ?g FILTER EXISTS { GRAPH ?g { e:1 e:next ?o } "
    "GRAPH ?g { ?o e:size ?n } } } ORDER BY ?g",
    "one graph twice in EXISTS with any name": "SELECT ?s { ?s e:next e:2 OPTIONAL { ?s e:none ?g } "
    "FILTER EXISTS { GRAPH ?g { e:graph e:is ?x } GRAPH ?g { ?x e:size ?n } } }",
    "a graph that may have more": "SELECT ?g ?n { GRAPH ?g { ?s e:next e:2 } OPTIONAL { GRAPH ?g { ?s e:name ?n } } } "
    "ORDER BY ?g",
    "a graph that may have more, with its name": "SELECT ?g ?n { GRAPH ?g { ?s e:next e:2 } "
    "OPTIONAL { GRAPH ?g { ?s e:name ?n } BIND(STR(?g) AS ?t) FILTER(STRENDS(?t, 'two')) } } ORDER BY ?g",
    "another graph of the same name": "SELECT ?g { GRAPH ?g { ?s e:next e:2 } "
    "{ SELECT (COUNT(?g) AS ?n) { GRAPH ?g { ?a e:size ?b } } } } ORDER BY ?g",
    "name of a graph inside of the graph": "SELECT ?g ?s { GRAPH ?g { ?s e:is ?g } }",
    "name of a graph that may stand inside": "SELECT ?g { GRAPH ?g { e:graph e:is ?x OPTIONAL { ?s e:is ?g } } }",
    "a graph that is named": f"SELECT * {{ GRAPH <{TWO}> {{ ?s e:next ?o }} }}",
    "a graph that is unknown": "SELECT * { GRAPH <http://example.org/none> { ?s ?p ?o } }",
    "a node in two graphs": f"SELECT ?name {{ GRAPH <{TWO}> {{ e:2 e:part ?part }} ?part e:name ?name }}",
    "FROM": f"SELECT (COUNT(*) AS ?n) FROM <{TWO}> {{ ?s e:next ?o }}",
    "FROM NAMED": f"SELECT * FROM NAMED <{TWO}> {{ GRAPH ?g {{ ?s e:next ?o }} }}",
    "FROM NAMED without a default graph": f"SELECT * FROM NAMED <{TWO}> {{ ?s ?p ?o }}",
    "FROM of an unknown graph": "SELECT * FROM <http://example.org/none> { ?s ?p ?o }",
    "group": "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING (COUNT(*) > 1) ORDER BY ?p",
    "conditions": "SELECT ?p { ?s ?p ?o } GROUP BY ?p HAVING (COUNT(*) > 1) (COUNT(*) < 5) BOUND(?p) ORDER BY ?p",
    "a relative name": "SELECT (<x> AS ?iri) {}",
    "an IRI with a comma": 'SELECT (IRI("http://example.org/a,b") AS ?a) (e:c AS ?b) ("x\\"y,\\n" AS ?c) {}',
    "an escape": "SELECT ?o { e:1 e:n\\u0061me ?o }",
}
GRAPHS = {
    "template": "CONSTRUCT { ?s e:after ?o . ?o e:kind 'x'@nb , '3'^^e:dt , 4 , true } { ?s e:next ?o } ",
    "pattern as template": "CONSTRUCT WHERE { e:1 ?p ?o }",
    "misplaced terms": "CONSTRUCT { ?o e:of ?s . ?s ?no ?o . ?s e:some ?o } { ?s e:name ?o OPTIONAL { ?s e:no ?no } }",
    "nodes of the template": "CONSTRUCT { [ e:of ?s ] e:label ?o } { ?s e:name ?o FILTER(ISIRI(?s)) }",
    "describe": "DESCRIBE e:1",
    "describe what is found": "DESCRIBE ?o { e:1 e:next ?o }",
    "describe everything found": "DESCRIBE * { ?s e:size ?o }",
    "describe with names like those of helpers": "DESCRIBE ?h_0 ?h_1 { ?h_0 e:size ?h_1 . ?describedNode1 e:size ?o }",
    "describe nothing": "DESCRIBE ?none { e:1 e:next ?o }",
}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return write_small_version(tmp_path_factory.mktemp("small") / "versions")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Version:
    more = (f'<{E}1> <{E}name> "of another version" <{TWO}> .'.encode(),)
    return write_small_version(tmp_path_factory.mktemp("other") / "versions", more)


@pytest.fixture(scope="module")
def endpoint(version: Version, other: Version) -> Iterator[Endpoint]:
    with running_endpoint("") as running:
        running.store = placed_store(version, other)
        yield running


@pytest.fixture(autouse=True)
def healthy(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(endpoint_module, "_WAIT_S", 0.01)
    yield
    endpoint.fault = endpoint.gate = None
    endpoint.asked.clear()
    endpoint.headers_seen.clear()


def settings(endpoint: Endpoint, **given: Any) -> Settings:
    return Settings(**{"home": ROOT, "engine": endpoint.url, "query_timeout_s": 30.0, **given})


def use(engine: Engine, act: Callable[[Engine], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        await engine.start()
        try:
            return await act(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


async def ask(engine: Engine, query: str, format_: formats.Format = formats.JSON, **more: Any) -> bytes:
    answer = await engine.query(QueryRequest(PREFIX + query, format_, **more))
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.aclose()


DATASET = f"SELECT (COUNT(*) AS ?n) FROM <{ONE}> {{ ?s ?p ?o }}"
ASKED: dict[tuple[str, str], tuple[formats.Format, dict[str, Any]]] = {
    **{(query, formats.JSON.name): (formats.JSON, {}) for query in ROWS.values()},
    **{(query, formats.N_TRIPLES.name): (formats.N_TRIPLES, {}) for query in GRAPHS.values()},
    **{(ROWS["terms"], one.name): (one, {}) for one in (formats.CSV, formats.TSV, formats.XML)},
    (ROWS["an IRI with a comma"], formats.CSV.name): (formats.CSV, {}),
    (DATASET, formats.CSV.name): (formats.CSV, {"default_graphs": (TWO,), "named_graphs": None}),
}
Answers = Callable[[str, formats.Format], tuple[bytes, bytes]]


@pytest.fixture(scope="module")
def both(version: Version, endpoint: Endpoint) -> Answers:
    """The answers of both engines, the embedded one first; each is started once."""

    async def act(engine: Engine) -> dict[tuple[str, str], bytes]:
        return {key: await ask(engine, key[0], format_, **dataset) for key, (format_, dataset) in ASKED.items()}

    embedded = use(EmbeddedEngine(version, Settings(home=ROOT, query_workers=1)), act)
    remote = use(make_remote_engine(version, settings(endpoint)), act)
    return lambda query, format_: (embedded[query, format_.name], remote[query, format_.name])


@pytest.mark.parametrize("name", ROWS)
def test_a_table_is_that_of_the_embedded_engine(both: Answers, name: str) -> None:
    embedded, remote = both(ROWS[name], formats.JSON)
    assert remote == embedded
    assert b'"bindings"' in remote or b'"boolean"' in remote


@pytest.mark.parametrize("format_", [formats.CSV, formats.TSV, formats.XML], ids=lambda one: one.name)
def test_a_table_is_written_alike_in_each_format(both: Answers, format_: formats.Format) -> None:
    embedded, remote = both(ROWS["terms"], format_)
    assert remote == embedded


def test_an_iri_with_a_comma_is_one_field_of_csv(both: Answers) -> None:
    embedded, remote = both(ROWS["an IRI with a comma"], formats.CSV)
    assert remote == embedded == b'a,b,c\r\n"http://example.org/a,b",http://example.org/c,"x""y,\n"\r\n'


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_that_of_the_embedded_engine(both: Answers, name: str) -> None:
    # The labels of blank nodes differ, and no graph here has two nodes that others could be taken for.
    embedded, remote = (
        sorted(re.sub(rb"_:\w+", b"_:b", line) for line in answer.splitlines())
        for answer in both(GRAPHS[name], formats.N_TRIPLES)
    )
    assert remote == embedded
    assert remote or name == "describe nothing"


def test_the_dataset_of_the_protocol_replaces_that_of_the_query(both: Answers) -> None:
    embedded, remote = both(DATASET, formats.CSV)
    assert remote == embedded == b"n\r\n5\r\n"


def test_a_version_answers_with_its_own_triples_though_others_stand_beside_it(
    version: Version, other: Version, endpoint: Endpoint
) -> None:
    async def names(engine: Engine) -> bytes:
        return await ask(engine, "SELECT ?name { e:1 e:name ?name } ORDER BY ?name", formats.CSV)

    found = [use(make_remote_engine(one, settings(endpoint)), names) for one in (version, other)]
    assert found[0] == 'name\r\n"æø ""quoted"""\r\n'.encode()
    assert found[1] == 'name\r\nof another version\r\n"æø ""quoted"""\r\n'.encode()


def test_a_version_that_is_not_there_is_an_error_that_says_what_to_do(version: Version) -> None:
    with (
        running_endpoint("") as empty,
        pytest.raises(EngineError, match=f"does not hold version {version.id}.*publish"),
    ):
        use(make_remote_engine(version, settings(empty)), lambda _engine: asyncio.sleep(0))


def fails(
    endpoint: Endpoint, version: Version, fault: Fault, query: str = ROWS["select"], **given: Any
) -> PlangrafError:
    """The error of a query that meets a fault of the endpoint."""

    async def act(engine: Engine) -> PlangrafError:
        endpoint.fault = fault
        with pytest.raises(PlangrafError) as caught:
            await ask(engine, query)
        return caught.value

    error: PlangrafError = use(make_remote_engine(version, settings(endpoint, **given)), act)
    return error


TABLE = b'{"head":{"vars":["s","o"]},"results":{"bindings":['
ROW = b'{"s":{"type":"uri","value":"http://example.org/1"},"o":{"type":"literal","value":"' + b"x" * 1000 + b'"}}'
MANY = b",".join(ROW.replace(b'/1"', b'/%d"' % number) for number in range(400))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(Fault(body=TABLE, cut=100), "the endpoint's connection broke", id="connection"),
        pytest.param(Fault(body=TABLE + ROW), "the endpoint's answer is damaged", id="clean end"),
        pytest.param(Fault(body=TABLE + ROW + b"]}}trailing"), "the endpoint's answer is damaged", id="more behind it"),
        pytest.param(Fault(headers={"Content-Type": "text/html"}, body=b"<p>"), "text/html instead of", id="a page"),
        pytest.param(Fault(status=400, body=b"parse  error\n at 1"), "status 400: parse error at 1", id="refused"),
        pytest.param(Fault(status=401), "refuses its credentials", id="credentials"),
        pytest.param(Fault(status=302, headers={"Location": "/"}), "status 302", id="moved"),
    ],
)
def test_a_fault_of_the_endpoint_is_an_error_and_no_short_answer(
    endpoint: Endpoint, version: Version, fault: Fault, said: str
) -> None:
    error = fails(endpoint, version, fault)
    assert isinstance(error, EngineError)
    assert said in str(error)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(body=TABLE + MANY, cut=100), id="connection"),
        pytest.param(Fault(body=TABLE + MANY), id="clean end"),
    ],
)
@pytest.mark.parametrize("query", [ROWS["select"], "CONSTRUCT { ?s e:p ?o } { ?s e:next ?o }"], ids=["table", "graph"])
def test_a_long_answer_that_is_cut_breaks_off(endpoint: Endpoint, version: Version, fault: Fault, query: str) -> None:
    async def act(engine: Engine) -> int:
        endpoint.fault = fault
        format_ = formats.N_TRIPLES if "CONSTRUCT" in query else formats.JSON
        answer = await engine.query(QueryRequest(PREFIX + query, format_))
        pieces: list[bytes] = []

        async def read() -> None:
            async for chunk in answer.chunks:
                pieces.append(chunk)

        with pytest.raises(AnswerBrokenError, match=r"connection broke|is damaged"):
            await read()
        return sum(map(len, pieces))

    assert use(make_remote_engine(version, settings(endpoint)), act) > 0


def test_a_long_answer_arrives_whole_and_while_the_endpoint_sends(endpoint: Endpoint, version: Version) -> None:
    rows = b",".join([ROW] * 5_000)

    async def act(engine: Engine) -> int:
        endpoint.fault = Fault(body=TABLE + rows + b"]}}")
        return len(await ask(engine, ROWS["select"]))

    assert use(make_remote_engine(version, settings(endpoint)), act) == len(TABLE + rows + b"]}}")


def test_a_reader_who_leaves_ends_the_answer(endpoint: Endpoint, version: Version) -> None:
    async def act(engine: Engine) -> int:
        endpoint.fault = Fault(body=TABLE + b",".join([ROW] * 20_000) + b"]}}")
        answer = await engine.query(QueryRequest(PREFIX + ROWS["select"], formats.JSON))
        await anext(answer.chunks)
        await answer.aclose()
        deadline = time.monotonic() + 60
        while any(thread.name.startswith("asyncio_") and _is_busy(thread) for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        endpoint.fault = None
        return len(await ask(engine, ROWS["ask"]))

    assert use(make_remote_engine(version, settings(endpoint)), act) > 0


def _is_busy(thread: threading.Thread) -> bool:
    """Whether a thread of the pool converts an answer."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code.co_name == "write_answer":
            return True
        frame = frame.f_back
    return False


def test_a_deadline_passes_while_the_endpoint_thinks(endpoint: Endpoint, version: Version) -> None:
    endpoint_gate = threading.Event()

    async def act(engine: Engine) -> QueryTimeoutError:
        endpoint.gate = endpoint_gate
        with pytest.raises(QueryTimeoutError) as caught:
            await ask(engine, ROWS["select"], timeout_s=0.2)
        endpoint_gate.set()
        return caught.value

    assert use(make_remote_engine(version, settings(endpoint)), act).limit_s == 0.2


@pytest.mark.usefixtures("every_log_line")
def test_slow_queries_are_logged_as_they_were_sent_and_counted(
    endpoint: Endpoint, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = TABLE + b",".join([ROW] * 5_000) + b"]}}"

    async def act(engine: Engine) -> None:
        await ask(engine, ROWS["ask"])
        endpoint.fault = Fault(body=long)
        await ask(engine, ROWS["select"])
        endpoint.fault, endpoint.gate = None, threading.Event()
        with pytest.raises(QueryTimeoutError):
            await ask(engine, ROWS["terms"], timeout_s=0.2)
        endpoint.gate.set()

    counted = Counter("queries", "Of this test.", ["outcome"], registry=None)
    monkeypatch.setattr(metrics, "QUERIES", counted)
    with capture_logs() as lines:
        use(make_remote_engine(version, settings(endpoint, slow_query_s=1e-9)), act)
    found = [(line["outcome"], line["query"]) for line in lines if line["event"] == "slow query"]
    wanted = (("answered", "ask"), ("answered", "select"), ("timeout", "terms"))
    # Before them stands what the guard asks.
    assert found[-3:] == [(outcome, PREFIX + ROWS[name]) for outcome, name in wanted]
    assert {line["version"] for line in lines if line["event"] == "slow query"} == {version.id}
    samples = [one for one in counted.collect()[0].samples if one.name == "queries_total"]
    # The guard asks for the terms of the version.
    assert {one.labels["outcome"]: one.value for one in samples} == {"answered": 3, "timeout": 1}


def test_virtuoso_says_in_a_field_that_it_cut_the_answer(endpoint: Endpoint, version: Version) -> None:
    headers = {"Content-Type": JSON, "X-SQL-State": "S1TAT"}
    assert isinstance(fails(endpoint, version, Fault(headers=headers, body=TABLE + b"]}}")), QueryTimeoutError)


def test_virtuoso_says_in_a_field_that_it_has_more_rows(endpoint: Endpoint, version: Version) -> None:
    error = fails(
        endpoint, version, Fault(headers={"Content-Type": JSON, "X-SPARQL-MaxRows": "10"}, body=TABLE + b"]}}")
    )
    assert "cuts an answer after 10 rows" in str(error)
    assert "ResultSetMaxRows" in str(error)


def test_an_endpoint_that_answers_wrongly_is_used_only_by_those_who_accept_it(
    endpoint: Endpoint, version: Version
) -> None:
    endpoint.fault = Fault(headers={"Content-Type": JSON, "Server": "Virtuoso/07.20"}, body=TABLE + ROW + b"]}}")
    with pytest.raises(EngineError, match=r"is Virtuoso, which answers standard queries wrongly.*ACCEPT_DIFFERENCES"):
        use(make_remote_engine(version, settings(endpoint)), lambda _engine: asyncio.sleep(0))


def test_xml_that_cannot_be_is_refused_as_by_the_embedded_engine(endpoint: Endpoint, version: Version) -> None:
    async def act(engine: Engine) -> None:
        with pytest.raises(NotInXmlError, match="control character"):
            await ask(engine, 'SELECT ("\\u0001" AS ?x) {}', formats.XML)

    use(make_remote_engine(version, settings(endpoint)), act)


@pytest.mark.parametrize(
    ("field", "value", "sent"),
    [("Server", "Virtuoso/07.20", "timeout=31000"), ("Fuseki-Request-Id", "5", "timeout=31"), ("Server", "other", "")],
)
def test_the_deadline_is_sent_in_the_way_of_the_endpoint(
    endpoint: Endpoint, version: Version, field: str, value: str, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[bytes] = []
    send = Client._send

    async def act(engine: Engine) -> None:
        endpoint.fault = Fault(headers={"Content-Type": JSON, field: value}, body=b'{"head":{},"boolean":true}')
        await ask(engine, ROWS["ask"])

        async def noted(self: Client, query: str, left_s: float) -> Any:
            response = await send(self, query, 30.0)
            bodies.append(response.request.content)
            return response

        monkeypatch.setattr(Client, "_send", noted)
        await ask(engine, ROWS["ask"])

    use(make_remote_engine(version, settings(endpoint)), act)
    (body,) = bodies
    assert body.decode().partition("&")[2] == sent


def test_a_passing_failure_is_tried_again_once(endpoint: Endpoint, version: Version) -> None:
    assert isinstance(fails(endpoint, version, Fault(status=503)), EngineUnavailableError)
    assert sum("e:next" in query for query in endpoint.asked) == 2


def test_an_endpoint_that_fails_again_and_again_is_left_alone_for_a_while(
    endpoint: Endpoint, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(engine: Engine) -> tuple[int, bool, bool, bytes]:
        endpoint.fault = Fault(status=502)
        for _ in range(endpoint_module._MOST_FAILURES):
            with pytest.raises(EngineUnavailableError, match="status 502"):
                await ask(engine, ROWS["select"])
        before = len(endpoint.asked)
        with pytest.raises(EngineUnavailableError, match="times in a row"):
            await ask(engine, ROWS["select"])
        asked, rested = len(endpoint.asked) - before, engine.ready
        endpoint.fault = None
        monkeypatch.setattr(Client, "rests", property(lambda _self: False))
        return asked, rested, engine.ready, await ask(engine, ROWS["ask"])

    asked, ready_then, ready_now, answer = use(make_remote_engine(version, settings(endpoint)), act)
    assert (asked, ready_then, ready_now) == (0, False, True)
    assert b"true" in answer


def test_the_secret_is_sent_and_stands_in_no_message(endpoint: Endpoint, version: Version, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Basic c2VjcmV0\n")
    error = fails(endpoint, version, Fault(status=403, body=b"no"), engine_authorization_file=secret)
    assert "c2VjcmV0" not in str(error)
    assert endpoint.headers_seen[-1]["authorization"] == "Basic c2VjcmV0"
    assert "c2VjcmV0" not in repr(settings(endpoint, engine_authorization="Basic c2VjcmV0"))


def test_what_cannot_be_placed_is_refused_with_its_place(endpoint: Endpoint, version: Version) -> None:
    async def act(engine: Engine) -> None:
        with pytest.raises(QueryUnsupportedError, match=r"Line 1.*\?g is the name of the graph"):
            await ask(engine, "SELECT * { ?s ?p ?g FILTER EXISTS { GRAPH ?g { ?g ?q ?o } } }")
        with pytest.raises(QuerySyntaxError):
            await ask(engine, "SELECT * { ")

    use(make_remote_engine(version, settings(endpoint)), act)


def test_an_engine_that_has_not_started_says_so(endpoint: Endpoint, version: Version) -> None:
    async def main() -> None:
        client = Client(endpoint.url)
        given = settings(endpoint)
        engine = RemoteEngine(placement_of(version), Guard(version, given), client, given)
        assert not engine.ready
        with pytest.raises(PlangrafError, match="No query can be answered yet"):
            await ask(engine, ROWS["ask"])
        await client.close()

    asyncio.run(main())


def test_the_statements_of_the_store_are_those_of_the_version(version: Version) -> None:
    placement = placement_of(version)
    store = placed_store(version)
    sizes = {graph.value: 0 for graph in store.named_graphs()}  # type: ignore[union-attr]
    for quad in store:
        sizes[quad.graph_name.value] += 1  # type: ignore[union-attr]
    assert sizes[placement.union] == version.triples
    own = list(parse(b"\n".join(version.lines()), RdfFormat.N_QUADS))
    assert sum(sizes[placement.stored(graph)] for graph in placement.graphs) == len(own)
