"""Property paths whose solutions the engine does not count as SPARQL 1.1 §18.4 does.

The engine drops duplicates of `a|b`, counts a negated set once where both its ends are known, and finds no path of
length zero at a term that no triple has. In each case the triple pattern is replaced by an equal group:

- `?s a|b ?o` is by definition the union of its branches (§18.4, Alternative), and a sequence of alternatives the
  union of all sequences, because Join distributes over the multiset union; an inverse turns each branch around.
- `?s !(a|^b) ?o` is by definition the union of the triples in each direction whose predicate is not in the set
  (§18.4, NegatedPropertySet), which `?s ?p ?o FILTER(?p NOT IN (a))` says with a fresh ?p.
- `<c> a* ?o` is by definition a set that has <c> (§18.4, ZeroOrMorePath with a term), so it is <c> and whatever
  else the engine finds.

Paths inside `*`, `+` and `?` stay: those are sets. Blank nodes beside a path that leaves its basic graph pattern
become fresh variables, which is what they are in a pattern (§4.1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from plangraf.sparql.nodes import (
    Alternative,
    Blank,
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
from plangraf.sparql.rewrite.context import Rewriting, UnsupportedError
from plangraf.sparql.rewrite.edits import Part

# The engine plans a union of so many branches in some milliseconds.
_MOST_BRANCHES = 64


@dataclass(frozen=True, slots=True)
class _Step:
    """A property, a repeated path or a negated set that is looked at in one direction."""

    path: Link | Repeat | NegatedSet
    inverse: bool


_Branch = list[_Step]


def count_paths(rewriting: Rewriting) -> None:
    for group in rewriting.groups:
        for run in _runs(group):
            if any(_is_rewritten(triple) for block in run for triple in block.triples):
                before = len(rewriting.variables)
                _Run(rewriting, run).rewrite()
                if len(rewriting.variables) > before:
                    rewriting.helped.add(id(group))


def _runs(group: Group) -> list[list[Triples]]:
    """The basic graph patterns of a group; a FILTER ends none (§18.2.2.5)."""
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
    if isinstance(verb, Repeat) or (isinstance(verb, Inverse) and isinstance(verb.path, Repeat)):
        repeat = verb if isinstance(verb, Repeat) else verb.path
        return _is_nullable(repeat) and (_is_constant(triple.subject) or _is_constant(triple.object))
    return _is_counted(verb)


def _is_counted(path: Path) -> bool:
    """Whether a path has an alternative or a negated set whose solutions are counted."""
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
    return not isinstance(term, Variable | Blank)


def _branches(path: Path, *, inverse: bool = False) -> list[_Branch]:
    """The alternatives that a path is the union of, each a row of steps."""
    match path:
        case Link() | Repeat():
            return [[_Step(path, inverse)]]
        case Inverse(path=inner):
            return _branches(inner, inverse=not inverse)
        case NegatedSet(forward=forward, backward=backward):
            one_way = NegatedSet(path.start, path.end, forward, [])
            other_way = NegatedSet(path.start, path.end, backward, [])
            ways = [[_Step(one_way, inverse)]] if forward or not backward else []
            return ways + ([[_Step(other_way, not inverse)]] if backward else [])
        case Alternative(branches=inners):
            found = [branch for inner in inners for branch in _branches(inner, inverse=inverse)]
        case Sequence(steps=steps):
            ordered = list(reversed(steps)) if inverse else steps
            options = [_branches(step, inverse=inverse) for step in ordered]
            count = 1
            for option in options:
                count *= len(option)
            _check_count(path, count)
            found = [[step for part in choice for step in part] for choice in product(*options)]
    _check_count(path, len(found))
    return found


def _check_count(path: Path, count: int) -> None:
    if count > _MOST_BRANCHES:
        raise UnsupportedError(
            path,
            f"this path has {count} combinations of alternatives, the limit is {_MOST_BRANCHES}.",
            "Split it: put each step with alternatives into a pattern of its own, joined by a variable.",
        )


class _Run:
    """One basic graph pattern with a path to rewrite: each triple is written out, the paths as groups behind."""

    def __init__(self, rewriting: Rewriting, blocks: list[Triples]) -> None:
        self._rewriting = rewriting
        self._blocks = blocks
        self._names: dict[str, str] = {}

    def rewrite(self) -> None:
        for block in self._blocks:
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
        parts: list[Part] = []
        for branch in _branches(verb):
            parts += [" UNION " if parts else " "]
            parts += self._branch(branch, triple, subject, object_)
        # A union of one branch is a group, whose braces keep its filter to itself.
        return [*parts, " "]

    def _term(self, term: Term) -> Part:
        if isinstance(term, Blank):
            if term.label not in self._names:
                self._names[term.label] = self._rewriting.fresh()
            return self._names[term.label]
        return _written_iri(term) if isinstance(term, Iri) else (term.start, term.end)

    def _branch(self, branch: _Branch, triple: Triple, subject: Part, object_: Part) -> list[Part]:
        if len(branch) == 1 and isinstance(branch[0].path, Repeat) and _is_nullable(branch[0].path):
            path = self._written(branch)
            if _is_constant(triple.subject) and _is_constant(triple.object):
                return self._zero_or_more(["FILTER(sameTerm(", subject, ", ", object_, "))"], path, subject, object_)
            if _is_constant(triple.subject):
                return self._zero_or_more(["BIND(", subject, " AS ", object_, ")"], path, subject, object_)
            if _is_constant(triple.object):
                return self._zero_or_more(["BIND(", object_, " AS ", subject, ")"], path, subject, object_)
        parts: list[Part] = ["{ "]
        left = subject
        row: _Branch = []
        for index, step in enumerate(branch):
            if not isinstance(step.path, NegatedSet):
                row.append(step)
                continue
            if row:
                middle = self._rewriting.fresh()
                parts += [left, " ", *self._written(row), " ", middle, " . "]
                left, row = middle, []
            right = object_ if index == len(branch) - 1 else self._rewriting.fresh()
            parts += self._negated(step, left, right)
            left = right
        if row:
            parts += [left, " ", *self._written(row), " ", object_, " "]
        return [*parts, "}"]

    def _zero_or_more(self, zero: list[Part], path: list[Part], subject: Part, object_: Part) -> list[Part]:
        others: list[Part] = [" FILTER(!sameTerm(", subject, ", ", object_, "))"]
        return ["{ { ", *zero, " } UNION { ", subject, " ", *path, " ", object_, *others, " } }"]

    def _negated(self, step: _Step, left: Part, right: Part) -> list[Part]:
        assert isinstance(step.path, NegatedSet)
        predicate = self._rewriting.fresh()
        start, end = (right, left) if step.inverse else (left, right)
        parts: list[Part] = [start, f" {predicate} ", end, " "]
        if step.path.forward:
            iris = [part for iri in step.path.forward for part in (", ", _in_expression(iri))][1:]
            parts += [f"FILTER({predicate} NOT IN (", *iris, ")) "]
        return parts

    def _written(self, branch: _Branch) -> list[Part]:
        parts: list[Part] = []
        for step in branch:
            if parts:
                parts.append("/")
            if step.inverse:
                parts.append("^")
            match step.path:
                case Link(iri=iri):
                    parts.append(_written_iri(iri))
                case Repeat() as repeat:
                    span = (repeat.start, repeat.end)
                    parts += ["(", span, ")"] if step.inverse else [span]
        return parts


def _written_iri(iri: Iri) -> Part:
    """Where an IRI stands; those of a collection stand nowhere."""
    return (iri.start, iri.end) if iri.end > iri.start else iri.text


def _in_expression(iri: Iri) -> Part:
    """An IRI for an expression, where `a` has no meaning."""
    return "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>" if iri.text == "a" else _written_iri(iri)
