"""A stream of tokens, from which a parser can report the expected terminals at a mistake.

A parser examines the next token only by methods of the stream. So after a mistake, a second run that records the
examined terminals at that token finds all expected ones (`parser.parse`).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NoReturn

from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import Constant, Iri, Variable
from plangraf.sparql.suggest import Role

IRIS = frozenset(("IRI", "PNAME", "PNAME_NS"))
NUMBERS = frozenset(("INTEGER", "NUMBER"))
SIGNS = frozenset(("'+'", "'-'"))


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
