"""Reads the table that an endpoint sends, in JSON, and writes the answer of a query from it.

CSV is written here, because pyoxigraph's writer leaves an IRI with a comma bare; the other formats are its own. A table
that ends early is no JSON, which the reader reports.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import IO

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

from plangraf.engines.remote.placed_query import TOO_DEEP, Template, TemplateTerm
from plangraf.rdf.formats import CSV, Format

_TOO_DEEP = NamedNode(TOO_DEEP)
_QUOTED_SIGNS = re.compile(r'[",\r\n]')
Term = NamedNode | BlankNode | Literal


class NotATableError(ValueError):
    """The bytes are no whole SPARQL results in JSON; the message says what is wrong with them."""


def write_answer(body: IO[bytes], format_: Format, template: Template | None, output: IO[bytes]) -> None:
    """Reads a table and writes it in a format; with a template, the graph that its rows make.

    Raises:
        NotATableError: it is no table, or ends early. What was written so far is a beginning of the answer.
    """
    found = triples = None
    try:
        found = parse_query_results(body, QueryResultsFormat.JSON)
        if template is None:
            assert isinstance(format_.writer, QueryResultsFormat)
            if format_ == CSV and isinstance(found, QuerySolutions):
                _write_csv(found, output)
            else:
                found.serialize(output, format_.writer)
        else:
            assert isinstance(format_.writer, RdfFormat)
            if isinstance(found, QueryBoolean):
                raise NotATableError("it is a boolean instead of a table")
            triples = graph(found, template)
            serialize(triples, output, format_.writer)
    except (SyntaxError, ValueError) as error:
        raise NotATableError(str(error)) from error
    finally:
        # The reader must end in the thread that made it, and a traceback would hold it.
        if triples is not None:
            triples.close()
        del found, triples


def _write_csv(rows: QuerySolutions, output: IO[bytes]) -> None:
    """Writes rows as https://www.w3.org/TR/sparql11-results-csv-tsv/#csv says."""
    names = [variable.value for variable in rows.variables]
    output.write((",".join(names) + "\r\n").encode())
    for row in rows:
        output.write((",".join(_cell(row[name]) for name in names) + "\r\n").encode())


def _cell(term: object) -> str:
    match term:
        case None:
            return ""
        case NamedNode(value=text) | Literal(value=text):
            return '"' + text.replace('"', '""') + '"' if _QUOTED_SIGNS.search(text) else text
        case _:
            return str(term)


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
        return row[term.text]
    if term.kind == "blank":
        return fresh.setdefault(term.text, BlankNode())
    return constants[term]


def _constant(term: TemplateTerm) -> Term:
    if term.kind == "iri":
        return NamedNode(term.text)
    (quad,) = parse(f"<urn:s> <urn:p> {term.text} .".encode(), RdfFormat.TURTLE)
    assert isinstance(quad.object, Literal)
    return quad.object
