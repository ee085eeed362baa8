"""A query taken apart: what its outermost WHERE group consists of, each part as an ASK of its own can hold it.

Works on the tokens of a query that keeps the grammar. A triple is one part, with `;` `,` `a` and blank nodes'
property lists written out; groups, OPTIONAL, UNION and inner SELECTs are one part each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from plangraf.errors import Place, RequestError
from plangraf.sparql.grammar import first_mistake
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import Token, shown, tokenize
from plangraf.sparql.nodes import AGGREGATES
from plangraf.sparql.scope_rules import closer

Kind = Literal[
    "triple", "values", "minus", "group", "union", "graph", "select", "optional", "bind", "lateral", "filter", "whole"
]
TermKind = Literal["variable", "iri", "literal", "path", "other"]

# Clauses that end a triple pattern without a full stop.
_PATTERNS = frozenset(("FILTER", "OPTIONAL", "MINUS", "LATERAL", "GRAPH", "SERVICE", "BIND", "VALUES"))
_NEWER = frozenset(("<<", ">>", "{|", "|}", "~"))
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a triple or a condition. `text` is as written; `value` is a variable's or an IRI's name.

    Of a literal `string` is the quoted text alone, `tag` its language tag without '@', `datatype` as written.
    """

    kind: TermKind
    text: str
    value: str = ""
    string: str = ""
    tag: str = ""
    datatype: str = ""
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a group: `text` for an ASK, `shown` for a message, and where it starts.

    `inner` and `opening` are of a group, a GRAPH or an inner SELECT: its parts, and what comes before its `{`.
    """

    kind: Kind
    text: str
    shown: str
    place: Place
    tokens: list[Token]
    triple: tuple[Term, Term, Term] | None = None
    inner: list[Part] = field(default_factory=list)
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A query in parts. `head` is an ASK's text up to its `{`; `stem` a variable's name that the query has not.

    `prologue` is the text up to the query's form, `default_graphs` and `named_graphs` the IRIs of FROM and FROM NAMED.
    `rows` is the query as an inner SELECT without ORDER BY and LIMIT, empty when it is no SELECT; `values` is
    the VALUES clause behind everything, `template` what CONSTRUCT makes; `one_row` says that aggregates over
    everything always give a row.
    """

    form: str
    head: str
    parts: list[Part]
    stem: str
    names: Names
    prologue: str = ""
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    from_clause: Token | None = None
    rows: str = ""
    having: Token | None = None
    offset: Token | None = None
    limit_zero: Token | None = None
    values: Part | None = None
    template: list[Part] = field(default_factory=list)
    one_row: bool = False
    grouped: bool = False


def outline(query: str, base: str | None = None) -> Outline | None:
    """The parts of a query; None when it has no WHERE group or does not keep the grammar."""
    try:
        tokens = tokenize(query)
        return None if first_mistake(tokens) is not None else _Reader(query, tokens, base).outline()
    except (RequestError, IndexError):
        return None


