"""Parses a query once; every later step uses its tree.

Text → tokens → limits that the parser needs → tree. The parser also checks the names, because it knows their roles.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from plangraf.errors import Place, QueryLimitError, QuerySyntaxError
from plangraf.sparql.bounds import Limits, check_nesting, nesting
from plangraf.sparql.explain.mistakes import explain_mistake
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import Source, Token, tokenize_source
from plangraf.sparql.nodes import Iri, Node, Select
from plangraf.sparql.parser import Mistake, parse
from plangraf.sparql.pattern_parser import service_refused
from plangraf.sparql.words import terminals


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
    kinds = terminals(tokens)
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
        raise QueryLimitError("nesting depth", depth, depth - 1) from error
    if unbalanced:
        raise unbalanced  # brackets inside a triple term, which is not parsed
    return Query(source, tokens, kinds, frozenset(kinds), names, tree, iris)


def _source(text: str, limits: Limits) -> Source:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line, column = text.count("\n", 0, error.start) + 1, error.start - text.rfind("\n", 0, error.start)
        place = Place(line, column, "")
        raise QuerySyntaxError("half a surrogate pair is not a character.", place, hint="Send UTF-8.") from error
    if size > limits.max_bytes:
        raise QueryLimitError("size in bytes", size, limits.max_bytes)
    return Source(text)
