"""Terms as Python values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from plangraf.client.typed_values import XSD, Iri, literal, term


@pytest.mark.parametrize(
    ("text", "datatype", "value"),
    [
        ("2020", "gYear", 2020),
        ("-0044", "gYear", -44),
        ("17", "integer", 17),
        ("+017", "nonNegativeInteger", 17),
        ("6.90", "decimal", Decimal("6.90")),
        ("1.5E3", "double", 1500.0),
        ("-INF", "double", float("-inf")),
        (".5e-1", "double", 0.05),
        ("1" * 5000, "decimal", Decimal("1" * 5000)),
        ("true", "boolean", True),
        ("0", "boolean", False),
        ("2020-10-27", "date", date(2020, 10, 27)),
        ("2020-10-27T12:00:00Z", "dateTime", datetime(2020, 10, 27, 12, tzinfo=UTC)),
        ("2020-10-27T12:00:00.250+00:00", "dateTime", datetime(2020, 10, 27, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2020-10", "gYearMonth", "2020-10"),
        ("P4Y", "duration", "P4Y"),
        ("2020", "string", "2020"),
    ],
)
def test_a_literal_has_the_type_of_its_datatype(text: str, datatype: str, value: Any) -> None:
    found = literal(text, XSD + datatype)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("1_000", "integer"),
        ("6,9", "decimal"),
        ("1e3", "decimal"),
        ("NaN", "decimal"),
        ("1_0.5", "double"),
        ("infinity", "double"),
        ("nan", "double"),
        ("１２", "double"),
        ("1" * 5000, "integer"),
        ("٣", "integer"),
        ("1" * 5000, "gYear"),
        ("yes", "boolean"),
        ("2020Z", "gYear"),
        ("20", "gYear"),
        ("2020-02-30", "date"),
        ("-0044-03-15", "date"),
        ("20200101", "date"),
        ("2020-W01-1", "date"),
        ("2020-10-27 12:00:00", "dateTime"),
        ("20201027T120000", "dateTime"),
    ],
)
def test_a_literal_that_does_not_fit_its_datatype_stays_text(text: str, datatype: str) -> None:
    assert literal(text, XSD + datatype) == text


def test_an_iri_a_text_and_a_blank_node_are_told_apart() -> None:
    iri = term({"type": "uri", "value": "https://example.org/"})
    assert isinstance(iri, Iri)
    assert iri == "https://example.org/"
    assert repr(iri) == "Iri('https://example.org/')"
    text = term({"type": "literal", "value": "Miljø", "xml:lang": "nb"})
    assert (text, type(text)) == ("Miljø", str)
    assert term({"type": "bnode", "value": "b0"}) == "_:b0"
