"""Normalises the answers of the peers, compares them, and finds wrong ones.

Numbers compare by value within a tolerance, whatever their datatype and lexical form; plain strings and
xsd:string are the same; the order of rows does not count. The answer of the majority of independent engines
counts as right; without a majority the answer is disputed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from benchmarks.workload import CSV, TURTLE, Question

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = {
    _XSD + name
    for name in ("integer", "decimal", "double", "float", "int", "long", "short", "nonNegativeInteger", "byte")
}
_TOLERANCE = 1e-6
_BOOLEANS = {"true": "1", "false": "0"}

# A term: what kind it is, its text (empty for a number), its datatype or language, its value as a number.
Term = tuple[str, str, str, float]
Row = tuple[Term, ...]

_UNBOUND: Term = ("", "", "", 0.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """The sorted rows of an answer; for a CONSTRUCT its triples."""

    rows: tuple[Row, ...]

    @property
    def digest(self) -> str:
        """The first digits of a hash of the rows. Numbers are rounded to six significant digits."""
        text = "\n".join(repr([(*term[:3], f"{term[3]:.6g}") for term in row]) for row in self.rows)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def agrees(self, other: Answer) -> bool:
        return len(self.rows) == len(other.rows) and all(map(_same_row, self.rows, other.rows))


def read(question: Question, body: bytes) -> Answer:
    """Parses a body in the format that the question requested.

    Raises:
        ValueError, SyntaxError, KeyError: the body is malformed.
    """
    if question.accept == TURTLE:
        quads = parse(body, RdfFormat.TURTLE)
        return _answer({(_term(q.subject), _term(q.predicate), _term(q.object)) for q in quads})
    if question.accept == CSV:
        rows = list(csv.reader(io.StringIO(body.decode())))
        return _answer([tuple(_cell(text) for text in row) for row in rows[1:]])
    results = json.loads(body)
    names = results["head"]["vars"]
    return _answer(
        [
            tuple(_from_json(binding[name]) if name in binding else _UNBOUND for name in names)
            for binding in results["results"]["bindings"]
        ]
    )


def statements(ntriples: Path) -> Counter[Row]:
    """All triples of a file. They check the answers whose rows the engine chooses."""
    return Counter(
        (_term(quad.subject), _term(quad.predicate), _term(quad.object))
        for quad in parse(path=ntriples, format=RdfFormat.N_TRIPLES)
    )


def as_text(rows: Mapping[Row, int]) -> Counter[Row]:
    """Rows as in CSV: values without kind, datatype and language, so that different terms may become equal."""
    found: Counter[Row] = Counter()
    for row, times in rows.items():
        found[tuple(_cell(f"{term[1]}{_number_text(term)}") for term in row)] += times
    return found


def is_selection_from(answer: Answer, from_: Mapping[Row, int], count: int) -> bool:
    """Whether an answer has `count` rows, and the data contain each row at least as often."""
    return len(answer.rows) == count and all(times <= from_.get(row, 0) for row, times in Counter(answer.rows).items())


def judge(answers: Mapping[str, Answer], families: Mapping[str, str]) -> dict[str, str]:
    """A verdict for each peer: right, wrong or disputed.

    Args:
        answers: the answer of each peer.
        families: which engine evaluates for a peer; peers of one family count as one voice.
    """
    groups: list[list[str]] = []
    for peer, answer in answers.items():
        for group in groups:
            if answers[group[0]].agrees(answer):
                group.append(peer)
                break
        else:
            groups.append([peer])
    voices = [len({families[peer] for peer in group}) for group in groups]
    most = max(voices, default=0)
    disputed = voices.count(most) > 1
    return {
        peer: ("disputed" if disputed else "right") if count == most else "wrong"
        for group, count in zip(groups, voices, strict=True)
        for peer in group
    }


def _answer(rows: Collection[Row]) -> Answer:
    return Answer(tuple(sorted(rows, key=_by_text_first)))


def _by_text_first(row: Row) -> tuple[Sequence[tuple[str, str, str]], Sequence[float]]:
    """A sort key that ranks texts before numbers, so that rows within the tolerance keep their order."""
    return [term[:3] for term in row], [term[3] for term in row]


def _same_row(one: Row, other: Row) -> bool:
    return len(one) == len(other) and all(
        a[:3] == b[:3] and math.isclose(a[3], b[3], rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
        for a, b in zip(one, other, strict=True)
    )


def _from_json(binding: Mapping[str, str]) -> Term:
    if binding["type"] == "uri":
        return "iri", binding["value"], "", 0.0
    return _literal(binding["value"], binding.get("xml:lang", ""), binding.get("datatype", ""))


def _term(term: object) -> Term:
    if isinstance(term, Literal):
        return _literal(term.value, term.language or "", term.datatype.value)
    assert isinstance(term, NamedNode), f"{term} is neither an IRI nor a literal"
    return "iri", term.value, "", 0.0


def _literal(value: str, language: str, datatype: str) -> Term:
    if language:
        return "literal", value, "@" + language.lower(), 0.0
    if datatype in _NUMBERS:
        return "number", "", "", float(value)
    if datatype == _XSD + "boolean":
        return "literal", _BOOLEANS.get(value, value), datatype, 0.0
    return "literal", value, "" if datatype == _XSD + "string" else datatype, 0.0


def _cell(text: str) -> Term:
    """A cell of a CSV. `true` becomes 1, because peers write booleans in both forms and CSV has no datatypes."""
    return "text", _BOOLEANS.get(text, text), "", 0.0


def _number_text(term: Term) -> str:
    """A number in the form of canonical decimals and integers."""
    return f"{term[3]:.15g}" if term[0] == "number" else ""
