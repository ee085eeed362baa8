"""Documents a named query as an operation of /openapi.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plangraf.http.resource.openapi import Operation, content
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
