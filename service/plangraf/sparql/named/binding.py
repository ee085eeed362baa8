"""Loads named queries, one `.rq` file each, and binds their parameters as RDF terms.

A VALUES block after the first `{` of the outermost WHERE binds the parameters, because every SPARQL 1.1 engine
supports it and no text of a request enters the query. Each line `#@ parameters` receives the same block, because an
engine evaluates a branch of a UNION or a sub-SELECT before it joins it. An absent optional parameter stays unbound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode

from plangraf.diagnostics.diagnostic import DataError, in_file
from plangraf.errors import ParameterError, QuerySyntaxError, RequestError
from plangraf.errors.message import N_, English, Listed, Quoted, one_of
from plangraf.rdf.namespaces import SDG
from plangraf.sparql.named.head import Parameter, QueryHead, parse_head
from plangraf.sparql.named.parameter_model import (
    DeclaredField,
    ParameterModel,
    StrictParameters,
    declare,
    field_name,
    make_model,
)
from plangraf.sparql.safety import read

XSD_INTEGER = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
LANGUAGES = ("nb", "en")

# Every query accepts these two, even when its head does not list them.
COMMON: dict[str, Parameter] = {
    "lang": Parameter(type="lang", optional=True, example="en", description="Language of our labels; nb when absent."),
    "municipality": Parameter.model_validate(
        {
            "type": "code",
            "optional": True,
            "example": "5001",
            "pattern": "^[0-9]{4}$",
            "description": "Number of the municipality; all municipalities when absent.",
        }
    ),
}

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_SDG_CODE = re.compile(r"[1-9][0-9]?(\.([1-9][0-9]?|[a-z]))?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_REPEAT = re.compile(r"^ *#@ parameters$", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST_STRING = 1_000


@dataclass(frozen=True)
class NamedQuery:
    """One named query. `name` is the stem of the file, `place` the offset of the VALUES block in `text`."""

    name: str
    head: QueryHead
    text: str
    place: int

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters that a request may contain, those of the head first."""
        return {**self.head.parameters, **{k: v for k, v in COMMON.items() if k not in self.head.parameters}}

    @cached_property
    def model(self) -> type[ParameterModel]:
        """The model of the parameters; it reads each value as an RDF term."""
        fields = {name: _declare(name, parameter) for name, parameter in self.parameters.items()}
        return make_model(self.name, StrictParameters, fields)

    @cached_property
    def _variables(self) -> list[tuple[str, str]]:
        """The field of each parameter in the model, and its variable in the query."""
        return [(field_name(name), f"?{parameter.variable or name}") for name, parameter in self.parameters.items()]

    @cached_property
    def _pieces(self) -> list[str]:
        """The text between the VALUES blocks."""
        return [self.text[: self.place] + " ", *_REPEAT.split(self.text[self.place :])]

    @property
    def example(self) -> dict[str, str]:
        """The parameters that a request must contain, with the values of their examples."""
        return {
            name: parameter.example
            for name, parameter in self.head.parameters.items()
            if parameter.example is not None and (not parameter.optional or name in self.head.either[:1])
        }

    def bind(self, given: Mapping[str, Sequence[str]]) -> str:
        """Binds the parameters of a request and returns the query.

        Args:
            given: the values of each parameter as the client sent them.
        Raises:
            ParameterError: a parameter is malformed, unknown, repeated or missing.
        """
        texts = {name: values[0] if len(values) == 1 else list(values) for name, values in given.items()}
        return self.bind_values(self.model.read(texts))

    def bind_values(self, parameters: ParameterModel) -> str:
        """Binds values that `model`, or a model that extends it, has read.

        Raises:
            ParameterError: none of the parameters is given of which one is needed.
        """
        values = vars(parameters)
        either = self.head.either
        if either and all(values[field_name(name)] is None for name in either):
            raise ParameterError(
                either[0],
                N_(
                    "or %(others)s is needed by %(query)s, and none is given. Such as %(example)s.",
                    others=one_of(either[1:]),
                    query=self.name,
                    example="=".join((either[0], str(self.parameters[either[0]].example))),
                ),
            )
        return self.bind_terms(
            {variable: term for field, variable in self._variables if (term := values[field]) is not None}
        )

    def bind_terms(self, terms: Mapping[str, NamedNode | Literal]) -> str:
        """Binds terms to variables, each with its question mark; the others stay unbound."""
        block = f"VALUES ({' '.join(terms)}) {{ ({' '.join(map(str, terms.values()))}) }}"
        first, *others = self._pieces
        return first + block + block.join(others)


def _declare(name: str, parameter: Parameter) -> DeclaredField:
    """The field of a parameter; an absent language is the first one."""
    description = " ".join(filter(None, [parameter.description, parameter.is_ and f"A {parameter.is_}."]))
    schema: dict[str, Any] = {"type": "integer" if parameter.type == "integer" else "string"}
    example: str | int | None = parameter.example
    default = None
    if parameter.type == "integer" and example is not None:
        example = int(example)
    elif parameter.type == "iri":
        schema["format"] = "iri"
    elif parameter.type == "lang":
        schema, example, default = {**schema, "enum": list(LANGUAGES)}, None, LANGUAGES[0]
    if parameter.pattern:
        schema["pattern"] = parameter.pattern
    return declare(
        name, partial(read_value, parameter), schema, description, example, default, optional=parameter.optional
    )


