"""Reads the entries of a list from Turtle by a SPARQL query, after repairs of what published lists get wrong.

The repairs come first, so that the query of a mapping is written for what the file means.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from plangraf.errors import ListError
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sources.lists.entries import Entry, Term, ascii_iri, collect
from plangraf.sources.lists.loading import Content
from plangraf.sources.lists.mapping import FIELDS, Mapping
from plangraf.sources.lists.repairs import Repairs

_DC = "http://purl.org/dc/"
_DC_NAMESPACES = tuple(_DC + name for name in ("terms/", "elements/", "dcmitype/", "dcam/"))
_NORWEGIAN = re.compile("[æøåÆØÅ]")
_WRITTEN_LIST = re.compile(r"\[\s*(['\"]).*\1\s*\]", re.DOTALL)
_DOUBLE = PREFIXES["xsd"] + "double"


def read_store(content: Content, repairs: Repairs) -> Store:
    """The statements of a Turtle file, repaired.

    Raises:
        ListError: it is not Turtle, or is cut off.
    """
    store = Store()
    try:
        quads = parse(content.content, format=RdfFormat.TURTLE, base_iri=content.address, lenient=True)
        store.extend(repaired(quads, repairs))
    except SyntaxError as error:
        line = f" in line {error.lineno}" if error.lineno else ""
        raise ListError(
            f"{content.name} is not complete Turtle: {error.msg}{line}. It may be another file, or a broken download; "
            "fetch it again."
        ) from error
    return store


def repaired(quads: Iterable[Quad], repairs: Repairs) -> Iterator[Quad]:
    """Repairs the statements and counts each repair; an IRI counts once, although many statements may have it."""
    encoded: set[str] = set()

    def node(term: Term) -> Term:
        if not isinstance(term, NamedNode) or term.value.isascii():
            return term
        right = ascii_iri(term.value)
        if term.value not in encoded:
            encoded.add(term.value)
            repairs.add("non-ascii-iri", term.value)
        return NamedNode(right)

    for quad in quads:
        predicate, subject = quad.predicate, node(quad.subject)
        if predicate.value.startswith(_DC) and not predicate.value.startswith(_DC_NAMESPACES):
            predicate = NamedNode(PREFIXES["dcterms"] + predicate.value[len(_DC) :])
            repairs.add("namespace", quad.predicate.value)
        if not isinstance(quad.object, Literal):
            yield Quad(subject, predicate, node(quad.object))  # type: ignore[arg-type]
            continue
        for literal in _literals(quad.object, repairs):
            yield Quad(subject, predicate, literal)  # type: ignore[arg-type]


def rdf_entries(store: Store, mapping: Mapping, repairs: Repairs) -> list[Entry]:
    """The entries that the query of the mapping finds.

    Raises:
        ListError: the query fails, names an unknown field, or finds nothing.
    """
    solutions = _select(store, mapping.read.query or "", "read.query")
    names = [variable.value for variable in solutions.variables]
    unknown = set(names) - FIELDS[mapping.kind]
    if unknown or "thing" not in names:
        raise ListError(
            f"The query of {mapping.slug} selects {', '.join(names)}. Select ?thing and any of "
            f"{', '.join(sorted(FIELDS[mapping.kind] - {'thing'}))}."
        )
    written = {ascii_iri(entry): entry for entry in _as_written(repairs)}
    rows = []
    for solution in solutions:
        thing = solution["thing"]
        if not isinstance(thing, NamedNode):
            raise ListError(f"The query of {mapping.slug} finds {thing}, which has no IRI. Select entries with one.")
        values = {name: solution[name] for name in names if name != "thing" and solution[name] is not None}
        rows.append((written.get(thing.value, thing.value), thing, values))
    if not rows:
        raise ListError(
            f"The query of {mapping.slug} finds nothing in the file. Is it the list that the mapping is for?"
        )
    return collect(rows)


def described_things(store: Store, query: str) -> set[str]:
    """The IRIs of ?thing that a query finds."""
    return {solution["thing"].value for solution in _select(store, query, "described")}


def _select(store: Store, query: str, name: str) -> QuerySolutions:
    try:
        found = store.query(query)
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise ListError(
            f"{name} cannot be evaluated: {' '.join(str(error).split())}. Correct it in the mapping."
        ) from error
    assert isinstance(found, QuerySolutions)
    return found


def _literals(literal: Literal, repairs: Repairs) -> Iterator[Literal]:
    """The literals that one literal means: several for a written list, none for NaN."""
    if literal.datatype.value == _DOUBLE and literal.value == "NaN":
        repairs.add("not-a-number", literal.value)
        return
    values = [literal.value]
    if _WRITTEN_LIST.fullmatch(literal.value) and (unwrapped := _unwrapped(literal.value)) is not None:
        repairs.add("written-list", literal.value)
        values = unwrapped
    language = literal.language
    if language == "en" and any(map(_NORWEGIAN.search, values)):
        repairs.add("language-tag", literal.value)
        language = "nb"
    for value in values:
        yield Literal(value, language=language) if language else Literal(value, datatype=literal.datatype)


def _unwrapped(text: str) -> list[str] | None:
    try:
        found = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(one, str) for one in found) else None


def _as_written(repairs: Repairs) -> list[str]:
    """The IRIs beyond ASCII as they stand in the list."""
    return repairs.entries_of("non-ascii-iri")
