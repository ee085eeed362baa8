"""Checks a query before the engine evaluates it: grammar, limits, no SERVICE, no update, known names.

It evaluates nothing. The query is parsed once; every check and rewrite uses its tree: text → tokens → limits that the
parser needs → tree. The parser also checks the names, because it knows their roles.

It refuses a query that would crash the engine or occupy a worker, and names the limit. The engine's parser recurses,
and the time of its planner grows with the fourth power of the number of joined patterns. A heavy query that passes ends
at the worker's deadline.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from plangraf.errors import Place, QueryLimitError, QuerySyntaxError
from plangraf.errors.message import N_, Quoted
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.settings import Settings
from plangraf.sparql.bulk_reach import reaches_bulk
from plangraf.sparql.explain.mistakes import explain_mistake
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import CLOSERS, OPENERS, OPERATORS, Source, Token, terminals, tokenize_source
from plangraf.sparql.nodes import (
    Alternative,
    Blank,
    Element,
    Group,
    Inverse,
    Iri,
    Link,
    Minus,
    NegatedSet,
    Node,
    Operation,
    Path,
    Repeat,
    Select,
    Triples,
    Union,
    Variable,
    walk,
)
from plangraf.sparql.nodes import Sequence as PathSequence
from plangraf.sparql.parser import Mistake, parse
from plangraf.sparql.pattern_parser import service_refused
from plangraf.sparql.query_shapes import Shapes
from plangraf.sparql.rewrite import Edited, rewrite
from plangraf.sparql.scope import every_expression, groups_in, inner_groups

# Planning 128 joined patterns takes up to 2 s, 200 of them 20 s, without evaluation.
_MOST_JOINED = 128
# The engine's stack holds 2 000 clauses in a row (BIND, MINUS, SELECT expressions, …) and not 3 000.
_MOST_CLAUSES = 1_000
# `((a*)*)*`: each level multiplies the time, six levels take 0.4 s on 20 triples, eight far too long.
_MOST_REPEATS = 4
# The stack holds 6 000 operators in a row and not 8 000; 1 000 take 0.4 s.
_MOST_OPERATORS = 1_000
# A query of fewer tokens passes none of these, but for repetitions: a member of a collection is two patterns.
_FEWEST_TOKENS = _MOST_JOINED // 2

_CLAUSES = frozenset(
    ("FILTER", "BIND", "VALUES", "MINUS", "OPTIONAL", "UNION", "LATERAL", "GRAPH", "EXISTS", "AS", "SELECT")
)
_REPETITIONS = frozenset(("'*'", "'+'"))
_CLOSED_BY = {f"'{opener}'": f"'{closer}'" for opener, closer in CLOSERS.items()}
_CLOSERS = frozenset(_CLOSED_BY.values())
# The terminals of NOW, RAND, UUID, STRUUID, and of BNODE.
_VOLATILE = frozenset(("F0", "BNODE_CALL"))
_NO_BULK = BulkTerms()


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a query: bytes, tokens, depth of nested brackets, steps of one property path."""

    max_bytes: int = 256 * 1024
    max_tokens: int = 20_000
    max_nesting: int = 64
    max_path: int = 64

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            settings.query_max_bytes, settings.query_max_tokens, settings.query_max_nesting, settings.query_max_path
        )


def check_nesting(tokens: list[Token], terminals: list[str], most: int) -> QuerySyntaxError | None:
    """Checks the nesting before any recursion over brackets. Returns the error of the first unmatched bracket.

    Raises:
        QueryLimitError: the brackets nest too deep.
    """
    opened: list[int] = []
    for index, terminal in enumerate(terminals):
        if terminal in _CLOSED_BY:
            opened.append(index)
            if len(opened) > most:
                raise QueryLimitError(N_("nesting depth"), len(opened), most)
        elif terminal in _CLOSERS:
            if not opened or _CLOSED_BY[terminals[opened[-1]]] != terminal:
                return _unbalanced(tokens, opened, tokens[index])
            opened.pop()
    return _unbalanced(tokens, opened, None) if opened else None


def nesting(terminals: list[str]) -> int:
    """The maximum depth of nested brackets."""
    return max(accumulate((terminal in _CLOSED_BY) - (terminal in _CLOSERS) for terminal in terminals), default=0)


def _unbalanced(tokens: list[Token], opened: list[int], closer: Token | None) -> QuerySyntaxError:
    if closer and all(tokens[index].text != OPENERS[closer.text] for index in opened):
        hint = N_("Remove it, or write the %(opener)s that it should close.", opener=Quoted(OPENERS[closer.text]))
        return QuerySyntaxError(
            N_("this %(closer)s closes nothing.", closer=Quoted(closer.text)), closer.place, hint=hint
        )
    opener = tokens[opened[-1]]
    before = (
        N_(
            "the %(closer)s at line %(line)s, column %(column)s",
            closer=Quoted(closer.text),
            line=closer.line,
            column=closer.column,
        )
        if closer
        else N_("the end")
    )
    text = N_(
        "this %(opener)s is never closed; %(closer)s was expected before %(before)s.",
        opener=Quoted(opener.text),
        closer=Quoted(CLOSERS[opener.text]),
        before=before,
    )
    return QuerySyntaxError(text, opener.place)


