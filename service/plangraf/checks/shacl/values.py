"""What is certain about a term: whether a literal is well-typed, and what it compares with.

Certain means that any SHACL processor agrees. A form that processors read differently raises UnsureError, and so does
one that is rare: pySHACL judges the node then.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.checks.data_graph import Term
from plangraf.rdf.namespaces import PREFIXES

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


class UnsureError(Exception):
    """Nothing certain can be said, so that pySHACL must judge."""


def text(term: Term) -> str | None:
    """The text of an IRI or literal, as STR() gives it; None for a blank node."""
    return term.value if isinstance(term, NamedNode | Literal) else None


def has_datatype(term: Term, datatype: str) -> bool:
    """Whether it is a literal of the datatype and well-typed.

    Raises:
        UnsureError: its lexical form is none of the plain ones.
    """
    if not isinstance(term, Literal) or term.datatype.value != datatype:
        return False
    if datatype == _LANG_STRING or not datatype.startswith((_XSD, _RDF)):
        return True  # of a datatype that SPARQL does not know no lexical form is wrong
    plain = _WELL_TYPED.get(datatype)
    if plain is None or not plain.fullmatch(term.value):
        raise UnsureError
    if datatype == _DATE:
        _day(term.value)
    return True


def comparable(term: Term) -> tuple[str, Decimal | str]:
    """Two terms compare when the first parts are equal; the second parts give their order.

    Raises:
        UnsureError: the term is none of those that compare with certainty.
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
