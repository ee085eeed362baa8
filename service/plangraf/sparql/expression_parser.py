"""Parses expressions with the precedence of SPARQL 1.1 §19.8, rules [107] and [110] to [128], from a stream of tokens.

A parser examines the next token only by methods of the stream. So after a mistake, a second run that records the
examined terminals at that token finds all expected ones (`parser.parse`).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NoReturn

from plangraf.errors import QueryUnsupportedError
from plangraf.errors.message import N_
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import ARGUMENTS, CALLS, Token
from plangraf.sparql.nodes import Aggregate, Call, Constant, Exists, Expression, Group, Iri, Operation, Variable
from plangraf.sparql.suggest import Role

IRIS = frozenset(("IRI", "PNAME", "PNAME_NS"))
NUMBERS = frozenset(("INTEGER", "NUMBER"))
SIGNS = frozenset(("'+'", "'-'"))
# The operators, the tightest last. A comparison takes no second one, and nothing but `&&` and `||` follows a list.
_LOGICAL = {"'||'": 1, "'&&'": 2}
_ARITHMETIC = {"'+'": 4, "'-'": 4, "'*'": 5, "'/'": 5}
_COMPARISON = dict.fromkeys(("'='", "'!='", "'<'", "'>'", "'<='", "'>='", "IN", "NOT"), 3)
_PRECEDENCE = {**_LOGICAL, **_COMPARISON, **_ARITHMETIC}
_ANY, _AFTER_LIST = frozenset(_PRECEDENCE), frozenset(_LOGICAL)
_AFTER_COMPARISON = _ANY - set(_COMPARISON)
_PREFIXES = SIGNS | {"'!'"}
_LITERALS = NUMBERS | {"STRING", "BOOLEAN"}
BUILT_IN = CALLS | {"EXISTS", "NOT"}
# An operand with the place of its brackets, which has no node.
_Operand = tuple[int, int, Expression]


class NotExpected(Exception):  # noqa: N818  # not an error of the caller: `parser.parse` converts it to a Mistake
    """The grammar does not allow the next token here."""


class TokenStream:
    """`terminal` is the terminal of the next token, `at` its index, `end` the end of the token before it.

    `iris` are all IRIs so far, in order.
    """

    def __init__(self, tokens: list[Token], terminals: list[str], names: Names) -> None:
        self.tokens = tokens
        self.names = names
        self.iris: list[Iri] = []
        self._terminals = terminals
        self.at = 0
        self.terminal = terminals[0]
        self.end = 0

    def sees(self, terminal: str) -> bool:
        return self.terminal == terminal

    def sees_any(self, expected: AbstractSet[str]) -> bool:
        return self.terminal in expected

    def advance(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        self.terminal = self._terminals[self.at]
        self.end = token.end
        return token

    def accepts(self, terminal: str) -> bool:
        """Consumes the next token if it has this terminal."""
        if self.terminal == terminal:
            self.advance()
            return True
        return False

    def take(self, terminal: str) -> Token:
        """Consumes and returns the next token, which must have this terminal."""
        if self.terminal != terminal:
            self.fail()
        return self.advance()

    def take_any(self, expected: AbstractSet[str]) -> Token:
        if self.terminal not in expected:
            self.fail()
        return self.advance()

    def fail(self) -> NoReturn:
        raise NotExpected

    @property
    def start(self) -> int:
        """The start of the next token; at the end of the query, the end of the last one."""
        return self.tokens[self.at].start if self.at < len(self.tokens) else self.end

    def variable(self) -> Variable:
        token = self.take("VAR")
        return Variable(token.start, token.end, token.text[1:])

    def variable_or_iri(self, role: Role = "any") -> Variable | Iri:
        return self.variable() if self.sees("VAR") else self.iri(role)

    def iri(self, role: Role = "any") -> Iri:
        token = self.take_any(IRIS)
        iri = Iri(token.start, token.end, token.text, self.names.read(token, role))
        self.iris.append(iri)
        return iri

    def literal(self) -> Constant:
        """A literal; a number may have a sign."""
        start = self.start
        if self.accepts("STRING"):
            return self._string(start)
        if self.accepts("BOOLEAN"):
            return Constant(start, self.end, "boolean", self.tokens[self.at - 1].text)
        sign = self.advance().text if self.sees_any(SIGNS) else ""
        number = self.take_any(NUMBERS)
        return Constant(start, number.end, "number", sign + number.text)

    def _string(self, start: int) -> Constant:
        text = self.tokens[self.at - 1].text
        literal = Constant(start, self.end, "string", text, text)
        if self.sees("LANGTAG"):
            literal.tag = self.advance().text[1:]
        elif self.accepts("'^^'"):
            literal.datatype = self.iri()
        literal.end = self.end
        return literal

    def skip_balanced(self, opening: str, closing: str) -> list[Variable]:
        """Skips a triple term or an annotation of SPARQL 1.2; returns its variables."""
        variables: list[Variable] = []
        depth = 0
        while True:
            if self.sees("VAR"):
                variables.append(self.variable())
                continue
            if self.sees_any(IRIS):
                self.iri()
                continue
            depth += self.sees(opening) - self.sees(closing)
            if self.at == len(self.tokens):
                self.fail()
            self.advance()
            if not depth:
                return variables


class ExpressionParser(TokenStream):
    """`aggregates` is the number of aggregates so far."""

    aggregates = 0

    def group(self) -> Group:
        raise NotImplementedError

    def expression(self) -> Expression:
        """Parses an expression up to the first token that does not continue it. Only brackets recurse."""
        operands = [self._operand()]
        signs: list[str] = []
        allowed = _ANY
        while self.sees_any(allowed):
            precedence = _PRECEDENCE[self.terminal]
            while signs and _PRECEDENCE[signs[-1]] >= precedence:
                _reduce(operands, signs)
            if precedence == 3:
                if self.sees("IN") or self.sees("NOT"):
                    operands.append(self._in(*operands.pop()))
                    allowed = _AFTER_LIST
                    continue
                allowed = _AFTER_COMPARISON
            elif precedence < 3:
                allowed = _ANY
            signs.append(self.terminal)
            self.advance()
            operands.append(self._operand())
        while signs:
            _reduce(operands, signs)
        return operands[0][2]

    def _in(self, start: int, _: int, left: Expression) -> _Operand:
        sign = "NOT IN" if self.accepts("NOT") else "IN"
        self.take("IN")
        options = self.arguments(0)
        return start, self.end, Operation(start, self.end, sign, [left, *options])

    def _operand(self) -> _Operand:
        start = self.start
        if not self.sees_any(_PREFIXES):
            expression = self._primary()
            return start, self.end, expression
        signs = [self.advance()]
        while signs[-1].text == "!" and self.sees_any(_PREFIXES):
            signs.append(self.advance())
        # A second sign is that of a number.
        is_signed = signs[-1].text != "!" and self.sees_any(SIGNS)
        expression = self.literal() if is_signed else self._primary()
        for sign in reversed(signs):
            expression = Operation(sign.start, self.end, sign.text, [expression])
        return start, self.end, expression

    def _primary(self) -> Expression:
        if self.sees("VAR"):
            return self.variable()
        if self.sees("'('"):
            return self.bracketed()
        if self.sees_any(_LITERALS):
            return self.literal()
        if self.sees("'<<'"):
            start = self.start
            variables: list[Expression] = [*self.skip_balanced("'<<'", "'>>'")]
            return Call(start, self.end, "TRIPLE", variables)
        if self.sees_any(IRIS):
            iri = self.iri()
            return self._call(iri) if self.sees("'('") else iri
        return self.bracketed_or_built_in()

    def constraint(self) -> Expression:
        """A condition of FILTER, HAVING or ORDER BY: an expression in brackets or a call."""
        if self.sees_any(IRIS):
            return self._call(self.iri())
        return self.bracketed_or_built_in()

    def bracketed_or_built_in(self) -> Expression:
        if self.sees("'('"):
            return self.bracketed()
        if not self.sees_any(BUILT_IN):
            self.fail()
        start, terminal = self.start, self.terminal
        if terminal in ("EXISTS", "NOT"):
            negated = self.accepts("NOT")
            self.take("EXISTS")
            group = self.group()
            return Exists(start, self.end, group, negated)
        name = self.advance().upper
        if terminal in ("COUNT", "AGGREGATE", "GROUP_CONCAT"):
            return self._aggregate(start, name)
        if terminal == "BOUND":
            self.take("'('")
            variable = self.variable()
            return Call(start, self.take("')'").end, name, [variable])
        arguments = self.arguments(*ARGUMENTS[terminal])
        return Call(start, self.end, name, arguments)

    def bracketed(self) -> Expression:
        self.take("'('")
        inner = self.expression()
        self.take("')'")
        return inner

    def _call(self, iri: Iri) -> Call:
        name = self.tokens[self.at - 1]
        if self.sees("'('"):
            self.names.check_function(name, iri.value)
        arguments = self.arguments(0, by_iri=True)
        return Call(iri.start, self.end, "", arguments, iri)

    def arguments(self, least: int, most: int = ARGUMENTS["FN"][1], *, by_iri: bool = False) -> list[Expression]:
        """Expressions in brackets, with commas between them."""
        self.take("'('")
        if by_iri and self.sees("DISTINCT"):
            place = self.tokens[self.at].place
            raise QueryUnsupportedError(
                N_("no function that has an IRI is an aggregate."), place, hint=N_("Remove it.")
            )
        arguments: list[Expression] = []
        if most == 0 or (least == 0 and self.sees("')'")):
            self.take("')'")
            return arguments
        while True:
            arguments.append(self.expression())
            if len(arguments) < least:
                self.take("','")
            elif len(arguments) == most or not self.accepts("','"):
                self.take("')'")
                return arguments

    def _aggregate(self, start: int, name: str) -> Aggregate:
        self.aggregates += 1
        self.take("'('")
        distinct = self.accepts("DISTINCT")
        argument = None if name == "COUNT" and self.accepts("'*'") else self.expression()
        separator = None
        if name == "GROUP_CONCAT" and self.accepts("';'"):
            self.take("SEPARATOR")
            self.take("'='")
            separator = self.take("STRING").text
        return Aggregate(start, self.take("')'").end, name, distinct, argument, separator)


def _reduce(operands: list[_Operand], signs: list[str]) -> None:
    """Joins the last two operands."""
    (start, _, left), (_, end, right) = operands[-2:]
    operands[-2:] = [(start, end, Operation(start, end, signs.pop().strip("'"), [left, right]))]