def check_bounds(query: Select, terminals: Sequence[str], limits: Limits) -> None:
    """Checks the limits that the engine needs.

    Raises:
        QueryLimitError: the query exceeds a limit, which the error names.
    """
    count = len(terminals)
    if count <= min(_FEWEST_TOKENS, limits.max_path) and not _REPETITIONS.intersection(terminals):
        return
    for group in groups_in(query):
        for path in _paths(group.elements):
            _keep(N_("number of steps in one property path"), _steps(path), limits.max_path)
            _keep(N_("number of repetitions inside each other"), _repeats(path), _MOST_REPEATS)
        _keep(N_("number of patterns joined in one group"), _joined(group), _MOST_JOINED)
    if count > _MOST_CLAUSES:
        described = len(query.items) if query.form == "DESCRIBE" else 0
        clauses = sum(terminal in _CLAUSES for terminal in terminals)
        _keep(N_("number of clauses"), clauses + described, _MOST_CLAUSES)
        signs = (part.sign for one in every_expression(query) for part in walk(one) if isinstance(part, Operation))
        _keep(N_("number of operators"), sum(sign in OPERATORS for sign in signs), _MOST_OPERATORS)


def _keep(what: str, found: int, most: int) -> None:
    if found > most:
        raise QueryLimitError(what, found, most)


def _paths(elements: Iterable[Element]) -> Iterable[Path]:
    blocks = (element for element in elements if isinstance(element, Triples))
    verbs = (triple.verb for block in blocks for triple in block.triples)
    return (verb for verb in verbs if not isinstance(verb, Variable | Link))


def _joined(group: Group) -> int:
    """The number of patterns that the planner joins, including those in groups, OPTIONAL and GRAPH."""
    if group.select is not None:
        return _joined(group.select.where)
    joined = 0
    for element in group.elements:
        if isinstance(element, Triples):
            joined += len(element.triples) + element.passed_over // 2
            joined += sum(_sequence_steps(path) for path in _paths([element]))
        elif isinstance(element, Minus):
            joined += 1
        elif isinstance(element, Union) and len(element.groups) > 1:
            joined += len(element.groups)
        else:
            joined += sum(max(_joined(inner), 1) for inner in inner_groups(element))
    return joined


def _parts(path: Path) -> list[Path]:
    match path:
        case Inverse(path=inner) | Repeat(path=inner):
            return [inner]
        case PathSequence(steps=inner_paths) | Alternative(branches=inner_paths):
            return inner_paths
        case _:
            return []


def _sequence_steps(path: Path) -> int:
    own = len(path.steps) - 1 if isinstance(path, PathSequence) else 0
    return own + sum(map(_sequence_steps, _parts(path)))


def _steps(path: Path) -> int:
    """The signs `/`, `|` and `^` of a path."""
    if isinstance(path, NegatedSet):
        return max(len(path.forward) + 2 * len(path.backward) - 1, 0)
    return len(_parts(path)) - 1 + isinstance(path, Inverse) + sum(map(_steps, _parts(path))) if _parts(path) else 0


def _repeats(path: Path) -> int:
    """The depth of nested repetitions in a path, without an innermost one of a single step."""
    deepest = max(map(_repeats, _parts(path)), default=0)
    return deepest + (isinstance(path, Repeat) and path.sign != "?" and not isinstance(path.path, Link))


@dataclass(slots=True)
class Query:
    """A query with valid grammar and known names.

    `text` is the query without codepoint escapes; tokens and nodes have places in it. `terminals` are those of
    the tokens, `words` the same without repetition. `iris` are all IRIs after the prologue, in order.
    """

    source: Source
    tokens: list[Token]
    terminals: list[str]
    words: frozenset[str]
    names: Names
    tree: Select
    iris: list[Iri]

    @property
    def text(self) -> str:
        return self.source.decoded

    def written(self, node: Node) -> str:
        return self.text[node.start : node.end]

    def place(self, node: Node) -> Place:
        return self.place_at(node.start)

    def place_at(self, offset: int) -> Place:
        """The place of the token at an offset of the text, or of the next token."""
        at = bisect_right(self.tokens, offset, key=lambda token: token.end)
        return self.tokens[at].place if at < len(self.tokens) else self.source.end()


def read(text: str, limits: Limits | None = None, names: Names | None = None, *, services: bool = False) -> Query:
    """Parses a text.

    Args:
        text: any text.
        limits: the limits on bytes, tokens and brackets; the defaults when None.
        names: resolves and checks names; no check when None.
        services: whether SERVICE may stand in it; its tree is then not one for the engine.
    Raises:
        QuerySyntaxError: it breaks the grammar, or has an unknown name.
        QueryLimitError: it is too long or too deep.
        UpdateRefusedError: it is an update.
        ServiceForbiddenError: it calls another service.
    """
    limits, names = limits or Limits(), names or Names()
    source = _source(text, limits)
    tokens = tokenize_source(source, limits.max_tokens)
    return _parse(source, tokens, terminals(tokens), limits, names, services=services)


