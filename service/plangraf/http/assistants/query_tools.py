"""Each named query as a tool: its parameters are the arguments, its columns the members of a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson

from plangraf.errors import ParameterError
from plangraf.http.assistants.evidence import find_evidence
from plangraf.http.assistants.rows import fit, iris_in, read_rows
from plangraf.http.assistants.toolbox import (
    EVIDENCE_SCHEMA,
    MOST_BYTES,
    MOST_ROWS,
    USUAL_ROWS,
    AssistantTool,
    ToolAnswer,
    ToolRequest,
    output_schema,
    show,
    size_of,
)
from plangraf.rdf.formats import TSV
from plangraf.rdf.namespaces import ID
from plangraf.sparql.named.binding import NamedQuery
from plangraf.sparql.named.query_words import QueryWords
from plangraf.views.answer_lines import LineWindow

# Rows that a call can pass over; a later one is for a download.
_FARTHEST = 100_000
_WINDOW: Mapping[str, Mapping[str, Any]] = {
    "rows": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_ROWS,
        "default": USUAL_ROWS,
        "description": "Most rows.",
    },
    "offset": {
        "type": "integer",
        "minimum": 0,
        "maximum": _FARTHEST,
        "default": 0,
        "description": "Rows to leave out first.",
    },
}
# The columns are in the description, because a model sees it and need not see this; the list of tools stays short.
_OUTPUT = output_schema(rows={"type": "array", "items": {"type": "object"}}, evidence=EVIDENCE_SCHEMA)


def query_tools(queries: Mapping[str, NamedQuery], words: QueryWords) -> Iterator[AssistantTool]:
    for query in queries.values():
        own = words.queries.get(query.name)
        yield AssistantTool(
            query.name,
            own.question.en if own else query.head.summary,
            _describe(query),
            _arguments(query),
            partial(_call, query),
            _OUTPUT,
        )


def _describe(query: NamedQuery) -> str:
    head = query.head
    either = f" Give one or more of: {', '.join(head.either)}." if head.either else ""
    example = f" Example: {orjson.dumps(query.example).decode()}." if query.example else ""
    columns = ", ".join(f"{name} ({type_})" for name, type_ in head.columns.items())
    return f"{head.summary}. {head.description}{either} Columns: {columns}; an unbound one is left out.{example}"


def _arguments(query: NamedQuery) -> dict[str, Any]:
    declared = query.model.model_json_schema()
    properties: dict[str, Any] = {}
    for name, described in declared["properties"].items():
        one = {key: value for key, value in described.items() if key not in ("title", "anyOf", "default")}
        for part in described.get("anyOf", ()):
            one |= {} if part.get("type") == "null" else part
        if described.get("default") is not None:
            one["default"] = described["default"]
        if "enum" in one:
            one.pop("description", None)  # the values say it
        properties[name] = one
    for name, schema in _WINDOW.items():
        properties.setdefault(name, schema)
    return {
        "type": "object",
        "properties": properties,
        "required": declared.get("required", []),
        "additionalProperties": False,
    }


async def _call(query: NamedQuery, asked: ToolRequest, given: Mapping[str, Any]) -> ToolAnswer:
    own = {name for name in _WINDOW if name not in query.parameters}
    known = own | set(query.parameters)
    if unknown := [name for name in given if name not in known]:
        raise ParameterError(unknown[0], f"is not known to {query.name}. It takes: {', '.join(sorted(known))}.")
    most = _whole(given, "rows", USUAL_ROWS, 1, MOST_ROWS) if "rows" in own else USUAL_ROWS
    offset = _whole(given, "offset", 0, 0, _FARTHEST) if "offset" in own else 0
    parameters = {name: _text(name, value) for name, value in given.items() if name not in own and value is not None}
    window = LineWindow(offset, most)
    path = f"/queries/{query.name}"
    answer = await asked.ask(f"{path}.{TSV.suffix}", parameters, TSV.media_type, window.take)
    if not answer.cut:
        window.finish()
    rows = read_rows(window, query.head.columns)
    kept = fit(rows, MOST_BYTES * 3 // 4)
    rows = rows[:kept]
    members: dict[str, Any] = {
        "version": asked.service.snapshot.id,
        "address": _address(asked.lasting + path, "", parameters),
        "rows": rows,
        "evidence": await find_evidence(asked, iris_in(rows, ID)),
    }
    while members["evidence"] and size_of(members) > MOST_BYTES:
        members["evidence"].pop()
    return ToolAnswer({**members, "cut": _cut(asked, query, parameters, window, offset, kept)})


def _cut(
    asked: ToolRequest, query: NamedQuery, parameters: Mapping[str, str], window: LineWindow, offset: int, kept: int
) -> dict[str, Any] | None:
    if not (window.more or window.broken) and kept == len(window.lines):
        return None
    base = asked.service.address + f"/queries/{query.name}"
    return {
        "shown": kept,
        "from": offset,
        "rest": f"Call {query.name} again with offset={offset + kept} and the same arguments; "
        f"all rows are at {_address(base, '.csv', parameters)}.",
    }


def _address(base: str, ending: str, parameters: Mapping[str, str]) -> str:
    return base + ending + (f"?{urlencode(parameters)}" if parameters else "")


def _whole(given: Mapping[str, Any], name: str, usual: int, least: int, most: int) -> int:
    value = given.get(name)
    if value is None:
        return usual
    if type(value) is not int or not least <= value <= most:
        raise ParameterError(name, f"is {show(value)}. Give a whole number from {least} to {most}.")
    return value


def _text(name: str, value: object) -> str:
    """The text of an argument, as a query string has it.

    Raises:
        ParameterError: it is a list, an object or a fraction.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise ParameterError(name, f"is {show(value)}. Give a text or a whole number.")
    return value
