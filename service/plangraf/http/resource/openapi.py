"""What `/openapi.json` says of all routes alike: the problem body and the content types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from plangraf.rdf.formats import Format

_PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details by RFC 9457; further members depend on the code.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, with which value, and what to do."},
        "instance": {"type": "string", "description": "The request id."},
        "code": {"type": "string", "description": "Name of the error, listed in the README."},
        "line": {"type": "integer", "description": "Of the culprit in a query, from 1."},
        "column": {"type": "integer", "description": "Of the culprit in a query, from 1."},
        "token": {"type": "string", "description": "The culprit in a query."},
        "parameter": {"type": "string", "description": "The parameter that cannot be used."},
        "choices": {"type": "array", "items": {"type": "string"}, "description": "Media types to ask for."},
    },
}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The client has this representation."}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    **NOT_MODIFIED,
    400: _problem("The request cannot be answered as it stands."),
    406: _problem("No format fits the Accept header."),
    429: _problem("Too many queries in flight; try again after Retry-After."),
    503: _problem("The time limit was passed, or no version is open yet."),
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: _problem("Nothing has this name.")}


def content(formats: Iterable[Format]) -> dict[str, Any]:
    return {format_.media_type: {"schema": {"type": "string"}} for format_ in formats}


def install_openapi(app: FastAPI) -> None:
    """Gives the application a description with the Problem schema, made once when first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, summary=app.summary, description=app.description,
                routes=app.routes, tags=app.openapi_tags, servers=app.servers, license_info=app.license_info,
            )  # fmt: skip
            # FastAPI's own validation is never what refuses a request here.
            for methods in schema["paths"].values():
                for operation in methods.values():
                    operation["responses"].pop("422", None)
            schema["components"] = {"schemas": {"Problem": _PROBLEM_SCHEMA}}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema


def openapi_of_version(app: FastAPI, version_id: str, prefix: str) -> dict[str, Any]:
    """The description of what is answered under `/version/<id>`."""
    everything = app.openapi()
    answered = {route.path_format for route in app.routes if type(route) is APIRoute}
    return {
        **everything,
        "info": {"title": f"plangraf, version {version_id}", "version": version_id},
        "servers": [{"url": prefix}],
        "paths": {path: methods for path, methods in everything["paths"].items() if path in answered},
    }
