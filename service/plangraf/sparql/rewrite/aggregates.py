"""Rewrites aggregates over values at which the engine's own aggregates fail.

GROUP_CONCAT. The engine joins strings only, and keeps a language that they all share. SPARQL 1.1 §18.5.1.7 joins the
string forms into a simple literal. The rewrite aggregates `STR(e)`, which is the string form of any term, and an error
where `e` is one; an error makes the group an error in both. DISTINCT compares terms, not strings (§18.5.1). So the
rewrite appends language and datatype to each value, between two characters that no text contains (U+FDD0 and U+FDD1 are
never characters, Unicode §23.7), and removes these from the result.

COUNT. The engine fails at an error; SPARQL 1.1 §18.5.1.2 counts the values that are not errors. `COUNT(e)` is the
number of solutions in which `e` is not an error. The rewrite sums 1 for each of these and 0 for each other one, because
ISLITERAL(e) is an error exactly where `e` is one. For `COUNT(DISTINCT e)` it counts the distinct values together with
one value for all errors, and subtracts that one. A variable alone stays, because the engine counts it correctly, and so
does a constant, because it is never an error.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Aggregate, Call, Constant, Expression, Iri, Variable, walk
from plangraf.sparql.rewrite.state import Rewriting
from plangraf.sparql.scope import expressions_of

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_NOTHING = "<urn:plangraf:error>"
# Functions whose value is a simple literal or an error.
_STRINGS = frozenset(("STR", "LANG", "ENCODE_FOR_URI", "MD5", "SHA1", "SHA256", "SHA384", "SHA512", "STRUUID", "TZ"))


def aggregate_terms(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        for expression in expressions_of(select):
            for inner in walk(expression):
                if isinstance(inner, Aggregate) and inner.argument is not None:
                    _aggregate(rewriting, inner, inner.argument)


def _aggregate(rewriting: Rewriting, aggregate: Aggregate, argument: Expression) -> None:
    edits = rewriting.edits
    span = (argument.start, argument.end)
    whole = (aggregate.start, aggregate.end)
    if aggregate.name == "GROUP_CONCAT" and not (isinstance(argument, Call) and argument.name in _STRINGS):
        if not aggregate.distinct:
            edits.wrap(*span, "STR(", ")")
            return
        edits.wrap(*whole, "REPLACE(", f', "{_OPEN}[^{_CLOSE}]*{_CLOSE}", "")')
        kind = ("COALESCE(LANG(", span, '), ""), "@", COALESCE(STR(DATATYPE(', span, ')), "")')
        edits.replace(*span, ("CONCAT(STR(", span, f'), "{_OPEN}", ', *kind, f', "{_CLOSE}")'))
    elif aggregate.name == "COUNT" and not isinstance(argument, Variable | Iri | Constant):
        if not aggregate.distinct:
            edits.replace(*whole, ("SUM(COALESCE(IF(ISLITERAL(", span, "), 1, 1), 0))"))
            return
        errors = ("COALESCE(MAX(COALESCE(IF(ISLITERAL(", span, "), 0, 0), 1)), 0)")
        edits.replace(*whole, ("(COUNT(DISTINCT COALESCE(", span, f", {_NOTHING})) - ", *errors, ")"))
