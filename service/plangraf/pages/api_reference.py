"""Reads the OpenAPI description for the page /docs: addresses by group, what they take and answer, a request of each.

What most addresses of a group take and what most addresses answer is told once, because 130 addresses that repeat it
would hide what is special about each. Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from markupsafe import Markup

from plangraf.pages.html import words_with_code

_ORDER: Final = (
    "Named queries",
    "Collections",
    "Documents",
    "Search",
    "SPARQL",
    "Pictures",
    "Catalogue",
    "Downloads",
    "Versions",
    "Feed",
    "Vocabulary",
    "Assistants",
    "Operations",
)
# A group of fewer addresses tells each what it takes.
_FEWEST_SHARING = 3

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """A parameter: `values` are the codes that it may have, `limits` says what else bounds it, such as `1–1000`."""

    name: str
    in_path: bool
    required: bool
    text: Markup
    values: Sequence[str]
    limits: str
    usual: str
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answers with one status; `types` are the media types."""

    status: str
    text: Markup
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that a request sends, with an example."""

    media_type: str
    example: str


@dataclass(frozen=True, slots=True)
class Address:
    """One operation.

    `title` is in the language of the page when `translated`; all other texts are English. `columns` are name and type
    of the columns of a table. `also` names the parameters, `usually` the statuses that are told elsewhere. `request` is
    an address that answers, without the address of the service; None when its parameters have no example.
    """

    name: str
    method: str
    path: str
    title: str
    translated: bool
    paragraphs: Sequence[Markup]
    columns: Sequence[tuple[str, str]]
    takes: Sequence[Taken]
    also: Sequence[str]
    sends: Sequence[Sent]
    answers: Sequence[Answer]
    usually: Sequence[str]
    request: str | None


@dataclass(frozen=True, slots=True)
class AddressGroup:
    """The addresses of one tag; `shared` are the parameters that most of them take."""

    tag: str
    addresses: Sequence[Address]
    shared: Sequence[Taken]


@dataclass(frozen=True, slots=True)
class Reference:
    """All addresses by group; `usual` are the answers that most of them may give."""

    groups: Sequence[AddressGroup]
    usual: Sequence[Answer]

    @property
    def number(self) -> int:
        return sum(len(group.addresses) for group in self.groups)


def read_reference(openapi: Json, titles: Mapping[str, str], examples: Mapping[str, str]) -> Reference:
    """Arranges the operations of an OpenAPI description.

    Args:
        openapi: the description, as /openapi.json has it.
        titles: by path, what an address gives, in the language of the page.
        examples: by path, the query string of a request that is answered.
    """
    operations = list(_operations(openapi))
    given = Counter(key for one in operations for key in _answer_keys(one))
    usual = {key for key, times in given.items() if times * 2 > len(operations)}
    tags = dict.fromkeys(one["tags"][0] for one in operations)
    groups = []
    for tag in sorted(tags, key=lambda tag: _ORDER.index(tag) if tag in _ORDER else len(_ORDER)):
        members = [one for one in operations if one["tags"][0] == tag]
        common = _common(members)
        addresses = [_address(one, common, usual, titles, examples) for one in members]
        groups.append(AddressGroup(tag, addresses, [_taken(orjson.loads(key)) for key in common]))
    return Reference(groups, [_answer(key[0], orjson.loads(key[1])) for key in sorted(usual)])


def _operations(openapi: Json) -> Iterator[dict[str, Any]]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield {"path": path, "method": method.upper(), "parameters": [], **operation}


def _answer_keys(operation: Json) -> list[tuple[str, str]]:
    """What identifies an answer; that of success is never shared."""
    return [(status, _key(answer)) for status, answer in operation["responses"].items() if status[0] != "2"]


def _common(members: Sequence[Json]) -> list[str]:
    """The parameters, as JSON, that more than half of the addresses of a group take, in the order of the first one."""
    given = Counter(_key(parameter) for one in members for parameter in one["parameters"])
    return [key for key, times in given.items() if times >= _FEWEST_SHARING and times * 2 > len(members)]


def _key(value: Json) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _address(
    operation: Json,
    common: Sequence[str],
    usual: set[tuple[str, str]],
    titles: Mapping[str, str],
    examples: Mapping[str, str],
) -> Address:
    path, parameters = operation["path"], operation["parameters"]
    own = [parameter for parameter in parameters if _key(parameter) not in common]
    paragraphs, columns = _read_description(operation.get("description", ""))
    answers = []
    for key in _answer_keys(operation):
        if key not in usual:
            answers.append(_answer(key[0], orjson.loads(key[1])))
    for status, answer in operation["responses"].items():
        if status[0] == "2":
            # The answer of a query is its description.
            told = answer["description"] in operation.get("description", "")
            answers.insert(0, _answer(status, {**answer, "description": ""} if told else answer))
    return Address(
        name=operation["operationId"],
        method=operation["method"],
        path=path,
        title=titles.get(path, operation["summary"]),
        translated=path in titles,
        paragraphs=paragraphs,
        columns=columns,
        takes=[_taken(parameter) for parameter in own],
        also=[parameter["name"] for parameter in parameters if _key(parameter) in common],
        sends=[
            Sent(media_type, str(body["example"]))
            for media_type, body in operation.get("requestBody", {}).get("content", {}).items()
            if "example" in body
        ],
        answers=answers,
        usually=[status for status, key in _answer_keys(operation) if (status, key) in usual],
        request=_request(operation, examples.get(path)) if operation["method"] == "GET" else None,
    )


def _read_description(text: str) -> tuple[list[Markup], list[tuple[str, str]]]:
    """The paragraphs of a description, and the rows of its table of columns, which is in Markdown."""
    paragraphs, columns = [], []
    for part in filter(None, map(str.strip, text.split("\n\n"))):
        if part.startswith("|"):
            rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in part.splitlines()]
            columns += [(row[0], row[1]) for row in rows[2:]]
        else:
            paragraphs.append(words_with_code(part))
    return paragraphs, columns


def _taken(parameter: Json) -> Taken:
    schema = parameter["schema"]
    least, most = schema.get("minimum"), schema.get("maximum")
    example = parameter.get("example", "")
    return Taken(
        name=parameter["name"],
        in_path=parameter["in"] == "path",
        required=parameter.get("required", False),
        text=words_with_code(parameter.get("description", "")),
        values=[str(value) for value in schema.get("enum", ())],
        limits="" if least is None else f"{least}–{most}" if most is not None else f"≥ {least}",
        usual=str(schema.get("default", "")),
        # An example of several lines is a query, which the request shows.
        example="" if "\n" in str(example) else str(example),
    )


def _answer(status: str, answer: Json) -> Answer:
    return Answer(status, words_with_code(answer["description"]), list(answer.get("content", {})))


def _request(operation: Json, example: str | None) -> str | None:
    """An address that the operation answers, with all that it needs; None when an example is missing."""
    path, query = operation["path"], {}
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            if "example" not in parameter:
                return None
            path = path.replace(f"{{{parameter['name']}}}", quote(str(parameter["example"]), safe="/"))
        elif parameter.get("required"):
            if "example" not in parameter:
                return None
            query[parameter["name"]] = parameter["example"]
    asked = urlencode(query) if example is None else example
    return f"{path}?{asked}" if asked else path
