"""Tests sh:sparql constraints with the engine, one query for each focus node.

The query is the text in the shape, with its prefixes before it and the shape's path in place of $PATH. $this is bound
before the evaluation, as SHACL requires (https://www.w3.org/TR/shacl/#sparql-constraints-prebound).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pyoxigraph
from pyoxigraph import Literal, NamedNode, Variable

from plangraf.checks.data_graph import Term
from plangraf.checks.shacl.constraints import Context, NotCompiledError, Test, Values, sh
from plangraf.checks.shacl.values import UnsureError, text
from plangraf.rdf.namespaces import PREFIXES

_THIS = Variable("this")
_PATH = re.compile(r"([\s{}()])[$?]PATH\b")
# Left to pySHACL: text that SHACL forbids or pySHACL refuses, and that needs more variables bound than $this.
_LEFT_TO_PYSHACL = re.compile(
    r"\b(?:MINUS|VALUES|SERVICE)\b|[$?](?:currentShape|shapesGraph|failure)\b|\bAS\s+[$?]this\b|\bSELECT\b.*\bSELECT\b",
    re.IGNORECASE | re.DOTALL,
)
# The prefixes that pySHACL accepts without a declaration.
_KNOWN = {name: PREFIXES[name] for name in ("rdf", "rdfs", "owl")}


def sparql(path: str | None) -> Callable[[Context], Test]:
    """The builder of the component.

    Args:
        path: the shape's path in SPARQL; None for a node shape.
    """

    def build(context: Context) -> Test:
        queries = [constraint_query(context, constraint, path) for constraint in context.all("sparql")]

        def test(focus: Term, _: Values) -> bool:
            if not isinstance(focus, NamedNode | Literal):
                raise UnsureError
            return not any(_has_row(context.data.store, query, focus) for query in queries)

        return test

    return build


def _has_row(store: pyoxigraph.Store, query: str, focus: NamedNode | Literal) -> bool:
    try:
        return any(True for _ in constraint_rows(store, query, focus))
    except (SyntaxError, RuntimeError, ValueError, OSError, TypeError) as error:
        raise UnsureError from error


def constraint_rows(store: pyoxigraph.Store, query: str, focus: NamedNode | Literal) -> pyoxigraph.QuerySolutions:
    """The rows of a constraint for one focus node: each is one result.

    Raises:
        SyntaxError, RuntimeError, ValueError, OSError: the engine cannot evaluate the query.
    """
    return store.query(query, substitutions={_THIS: focus})  # type: ignore[return-value]  # a SELECT query


def constraint_query(context: Context, constraint: Term, path: str | None) -> str:
    """The query of a constraint, with its prefixes and with the shape's path.

    Raises:
        NotCompiledError: the constraint is left to pySHACL.
    """
    selects = context.shapes.objects(constraint, sh("select"))
    query = text(next(iter(selects))) if len(selects) == 1 else None
    if query is None or _LEFT_TO_PYSHACL.search(query) or context.shapes.objects(constraint, sh("deactivated")):
        raise NotCompiledError
    if path is None and _PATH.search(query):
        raise NotCompiledError
    query = _PATH.sub(lambda match: f"{match[1]}{path}", query)
    prefixes = _prefixes(context, context.shapes.objects(constraint, sh("prefixes")))
    return "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in prefixes.items()) + query


def _prefixes(context: Context, ontologies: Iterable[Term]) -> dict[str, str]:
    found = dict(_KNOWN)
    for ontology in ontologies:
        for declaration in context.shapes.objects(ontology, sh("declare")):
            names = [text(term) for term in context.shapes.objects(declaration, sh("prefix"))]
            namespaces = [text(term) for term in context.shapes.objects(declaration, sh("namespace"))]
            if len(names) != 1 or len(namespaces) != 1 or found.get(str(names[0]), namespaces[0]) != namespaces[0]:
                raise NotCompiledError
            found[str(names[0])] = str(namespaces[0])
    return found
