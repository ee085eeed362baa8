"""Parses patterns: triples, property paths, groups and VALUES (SPARQL 1.1 §19.8, rules [52] to [109])."""

from __future__ import annotations

from plangraf.errors import QuerySyntaxError, ServiceForbiddenError
from plangraf.errors.message import N_
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.expression_parser import IRIS, NUMBERS, SIGNS, ExpressionParser
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
    Lateral,
    Link,
    Minus,
    NegatedSet,
    OptionalClause,
    Path,
    Repeat,
    Select,
    Sequence,
    ServiceClause,
    Term,
    Triple,
    Triples,
    Union,
    Values,
    Variable,
)
from plangraf.sparql.suggest import Role

_RDF = PREFIXES["rdf"]
_TYPE, _FIRST, _REST, _NIL = (f"{_RDF}{name}" for name in ("type", "first", "rest", "nil"))
_LITERALS = NUMBERS | SIGNS | {"STRING", "BOOLEAN"}
_CELLS = _LITERALS | IRIS | {"UNDEF", "'<<'"}
NODES = _LITERALS | IRIS | {"VAR", "BNODE", "'['", "'('", "'<<'"}
_TEMPLATE_VERBS = IRIS | {"VAR", "'a'"}
_VERBS = _TEMPLATE_VERBS | {"'^'", "'!'", "'('"}
_ELEMENTS = frozenset(("'{'", "OPTIONAL", "MINUS", "LATERAL", "GRAPH", "SERVICE", "FILTER", "BIND", "VALUES"))
_REPETITIONS = frozenset(("'*'", "'+'", "'?'"))
_ANNOTATIONS = frozenset(("'~'", "'{|'"))
_REIFIERS = IRIS | {"VAR", "BNODE"}


