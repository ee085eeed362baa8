"""`/mcp` as a part of HTTP: who may ask, what is refused, and that limits and errors are those of the service."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import frozen
import httpx
import pytest
from assistant_client import MODES, answer, call, inside, problem, talk
from fastapi import FastAPI
from mcp import Client, MCPError
from small_server import LIMIT_BYTES, Script, serving, small_settings, snapshots_over

from plangraf.errors import OverloadedError, SettingError
from plangraf.http.app import application, create_app
from plangraf.http.assistants.endpoint import allowed_hosts, allowed_origins
from plangraf.settings import Settings, load_settings

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
OWN = ["search", "read_document", "vocabulary", "sparql", "versions"]


def post(client: httpx.Client, **given: Any) -> httpx.Response:
    return client.post("/mcp", **({"json": LIST} | given))


@pytest.mark.parametrize("mode", MODES)
def test_both_generations_of_clients_see_the_tools_and_what_the_service_is(small: str, mode: str) -> None:
    async def work(client: Client) -> Any:
        return client.server_info, client.instructions, (await client.list_tools()).tools

    info, instructions, tools = talk(small, work, mode=mode)
    assert [tool.name for tool in tools] == [*OWN, "now", "perspectives-by-target", "plans"]
    assert all(tool.annotations.read_only_hint and tool.title and tool.description for tool in tools)
    assert info.name == "plangraf"
    assert "cite" in instructions


def test_a_client_in_the_process_gets_the_answer_of_one_over_the_network(small: str, small_versions: Path) -> None:
    port = int(small.rpartition(":")[2])

    async def work() -> Any:
        async with inside(create_app(small_settings(small_versions, port)), small) as client:
            return (await client.call_tool("plans", {"number": 1})).structured_content

    assert anyio.run(work) == answer(small, "plans", {"number": 1})


def test_nothing_is_kept_between_requests(client: httpx.Client) -> None:
    """No session is opened, and a request needs none before it."""
    first = post(client)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    assert len(first.headers["plangraf-version"]) == 16
    assert not [name for name in first.headers if "session" in name and not name.startswith("access-control")]
    assert post(client).json() == first.json()


def test_an_answer_is_coded_when_the_client_asks(client: httpx.Client) -> None:
    plain = post(client, headers={"Accept-Encoding": "identity"})
    coded = post(client, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert (coded.headers["content-encoding"], coded.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert coded.json() == plain.json()
    assert int(coded.headers["content-length"]) < int(plain.headers["content-length"]) / 2


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_are_405(client: httpx.Client, method: str) -> None:
    """A stream for GET, or the end of a session, would need state."""
    response = client.request(method, "/mcp", headers={"Accept": "text/event-stream"})
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
    assert response.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"headers": {"Host": "evil.example"}}, 421, "host-refused"),
        ({"headers": {"Host": "127.0.0.1.evil.example"}}, 421, "host-refused"),
        ({"headers": {"Host": "localhost.evil.example:80"}}, 421, "host-refused"),
        ({"headers": {"Origin": "https://evil.example"}}, 403, "origin-refused"),
        ({"headers": {"Origin": "null"}}, 403, "origin-refused"),
        ({"headers": {"Origin": "http://127.0.0.1.evil.example:80"}}, 403, "origin-refused"),
        ({"json": None, "content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
        ({"json": None, "content": b"{}"}, 415, "unsupported-media-type"),
        ({"headers": {"Content-Encoding": "gzip"}}, 415, "unsupported-coding"),
        ({"headers": {"Accept": "text/css"}}, 406, "not-acceptable"),
        ({"json": {**LIST, "params": {"x": "a" * LIMIT_BYTES}}}, 413, "body-too-large"),
    ],
)
def test_what_is_refused_before_the_protocol_is_a_problem(
    client: httpx.Client, given: dict[str, Any], status: int, code: str
) -> None:
    response = post(client, **given)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1:1", None])
def test_pages_of_this_machine_may_call(client: httpx.Client, origin: str | None) -> None:
    assert post(client, headers={"Origin": origin} if origin else {}).status_code == 200


def test_a_body_without_a_length_is_bounded_while_it_arrives(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10 * LIMIT_BYTES // 100):
            yield b" " * 100

    response = client.post("/mcp", content=endless(), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (413, "body-too-large")


def test_the_operator_names_more_hosts_and_sites(small_versions: Path) -> None:
    def app(port: int) -> FastAPI:
        more = {"mcp_hosts": ("plans.internal:*",), "mcp_origins": ("https://chat.example.no",)}
        return create_app(small_settings(small_versions, port, public_url="https://data.example.no/plans", **more))

    with serving(app) as address, httpx.Client(base_url=address) as client:
        for host in ("plans.internal:8000", "data.example.no", "data.example.no:443"):
            assert post(client, headers={"Host": host}).status_code == 200, host
        for host in ("plans.internal", "data.example.no:8000", "other.example.no"):
            assert post(client, headers={"Host": host}).status_code == 421, host
        for origin, status in (("https://chat.example.no", 200), ("https://data.example.no", 200)):
            assert post(client, headers={"Origin": origin}).status_code == status
        refused = post(client, headers={"Origin": "https://chat.example.org"})
        assert refused.status_code == 403
        assert "PLANGRAF_MCP_ORIGINS" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mcp_hosts", "https://data.example.no"),
        ("mcp_hosts", "data.example.no/plans"),
        ("mcp_hosts", "*"),
        ("mcp_origins", "chat.example.no"),
        ("mcp_origins", "https://chat.example.no/"),
        ("mcp_origins", "*"),
    ],
)
def test_a_setting_that_is_no_host_or_site_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"PLANGRAF_{name.upper()}.*must be a"):
        load_settings(**{name: value})


def test_names_of_this_service_come_from_the_settings() -> None:
    given = Settings(public_url="https://data.example.no:8443/x", mcp_hosts="a b:*", mcp_origins="https://c")  # type: ignore[arg-type]
    assert allowed_hosts(given)[0] == "data.example.no:8443"
    assert allowed_hosts(given)[-2:] == ["a", "b:*"]
    assert allowed_origins(given)[0] == "https://data.example.no:8443"
    assert allowed_origins(given)[-1] == "https://c"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[" * 3000, 400, -32700),
        (b"[]", 400, -32602),
        (b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', 400, -32602),
        (b'{"jsonrpc":"2.0","id":1}', 400, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"no/such"}', 200, -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"resources/list"}', 200, -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}', 200, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"plans","arguments":[]}}', 200, -32602),
    ],
)
def test_a_message_that_is_none_is_told_as_the_protocol_says(
    client: httpx.Client, content: bytes, status: int, code: int
) -> None:
    response = client.post("/mcp", content=content, headers={"Content-Type": "application/json"})
    assert response.json()["error"]["code"] == code, response.text
    assert response.status_code == status


def test_an_unknown_revision_is_refused(client: httpx.Client) -> None:
    response = post(client, headers={"Mcp-Protocol-Version": "1999-01-01"})
    assert (response.status_code, "error" in response.json()) == (400, True)


def test_a_notification_is_taken_without_an_answer(client: httpx.Client) -> None:
    response = post(client, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status_code, response.content) == (202, b"")


@pytest.mark.parametrize("mode", MODES)
def test_an_unknown_tool_is_an_error_of_the_protocol(small: str, mode: str) -> None:
    with pytest.raises(MCPError, match=r"There is no tool called 'plan'\. Did you mean plans\?") as raised:
        call(small, "plan", mode=mode)
    assert raised.value.code == -32602


@pytest.mark.parametrize(
    ("tool", "arguments", "parameter", "told"),
    [
        ("plans", {"number": "x"}, "number", "'x' is not a whole number"),
        ("plans", {"number": [1]}, "number", r"is \[1\]. Give a text or a whole number"),
        ("plans", {"number": 1.5}, "number", "is 1.5"),
        ("plans", {"nummer": 1}, "nummer", "is not known to plans. It takes: lang, municipality, number, offset, rows"),
        ("plans", {"format": "csv"}, "format", "is not known to plans"),
        ("plans", {"lang": "sv"}, "lang", "is not offered"),
        ("plans", {"rows": 0}, "rows", "is 0. Give a whole number from 1 to 500"),
        ("plans", {"rows": True}, "rows", "is True"),
        ("plans", {"rows": 10**6}, "rows", "from 1 to 500"),
        ("plans", {"offset": -1}, "offset", "is -1"),
        ("plans", {"offset": "1"}, "offset", "is '1'"),
        ("perspectives-by-target", {}, "target", "is needed by perspectives-by-target"),
        ("perspectives-by-target", {"target": "11.6> } DROP ALL"}, "target", "neither a UN code"),
        ("search", {}, "text", "is needed by search"),
        ("search", {"text": ""}, "text", "at least 1 character"),
        ("search", {"text": "  "}, "text", "is blank"),
        ("search", {"text": 7}, "text", "is 7"),
        ("search", {"text": "x" * 201}, "text", "at most 200"),
        ("search", {"text": "x", "limit": 51}, "limit", "is 51"),
        ("search", {"text": "x", "language": "sv"}, "language", "is 'sv'"),
        ("search", {"text": "x", "where": "y"}, "where", "is not known to search. It takes: language, limit, text"),
        ("read_document", {"iri": "no iri"}, "iri", "is neither an IRI nor a key"),
        ("read_document", {"iri": "5001/plan/one", "form": "html"}, "form", "is 'html'"),
        ("read_document", {"iri": "5001/plan/one", "from_line": 1000}, "from_line", "is 1000, and the document has"),
        ("sparql", {"query": None}, "query", "is None"),
        ("sparql", {"query": "ASK {}", "timeout": 0}, "timeout", "is 0"),
        ("versions", {"x": 1}, "x", "is not known to versions. It takes: nothing"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(
    small: str, tool: str, arguments: dict[str, Any], parameter: str, told: str
) -> None:
    found = problem(small, tool, arguments)
    assert (found["code"], found["parameter"], found["status"]) == ("bad-parameter", parameter, 400)
    assert re.search(told, found["detail"]), found["detail"]
    assert found["version"]
    assert found["instance"]


def test_half_a_character_is_told_and_not_sent_on(client: httpx.Client) -> None:
    """JSON can hold it as an escape; Python keeps it in a text, which then cannot be written as UTF-8."""
    for tool, arguments in (
        ("plans", '{"number":"\\ud800"}'),
        ("sparql", '{"query":"\\ud800"}'),
        ("search", '{"\\ud800":"x"}'),
    ):
        body = (
            '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":'
            '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},'
            f'"name":"{tool}","arguments":{arguments}}}}}'
        )
        headers = {
            "Content-Type": "application/json",
            "Mcp-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        found = client.post("/mcp", content=body.encode(), headers=headers)
        assert found.status_code < 500, found.text
        assert found.json()["result"]["structuredContent"]["code"] == "bad-parameter", found.text


SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def test_a_query_that_is_too_slow_ends_at_the_callers_limit_and_at_the_services(
    small: str, small_versions: Path
) -> None:
    found = problem(small, "sparql", {"query": SLOW, "timeout": 0.3})
    assert (found["code"], found["limitSeconds"], found["status"]) == ("query-timeout", 0.3, 503)
    with serving(lambda port: create_app(small_settings(small_versions, port, query_timeout_s=0.3))) as address:
        found = problem(address, "sparql", {"query": SLOW, "timeout": 3600})
        assert (found["code"], found["limitSeconds"]) == ("query-timeout", 0.3)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s WHERE { ?s a <https://w3id.org/plangraf/ontology#Plann> }",
        "SELECT ?s WHERE { ?s ?p }",
        "SELECT ?s WHERE { ?s a plan:Plan }",
        "INSERT DATA { <a:b> <a:b> <a:b> }",
        "SELECT * WHERE { SERVICE <http://127.0.0.1/sparql> { ?s ?p ?o } }",
        "SELECT * WHERE " + "{" * 70 + "}" * 70,
        "",
        "SELECT ?x (COUNT(*) AS ?n) WHERE { ?x ?y ?z }",
    ],
)
def test_an_error_of_a_query_is_the_problem_of_sparql_itself(client: httpx.Client, small: str, query: str) -> None:
    found = problem(small, "sparql", {"query": query})
    there = client.get("/sparql", params={"query": query}).json()
    version = found.pop("version")
    assert len(version) == 16
    assert {**found, "instance": ""} == {**there, "instance": ""}


def test_its_queries_wait_and_are_counted_as_the_clients_own(scripted: str, script: Script) -> None:
    script.failure = OverloadedError(64)
    for tool, arguments in (("sparql", {"query": "ASK {}"}), ("plans", {})):
        found = problem(scripted, tool, arguments)
        assert (found["code"], found["status"]) == ("overloaded", 429)
    assert "127.0.0.1" in {request.client for request in script.asked if request.query == "ASK {}"}
    script.asked.clear()
    call(scripted, "search", {"text": "plan"})
    assert {request.client for request in script.asked} == {"127.0.0.1"}


def test_a_fault_of_the_service_shows_a_request_id_and_nothing_of_the_inside(scripted: str, script: Script) -> None:
    script.failure = RuntimeError("secret")
    found = problem(scripted, "sparql", {"query": "ASK {}"})
    assert (found["code"], found["status"]) == ("internal-error", 500)
    assert "secret" not in str(found)
    assert found["instance"] in found["detail"]


@pytest.mark.parametrize("mode", MODES)
def test_a_query_ends_when_the_assistant_leaves(scripted: str, script: Script, mode: str) -> None:
    script.wait_s = 300

    async def leave(client: Client) -> None:
        with anyio.move_on_after(0.5):
            await client.call_tool("sparql", {"query": "ASK {}"})

    talk(scripted, leave, mode=mode)
    deadline = time.monotonic() + 60
    while not script.cancelled and time.monotonic() < deadline:
        time.sleep(0.02)
    assert script.cancelled == len(script.asked) == 1


def test_a_long_answer_is_left_after_the_rows_that_are_wanted(scripted: str, script: Script) -> None:
    script.chunks = [b"?a\n", *[b'"row"\n' * 1_000] * 1_000]
    found = answer(scripted, "sparql", {"query": "SELECT ?a WHERE { ?a ?b ?c }", "rows": 3})
    assert found["rows"] == [{"a": "row"}] * 3
    assert found["cut"]["shown"] == 3
    assert script.freed == len(script.asked)


def test_a_long_row_and_many_bytes_are_cut(scripted: str, script: Script) -> None:
    script.chunks = [b"?a\n", *[b'"' + b"x" * 10_000 + b'"\n'] * 100]
    result = call(scripted, "sparql", {"query": "SELECT ?a WHERE { ?a ?b ?c }"})
    assert len(result.content[0].text) < 45_000
    rows = result.structured_content["rows"]
    assert 10 < len(rows) < 20
    assert all(len(row["a"]) == 2_001 for row in rows)
    assert result.structured_content["cut"]["shown"] == len(rows)


def test_a_line_without_an_end_is_not_collected(scripted: str, script: Script) -> None:
    script.chunks = [b"?a\n", *[b"x" * 65_536] * 200]
    found = answer(scripted, "sparql", {"query": "SELECT ?a WHERE { ?a ?b ?c }"})
    assert (found["rows"], found["cut"]["shown"]) == ([], 0)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("assistants") / "versions"
    return folder, frozen.two_versions(folder)


def test_a_kept_version_answers_under_its_own_address(versions: tuple[Path, dict[str, str]]) -> None:
    folder, names = versions
    earlier, current = names["<earlier>"], names["<current>"]
    with serving(lambda port: create_app(small_settings(folder, port))) as address:
        kept = f"{address}/version/{earlier}"
        there = answer(kept, "read_document", {"iri": "5001/plan/gone"})
        assert (there["version"], "# Borte" in there["markdown"]) == (earlier, True)
        assert there["address"] == f"{address}/version/{earlier}/doc/5001/plan/gone"
        assert answer(kept, "plans")["version"] == earlier
        assert answer(kept, "sparql", {"query": "ASK {}"})["version"] == earlier
        for base, here in ((address, current), (kept, earlier)):
            found = answer(base, "versions")
            assert {one["id"]: one["answers_here"] for one in found["versions"]} == {
                earlier: here == earlier, current: here == current
            }  # fmt: skip
            assert {one["id"]: one["current"] for one in found["versions"]} == {earlier: False, current: True}
            assert {one["mcp"] for one in found["versions"]} == {
                f"{address}/version/{one}/mcp" for one in (earlier, current)
            }
        response = httpx.post(f"{kept}/mcp", json=LIST)
        assert (response.headers["plangraf-version"], response.headers["cache-control"]) == (earlier, "no-store")
        gone = httpx.post(f"{address}/version/{frozen.OTHER_VERSION}/mcp", json=LIST)
        assert (gone.status_code, gone.json()["code"]) == (404, "not-found")


def test_metrics_count_it_as_a_kind_of_address(client: httpx.Client) -> None:
    post(client)
    assert 'plangraf_http_requests_total{kind="mcp",status="200"}' in client.get("/metrics").text


def test_without_the_extra_the_address_says_what_to_install(
    small_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "plangraf.http.assistants.mcp_server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    with serving(lambda port: create_app(small_settings(small_versions, port))) as address:
        response = httpx.post(f"{address}/mcp", json=LIST)
        assert (response.status_code, response.json()["code"]) == (501, "protocol-missing")
        assert "python -m pip install 'plangraf[mcp]'" in response.json()["detail"]
        assert httpx.get(f"{address}/queries/plans").status_code == 200


def test_the_scripted_service_starts_without_the_package(tmp_path: Path, script: Script) -> None:
    """The package is imported by the first message, so a service that gets none is not slower for it."""
    loaded = sys.modules.pop("plangraf.http.assistants.mcp_server", None)
    try:
        application(small_settings(tmp_path, 1), snapshots_over(script, tmp_path))
        assert "plangraf.http.assistants.mcp_server" not in sys.modules
    finally:
        if loaded is not None:
            sys.modules["plangraf.http.assistants.mcp_server"] = loaded
