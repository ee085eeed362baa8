"""Rows of an answer as JSON has them, within bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.http.assistants.toolbox import size_of
from plangraf.rdf.namespaces import PREFIXES
from plangraf.views.answer_lines import LineWindow, read_terms

# Characters of one cell.
LONGEST_CELL = 2_000
_XSD = PREFIXES["xsd"]
_INTEGERS = frozenset(
    _XSD + name for name in ("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger")
)
_NUMBERS = frozenset(_XSD + name for name in ("decimal", "double", "float"))
# JSON of other programs holds larger whole numbers only roughly.
_LARGEST_EXACT = 2**53
_TEXTS = frozenset(("iri", "string", "code", "lang-string"))


def read_rows(window: LineWindow, types: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows of a window over SPARQL TSV: the bound cells by column, IRIs and texts as text, numbers as numbers.

    Args:
        window: over a whole body, or over a part that was cut at a line.
        types: by column, the types that the head of a named query declares; a text among them stays text.
    """
    columns, found = read_terms(window)
    rows = []
    for terms in found:
        cells = zip(columns, terms, strict=True)
        rows.append(
            {
                name: _plain(term, as_text=types is not None and types.get(name) in _TEXTS)
                for name, term in cells
                if term is not None
            }
        )
    return rows


def _plain(term: object, *, as_text: bool) -> Any:
    if isinstance(term, NamedNode):
        return term.value
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    if not isinstance(term, Literal):
        return str(term)
    text = term.value if len(term.value) <= LONGEST_CELL else f"{term.value[:LONGEST_CELL]}…"
    if as_text or term.language is not None:
        return text
    return _number(term.value, term.datatype.value, text)


def _number(text: str, datatype: str, otherwise: str) -> Any:
    """A typed literal as JSON has it; the text where that would change it."""
    try:
        if datatype in _INTEGERS:
            return number if abs(number := int(text)) <= _LARGEST_EXACT else otherwise
        if datatype in _NUMBERS and Decimal(repr(float(text))) == Decimal(text):
            return float(text)
    except (ValueError, InvalidOperation, OverflowError):
        return otherwise
    if datatype == _XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, otherwise)
    return otherwise


def fit(rows: Sequence[Any], most_bytes: int) -> int:
    """How many of the rows fit into so many bytes of JSON; at least one."""
    size = 0
    for number, row in enumerate(rows):
        size += size_of(row) + 1
        if size > most_bytes:
            return max(1, number)
    return len(rows)


def iris_in(rows: Sequence[Mapping[str, Any]], start: str) -> list[str]:
    """The IRIs in the cells of rows that begin with `start`, each once, in their order."""
    found = (value for row in rows for value in row.values() if isinstance(value, str) and value.startswith(start))
    return list(dict.fromkeys(found))
