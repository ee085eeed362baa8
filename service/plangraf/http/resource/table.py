"""The table of resources: one route of the application, which looks an address up instead of trying route by route."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from re import Pattern

from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send

from plangraf.http.pipeline.pinning import KEPT
from plangraf.http.resource.negotiation import split_ending
from plangraf.http.resource.openapi import document
from plangraf.http.resource.resource import Place, Resource
from plangraf.rdf.formats import not_installed


class Table(BaseRoute):
    """All resources by path; patterns with the same first segment are tried in order."""

    methods = frozenset({"GET"})  # HEAD and OPTIONS follow from it, see pipeline.envelope

    def __init__(self) -> None:
        self._resources: list[Resource] = []
        self._fixed: dict[str, Resource] = {}
        self._forms: dict[str, list[tuple[Pattern[str], Resource]]] = {}

    @property
    def paths(self) -> Collection[str]:
        """The paths without parameters."""
        return self._fixed.keys()

    def add(self, *resources: Resource) -> None:
        for resource in resources:
            self._resources.append(resource)
            if "{" in resource.path:
                pattern, _, _ = compile_path(resource.path)
                # The rest of a path may have a line feed, which is answered as every other sign that no IRI has.
                whole = re.compile(pattern.pattern, re.DOTALL)
                self._forms.setdefault(_first(resource.path), []).append((whole, resource))
            else:
                self._fixed[resource.path] = resource

    def find(self, path: str) -> tuple[Resource, Place] | None:
        """Finds the resource of a path: by the path, by the path without an ending, or by a pattern."""
        if (resource := self._fixed.get(path)) is not None:
            return resource, Place(path)
        resource = self._fixed.get(path.rpartition(".")[0])
        if resource is not None and resource.endings:
            stem, fixed = split_ending(path, (*resource.formats, *not_installed(resource.formats)))
            if fixed is not None:
                return resource, Place(stem, fixed)
        for pattern, resource in self._forms.get(_first(path), ()):
            if match := pattern.fullmatch(path):
                return resource, Place(path, names=match.groupdict())
        return None

    def endpoint(self, scope: Scope) -> Callable[[Request], Awaitable[Response]] | None:
        """The endpoint of a request; None when no resource matches."""
        found = self._of(scope) if scope["method"] in self.methods else None
        if found is None:
            return None
        resource, place = found

        def respond(request: Request) -> Awaitable[Response]:
            return resource.respond(request, place)

        return respond

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or self._of(scope) is None:
            return Match.NONE, {}
        return Match.FULL if scope["method"] in self.methods else Match.PARTIAL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self.endpoint(scope)
        if endpoint is None:
            raise HTTPException(405)
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    def _of(self, scope: Scope) -> tuple[Resource, Place] | None:
        found = self.find(get_route_path(scope))
        return None if found is None or (scope.get(KEPT) and not found[0].kept) else found

    def documented(self, *, kept: bool = False) -> Iterator[APIRoute]:
        """The documented operations as routes of the framework; with `kept` only those that a kept version serves."""
        for resource in self._resources:
            if resource.operation is not None and (resource.kept or not kept):
                yield document(resource.path, resource.operation, resource.parameters, resource.formats)


def _first(path: str) -> str:
    """The first segment of a path, cut where a pattern may have a parameter."""
    _, _, rest = path.partition("/")
    return rest.partition("/")[0].partition("{")[0].partition("-")[0]