def load_queries(folder: Path) -> dict[str, NamedQuery]:
    """Reads the named queries of a folder, in the order of their names.

    Raises:
        DataError: a head, query or example is invalid; the message names file and line.
    """
    return {path.stem: load_query(path, f"{folder.name}/{path.name}") for path in sorted(folder.glob("*.rq"))}


def load_query(path: Path, file: str) -> NamedQuery:
    """Loads one query; `file` is its name in messages.

    Raises:
        DataError: see load_queries.
    """
    text = path.read_text(encoding="utf-8")
    head = parse_head(text, file)
    query = NamedQuery(path.stem, head, text, _values_place(text, head, file))
    for name, parameter in query.parameters.items():
        if parameter.example is not None:
            try:
                read_term(name, parameter, parameter.example)
            except ParameterError as error:
                raise _problem(file, 1, f"the example cannot be used. {error}") from error
    return query


def read_term(name: str, parameter: Parameter, value: str) -> NamedNode | Literal:
    """Reads the value of a parameter as an RDF term.

    Raises:
        ParameterError: the value does not match the type; the message describes a valid one.
    """
    try:
        return read_value(parameter, value)
    except ValueError as error:
        raise ParameterError(name, error.args[0]) from error


def read_value(parameter: Parameter, value: str) -> NamedNode | Literal:
    """Reads a value as `read_term` does, but raises ValueError, with the message about the value."""
    term = _READERS[parameter.type](value)
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        said, pattern = Quoted(value), parameter.pattern
        raise ValueError(
            N_(
                "%(value)s does not have the form %(pattern)s, such as %(example)s.",
                value=said,
                pattern=pattern,
                example=parameter.example,
            )
            if parameter.example
            else N_("%(value)s does not have the form %(pattern)s.", value=said, pattern=pattern)
        )
    return term


def read_iri(value: str) -> NamedNode:
    """Reads an absolute IRI; raises ValueError with the message about it."""
    try:
        return NamedNode(value)
    except ValueError as error:
        raise ValueError(
            N_("%(value)s is not an absolute IRI: %(reason)s.", value=Quoted(value), reason=English(error))
        ) from error


def _iri_or_code(value: str) -> NamedNode:
    code = value.lower()
    if _SDG_CODE.fullmatch(code):
        return NamedNode(SDG + code)
    if ":" not in value:
        raise ValueError(
            N_("%(value)s is neither a UN code such as 11.6 or 11.a nor an absolute IRI.", value=Quoted(value))
        )
    return read_iri(value)


def _integer(value: str) -> Literal:
    if not _INTEGER.fullmatch(value):
        raise ValueError(N_("%(value)s is not a whole number such as 7.", value=Quoted(value)))
    return Literal(value, datatype=XSD_INTEGER)


def _code(value: str) -> Literal:
    if not _CODE.fullmatch(value):
        raise ValueError(N_("%(value)s is not a code of letters, digits and . _ / -.", value=Quoted(value)))
    return Literal(value)


def _lang(value: str) -> Literal:
    if value not in LANGUAGES:
        raise ValueError(
            N_("%(value)s is not offered; use one of: %(choices)s.", value=Quoted(value), choices=Listed(LANGUAGES))
        )
    return Literal(value)


def _string(value: str) -> Literal:
    if _CONTROL.search(value):
        raise ValueError(N_("holds a control character."))
    if len(value) > _LONGEST_STRING:
        raise ValueError(
            N_(
                "has %(count)s characters, the limit is %(limit)s.",
                count=len(value),
                limit=_LONGEST_STRING,
            )
        )
    return Literal(value)


_READERS: dict[str, Callable[[str], NamedNode | Literal]] = {
    "iri": read_iri,
    "iri-or-code": _iri_or_code,
    "integer": _integer,
    "code": _code,
    "lang": _lang,
    "string": _string,
}


def _problem(file: str, line: int, what: str) -> DataError:
    return DataError([in_file(file, line, f"Spørringen kan ikke brukes: {what}", f"The query: {what}")])


def _values_place(text: str, head: QueryHead, file: str) -> int:
    """Checks the projection against the head, and returns the offset after the `{` of the outermost WHERE."""
    try:
        query = read(text)
    except RequestError as error:
        line = error.place.line if isinstance(error, QuerySyntaxError) else 1
        raise _problem(file, line, str(error)) from error
    line = query.place(query.tree).line
    if query.tree.form != "SELECT":
        raise _problem(file, line, "a named query is a SELECT.")
    projected = [item.name for item in query.tree.items]
    if projected != list(head.selected):
        gives, says = ", ".join(projected) or "*", ", ".join(head.selected)
        raise _problem(file, line, f"SELECT gives {gives}, the head's columns are {says}.")
    return query.source.original_offset(query.tree.where.start + 1)
