"""Rows that no engine evaluated have the bytes that the engine writes."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, Store

from plangraf.rdf.bindings_writer import BindingsWriter, Term
from plangraf.rdf.formats import JSON_LD, RESULT_FORMATS, Format

XSD = "http://www.w3.org/2001/XMLSchema#"
WRITTEN = [one for one in RESULT_FORMATS if one.writer]
COLUMNS = ("a", "b", "c")
ROWS: list[tuple[Term | None, Term | None, Term | None]] = [
    (NamedNode("http://example.org/?a=1&b=2"), Literal("text"), None),
    (None, Literal("Æ < ø & \"å\", 'x' > y\tz\nnew"), Literal("norsk", language="nb")),
    (Literal("7", datatype=NamedNode(XSD + "integer")), None, Literal("-0.5", datatype=NamedNode(XSD + "decimal"))),
    (Literal("2020", datatype=NamedNode(XSD + "gYear")), Literal(""), Literal("back\\slash\r\n")),
    (Literal("7."), Literal("1", datatype=NamedNode(XSD + "decimal")), None),
    (NamedNode("http://example.org/a"), Literal("x, y"), Literal("true", datatype=NamedNode(XSD + "boolean"))),
]


def written_by_the_engine(rows: list[tuple[Term | None, ...]], format_: Format) -> bytes:
    values = " ".join(f"({' '.join('UNDEF' if term is None else str(term) for term in row)})" for row in rows)
    found = Store().query(f"SELECT ?a ?b ?c WHERE {{ VALUES (?a ?b ?c) {{ {values} }} }}")
    assert isinstance(found, QuerySolutions)
    assert isinstance(format_.writer, QueryResultsFormat)
    body = found.serialize(format=format_.writer)
    assert body is not None
    return body


@pytest.mark.parametrize("format_", WRITTEN, ids=lambda format_: format_.name)
@pytest.mark.parametrize("number", [0, 1, len(ROWS)])
def test_rows_have_the_bytes_that_the_engine_writes(format_: Format, number: int) -> None:
    writer = BindingsWriter.of(COLUMNS, format_)
    rows = ROWS[:number]
    ours = writer.join([[writer.cells(zip(COLUMNS, row, strict=True))] for row in rows])
    assert ours == written_by_the_engine([*rows], format_)


@pytest.mark.parametrize("format_", WRITTEN, ids=lambda format_: format_.name)
def test_a_row_of_several_groups_of_cells_is_the_same_row(format_: Format) -> None:
    writer = BindingsWriter.of(COLUMNS, format_)
    row = ROWS[5]
    apart = [writer.cells([(name, term)]) for name, term in zip(COLUMNS, row, strict=True)]
    assert writer.join([apart]) == writer.join([[writer.cells(zip(COLUMNS, row, strict=True))]])


def test_a_format_of_triples_has_no_rows() -> None:
    with pytest.raises(ValueError, match="jsonld is not a format of rows"):
        BindingsWriter.of(COLUMNS, JSON_LD)
