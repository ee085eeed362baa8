"""`/sparql`: SPARQL 1.1 Protocol (query); without a query the service description, in browsers a query page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.interface import QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import NotAcceptableError, PlangrafError, QuerySyntaxError, ServiceForbiddenError
from plangraf.http.pipeline.coding import choose_coding
from plangraf.http.pipeline.pinning import Endpoint
from plangraf.http.pipeline.respond import accept_encoding, respond_query, respond_uncached, vary
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.openapi import PROBLEMS, content
from plangraf.http.resource.parameters import (
    EXAMPLE,
    FORM_TYPE,
    QUERY_TYPE,
    SparqlParameters,
    choose_format,
    client_of,
    read_sparql,
)
from plangraf.http.resource.problem_pages import spoken_words
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.query_pages.empty_answer import explain_empty
from plangraf.http.routes.query_pages.result_page import error_page, form_page, respond_page, wants_page
from plangraf.http.service import Pinned, Service, pinned
from plangraf.rdf.formats import BOOLEAN_FORMATS, DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, RESULT_FORMATS, Format
from plangraf.sparql.named.parameter_model import document_parameters
from plangraf.views.catalog.service_description import service_description, service_name

PATH = "/sparql"
METHODS = frozenset({"GET", "POST", "QUERY"})
FORMATS_BY_FORM: dict[str, tuple[Format, ...]] = {
    "SELECT": RESULT_FORMATS,
    "ASK": BOOLEAN_FORMATS,
    "CONSTRUCT": GRAPH_FORMATS,
    "DESCRIBE": GRAPH_FORMATS,
}
# Announces the method QUERY, a GET with a body (draft-ietf-httpbis-safe-method-w-body).
_ACCEPT_QUERY = {"Accept-Query": f"{QUERY_TYPE}, {FORM_TYPE}"}


def add_routes(app: FastAPI, service: Service) -> Endpoint:
    """Adds the routes; returns the endpoint, so that the pipeline can call it without the framework's routing."""
    about = ServiceDescription()

    async def sparql(request: Request) -> Response:
        asked: SparqlParameters | None = None
        try:
            asked = await read_sparql(request, service.settings.query_max_bytes)
            if asked.query is None:
                return await about.respond(request, Place(PATH))
            return await _respond(request, asked.query, asked)
        except PlangrafError as error:
            if not wants_page(request, asked.format if asked else ()):
                raise
            return error_page(request, error, asked.query or "" if asked else "")

    answers: dict[int | str, dict[str, Any]] = {
        200: {"description": "The answer", "content": content((*RESULT_FORMATS, *GRAPH_FORMATS, HTML))},
        **PROBLEMS,
    }
    app.add_api_route(
        PATH,
        sparql,
        methods=["GET"],
        operation_id="sparqlGet",
        tags=["SPARQL"],
        summary="Ask a SPARQL 1.1 query; without one, the service description",
        response_class=Response,
        responses=answers,
        openapi_extra={"parameters": _PARAMETERS},
    )
    # OpenAPI 3.1 cannot describe this method.
    app.add_api_route(PATH, sparql, methods=["QUERY"], include_in_schema=False)
    app.add_api_route(
        PATH,
        sparql,
        methods=["POST"],
        operation_id="sparqlPost",
        tags=["SPARQL"],
        summary="Ask a SPARQL 1.1 query that is too long for an address",
        response_class=Response,
        responses=answers,
        openapi_extra={"requestBody": _BODY},
    )
    return sparql


