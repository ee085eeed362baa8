"""Checks the limits of a query: refuses one that would crash the engine or occupy a worker, and names the limit.

The engine's parser recurses, and the time of its planner grows with the fourth power of the number of joined patterns.
A heavy query that passes ends at the worker's deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from plangraf.errors import QueryLimitError, QuerySyntaxError
from plangraf.settings import Settings
from plangraf.sparql.lexer import CLOSERS, OPENERS, OPERATORS, Token
from plangraf.sparql.nodes import (
    Alternative,
    Element,
    Group,
    Inverse,
    Link,
    Minus,
    NegatedSet,
    Operation,
    Path,
    Repeat,
    Select,
    Triples,
    Union,
    Variable,
    walk,
)
from plangraf.sparql.nodes import Sequence as PathSequence
from plangraf.sparql.scope import every_expression, groups_in, inner_groups

# Planning 128 joined patterns takes up to 2 s, 200 of them 20 s, without evaluation.
_MOST_JOINED = 128
# The engine's stack holds 2 000 clauses in a row (BIND, MINUS, SELECT expressions, …) and not 3 000.
_MOST_CLAUSES = 1_000
# `((a*)*)*`: each level multiplies the time, six levels take 0.4 s on 20 triples, eight far too long.
_MOST_REPEATS = 4
# The stack holds 6 000 operators in a row and not 8 000; 1 000 take 0.4 s.
_MOST_OPERATORS = 1_000
# A query of fewer tokens passes none of these, but for repetitions: a member of a collection is two patterns.
_FEWEST_TOKENS = _MOST_JOINED // 2

_CLAUSES = frozenset(
    ("FILTER", "BIND", "VALUES", "MINUS", "OPTIONAL", "UNION", "LATERAL", "GRAPH", "EXISTS", "AS", "SELECT")
)
_REPETITIONS = frozenset(("'*'", "'+'"))
_CLOSED_BY = {f"'{opener}'": f"'{closer}'" for opener, closer in CLOSERS.items()}
_CLOSERS = frozenset(_CLOSED_BY.values())


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a query: bytes, tokens, depth of nested brackets, steps of one property path."""

    max_bytes: int = 256 * 1024
    max_tokens: int = 20_000
    max_nesting: int = 64
    max_path: int = 64

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            settings.query_max_bytes,
            settings.query_max_tokens,
            settings.query_max_nesting,
            settings.query_max_path,
        )


def check_nesting(tokens: list[Token], terminals: list[str], most: int) -> QuerySyntaxError | None:
    """Checks the nesting before any recursion over brackets. Returns the error of the first unmatched bracket.

    Raises:
        QueryLimitError: the brackets nest too deep.
    """
    opened: list[int] = []
    for index, terminal in enumerate(terminals):
        if terminal in _CLOSED_BY:
            opened.append(index)
            if len(opened) > most:
                raise QueryLimitError("nesting depth", len(opened), most)
        elif terminal in _CLOSERS:
            if not opened or _CLOSED_BY[terminals[opened[-1]]] != terminal:
                return _unbalanced(tokens, opened, tokens[index])
            opened.pop()
    return _unbalanced(tokens, opened, None) if opened else None


def nesting(terminals: list[str]) -> int:
    """The maximum depth of nested brackets."""
    return max(accumulate((terminal in _CLOSED_BY) - (terminal in _CLOSERS) for terminal in terminals), default=0)


def _unbalanced(tokens: list[Token], opened: list[int], closer: Token | None) -> QuerySyntaxError:
    if closer and all(tokens[index].text != OPENERS[closer.text] for index in opened):
        hint = f"Remove it, or write the {OPENERS[closer.text]!r} that it should close."
        return QuerySyntaxError(f"this {closer.text!r} closes nothing.", closer.place, hint=hint)
    opener = tokens[opened[-1]]
    before = f"the {closer.text!r} at line {closer.line}, column {closer.column}" if closer else "the end"
    text = f"this {opener.text!r} is never closed; {CLOSERS[opener.text]!r} was expected before {before}."
    return QuerySyntaxError(text, opener.place)


def check_bounds(query: Select, terminals: Sequence[str], limits: Limits) -> None:
    """Checks the limits that the engine needs.

    Raises:
        QueryLimitError: the query exceeds a limit, which the error names.
    """
    count = len(terminals)
    if count <= min(_FEWEST_TOKENS, limits.max_path) and not _REPETITIONS.intersection(terminals):
        return
    for group in groups_in(query):
        for path in _paths(group.elements):
            _keep("number of steps in one property path", _steps(path), limits.max_path)
            _keep("number of repetitions inside each other", _repeats(path), _MOST_REPEATS)
        _keep("number of patterns joined in one group", _joined(group), _MOST_JOINED)
    if count > _MOST_CLAUSES:
        described = len(query.items) if query.form == "DESCRIBE" else 0
        clauses = sum(terminal in _CLAUSES for terminal in terminals)
        _keep("number of clauses", clauses + described, _MOST_CLAUSES)
        signs = (part.sign for one in every_expression(query) for part in walk(one) if isinstance(part, Operation))
        _keep("number of operators", sum(sign in OPERATORS for sign in signs), _MOST_OPERATORS)


def _keep(what: str, found: int, most: int) -> None:
    if found > most:
        raise QueryLimitError(what, found, most)


def _paths(elements: Iterable[Element]) -> Iterable[Path]:
    blocks = (element for element in elements if isinstance(element, Triples))
    verbs = (triple.verb for block in blocks for triple in block.triples)
    return (verb for verb in verbs if not isinstance(verb, Variable | Link))


def _joined(group: Group) -> int:
    """The number of patterns that the planner joins, including those in groups, OPTIONAL and GRAPH."""
    if group.select is not None:
        return _joined(group.select.where)
    joined = 0
    for element in group.elements:
        if isinstance(element, Triples):
            joined += len(element.triples) + element.passed_over // 2
            joined += sum(_sequence_steps(path) for path in _paths([element]))
        elif isinstance(element, Minus):
            joined += 1
        elif isinstance(element, Union) and len(element.groups) > 1:
            joined += len(element.groups)
        else:
            joined += sum(max(_joined(inner), 1) for inner in inner_groups(element))
    return joined


def _parts(path: Path) -> list[Path]:
    match path:
        case Inverse(path=inner) | Repeat(path=inner):
            return [inner]
        case PathSequence(steps=inner_paths) | Alternative(branches=inner_paths):
            return inner_paths
        case _:
            return []


def _sequence_steps(path: Path) -> int:
    own = len(path.steps) - 1 if isinstance(path, PathSequence) else 0
    return own + sum(map(_sequence_steps, _parts(path)))


def _steps(path: Path) -> int:
    """The signs `/`, `|` and `^` of a path."""
    if isinstance(path, NegatedSet):
        return max(len(path.forward) + 2 * len(path.backward) - 1, 0)
    return len(_parts(path)) - 1 + isinstance(path, Inverse) + sum(map(_steps, _parts(path))) if _parts(path) else 0


def _repeats(path: Path) -> int:
    """The depth of nested repetitions in a path, without an innermost one of a single step."""
    deepest = max(map(_repeats, _parts(path)), default=0)
    return deepest + (isinstance(path, Repeat) and path.sign != "?" and not isinstance(path.path, Link))
