"""`/sparql` in a browser: the query and its answer as a table with pages, or what is wrong with the query.

It works without script; the script of the editor takes over the form where the front-end was built.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field
from pyoxigraph import BlankNode, NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.interface import QueryRequest
from plangraf.errors import ParameterError, PlangrafError, QuerySyntaxError, ServiceForbiddenError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import has_credentials, respond_cached, vary
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.negotiation import field_of, reads_pages
from plangraf.http.resource.parameters import (
    EXAMPLE,
    Negotiated,
    SparqlParameters,
    choose_answer_language,
    choose_interface,
    parse_parameters,
)
from plangraf.http.resource.problem_pages import language_of_problem
from plangraf.http.resource.problems import problem
from plangraf.http.routes.query_pages.empty_answer import explain_empty
from plangraf.http.service import Pinned, pinned
from plangraf.numbers_in_text import whole_number
from plangraf.pages.built_scripts import editor_script
from plangraf.pages.column_widths import column_widths, extent
from plangraf.pages.editor_page import editor_settings
from plangraf.pages.html import script, words_with_code
from plangraf.rdf.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, HTML, RESULT_FORMATS
from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import compact
from plangraf.sparql.named.parameter_model import Refusal
from plangraf.views.answer_rows import FORMAT_BY_FORM, ROWS, AnswerRows, read_rows
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.document_parts import document_path
from plangraf.views.page_value import PageValue

_PATH: Final = "/sparql"
_FORMATS = {"rows": RESULT_FORMATS, "boolean": BOOLEAN_FORMATS, "triples": GRAPH_FORMATS}
_OF_FORM = {"SELECT": RESULT_FORMATS, "ASK": BOOLEAN_FORMATS, "CONSTRUCT": GRAPH_FORMATS, "DESCRIBE": GRAPH_FORMATS}
# A page far into an answer reads all rows before it.
_LAST_PAGE = 100


def _read_page(text: object) -> int:
    number = whole_number(text) if isinstance(text, str) else None
    if number is None or not 1 <= number <= _LAST_PAGE:
        raise ValueError
    return number


class PageParameters(Negotiated):
    """The parameters of the page beside those of the query."""

    page: Annotated[
        int,
        BeforeValidator(_read_page),
        Refusal(N_("is not a whole number from 1 to %(limit)s.", limit=_LAST_PAGE)),
    ] = Field(default=1, description=f"Page of the table, of {ROWS} rows each.")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row; `iri` is the short form of an IRI that stands beside a label."""

    value: PageValue
    iri: str | None = None
    number: bool = False


def wants_page(request: Request, formats: Sequence[str]) -> bool:
    """Whether a client prefers a page to data: by `format=`, else by an Accept header that names HTML."""
    if names := [name.strip().lower() for value in formats for name in value.split(",") if name.strip()]:
        return names[0] in (HTML.name, HTML.media_type)
    return reads_pages(field_of(request.scope, b"accept"))


async def respond_page(
    request: Request, asked: SparqlParameters, query: QueryRequest, form: str, *, cached: bool
) -> Response:
    """Responds with the page of an answer.

    Args:
        request: the client's request.
        asked: its parameters; the page shows their query.
        query: for the engine, in any format.
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        cached: whether the query is deterministic and the request a GET.
    Raises:
        ParameterError: page or language cannot be used.
        PlangrafError: the query failed.
    """
    here, wanted = pinned(request), PageParameters.read(parse_parameters(request.scope["query_string"]))
    language, by_language = choose_answer_language(request, wanted.lang, page=True)
    spoken = choose_interface(request)
    here = replace(here, pages=here.pages.speaking(spoken))
    headers = {
        **vary(None if asked.format else "Accept", *(("Accept-Language", "Cookie") if by_language else ())),
        "Cache-Control": "no-cache",
    }

    async def make() -> tuple[bytes, str]:
        return await _render(here, asked, query, form, wanted, language), HTML.content_type

    if cached and not has_credentials(request.scope):
        parts = ("sparql", HTML.name, query.query, repr(asked.graphs), str(wanted.page), spoken, str(asked.timeout))
        return await respond_cached(here, request, parts, headers, make)
    body, content_type = await while_connected(request.receive, make())
    return Response(body, 200, {**headers, "Cache-Control": "no-store", "Content-Type": content_type})


