"""From tokens to nodes: SPARQL 1.1 queries, by recursive descent.

For queries that keep the grammar (the guard has looked): whatever this parser does not know, such as the triple
terms of SPARQL 1.2, ends in NotParsedError at its token. Depth is bounded by the guard's limit on brackets.
"""

from __future__ import annotations

from plangraf.sparql.expression_parser import ExpressionParser
from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import (
    Alternative,
    Bind,
    Blank,
    Constant,
    Element,
    Filter,
    GraphClause,
    Group,
    Inverse,
    Iri,
    Item,
    Lateral,
    Link,
    Minus,
    NegatedSet,
    Node,
    OptionalClause,
    OrderKey,
    Path,
    Repeat,
    Select,
    Sequence,
    Term,
    Triple,
    Triples,
    Union,
    Values,
    Variable,
)
from plangraf.sparql.stream import NotParsedError

__all__ = ["NotParsedError", "parse"]

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FIRST, REST, NIL = f"<{_RDF}first>", f"<{_RDF}rest>", f"<{_RDF}nil>"
_END_OF_CONDITIONS = frozenset(("HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"))


def parse(tokens: list[Token]) -> Select:
    """The query that the tokens are.

    Raises:
        NotParsedError: something that SPARQL 1.1 does not have.
    """
    return _Parser(tokens).query()


