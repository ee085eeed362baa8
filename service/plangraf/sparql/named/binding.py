"""Loads named queries, one `.rq` file each, and binds their parameters as RDF terms.

A VALUES block after the first `{` of the outermost WHERE binds the parameters, because every SPARQL 1.1 engine
supports it and no text of a request enters the query. Each line `#@ parameters` receives the same block, because an
engine evaluates a branch of a UNION or a sub-SELECT before it joins it. An absent optional parameter stays unbound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from plangraf.diagnostics.diagnostic import DataError, in_file
from plangraf.errors import ParameterError, QuerySyntaxError, RequestError
from plangraf.rdf.namespaces import SDG
from plangraf.sparql.named.head import Parameter, QueryHead, parse_head
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


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """One named query. `name` is the stem of the file, `place` the offset of the VALUES block in `text`."""

    name: str
    head: QueryHead
    text: str
    place: int

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters that a request may contain, those of the head first."""
        return {**self.head.parameters, **{k: v for k, v in COMMON.items() if k not in self.head.parameters}}

    def bind(self, given: Mapping[str, Sequence[str]]) -> str:
        """Binds the parameters of a request and returns the query.

        Args:
            given: the values of each parameter as the client sent them.
        Raises:
            ParameterError: a parameter is malformed, unknown, repeated or missing.
        """
        known = self.parameters
        for name, values in given.items():
            if name not in known:
                raise ParameterError(name, f"is not known to {self.name}. It takes: {', '.join(sorted(known))}.")
            if len(values) != 1:
                raise ParameterError(name, f"is given {len(values)} times. Give it once.")
        terms: dict[str, NamedNode | Literal] = {}
        for name, parameter in known.items():
            if name in given:
                terms[name] = read_term(name, parameter, given[name][0])
            elif name == "lang":
                terms[name] = Literal(LANGUAGES[0])
            elif not parameter.optional:
                example = f" Such as {name}={parameter.example}." if parameter.example else ""
                raise ParameterError(name, f"is needed by {self.name} and missing.{example}")
        names = " ".join(f"?{known[name].variable or name}" for name in terms)
        values = " ".join(str(value) for value in terms.values())
        block = f"VALUES ({names}) {{ ({values}) }}"
        return f"{self.text[: self.place]} {block}{_REPEAT.sub(lambda _: block, self.text[self.place :])}"


def load_queries(folder: Path) -> dict[str, NamedQuery]:
    """Reads the named queries of a folder, in the order of their names.

    Raises:
        DataError: a head, query or example is invalid; the message names file and line.
    """
    found = {}
    for path in sorted(folder.glob("*.rq")):
        file = f"{folder.name}/{path.name}"
        text = path.read_text(encoding="utf-8")
        head = parse_head(text, file)
        query = NamedQuery(path.stem, head, text, _values_place(text, head, file))
        for name, parameter in query.parameters.items():
            if parameter.example is not None:
                try:
                    read_term(name, parameter, parameter.example)
                except ParameterError as error:
                    raise _problem(file, 1, f"the example cannot be used. {error}") from error
        found[path.stem] = query
    return found


def read_term(name: str, parameter: Parameter, value: str) -> NamedNode | Literal:
    """Reads the value of a parameter as an RDF term.

    Raises:
        ParameterError: the value does not match the type; the message describes a valid one.
    """
    term = _READERS[parameter.type](name, value)
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        example = f", such as {parameter.example}" if parameter.example else ""
        raise ParameterError(name, f"{value!r} does not have the form {parameter.pattern}{example}.")
    return term


def _iri(name: str, value: str) -> NamedNode:
    try:
        return NamedNode(value)
    except ValueError as error:
        raise ParameterError(name, f"{value!r} is not an absolute IRI: {error}.") from error


def _iri_or_code(name: str, value: str) -> NamedNode:
    code = value.lower()
    if _SDG_CODE.fullmatch(code):
        return NamedNode(SDG + code)
    if ":" not in value:
        raise ParameterError(name, f"{value!r} is neither a UN code such as 11.6 or 11.a nor an absolute IRI.")
    return _iri(name, value)


def _integer(name: str, value: str) -> Literal:
    if not _INTEGER.fullmatch(value):
        raise ParameterError(name, f"{value!r} is not a whole number such as 7.")
    return Literal(value, datatype=XSD_INTEGER)


def _code(name: str, value: str) -> Literal:
    if not _CODE.fullmatch(value):
        raise ParameterError(name, f"{value!r} is not a code of letters, digits and . _ / -.")
    return Literal(value)


def _lang(name: str, value: str) -> Literal:
    if value not in LANGUAGES:
        raise ParameterError(name, f"{value!r} is not offered; use one of: {', '.join(LANGUAGES)}.")
    return Literal(value)


def _string(name: str, value: str) -> Literal:
    if _CONTROL.search(value):
        raise ParameterError(name, "holds a control character.")
    if len(value) > _LONGEST_STRING:
        raise ParameterError(name, f"has {len(value)} characters, the limit is {_LONGEST_STRING}.")
    return Literal(value)


_READERS: dict[str, Callable[[str, str], NamedNode | Literal]] = {
    "iri": _iri,
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
    if projected != list(head.columns):
        gives, says = ", ".join(projected) or "*", ", ".join(head.columns)
        raise _problem(file, line, f"SELECT gives {gives}, the head's columns are {says}.")
    return query.source.original_offset(query.tree.where.start + 1)
