"""The kinds of the literals that a version has as objects of each predicate.

An engine sorts literals of one kind by one total order, and literals of several kinds perhaps in a circle; a query over
a predicate whose objects are of one kind can therefore be sorted as it is, see plangraf.sparql.rewrite.ordering.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from plangraf.rdf.namespaces import PREFIXES

_XSD = PREFIXES["xsd"].encode()
_LITERAL = re.compile(rb'(?:<[^>]*>|_:\S+) <([^>]*)> "((?:[^"\\]|\\.)*)"(?:\^\^<([^>]*)>|(@))?')
_STRING = "string"
_TAGGED = "langString"
UNSORTED = "unsorted"
"""The mark of literals that the engine alone does not bring into one order, or whose order is not known."""

_DATE = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# The values of each datatype whose order is total. Longer numbers may not fit the engine's types; without a time zone
# all moments have an order.
_SORTED: Mapping[bytes, tuple[str, re.Pattern[bytes]]] = {
    _XSD + name: (kind, re.compile(pattern))
    for name, kind, pattern in (
        (b"boolean", "boolean", rb"true|false"),
        (b"integer", "number", rb"-?[0-9]{1,15}"),
        (b"decimal", "number", rb"-?[0-9]{1,15}(?:\.[0-9]{1,15})?"),
        (b"date", "date", _DATE),
        (b"dateTime", "dateTime", _DATE + rb"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"),
        (b"gYear", "gYear", rb"[0-9]{4}"),
    )
}


class ObjectKinds:
    """Collects the kinds from N-Quads lines, while they are written."""

    def __init__(self) -> None:
        self._found: dict[bytes, set[str]] = {}

    def passing(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yields the lines unchanged, and notes the kind of each literal."""
        found, match = self._found, _LITERAL.match
        for line in lines:
            if literal := match(line):
                predicate, text, datatype, tagged = literal.groups()
                kinds = found.get(predicate)
                if kinds is None:
                    kinds = found[predicate] = set()
                if datatype:
                    kind, pattern = _SORTED.get(datatype, (None, None))
                    if kind and pattern and pattern.fullmatch(text):
                        kinds.add(kind)
                    else:
                        kinds.add(UNSORTED)
                else:
                    kinds.add(_TAGGED if tagged else _STRING)
            yield line

    def as_json(self) -> dict[str, list[str]]:
        """The kinds of each predicate, sorted, UNSORTED among them; a predicate without literals is missing."""
        return {predicate.decode(): sorted(kinds) for predicate, kinds in self._found.items()}
