"""Reads the table that an endpoint sends, in JSON, and writes the answer of a query from it.

Literals get the forms of the embedded engine, and the bytes are those that it writes. A table that ends early is no
JSON, which the reader reports.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import IO, cast

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolution,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)

from plangraf.engines.answer_filters import Output, UnwritableError, filtered
from plangraf.engines.remote.forms import Term, embedded_form
from plangraf.engines.remote.kinds import OTHER, Kind
from plangraf.engines.remote.placed_query import TOO_DEEP, PlacedQuery, Template, TemplateTerm
from plangraf.rdf.bindings_writer import BindingsWriter
from plangraf.rdf.formats import CSV, Format
from plangraf.rdf.literals import XSD

_TOO_DEEP = NamedNode(TOO_DEEP)
_TRUE = frozenset(
    {Literal("true", datatype=NamedNode(f"{XSD}boolean")), Literal("1", datatype=NamedNode(f"{XSD}integer"))}
)
# Bytes of rows that are written at once.
_PIECE = 16 * 1024


class NotATableError(ValueError):
    """The bytes are no whole SPARQL results in JSON; the message says what is wrong with them."""


def write_answer(body: IO[bytes], format_: Format, placed: PlacedQuery, output: Output, kind: Kind = OTHER) -> None:
    """Reads a table and writes it in a format; with a template, the graph that its rows make.

    Raises:
        NotATableError: it is no table, or ends early. What was written so far is a beginning of the answer.
        UnwritableError: the format cannot hold the answer.
    """
    found = triples = None
    written = filtered(output, format_.writer)
    try:
        found = parse_query_results(kind.readable(body), QueryResultsFormat.JSON)
        if placed.asks:
            found = _boolean(found, kind)
        if placed.template is None:
            assert isinstance(format_.writer, QueryResultsFormat)
            if isinstance(found, QuerySolutions) and (format_ == CSV or not kind.like_ours):
                _write_rows(found, format_, written)
            else:
                found.serialize(cast(IO[bytes], written), format_.writer)
        else:
            assert isinstance(format_.writer, RdfFormat)
            if isinstance(found, QueryBoolean):
                raise NotATableError("it is a boolean instead of a table")
            triples = graph(found, placed.template)
            serialize(triples, cast(IO[bytes], written), format_.writer)
        written.finish()
    except UnwritableError as error:
        raise error.with_traceback(None) from None
    except (SyntaxError, ValueError) as error:
        raise NotATableError(str(error)) from error.with_traceback(None)
    except Exception as error:
        raise error.with_traceback(None) from None
    finally:
        # The reader must end in the thread that made it, and a traceback would hold it.
        if triples is not None:
            triples.close()
        del found, triples


def _boolean(found: QueryBoolean | QuerySolutions, kind: Kind) -> QueryBoolean:
    """The answer of ASK, also of an endpoint that says it as a table of one cell."""
    if isinstance(found, QueryBoolean):
        return found
    names = [variable.value for variable in found.variables]
    if not kind.ask_column or names != [kind.ask_column]:
        raise NotATableError("it is a table instead of a boolean")
    # Without a row nothing matched.
    said = any(row[kind.ask_column] in _TRUE for row in found)
    text = b'{"head":{},"boolean":true}' if said else b'{"head":{},"boolean":false}'
    return cast(QueryBoolean, parse_query_results(text, QueryResultsFormat.JSON))


def _write_rows(rows: QuerySolutions, format_: Format, output: Output) -> None:
    names = [variable.value for variable in rows.variables]
    writer = BindingsWriter.of(names, format_)
    before, after = writer.row
    waiting = bytearray(writer.head)
    between = b""
    for row in rows:
        cells = [(name, None if term is None else embedded_form(term)) for name, term in zip(names, row, strict=True)]
        waiting += between + before + writer.cells(cells) + after
        between = writer.between_rows
        if len(waiting) >= _PIECE:
            output.write(bytes(waiting))
            waiting.clear()
    output.write(bytes(waiting) + writer.end)


def graph(rows: QuerySolutions, template: Template) -> Generator[Triple]:
    """The triples of a CONSTRUCT, each once; a triple with an unbound or misplaced term is left out.

    Follows https://www.w3.org/TR/sparql11-query/#construct.
    """
    constants = {term: _constant(term) for triple in template for term in triple if term.kind in ("iri", "literal")}
    seen: set[Triple] = set()
    for row in rows:
        fresh: dict[str, BlankNode] = {}
        for pattern in template:
            terms = [_value(term, row, constants, fresh) for term in pattern]
            subject, predicate, object_ = terms
            if predicate == _TOO_DEEP:
                raise NotATableError("what it describes goes on over too many blank nodes")
            if (
                isinstance(subject, NamedNode | BlankNode)
                and isinstance(predicate, NamedNode)
                and isinstance(object_, NamedNode | BlankNode | Literal)
                and (triple := Triple(subject, predicate, object_)) not in seen
            ):
                seen.add(triple)
                yield triple


def _value(
    term: TemplateTerm, row: QuerySolution, constants: dict[TemplateTerm, Term], fresh: dict[str, BlankNode]
) -> object:
    if term.kind == "variable":
        found = row[term.text]
        return found if found is None else embedded_form(cast(Term, found))
    if term.kind == "blank":
        return fresh.setdefault(term.text, BlankNode())
    return constants[term]


def _constant(term: TemplateTerm) -> Term:
    if term.kind == "iri":
        return NamedNode(term.text)
    (quad,) = parse(f"<urn:s> <urn:p> {term.text} .".encode(), RdfFormat.TURTLE)
    assert isinstance(quad.object, Literal)
    return embedded_form(quad.object)


class Whole:
    """An output that keeps all that is written to it."""

    def __init__(self) -> None:
        self._kept = io.BytesIO()

    def write(self, data: bytes) -> int:
        return self._kept.write(data)

    def flush(self) -> None:
        """Does nothing, because nothing waits."""

    def finish(self) -> None:
        """Does nothing, because nothing waits."""

    def getvalue(self) -> bytes:
        return self._kept.getvalue()
