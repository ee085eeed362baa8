"""What a tool is: name, schemas and a function from arguments to an answer; and the bounds of every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from plangraf.engines.interface import QueryRequest
from plangraf.errors import ParameterError
from plangraf.http.assistants.inner_requests import InnerAnswer, Take, ask_inside
from plangraf.http.pipeline.pinning import FindEndpoint
from plangraf.http.resource.parameters import client_of
from plangraf.http.service import Pinned, pinned
from plangraf.rdf.formats import JSON

MOST_BYTES = 40_000
"""Of one answer as JSON, about 12 000 tokens of a language model; a longer answer is cut."""
MOST_ROWS = 500
USUAL_ROWS = 100
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """The answer of a tool: members as JSON, and a text for the reader when the JSON itself is not the text."""

    members: Mapping[str, Any]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """One call of a tool: the HTTP request that carries it, and how to find the endpoints of this service."""

    http: Request
    find: FindEndpoint

    @property
    def service(self) -> Pinned:
        return pinned(self.http)

    @property
    def client(self) -> str:
        return client_of(self.http)

    @property
    def lasting(self) -> str:
        """The public address of the version that answers, which later versions do not change."""
        return f"{self.service.settings.base_url}/version/{self.service.snapshot.id}"

    def query(self, text: str) -> QueryRequest:
        """A query that waits for its turn as one of the client's own, and needs no bulk triples."""
        return QueryRequest(text, JSON, client=self.client, bulk=False)

    async def ask(self, path: str, parameters: Mapping[str, str], accept: str, take: Take) -> InnerAnswer:
        """Asks an address of this service; see `ask_inside`."""
        return await ask_inside(self.http, self.find, path, parameters, accept, take)


@dataclass(frozen=True, slots=True)
class AssistantTool:
    """One tool. `call` gets the arguments as the client sent them.

    Its errors are those of the HTTP service: `call` raises PlangrafError.
    """

    name: str
    title: str
    description: str
    input_schema: Mapping[str, Any]
    call: Callable[[ToolRequest, Mapping[str, Any]], Awaitable[ToolAnswer]]
    output_schema: Mapping[str, Any] | None = field(default=None)


class Arguments(BaseModel):
    """The arguments of one tool, checked strictly: no text is read as a number, no unknown argument is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    tool: ClassVar[str]

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Reads the arguments of a call.

        Raises:
            ParameterError: an argument is unknown, missing or of another type.
        """
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = str(first["loc"][0]) if first["loc"] else "arguments"
            if first["type"] == "extra_forbidden":
                known = ", ".join(sorted(cls.model_fields))
                raise ParameterError(name, f"is not known to {cls.tool}. It takes: {known or 'nothing'}.") from error
            if first["type"] == "missing":
                raise ParameterError(name, f"is needed by {cls.tool} and missing.") from error
            raise ParameterError(name, f"is {show(first['input'])}. {first['msg']}.") from error

    @classmethod
    def schema_of(cls) -> dict[str, Any]:
        """The JSON Schema of the arguments, without the titles that pydantic makes of the names."""
        whole = cls.model_json_schema()
        return {
            "type": "object",
            "properties": {name: _plain(one) for name, one in whole.get("properties", {}).items()},
            "required": whole.get("required", []),
            "additionalProperties": False,
        }


def check_texts(given: Mapping[str, Any]) -> None:
    """Checks that names and texts of arguments are Unicode: an escape of JSON can hold half of a surrogate pair.

    Raises:
        ParameterError: one is not.
    """
    for name, value in given.items():
        try:
            name.encode()
            if isinstance(value, str):
                value.encode()
        except UnicodeEncodeError as error:
            shown = name.encode("ascii", "backslashreplace").decode()
            raise ParameterError(shown, "holds half of a surrogate pair, which is not text.") from error


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without title and null, because an absent argument is left out and not null."""
    found = {key: value for key, value in schema.items() if key not in ("title", "anyOf")}
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            found |= one
    if found.get("default", ...) is None:
        del found["default"]
    return found


def show(value: object) -> str:
    """A value in an error message, shortened."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def size_of(value: object) -> int:
    """Bytes of a value as JSON."""
    return len(orjson.dumps(value))


def output_schema(**members: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an answer: its own members, and those of every answer.

    `version` and `address` are to be cited, `cut` tells how to ask for the rest.
    """
    return {
        "type": "object",
        "properties": {
            "version": {"type": "string"},
            "address": {"type": "string"},
            **members,
            "cut": {"type": ["object", "null"]},
        },
        "required": ["version", "address", *members, "cut"],
    }


EVIDENCE_SCHEMA: Mapping[str, Any] = {"type": "array", "items": {"type": "object"}}
"""Of the passages of source documents that support statements about the things of an answer."""
