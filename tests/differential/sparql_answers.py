"""Parses answers of SPARQL queries into rows of terms, and compares two answers.

An answer is the same when it has the same columns in the same order and the same bag of rows, up to the labels of blank
nodes, and the same sequence if the order is total. No other difference is ignored: numbers may differ in their form
only, never in value or datatype, and each such form is reported.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

XSD = "http://www.w3.org/2001/XMLSchema#"
_DERIVED = """integer decimal nonPositiveInteger negativeInteger long int short byte nonNegativeInteger unsignedLong
unsignedInt unsignedShort unsignedByte positiveInteger"""
_INTEGERS = frozenset(f"{XSD}{name}" for name in _DERIVED.split())
_FLOATS = frozenset((f"{XSD}double", f"{XSD}float"))
_RESULTS = "{http://www.w3.org/2005/sparql-results#}"

Row = tuple[str, ...]
UNBOUND = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `kind` is rows, boolean, graph or error.

    The rows of a boolean are one cell, those of a graph its triples. Of an error, `code` is the service's code or
    the other engine's kind of error, and `message` what it says.
    """

    kind: str
    columns: Row = ()
    rows: tuple[Row, ...] = ()
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two answers; `spellings` are numbers of equal value in another form, which do not count."""

    text: str = ""
    spellings: frozenset[tuple[str, str]] = frozenset()


def term(kind: str, value: str, language: str | None = None, datatype: str | None = None) -> str:
    """A term as N-Triples, the common form for comparisons."""
    if kind == "uri":
        return f"<{value}>"
    if kind == "bnode":
        return f"_:{value}"
    text = json.dumps(value, ensure_ascii=False)
    if language:
        return f"{text}@{language.lower()}"
    return f"{text}^^<{datatype}>" if datatype and datatype != f"{XSD}string" else text


def from_json(results: Mapping[str, Any]) -> Answer:
    if "boolean" in results:
        return Answer("boolean", rows=((str(results["boolean"]).lower(),),))
    columns = tuple(results["head"]["vars"])
    rows = []
    for binding in results["results"]["bindings"]:
        cells = {
            name: term(cell["type"], cell["value"], cell.get("xml:lang"), cell.get("datatype"))
            for name, cell in binding.items()
        }
        assert set(cells) <= set(columns), (cells, columns)
        rows.append(tuple(cells.get(name, UNBOUND) for name in columns))
    return Answer("rows", columns, tuple(rows))


def from_xml(text: str) -> Answer:
    root = ElementTree.fromstring(text)  # noqa: S314  # the service under test wrote it
    if (boolean := root.find(f"{_RESULTS}boolean")) is not None:
        return Answer("boolean", rows=((str(boolean.text),),))
    columns = tuple(variable.attrib["name"] for variable in root.iter(f"{_RESULTS}variable"))
    rows = []
    for result in root.iter(f"{_RESULTS}result"):
        cells = {}
        for binding in result:
            (cell,) = binding
            language = cell.attrib.get("{http://www.w3.org/XML/1998/namespace}lang")
            kind = cell.tag.removeprefix(_RESULTS)
            cells[binding.attrib["name"]] = term(kind, cell.text or "", language, cell.attrib.get("datatype"))
        rows.append(tuple(cells.get(name, UNBOUND) for name in columns))
    return Answer("rows", columns, tuple(rows))


_TSV_NUMBERS = (
    (re.compile(r"[+-]?[0-9]+"), "integer"),
    (re.compile(r"[+-]?[0-9]*\.[0-9]+"), "decimal"),
    (re.compile(r"[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+"), "double"),
)


def from_tsv(text: str) -> Answer:
    """Reads TSV, which has no form for ASK."""
    head, *lines = text.removesuffix("\n").split("\n")
    columns = tuple(name.removeprefix("?") for name in head.split("\t")) if head else ()
    rows = tuple(tuple(_tsv_term(cell) for cell in line.split("\t")) if columns else () for line in lines)
    return Answer("rows", columns, rows)


def _tsv_term(cell: str) -> str:
    if not cell or cell.startswith(("<", "_:")):
        return cell
    if cell in ("true", "false"):
        return f'"{cell}"^^<{XSD}boolean>'
    for pattern, name in _TSV_NUMBERS:
        if pattern.fullmatch(cell):
            return f'"{cell}"^^<{XSD}{name}>'
    (quad,) = parse(f"<a:a> <a:a> {cell} .", RdfFormat.TURTLE)
    assert isinstance(quad.object, Literal)
    return _of_model(quad.object)


def from_triples(text: str, format_: RdfFormat = RdfFormat.N_TRIPLES) -> Answer:
    triples = {
        tuple(map(_of_model, (quad.subject, quad.predicate, quad.object)))
        for quad in parse(text, format_, rename_blank_nodes=False)
    }
    return Answer("graph", rows=tuple(sorted(triples)))


def _of_model(node: object) -> str:
    if isinstance(node, Literal):
        return term("literal", node.value, node.language, node.datatype.value)
    if isinstance(node, NamedNode):
        return term("uri", node.value)
    assert isinstance(node, BlankNode)
    return term("bnode", node.value)


def compare(expected: Answer, found: Answer, *, ordered: bool = False, concat: str | None = None) -> Difference:
    """The difference of the second answer from the first."""
    if expected.kind != found.kind:
        return Difference(f"{_format_answer(expected)} was expected, not {_format_answer(found)}")
    if expected.kind == "error":
        return Difference()
    if expected.columns != found.columns:
        return Difference(f"the columns {expected.columns} were expected, not {found.columns}")
    ours, theirs = _normal(found.rows, concat), _normal(expected.rows, concat)
    if ordered:
        same = isomorphic(
            Counter((str(n), *row) for n, row in enumerate(theirs)),
            Counter((str(n), *row) for n, row in enumerate(ours)),
        )
    else:
        same = isomorphic(Counter(theirs), Counter(ours))
    if not same:
        return Difference(f"expected {_shown(theirs, ours)}\nfound    {_shown(ours, theirs)}")
    return Difference(spellings=frozenset(_spellings(expected.rows, found.rows)))


def _normal(rows: Sequence[Row], concat: str | None) -> list[Row]:
    return [tuple(_cell(cell, concat) for cell in row) for row in rows]


def _cell(cell: str, concat: str | None) -> str:
    if concat is not None and cell.startswith('"') and concat in cell:
        text, _, rest = cell[1:].rpartition('"')
        return f'"{concat.join(sorted(text.split(concat)))}"{rest}'
    return number(cell) or cell


def number(cell: str) -> str | None:
    """The canonical form of a number and its datatype; None for an invalid number."""
    if not cell.startswith('"') or not cell.endswith(">"):
        return None
    lexical, _, datatype = cell[1:-1].rpartition('"^^<')
    if datatype in _INTEGERS:
        try:
            value = Decimal(lexical)
        except InvalidOperation:
            return None
        return f"{value.normalize():f}^^{datatype}" if value.is_finite() else None
    if datatype in _FLOATS:
        text = lexical.replace("INF", "inf")
        try:
            double = float(text)
        except ValueError:
            return None
        return f"{double!r}^^{datatype}" if math.isfinite(double) or lexical in ("INF", "-INF", "NaN") else None
    return None


def _spellings(expected: Sequence[Row], found: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """The numbers that have different forms in two answers."""
    forms = [Counter(cell for row in rows for cell in row if number(cell)) for rows in (expected, found)]
    missing, added = forms[0] - forms[1], forms[1] - forms[0]
    for theirs in missing:
        for ours in added:
            if number(theirs) == number(ours):
                yield theirs, ours


def isomorphic(first: Counter[Row], second: Counter[Row]) -> bool:
    """Whether two bags of rows are equal except for the labels of blank nodes."""
    labels = [sorted({cell for row in bag for cell in row if cell.startswith("_:")}) for bag in (first, second)]
    if len(labels[0]) != len(labels[1]) or len(first) != len(second):
        return False
    if not labels[0]:
        return first == second
    return _match(first, second, _colours(first, labels[0], {}), _colours(second, labels[1], {}))


def _colours(bag: Counter[Row], labels: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    """Colours of the nodes: equal for nodes that the rows do not distinguish."""
    colours = {label: known.get(label, 0) for label in labels}
    for _ in labels:
        seen: dict[str, list[object]] = {label: [] for label in labels}
        for row, count in bag.items():
            painted = tuple(str(colours.get(cell, cell)) for cell in row)
            for label in set(row) & seen.keys():
                seen[label].append((painted, count, tuple(cell == label for cell in row)))
        refined = {label: hash((colours[label], tuple(sorted(map(repr, seen[label]))))) for label in labels}
        if len(set(refined.values())) == len(set(colours.values())) and colours != dict.fromkeys(labels, 0):
            return refined
        colours = refined
    return colours


def _match(first: Counter[Row], second: Counter[Row], ours: dict[str, int], theirs: dict[str, int]) -> bool:
    if Counter(ours.values()) != Counter(theirs.values()):
        return False
    classes = Counter(ours.values())
    open_classes = [colour for colour, size in classes.items() if size > 1]
    if not open_classes:
        names = {colour: label for label, colour in theirs.items()}
        renamed = Counter()
        for row, count in first.items():
            renamed[tuple(names[ours[cell]] if cell in ours else cell for cell in row)] += count
        return renamed == second
    colour = min(open_classes, key=lambda one: (classes[one], one))
    chosen = min(label for label in ours if ours[label] == colour)
    mine = _colours(first, list(ours), {**ours, chosen: 1})
    return any(
        _match(first, second, mine, _colours(second, list(theirs), {**theirs, other: 1}))
        for other in sorted(label for label in theirs if theirs[label] == colour)
    )


def _format_answer(answer: Answer) -> str:
    if answer.kind == "error":
        return f"the error {answer.code} ({answer.message[:200]})"
    return f"{answer.kind} {list(answer.columns)} {_shown(answer.rows, [])}"


def _shown(rows: Sequence[Row], others: Sequence[Row]) -> str:
    """The rows; if there are many, without those that both answers have."""
    if len(rows) > 12:
        left = Counter(rows) - Counter(others)
        return f"{len(rows)} rows, of them alone here: {list(left.elements())[:8]}"
    return str(list(rows))