class _Reader:
    def __init__(self, query: str, tokens: list[Token], base: str | None) -> None:
        self.query = query
        self.tokens = tokens
        self.names = Names(frozenset(), base)
        self.fresh = 0
        self.stem = "any"
        while self.stem in query:
            self.stem += "_"

    def outline(self) -> Outline | None:
        tokens = self.tokens
        start = self._prologue()
        form = tokens[start].upper
        dataset: list[int] = []
        template: list[Part] = []
        if form == "CONSTRUCT" and tokens[start + 1].text == "{":
            template = self.group(start + 1, closer(tokens, start + 1))
        at = start + 1
        while at < len(tokens) and not (tokens[at].text == "{" and (form != "CONSTRUCT" or at > start + 1)):
            if tokens[at].upper == "FROM":
                dataset.append(at)
            # Brackets hold expressions of the projection, or CONSTRUCT's template.
            at = closer(tokens, at) + 1 if tokens[at].text in ("(", "{") else at + 1
        if at >= len(tokens):
            return None
        before_where = at - 1 if tokens[at - 1].upper == "WHERE" else at
        clause = self._slice(dataset[0], before_where - 1) if dataset else ""
        prologue = self.query[: tokens[start].start]
        default, named = self._graphs(dataset)
        return Outline(
            form, f"{prologue}ASK {clause}", self.group(at, closer(tokens, at)), self.stem, self.names,
            prologue, default, named, template=template, from_clause=tokens[dataset[0]] if dataset else None,
            **self._modifiers(form, start, dataset[0] if dataset else before_where, at),
        )  # fmt: skip

    def _graphs(self, clauses: list[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The IRIs of FROM and of FROM NAMED, from the places of their first words."""
        graphs: tuple[list[str], list[str]] = ([], [])
        for at in clauses:
            named = self.tokens[at + 1].upper == "NAMED"
            graphs[named].append(self.names.iri(self.tokens[at + 1 + named]))
        return tuple(graphs[0]), tuple(graphs[1])

    def _prologue(self) -> int:
        tokens, at = self.tokens, 0
        while tokens[at].upper in ("BASE", "PREFIX", "VERSION"):
            if tokens[at].upper == "BASE":
                self.names.declare_base(tokens[at + 1])
            elif tokens[at].upper == "PREFIX":
                self.names.declare_prefix(tokens[at + 1], tokens[at + 2])
            at += 3 if tokens[at].upper == "PREFIX" else 2
        return at

    def _modifiers(self, form: str, start: int, projection_end: int, opening: int) -> dict[str, Any]:
        """What follows the WHERE group, and whether the projection holds aggregates."""
        tokens = self.tokens
        found: dict[str, Any] = {}
        closing = closer(tokens, opening)
        end = len(tokens)  # of GROUP BY and HAVING
        kept = ""
        at = closing + 1
        while at < len(tokens):
            token = tokens[at]
            word = token.upper
            if word in ("ORDER", "LIMIT", "OFFSET", "VALUES"):
                end = min(end, at)
            if token.text in ("(", "{"):
                at = closer(tokens, at)
            elif word == "GROUP":
                found["grouped"] = True
            elif word == "HAVING":
                found["having"] = token
            elif word == "OFFSET" and tokens[at + 1].text.strip("0"):
                found["offset"], kept = token, self._slice(at, at + 1)
            elif word == "LIMIT" and not tokens[at + 1].text.strip("0"):
                found["limit_zero"] = token
            elif word == "VALUES":
                found["values"] = self._part("values", at, len(tokens) - 1, "VALUES")
            at += 1
        projection = tokens[start + 1 : projection_end]
        aggregates = any(token.upper in AGGREGATES for token in projection)
        found["one_row"] = aggregates and not found.keys() & {"grouped", "having"}
        if form == "SELECT":
            found["rows"] = f"{{ {self._slice(start, projection_end - 1)} {self._slice(opening, end - 1)} {kept} }}"
        return found

    def _slice(self, first: int, last: int) -> str:
        """The query's text from one token to another one, both included."""
        return self.query[self.tokens[first].start : self.tokens[last].end]

    def group(self, opening: int, closing: int) -> list[Part]:
        """The parts of the group between two brackets."""
        tokens = self.tokens
        parts: list[Part] = []
        at = opening + 1
        if at < closing and tokens[at].upper == "SELECT":
            return [self._select(at, closing)]
        while at < closing:
            token = tokens[at]
            word = token.upper
            if token.text == ".":
                at += 1
                continue
            if word == "FILTER":
                end = self._constraint(at + 1)
                parts += self._conditions(at, end)
            elif word in ("OPTIONAL", "MINUS", "LATERAL"):
                end = closer(tokens, at + 1)
                kind: Kind = "optional" if word == "OPTIONAL" else "minus" if word == "MINUS" else "lateral"
                parts.append(self._part(kind, at, end, f"{word} {{ ... }}"))
            elif word in ("GRAPH", "SERVICE"):
                brace = at + (3 if tokens[at + 1].upper == "SILENT" else 2)
                end = closer(tokens, brace)
                opened = self._slice(at, brace - 1)
                parts.append(self._nested("graph" if word == "GRAPH" else "whole", at, brace, end, opened))
            elif word == "BIND":
                end = closer(tokens, at + 1)
                parts.append(self._part("bind", at, end, "BIND"))
            elif word == "VALUES":
                brace = closer(tokens, at + 1) + 1 if tokens[at + 1].text == "(" else at + 2
                end = closer(tokens, brace)
                parts.append(self._part("values", at, end, f"{self._slice(at, brace - 1)} {{ ... }}"))
            elif token.text == "{":
                end = closer(tokens, at)
                unions = 0
                while end + 1 < closing and tokens[end + 1].upper == "UNION":
                    end = closer(tokens, end + 2)
                    unions += 1
                if unions:
                    parts.append(self._part("union", at, end, "{ ... }" + " UNION { ... }" * unions))
                else:
                    parts.append(self._nested("group", at, at, end, ""))
            else:
                at = self._statement(at, closing, parts)
                continue
            at = end + 1
        return parts

    def _select(self, at: int, closing: int) -> Part:
        brace = at
        while self.tokens[brace].text != "{":
            brace = closer(self.tokens, brace) + 1 if self.tokens[brace].text == "(" else brace + 1
        inner = self.group(brace, closer(self.tokens, brace))
        return Part(
            "select", f"{{ {self._slice(at, closing - 1)} }}", "{ SELECT ... }", self.tokens[at - 1].place,
            self.tokens[at:closing], None, inner,
        )  # fmt: skip

    def _part(self, kind: Kind, first: int, last: int, as_shown: str) -> Part:
        tokens = self.tokens[first : last + 1]
        return Part(kind, self._slice(first, last), as_shown, self.tokens[first].place, tokens)

    def _nested(self, kind: Kind, first: int, brace: int, last: int, opened: str) -> Part:
        inner = [] if kind == "whole" else self.group(brace, last)
        if kind == "group" and len(inner) == 1 and inner[0].kind == "select":
            return inner[0]
        return Part(
            kind, self._slice(first, last), f"{opened} {{ ... }}".strip(), self.tokens[first].place,
            self.tokens[first : last + 1], None, inner, opened,
        )  # fmt: skip

    def _constraint(self, at: int) -> int:
        tokens = self.tokens
        if tokens[at].text == "(":
            return closer(tokens, at)
        at += 2 if tokens[at].upper == "NOT" else 1
        return closer(tokens, at)

    def _conditions(self, first: int, last: int) -> list[Part]:
        """A FILTER as one part for each condition that `&&` joins: all of them must be true anyway."""
        tokens = self.tokens
        start, end = first + 1, last
        while tokens[start].text == "(" and closer(tokens, start) == end:
            start, end = start + 1, end - 1
        cuts = [start - 1]
        at = start
        while at <= end:
            text = tokens[at].text
            if text in ("(", "{"):
                at = closer(tokens, at)
            elif text == "||":
                cuts = [start - 1]
                break
            elif text == "&&":
                cuts.append(at)
            at += 1
        parts = []
        for before, after in zip(cuts, [*cuts[1:], end + 1], strict=True):
            text = self._slice(before + 1, after - 1)
            place = tokens[first if len(cuts) == 1 else before + 1].place
            parts.append(Part("filter", f"FILTER({text})", f"FILTER({text})", place, tokens[before + 1 : after]))
        return parts

    def _statement(self, at: int, closing: int, parts: list[Part]) -> int:
        """Reads one subject with all that is said of it; returns the index behind it."""
        tokens = self.tokens
        end = at
        while end < closing and tokens[end].text not in (".", "{") and tokens[end].upper not in _PATTERNS:
            end = closer(tokens, end) + 1 if tokens[end].text in ("(", "[") else end + 1
        if tokens[at].text == "(" or any(token.text in _NEWER for token in tokens[at:end]):
            text = self._slice(at, end - 1)
            parts.append(Part("whole", f"{text} .", shown(text), tokens[at].place, tokens[at:end]))
            return end
        subject, behind = self._node(at, parts)
        if behind < end:
            self._properties(subject, at, behind, end, parts)
        return end

    def _properties(self, subject: Term, place: int, at: int, end: int, parts: list[Part]) -> None:
        tokens = self.tokens
        while at < end:
            verb_at = at
            verb, at = self._verb(at)
            while True:
                object_at = at
                later: list[Part] = []
                object_, at = self._node(at, later)
                start = object_at if tokens[object_at - 1].text == "," else place
                text = f"{subject.text} {verb.text} {object_.text}"
                written = " ".join(self._as_written(term) for term in (subject, verb, object_))
                parts.append(
                    Part(
                        "triple",
                        f"{text} .",
                        written,
                        tokens[start].place,
                        tokens[verb_at:at],
                        (subject, verb, object_),
                    )
                )
                parts += later
                if at >= end or tokens[at].text != ",":
                    break
                at += 1
            while at < end and tokens[at].text == ";":
                at += 1
            place = at

    def _as_written(self, term: Term) -> str:
        return "[]" if term.value.startswith(self.stem) else shown(" ".join(term.text.split()))

    def _verb(self, at: int) -> tuple[Term, int]:
        token = self.tokens[at]
        if token.kind == "variable":
            return Term("variable", token.text, token.text[1:]), at + 1
        end = self._path_end(at)
        used = tuple(self.tokens[at:end])
        if end > at + 1:
            return Term("path", self._slice(at, end - 1), tokens=used), end
        iri = _TYPE if token.text == "a" else self.names.iri(token)
        return Term("iri", token.text, iri, tokens=used), end

    def _path_end(self, at: int) -> int:
        tokens = self.tokens
        while True:
            while tokens[at].text in ("^", "!"):
                at += 1
            at = closer(tokens, at) + 1 if tokens[at].text == "(" else at + 1
            if tokens[at].text in ("*", "+", "?"):
                at += 1
            if tokens[at].text not in ("/", "|"):
                return at
            at += 1

    def _node(self, at: int, parts: list[Part]) -> tuple[Term, int]:
        """The term that starts here and the index behind it; `[ … ]` becomes a variable, its inside parts."""
        tokens = self.tokens
        token = tokens[at]
        if token.text == "[":
            end = closer(tokens, at)
            self.fresh += 1
            name = f"{self.stem}{self.fresh}"
            term = Term("variable", f"?{name}", name)
            if end > at + 1:
                self._properties(term, at + 1, at + 1, end, parts)
            return term, end + 1
        if token.text == "(":
            end = closer(tokens, at)
            return Term("other", self._slice(at, end)), end + 1
        term = read_term(tokens, at, self.names)
        return term, at + max(1, len(term.tokens))


def read_term(tokens: list[Token], at: int, names: Names) -> Term:
    """The variable, IRI, blank node or literal that starts at a token."""
    token = tokens[at]
    if token.kind == "variable":
        return Term("variable", token.text, token.text[1:], tokens=(token,))
    if token.kind in ("iri", "prefixed_name"):
        return Term("iri", token.text, names.iri(token), tokens=(token,))
    query = token.source.original
    if token.kind == "string":
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if following is not None and following.kind == "langtag":
            text = query[token.start : following.end]
            return Term("literal", text, "", token.text, following.text[1:], tokens=(token, following))
        if following is not None and following.text == "^^":
            datatype = tokens[at + 2]
            text = query[token.start : datatype.end]
            return Term("literal", text, "", token.text, "", names.iri(datatype), tuple(tokens[at : at + 3]))
        return Term("literal", token.text, "", token.text, tokens=(token,))
    signed = token.text in ("+", "-")
    number = tokens[at + 1] if signed else token
    if number.kind == "number":
        text = query[token.start : number.end]
        return Term("literal", text, "", f'"{text}"', "", "number", tuple(tokens[at : at + 1 + signed]))
    if token.upper in ("TRUE", "FALSE"):
        return Term("literal", token.text, "", f'"{token.text}"', "", "boolean", (token,))
    return Term("other", token.text, tokens=(token,))