async def _respond(request: Request, text: str, asked: SparqlParameters) -> Response:
    here = pinned(request)
    # Check before the negotiation, because a malformed query is 400 for every Accept.
    try:
        checked = here.snapshot.engine.check(text)
    except ServiceForbiddenError:
        if not here.federation:
            raise
        return await _respond_federated(here, request, text, asked)
    formats = FORMATS_BY_FORM[checked.form]
    graphs, client = asked.graphs, client_of(request)
    if wants_page(request, asked.format):
        query = QueryRequest(text, HTML, *graphs, asked.timeout, client)
        cached = checked.deterministic and request.method == "GET"
        return await respond_page(request, asked, query, checked.form, cached=cached)
    try:
        format_, by_accept = choose_format(request, asked, formats)
    except NotAcceptableError:
        # Evaluate, because only the engine knows the rules beyond the grammar, such as those of GROUP BY.
        plain = QueryRequest(text, formats[0], *graphs, asked.timeout, client)
        answer = await while_connected(request.receive, here.snapshot.engine.query(plain))
        await answer.aclose()
        raise
    query, headers = QueryRequest(text, format_, *graphs, asked.timeout, client), vary("Accept" if by_accept else None)
    if asked.explain:
        return await _respond_explained(here, request, query, headers)
    parts = ("sparql", format_.name, text, repr(graphs)) if checked.deterministic else None
    return await respond_query(here, request, query, parts, {**headers, **_ACCEPT_QUERY})


async def _respond_federated(service: Pinned, request: Request, text: str, asked: SparqlParameters) -> Response:
    """Responds to a query with SERVICE: its endpoints are asked first, and the engine joins their rows."""
    engine = service.snapshot.engine
    prepared = service.federation.prepare(text, engine)
    page = wants_page(request, asked.format)
    if not page:
        format_, by_accept = choose_format(request, asked, FORMATS_BY_FORM[prepared.form])
    joined = await while_connected(request.receive, service.federation.join(prepared, engine, asked.timeout))
    if page:
        query = QueryRequest(joined.text, HTML, *asked.graphs, asked.timeout, client_of(request))
        return await respond_page(request, asked, query, prepared.form, cached=False)
    query = QueryRequest(joined.text, format_, *asked.graphs, asked.timeout, client_of(request))
    headers = {**vary("Accept" if by_accept else None), **_ACCEPT_QUERY}
    try:
        if asked.explain:
            return await _respond_explained(service, request, query, headers)
        return await respond_query(service, request, query, None, headers)
    except QuerySyntaxError as error:
        raise joined.as_sent(error) from error


async def _respond_explained(
    service: Pinned, request: Request, query: QueryRequest, headers: dict[str, str]
) -> Response:
    """Responds with the reason of an empty answer in the header `Plangraf-Explain`."""
    coding = choose_coding(accept_encoding(request))
    answer = await while_connected(request.receive, service.ask(query))
    own = {**headers, "Cache-Control": "no-store"}
    if answer.complete is not None:  # an answer in several pieces is not empty
        explanation = await while_connected(request.receive, explain_empty(service, query))
        if explanation is not None:
            if (words := spoken_words(request)) is not None:
                explanation = replace(explanation, message=words.message(explanation.message))
            own["Plangraf-Explain"] = explanation.header
    return await respond_uncached(answer, own, coding)


class ServiceDescription(Resource):
    """The service description, or in HTML a page with a query form."""

    path = PATH
    formats = DOCUMENT_FORMATS
    endings = False
    language = "page"

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service = asked.service
        endpoint = service.address + PATH

        async def write() -> bytes:
            if not asked.page:
                contents, federated = snapshot.contents, bool(service.federation)
                graph = service_description(endpoint, contents.triples, contents.graphs, federated=federated)
                return asked.write_graph(graph, service_name(endpoint))
            return form_page(service, asked.language)

        return View(write=write, headers={} if asked.page else _ACCEPT_QUERY)


_PARAMETERS = document_parameters(SparqlParameters)
_BODY = {
    "required": True,
    "content": {
        "application/sparql-query": {"schema": {"type": "string"}, "example": EXAMPLE},
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["query"],
                "properties": {
                    parameter["name"]: {**parameter["schema"], "description": parameter["description"]}
                    for parameter in _PARAMETERS
                },
            }
        },
    },
}
