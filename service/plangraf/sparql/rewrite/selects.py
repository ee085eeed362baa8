"""Rewrites of what a SELECT gives: its columns and their names, its aggregates, its blank nodes."""

from __future__ import annotations

from collections.abc import Iterator

from plangraf.errors.message import N_
from plangraf.sparql.nodes import (
    Aggregate,
    Bind,
    Blank,
    Call,
    Constant,
    Exists,
    Expression,
    Group,
    Iri,
    Item,
    Link,
    Select,
    Triples,
    Variable,
    parts,
    walk,
)
from plangraf.sparql.rewrite.rewriting import Rewriting, UnsupportedError
from plangraf.sparql.scope import columns, expressions_of, in_scope, variables_in, visible_groups

_SAME_FOR_DISTINCT = frozenset(("MIN", "MAX", "SAMPLE"))
VOLATILE = frozenset(("RAND", "UUID", "STRUUID", "BNODE"))
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_NOTHING = "<urn:plangraf:error>"
# Functions whose value is a simple literal or an error.
_STRINGS = frozenset(("STR", "LANG", "ENCODE_FOR_URI", "MD5", "SHA1", "SHA256", "SHA384", "SHA512", "STRUUID", "TZ"))


def hide_variables(rewriting: Rewriting) -> None:
    """Renames variables that a sub-SELECT does not project (SPARQL 1.1 §18.2.1: they are not in scope outside).

    A variable with the same name outside is another one. The engine may evaluate a sub-SELECT once for each solution of
    the pattern that it is joined with, and then gives both the same value. The rewrite gives the inner one a fresh
    name, because names of variables have no meaning (§4.1.3). It starts with the innermost sub-SELECT, because a name
    that two of them hide is two variables.
    """
    everywhere = rewriting.count_variables(0, len(rewriting.text))
    for select in reversed(rewriting.selects):
        if not select.outermost:
            inside = rewriting.count_variables(select.start, select.end)
            shown = set(columns(select))
            hidden = [name for name, count in inside.items() if name not in shown and everywhere[name] > count]
            rewriting.rename(hidden, select.start, select.end)


def order_columns(rewriting: Rewriting) -> None:
    """Writes out the columns of `SELECT *` in the order in which they occur in the query.

    The engine sorts them by name. The standard prescribes the set (SPARQL 1.1 §18.2.1), but no order. In a query with
    helper variables, the rewrite also writes out `*` in sub-SELECTs and DESCRIBE, so that they exclude the helpers. `*`
    with grouping stays, because both the engine and the standard (§19.8, note 11) refuse it.
    """
    for select in rewriting.selects:
        helped = bool(rewriting.variables)
        if select.star is None or select.grouped or not (helped or (select.outermost and select.form == "SELECT")):
            continue
        names = columns(select)
        if names:
            written = " ".join(rewriting.named(name, select.start) for name in names)
            rewriting.edits.replace(select.star.start, select.star.end, (f" {written} ",))
        elif any(id(group) in rewriting.helped for group in visible_groups(select.where)):
            hint = N_("Name a column, such as (1 AS ?found), or ask with ASK.")
            raise UnsupportedError(select.star, N_("the pattern has no variable for '*'."), hint)


def count_solutions(rewriting: Rewriting) -> None:
    """Rewrites COUNT(DISTINCT *), which counts distinct solutions over the variables of the query (§18.5.1.2, §18.2.1).

    The engine also compares blank nodes and the steps of paths. The rewrite counts a sub-SELECT DISTINCT of the
    variables in scope, which has each solution once. Other aggregates beside it must not depend on duplicates.
    """
    for select in rewriting.selects:
        aggregates = [
            part for expression in expressions_of(select) for part in walk(expression) if isinstance(part, Aggregate)
        ]
        counted = [aggregate for aggregate in aggregates if aggregate.argument is None and aggregate.distinct]
        if counted and _hides_variables(rewriting, select):
            _count_solutions(rewriting, select, counted, [other for other in aggregates if other not in counted])


def _hides_variables(rewriting: Rewriting, select: Select) -> bool:
    """Whether a solution of the engine has values that do not belong to a variable of the query."""
    for group in visible_groups(select.where):
        if id(group) in rewriting.helped:
            return True
        for element in group.elements:
            if isinstance(element, Triples) and (
                any(isinstance(term, Blank) for term in element.written)
                or any(not isinstance(triple.verb, Variable | Link) for triple in element.triples)
            ):
                return True
    return False


