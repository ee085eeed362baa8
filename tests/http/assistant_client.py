"""Calls the tools of `/mcp` with the protocol's own client, over a real connection or inside the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
from fastapi import FastAPI
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

MODES = ("auto", "legacy")
"""The protocol without a handshake, of 2026-07-28, and the one with a handshake of the revisions before."""


def call(address: str, tool: str, arguments: Mapping[str, Any] | None = None, *, mode: str = "auto") -> Any:
    """The result of one call. The client checks the answer against the schema that the tool declares."""

    async def work(client: Client) -> Any:
        return await client.call_tool(tool, dict(arguments or {}))

    return talk(address, work, mode=mode)


def answer(address: str, tool: str, arguments: Mapping[str, Any] | None = None, *, mode: str = "auto") -> Any:
    """The members of an answer that is not an error."""
    result = call(address, tool, arguments, mode=mode)
    assert not result.is_error, result.content
    return result.structured_content


def problem(address: str, tool: str, arguments: Mapping[str, Any] | None = None) -> Any:
    """The members of an answer that is an error."""
    result = call(address, tool, arguments)
    assert result.is_error, result.content
    return result.structured_content


def talk(address: str, work: Callable[[Client], Awaitable[Any]], *, mode: str = "auto") -> Any:
    """What `work` returns with a client of the address, or raises as an error of the protocol."""

    async def run() -> Any:
        async with Client(f"{address}/mcp", mode=mode) as client:
            try:
                return await work(client)
            except MCPError as error:
                return error  # the client would raise it as a group

    result = anyio.run(run)
    if isinstance(result, MCPError):
        raise result
    return result


@asynccontextmanager
async def inside(app: FastAPI, address: str, *, mode: str = "auto") -> AsyncIterator[Client]:
    """A client of an application in this process, without a socket."""
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client
