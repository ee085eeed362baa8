"""Documents a named query: as an operation of /openapi.json, and as an entry of /queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, Operation, content
from plangraf.rdf.formats import Format
from plangraf.sparql.named.binding import NamedQuery

_EXAMPLES = {
    "iri": "https://w3id.org/plangraf/id/5001/plan/2020-2023-7",
    "xsd:integer": "7",
    "xsd:decimal": "0.5",
    "xsd:boolean": "true",
    "xsd:gYear": "2020",
    "xsd:gYearMonth": "2020-10",
    "xsd:date": "2020-10-27",
    "xsd:dateTime": "2020-10-27T12:00:00",
}


def query_operation(query: NamedQuery, offered: Sequence[Format]) -> Operation:
    """The documentation of the resource that answers a query in these formats."""
    return Operation(
        id=query.name,
        tag="Named queries",
        summary=query.head.summary,
        description=_description(query),
        answer=query.head.description,
        content=_content(query, offered),
        others={**NOT_FOUND, **PROBLEMS},
    )


@dataclass(frozen=True, slots=True)
class ListedQuery:
    """One entry of `/queries`, on the page and in JSON."""

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: list[dict[str, Any]]
    columns: list[dict[str, str]]
    example: str


def describe_query(query: NamedQuery) -> ListedQuery:
    return ListedQuery(
        query.name,
        query.head.summary,
        query.head.description,
        query.head.tags,
        [
            {"name": name, **parameter.model_dump(by_alias=True, exclude_none=True)}
            for name, parameter in query.parameters.items()
        ],
        [{"name": name, "type": type_} for name, type_ in query.head.columns.items()],
        f"?{urlencode(query.example)}" if query.example else "",
    )


def _description(query: NamedQuery) -> str:
    columns = "\n".join(f"| `{name}` | {type_} |" for name, type_ in query.head.columns.items())
    return f"{query.head.description}\n\n| column | type |\n|---|---|\n{columns}\n"


def _content(query: NamedQuery, offered: Sequence[Format]) -> dict[str, Any]:
    names = list(query.head.columns)
    example = ",".join(names) + "\r\n" + ",".join(_EXAMPLES.get(t, "…") for t in query.head.columns.values()) + "\r\n"
    found = content(offered)
    found["text/csv"]["example"] = example
    found["application/sparql-results+json"] = {
        "schema": {
            "type": "object",
            "properties": {
                "head": {"type": "object", "properties": {"vars": {"const": names}}},
                "results": {
                    "type": "object",
                    "properties": {
                        "bindings": {
                            "type": "array",
                            "items": {"type": "object", "properties": dict.fromkeys(names, _BINDING)},
                        }
                    },
                },
            },
        }
    }
    return found


_BINDING = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"enum": ["uri", "literal", "bnode"]},
        "value": {"type": "string"},
        "datatype": {"type": "string"},
        "xml:lang": {"type": "string"},
    },
}
