"""Checks a query before the engine evaluates it: limits, no SERVICE, no update, known names.

It evaluates nothing. The query is parsed once; every check and rewrite uses its tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.sparql.bounds import Limits, check_bounds
from plangraf.sparql.bulk_reach import reaches_bulk
from plangraf.sparql.known_names import Names
from plangraf.sparql.nodes import Blank, Select
from plangraf.sparql.parsed_query import read
from plangraf.sparql.rewrite import Edited, rewrite

__all__ = ["CheckedQuery", "Limits", "check"]

# The terminals of NOW, RAND, UUID, STRUUID, and of BNODE.
_VOLATILE = frozenset(("F0", "BNODE_CALL"))
_NO_BULK = BulkTerms()


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
    Raises:
        QuerySyntaxError: malformed, or a prefix, function, term or base that does not exist.
        QueryUnsupportedError: the engine cannot answer it as the standard says.
        QueryLimitError: over a limit, which it names.
        UpdateRefusedError: it is an update.
        ServiceForbiddenError: it calls another service.
    """
    read_query = read(query, limits, Names(terms, base))
    check_bounds(read_query.tree, read_query.terminals, limits)
    edited = rewrite(read_query, limits.max_bytes, limits.max_nesting, object_kinds)
    tree, words = read_query.tree, read_query.words
    dataset = tree.dataset
    return CheckedQuery(
        edited.text if edited else read_query.text,
        tree.form,
        words.isdisjoint(_VOLATILE) and not _makes_blank_nodes(tree),
        "GRAPH" in words,
        tuple(dataset.default) if dataset else (),
        tuple(dataset.named) if dataset else (),
        edited,
        bool(bulk.subjects) and reaches_bulk(tree, bulk),
    )


def _makes_blank_nodes(query: Select) -> bool:
    """Whether a template has blank nodes, which are new ones in each answer."""
    template = query.template.triples if query.template and query.form == "CONSTRUCT" else []
    return any(isinstance(term, Blank) for triple in template for term in (triple.subject, triple.object))
