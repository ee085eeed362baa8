"""`/pictures`: the pictures of a version, and the neighbourhood of a thing, drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from plangraf.http.resource.resource import Resource
from plangraf.http.routes.pictures import drawn, neighbourhood
from plangraf.http.service import Service


def resources(service: Service) -> Iterator[Resource]:
    # The fixed address before the pattern of names.
    yield from neighbourhood.resources(service)
    yield from drawn.resources(service)
