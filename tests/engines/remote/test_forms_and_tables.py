"""What is read from an endpoint's table, whatever its dialect, is written as the embedded engine writes it."""

from __future__ import annotations

import io

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, Store, parse_query_results

from example_counts import examples
from plangraf.engines.answer_filters import UnwritableError, not_in_xml
from plangraf.engines.remote.credentials import digest_of, headers_of
from plangraf.engines.remote.forms import _kept, embedded_form
from plangraf.engines.remote.kinds import OTHER, Kind, kind_of, stored_datatype
from plangraf.engines.remote.placed_query import PlacedQuery, TemplateTerm
from plangraf.engines.remote.static_faults import static_fault
from plangraf.engines.remote.tables import NotATableError, Whole, write_answer
from plangraf.publish.graph_digests import Digest
from plangraf.rdf import formats
from plangraf.rdf.literals import XSD

VIRTUOSO = kind_of({"server": "Virtuoso/07.20.3229 (Linux)"})
TABLE = PlacedQuery("")
_TYPES = st.sampled_from(
    ["integer", "decimal", "double", "boolean", "date", "dateTime", "gYear", "duration", "int", "string"]
)
_LEXICALS = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,4}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.sampled_from(
        ["true", "1", "0", "2020-02-30", "2020-05-06", "2020-05-06T10:00:00.000+00:00", "P1Y0M", "INF", "x"]
    ),
    st.sampled_from(["1_000", " 1 ", "2020+00:00", "-0", "+0.0", "1e400", "NaN", "-INF", ""]),
)


def answer(table: str, format_: formats.Format, placed: PlacedQuery = TABLE, kind: Kind = OTHER) -> bytes:
    out = Whole()
    write_answer(io.BytesIO(table.encode()), format_, placed, out, kind)
    return out.getvalue()


def rows(*cells: str) -> str:
    bindings = ",".join(f'{{"x":{cell}}}' for cell in cells)
    return f'{{"head":{{"vars":["x"]}},"results":{{"bindings":[{bindings}]}}}}'


@examples(300)
@given(_LEXICALS, _TYPES)
def test_a_literal_gets_the_form_in_which_the_embedded_engine_keeps_it(lexical: str, name: str) -> None:
    literal = Literal(lexical, datatype=NamedNode(XSD + name))
    assert embedded_form(literal) == _kept(lexical, XSD + name)


@pytest.mark.parametrize(
    ("lexical", "name", "wanted"),
    [("1.0", "decimal", "1"), ("1.0E3", "double", "1000"), ("1", "boolean", "true"), ("P1Y0M", "duration", "P1Y")],
)
def test_numbers_and_dates_of_other_engines_are_respelt(lexical: str, name: str, wanted: str) -> None:
    cell = f'{{"type":"typed-literal","datatype":"{XSD}{name}","value":"{lexical}"}}'
    assert answer(rows(cell), formats.CSV) == f"x\r\n{wanted}\r\n".encode()


_TERMS = st.one_of(
    st.builds(NamedNode, st.from_regex(r"http://e\.org/[a-z,]{0,5}", fullmatch=True)),
    st.builds(BlankNode, st.from_regex("[a-z]{1,4}", fullmatch=True)),
    st.builds(Literal, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)),
    st.builds(lambda text: Literal(text, language="nb"), st.text("æ\"'<&\n\t ", max_size=6)),
    st.builds(Literal, st.integers()),
    st.builds(Literal, st.booleans()),
    st.none(),
)


@examples(150)
@given(st.lists(_TERMS, max_size=4), st.sampled_from([formats.JSON, formats.XML, formats.TSV]))
def test_rows_are_written_with_the_bytes_of_pyoxigraph(
    terms: list[NamedNode | BlankNode | Literal | None], format_: formats.Format
) -> None:
    values = " ".join("UNDEF" if term is None or isinstance(term, BlankNode) else str(term) for term in terms)
    table = Store().query(f"SELECT ?x {{ VALUES ?x {{ {values} }} }}").serialize(format=QueryResultsFormat.JSON)
    assert table is not None
    assert isinstance(format_.writer, QueryResultsFormat)
    wanted = parse_query_results(table, QueryResultsFormat.JSON).serialize(format=format_.writer)
    assert answer(table.decode(), format_) == wanted


def test_labels_of_blank_nodes_have_no_scheme_wherever_the_pieces_are_cut() -> None:
    node = '{ "type": "bnode", "value": "nodeID://b10000" }'
    text = '{ "type": "literal", "value": "\\"type\\": \\"bnode\\", \\"value\\": \\"nodeID://b1" }'
    table = rows(*[node, text] * 3_000)

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(97)

    out = Whole()
    write_answer(Slow(table.encode()), formats.TSV, TABLE, out, VIRTUOSO)
    lines = out.getvalue().decode().splitlines()[1:]
    assert set(lines[::2]) == {"_:b10000"}
    assert len(lines) == 6_000
    assert all("nodeID://b1" in line for line in lines[1::2])


