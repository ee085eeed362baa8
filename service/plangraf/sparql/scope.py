"""The variables that a pattern can bind, in the order of the text (SPARQL 1.1 §18.2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from plangraf.sparql.nodes import (
    Bind,
    Element,
    Exists,
    Expression,
    Filter,
    GraphClause,
    Group,
    Lateral,
    Minus,
    OptionalClause,
    Select,
    Triples,
    Union,
    Values,
    Variable,
    walk,
)


def in_scope(group: Group) -> list[str]:
    """The variables in scope in a group, by first occurrence, without those of MINUS and FILTER."""
    return list(dict.fromkeys(_visible(group)))


def columns(select: Select) -> list[str]:
    """The variables that a SELECT projects, in order; for `*` by first occurrence."""
    if select.star is None:
        return list(dict.fromkeys(item.name for item in select.items))
    trailing = [variable.name for variable in select.values.variables] if select.values else []
    return list(dict.fromkeys([*_visible(select.where), *trailing]))


def _visible(group: Group) -> Iterator[str]:
    if group.select is not None:
        yield from columns(group.select)
    for element in group.elements:
        match element:
            case Triples(written=written):
                yield from (term.name for term in written if isinstance(term, Variable))
            case Bind(variable=variable):
                yield variable.name
            case Values(variables=variables):
                yield from (variable.name for variable in variables)
            case GraphClause(name=name, group=inner):
                if isinstance(name, Variable):
                    yield name.name
                yield from _visible(inner)
            case OptionalClause(group=inner) | Lateral(group=inner):
                yield from _visible(inner)
            case Union(groups=groups):
                for inner in groups:
                    yield from _visible(inner)
            case Minus() | Filter():
                pass


def certain(group: Group) -> set[str]:
    """Variables that have a value in each solution of a group."""
    found: set[str] = set()
    if group.select is not None:
        inner_found = certain(group.select.where)
        return {item.name for item in group.select.items if item.alias is None and item.name in inner_found}
    for element in group.elements:
        match element:
            case Triples(written=written):
                found.update(term.name for term in written if isinstance(term, Variable))
            case Values(variables=variables, rows=rows):
                found.update(v.name for at, v in enumerate(variables) if all(row[at] is not None for row in rows))
            case GraphClause(name=name, group=inner):
                found |= certain(inner) | ({name.name} if isinstance(name, Variable) else set())
            case Union(groups=groups):
                found |= set.intersection(*(certain(inner) for inner in groups))
            case Lateral(group=inner):
                found |= certain(inner)
    return found


def visible_groups(group: Group) -> Iterator[Group]:
    """A group and the inner groups whose variables are in its scope, without sub-SELECTs."""
    yield group
    for element in group.elements:
        if not isinstance(element, Minus):
            for inner in inner_groups(element):
                yield from visible_groups(inner)


def groups_in(select: Select) -> Iterator[Group]:
    """Every group of a query, outermost first, including those of sub-SELECTs and EXISTS."""
    yield from groups_below(select.where)
    for expression in expressions_of(select):
        yield from _groups_of(expression)


def selects_in(select: Select) -> Iterator[Select]:
    """A query and every sub-SELECT of it."""
    yield select
    yield from (group.select for group in groups_in(select) if group.select is not None)


def expressions_of(select: Select) -> list[Expression]:
    """The expressions of a SELECT itself, outside its WHERE."""
    items = [item.expression for item in (*select.items, *select.grouping)]
    return [*items, *select.having, *(key.expression for key in select.order)]


def groups_below(group: Group) -> Iterator[Group]:
    """A group and every group inside of it, those of sub-SELECTs and EXISTS included."""
    todo = [group]
    while todo:
        current = todo.pop()
        yield current
        if current.select is not None:
            todo.append(current.select.where)
        for element in current.elements:
            todo += inner_groups(element)
        for expression in expressions_in(current):
            yield from _groups_of(expression)


def inner_groups(element: Element) -> list[Group]:
    match element:
        case Union(groups=groups):
            return groups
        case OptionalClause(group=group) | Minus(group=group) | Lateral(group=group) | GraphClause(group=group):
            return [group]
        case _:
            return []


def _groups_of(expression: Expression) -> Iterator[Group]:
    for inner in walk(expression):
        if isinstance(inner, Exists):
            yield from groups_below(inner.group)


def expressions_in(group: Group) -> Iterator[Expression]:
    """The expressions of a group itself and of its SELECT."""
    for element in group.elements:
        match element:
            case Filter(condition=expression) | Bind(expression=expression):
                yield expression
    if group.select is not None:
        yield from expressions_of(group.select)


def has_graph_clause(element: Element) -> bool:
    """Whether an element contains GRAPH."""
    groups = groups_below(Group(0, 0, [element]))
    return any(isinstance(inner, GraphClause) for group in groups for inner in group.elements)


def every_expression(query: Select) -> Iterator[Expression]:
    """Every expression of a query, including those of sub-SELECTs and patterns of EXISTS."""
    yield from expressions_of(query)
    for group in groups_in(query):
        yield from expressions_in(group)


def variables_in(group: Group) -> set[str]:
    """Every variable in a group."""
    found: set[str] = set()
    for inner in groups_below(group):
        for element in inner.elements:
            match element:
                case Triples(written=written):
                    found.update(term.name for term in written if isinstance(term, Variable))
                case Values(variables=variables):
                    found.update(variable.name for variable in variables)
                case Bind(variable=variable) | GraphClause(name=Variable() as variable):
                    found.add(variable.name)
        if inner.select is not None:
            found.update(item.name for item in (*inner.select.items, *inner.select.grouping))
            found.update(variable.name for variable in (inner.select.values.variables if inner.select.values else ()))
        for expression in expressions_in(inner):
            found.update(part.name for part in walk(expression) if isinstance(part, Variable))
    return found - {""}
