"""Rewrites property paths whose solutions the engine does not count as SPARQL 1.1 §18.4 does.

The engine removes duplicates from `a|b`, counts a negated set once if both its ends are bound, and finds no path of
length zero at a term that occurs in no triple. The rewrite replaces the triple pattern by an equivalent group:

- `?s a|b ?o` is by definition the union of its branches (§18.4, Alternative), and `?s (a|b)/c ?o` by definition
  `?s a|b ?m . ?m c ?o` with a fresh ?m (§18.4, Sequence). An inverse swaps the ends.
- `?s !(a|^b) ?o` is by definition the union of the triples in each direction whose predicate is not in the set
  (§18.4, NegatedPropertySet). `?s ?p ?o FILTER(?p NOT IN (a))` expresses it with a fresh ?p.
- `<c> a* ?o` is by definition a set that contains <c> (§18.4, ZeroOrMorePath with a term), so it is <c> and all
  solutions of the engine.

Paths inside `*`, `+` and `?` stay, because their solutions are sets. Blank nodes beside a path that leaves its basic
graph pattern become fresh variables, because a blank node in a pattern is a variable (§4.1.4).
"""

from __future__ import annotations

from dataclasses import dataclass

from plangraf.errors.message import N_
from plangraf.sparql.nodes import (
    Alternative,
    Blank,
    Constant,
    Filter,
    Group,
    Inverse,
    Iri,
    Link,
    NegatedSet,
    Path,
    Repeat,
    Sequence,
    Term,
    Triple,
    Triples,
    Variable,
)
from plangraf.sparql.rewrite.rewriting import Part, Rewriting, UnsupportedError


def expand_counted_paths(rewriting: Rewriting) -> None:
    for group in rewriting.groups:
        for run in _runs(group):
            if any(_is_rewritten(triple) for block in run for triple in block.triples):
                before = len(rewriting.variables)
                _Run(rewriting, run).rewrite()
                if len(rewriting.variables) > before:
                    rewriting.helped.add(id(group))


def _runs(group: Group) -> list[list[Triples]]:
    """The basic graph patterns of a group. A FILTER does not end one (§18.2.2.5)."""
    runs: list[list[Triples]] = [[]]
    for element in group.elements:
        if isinstance(element, Triples):
            runs[-1].append(element)
        elif not isinstance(element, Filter):
            runs.append([])
    return runs


def _is_rewritten(triple: Triple) -> bool:
    verb = triple.verb
    if isinstance(verb, Variable | Link):
        return False
    if _is_counted(verb):
        return True
    is_zero = _is_nullable(verb) and not isinstance(verb, Sequence)
    return is_zero and (_is_constant(triple.subject) or _is_constant(triple.object))


def _is_counted(path: Path) -> bool:
    """Whether a path has an alternative or a negated set outside of `*`, `+` and `?`."""
    match path:
        case Alternative() | NegatedSet():
            return True
        case Inverse(path=inner):
            return _is_counted(inner)
        case Sequence(steps=steps):
            return any(_is_counted(step) for step in steps)
        case _:
            return False


def _is_nullable(path: Path) -> bool:
    match path:
        case Repeat(path=inner, sign=sign):
            return sign != "+" or _is_nullable(inner)
        case Inverse(path=inner):
            return _is_nullable(inner)
        case Sequence(steps=steps):
            return all(_is_nullable(step) for step in steps)
        case Alternative(branches=branches):
            return any(_is_nullable(branch) for branch in branches)
        case _:
            return False


