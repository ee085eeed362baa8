"""Canonical forms of literals: no text makes them fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plangraf.rdf.literals import XSD, canonical

DATATYPES = ("boolean", "integer", "decimal", "double", "gYear", "gYearMonth", "date", "dateTime")
MANY = "1" * 5000


@pytest.mark.parametrize(
    ("lexical", "datatype", "expected"),
    [
        (MANY, "integer", MANY),
        (f"-00{MANY}.50", "decimal", f"-{MANY}.5"),
        (MANY, "double", "INF"),
        ("1e-999999999999", "double", "0.0E0"),
        (MANY, "gYear", None),
        (f"{MANY}-01", "gYearMonth", None),
        (f"{MANY}-01-01", "date", None),
        (f"-{MANY}-12-31T24:00:00", "dateTime", None),
        ("999999999999999999-12-31T24:00:00", "dateTime", "1000000000000000000-01-01T00:00:00"),
        ("-0001-12-31T24:00:00", "dateTime", "0000-01-01T00:00:00"),
        ("0000-02-29", "date", "0000-02-29"),
        ("１２", "integer", None),
        ("٣", "decimal", None),
        ("1_000", "double", None),
        ("1\n", "integer", None),
        ("infinity", "double", None),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_number_of_any_length_has_a_form_or_none(lexical: str, datatype: str, expected: str | None) -> None:
    assert canonical(lexical, XSD + datatype) == expected


@given(st.text(alphabet="0123456789-+:.TZeE²٣", max_size=30), st.sampled_from(DATATYPES))
def test_no_text_makes_a_form_fail(lexical: str, datatype: str) -> None:
    found = canonical(lexical, XSD + datatype)
    assert found is None or canonical(found, XSD + datatype) == found