class _Parser(ExpressionParser):
    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self._blanks = 0

    # Queries

    def query(self) -> Select:
        while self.word in ("BASE", "PREFIX", "VERSION"):
            self.at += 3 if self.word == "PREFIX" else 2
        form = self.word
        if form == "SELECT":
            select = self.select(outermost=True)
        elif form in ("ASK", "CONSTRUCT", "DESCRIBE"):
            select = self._other(form)
        else:
            raise self.unknown()
        if self.at < len(self.tokens):
            raise self.unknown()
        return select

    def select(self, *, outermost: bool) -> Select:
        start = self.take("SELECT").start
        distinct = self.next().upper if self.word in ("DISTINCT", "REDUCED") else ""
        star, items = self._columns()
        self._dataset()
        select = Select(start, start, "SELECT", self._where(), star, items, distinct, outermost=outermost)
        return self._modifiers(select)

    def _columns(self) -> tuple[Node | None, list[Item]]:
        if self.text == "*":
            token = self.next()
            return Node(token.start, token.end), []
        items: list[Item] = []
        while self.kind in ("variable", "iri", "prefixed_name") or self.text == "(":
            items.append(self._item())
        return None, items

    def _item(self) -> Item:
        """A variable, an expression in brackets with or without a name, or a call."""
        start = self.token.start
        alias = None
        if self.text == "(":
            self.next()
            expression = self.expression()
            if self.word == "AS":
                self.next()
                alias = self.variable()
            self.take(")")
        else:
            expression = self.primary()
        return Item(start, self.end, expression, alias)

    def _other(self, form: str) -> Select:
        start = self.next().start
        star, items = self._columns() if form == "DESCRIBE" else (None, [])
        if form == "CONSTRUCT" and self.text == "{":
            self._skip_template()
        self._dataset()
        if form == "DESCRIBE" and self.text != "{" and self.word != "WHERE":
            where = Group(self.end, self.end)
        else:
            where = self._where()
        return self._modifiers(Select(start, start, form, where, star, items))

    def _skip_template(self) -> None:
        depth = 0
        while True:
            text = self.next().text
            depth += (text == "{") - (text == "}")
            if not depth:
                return

    def _dataset(self) -> None:
        while self.word == "FROM":
            self.next()
            if self.word == "NAMED":
                self.next()
            self.next()

    def _where(self) -> Group:
        if self.word == "WHERE":
            self.next()
        return self.group()

    def _modifiers(self, select: Select) -> Select:
        if self.word == "GROUP":
            self.at += 2
            while self.at < len(self.tokens) and self.text != "}" and self.word not in _END_OF_CONDITIONS:
                select.grouping.append(self._item())
            select.grouped = True
        if self.word == "HAVING":
            self.next()
            select.grouped = True
            while self._is_condition():
                select.having.append(self.primary())
        if self.word == "ORDER":
            self.at += 2
            while self._is_condition() or self.kind == "variable" or self.word in ("ASC", "DESC"):
                start, descending = self.token.start, self.word == "DESC"
                if self.word in ("ASC", "DESC"):
                    self.next()
                expression = self.primary()
                select.order.append(OrderKey(start, self.end, expression, descending))
        while self.word in ("LIMIT", "OFFSET"):
            self.at += 2
            select.sliced = True
        if self.word == "VALUES":
            select.values = self._values()
        select.grouped = select.grouped or self.aggregates_in(select)
        select.end = self.end
        return select

    def _is_condition(self) -> bool:
        return self.text == "(" or self.kind in ("iri", "prefixed_name") or self.is_call

    # Groups

    def group(self) -> Group:
        start = self.take("{").start
        group = Group(start, start)
        if self.word == "SELECT":
            group.select = self.select(outermost=False)
        else:
            while self.text != "}":
                group.elements.append(self._element())
                if self.text == "." and not isinstance(group.elements[-1], Triples):
                    self.next()
        group.end = self.take("}").end
        return group

    def _element(self) -> Element:
        start = self.token.start
        word = self.word
        if self.text == "{":
            groups = [self.group()]
            while self.word == "UNION":
                self.next()
                groups.append(self.group())
            return Union(start, self.end, groups)
        if word in ("OPTIONAL", "MINUS", "LATERAL"):
            self.next()
            group = self.group()
            if word == "OPTIONAL":
                return OptionalClause(start, self.end, group)
            return Minus(start, self.end, group) if word == "MINUS" else Lateral(start, self.end, group)
        if word == "GRAPH":
            self.next()
            name = self.variable() if self.kind == "variable" else self.iri()
            group = self.group()
            return GraphClause(start, self.end, name, group)
        if word == "FILTER":
            self.next()
            condition = self.primary()
            return Filter(start, self.end, condition)
        if word == "BIND":
            self.next()
            self.take("(")
            expression = self.expression()
            self.take("AS")
            variable = self.variable()
            return Bind(start, self.take(")").end, expression, variable)
        if word == "VALUES":
            return self._values()
        return self._triples()

    def _values(self) -> Values:
        start = self.take("VALUES").start
        several = self.text == "("
        variables: list[Variable] = []
        if several:
            self.next()
            while self.text != ")":
                variables.append(self.variable())
            self.next()
        else:
            variables.append(self.variable())
        self.take("{")
        rows: list[list[Iri | Constant | None]] = []
        while self.text != "}":
            if several:
                self.take("(")
                row: list[Iri | Constant | None] = []
                while self.text != ")":
                    row.append(self._value())
                self.next()
                rows.append(row)
            else:
                rows.append([self._value()])
        return Values(start, self.take("}").end, variables, rows)

    def _value(self) -> Iri | Constant | None:
        if self.word == "UNDEF":
            self.next()
            return None
        if self.text == "<<":
            start = self.token.start
            self.balanced("<<", ">>")
            return Constant(start, self.end, "triple", "")
        return self.constant()

    # Triples

    def _triples(self) -> Triples:
        block = Triples(self.token.start, self.token.start)
        while True:
            anonymous = self.text in ("[", "(", "<<")
            subject = self._node(block)
            if self._is_verb() or not anonymous:
                self._properties(block, subject)
            block.end = self.end
            if self.text != ".":
                return block
            block.end = self.next().end
            if not self._is_node():
                return block

    def _is_verb(self) -> bool:
        return self.kind in ("variable", "iri", "prefixed_name") or self.text in ("a", "^", "!", "(")

    def _is_node(self) -> bool:
        return (
            self.kind in ("variable", "iri", "prefixed_name", "bnode", "string", "number")
            or self.text in ("[", "(", "+", "-", "<<")
            or self.word in ("TRUE", "FALSE")
        )

    def _properties(self, block: Triples, subject: Term) -> None:
        while True:
            verb = self._verb(block)
            while True:
                start = self.token.start
                triple = Triple(start, start, subject, verb, self._node(block))
                triple.end = self.end
                block.triples.append(triple)
                self._annotations(block)
                if self.text != ",":
                    break
                self.next()
            while self.text == ";":
                self.next()
            if not self._is_verb():
                return

    def _annotations(self, block: Triples) -> None:
        while self.text in ("~", "{|"):
            block.annotated = True
            if self.text == "{|":
                block.written += self.balanced("{|", "|}")
            else:
                self.next()
                if self.kind in ("variable", "iri", "prefixed_name", "bnode"):
                    self._node(block)

    def _verb(self, block: Triples) -> Variable | Path:
        if self.kind == "variable":
            variable = self.variable()
            block.written.append(variable)
            return variable
        return self._path()

    def _node(self, block: Triples) -> Term:
        if self.text == "[":
            return self._property_list(block)
        if self.text == "(":
            return self._collection(block)
        term: Term
        if self.text == "<<":
            return self._triple_term(block)
        if self.kind == "variable":
            term = self.variable()
        elif self.kind == "bnode":
            token = self.next()
            term = Blank(token.start, token.end, token.text, anonymous=False)
        else:
            term = self.constant()
        block.written.append(term)
        return term

    def _triple_term(self, block: Triples) -> Term:
        start = self.token.start
        block.written += self.balanced("<<", ">>")
        return Constant(start, self.end, "triple", "")

    def _property_list(self, block: Triples) -> Blank:
        blank = self._blank()
        block.written.append(blank)
        self.next()
        if self.text != "]":
            self._properties(block, blank)
        blank.end = self.take("]").end
        return blank

    def _collection(self, block: Triples) -> Term:
        start = self.next().start
        if self.text == ")":
            return Iri(start, self.next().end, NIL)
        first = self._blank()
        first.start = start
        at: Blank = first
        while True:
            place = self.token.start
            block.triples.append(Triple(place, place, at, _link(FIRST, place), self._node(block)))
            if self.text == ")":
                block.triples.append(Triple(place, place, at, _link(REST, place), Iri(place, place, NIL)))
                first.end = self.next().end
                return first
            following = self._blank()
            block.triples.append(Triple(place, place, at, _link(REST, place), following))
            at = following

    def _blank(self) -> Blank:
        self._blanks += 1
        return Blank(self.token.start, self.token.end, str(self._blanks), anonymous=True)

    # Paths

    def _path(self) -> Path:
        start = self.token.start
        branches = [self._sequence()]
        while self.text == "|":
            self.next()
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alternative(start, self.end, branches)

    def _sequence(self) -> Path:
        start = self.token.start
        steps = [self._step()]
        while self.text == "/":
            self.next()
            steps.append(self._step())
        return steps[0] if len(steps) == 1 else Sequence(start, self.end, steps)

    def _step(self) -> Path:
        start = self.token.start
        if self.text == "^":
            self.next()
            inner = self._step()
            return Inverse(start, self.end, inner)
        path = self._path_primary()
        match self.text:
            case "*" | "+" | "?" as sign:
                self.next()
                return Repeat(start, self.end, path, sign)
        return path

    def _path_primary(self) -> Path:
        start = self.token.start
        if self.text == "(":
            self.next()
            path = self._path()
            self.take(")")
            return path
        if self.text == "!":
            self.next()
            return self._negated(start)
        iri = self.iri()
        return Link(start, self.end, iri)

    def _negated(self, start: int) -> NegatedSet:
        forward: list[Iri] = []
        backward: list[Iri] = []
        several = self.text == "("
        if several:
            self.next()
        while self.text != ")":
            inverse = self.text == "^"
            if inverse:
                self.next()
            (backward if inverse else forward).append(self.iri())
            if not several:
                break
            if self.text == "|":
                self.next()
        if several:
            self.take(")")
        return NegatedSet(start, self.end, forward, backward)


def _link(iri: str, place: int) -> Link:
    return Link(place, place, Iri(place, place, iri))
