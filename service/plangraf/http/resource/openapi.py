"""Builds /openapi.json: an operation for each documented resource, and the parts that operations share."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute, compile_path

from plangraf.rdf.formats import Format
from plangraf.sparql.named.parameter_model import ParameterModel, document_parameters

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
        "code": {"type": "string", "description": "Name of the error, listed in docs/developers.md."},
        "line": {"type": "integer", "description": "Of the culprit in a query, from 1."},
        "column": {"type": "integer", "description": "Of the culprit in a query, from 1."},
        "token": {"type": "string", "description": "The culprit in a query."},
        "parameter": {"type": "string", "description": "The parameter that cannot be used."},
        "choices": {"type": "array", "items": {"type": "string"}, "description": "Media types to ask for."},
    },
}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    answers = {"application/problem+json": {"schema": schema}, "text/html": {"schema": {"type": "string"}}}
    return {"description": description, "content": answers}


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The client has this representation."}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    **NOT_MODIFIED,
    400: _problem("The request cannot be answered as it stands."),
    406: _problem("No format fits the Accept header."),
    429: _problem("Too many queries in flight; try again after Retry-After."),
    503: _problem("The time limit was passed, or no version is open yet."),
}
MALFORMED: dict[int | str, dict[str, Any]] = {400: PROBLEMS[400]}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: _problem("Nothing has this name.")}
GONE: dict[int | str, dict[str, Any]] = {410: _problem("An earlier version of the data had it.")}
_LEADS = {301: "Leads to what replaces it.", 302: "Leads to the current version.", 303: "Leads to the document."}


def redirects(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documents answers that lead elsewhere, of the statuses 301, 302 and 303."""
    return {status: {"description": _LEADS[status]} for status in statuses}


def content(formats: Iterable[Format]) -> dict[str, Any]:
    """The media types of an answer; what is not JSON is text."""
    return {
        one.media_type: {"schema": {} if one.media_type.endswith("json") else {"type": "string"}} for one in formats
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The documentation of a resource.

    Attributes:
        id, tag, summary, description: as OpenAPI names them.
        answer: describes the response with status 200; None when `status` is another one.
        content: the media types of that response.
        others: the responses with other statuses.
        status: the status of success.
        examples: values of the path parameters by name, for a request that is answered.
    """

    id: str
    tag: str
    summary: str
    answer: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    description: str | None = None
    others: Mapping[int | str, Mapping[str, Any]] = field(default_factory=lambda: PROBLEMS)
    status: int = 200
    examples: Mapping[str, str] = field(default_factory=dict)


def document(path: str, operation: Operation, model: type[ParameterModel], formats: Sequence[Format] = ()) -> APIRoute:
    """Turns an operation into a route, from which the framework makes the documentation; it serves no request.

    Args:
        path: with path parameters in braces.
        operation: what is documented beside the parameters.
        model: declares the query parameters.
        formats: the values of the parameter `format`.
    """
    _, path_format, convertors = compile_path(path)
    named = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "title": name.replace("_", " ").title()},
            **({"example": operation.examples[name]} if name in operation.examples else {}),
        }
        for name in convertors
    ]
    answers: dict[int | str, dict[str, Any]] = {status: dict(answer) for status, answer in operation.others.items()}
    if operation.answer is not None:
        content = {"content": dict(operation.content)} if operation.content else {}
        answers = {200: {"description": operation.answer, **content}, **answers}
    asked = document_parameters(model)
    if asked:
        answers = {**MALFORMED, **answers}
    for parameter in asked:
        if parameter["name"] == "format":
            parameter["schema"]["enum"] = [format_.name for format_ in formats]
    parameters = [*named, *asked]
    return APIRoute(
        path_format,
        _unused,
        methods=["GET"],
        operation_id=operation.id,
        tags=[operation.tag],
        summary=operation.summary,
        description=operation.description or None,
        response_class=Response,
        status_code=operation.status,
        responses=answers,
        openapi_extra={"parameters": parameters} if parameters else None,
    )


def _unused() -> None:
    pass


def install_openapi(app: FastAPI, documented: Callable[[], Iterable[BaseRoute]]) -> None:
    """Installs a description with the Problem schema, built on first use.

    Args:
        app: its own routes are described first.
        documented: gives the further routes to describe.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=[*app.routes, *documented()],
                tags=app.openapi_tags,
                servers=app.servers,
                license_info=app.license_info,
            )
            # FastAPI's own validation never refuses a request here.
            for methods in schema["paths"].values():
                for operation in methods.values():
                    operation["responses"].pop("422", None)
            schema["components"] = {"schemas": {"Problem": _PROBLEM_SCHEMA}}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema


def openapi_of_version(app: FastAPI, answered: Container[str], version_id: str, prefix: str) -> dict[str, Any]:
    """The description of a kept version: of the paths in `answered`, which it serves under `/version/<id>`."""
    everything = app.openapi()
    return {
        **everything,
        "info": {"title": f"plangraf, version {version_id}", "version": version_id},
        "servers": [{"url": prefix}],
        "paths": {path: methods for path, methods in everything["paths"].items() if path in answered},
    }
