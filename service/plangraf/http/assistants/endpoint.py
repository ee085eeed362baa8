"""`/mcp`: the Model Context Protocol for assistants, when the extra of that name is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from plangraf.diagnostics.diagnostic import DataError, in_file
from plangraf.errors import ProtocolMissingError
from plangraf.http.assistants.document_tool import document_tool
from plangraf.http.assistants.query_tools import query_tools
from plangraf.http.assistants.search_tool import LabelFinder, SearchFinder, search_tool
from plangraf.http.assistants.sparql_tool import sparql_tool
from plangraf.http.assistants.toolbox import AssistantTool
from plangraf.http.assistants.versions_tool import versions_tool
from plangraf.http.assistants.vocabulary_tool import vocabulary_tool
from plangraf.http.pipeline.pinning import Endpoint, FindEndpoint
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.negotiation import choose, field_of
from plangraf.http.resource.openapi import PROBLEMS
from plangraf.http.resource.parameters import read_whole_body, refuse_coding
from plangraf.http.service import Service
from plangraf.rdf.formats import PLAIN_JSON
from plangraf.settings import Settings

if TYPE_CHECKING:
    from plangraf.http.assistants.mcp_server import McpServer

PATH = "/mcp"
METHODS = frozenset({"POST"})
EXTRA = "mcp"
_PROTOCOL = "Model Context Protocol"
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
_JSON = PLAIN_JSON.media_type


def add_routes(app: FastAPI, service: Service, find: FindEndpoint) -> Endpoint:
    """Adds the route; returns the endpoint, so that the pipeline can call it without the framework's routing.

    Args:
        app: the application.
        service: whose data the tools give.
        find: finds the endpoints of the service that the tools ask.
    Raises:
        DataError: a named query has the name of another tool.
    """
    tools = make_tools(service)
    loading = asyncio.Lock()
    server: McpServer | None = None

    async def load() -> McpServer:
        nonlocal server
        async with loading:
            if server is None:
                server = await asyncio.to_thread(_load, service, tools, find)
        return server

    async def mcp(request: Request) -> Response:
        loaded = server or await load()
        await loaded.check(request)
        refuse_coding(request)
        _check_accept(request)
        body = await read_whole_body(request, service.settings.query_max_bytes)
        return await while_connected(request.receive, loaded.exchange(_accepting_all(request), body))

    app.add_api_route(
        PATH,
        mcp,
        methods=["POST"],
        operation_id="mcp",
        tags=["Assistants"],
        summary="One message of the Model Context Protocol (streamable HTTP, stateless), for language models",
        response_class=Response,
        responses={
            200: {"description": "The answer, a JSON-RPC message", "content": {_JSON: {"schema": {"type": "object"}}}},
            202: {"description": "A notification was taken."},
            **{status: answer for status, answer in PROBLEMS.items() if status in (400, 406, 503)},
            # The protocol's own errors are messages too.
            400: {**PROBLEMS[400], "content": {_JSON: {"schema": {"type": "object"}}, **PROBLEMS[400]["content"]}},
        },
        openapi_extra={"requestBody": {"required": True, "content": {_JSON: {"schema": _MESSAGE}}}},
    )
    return mcp


def make_tools(service: Service) -> dict[str, AssistantTool]:
    """All tools by name.

    Raises:
        DataError: a named query has the name of another tool.
    """
    tools = {
        tool.name: tool
        for tool in (
            search_tool(SearchFinder(LabelFinder())),
            document_tool(),
            vocabulary_tool(),
            sparql_tool(),
            versions_tool(),
        )
    }
    for tool in query_tools(service.queries, service.query_words):
        if tool.name in tools:
            en = f"The name {tool.name} is that of another tool of {PATH}; give the file another name."
            nb = f"Navnet {tool.name} er navnet på et annet verktøy i {PATH}; gi filen et annet navn."
            raise DataError([in_file(f"queries/{tool.name}.rq", 1, nb, en)])
        tools[tool.name] = tool
    return tools


def allowed_hosts(settings: Settings) -> list[str]:
    """The values of Host that are names of this service: of its public address, of this machine, and the operator's."""
    public = urlsplit(settings.base_url)
    host = public.netloc.rpartition("@")[2]
    default_port = {"http": 80, "https": 443}[public.scheme]
    found = [host, f"{host}:{default_port}"] if public.port is None else [host]
    found += [name for local in _THIS_MACHINE for name in (local, f"{local}:*")]
    return list(dict.fromkeys([*found, *settings.mcp_hosts]))


def allowed_origins(settings: Settings) -> list[str]:
    """The sites whose pages may call: the service itself, this machine, and those that the operator trusts."""
    public = urlsplit(settings.base_url)
    local = [f"http://{name}{port}" for name in _THIS_MACHINE for port in ("", ":*")]
    return list(dict.fromkeys([f"{public.scheme}://{public.netloc}", *local, *settings.mcp_origins]))


def _load(service: Service, tools: Mapping[str, AssistantTool], find: FindEndpoint) -> McpServer:
    """Imports the protocol's package and makes the server.

    Raises:
        ProtocolMissingError: the package or one that it needs is not installed.
    """
    try:
        from plangraf.http.assistants.mcp_server import McpServer
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "plangraf":
            raise
        raise ProtocolMissingError(_PROTOCOL, EXTRA, package) from error
    return McpServer(service, tools, find, allowed_hosts(service.settings), allowed_origins(service.settings))


def _check_accept(request: Request) -> None:
    """Checks that the client takes JSON, in which every answer is.

    Raises:
        NotAcceptableError: it does not.
    """
    choose(field_of(request.scope, b"accept") or None, [PLAIN_JSON])


def _accepting_all(request: Request) -> Request:
    """The request with an Accept that the protocol's package takes for every answer, after ours was checked."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"accept"]
    headers.append((b"accept", b"application/json, text/event-stream"))
    scope = {**request.scope, "headers": headers}
    scope.pop("plangraf.fields", None)
    return Request(scope, request.receive)


_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["jsonrpc", "method"],
    "properties": {
        "jsonrpc": {"const": "2.0"},
        "id": {"type": ["string", "integer"]},
        "method": {"type": "string"},
        "params": {"type": "object"},
    },
    "example": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
}
