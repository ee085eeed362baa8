"""What a query must keep before the engine sees it: bounds, no SERVICE, no update, names that exist.

Pure: one pass over the tokens, nothing is evaluated. The engine's parser recurses and its planner's time
grows with the fourth power of the patterns that it joins, so what would crash or occupy a worker is refused
here with the limit that it passes; whatever still gets through ends at the worker's deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from plangraf.errors import Place, QueryLimitError, QuerySyntaxError, ServiceForbiddenError, UpdateRefusedError
from plangraf.settings import Settings
from plangraf.sparql.explain.refusals import grammar_error
from plangraf.sparql.grammar import FUNCTIONS
from plangraf.sparql.known_names import Names, check_function_iri, unknown_function
from plangraf.sparql.lexer import CLOSERS, OPENERS, OPERATORS, Source, Token, tokenize, tokenize_source
from plangraf.sparql.nodes import AGGREGATES
from plangraf.sparql.rewrite import Edited
from plangraf.sparql.rewriting import rewritten

# Planning 128 joined patterns takes up to 2 s, 200 of them 20 s; no evaluation is part of that.
_MOST_JOINED = 128
# The engine's stack holds 2 000 clauses in a row (BIND, MINUS, SELECT expressions, …) and not 3 000.
_MOST_CLAUSES = 1_000
# `((a*)*)*`: each level multiplies the time, six take 0.4 s on 20 triples and eight more than anybody waits.
_MOST_REPEATS = 4
# It holds 6 000 operators in a row and not 8 000; 1 000 take it 0.4 s.
_MOST_OPERATORS = 1_000

_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATES = frozenset(("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD", "WITH"))
_CLAUSES = frozenset(
    ("FILTER", "BIND", "VALUES", "MINUS", "OPTIONAL", "UNION", "LATERAL", "GRAPH", "EXISTS", "AS", "SELECT")
)
_VOLATILE = frozenset(("NOW", "RAND", "UUID", "STRUUID", "BNODE"))
_BEFORE_BRACKET = frozenset(
    (
        "FILTER",
        "BIND",
        "HAVING",
        "BY",
        "ASC",
        "DESC",
        "IN",
        "VALUES",
        "SELECT",
        "DISTINCT",
        "REDUCED",
        "WHERE",
    )
)
_BOOLEANS = frozenset(("TRUE", "FALSE"))
# The engine reads these only with their bracket right behind them, where SPARQL lets blanks and comments stand.
_TIGHT = frozenset(("BNODE", "COALESCE", "CONCAT"))
_AFTER_VARIABLES = frozenset(("WHERE", "FROM"))
_MODIFIERS = frozenset(("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"))
_PATH_STEPS = frozenset(("/", "|", "^"))
_PATH_SIGNS = _PATH_STEPS | {"*", "+", "?"}
# What reads as an IRI and is most often a comparison without blanks: `?a<?b&&?c>5`.
_LESS_THAN = ("<?", "<$", "<&", "<=")
_NODES = frozenset(("variable", "iri", "prefixed_name", "bnode", "string", "number"))
# Only a query with one of these can hold what is rewritten for the engine, so only it is parsed.
_REWRITTEN = AGGREGATES | {"HAVING", "GROUP", "BNODE", "ORDER", "EXISTS", "REGEX", "REPLACE", "IF", "OPTIONAL"}
_ORDER = frozenset(("<", ">", "<=", ">="))
_LOGICAL = frozenset(("&&", "||", "!"))
_REWRITTEN_PATHS = frozenset(("|", "*", "?", "!"))


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a query: its size in bytes, tokens, brackets inside brackets, steps of one property path."""

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


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query that the engine may see.

    `text` is what the engine reads: codepoint escapes are decoded, blanks that it stumbles over are moved to where it
    does not, and what it would answer otherwise than the standard is rewritten; `edited` then knows where each place
    was before that. `deterministic` says whether the same data give the same answer, `default_graphs` and
    `named_graphs` are the absolute IRIs of FROM and FROM NAMED.
    """

    text: str
    form: str
    deterministic: bool
    has_graph_clause: bool
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    edited: Edited | None = None

    @property
    def has_dataset_clause(self) -> bool:
        return bool(self.default_graphs or self.named_graphs)


def check(query: str, limits: Limits, terms: frozenset[str] = frozenset(), base: str | None = None) -> CheckedQuery:
    """The query, once it keeps every rule.

    Args:
        query: the text as the client sent it.
        limits: the bounds to keep.
        terms: every IRI that our closed namespaces have, and those of other vocabularies that may be proposed;
            when empty, names in our namespaces are not checked.
        base: of the IRIs of a query that declares none; when absent, relative IRIs are refused.
    Raises:
        QuerySyntaxError: malformed, or a prefix, function, term or base that does not exist.
        QueryUnsupportedError: the engine cannot answer it as the standard says.
        QueryLimitError: over a limit, which it names.
        UpdateRefusedError: it is an update.
        ServiceForbiddenError: it calls another service.
    """
    try:
        size = len(query.encode())
    except UnicodeEncodeError as error:
        place = Source(query[: error.start]).place(error.start, "")
        raise QuerySyntaxError("half a surrogate pair is no character.", place, hint="Send UTF-8.") from error
    if size > limits.max_bytes:
        raise QueryLimitError("size in bytes", size, limits.max_bytes)
    source = Source(query)
    tokens = tokenize_source(source, limits.max_tokens)
    passed = _Pass(source, tokens, limits, Names(terms, base))
    try:
        checked = passed.checked()
    except QuerySyntaxError as error:
        # What cannot stand where it stands comes before a name that is wrong further on.
        earlier = grammar_error(tokens, source)
        if earlier and (earlier.place.line, earlier.place.column) < (error.place.line, error.place.column):
            raise earlier from error
        raise
    if malformed := grammar_error(tokens, source):
        raise malformed
    if not passed.suspect:
        return checked
    edited = rewritten(checked.text, source, tokens, passed.names.iri, limits.max_bytes, limits.max_nesting)
    return checked if edited is None else replace(checked, text=edited.text, edited=edited)


@dataclass(slots=True)
class _Frame:
    """One open bracket. `kind` says what stands in it: group, template, triples, expression, rows or query.

    `joined` counts patterns that the planner joins, `path` the steps of the property path at hand, `members`
    the terms, which are those of a collection when the bracket is round and holds no path.
    """

    kind: str
    opener: Token | None = None
    alone: bool = False
    clause: str = ""
    joined: int = 0
    path: int = 0
    members: int = 0
    repeats: int = 0


@dataclass(slots=True)
class _Pass:
    source: Source
    tokens: list[Token]
    limits: Limits
    names: Names
    stack: list[_Frame] = field(default_factory=lambda: [_Frame("query")])
    form: str = ""
    deterministic: bool = True
    has_graph_clause: bool = False
    awaiting_rows: bool = False
    loose: bool = False
    suspect: bool = False
    clauses: int = 0
    operators: int = 0
    dataset: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))

    def checked(self) -> CheckedQuery:
        if not self.tokens:
            raise QuerySyntaxError("the query is empty.", Place(1, 1, ""), hint="Send a SELECT, for example.")
        start = self._prologue()
        self._read_form(start)
        for index in range(start, len(self.tokens)):
            self._token(index, self.tokens[index])
        if len(self.stack) > 1:
            opener = self.stack[-1].opener
            assert opener is not None
            closer = CLOSERS[opener.text]
            text = f"this {opener.text!r} is never closed; {closer!r} was expected before the end."
            raise QuerySyntaxError(text, opener.place)
        graphs, named = self.dataset
        text = _as_the_engine_reads(self.source, self.tokens) if self.loose else self.source.decoded
        return CheckedQuery(text, self.form, self.deterministic, self.has_graph_clause, tuple(graphs), tuple(named))

    def _prologue(self) -> int:
        """Reads BASE, PREFIX and VERSION; returns the index of the first token after them."""
        at = 0
        tokens = self.tokens
        while at < len(tokens):
            word = tokens[at].upper
            if word == "BASE" and at + 1 < len(tokens) and tokens[at + 1].kind == "iri":
                self.names.declare_base(tokens[at + 1])
                at += 2
            elif word == "PREFIX" and at + 2 < len(tokens) and tokens[at + 2].kind == "iri":
                self.names.declare_prefix(tokens[at + 1], tokens[at + 2])
                at += 3
            elif word == "VERSION" and at + 1 < len(tokens) and tokens[at + 1].kind == "string":
                at += 2
            else:
                break
        return at

    def _read_form(self, start: int) -> None:
        if start == len(self.tokens):
            text = "nothing follows the prefixes: SELECT, ASK, CONSTRUCT or DESCRIBE was expected."
            raise QuerySyntaxError(text, self.source.end())
        first = self.tokens[start]
        if first.upper in _UPDATES:
            raise UpdateRefusedError(first.upper)
        if first.upper not in _FORMS:
            # The grammar says it best: which word is nearest, what a prologue may hold.
            error = grammar_error(self.tokens, self.source)
            raise error or QuerySyntaxError("SELECT, ASK, CONSTRUCT or DESCRIBE was expected.", first.place)
        self.form = first.upper

    def _token(self, index: int, token: Token) -> None:
        kind = token.kind
        frame = self.stack[-1]
        if kind == "word":
            self._word(index, token, frame)
        elif kind == "punctuation":
            self._punctuation(index, token, frame)
            return
        elif kind in ("iri", "prefixed_name"):
            self._term(index, token, frame)
        elif kind == "bnode" and self._in_template():
            self.deterministic = False
        if kind in _NODES:
            if frame.kind == "query" and self.form == "DESCRIBE":
                self._count_clause()
            elif frame.kind == "triples":
                frame.members += 1
            if kind not in ("iri", "prefixed_name"):
                frame.path = 0

    def _word(self, index: int, token: Token, frame: _Frame) -> None:
        word = token.upper
        if word == "SERVICE":
            following = (other.text for other in self.tokens[index + 1 : index + 3] if other.upper != "SILENT")
            raise ServiceForbiddenError(token.place, next(following, ""))
        if word in _CLAUSES:
            self._count_clause()
        if word in _REWRITTEN:
            self.suspect = True
        if word == "GRAPH":
            self.has_graph_clause = True
        if word in _BOOLEANS and token.text != word.lower():
            self.loose = True
        if word == "SELECT":
            frame.clause, frame.alone = "select", True
            is_inner = frame.kind != "query"
            self.suspect = self.suspect or is_inner or "*" in (self._text(index + 1), self._text(index + 2))
            self.loose = self.loose or bool(_repeated(self.tokens, index))
        elif word in _MODIFIERS:
            frame.clause = "modifier"
        elif word == "WHERE":
            frame.clause = ""
        elif word == "CONSTRUCT":
            frame.clause = "construct"
        elif word == "VALUES":
            self.awaiting_rows = True
            self.suspect = self.suspect or self.has_graph_clause
        elif word in ("MINUS", "BIND"):
            self.suspect = self.suspect or self.has_graph_clause
        elif word == "FILTER":
            # A variable or a call may be a text with a language, whose boolean value is asked for.
            self.suspect = self.suspect or self.has_graph_clause or self._text(index + 3) in (")", "(")
        elif word == "IN" and self._text(index + 2) == ")":
            self.suspect = True
        if frame.kind == "query":
            if word in _UPDATES and self.tokens[index - 1].text == ";":
                raise UpdateRefusedError(word)
            if word in _FORMS and index and self._is_query_end(index):
                raise QuerySyntaxError("a second query starts here.", token.place,
                                       hint="A request holds exactly one query.")  # fmt: skip
            if word == "FROM":
                self._read_from(index)
        if self._text(index + 1) == "(":
            if word in _TIGHT and self.tokens[index + 1].start > token.end:
                self.loose = True
            if word in _VOLATILE:
                self.deterministic = False
            if word not in FUNCTIONS and word not in _BEFORE_BRACKET and token.text != "a":
                raise unknown_function(token, in_expression=frame.kind == "expression")

    def _is_query_end(self, index: int) -> bool:
        """Whether a query has ended before this token: some group of it has been closed."""
        return self.tokens[index - 1].text == "}" or self.stack[0].clause == "modifier"

    def _read_from(self, index: int) -> None:
        named = self._upper(index + 1) == "NAMED"
        at = index + 2 if named else index + 1
        if at < len(self.tokens):
            token = self.tokens[at]
            if token.kind in ("iri", "prefixed_name"):
                self.dataset[named].append(self.names.iri(token))

    def _punctuation(self, index: int, token: Token, frame: _Frame) -> None:
        text = token.text
        if text in CLOSERS:
            self._open(index, token, frame)
        elif text in OPENERS:
            self._close(index, token, frame)
        elif frame.kind == "expression" or frame.clause in ("select", "modifier"):
            if text in OPERATORS:
                self._count_operator()
            self._look_at_operands(index, text)
        elif frame.kind in ("group", "triples", "template"):
            if text in _REWRITTEN_PATHS:
                self.suspect = True
            if text in _PATH_STEPS:
                frame.path += 1
                if frame.path > self.limits.max_path:
                    raise QueryLimitError("number of steps in one property path", frame.path, self.limits.max_path)
                if text == "/":
                    self._join(frame, 1)
            elif text in ".;,":
                frame.path = 0
                self._join(frame, 1)
            elif text == "!":
                self._count_operator()

    def _look_at_operands(self, index: int, sign: str) -> None:
        """Texts with a language as a condition, the order of booleans and sums of dates, for variables; division."""
        sides = self._kind(index - 1), self._kind(index + 1)
        if (
            sign == "/"
            or (sign == "+" and "number" not in sides)
            or (sign in _LOGICAL and "variable" in sides)
            or (sign in _ORDER and set(sides) <= {"variable", "word"} and self._text(index + 2) != "(")
        ):
            self.suspect = True

    def _open(self, index: int, token: Token, frame: _Frame) -> None:
        if len(self.stack) > self.limits.max_nesting:
            raise QueryLimitError("nesting depth", len(self.stack), self.limits.max_nesting)
        text = token.text
        before = self._upper(index - 1)
        kind = "triples"
        if text == "(":
            kind = self._kind_of_round(index, frame)
        elif text == "{":
            if self.awaiting_rows:
                self.awaiting_rows = False
                kind = "rows"
            elif frame.kind == "rows":
                kind = "rows"
            else:
                kind = "template" if frame.clause == "construct" else "group"
            if frame.clause != "modifier":
                frame.clause = ""
        elif self._in_template() and text == "[":
            self.deterministic = False
        if text in ("[", "<<", "{|"):
            self._join(frame, 2 if text == "{|" else 1)
        self.stack.append(_Frame(kind, token, alone=before in ("MINUS", "EXISTS", "UNION")))

    def _kind_of_round(self, index: int, frame: _Frame) -> str:
        if self.awaiting_rows or frame.kind == "rows":
            return "rows"
        if frame.kind in ("expression", "query") or frame.clause in ("select", "modifier"):
            return "expression"
        before = self.tokens[index - 1]
        if before.kind == "word" and before.text != "a" and before.upper not in _BOOLEANS:
            return "expression"
        if before.kind in ("iri", "prefixed_name") and self._upper(index - 2) == "FILTER":
            return "expression"
        if self._in_template():
            self.deterministic = False
        return "triples"

    def _close(self, index: int, token: Token, frame: _Frame) -> None:
        opener = frame.opener
        if opener is None or CLOSERS[opener.text] != token.text:
            wanted = OPENERS[token.text]
            if opener is None or all(f.opener is None or f.opener.text != wanted for f in self.stack):
                hint = f"Remove it, or write the {wanted!r} that it should close."
                raise QuerySyntaxError(f"this {token.text!r} closes nothing.", token.place, hint=hint)
            closer = CLOSERS[opener.text]
            text = f"this {opener.text!r} is never closed; {closer!r} was expected before the {token.text!r}"
            raise QuerySyntaxError(f"{text} at line {token.line}, column {token.column}.", opener.place)
        self.stack.pop()
        outer = self.stack[-1]
        if frame.kind == "group":
            apart = frame.alone or self._upper(index + 1) == "UNION"
            if outer.kind == "group":
                self._join(outer, 1 if apart else frame.joined + 1)
        elif frame.kind == "triples":
            outer.path += frame.path
            is_collection = token.text == ")" and not frame.path and self._text(index + 1) not in _PATH_SIGNS
            # Each member of a collection is two patterns.
            self._join(outer, frame.joined + (2 * frame.members if is_collection else 0))
            outer.members += is_collection
            if token.text == ")" and self._text(index + 1) in ("*", "+"):
                frame.repeats += 1
                if frame.repeats > _MOST_REPEATS:
                    raise QueryLimitError("number of repetitions inside each other", frame.repeats, _MOST_REPEATS)
            outer.repeats = max(outer.repeats, frame.repeats)

    def _term(self, index: int, token: Token, frame: _Frame) -> None:
        if frame.kind == "expression" and token.text.startswith(_LESS_THAN) and self._ends_a_value(index - 1):
            hint = "If '<' means less-than, put spaces around it."
            raise QuerySyntaxError("an IRI cannot stand here.", token.place, hint=hint)
        iri = self.names.iri(token)
        self.names.check_term(self.tokens, index, iri)
        if self._text(index + 1) == "(" and (
            frame.kind == "expression" or frame.clause == "modifier" or self._upper(index - 1) == "FILTER"
        ):
            check_function_iri(token, iri)
            self.suspect = True
        if token.kind == "prefixed_name" and token.text.count(".") > 1:
            self.suspect = True

    def _ends_a_value(self, index: int) -> bool:
        return self.tokens[index].kind in _NODES or self._text(index) == ")"

    def _join(self, frame: _Frame, patterns: int) -> None:
        frame.joined += patterns
        if frame.joined > _MOST_JOINED and not self._in_template():
            raise QueryLimitError("number of patterns joined in one group", frame.joined, _MOST_JOINED)

    def _count_clause(self) -> None:
        self.clauses += 1
        if self.clauses > _MOST_CLAUSES:
            raise QueryLimitError("number of clauses", self.clauses, _MOST_CLAUSES)

    def _count_operator(self) -> None:
        self.operators += 1
        if self.operators > _MOST_OPERATORS:
            raise QueryLimitError("number of operators", self.operators, _MOST_OPERATORS)

    def _in_template(self) -> bool:
        return len(self.stack) > 1 and self.form == "CONSTRUCT" and self.stack[1].kind == "template"

    def _kind(self, index: int) -> str:
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def _text(self, index: int) -> str:
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def _upper(self, index: int) -> str:
        return self.tokens[index].upper if 0 <= index < len(self.tokens) else ""


def _repeated(tokens: list[Token], select: int) -> list[Token]:
    """The variables of a SELECT clause that stand in it a second time, which SPARQL allows and the engine does not."""
    seen: set[str] = set()
    found = []
    depth = 0
    for at in range(select + 1, len(tokens)):
        token = tokens[at]
        if token.text in ("{", "}") or (not depth and token.kind == "word" and token.upper in _AFTER_VARIABLES):
            break
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "variable" and not depth:
            if token.text[1:] in seen:
                found.append(token)
            seen.add(token.text[1:])
    return found


def _as_the_engine_reads(source: Source, tokens: list[Token]) -> str:
    """The decoded text in the engine's own narrower spelling; each place stays where it was.

    What stands between a `_TIGHT` name and its bracket is moved to before the name, TRUE and FALSE are small, and
    of a variable that is selected twice the second leaves blanks.
    """
    text = source.decoded
    if text is not source.original:
        tokens = tokenize(text)
    for token, following in pairwise(tokens):
        if token.upper in _TIGHT and following.text == "(":
            moved = text[token.end : following.start] + text[token.start : token.end]
            text = text[: token.start] + moved + text[following.start :]
    for index, token in enumerate(tokens):
        if token.kind == "word" and token.upper in _BOOLEANS:
            text = text[: token.start] + token.text.lower() + text[token.end :]
        elif token.upper == "SELECT":
            for again in _repeated(tokens, index):
                text = text[: again.start] + " " * (again.end - again.start) + text[again.end :]
    return text