def _parse(
    source: Source, tokens: list[Token], kinds: list[str], limits: Limits, names: Names, *, services: bool = False
) -> Query:
    unbalanced = check_nesting(tokens, kinds, limits.max_nesting)
    if "SERVICE" in kinds and not services:
        raise service_refused(tokens, kinds.index("SERVICE"))
    try:
        tree, iris = parse(tokens, kinds, names, services=services)
    except Mistake as mistake:
        raise explain_mistake(mistake, tokens, source, unbalanced) from mistake
    except RecursionError as error:
        # The limit on brackets may be set higher than the interpreter's stack holds.
        depth = nesting(kinds)
        raise QueryLimitError(N_("nesting depth"), depth, depth - 1) from error
    if unbalanced:
        raise unbalanced  # brackets inside a triple term, which is not parsed
    return Query(source, tokens, kinds, frozenset(kinds), names, tree, iris)


def _source(text: str, limits: Limits) -> Source:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line, column = text.count("\n", 0, error.start) + 1, error.start - text.rfind("\n", 0, error.start)
        place = Place(line, column, "")
        raise QuerySyntaxError(
            N_("half a surrogate pair is not a character."), place, hint=N_("Send UTF-8.")
        ) from error
    if size > limits.max_bytes:
        raise QueryLimitError(N_("size in bytes"), size, limits.max_bytes)
    return Source(text)


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query that may be evaluated.

    `text` is the query for the engine: without codepoint escapes, and rewritten where the engine would refuse it or
    differ from the standard; `edited` then maps its places to the original. `deterministic`: the same data give the
    same answer. `default_graphs` and `named_graphs` are the IRIs of FROM and FROM NAMED. `reaches_bulk`: it can
    match a bulk triple, see plangraf.sparql.bulk_reach.

    It does not hold the tree, because checked queries are cached and a tree takes twenty times the memory of the text.
    """

    text: str
    form: str
    deterministic: bool
    has_graph_clause: bool
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    edited: Edited | None = None
    reaches_bulk: bool = False

    def of(self, text: str) -> CheckedQuery:
        """The same for the text of a query of the same shape."""
        graphs = self.default_graphs, self.named_graphs
        found = text, self.form, self.deterministic, self.has_graph_clause
        return CheckedQuery(*found, *graphs, None, self.reaches_bulk)

    @property
    def has_dataset_clause(self) -> bool:
        return bool(self.default_graphs or self.named_graphs)


def check(
    query: str,
    limits: Limits,
    terms: frozenset[str] = frozenset(),
    base: str | None = None,
    object_kinds: Mapping[str, frozenset[str]] | None = None,
    bulk: BulkTerms = _NO_BULK,
    shapes: Shapes[CheckedQuery] | None = None,
) -> CheckedQuery:
    """Checks and rewrites a query.

    Args:
        query: the text from the client.
        limits: the limits.
        terms: every IRI that our closed namespaces have, and those of other vocabularies that may be suggested;
            when empty, names in our namespaces are not checked.
        base: of the IRIs of a query that declares none; when absent, relative IRIs are refused.
        object_kinds: kinds of the literals of each predicate of the data, see plangraf.rdf.object_kinds; when absent,
            an object may be a literal of any kind.
        bulk: the terms of the triples in a store of their own.
        shapes: the shapes of earlier queries with the same limits, terms and data; receives that of this one.
    Raises:
        QuerySyntaxError: malformed, or a prefix, function, term or base that does not exist.
        QueryUnsupportedError: the engine cannot answer it as the standard says.
        QueryLimitError: over a limit, which it names.
        UpdateRefusedError: it is an update.
        ServiceForbiddenError: it calls another service.
    """
    source = _source(query, limits)
    tokens = tokenize_source(source, limits.max_tokens)
    kinds = terminals(tokens)
    if shapes is not None and (like := shapes.find(tokens, kinds)) is not None:
        return like.of(source.decoded)
    read_query = _parse(source, tokens, kinds, limits, Names(terms, base))
    check_bounds(read_query.tree, read_query.terminals, limits)
    edited = rewrite(read_query, limits.max_bytes, limits.max_nesting, object_kinds)
    tree, words = read_query.tree, read_query.words
    dataset = tree.dataset
    checked = CheckedQuery(
        edited.text if edited else read_query.text,
        tree.form,
        words.isdisjoint(_VOLATILE) and not _makes_blank_nodes(tree),
        "GRAPH" in words,
        tuple(dataset.default) if dataset else (),
        tuple(dataset.named) if dataset else (),
        edited,
        bool(bulk.subjects) and reaches_bulk(tree, bulk),
    )
    if shapes is not None and edited is None:
        shapes.add(tokens, kinds, tree, checked.of(""))
    return checked


def _makes_blank_nodes(query: Select) -> bool:
    """Whether a template has blank nodes, which are new ones in each answer."""
    template = query.template.triples if query.template and query.form == "CONSTRUCT" else []
    return any(isinstance(term, Blank) for triple in template for term in (triple.subject, triple.object))
