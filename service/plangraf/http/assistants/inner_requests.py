"""Asks addresses of this service inside the process, from the snapshot of the request that an assistant sent.

A tool that asks a resource has its parameters, admission, limits, cache and errors without repeating any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.types import Message, Scope

from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.pinning import FindEndpoint

Take = Callable[[bytes], bool]
"""Takes the next bytes of a body; returns true when it wants no more."""
# Key of a request's scope that belongs to one set of header fields, see http.resource.negotiation.
_FIELDS = "plangraf.fields"


@dataclass(frozen=True, slots=True)
class InnerAnswer:
    """Status and headers of an answer whose body a function has taken; `cut`: it wanted no more before the end."""

    status: int
    headers: Mapping[str, str]
    cut: bool


class _EnoughError(Exception):
    """The function that takes a body wants no more."""


async def ask_inside(
    request: Request, find: FindEndpoint, path: str, parameters: Mapping[str, str], accept: str, take: Take
) -> InnerAnswer:
    """Asks one address of the version that a request is pinned to.

    Args:
        request: the request of the assistant.
        find: finds the endpoint of an address.
        path: of the address, without the prefix of a version.
        parameters: of the address, decoded.
        accept: the formats, as a header Accept.
        take: takes the body piece by piece, uncoded. Evaluation stops when it returns true.
    Raises:
        PlangrafError: the address does not answer, as over HTTP.
    """
    scope = _inner_scope(request.scope, path, parameters, accept)
    endpoint = find(scope)
    if endpoint is None:
        raise ResourceNotFoundError(path)
    status, headers = 0, dict[str, str]()

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
        elif (body := message.get("body", b"")) and take(body):
            raise _EnoughError

    cut = False
    response = await endpoint(Request(scope, _wait_for_ever))
    try:
        await response(scope, _wait_for_ever, send)
    except _EnoughError:
        cut = True
    return InnerAnswer(status, headers, cut)


async def _wait_for_ever() -> Message:
    """Stands for the connection: the outer request ends this one when its client leaves."""
    await asyncio.Event().wait()
    raise AssertionError


def _inner_scope(outer: Scope, path: str, parameters: Mapping[str, str], accept: str) -> Scope:
    whole = outer.get("root_path", "") + path
    return {
        **{key: value for key, value in outer.items() if key != _FIELDS},
        "method": "GET",
        # A server of HTTP/1.0 would hold the whole answer back.
        "http_version": "1.1",
        "path": whole,
        "raw_path": quote(whole).encode(),
        "query_string": urlencode(parameters).encode(),
        "headers": [(b"accept", accept.encode()), (b"accept-encoding", b"identity")],
    }