async def _render(
    here: Pinned, asked: SparqlParameters, query: QueryRequest, form: str, wanted: PageParameters, language: str
) -> bytes:
    engine = here.snapshot.engine
    plain = QueryRequest(query.query, FORMAT_BY_FORM[form], *asked.graphs, query.timeout_s, query.client)
    answer = await engine.query(plain)
    try:
        found = await read_rows(answer, wanted.page)
    finally:
        await answer.aclose()
    if wanted.page > found.pages:
        raise ParameterError(
            "page",
            N_("is %(page)s, and the last page of this answer is %(last)s.", page=wanted.page, last=found.pages),
        )
    explanation = None if found.total else await explain_empty(here, plain)
    said = here.pages.words(language).message_html(explanation.message) if explanation else None
    things = {term for row in found.rows for term in row if isinstance(term, NamedNode)}
    labels = Labels(await fetch_labels(engine, things))
    rows = [[_cell(term, labels, language, here.prefix) for term in row] for row in found.rows]
    kept = _kept(asked)
    return here.pages.at(_PATH).render(
        "sparql.html",
        language,
        **_common(here, language, asked.query or "", {"answered": True}),
        here=f"?{urlencode([*kept, *([('page', wanted.page)] if wanted.page > 1 else [])])}",
        answer=found,
        rows=rows,
        widths=column_widths(found.columns, ([extent(_texts(cell)) for cell in row] for row in rows)),
        explanation=words_with_code(said) if said else None,
        downloads=[(one, _address(here, [*kept, ("format", one.name)])) for one in _OF_FORM[form]],
        turns=_turns(here, found, wanted.page, kept),
    )


def error_page(request: Request, error: PlangrafError, query: str) -> Response:
    """The page of a query that has no answer, with the status and the headers of the problem document."""
    here, request_id = pinned(request), str(request.scope["plangraf.request_id"])
    response = problem(error, request_id)
    language = language_of_problem(request)
    here = replace(here, pages=here.pages.speaking(choose_interface(request)))
    place = error.place if isinstance(error, QuerySyntaxError | ServiceForbiddenError) else None
    words = here.pages.words(language)
    found = {
        "detail": words.message(error.message),
        **({"line": place.line, "column": place.column, "token": place.token} if place else {}),
    }
    body = here.pages.at(_PATH).render(
        "sparql.html",
        language,
        **_common(here, language, query, {"problem": found}),
        here=f"?{urlencode({'query': query})}",
        problem=error,
        place=place,
        lines=_lines_around(query, place.line) if place else [],
    )
    own = ("content-type", "content-length", "vary")
    headers = {name: value for name, value in response.headers.items() if name not in own}
    return Response(
        body, response.status_code, {**headers, **vary("Accept", "Accept-Language", "Cookie")}, HTML.content_type
    )


def form_page(here: Pinned, language: str) -> bytes:
    """The page without a query."""
    return here.pages.at(_PATH).render("sparql.html", language, **_common(here, language, EXAMPLE, {}), here="")


def _common(here: Pinned, language: str, query: str, more: dict[str, Any]) -> dict[str, Any]:
    endpoint, limit_s = here.address + _PATH, here.settings.query_timeout_s
    settings = editor_settings(here.pages.interface or language, here.prefix, endpoint, limit_s, _FORMATS)
    return {
        "endpoint": endpoint,
        "query": query,
        "limit_s": limit_s,
        "formats": [HTML, *RESULT_FORMATS, *GRAPH_FORMATS],
        "editor": editor_script(),
        "settings": script({**settings, "example": EXAMPLE, **more}),
    }


def _kept(asked: SparqlParameters) -> list[tuple[str, str]]:
    """The parameters that links to the same answer keep."""
    found = [("query", asked.query or "")]
    found += [("default-graph-uri", iri) for iri in asked.default_graphs]
    found += [("named-graph-uri", iri) for iri in asked.named_graphs]
    return found + ([("timeout", f"{asked.timeout:g}")] if asked.timeout else [])


def _address(here: Pinned, parameters: Iterable[tuple[str, Any]]) -> str:
    return f"{here.prefix}{_PATH}?{urlencode(list(parameters))}"


def _turns(here: Pinned, found: AnswerRows, page: int, kept: list[tuple[str, str]]) -> dict[str, str]:
    """The addresses of the pages before and after."""
    pages = {"prev": page - 1, "next": page + 1}
    last = min(found.pages, _LAST_PAGE)
    return {name: _address(here, [*kept, ("page", to)]) for name, to in pages.items() if 1 <= to <= last}


def _cell(term: Value | None, labels: Labels, language: str, prefix: str) -> Cell | None:
    if term is None:
        return None
    if isinstance(term, BlankNode):
        return Cell(PageValue(str(term)))
    if isinstance(term, NamedNode):
        label = labels.best(term, language)
        iri = term.value
        href = prefix + document_path(iri)
        if label is None and document_path(iri).startswith("/doc?"):  # perhaps not described here
            href = iri if iri.startswith(("http://", "https://")) else ""
        short = compact(iri)
        named = (
            PageValue(label.value, href or None, label.language, iri)
            if label
            else PageValue(short, href or None, about=iri)
        )
        return Cell(named, short if label else None)
    numeric = term.datatype.value.endswith(("#integer", "#decimal", "#double", "#float"))
    return Cell(PageValue(term.value, lang=term.language), number=numeric)


def _texts(cell: Cell | None) -> list[str]:
    return [cell.value.text, cell.iri or ""] if cell else []


def _lines_around(query: str, line: int) -> list[tuple[int, str]]:
    """The line of an error with the two before and after it."""
    lines = query.splitlines() or [""]
    return [(number, text) for number, text in enumerate(lines, 1) if abs(number - line) <= 2]
