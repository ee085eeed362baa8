"""`sparql`: any SPARQL 1.1 query, with the guard's explanations, through the resource that answers at /sparql."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote, urlencode

import orjson
from pydantic import Field

from plangraf.http.assistants.evidence import find_evidence, find_names
from plangraf.http.assistants.rows import fit, iris_in, read_rows
from plangraf.http.assistants.toolbox import (
    EVIDENCE_SCHEMA,
    MOST_BYTES,
    MOST_ROWS,
    USUAL_ROWS,
    Arguments,
    AssistantTool,
    ToolAnswer,
    ToolRequest,
    output_schema,
    size_of,
)
from plangraf.http.resource.parameters import EXAMPLE
from plangraf.rdf.formats import JSON, N_TRIPLES, TSV
from plangraf.rdf.namespaces import ID
from plangraf.views.answer_lines import LineWindow

_PATH = "/sparql"
# Lines of the first two are rows and triples, so that an answer can be cut; ASK has neither.
_ACCEPT = f"{TSV.media_type}, {N_TRIPLES.media_type}, {JSON.media_type};q=0.5"
_BOOLEAN_BYTES = 10_000


class SparqlArguments(Arguments):
    tool: ClassVar[str] = "sparql"

    query: str = Field(
        description="One SPARQL 1.1 query: SELECT, ASK, CONSTRUCT or DESCRIBE. No prefix is declared for you. "
        "Write ORDER BY with LIMIT and OFFSET to read a long answer in parts.",
        examples=[EXAMPLE],
    )
    rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] = Field(
        default=USUAL_ROWS, description="Most rows or triples of the answer."
    )
    timeout: Annotated[float, Field(gt=0, le=3600, strict=False)] | None = Field(
        default=None, description="A shorter time limit than the service's own, in seconds."
    )
    language: Annotated[str, Field(pattern="^(nb|en)$")] = Field(
        default="nb", description="Language of the names beside the rows, nb or en."
    )


def sparql_tool() -> AssistantTool:
    return AssistantTool(
        "sparql",
        "Ask a SPARQL query",
        "Evaluates one SPARQL 1.1 query over the union of all graphs, read-only. Use it when no other tool answers; "
        "ask vocabulary for the terms first, because a name of the ontology that does not exist is refused. An error "
        "names line, column and token, and what to do. An empty answer says why it is empty.",
        SparqlArguments.schema_of(),
        _call,
        output_schema(
            columns={"type": "array", "items": {"type": "string"}},
            rows={"type": "array", "items": {"type": "object"}},
            names={"type": "object", "description": "Labels of things in the rows, by IRI."},
            evidence=EVIDENCE_SCHEMA,
        )
        | {"required": ["version", "address", "cut"]},
    )


async def _call(asked: ToolRequest, given: Mapping[str, Any]) -> ToolAnswer:
    arguments = SparqlArguments.read(given)
    parameters = {"query": arguments.query}
    if arguments.timeout is not None:
        parameters["timeout"] = f"{arguments.timeout:.6f}".rstrip("0").rstrip(".")
    body = _FirstBytes(arguments.rows)
    answer = await asked.ask(_PATH, parameters, _ACCEPT, body.take)
    whole = None if answer.cut else body.whole()
    address = f"{asked.lasting}{_PATH}?{urlencode({'query': arguments.query})}"
    members: dict[str, Any] = {"version": asked.service.snapshot.id, "address": address}
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if media_type == JSON.media_type and whole is not None:
        return ToolAnswer({**members, "boolean": bool(orjson.loads(whole)["boolean"]), "cut": None})
    window = body.window(answer.cut, has_head=media_type == TSV.media_type)
    if media_type != TSV.media_type:
        return _triples(members, window)
    rows = read_rows(window)
    kept = fit(rows, MOST_BYTES * 3 // 4)
    rows = rows[:kept]
    things = iris_in(rows, ID)
    members |= {
        "columns": [name.removeprefix("?") for name in (window.head or b"").decode().split("\t")],
        "rows": rows,
        "names": await find_names(asked, things, arguments.language),
        "evidence": await find_evidence(asked, things),
    }
    while members["evidence"] and size_of(members) > MOST_BYTES:
        members["evidence"].pop()
    if not rows and (why := await _why_empty(asked, parameters)):
        members["empty"] = why
    return ToolAnswer({**members, "cut": _cut(window, kept, "rows")})


def _triples(members: dict[str, Any], window: LineWindow) -> ToolAnswer:
    lines = [line.decode() for line in window.lines]
    kept = fit(lines, MOST_BYTES * 3 // 4)
    return ToolAnswer({**members, "triples": lines[:kept], "cut": _cut(window, kept, "triples")})


def _cut(window: LineWindow, kept: int, what: str) -> dict[str, Any] | None:
    if not (window.more or window.broken) and kept == len(window.lines):
        return None
    return {
        "shown": kept,
        "rest": f"The answer has more {what}. Add ORDER BY … LIMIT {kept} OFFSET {kept} to the query for the next "
        "ones, or take all of them from the address with the header Accept: text/csv, text/turtle for triples.",
    }


async def _why_empty(asked: ToolRequest, parameters: Mapping[str, str]) -> str | None:
    """Why the answer to a query has no row; None when nobody knows."""

    def take(_chunk: bytes) -> bool:
        return False

    answer = await asked.ask(_PATH, {**parameters, "explain": "true"}, TSV.media_type, take)
    return unquote(answer.headers["plangraf-explain"]) if "plangraf-explain" in answer.headers else None


class _FirstBytes:
    """Takes lines of a body before its format is known: its first line may be a head or a row."""

    def __init__(self, most: int) -> None:
        # One line more, because the first may be a head.
        self._lines = LineWindow(0, most + 1, has_head=False)
        self._most = most

    def take(self, chunk: bytes) -> bool:
        return self._lines.take(chunk)

    def whole(self) -> bytes:
        """The body, when it is a short one."""
        self._lines.finish()
        return b"\n".join(self._lines.lines)[:_BOOLEAN_BYTES]

    def window(self, cut: bool, *, has_head: bool) -> LineWindow:
        """The lines as rows after a head, or as triples."""
        if not cut:
            self._lines.finish()
        window = LineWindow(0, self._most, has_head=has_head)
        for line in self._lines.lines:
            window.take(line + b"\n")
        window.more |= self._lines.more
        window.broken |= self._lines.broken
        return window
