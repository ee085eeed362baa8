"""The union of the graphs to check, indexed by subject and as a store, and the check queries over it.

It decides whether a literal is well-typed and how terms compare, where all SHACL processors agree. For a rare form, or
one that processors treat differently, it raises UnsureError, and pySHACL validates the node.

The queries of queries/checks/ must return no row. A check is a SELECT with the focus node in its first column. Its head
states the meaning of a row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file, in_order
from plangraf.rdf.line_file import LineFile
from plangraf.rdf.namespaces import PREFIXES, compact
from plangraf.rdf.quad_lines import QuadLines, Queried, mentioning, parsed, starting
from plangraf.sources.turtle import Locate
from plangraf.sparql.named.head import parse_head

Term = NamedNode | BlankNode | Literal | Triple

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_SUBCLASS_OF = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_XSD = PREFIXES["xsd"]
_STRING = _XSD + "string"
_RDF = PREFIXES["rdf"]
_LANG_STRING = _RDF + "langString"
_DATE = _XSD + "date"
_YEAR = "(?!0000)[0-9]{4}"
_WELL_TYPED = {
    _STRING: re.compile("(?s:.*)"),
    _XSD + "integer": re.compile("[+-]?[0-9]{1,30}"),
    _XSD + "decimal": re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?"),
    _XSD + "boolean": re.compile("true|false"),
    _XSD + "gYear": re.compile(_YEAR),
    _XSD + "gYearMonth": re.compile(f"{_YEAR}-(0[1-9]|1[0-2])"),
    _XSD + "gMonth": re.compile("--(0[1-9]|1[0-2])"),
    _XSD + "gMonthDay": re.compile("--(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])|--(0[13-9]|1[0-2])-30|--(0[13578]|1[02])-31"),
    _DATE: re.compile(f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"),
    _XSD + "duration": re.compile("P(?=[0-9])([0-9]{1,4}Y)?([0-9]{1,4}M)?([0-9]{1,4}D)?"),
}


Properties = Mapping[NamedNode, set[Term]]
"""Predicate → objects, of one subject."""
# Things that are read from a file of lines and remembered: those of one dataset refer to each other.
_MOST_REMEMBERED = 10_000


class _ReadSubjects(Mapping[Term, Properties]):
    """Subject → predicate → objects, read from sorted lines at each question."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines
        self._read = lru_cache(_MOST_REMEMBERED)(self._parsed)

    def __getitem__(self, subject: Term) -> Properties:
        if not (found := self._read(subject)):
            raise KeyError(subject)
        return found

    def get(self, subject: Term, default: Any = None) -> Any:
        return self._read(subject) or default

    def __iter__(self) -> Iterator[Term]:
        return (subject for subject, _ in groupby(parsed(self._lines), attrgetter("subject")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def with_predicate(self, predicate: NamedNode) -> Iterator[tuple[Term, Collection[Term]]]:
        """Each subject that has the predicate, with all its objects."""
        named = (quad for quad in mentioning(QuadLines(self._lines), predicate) if quad.predicate == predicate)
        for subject, quads in groupby(named, attrgetter("subject")):
            yield subject, {quad.object for quad in quads}

    def _parsed(self, subject: Term) -> Properties:
        found: dict[NamedNode, set[Term]] = {}
        for quad in parsed(starting(self._lines, f"{subject} ".encode())):
            found.setdefault(quad.predicate, set()).add(quad.object)
        return found


class DataGraph:
    """The unique triples of quads.

    Args:
        quads: the quads. Those of a file of lines are read as they are needed.
        store: a store of them as `store` describes it, where one is loaded already.
    """

    def __init__(self, quads: Collection[Quad], store: Queried | None = None) -> None:
        self.quads = quads
        self._loaded = store
        self._instances: dict[Term, frozenset[Term]] = {}

    @property
    def is_read_late(self) -> bool:
        """Whether each thing is read from a file: neighbours in the order of their IRIs cost least."""
        return isinstance(self.quads, QuadLines) and isinstance(self.quads.lines, LineFile)

    @cached_property
    def by_subject(self) -> Mapping[Term, Properties]:
        """Subject → predicate → objects."""
        if self.is_read_late:
            assert isinstance(self.quads, QuadLines)
            return _ReadSubjects(self.quads.lines)
        found: dict[Term, dict[NamedNode, set[Term]]] = {}
        for subject, predicate, value, _ in self.quads:
            properties = found.get(subject)
            if properties is None:
                found[subject] = {predicate: {value}}
            elif (values := properties.get(predicate)) is None:
                properties[predicate] = {value}
            else:
                values.add(value)
        return found

    @cached_property
    def store(self) -> Queried:
        """A store with the named graphs, and with their union without duplicates as the default graph."""
        if self._loaded is not None:
            return self._loaded
        store = pyoxigraph.Store()
        store.bulk_extend(self.quads)
        store.bulk_extend(
            Quad(subject, predicate, value)  # type: ignore[arg-type]  # a subject is not a literal
            for subject, properties in self.by_subject.items()
            for predicate, values in properties.items()
            for value in values
        )
        return store

    def objects(self, subject: Term, predicate: NamedNode) -> Collection[Term]:
        properties = self.by_subject.get(subject)
        return properties.get(predicate, ()) if properties else ()

    def subject_objects(self, predicate: NamedNode) -> Iterator[tuple[Term, Collection[Term]]]:
        """Each subject that has the predicate, with all its objects."""
        if isinstance(self.by_subject, _ReadSubjects):
            return self.by_subject.with_predicate(predicate)
        return (
            (subject, properties[predicate])
            for subject, properties in self.by_subject.items()
            if predicate in properties
        )

    def instances(self, class_: Term) -> frozenset[Term]:
        """The SHACL instances of a class: things of the class or one of its subclasses."""
        known = self._instances.get(class_)
        if known is None:
            members = (self._members.get(one, ()) for one in self._with_subclasses(class_))
            known = self._instances[class_] = frozenset().union(*members)
        return known

    @cached_property
    def _members(self) -> dict[Term, set[Term]]:
        return _invert(self.subject_objects(_TYPE))

    @cached_property
    def _subclasses(self) -> dict[Term, set[Term]]:
        return _invert(self.subject_objects(_SUBCLASS_OF))

    def _with_subclasses(self, class_: Term) -> set[Term]:
        found, waiting = {class_}, [class_]
        while waiting:
            new = self._subclasses.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found


def _invert(pairs: Iterator[tuple[Term, Collection[Term]]]) -> dict[Term, set[Term]]:
    found: dict[Term, set[Term]] = {}
    for subject, values in pairs:
        for value in values:
            found.setdefault(value, set()).add(subject)
    return found


class UnsureError(Exception):
    """Processors may disagree about the term, so pySHACL must validate the node."""


def text(term: Term) -> str | None:
    """The text of an IRI or literal, as STR() gives it; None for a blank node."""
    return term.value if isinstance(term, NamedNode | Literal) else None


def has_datatype(term: Term, datatype: str) -> bool:
    """Whether a term is a well-typed literal of the datatype.

    Raises:
        UnsureError: the lexical form is not one of the plain ones.
    """
    if not isinstance(term, Literal) or term.datatype.value != datatype:
        return False
    if datatype == _LANG_STRING or not datatype.startswith((_XSD, _RDF)):
        return True  # every lexical form is valid for a datatype that SPARQL does not know
    plain = _WELL_TYPED.get(datatype)
    if plain is None or not plain.fullmatch(term.value):
        raise UnsureError
    if datatype == _DATE:
        _day(term.value)
    return True


def comparable(term: Term) -> tuple[str, Decimal | str]:
    """The kind and the sort key of a term. Terms of equal kind compare by their keys.

    Raises:
        UnsureError: processors may compare the term differently.
    """
    if isinstance(term, NamedNode):
        return "text", term.value
    if isinstance(term, BlankNode) or not isinstance(term, Literal):
        raise UnsureError
    datatype = term.datatype.value
    if term.language or datatype == _STRING:
        return "text", term.value
    if datatype in (_XSD + "integer", _XSD + "decimal") and _WELL_TYPED[datatype].fullmatch(term.value):
        return "number", Decimal(term.value)
    if datatype == _DATE and has_datatype(term, datatype):
        return "date", term.value
    raise UnsureError


def _day(lexical: str) -> None:
    try:
        date.fromisoformat(lexical)
    except ValueError:
        raise UnsureError from None


def check_problems(
    data: DataGraph, files: Sequence[Path], locate: Locate, nodes: Collection[str] | None = None
) -> list[FileDiagnostic]:
    """One problem for each row of each check query.

    Args:
        data: the data to check. The default graph of a check is the union of all graphs, without duplicates.
        files: the check queries.
        locate: gives the place of a thing in the source files, by its IRI.
        nodes: report only rows that name one of these IRIs in any column; None reports all rows.
    """
    found: list[FileDiagnostic] = []
    for file in files:
        found += _check(data.store, file, locate, nodes)
    return in_order(found)


def _check(store: Queried, file: Path, locate: Locate, nodes: Collection[str] | None) -> Iterable[FileDiagnostic]:
    name, query = f"queries/checks/{file.name}", file.read_text(encoding="utf-8")
    try:
        head = parse_head(query, name)
    except DataError as error:
        yield from error.problems
        return
    try:
        rows = store.query(query)
        if not isinstance(rows, pyoxigraph.QuerySolutions):
            raise RuntimeError("it is no SELECT query")
        columns = [variable.value for variable in rows.variables]
        solutions = [[solution[column] for column in columns] for solution in rows]
    except (SyntaxError, RuntimeError, ValueError, OSError) as error:
        line = re.search(r"error at (\d+):", str(error))
        yield in_file(
            name,
            int(line[1]) if line else None,
            f"Kontrollen kan ikke kjøres: {error}",
            f"The check cannot be run: {error}",
        )
        return
    for values in solutions:
        if nodes is not None and not any(getattr(value, "value", None) in nodes for value in values):
            continue
        focus = values[0].value if values and isinstance(values[0], pyoxigraph.NamedNode) else None
        place = locate(focus) if focus else None
        detail = ", ".join(
            f"{column} {compact(value.value) if isinstance(value, pyoxigraph.NamedNode) else value}"
            for column, value in zip(columns[1:], values[1:], strict=True)
            if value is not None
        )
        detail = f" [{detail}]" if detail else ""
        yield in_file(
            place.file if place else name,
            place.line if place else None,
            f"Kontrollen {file.stem}: {head.summary_nb or head.summary}{detail}",
            f"Check {file.stem}: {head.summary}{detail}",
            focus,
            name,
        )