def _count_solutions(rewriting: Rewriting, select: Select, counted: list[Aggregate], others: list[Aggregate]) -> None:
    names = in_scope(select.where)
    if any(not other.distinct and other.name not in _SAME_FOR_DISTINCT for other in others):
        raise UnsupportedError(
            counted[0],
            N_("the engine counts values here of which COUNT(DISTINCT *) must not know."),
            N_("Count an inner query: SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?b { … } }."),
        )
    where = select.where
    written = " ".join(rewriting.named(name, where.start) for name in names) or f"(1 AS {rewriting.fresh()})"
    rewriting.edits.wrap(where.start, where.end, f"{{ {{ SELECT DISTINCT {written} ", " } }")
    for aggregate in counted:
        rewriting.edits.replace(aggregate.start, aggregate.end, ("COUNT(*)",))


def rewrite_grouped_forms(rewriting: Rewriting) -> None:
    """Rewrites query forms of SPARQL 1.1 that the engine does not parse.

    ASK, CONSTRUCT and DESCRIBE with GROUP BY or HAVING (§19.8, rules [10] to [12]). The engine evaluates such a query
    as a SELECT of all variables, which grouping forbids. The rewrite uses a sub-SELECT with the same pattern and
    modifiers, which has the same solutions. It projects the grouping keys, because a grouped solution has no other
    variables.
    """
    for select in rewriting.selects:
        for item in select.grouping:
            if any(isinstance(part, Aggregate) for part in walk(item.expression)):
                hint = N_("Compute it in a sub-SELECT, { SELECT … }, and group by its name.")
                raise UnsupportedError(item, N_("an aggregate cannot stand in GROUP BY."), hint)
    query = rewriting.tree
    if query.form == "SELECT" or not query.grouped:
        return
    keys = " ".join(f"?{item.name}" for item in query.grouping if item.name) or f"(1 AS {rewriting.fresh()})"
    where = query.where
    parts = (f"{{ SELECT {keys} ", (where.start, where.end), " ", (where.end, query.end), " }")
    rewriting.edits.replace(where.start, query.end, parts)


def expand_aliases(rewriting: Rewriting) -> None:
    """Replaces names of SELECT expressions that the same query uses again (SPARQL 1.1 §16.1.2, §18.2.4).

    Without aggregates the engine follows the standard. With aggregates it refuses a later expression that uses the
    name, and gives the name no value in HAVING. The rewrite replaces the name there by its expression in brackets,
    because an expression has the same value for one group wherever it occurs. It refuses expressions that are computed
    each time (RAND, UUID, STRUUID, BNODE). A name from GROUP BY stays, because it is a variable. So does a name inside
    an aggregate, because there it is the variable of the pattern.

    In the standard's algebra HAVING cannot see names of SELECT. All engines accept them, because a HAVING over a
    variable without a value would be useless.
    """
    for select in rewriting.selects:
        if select.grouped and any(item.alias for item in select.items):
            _expand(rewriting, select)


def _expand(rewriting: Rewriting, select: Select) -> None:
    bound = {item.name for item in select.grouping}
    known: dict[str, Item] = {}
    volatile: set[str] = set()
    for item in select.items:
        if item.alias is not None:
            _replace(rewriting, item.expression, known, volatile)
            if item.alias.name not in bound:
                known[item.alias.name] = item
                if any(isinstance(part, Call) and part.name in VOLATILE for part in walk(item.expression)):
                    volatile.add(item.alias.name)
    for condition in select.having:
        _replace(rewriting, condition, known, volatile)


def _replace(rewriting: Rewriting, expression: Expression, known: dict[str, Item], volatile: set[str]) -> None:
    for inner in _outside_aggregates(expression):
        if isinstance(inner, Exists) and (used := sorted(variables_in(inner.group) & known.keys())):
            raise UnsupportedError(
                inner,
                N_(
                    "?%(name)s is the name of an expression of this SELECT, which EXISTS cannot use here.", name=used[0]
                ),
                N_("Put this SELECT into a group of its own, { SELECT … }, and filter behind it."),
            )
        if isinstance(inner, Variable) and inner.name in known:
            meant = known[inner.name].expression
            if inner.name in volatile:
                raise UnsupportedError(
                    inner,
                    N_(
                        "?%(name)s has another value each time that it is computed, so it can be used only once here.",
                        name=inner.name,
                    ),
                    N_("Put this SELECT into a group of its own, { SELECT … }, and use the name outside of it."),
                )
            rewriting.edits.replace(inner.start, inner.end, ("(", (meant.start, meant.end), ")"))
        elif isinstance(inner, Call) and inner.name == "BOUND":
            _bound(rewriting, inner, known)


