"""Respells forms of SPARQL 1.1 that the engine does not parse. Terms and their order stay the same.

Prefixed names with two or more dots become IRIs in angle brackets, because the engine takes the second dot for the end
of the triple. TRUE and FALSE become lower case. BNODE, COALESCE and CONCAT lose blanks and comments before their
bracket. A variable that SELECT names twice is named once, because it is one column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plangraf.sparql.nodes import Variable
from plangraf.sparql.rewrite.state import Rewriting

if TYPE_CHECKING:
    from plangraf.sparql.parsed_query import Query

_TIGHT = frozenset(("FN", "BNODE_CALL"))


def is_spelled_otherwise(query: Query) -> bool:
    """Whether prefixed names, columns or inner SELECTs of a query may need a rewrite."""
    columns = [item.name for item in query.tree.items]
    return (
        len(columns) > len(set(columns))
        or query.terminals.count("SELECT") > (query.tree.form == "SELECT")
        or any(iri.text.count(".") > 1 and iri.text[0] != "<" for iri in query.iris)
    )


def spell_names(rewriting: Rewriting) -> None:
    for iri in rewriting.query.iris:
        if iri.text.count(".") > 1 and iri.text[0] != "<" and iri.text.partition(":")[2].count(".") > 1:
            rewriting.edits.replace(iri.start, iri.end, (f"<{iri.value}>",))


def spell_booleans(rewriting: Rewriting) -> None:
    for token, terminal in zip(rewriting.tokens, rewriting.query.terminals, strict=False):
        if terminal == "BOOLEAN" and not token.text.islower():
            rewriting.edits.replace(token.start, token.end, (token.text.lower(),))


def spell_calls(rewriting: Rewriting) -> None:
    for at, terminal in enumerate(rewriting.query.terminals):
        if terminal in _TIGHT:
            name, bracket = rewriting.tokens[at : at + 2]
            if name.end < bracket.start:
                rewriting.edits.replace(name.end, bracket.start, ())


def drop_repeated_columns(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        seen: set[str] = set()
        for item in select.items if select.form == "SELECT" else []:
            if isinstance(item.expression, Variable) and item.alias is None:
                if item.expression.name in seen:
                    rewriting.edits.replace(item.start, item.end, ())
                seen.add(item.expression.name)
