"""ORDER BY over values that the engine cannot bring into one line.

The engine compares two literals by value where they have an order, and by their texts where they have none. Over some
values together that goes round in a circle, 9 < 10 < "2020-01-01" < 9, and its sort gives up and ends the process.
Three keys before the user's own part these values; inside each part the engine's order is total. They are needed by a
key that may have values of several kinds, numbers of several types, dates or durations; where the data are known to
have one kind, as a predicate's objects mostly are, the engine's own order is total (plangraf.rdf.object_kinds).

1. The kind: numbers are one, each other datatype is one. Values of different kinds have no order in SPARQL 1.1 §15.1.
   What has no value, blank nodes and IRIs have no kind, so they stand first as before, in the engine's order.
2. Of a number its value as xsd:double, which keeps `<`: a conversion never turns two numbers round. Of a date or time
   its moment, in UTC where it has no time zone: with 14 hours between them `<` says the same, with less it is open
   (XML Schema 3.3.7). Of a duration the moment that is so long after 1696-09-01, which keeps `<`, since one duration is
   less than another where it is so after this and three other moments (XML Schema 3.3.6).
3. What is left are values with the same second key. Of numbers the doubles and floats are last: 2⁵³ and 2⁵³ + 1 differ,
   and both equal 2⁵³ as a double. Dates without a time zone stand before those with one, all else by its text.
"""

from __future__ import annotations

from plangraf.rdf.object_kinds import UNSORTED
from plangraf.sparql.nodes import (
    Aggregate,
    Bind,
    Call,
    Constant,
    Expression,
    Group,
    Iri,
    Link,
    Operation,
    Select,
    Sequence,
    Triple,
    Triples,
    Values,
    Variable,
)
from plangraf.sparql.rewrite.rewriting import Part, Rewriting
from plangraf.sparql.scope import columns, visible_groups

_XSD = "http://www.w3.org/2001/XMLSchema#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_REFERENCE = "1696-09-01T00:00:00Z"
# Aggregates and functions whose value is one of their arguments.
_PASSES_ON = frozenset(("MIN", "MAX", "SAMPLE"))
_CHOOSES = frozenset(("COALESCE", "IF", "STRDT"))
# Their value is a number of any type, or a date or duration.
_COUNTED = frozenset(("SUM", "AVG"))
_ROUNDED = frozenset(("ABS", "CEIL", "FLOOR", "ROUND"))
_SIGNS = frozenset("+-*/")
# Casts to a type that has one order.
_TOTAL = frozenset(
    f"{_XSD}{name}"
    for name in ("string", "boolean", "integer", "decimal", "float", "double", "dayTimeDuration", "yearMonthDuration")
)


def order_kinds(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        kinds = _Kinds(rewriting, select) if select.order else None
        for key in select.order:
            if kinds and kinds.may_mix(key.expression):
                sign = " DESC(" if key.descending else " ASC("
                keys = _keys((key.expression.start, key.expression.end))
                before: list[Part] = [part for one in keys for part in (sign, *one, ")")]
                rewriting.edits.replace(key.start, key.end, (*before, " ", (key.start, key.end)))


def _keys(value: Part) -> list[list[Part]]:
    """The three keys of a value."""
    is_text: list[Part] = ["DATATYPE(", value, f") IN (<{_XSD}string>, <{_RDF}langString>)"]
    as_utc: list[Part] = ["STRDT(CONCAT(STR(", value, '), "Z"), DATATYPE(', value, "))"]
    moment: list[Part] = ["IF(TZ(", value, ') = "", ', *as_utc, ", ", value, ")"]
    after: list[Part] = [f'"{_REFERENCE}"^^<{_XSD}dateTime> - (-<{_XSD}duration>(', value, "))"]
    is_float: list[Part] = ["DATATYPE(", value, f") IN (<{_XSD}double>, <{_XSD}float>)"]
    other: list[Part] = ["IF(", *is_text, ", 0, COALESCE(", *moment, ", ", *after, "))"]
    return [
        ["IF(ISNUMERIC(", value, "), 1, DATATYPE(", value, "))"],
        ["IF(ISNUMERIC(", value, f"), <{_XSD}double>(", value, "), ", *other, ")"],
        ["IF(ISNUMERIC(", value, "), ", *is_float, ", COALESCE(TZ(", value, ') != "", STR(', value, ")))"],
    ]


class _Kinds:
    """Which variables of a SELECT may have literals of several kinds: objects, and what VALUES or BIND give.

    Objects of a predicate have the kinds that the data have there, when these are known.
    """

    def __init__(self, rewriting: Rewriting, select: Select) -> None:
        self._rewriting = rewriting
        named = [item for item in (*select.grouping, *select.items) if item.alias is not None]
        self._expressions = {item.name: item.expression for item in named}
        self._mixed: set[str] = set()
        self._kinds: dict[str, set[str]] = {}
        for group in visible_groups(select.where):
            self._group(group)
        if select.values:
            self._values(select.values)

    def _group(self, group: Group) -> None:
        if group.select is not None:
            self._mixed.update(columns(group.select))
        for element in group.elements:
            match element:
                case Triples(triples=triples):
                    for triple in triples:
                        self._triple(triple)
                case Bind(variable=variable, expression=expression):
                    self._note(variable.name, str(expression.start))
                    if self.may_mix(expression):
                        self._mixed.add(variable.name)
                case Values():
                    self._values(element)

    def _triple(self, triple: Triple) -> None:
        steps = triple.verb.steps if isinstance(triple.verb, Sequence) else [triple.verb]
        # A path may begin at a literal: `^:p`, `:p*`.
        if isinstance(triple.subject, Variable) and not isinstance(steps[0], Variable | Link):
            self._mixed.add(triple.subject.name)
        if isinstance(triple.object, Variable):
            known, last = self._rewriting.object_kinds, steps[-1]
            if known is None or not isinstance(last, Link):
                self._mixed.add(triple.object.name)
            else:
                for kind in known.get(last.iri.value, ()):
                    self._note(triple.object.name, kind)
                    if kind == UNSORTED:
                        self._mixed.add(triple.object.name)

    def _values(self, values: Values) -> None:
        for row in values.rows:
            for variable, cell in zip(values.variables, row, strict=True):
                if isinstance(cell, Constant):
                    is_double = cell.kind == "number" and "e" in cell.text.lower()
                    kind = "double" if is_double else cell.kind
                    self._note(variable.name, kind if not cell.datatype else str(cell.start))

    def _note(self, name: str, kind: str) -> None:
        self._kinds.setdefault(name, set()).add(kind)

    def may_mix(self, expression: Expression) -> bool:
        match expression:
            case Variable(name=name) if name in self._expressions:
                return self.may_mix(self._expressions[name])
            case Variable(name=name):
                return name in self._mixed or len(self._kinds.get(name, ())) > 1
            case Call(name=name) if name in _CHOOSES:
                return True
            case Aggregate(name=name, argument=argument) if name in _PASSES_ON and argument is not None:
                return self.may_mix(argument)
            case Aggregate(name=name):
                return name in _COUNTED
            case Operation(sign=sign):
                return sign in _SIGNS
            case Call(name="", iri=Iri() as iri):
                return iri.value not in _TOTAL
            case Call(name=name):
                return name in _ROUNDED
        return False
