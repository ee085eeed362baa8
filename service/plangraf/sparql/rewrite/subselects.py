"""Renames variables that a sub-SELECT does not project (SPARQL 1.1 §18.2.1: they are not in scope outside).

A variable with the same name outside is another one. The engine may evaluate a sub-SELECT once for each solution of the
pattern that it is joined with, and then gives both the same value. The rewrite gives the inner one a fresh name,
because names of variables have no meaning (§4.1.3). It starts with the innermost sub-SELECT, because a name that two of
them hide is two variables.
"""

from __future__ import annotations

from collections import Counter

from plangraf.sparql.rewrite.state import Rewriting
from plangraf.sparql.scope import columns


def hide_variables(rewriting: Rewriting) -> None:
    if len(rewriting.selects) == 1:
        return
    everywhere = _variables(rewriting, 0, len(rewriting.text))
    for select in reversed(rewriting.selects):
        if not select.outermost:
            inside = _variables(rewriting, select.start, select.end)
            shown = set(columns(select))
            hidden = [name for name, count in inside.items() if name not in shown and everywhere[name] > count]
            rewriting.rename(hidden, select.start, select.end)


def _variables(rewriting: Rewriting, start: int, end: int) -> Counter[str]:
    """The number of occurrences of each variable in a part of the text."""
    return Counter(token.text[1:] for token in rewriting.tokens_in(start, end) if token.kind == "variable")