class PatternParser(ExpressionParser):
    """`services` says whether SERVICE is read; otherwise it is refused."""

    services = False
    _blanks = 0

    # Groups

    def sub_select(self) -> Select:
        raise NotImplementedError

    def group(self) -> Group:
        start = self.take("'{'").start
        group = Group(start, start)
        if self.sees("SELECT"):
            group.select = self.sub_select()
        else:
            self._fill(group.elements)
        group.end = self.take("'}'").end
        return group

    def _fill(self, elements: list[Element]) -> None:
        if self.sees_any(NODES):
            elements.append(self.triples())
        while self.sees_any(_ELEMENTS):
            element = self._element(self.start)
            element.end = self.end
            elements.append(element)
            self.accepts("'.'")
            if self.sees_any(NODES):
                elements.append(self.triples())

    def _element(self, start: int) -> Element:
        if self.sees("'{'"):
            return self._union(start)
        word = self.advance()
        match word.upper:
            case "FILTER":
                return Filter(start, start, self.constraint())
            case "OPTIONAL":
                return OptionalClause(start, start, self.group())
            case "MINUS":
                return Minus(start, start, self.group())
            case "LATERAL":
                return Lateral(start, start, self.group())
            case "GRAPH":
                return GraphClause(start, start, self.variable_or_iri(), self.group())
            case "BIND":
                return self._bind(start)
            case "VALUES":
                return self.data_block(start)
            case _ if self.services:
                silent = self.accepts("SILENT")
                return ServiceClause(start, start, silent, self.variable_or_iri(), self.group())
            case _:
                raise service_refused(self.tokens, self.at - 1)

    def _union(self, start: int) -> Union:
        groups = [self.group()]
        while self.accepts("UNION"):
            groups.append(self.group())
        return Union(start, self.end, groups)

    def _bind(self, start: int) -> Bind:
        self.take("'('")
        expression = self.expression()
        self.take("AS")
        variable = self.variable()
        self.take("')'")
        return Bind(start, self.end, expression, variable)

    def data_block(self, start: int) -> Values:
        """Parses the variables and rows after VALUES."""
        values = Values(start, start, [], [])
        if several := self.accepts("'('"):
            while self.sees("VAR"):
                values.variables.append(self.variable())
            self.take("')'")
        else:
            values.variables.append(self.variable())
        self.take("'{'")
        while self.sees("'('") if several else self.sees_any(_CELLS):
            values.rows.append(self._row(len(values.variables)) if several else [self._cell()])
        values.end = self.take("'}'").end
        return values

    def _row(self, length: int) -> list[Iri | Constant | None]:
        place = self.take("'('").place
        row = []
        while self.sees_any(_CELLS):
            row.append(self._cell())
        self.take("')'")
        if len(row) != length:
            text = N_(
                "this row has %(values)s value(s), VALUES has %(variables)s variable(s).",
                values=len(row),
                variables=length,
            )
            raise QuerySyntaxError(text, place, hint=N_("Write UNDEF for a value that is not given."))
        return row

    def _cell(self) -> Iri | Constant | None:
        if self.accepts("UNDEF"):
            return None
        if self.sees("'<<'"):
            return self._triple_term(Triples(self.start, self.start))
        return self.iri() if self.sees_any(IRIS) else self.literal()

    # Triples

    def triples(self, *, template: bool = False) -> Triples:
        """Parses triples as long as another one follows; a template has no paths."""
        verbs = _TEMPLATE_VERBS if template else _VERBS
        block = Triples(self.start, self.start)
        while True:
            start = self.start
            may_stand_alone = self.sees("'['") or self.sees("'('") or self.sees("'<<'")
            subject = self._node(block, verbs)
            if not may_stand_alone or self.sees_any(verbs):
                self._properties(block, subject, start, verbs)
            block.end = self.end
            if not self.accepts("'.'"):
                return block
            block.end = self.end
            if not self.sees_any(NODES):
                return block

    def _properties(self, block: Triples, subject: Term, start: int, verbs: frozenset[str]) -> None:
        """Parses the properties of a subject; `start` is the place of the first triple."""
        while True:
            if not self.sees_any(verbs):
                self.fail()
            verb: Variable | Path
            if self.sees("VAR"):
                verb = self.variable()
                block.written.append(verb)
            else:
                verb = self._path() if verbs is _VERBS else self._link()
            role: Role = "class" if _is_type(verb) else "any"
            while True:
                object_ = self._node(block, verbs, role)
                block.triples.append(Triple(start, self.end, subject, verb, object_))
                while self.sees_any(_ANNOTATIONS):
                    self._annotation(block, verbs)
                start = self.start
                if not self.accepts("','"):
                    break
                start = self.start
            if not self.accepts("';'"):
                return
            while self.accepts("';'"):
                pass
            start = self.start
            if not self.sees_any(verbs):
                return

    def _annotation(self, block: Triples, verbs: frozenset[str]) -> None:
        block.annotated = True
        if self.sees("'{|'"):
            self._pass_over(block, "'{|'", "'|}'")
            return
        self.advance()
        if self.sees_any(_REIFIERS):
            self._node(block, verbs)

    def _node(self, block: Triples, verbs: frozenset[str], role: Role = "any") -> Term:
        if self.sees("'['"):
            return self._property_list(block, verbs)
        if self.sees("'('"):
            return self._collection(block, verbs)
        term: Term
        if self.sees("'<<'"):
            return self._triple_term(block)
        if self.sees("VAR"):
            term = self.variable()
        elif self.sees("BNODE"):
            token = self.advance()
            term = Blank(token.start, token.end, token.text, "label")
        elif self.sees_any(IRIS):
            term = self.iri(role)
        else:
            term = self.literal()
        block.written.append(term)
        return term

    def _triple_term(self, block: Triples) -> Constant:
        start = self.start
        self._pass_over(block, "'<<'", "'>>'")
        return Constant(start, self.end, "triple", "")

    def _pass_over(self, block: Triples, opening: str, closing: str) -> None:
        before = self.at
        block.written += self.skip_balanced(opening, closing)
        block.passed_over += self.at - before

    def _property_list(self, block: Triples, verbs: frozenset[str]) -> Blank:
        self._blanks += 1
        blank = Blank(self.start, self.start, str(self._blanks), "properties")
        block.written.append(blank)
        self.take("'['")
        if not self.sees("']'"):
            self._properties(block, blank, self.start, verbs)
        blank.end = self.take("']'").end
        return blank

    def _collection(self, block: Triples, verbs: frozenset[str]) -> Term:
        start = self.take("'('").start
        if self.accepts("')'"):
            return Iri(start, self.end, f"<{_NIL}>", _NIL)
        first = at = self._member(start)
        while True:
            place = self.start
            member = self._node(block, verbs)
            block.triples.append(Triple(place, place, at, _generated(_FIRST, place), member))
            rest: Term = self._member(self.start) if self.sees_any(NODES) else _iri(_NIL, place)
            block.triples.append(Triple(place, place, at, _generated(_REST, place), rest))
            if not isinstance(rest, Blank):
                first.end = self.take("')'").end
                return first
            at = rest

    def _member(self, start: int) -> Blank:
        self._blanks += 1
        return Blank(start, start, str(self._blanks), "collection")

    # Paths

    def _path(self) -> Path:
        start = self.start
        branches = [self._sequence()]
        while self.accepts("'|'"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alternative(start, self.end, branches)

    def _sequence(self) -> Path:
        start = self.start
        steps = [self._step()]
        while self.accepts("'/'"):
            steps.append(self._step())
        return steps[0] if len(steps) == 1 else Sequence(start, self.end, steps)

    def _step(self) -> Path:
        start = self.start
        if self.accepts("'^'"):
            path = self._repeated(self.start)
            return Inverse(start, self.end, path)
        return self._repeated(start)

    def _repeated(self, start: int) -> Path:
        path: Path
        if self.accepts("'('"):
            path = self._path()
            self.take("')'")
        elif self.accepts("'!'"):
            path = self._negated_set(start)
        else:
            path = self._link()
        if self.sees_any(_REPETITIONS):
            sign = self.advance().text
            return Repeat(start, self.end, path, sign)  # type: ignore[arg-type]  # one of the three signs
        return path

    def _link(self) -> Link:
        iri = self._iri_or_a()
        return Link(iri.start, iri.end, iri)

    def _iri_or_a(self) -> Iri:
        if self.sees("'a'"):
            token = self.advance()
            return Iri(token.start, token.end, "a", _TYPE)
        return self.iri("property")

    def _negated_set(self, start: int) -> NegatedSet:
        path = NegatedSet(start, start, [], [])
        if not self.accepts("'('"):
            self._negate(path)
        elif not self.accepts("')'"):
            self._negate(path)
            while self.accepts("'|'"):
                self._negate(path)
            self.take("')'")
        path.end = self.end
        return path

    def _negate(self, path: NegatedSet) -> None:
        iris = path.backward if self.accepts("'^'") else path.forward
        iris.append(self._iri_or_a())


def service_refused(tokens: list[Token], at: int) -> ServiceForbiddenError:
    """The error for a SERVICE, with its address."""
    following = (other.text for other in tokens[at + 1 : at + 3] if other.upper != "SILENT")
    return ServiceForbiddenError(tokens[at].place, next(following, ""))


def _is_type(verb: Variable | Path) -> bool:
    """Whether the objects of a verb are classes."""
    last = verb.steps[-1] if isinstance(verb, Sequence) else verb
    return isinstance(last, Link) and last.iri.value == _TYPE


def _iri(value: str, place: int) -> Iri:
    return Iri(place, place, f"<{value}>", value)


def _generated(value: str, place: int) -> Link:
    return Link(place, place, _iri(value, place))
