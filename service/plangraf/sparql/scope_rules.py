"""Rules about variables, blank nodes and rows that a query can break while it keeps the grammar.

The engine refuses such a query with a position behind the culprit, or with none. Run only after that; each
rule here is one of SPARQL 1.1 (§4.1.4, §10.1, §11.4, §18.2) and looks at tokens alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from plangraf.errors import QuerySyntaxError
from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import AGGREGATES

_OPEN = {"(": ")", "{": "}", "[": "]"}
_CLOSE = frozenset(_OPEN.values())
_MODIFIERS = frozenset(("HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"))


@dataclass(slots=True)
class _Select:
    """One SELECT, outermost or inner: its projection, its WHERE group, and what it groups by, as tokens."""

    star: Token | None = None
    plain: list[Token] = field(default_factory=list)
    expressions: list[tuple[list[Token], Token]] = field(default_factory=list)
    body: list[Token] = field(default_factory=list)
    grouped: bool = False
    keys: set[str] = field(default_factory=set)

    @property
    def aggregates(self) -> bool:
        return self.grouped or any(token.upper in AGGREGATES for e, _ in self.expressions for token in e)


def scope_error(message: str, tokens: list[Token]) -> QuerySyntaxError | None:
    """The first rule that a query breaks; None when it breaks none of these."""
    selects = list(_selects(tokens))
    checks = (
        _iris(tokens),
        _rows(tokens),
        *(error for select in selects for error in (_aliases(select), _grouping(select))),
        _binds(tokens),
        _blank_nodes(tokens),
        _misplaced_aggregates(tokens, selects) if "GROUP BY" in message else None,
    )
    return next((error for error in checks if error is not None), None)


def closer(tokens: list[Token], at: int) -> int:
    """The index of the bracket that closes the one at `at`; the last index when nothing closes it."""
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index].kind == "punctuation":
            if tokens[index].text in _OPEN:
                depth += 1
            elif tokens[index].text in _CLOSE:
                depth -= 1
                if depth == 0:
                    return index
    return len(tokens) - 1


def _selects(tokens: list[Token]) -> Iterator[_Select]:
    for start, token in enumerate(tokens):
        if token.upper != "SELECT":
            continue
        select = _Select()
        at = start + 1
        while at < len(tokens) and tokens[at].text != "{" and tokens[at].upper not in ("WHERE", "FROM"):
            if tokens[at].kind == "variable":
                select.plain.append(tokens[at])
            elif tokens[at].text == "*":
                select.star = tokens[at]
            elif tokens[at].text == "(":
                end = closer(tokens, at)
                select.expressions.append((tokens[at + 1 : end - 2], tokens[end - 1]))
                at = end
            at += 1
        while at < len(tokens) and tokens[at].text != "{":
            at += 1
        end = closer(tokens, at)
        select.body = tokens[at:end]
        _read_grouping(tokens, end + 1, select)
        yield select


def _read_grouping(tokens: list[Token], at: int, select: _Select) -> None:
    if at >= len(tokens) or tokens[at].upper != "GROUP":
        select.grouped = at < len(tokens) and tokens[at].upper == "HAVING"
        return
    select.grouped = True
    at += 2
    while at < len(tokens) and tokens[at].upper not in _MODIFIERS and tokens[at].text not in _CLOSE:
        if tokens[at].text == "(":
            end = closer(tokens, at)
            if tokens[end - 2].upper == "AS":
                select.keys.add(_name(tokens[end - 1]))
            elif end == at + 2:
                select.keys.add(_name(tokens[at + 1]))
            at = end
        elif tokens[at].kind == "variable":
            select.keys.add(_name(tokens[at]))
        at += 1


def _name(variable: Token) -> str:
    return variable.text[1:]


def _iris(tokens: list[Token]) -> QuerySyntaxError | None:
    for token in tokens:
        if token.kind == "iri" and ":" in token.text:
            try:
                NamedNode(token.iri)
            except ValueError as error:
                return QuerySyntaxError(f"this is no IRI: {error}.", token.place)
    return None


def _rows(tokens: list[Token]) -> QuerySyntaxError | None:
    """VALUES (…) { (…) (…) }: each row has as many values as there are variables, each variable once."""
    for start, token in enumerate(tokens):
        if token.upper != "VALUES" or start + 1 >= len(tokens) or tokens[start + 1].text != "(":
            continue
        head = closer(tokens, start + 1)
        names = [_name(variable) for variable in tokens[start + 2 : head]]
        for index, variable in enumerate(tokens[start + 2 : head]):
            if names.index(_name(variable)) < index:
                return QuerySyntaxError(f"VALUES names {variable.text} twice.", variable.place)
        at = head + 2
        while at < len(tokens) and tokens[at].text == "(":
            end = closer(tokens, at)
            row = tokens[at + 1 : end]
            # A datatype and its sign, a language tag and a number's sign belong to the value beside them.
            parts = [value for value in row if value.kind != "langtag" and value.text not in ("+", "-")]
            count = len(parts) - 2 * sum(value.text == "^^" for value in parts)
            if count != len(names):
                text = f"this row has {count} value(s), VALUES has {len(names)} variable(s)."
                return QuerySyntaxError(text, tokens[at].place, hint="Write UNDEF for a value that is not given.")
            at = end + 1
    return None


def _aliases(select: _Select) -> QuerySyntaxError | None:
    taken = {_name(token) for token in select.body if token.kind == "variable"}
    projected: set[str] = set()
    ordered = [(token, False) for token in select.plain] + [(alias, True) for _, alias in select.expressions]
    for token, is_alias in sorted(ordered, key=lambda item: item[0].start):
        if token.kind != "variable":
            return None
        if is_alias and _name(token) in projected:
            return QuerySyntaxError(f"SELECT gives {token.text} twice.", token.place, hint="Choose another name.")
        if is_alias and _name(token) in taken and not select.aggregates:
            text = f"{token.text} has a value in WHERE already and cannot be given another one."
            return QuerySyntaxError(text, token.place, hint="Choose another name after AS.")
        projected.add(_name(token))
    return None


def _grouping(select: _Select) -> QuerySyntaxError | None:
    if not select.aggregates:
        return None
    if select.star:
        hint = "Name the variables that GROUP BY names, and aggregates such as (COUNT(*) AS ?n)."
        return QuerySyntaxError("SELECT * cannot stand with GROUP BY.", select.star.place, hint=hint)
    known = set(select.keys)
    items: list[tuple[Token, list[Token]]] = [(token, [token]) for token in select.plain]
    items += [(alias, _outside_aggregates(expression)) for expression, alias in select.expressions]
    for item, used in sorted(items, key=lambda pair: pair[0].start):
        for variable in used:
            if variable.kind == "variable" and _name(variable) not in known:
                text = f"{variable.text} is neither named by GROUP BY nor inside an aggregate."
                hint = f"Add GROUP BY {variable.text}, or use an aggregate such as SAMPLE({variable.text})."
                return QuerySyntaxError(text, variable.place, hint=hint)
        known.add(_name(item))
    return None


def _outside_aggregates(expression: list[Token]) -> list[Token]:
    outside: list[Token] = []
    at = 0
    while at < len(expression):
        if expression[at].upper in AGGREGATES:
            at = closer(expression, at + 1)
        else:
            outside.append(expression[at])
        at += 1
    return outside


def _binds(tokens: list[Token]) -> QuerySyntaxError | None:
    """BIND (… AS ?v): nothing before it in its group has bound ?v."""
    groups: list[set[str]] = [set()]
    for index, token in enumerate(tokens):
        if token.text == "{" and token.kind == "punctuation":
            groups.append(set())
        elif token.text == "}" and token.kind == "punctuation":
            inner = groups.pop() if len(groups) > 1 else set()
            groups[-1] |= inner
        elif token.kind == "variable":
            if _is_bound_by_bind(tokens, index) and _name(token) in groups[-1]:
                text = f"{token.text} has a value already where BIND would give it one."
                return QuerySyntaxError(text, token.place, hint="Choose another name after AS.")
            groups[-1].add(_name(token))
    return None


def _is_bound_by_bind(tokens: list[Token], index: int) -> bool:
    if tokens[index - 1].upper != "AS":
        return False
    depth = 0
    for at in range(index, 0, -1):
        depth += (tokens[at].text == ")") - (tokens[at].text == "(")
        if depth < 0:
            return tokens[at - 1].upper == "BIND"
    return False


def _blank_nodes(tokens: list[Token]) -> QuerySyntaxError | None:
    """A label of a blank node stays within one basic graph pattern, which ends where a group begins."""
    groups: list[int] = []
    seen: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.kind == "punctuation" and token.text == "{":
            groups.append(index)
        elif token.kind == "punctuation" and token.text == "}" and groups:
            groups.pop()
            groups[-1:] = [index] if groups else []
        elif token.kind == "bnode" and groups and seen.setdefault(token.text, groups[-1]) != groups[-1]:
            text = f"the blank node {token.text} stands in two graph patterns."
            return QuerySyntaxError(text, token.place, hint="Use a variable instead.")
    return None


def _misplaced_aggregates(tokens: list[Token], selects: list[_Select]) -> QuerySyntaxError | None:
    bodies = {id(token) for select in selects for token in select.body}
    projected = {id(token) for select in selects for e, _ in select.expressions for token in e}
    for token in tokens:
        if token.upper in AGGREGATES and id(token) in bodies and id(token) not in projected:
            hint = "Aggregates belong into SELECT, HAVING and ORDER BY; a condition on one is a HAVING."
            return QuerySyntaxError(f"{token.upper} cannot stand inside WHERE.", token.place, hint=hint)
    return None
