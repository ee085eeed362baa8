"""A local server that plays PxWebApi 2 over made-up tables, with its limits and with faults by a script.

It answers what the OpenAPI document names and the client needs: `/config`, `/tables`, `/tables/{id}`, its `/metadata`
and `/data` (GET and POST), and `/codelists/{id}`; errors are problem details, too many cells 403, too many calls 429.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import pxweb_tables as tables
from local_server import run_in_thread
from pxweb_tables import RefusedError, Selection, Table

PREFIX = "/api/pxwebapi/v2"
_LANGUAGES = {"no": "norsk", "en": "English"}


@dataclass
class Sent:
    """A request as it arrived: decoded path below the interface, query, body and header fields."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Message
    status: int = 0


@dataclass
class Fault:
    """What the server does wrong, `times` times, on paths that contain `path`, after `after` right answers there.

    `kind` is `answer` (status, headers and body of the fault), `cut` (the body ends before its length), `half`
    (half of the JSON as if it were all), `reset` (the connection is reset) or `then` (calls `act`, then answers right).
    """

    path: str
    kind: Literal["answer", "cut", "half", "reset", "then"]
    times: int = 1
    after: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    act: Callable[[], None] | None = None


class PxServer(ThreadingHTTPServer):
    """The server; tests change its public members while it runs."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tables: dict[str, Table] = {"07459": tables.population()}
        self.most_cells = 800_000
        self.most_calls = 1_000
        self.window_s = 60
        self.validators: Literal["etag", "last-modified", "none"] = "etag"
        self.clock: Callable[[], float] = time.monotonic
        self.faults: list[Fault] = []
        self.requests: list[Sent] = []
        self._calls: list[float] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{PREFIX}"

    @property
    def table_url(self) -> str:
        return f"{self.url}/tables/07459"

    def paths(self, end: str = "") -> list[str]:
        """Method and path of each request whose path ends with `end`."""
        return [f"{one.method} {one.path}" for one in self.requests if one.path.endswith(end)]

    def data_requests(self) -> list[Sent]:
        return [one for one in self.requests if one.path.endswith("/data")]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no fault of the server's."""

    def over_rate(self) -> bool:
        """Counts a call; whether it is one more than the window allows."""
        now = self.clock()
        self._calls = [moment for moment in self._calls if moment > now - self.window_s]
        self._calls.append(now)
        return len(self._calls) > self.most_calls

    def next_fault(self, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.path in path and fault.times > 0:
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PxServer

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `PxServer.requests`."""

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def _respond(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = json.loads(content) if content else None
        sent = Sent(self.command, unquote(parts.path).removeprefix(PREFIX), query, body, self.headers)
        self.server.requests.append(sent)
        fault = self.server.next_fault(parts.path)
        if fault and fault.kind == "answer":
            return self._send(sent, fault.status, fault.body, fault.headers)
        if fault and fault.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return None
        if fault and fault.act:
            fault.act()
        status, document = self._answer(sent)
        kind = "application/json" if status == 200 else "application/problem+json"
        encoded = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": f"{kind}; charset=utf-8"}
        if status == 200 and self.command == "GET":
            status, validators = self._validate(status, encoded)
            headers |= validators
        if fault and fault.kind == "half":
            encoded = encoded[: len(encoded) // 2]
        return self._send(
            sent, status, encoded if status != 304 else b"", headers, cut=bool(fault and fault.kind == "cut")
        )

    def _validate(self, status: int, body: bytes) -> tuple[int, dict[str, str]]:
        if self.server.validators == "etag":
            tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
            same = self.headers.get("if-none-match") == tag
            return (304 if same else status), {"ETag": tag}
        if self.server.validators == "last-modified":
            moment = "Thu, 19 Feb 2026 07:00:00 GMT"
            same = self.headers.get("if-modified-since") == moment
            return (304 if same else status), {"Last-Modified": moment}
        return status, {}

    def _send(self, sent: Sent, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        sent.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def _answer(self, sent: Sent) -> tuple[int, Any]:
        server = self.server
        try:
            if server.over_rate():
                words = f"You have reach the threshold for request limiting. {server.most_calls} request per window."
                raise RefusedError(429, "Too many requests", words)
            language = sent.query.get("lang") or "no"
            if language not in _LANGUAGES:
                raise tables.bad_request("Unsupported language")
            return 200, self._document(sent, language)
        except RefusedError as refused:
            return refused.status, refused.problem

    def _document(self, sent: Sent, language: str) -> Any:
        server = self.server
        steps = sent.path.strip("/").split("/")
        if steps == ["config"]:
            return _configuration(server)
        if steps == ["tables"]:
            return self._list(sent, language)
        if steps[0] == "codelists" and len(steps) == 2:
            known = [one for table in server.tables.values() for axis in table.axes for one in axis.codelists]
            if found := [one for one in known if one.id == steps[1]]:
                return tables.codelist(found[0], language, list(_LANGUAGES))
        if steps[0] == "tables" and len(steps) <= 3 and (table := server.tables.get(steps[1])):
            if steps[2:] == []:
                return {**tables.entry(table, server.url, language), "language": language}
            if steps[2:] == ["metadata"]:
                return tables.metadata(table, language)
            if steps[2:] == ["data"]:
                if sent.query.get("outputFormat", "json-stat2") != "json-stat2":
                    raise tables.bad_request("Unsupported output format")
                selection = _from_body(sent.body) if sent.method == "POST" else _from_query(sent.query)
                return tables.data(table, language, selection, server.most_cells)
        raise RefusedError(404, "Not Found", f"Node with id, {steps[-1]} can not be found")

    def _list(self, sent: Sent, language: str) -> Any:
        wanted = sent.query.get("query", "").lower()
        number, size = int(sent.query.get("pageNumber", 1)), int(sent.query.get("pageSize", 20))
        found = [one for one in self.server.tables.values() if wanted in one.label.lower()]
        pages = max(1, math.ceil(len(found) / size))
        if not 1 <= number <= pages:
            raise RefusedError(404, "Not Found", "Page is out of bounds")
        shown = found[(number - 1) * size : number * size]
        return {
            "language": language,
            "tables": [tables.entry(one, self.server.url, language) for one in shown],
            "page": {"pageNumber": number, "pageSize": size, "totalElements": len(found), "totalPages": pages},
        }


def _configuration(server: PxServer) -> dict[str, Any]:
    return {
        "apiVersion": "2.0",
        "appVersion": "1.0.0",
        "languages": [{"id": name, "label": label} for name, label in _LANGUAGES.items()],
        "defaultLanguage": "no",
        "maxDataCells": server.most_cells,
        "maxCallsPerTimeWindow": server.most_calls,
        "timeWindow": server.window_s,
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "sourceReferences": [{"language": "en", "text": "Source: made up for tests"}],
        "defaultDataFormat": "json-stat2",
        "dataFormats": ["json-stat2"],
        "features": [],
    }


def _from_query(query: dict[str, str]) -> Selection:
    items: dict[str, list[str]] = {}
    lists: dict[str, str] = {}
    for name, value in query.items():
        match = re.fullmatch(r"(valuecodes|codelist)\[(.+)\]", name, re.IGNORECASE)
        if match and match[1].lower() == "codelist":
            lists[match[2]] = value
        elif match:
            found = re.findall(r"\[[^\]]*\]|\w+\([^)]*\)|[^,]+", value)
            items[match[2]] = [one.strip().removeprefix("[").removesuffix("]") for one in found]
    return {name: (items.get(name, []), lists.get(name)) for name in {**items, **lists}}


def _from_body(body: Any) -> Selection:
    chosen = body["selection"] if body else []
    return {one["variableCode"]: (one.get("valueCodes", []), one.get("codelist")) for one in chosen}


@contextmanager
def running_pxweb() -> Iterator[PxServer]:
    """The server on a free port of this machine."""
    server = PxServer()
    with run_in_thread(server):
        yield server