@pytest.mark.parametrize(("said", "wanted"), [("1", b"true"), ("0", b"false")])
def test_a_table_that_stands_for_a_boolean_is_one(said: str, wanted: bytes) -> None:
    cell = f'{{"type":"typed-literal","datatype":"{XSD}integer","value":"{said}"}}'
    table = rows(cell).replace('"x"', '"__ASK_RETVAL"')
    found = answer(table, formats.JSON, PlacedQuery("", asks=True), VIRTUOSO)
    assert found == b'{"head":{},"boolean":' + wanted + b"}"
    with pytest.raises(NotATableError, match="a table instead of a boolean"):
        answer(table, formats.JSON, PlacedQuery("", asks=True))


def test_a_duration_stands_under_a_name_of_ours_where_the_store_would_change_it() -> None:
    line = f'<urn:s> <urn:p> "P1Y"^^<{XSD}duration> .'.encode()
    stored = VIRTUOSO.storable(line)
    assert stored == f'<urn:s> <urn:p> "P1Y"^^<{stored_datatype(XSD + "duration")}> .'.encode()
    assert OTHER.storable(line) == line
    assert embedded_form(Literal("P1Y", datatype=NamedNode(stored_datatype(XSD + "duration")))) == Literal(
        "P1Y", datatype=NamedNode(XSD + "duration")
    )
    assert embedded_form(NamedNode(stored_datatype(XSD + "duration"))) == NamedNode(XSD + "duration")


def test_xml_that_no_reader_takes_is_refused() -> None:
    with pytest.raises(UnwritableError) as caught:
        answer(rows('{"type":"literal","value":"a\\u0001b"}'), formats.XML)
    assert "control character" in str(not_in_xml(caught.value.predicate))
    variable = TemplateTerm("variable", "x")
    template = ((TemplateTerm("iri", "http://e/s"), TemplateTerm("iri", "http://e/1"), variable),)
    with pytest.raises(UnwritableError) as caught:
        answer(rows('{"type":"uri","value":"http://e/o"}'), formats.RDF_XML, PlacedQuery("", template))
    assert "predicate <http://e/1>" in str(not_in_xml(caught.value.predicate))


def test_json_ld_has_types_as_keywords() -> None:
    type_ = TemplateTerm("iri", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    template = ((TemplateTerm("variable", "x"), type_, TemplateTerm("iri", "http://e/C")),)
    found = answer(rows('{"type":"uri","value":"http://e/o"}'), formats.JSON_LD, PlacedQuery("", template))
    assert found == b'[{"@id":"http://e/o","@type":["http://e/C"]}]'


@pytest.mark.parametrize(
    ("secret", "sent", "digest"),
    [
        ("", {}, False),
        ("Basic YTpi", {"Authorization": "Basic YTpi"}, False),
        ("Digest dba:pa=ss:word", {}, True),
        ('Digest username="a", realm="b:c"', {"Authorization": 'Digest username="a", realm="b:c"'}, False),
    ],
)
def test_a_digest_answers_a_challenge_and_other_credentials_are_sent(
    secret: str, sent: dict[str, str], digest: bool
) -> None:
    assert headers_of(secret) == sent
    assert isinstance(digest_of(secret), httpx.DigestAuth) is digest


def test_a_digest_does_not_depend_on_order_and_sees_each_change() -> None:
    lines = [
        b"<urn:s> <urn:p> _:a .",
        b'<urn:s> <urn:p> "1.0"^^<%bdecimal> .' % XSD.encode(),
        b'<urn:s> <urn:p> "x"@nb .',
    ]

    def of(*chosen: bytes) -> Digest:
        found = Digest()
        for line in chosen:
            found.add([line])
        return found

    assert of(*lines) == of(*reversed(lines))
    assert of(*lines) == of(lines[0].replace(b"_:a", b"_:z"), lines[1].replace(b"1.0", b"1"), lines[2])
    assert of(*lines) != of(lines[0], lines[1], lines[2].replace(b"@nb", b""))
    assert of(*lines) != of(*lines, lines[2])


def test_a_fault_that_no_data_mend_is_found_before_the_endpoint_is_asked() -> None:
    assert "a variable that is unbound" in static_fault("SELECT ?s WHERE { ?s ?p ?o } GROUP BY ?o", "http://e/")
    assert static_fault("SELECT ?s WHERE { ?s ?p ?o }", "http://e/") == ""
    many = " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(100)))} }}" for n in range(9))
    assert static_fault(f"ASK {{ {many} FILTER(?v0 > 1000) }}", "http://e/") == ""
