"""Decides whether a literal is well-typed and how terms compare, where all SHACL processors agree.

For a rare form, or one that processors treat differently, it raises UnsureError, and pySHACL validates the node.
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
