"""Reads rows from the bodies of answers: SPARQL 1.1 Query Results JSON, and pages of collections in JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plangraf.client.failures import AnswerError, IncompleteError
from plangraf.client.rows import Rows
from plangraf.client.transport import Received
from plangraf.client.typed_values import XSD, Iri, Value, literal, term

RESULTS = "application/sparql-results+json"
JSON_LD = "application/ld+json"
ANSWER = "answer"
"""The only column of the answer to ASK."""
_LANGUAGES = ("nb", "en")


def read_json(received: Received, media_type: str) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        AnswerError: the answer is of another media type, or not an object.
        IncompleteError: its JSON ends early.
    """
    if received.media_type != media_type:
        raise AnswerError(
            f"{received.address} answered with {received.media_type}, not with {media_type}. "
            "Look whether the address is that of a plangraf service, and what stands between it and you."
        )
    try:
        found = json.loads(received.body)
    except ValueError as error:
        raise IncompleteError(
            f"The answer of {received.address} is not complete JSON ({error}), and nothing of it is used. Ask again."
        ) from error
    if not isinstance(found, dict):
        raise AnswerError(f"{received.address} answered with JSON that is not an object.")
    return found


def read_rows(received: Received) -> Rows:
    """The rows of a SELECT, or the one row of an ASK.

    Raises:
        AnswerError, IncompleteError: the answer is of another kind, or cut off.
    """
    found = read_json(received, RESULTS)
    if isinstance(found.get("boolean"), bool):
        return Rows((ANSWER,), ({ANSWER: found["boolean"]},), received.version, received.address)
    try:
        columns = tuple(map(str, found["head"]["vars"]))
        rows = tuple(
            {name: term(binding[name]) if name in binding else None for name in columns}
            for binding in found["results"]["bindings"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerError(f"{received.address} answered with JSON that is not a table of SPARQL results.") from error
    return Rows(columns, rows, received.version, received.address)


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """One page: its things in page order, how many the whole collection has, and the query string of the next page."""

    members: tuple[dict[str, Any], ...]
    total: int
    next: str | None
    version: str


def read_page(received: Received) -> CollectionPage:
    """One page of a collection.

    Raises:
        AnswerError, IncompleteError: the answer is of another kind, or cut off.
    """
    found = read_json(received, JSON_LD)
    total, members, view = found.get("totalItems"), found.get("member", []), found.get("view", {})
    if not isinstance(total, int) or not isinstance(members, list) or not isinstance(view, dict):
        raise AnswerError(f"{received.address} answered with JSON-LD that is not a page of a collection.")
    following = view.get("next")
    return CollectionPage(
        tuple({"id": each} if isinstance(each, str) else each for each in members),
        total,
        str(following).partition("?")[2] if following else None,
        received.version,
    )


class Types:
    """The types that the JSON-LD context gives to the properties of things."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._terms = context

    def row(self, member: Mapping[str, Any], language: str) -> dict[str, Value]:
        """A thing as a row: `thing`, its IRI, then its properties by the names of the context, without its classes."""
        values = {name: self._value(name, value, language) for name, value in member.items()}
        return {"thing": Iri(member["id"]), **{n: value for n, value in values.items() if n not in ("id", "type")}}

    def _value(self, name: str, value: Any, language: str) -> Value:
        if isinstance(value, list):
            return tuple(self._value(name, each, language) for each in value)
        if isinstance(value, str):
            return self._typed(value, self._type_of(name))
        if not isinstance(value, dict):
            return value  # type: ignore[no-any-return]  # JSON's own number, boolean or null
        if "@value" in value:
            return self._typed(str(value["@value"]), value.get("@type"))
        if "id" in value:
            return Iri(self._full(value["id"]))
        chosen = next((each for each in (language, *_LANGUAGES, *value) if each in value), None)
        return None if chosen is None else self._value("", value[chosen], language)

    def _type_of(self, name: str) -> str | None:
        described = self._terms.get(name)
        return described.get("@type") if isinstance(described, dict) else None

    def _typed(self, text: str, type_: str | None) -> Value:
        if type_ in ("@id", "@vocab"):
            return Iri(self._full(text))
        return literal(text, type_.replace("xsd:", XSD, 1) if type_ else None)

    def _full(self, iri: str) -> str:
        """Expands an IRI that the context may have shortened."""
        prefix, colon, rest = iri.partition(":")
        known = self._terms.get(prefix)
        return known + rest if colon and not rest.startswith("//") and isinstance(known, str) else iri