def _bound(rewriting: Rewriting, call: Call, known: dict[str, Item]) -> None:
    """Replaces BOUND of a name, because BOUND accepts variables only. A name is bound unless its expression fails."""
    variable = call.arguments[0]
    if isinstance(variable, Variable) and variable.name in known:
        whole = ("COALESCE(IF(ISLITERAL(", (variable.start, variable.end), "), true, true), false)")
        rewriting.edits.replace(call.start, call.end, whole)


def _outside_aggregates(expression: Expression) -> Iterator[Expression]:
    todo = [expression]
    while todo:
        current = todo.pop()
        if not isinstance(current, Aggregate):
            yield current
            todo += parts(current)


def aggregate_terms(rewriting: Rewriting) -> None:
    """Rewrites aggregates over values at which the engine's own aggregates fail.

    GROUP_CONCAT. The engine joins strings only, and keeps a language that they all share. SPARQL 1.1 §18.5.1.7 joins
    the string forms into a simple literal. The rewrite aggregates `STR(e)`, which is the string form of any term, and
    an error where `e` is one; an error makes the group an error in both. DISTINCT compares terms, not strings
    (§18.5.1). So the rewrite appends language and datatype to each value, between two characters that no text contains
    (U+FDD0 and U+FDD1 are never characters, Unicode §23.7), and removes these from the result.

    COUNT. The engine fails at an error; SPARQL 1.1 §18.5.1.2 counts the values that are not errors. `COUNT(e)` is the
    number of solutions in which `e` is not an error. The rewrite sums 1 for each of these and 0 for each other one,
    because ISLITERAL(e) is an error exactly where `e` is one. For `COUNT(DISTINCT e)` it counts the distinct values
    together with one value for all errors, and subtracts that one. A variable alone stays, because the engine counts it
    correctly, and so does a constant, because it is never an error.
    """
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


def freshen_bnodes(rewriting: Rewriting) -> None:
    """Rewrites BNODE("q"): one blank node per text and solution, a new one in the next solution (SPARQL 1.1 §17.4.2.9).

    The engine takes the text as label, so all solutions share the node. The rewrite replaces the text by a hash of it
    and of a helper with a fresh value for each solution, STRUUID(): equal texts of one solution give equal labels,
    other texts and other solutions do not. It binds the helper at the end of the pattern for expressions of SELECT, and
    before the first of several BINDs, which create no solutions between them. In a group it uses the smallest helper of
    the solutions. An argument that is not a string stays an error. BNODE in FILTER and ORDER BY stays, because its node
    is compared only with nodes of the same solution.
    """
    for group in rewriting.groups:
        _binds(rewriting, group)
    for select in rewriting.selects:
        _select(rewriting, select)


def _binds(rewriting: Rewriting, group: Group) -> None:
    helper: str | None = None
    for element in group.elements:
        if not isinstance(element, Bind):
            helper = None
            continue
        for call, _ in _labelled(element.expression):
            if helper is None:
                helper = rewriting.fresh()
                rewriting.edits.wrap(element.start, element.end, f"BIND(STRUUID() AS {helper}) ", "")
            _rewrite(rewriting, call, helper)


def _select(rewriting: Rewriting, select: Select) -> None:
    calls = [found for item in select.items for found in _labelled(item.expression)]
    if not calls:
        return
    helper = rewriting.fresh()
    end = select.where.end
    rewriting.helped.add(id(select.where))
    before = " {" if select.where.select is not None else " "
    if select.where.select is not None:
        rewriting.edits.wrap(select.where.start, select.where.end, "{ ", f" BIND(STRUUID() AS {helper}) }}")
    else:
        rewriting.edits.wrap(end - 1, end, f"{before}BIND(STRUUID() AS {helper}) ", "")
    for call, aggregated in calls:
        alone = select.grouped and not aggregated
        _rewrite(rewriting, call, f'COALESCE(MIN({helper}), "")' if alone else helper)


def _rewrite(rewriting: Rewriting, call: Call, helper: str) -> None:
    argument = call.arguments[0]
    rewriting.edits.wrap(argument.start, argument.end, f"MD5(CONCAT({helper}, ", "))")


def _labelled(expression: Expression) -> Iterator[tuple[Call, bool]]:
    """The calls of BNODE with an argument, each with whether it is inside an aggregate."""
    todo = [(expression, False)]
    while todo:
        current, aggregated = todo.pop()
        if isinstance(current, Call) and current.name == "BNODE" and current.arguments:
            yield current, aggregated
        todo += [(part, aggregated or isinstance(current, Aggregate)) for part in parts(current)]
