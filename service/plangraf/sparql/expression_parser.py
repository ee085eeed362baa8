"""From tokens to expressions, in the precedence of SPARQL 1.1 §19.8, rules [110] to [128]."""

from __future__ import annotations

from plangraf.sparql.nodes import AGGREGATES, Aggregate, Call, Exists, Expression, Group, Iri, Operation, Select, walk
from plangraf.sparql.stream import TokenStream

_COMPARISONS = frozenset(("=", "!=", "<", ">", "<=", ">="))
_NOT_CALLS = frozenset(("AS", "IN", "UNION", "OPTIONAL", "FILTER", "BIND", "VALUES", "GRAPH", "MINUS", "LATERAL"))


class ExpressionParser(TokenStream):
    def group(self) -> Group:
        raise NotImplementedError

    def expression(self) -> Expression:
        return self._row(("||",), lambda: self._row(("&&",), self._relation))

    def _row(self, signs: tuple[str, ...], operand: object) -> Expression:
        assert callable(operand)
        start = self.token.start
        left: Expression = operand()
        while self.text in signs:
            sign = self.next().text
            right: Expression = operand()
            left = Operation(start, self.end, sign, [left, right])
        return left

    def _relation(self) -> Expression:
        start = self.token.start
        left = self._sum()
        if self.text in _COMPARISONS:
            sign = self.next().text
            right = self._sum()
            return Operation(start, self.end, sign, [left, right])
        if self.word in ("IN", "NOT"):
            sign = "IN" if self.word == "IN" else "NOT IN"
            self.at += 1 if sign == "IN" else 2
            options = self._arguments()
            return Operation(start, self.end, sign, [left, *options])
        return left

    def _sum(self) -> Expression:
        return self._row(("+", "-"), lambda: self._row(("*", "/"), self._unary))

    def _unary(self) -> Expression:
        signs = []
        while self.text in ("!", "+", "-"):
            signs.append(self.next())
        operand = self.primary()
        for sign in reversed(signs):
            operand = Operation(sign.start, self.end, sign.text, [operand])
        return operand

    def primary(self) -> Expression:
        if self.text == "(":
            self.next()
            inner = self.expression()
            self.take(")")
            return inner
        if self.kind == "variable":
            return self.variable()
        if self.text == "<<":
            start = self.token.start
            variables: list[Expression] = [*self.balanced("<<", ">>")]
            return Call(start, self.end, "TRIPLE", variables)
        word = self.word
        if word in ("EXISTS", "NOT"):
            start = self.next().start
            if word == "NOT":
                self.take("EXISTS")
            group = self.group()
            return Exists(start, self.end, group, word == "NOT")
        if self.kind == "word" and word not in ("TRUE", "FALSE"):
            return self._aggregate() if word in AGGREGATES else self._call()
        constant = self.constant()
        if isinstance(constant, Iri) and self.text == "(":
            arguments = self._arguments()
            return Call(constant.start, self.end, "", arguments, constant)
        return constant

    @property
    def is_call(self) -> bool:
        """Whether a call of a function or an EXISTS stands here, so that a row of conditions goes on."""
        following = self.tokens[self.at + 1].text if self.at + 1 < len(self.tokens) else ""
        return self.word in ("EXISTS", "NOT") or (
            self.kind == "word"
            and following == "("
            and self.word not in _NOT_CALLS
            and self.word not in ("ASC", "DESC")
        )

    def _call(self) -> Call:
        token = self.next()
        arguments = self._arguments()
        return Call(token.start, self.end, token.upper, arguments)

    def _arguments(self) -> list[Expression]:
        self.take("(")
        if self.word == "DISTINCT":
            raise self.unknown()
        arguments: list[Expression] = []
        while self.text != ")":
            arguments.append(self.expression())
            if self.text == ",":
                self.next()
        self.next()
        return arguments

    def _aggregate(self) -> Aggregate:
        token = self.next()
        self.take("(")
        distinct = self.word == "DISTINCT"
        if distinct:
            self.next()
        argument = None
        if self.text == "*":
            self.next()
        else:
            argument = self.expression()
        separator = None
        if self.text == ";":
            self.next()
            self.take("SEPARATOR")
            self.take("=")
            separator = self.next().text
        return Aggregate(token.start, self.take(")").end, token.upper, distinct, argument, separator)

    @staticmethod
    def aggregates_in(select: Select) -> bool:
        """Whether a SELECT aggregates without a GROUP BY."""
        written = [item.expression for item in select.items] + select.having + [key.expression for key in select.order]
        return any(isinstance(inner, Aggregate) for expression in written for inner in walk(expression))
