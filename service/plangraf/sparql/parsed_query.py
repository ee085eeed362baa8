"""A query that has been read: every later step looks at its one tree.

Text → tokens → bounds that the parser itself needs → tree. What a client sends is read once; the names of the query are
checked on the way, since the parser knows what stands where.
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
    """A query that keeps the grammar and whose names exist.

    `text` is the query without codepoint escapes, in which the places of tokens and nodes are. `terminals` are those of
    the tokens, `words` the same without repetition. `iris` are all IRIs behind the prologue, in their order.
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
        """The place of the token that holds an offset of the text, or of the one behind it."""
        at = bisect_right(self.tokens, offset, key=lambda token: token.end)
        return self.tokens[at].place if at < len(self.tokens) else self.source.end()


def read(text: str, limits: Limits | None = None, names: Names | None = None, *, services: bool = False) -> Query:
    """The query that a text is.

    Args:
        text: any text at all.
        limits: those on bytes, tokens and brackets are kept; the usual ones when None.
        names: what names may stand for; nothing is known of them when None.
        services: whether SERVICE may stand in it; its tree is then not one for the engine.
    Raises:
        QuerySyntaxError: it does not keep the grammar, or a name in it does not exist.
        QueryLimitError: it is too long or too deep to be read.
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
