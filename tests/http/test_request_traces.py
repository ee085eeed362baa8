"""Traces: few spans in the trace of the client, sent to a collector over OTLP; without a setting nothing at all."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from local_server import run_in_thread
from plangraf.engines.remote.endpoint import Endpoint
from plangraf.settings import load_settings
from plangraf.tracing import Tracing, is_on, span
from running_server import Server
from sparql_endpoint import running_endpoint

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
QUERY = "SELECT * { ?a ?b 'a secret' }"
_DEADLINE_S = 60


class Collector(ThreadingHTTPServer):
    """Takes spans as an OTLP collector does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Any] = []
        self.resources: list[Any] = []
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()

    def of_trace(self, trace: str = TRACE, wanted: int = 0) -> dict[str, Any]:
        """The spans of a trace by name, when at least so many have come."""
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            with self.lock:
                found = {one.name: one for one in self.spans if one.trace_id.hex() == trace}
            if len(found) >= wanted:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read the spans."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.path == "/v1/traces"
        if self.headers.get("content-encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        received = ExportTraceServiceRequest.FromString(body)
        with self.server.lock:
            self.server.bodies.append(body)
            for resource in received.resource_spans:
                self.server.resources.append({one.key: one.value.string_value for one in resource.resource.attributes})
                for scope in resource.scope_spans:
                    self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    server = Collector()
    with run_in_thread(server) as url:
        yield server, url


def attributes(one: Any) -> dict[str, object]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in one.attributes}


StartServer = Callable[..., AbstractContextManager[Server]]
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


def test_a_request_is_a_few_spans_in_the_trace_of_its_client(
    start_light_server: StartServer, collector: tuple[Collector, str]
) -> None:
    received, url = collector
    with start_light_server(PLANGRAF_TRACES=url, **SOON) as server:
        answer = httpx.get(f"{server.url}/sparql", params={"query": QUERY, "format": "csv"}, headers=SENT)
        assert answer.status_code == 200
        spans = received.of_trace(wanted=3)
        again = httpx.get(f"{server.url}/sparql", params={"query": QUERY, "format": "csv"})
        assert again.headers["etag"] == answer.headers["etag"]
        version = answer.headers["plangraf-version"]
        kept = httpx.get(
            f"{server.url}/version/{version}/health/ready", headers={"traceparent": f"00-{'1' * 32}-{PARENT}-01"}
        )
        lease = received.of_trace("1" * 32, wanted=3)
    assert kept.status_code == 404
    assert set(lease) == {"GET /version", "lease", "write"}
    assert set(spans) == {"GET /sparql", "query", "write"}
    request = spans["GET /sparql"]
    assert request.parent_span_id.hex() == PARENT
    assert {spans[name].parent_span_id for name in ("query", "write")} == {request.span_id}
    assert request.kind == request.SPAN_KIND_SERVER
    told = attributes(request)
    assert told == {
        "http.request.method": "GET",
        "url.path": "/sparql",
        "http.response.status_code": 200,
        "plangraf.version": version,
        "plangraf.request.id": answer.headers["x-request-id"],
        **({"plangraf.cache.hit": False} if "server-timing" in answer.headers else {}),
    }
    assert attributes(spans["query"])["plangraf.query.characters"] == len(QUERY)
    assert attributes(spans["write"])["http.response.body.size"] == int(answer.headers["content-length"])
    assert spans["query"].end_time_unix_nano <= spans["write"].end_time_unix_nano
    assert received.resources[0]["service.name"] == "plangraf"
    assert not any(b"a secret" in body or b"127.0.0.1" in body for body in received.bodies)
    hits = [one for one in received.spans if attributes(one).get("plangraf.cache.hit")]
    assert len(hits) == 1


def test_texts_of_queries_are_sent_only_when_told(
    start_light_server: StartServer, collector: tuple[Collector, str]
) -> None:
    received, url = collector
    with start_light_server(PLANGRAF_TRACES=url, PLANGRAF_TRACES_QUERIES="true", **SOON) as server:
        httpx.get(f"{server.url}/sparql", params={"query": QUERY, "format": "csv"}, headers=SENT)
        spans = received.of_trace(wanted=3)
    assert attributes(spans["query"])["db.query.text"] == QUERY


def test_a_share_of_the_requests_is_traced_and_what_waits_is_sent_at_the_end(
    start_light_server: StartServer, collector: tuple[Collector, str]
) -> None:
    received, url = collector
    with start_light_server(PLANGRAF_TRACES=url, PLANGRAF_TRACES_SHARE="0", OTEL_BSP_SCHEDULE_DELAY="100000") as server:
        for _ in range(5):
            httpx.get(f"{server.url}/health/live")
        httpx.get(f"{server.url}/health/live", headers=SENT)
    assert {one.trace_id.hex() for one in received.spans} == {TRACE}


def test_a_collector_that_is_away_costs_no_answer(start_light_server: StartServer) -> None:
    with start_light_server(PLANGRAF_TRACES="http://127.0.0.1:9", **SOON) as server:
        for _ in range(20):
            assert httpx.get(f"{server.url}/sparql", params={"query": "ASK {}"}, headers=SENT).status_code == 200


def test_an_endpoint_gets_the_trace(collector: tuple[Collector, str]) -> None:
    import asyncio

    _, url = collector

    async def ask(endpoint_url: str) -> None:
        endpoint = Endpoint(endpoint_url)
        try:
            with span("query"):
                await (await endpoint.ask("ASK {}", 10)).aclose()
        finally:
            await endpoint.close()

    with running_endpoint("") as endpoint:
        asyncio.run(ask(endpoint.url))
        assert "traceparent" not in endpoint.headers_seen[-1]
        Tracing.start(load_settings(traces=url))
        try:
            asyncio.run(ask(endpoint.url))
        finally:
            Tracing.stop()
        assert endpoint.headers_seen[-1]["traceparent"].startswith("00-")
    assert not is_on()


def test_without_the_setting_neither_sdk_nor_exporter_is_imported() -> None:
    script = "import sys, plangraf.http.app, plangraf.engines.remote.engine\n"
    script += "from plangraf.tracing import Tracing, span\nfrom plangraf.settings import load_settings\n"
    script += "Tracing.start(load_settings())\nwith span('query') as one:\n    assert one is None\n"
    # FastAPI imports the interface where it is installed, without using it.
    script += (
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr
