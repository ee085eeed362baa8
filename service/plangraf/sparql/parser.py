"""Parses SPARQL 1.1 queries by recursive descent with one token of look-ahead.

The first token that no rule accepts is the mistake, and has the exact place. The engine reports the furthest position
that any of its alternatives reached. The parser skips triple terms and annotations of SPARQL 1.2, which the engine
parses. The limit on brackets, checked before, bounds the recursion.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress

from plangraf.sparql.expression_parser import BUILT_IN, IRIS, NotExpected
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import END, Token
from plangraf.sparql.nodes import (
    Aggregate,
    Count,
    Dataset,
    Expression,
    Group,
    Iri,
    Item,
    Node,
    OrderKey,
    Select,
    Triples,
    walk,
)
from plangraf.sparql.pattern_parser import NODES, PatternParser

_ITEMS = frozenset(("VAR", "'('"))
_DESCRIBED = IRIS | {"VAR"}
_CONSTRAINTS = BUILT_IN | IRIS | {"'('"}
_CONDITIONS = _CONSTRAINTS | {"VAR"}
_DIRECTIONS = frozenset(("ASC", "DESC"))
_KEYS = _CONDITIONS | _DIRECTIONS
_MODIFIERS = frozenset(("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"))
_PROLOGUE = frozenset(("BASE", "PREFIX", "VERSION"))
_DECLARED = (frozenset(("IRI",)), frozenset(("PNAME_NS",)))
_FORMS = frozenset(("SELECT", "CONSTRUCT", "DESCRIBE", "ASK"))


class Mistake(Exception):  # noqa: N818  # what it means to the user, explain.refusals says
    """The index of the first token that the grammar does not allow, and the expected terminals.

    The index is the number of tokens when the query ends too early.
    """

    def __init__(self, index: int, expected: frozenset[str]) -> None:
        super().__init__(index)
        self.index = index
        self.expected = expected

    @property
    def in_prologue(self) -> bool:
        """Whether it is before or in place of the query form."""
        return "ASK" in self.expected or self.expected in _DECLARED


def parse(
    tokens: list[Token], terminals: list[str], names: Names, *, services: bool = False
) -> tuple[Select, list[Iri]]:
    """Parses tokens; returns the query and all IRIs after its prologue, in order.

    Args:
        tokens: all tokens of the query.
        terminals: the terminal of each token, and END.
        names: receives the declarations of the prologue, and checks each name.
        services: whether SERVICE may stand in it.
    Raises:
        Mistake: the query breaks the grammar.
        QuerySyntaxError: a name before any mistake is unknown.
    """
    parser = _Parser(tokens, terminals, names)
    parser.services = services
    try:
        return parser.query(), parser.iris
    except NotExpected:
        culprit = parser.at
    again = _Expecting(tokens, terminals, names, culprit)
    again.services = services
    with suppress(NotExpected):
        again.query()
    mistake = Mistake(culprit, frozenset(again.expected))
    if culprit < len(tokens) and tokens[culprit].kind == "prefixed_name" and not mistake.in_prologue:
        names.read(tokens[culprit], "any")
    raise mistake


class _Parser(PatternParser):
    def query(self) -> Select:
        while self.sees_any(_PROLOGUE):
            self._declaration()
        if not self.sees_any(_FORMS):
            self.fail()
        start, form = self.start, self.advance().upper
        query = Select(start, start, form, Group(start, start))
        match form:
            case "SELECT":
                self._columns(query)
            case "DESCRIBE":
                self._described(query)
            case "CONSTRUCT" if self.sees("'{'"):
                query.template = self._template()
        self._dataset(query)
        if form == "DESCRIBE" and not (self.sees("WHERE") or self.sees("'{'")):
            query.where = Group(self.end, self.end)
        elif form == "CONSTRUCT" and query.template is None:
            self.take("WHERE")
            start, query.template = self.start, self._template()
            query.where = Group(start, self.end, [query.template])
        else:
            self._where(query)
        self._modifiers(query)
        self._values(query)
        if not self.sees(END):
            self.fail()
        query.end = self.end
        return query

    def _declaration(self) -> None:
        if self.accepts("BASE"):
            self.names.declare_base(self.take("IRI"))
        elif self.accepts("PREFIX"):
            prefix = self.take("PNAME_NS")
            self.names.declare_prefix(prefix, self.take("IRI"))
        else:
            self.advance()
            self.take("STRING")

    def _template(self) -> Triples:
        self.take("'{'")
        block = self.triples(template=True) if self.sees_any(NODES) else Triples(self.start, self.start)
        self.take("'}'")
        return block

    def sub_select(self) -> Select:
        start = self.take("SELECT").start
        select = Select(start, start, "SELECT", Group(start, start), outermost=False)
        self._columns(select)
        self._where(select)
        self._modifiers(select)
        self._values(select)
        select.end = self.end
        return select

    # Clauses

    def _columns(self, select: Select) -> None:
        if not self.accepts("DISTINCT"):
            self.accepts("REDUCED")
        if self._star(select):
            return
        while self.sees_any(_ITEMS) or not select.items:
            if self.sees("'('"):
                select.items.append(self._named_expression(optional=False))
            else:
                variable = self.variable()
                select.items.append(Item(variable.start, variable.end, variable))

    def _described(self, query: Select) -> None:
        if not self._star(query):
            while self.sees_any(_DESCRIBED) or not query.items:
                term = self.variable_or_iri()
                query.items.append(Item(term.start, term.end, term))

    def _star(self, select: Select) -> bool:
        if self.sees("'*'"):
            token = self.advance()
            select.star = Node(token.start, token.end)
        return select.star is not None

    def _named_expression(self, *, optional: bool) -> Item:
        start = self.take("'('").start
        item = Item(start, start, self.expression())
        if not optional or self.sees("AS"):
            self.take("AS")
            item.alias = self.variable()
        item.end = self.take("')'").end
        return item

    def _dataset(self, query: Select) -> None:
        start = self.start
        while self.accepts("FROM"):
            query.dataset = query.dataset or Dataset(start, start)
            graphs = query.dataset.named if self.accepts("NAMED") else query.dataset.default
            graphs.append(self.iri().value)
            query.dataset.end = self.end

    def _where(self, select: Select) -> None:
        self.accepts("WHERE")
        select.where = self.group()

    def _modifiers(self, select: Select) -> None:
        if self.sees_any(_MODIFIERS):
            self._read_modifiers(select)
        else:
            select.groups_end = self.end
        select.grouped = bool(select.grouping or select.having or (self.aggregates and _aggregates(select)))
        select.end = self.end

    def _read_modifiers(self, select: Select) -> None:
        if self.accepts("GROUP"):
            self.take("BY")
            while self.sees_any(_CONDITIONS) or not select.grouping:
                select.grouping.append(self._group_condition())
        if self.sees("HAVING"):
            select.having_start = self.advance().start
            while self.sees_any(_CONSTRAINTS) or not select.having:
                select.having.append(self.constraint())
        select.groups_end = self.end
        if self.accepts("ORDER"):
            self.take("BY")
            while self.sees_any(_KEYS) or not select.order:
                select.order.append(self._order_key())
        while (not select.limit and self.sees("LIMIT")) or (not select.offset and self.sees("OFFSET")):
            self._slice(select)

    def _group_condition(self) -> Item:
        if self.sees("'('"):
            return self._named_expression(optional=True)
        start = self.start
        expression: Expression = self.variable() if self.sees("VAR") else self.constraint()
        return Item(start, self.end, expression)

    def _order_key(self) -> OrderKey:
        start, descending = self.start, self.sees("DESC")
        if self.sees_any(_DIRECTIONS):
            self.advance()
            expression = self.bracketed()
        else:
            expression = self.variable() if self.sees("VAR") else self.constraint()
        return OrderKey(start, self.end, expression, descending)

    def _slice(self, select: Select) -> None:
        word = self.advance()
        number = self.take("INTEGER")
        count = Count(word.start, number.end, number.text)
        if word.upper == "LIMIT":
            select.limit = count
        else:
            select.offset = count

    def _values(self, select: Select) -> None:
        if self.sees("VALUES"):
            select.values = self.data_block(self.advance().start)


class _Expecting(_Parser):
    """A parser that records the terminals that it expects at one token."""

    def __init__(self, tokens: list[Token], terminals: list[str], names: Names, culprit: int) -> None:
        super().__init__(tokens, terminals, names)
        self._culprit = culprit
        self.expected: set[str] = set()

    def _note(self, terminals: Iterable[str]) -> None:
        if self.at == self._culprit:
            self.expected.update(terminals)

    def sees(self, terminal: str) -> bool:
        self._note((terminal,))
        return super().sees(terminal)

    def sees_any(self, expected: AbstractSet[str]) -> bool:
        self._note(expected)
        return super().sees_any(expected)

    def accepts(self, terminal: str) -> bool:
        self._note((terminal,))
        return super().accepts(terminal)

    def take(self, terminal: str) -> Token:
        self._note((terminal,))
        return super().take(terminal)

    def take_any(self, expected: AbstractSet[str]) -> Token:
        self._note(expected)
        return super().take_any(expected)


def _aggregates(select: Select) -> bool:
    """Whether a SELECT aggregates without a GROUP BY."""
    written = [item.expression for item in select.items] + [key.expression for key in select.order]
    return any(isinstance(inner, Aggregate) for expression in written for inner in walk(expression))