def _is_constant(term: Term) -> bool:
    """Whether a term is an IRI or a literal. A triple term is not, because it may contain variables."""
    return not isinstance(term, Variable | Blank) and not (isinstance(term, Constant) and term.kind == "triple")


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a path: its text, and whether it is an IRI or a literal."""

    text: Part
    constant: bool = False


class _Run:
    """One basic graph pattern with a path to rewrite. It writes out each triple, and each such path as a group."""

    def __init__(self, rewriting: Rewriting, blocks: list[Triples]) -> None:
        self._rewriting = rewriting
        self._blocks = blocks
        self._names: dict[str, str] = {}

    def rewrite(self) -> None:
        for block in self._blocks:
            if block.annotated:
                hint = N_("Write the path or the annotation in a group of its own, { … }.")
                raise UnsupportedError(block, N_("a path cannot be counted beside an annotation of SPARQL 1.2."), hint)
            has_path = any(_is_rewritten(triple) for triple in block.triples)
            if has_path or any(isinstance(term, Blank) for term in block.written):
                parts = [part for triple in block.triples for part in self._triple(triple)]
                self._rewriting.edits.replace(block.start, block.end, parts)

    def _triple(self, triple: Triple) -> list[Part]:
        subject, object_ = self._term(triple.subject), self._term(triple.object)
        verb = triple.verb
        if not _is_rewritten(triple):
            written: Part = _written_iri(verb.iri) if isinstance(verb, Link) else (verb.start, verb.end)
            return [subject, " ", written, " ", object_, " . "]
        assert not isinstance(verb, Variable)
        start = _End(subject, _is_constant(triple.subject))
        return [" ", *self._path(verb, start, _End(object_, _is_constant(triple.object)), inverse=False), " "]

    def _term(self, term: Term) -> Part:
        if isinstance(term, Blank):
            if term.label not in self._names:
                self._names[term.label] = self._rewriting.fresh()
            return self._names[term.label]
        return _written_iri(term) if isinstance(term, Iri) else (term.start, term.end)

    def _path(self, path: Path, start: _End, end: _End, *, inverse: bool) -> list[Part]:
        """The elements of a group with the solutions of a path."""
        match path:
            case Inverse(path=inner) if _is_counted(inner):
                return self._path(inner, start, end, inverse=not inverse)
            case Alternative(branches=branches):
                return self._union([self._path(branch, start, end, inverse=inverse) for branch in branches])
            case NegatedSet(forward=forward, backward=backward):
                return self._negated(forward, backward, *((end, start) if inverse else (start, end)))
            case Sequence(steps=steps) if _is_counted(path):
                return self._sequence(list(reversed(steps)) if inverse else steps, start, end, inverse=inverse)
        written = [_written_path(path), " "] if not inverse else ["^(", _written_path(path), ") "]
        triple = [start.text, " ", *written, end.text, " "]
        if _is_nullable(path) and not isinstance(path, Sequence) and (start.constant or end.constant):
            return self._with_zero(triple, start, end)
        return [*triple, ". "]

    def _union(self, branches: list[list[Part]]) -> list[Part]:
        parts: list[Part] = []
        for branch in branches:
            parts += [" UNION { " if parts else "{ ", *branch, "}"]
        return [*parts, " "]

    def _sequence(self, steps: list[Path], start: _End, end: _End, *, inverse: bool) -> list[Part]:
        parts: list[Part] = []
        row: list[Part] = []
        left = start
        for index, step in enumerate(steps):
            is_last = index == len(steps) - 1
            if not _is_counted(step):
                turned = ["^(", _written_path(step), ")"] if inverse else ["(", _written_path(step), ")"]
                row += ["/", *turned] if row else turned
                if is_last:
                    parts += [left.text, " ", *row, " ", end.text, " . "]
                continue
            if row:
                middle = _End(self._rewriting.fresh())
                parts += [left.text, " ", *row, " ", middle.text, " . "]
                left, row = middle, []
            right = end if is_last else _End(self._rewriting.fresh())
            parts += self._path(step, left, right, inverse=inverse)
            left = right
        return parts

    def _with_zero(self, triple: list[Part], start: _End, end: _End) -> list[Part]:
        if start.constant and end.constant:
            zero: list[Part] = ["FILTER(sameTerm(", start.text, ", ", end.text, "))"]
        else:
            constant, variable = (start, end) if start.constant else (end, start)
            # VALUES joins with a value from EXISTS, which BIND would hide. BIND(1) gives a solution for each graph.
            helper = self._rewriting.fresh()
            zero = [f"BIND(1 AS {helper}) VALUES ", variable.text, " { ", constant.text, " }"]
        others: list[Part] = ["FILTER(!sameTerm(", start.text, ", ", end.text, "))"]
        return ["{ ", *zero, " } UNION { ", *triple, *others, " } "]

    def _negated(self, forward: list[Iri], backward: list[Iri], start: _End, end: _End) -> list[Part]:
        ways = [self._not_in(forward, start, end)] if forward or not backward else []
        ways += [self._not_in(backward, end, start)] if backward else []
        return self._union(ways)

    def _not_in(self, iris: list[Iri], start: _End, end: _End) -> list[Part]:
        predicate = self._rewriting.fresh()
        listed = [part for iri in iris for part in (", ", _in_expression(iri))][1:]
        condition: list[Part] = [f"FILTER({predicate} NOT IN (", *listed, ")) "] if iris else []
        return [start.text, f" {predicate} ", end.text, " ", *condition]


def _written_iri(iri: Iri) -> Part:
    """The span of an IRI, or its text if a collection implies it, because it has no span then."""
    return (iri.start, iri.end) if iri.end > iri.start else iri.text


def _in_expression(iri: Iri) -> Part:
    """The IRI for use in an expression, where `a` is not allowed."""
    return "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>" if iri.text == "a" else _written_iri(iri)


def _written_path(path: Path) -> Part:
    return _written_iri(path.iri) if isinstance(path, Link) else (path.start, path.end)
