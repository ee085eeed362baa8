"""Tokens one after the other, for a parser."""

from __future__ import annotations

from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import Constant, Iri, Variable


class NotParsedError(Exception):
    """The parser does not know what stands at `token`; None at the end of the query."""

    def __init__(self, token: Token | None) -> None:
        super().__init__(token.text if token else "end of the query")
        self.token = token


class TokenStream:
    """`at` is the index of the next token; behind the last one, `text`, `word` and `kind` are empty."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def token(self) -> Token:
        if self.at >= len(self.tokens):
            raise NotParsedError(None)
        return self.tokens[self.at]

    @property
    def text(self) -> str:
        """The token as written; empty for a string, so that it is never taken for a sign."""
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return "" if token.kind == "string" else token.text

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else ""

    @property
    def word(self) -> str:
        return self.tokens[self.at].upper if self.at < len(self.tokens) else ""

    @property
    def end(self) -> int:
        """Where the token before this one ends."""
        return self.tokens[self.at - 1].end if self.at else 0

    def next(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def take(self, text: str) -> Token:
        """The next token, which must be this sign or keyword."""
        if self.text != text and self.word != text:
            raise self.unknown()
        return self.next()

    def unknown(self) -> NotParsedError:
        return NotParsedError(self.tokens[self.at] if self.at < len(self.tokens) else None)

    def variable(self) -> Variable:
        if self.kind != "variable":
            raise self.unknown()
        token = self.next()
        return Variable(token.start, token.end, token.text[1:])

    def iri(self) -> Iri:
        if self.kind not in ("iri", "prefixed_name") and self.text != "a":
            raise self.unknown()
        token = self.next()
        return Iri(token.start, token.end, token.text)

    def balanced(self, opening: str, closing: str) -> list[Variable]:
        """Passes over a triple term or an annotation of SPARQL 1.2; the variables in it."""
        variables: list[Variable] = []
        depth = 0
        while True:
            if self.kind == "variable":
                variables.append(self.variable())
                continue
            text = self.text
            self.next()
            depth += (text == opening) - (text == closing)
            if not depth:
                return variables

    def constant(self) -> Iri | Constant:
        """An IRI or a literal; a number with its sign."""
        start = self.token.start
        if self.kind == "string":
            return self._string()
        if self.text in ("+", "-"):
            sign = self.next().text
            if self.kind != "number":
                raise self.unknown()
            return Constant(start, self.end, "number", sign + self.next().text)
        if self.kind == "number":
            return Constant(start, self.token.end, "number", self.next().text)
        if self.word in ("TRUE", "FALSE"):
            return Constant(start, self.token.end, "boolean", self.next().text)
        return self.iri()

    def _string(self) -> Constant:
        token = self.next()
        literal = Constant(token.start, token.end, "string", token.text, token.text)
        if self.kind == "langtag":
            literal.tag = self.next().text[1:]
        elif self.text == "^^":
            self.next()
            literal.datatype = self.iri()
        literal.end = self.end
        return literal
