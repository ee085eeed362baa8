"""The Model Context Protocol over the tools: one exchange of streamable HTTP, stateless, answered as JSON.

Only this module imports the package `mcp`, at the first request, because the import takes most of a second and the
package is an extra. Each exchange has a session manager of its own, so that nothing of it is left when it ends.
Protocol: https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import mcp_types as types
import orjson
import structlog
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

import plangraf
from plangraf.errors import HostRefusedError, OriginRefusedError, PlangrafError, UnsupportedMediaError
from plangraf.http.assistants.toolbox import AssistantTool, ToolRequest, check_texts
from plangraf.http.pipeline.coding import IDENTITY, Coding, choose_coding, encode
from plangraf.http.pipeline.pinning import FindEndpoint
from plangraf.http.pipeline.respond import accept_encoding
from plangraf.http.resource.negotiation import field_of
from plangraf.http.resource.problems import describe_problem
from plangraf.http.service import Service

MEDIA_TYPE = "application/json"
HOSTS_SETTING, ORIGINS_SETTING = "PLANGRAF_MCP_HOSTS", "PLANGRAF_MCP_ORIGINS"
_INSTRUCTIONS = """Municipal plans of Norway as linked open data, read-only: plans, the perspectives behind them, UN \
targets, goals and measures, commitments, governing documents and decisions.

1. search finds the IRI of a thing by its name; read_document tells what the data say of it.
2. A tool named after a question, such as plans-by-target, answers it for all things at once. Prefer these to sparql.
3. vocabulary explains the terms; sparql answers what no other tool does.

Every answer names the version of the data and the passages of public documents that support it: cite both, with the \
IRIs. A kind of evidence other than `printed` is a reading or an interpretation, so say so. What is not in the data is \
not known here. An answer that was cut says in `cut` how to ask for the rest. Titles are in Bokmål as printed."""
_FRESH_MS = 600_000
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

log = structlog.get_logger()


class McpServer:
    """Answers the exchanges of the protocol with the tools of one service."""

    def __init__(
        self,
        service: Service,
        tools: Mapping[str, AssistantTool],
        find: FindEndpoint,
        hosts: Sequence[str],
        origins: Sequence[str],
    ) -> None:
        self._tools = tools
        self._find = find
        self._most_bytes = service.settings.query_max_bytes
        self._security = TransportSecuritySettings(allowed_hosts=list(hosts), allowed_origins=list(origins))
        self._listed = types.ListToolsResult(tools=[_describe(tool) for tool in tools.values()])
        self._server = Server(
            "plangraf",
            version=plangraf.__version__,
            title=service.site.title.en,
            description=service.site.description.en,
            instructions=_INSTRUCTIONS,
            website_url=f"{service.settings.base_url}/",
            on_list_tools=self._list,
            on_call_tool=self._call,
            get_tool_input_schema=self._input_schema,
            # The tools are those of the installed service; a new version of the data changes none of them.
            cache_hints={"tools/list": CacheHint(ttl_ms=_FRESH_MS, scope="public")},
        )

    async def check(self, request: Request) -> None:
        """Checks Host, Origin and Content-Type of a request before its body is read.

        Raises:
            HostRefusedError, OriginRefusedError: the request does not address this service, or comes from a page of
                another site (DNS rebinding).
            UnsupportedMediaError: the body is not JSON.
        """
        refused = await TransportSecurityMiddleware(self._security).validate_request(request, is_post=True)
        if refused is None:
            return
        if refused.status_code == 421:
            raise HostRefusedError(field_of(request.scope, b"host"), HOSTS_SETTING)
        if refused.status_code == 403:
            raise OriginRefusedError(field_of(request.scope, b"origin"), ORIGINS_SETTING)
        raise UnsupportedMediaError(field_of(request.scope, b"content-type"), [MEDIA_TYPE])

    async def exchange(self, request: Request, body: bytes) -> Response:
        """Answers one message of the protocol; all that it started has ended when it returns."""
        manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=self._security,
            max_request_body_size=self._most_bytes,
        )
        sent = _Sent()
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not pending:
                await asyncio.Event().wait()  # whoever waits for the exchange watches the connection
            return pending.pop()

        async with manager.run():
            await manager.handle_request(request.scope, receive, sent.take)
        return sent.response(choose_coding(accept_encoding(request)))

    async def _list(
        self, context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return self._listed

    def _input_schema(self, name: str) -> Mapping[str, Any] | None:
        tool = self._tools.get(name)
        return None if tool is None else tool.input_schema

    async def _call(
        self, context: ServerRequestContext[Any, Request], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            near = difflib.get_close_matches(params.name, self._tools, n=1)
            hint = f"Did you mean {near[0]}?" if near else "tools/list names all of them."
            raise MCPError(types.INVALID_PARAMS, f"There is no tool called {params.name[:100]!r}. {hint}")
        assert context.request is not None  # the transport is HTTP
        try:
            given = params.arguments or {}
            check_texts(given)
            answer = await tool.call(ToolRequest(context.request, self._find), given)
        except Exception as error:
            request_id = str(context.request.scope.get("plangraf.request_id", ""))
            if not isinstance(error, PlangrafError):
                log.error("tool failed", tool=tool.name, request_id=request_id, exc_info=error)
            problem = {
                **describe_problem(error, request_id),
                "version": ToolRequest(context.request, self._find).service.snapshot.id,
            }
            return _result(problem, None, is_error=True)
        return _result(answer.members, answer.text)


def _describe(tool: AssistantTool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.input_schema),
        output_schema=None if tool.output_schema is None else dict(tool.output_schema),
        annotations=_READ_ONLY,
    )


def _result(members: Mapping[str, Any], text: str | None, *, is_error: bool = False) -> types.CallToolResult:
    # For clients that read no structured content, the text holds the same.
    written = orjson.dumps(members, default=str).decode() if text is None else text
    return types.CallToolResult(
        content=[types.TextContent(text=written)], structured_content=dict(members), is_error=is_error
    )


class _Sent:
    """Takes the answer of the protocol's transport, so that the service sends it with its own headers."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], message["headers"]
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")

    def response(self, wish: Coding) -> Response:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._headers}
        headers |= {"cache-control": "no-store", "vary": "Accept-Encoding"}
        headers.pop("content-length", None)
        coding = wish.of(len(self._body))
        if coding != IDENTITY:
            headers["content-encoding"] = coding
        return Response(encode(coding, bytes(self._body)), self._status, headers)
