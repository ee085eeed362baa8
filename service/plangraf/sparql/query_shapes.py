"""Shapes of checked queries: a query that differs from an earlier one in its terms alone needs no parsing.

Two queries have one shape when their tokens are equal but for IRIs and strings that are the subject or the object of a
triple, and for declared prefixes that no name uses. Grammar, limits, scopes and rewrites depend on none of these, so
an earlier query that passed unchanged answers for its shape. What depends on such a term is examined each time:
whether the name exists, and whether bulk triples have it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from plangraf.errors import QuerySyntaxError
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.sparql.known_names import Names, is_absolute
from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import Constant, Iri, Select, Term, Triples
from plangraf.sparql.scope import groups_in

T = TypeVar("T")
_MOST_SHAPES = 512
# A longer query is not remembered, because its shape takes memory and seldom comes again.
_MOST_TOKENS = 400
_NAMES = frozenset(("PNAME", "PNAME_NS"))
_DECLARATION = ["PREFIX", "PNAME_NS", "IRI"]


@dataclass(slots=True)
class _Body:
    """A query without its declarations: its terminals, its texts, and the declared IRI of each prefix."""

    start: int
    terminals: tuple[str, ...]
    texts: list[str]
    declared: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """What was found for a shape, and the IRI of each prefix that its names use."""

    used: dict[str, str]
    found: T


class Shapes(Generic[T]):
    """The shapes of the queries that one engine has checked, with what was found for each."""

    def __init__(self, terms: frozenset[str], base: str | None, bulk: BulkTerms) -> None:
        self._terms = terms
        self._base = base
        self._bulk = bulk
        # The places of the terms that may differ. The terminals decide them, because they decide the tree.
        self._places: OrderedDict[tuple[str, ...], tuple[int, ...]] = OrderedDict()
        self._known: OrderedDict[tuple[str, ...], _Known[T]] = OrderedDict()

    def find(self, tokens: list[Token], terminals: list[str]) -> T | None:
        """What was found for an earlier query of the same shape; None when this one must be parsed."""
        body = _body_of(tokens, terminals)
        places = None if body is None else self._places.get(body.terminals)
        if body is None or places is None:
            return None
        known = self._known.get(_key(body, places))
        if known is None or any(body.declared.get(prefix) != iri for prefix, iri in known.used.items()):
            return None
        unused = (iri for prefix, iri in body.declared.items() if prefix not in known.used)
        if not all(is_absolute(iri[1:-1]) for iri in unused) or not self._are_plain(tokens, body, places):
            return None
        return known.found

    def add(self, tokens: list[Token], terminals: list[str], tree: Select, found: T) -> None:
        """Remembers what was found for a query that the engine evaluates as it is."""
        body = _body_of(tokens, terminals) if len(tokens) <= _MOST_TOKENS else None
        if body is None:
            return
        at = {token.start: index for index, token in enumerate(tokens[body.start :])}
        places = tuple(sorted({at[term.start] for term in _replaceable(tree)}))
        if not self._are_plain(tokens, body, places):
            return
        names = (text for text, kind in zip(body.texts, body.terminals, strict=True) if kind in _NAMES)
        used = {prefix: body.declared[prefix] for prefix in {name.partition(":")[0] for name in names}}
        self._places[body.terminals] = places
        self._known[_key(body, places)] = _Known(used, found)
        for table in (self._places, self._known):
            if len(table) > _MOST_SHAPES:
                table.popitem(last=False)

    def _are_plain(self, tokens: list[Token], body: _Body, places: tuple[int, ...]) -> bool:
        """Whether each term that may differ exists, and no bulk triple has it."""
        names, bulk = Names(self._terms, self._base), self._bulk
        try:
            for place in places:
                token = tokens[body.start + place]
                if token.kind == "iri":
                    iri = names.read(token, "any")
                    if bulk.subjects and (bulk.has_subject(iri) or iri in bulk.objects):
                        return False
        except QuerySyntaxError:
            return False  # the parser reports it
        return True


def _key(body: _Body, places: tuple[int, ...]) -> tuple[str, ...]:
    texts = body.texts.copy()
    for place in places:
        texts[place] = body.terminals[place]
    return tuple(texts)


def _body_of(tokens: list[Token], terminals: list[str]) -> _Body | None:
    """Separates the declarations; None for a query with BASE or VERSION, or with a prefix that it declares twice."""
    at = 0
    declared: dict[str, str] = {}
    while terminals[at : at + 3] == _DECLARATION:
        prefix = tokens[at + 1].prefix
        if prefix in declared:
            return None
        declared[prefix] = tokens[at + 2].text
        at += 3
    if terminals[at] in ("BASE", "VERSION", "PREFIX"):
        return None
    return _Body(at, tuple(terminals[at:-1]), [token[1] for token in tokens[at:]], declared)


def _replaceable(tree: Select) -> Iterator[Term]:
    """The IRIs and strings, as the text has them, that are subject or object of a triple."""
    for group in groups_in(tree):
        for element in group.elements:
            if isinstance(element, Triples):
                for triple in element.triples:
                    for term in (triple.subject, triple.object):
                        if (isinstance(term, Iri) and term.text[0] == "<" and term.end > term.start) or (
                            isinstance(term, Constant) and term.kind == "string"
                        ):
                            yield term
