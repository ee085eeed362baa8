"""Rewrites of patterns that the engine evaluates together although the standard evaluates them one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plangraf.sparql.nodes import (
    Bind,
    Element,
    Exists,
    Expression,
    Filter,
    GraphClause,
    Group,
    Link,
    Minus,
    OptionalClause,
    Select,
    Triples,
    Union,
    Values,
    Variable,
    walk,
)
from plangraf.sparql.rewrite.rewriting import Part, Rewriting, UnsupportedError
from plangraf.sparql.scope import certain, columns, expressions_in, expressions_of, in_scope, inner_groups, variables_in

_NONE: frozenset[str] = frozenset()
_JOINED = Triples | Union | Values | GraphClause


def tie_selects(rewriting: Rewriting) -> None:
    """A sub-SELECT inside GRAPH ?g, which the standard evaluates once for each graph (SPARQL 1.1 §18.6, Graph(var,
    P)).

    The engine evaluates it once over all graphs where it does not project ?g, and leaves ?g unbound. Projecting ?g
    ties both together. A row of one graph then differs from that of another, so DISTINCT and GROUP BY (with ?g
    among its keys) work within each graph. LIMIT and OFFSET count for each graph, which LATERAL says: the engine
    evaluates its group once for each graph before it. Aggregates without GROUP BY give a row for a graph without a
    match too: for these graphs the row is that of the same SELECT over nothing.

    VALUES alone inside GRAPH: the engine gives ?g no value, and asks for no graph. `GRAPH ?g { }` has each graph
    once, so joined with it each row stands once for each graph, which is what the standard evaluates.

    ?g inside GRAPH ?g: the standard joins the graph to the solutions of the group, in which ?g is a variable as any
    other (§18.6); the engine gives it the graph from the start. It gets a fresh name inside, and where the group
    may give that a value, a filter behind the group says what the join says: it has none, or is the graph.
    """
    for group in rewriting.groups:
        for element in group.elements:
            if isinstance(element, GraphClause):
                _name_graphs(rewriting, element, element.group)
                if isinstance(element.name, Variable):
                    _join(rewriting, group, element, element.name.name)
                    _tie(rewriting, element.name, element.group)


def _join(rewriting: Rewriting, around: Group, clause: GraphClause, graph: str) -> None:
    """Gives a ?g inside a name of its own."""
    inside = clause.group
    if graph not in variables_in(inside) or (inside.select is None and all(map(_is_plain, inside.elements))):
        return
    rewriting.rename([graph], inside.start, inside.end)
    if graph in in_scope(inside):
        own, name = rewriting.named(graph, inside.start), (clause.name.start, clause.name.end)
        condition = (f"FILTER(!BOUND({own}) || sameTerm({own}, ", name, "))")
        rewriting.edits.replace(clause.start, clause.end, ("{ ", (clause.start, clause.end), " ", *condition, " }"))
        rewriting.helped.add(id(around))


def _is_plain(element: Element) -> bool:
    """Whether an element has the same solutions with the graph given from the start: triples without paths."""
    return isinstance(element, Triples) and all(isinstance(triple.verb, Variable | Link) for triple in element.triples)


def _tie(rewriting: Rewriting, name: Variable, group: Group) -> None:
    """Ties every sub-SELECT of a group that no other GRAPH is around."""
    if group.select is not None:
        _select(rewriting, name, group, group.select)
        _tie(rewriting, name, group.select.where)
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _tie(rewriting, name, inner)
    for expression in expressions_in(group):
        for part in walk(expression):
            if isinstance(part, Exists):
                _tie(rewriting, name, part.group)


def _name_graphs(rewriting: Rewriting, clause: GraphClause, group: Group) -> None:
    """Joins each VALUES that stands without a triple with the graphs."""
    if not any(isinstance(element, Triples) for element in group.elements):
        for element in group.elements:
            if isinstance(element, Values):
                name = (clause.name.start, clause.name.end)
                rewriting.edits.replace(
                    element.start, element.end, ("GRAPH ", name, " { } ", (element.start, element.end))
                )
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _name_graphs(rewriting, clause, inner)


def _select(rewriting: Rewriting, name: Variable, group: Group, select: Select) -> None:
    where = select.where
    variable: list[Part] = [" ", (name.start, name.end), " "]
    if select.star is not None:
        names = " ".join(rewriting.named(column, select.start) for column in columns(select))
        head: list[Part] = [(select.start, select.star.start), f" {names}", *variable, (select.star.end, where.start)]
    else:
        first = select.items[0].start
        head = [(select.start, first), *variable, (first, where.start)]
    whole, rest = (where.start, where.end), (where.end, select.end)
    if select.grouping:
        key = select.grouping[0].start
        tied: list[Part] = [*head, whole, (where.end, key), *variable, (key, select.end)]
    elif select.grouped:
        tied = [*head, whole, " GROUP BY", *variable, rest]
        nothing: list[Part] = [(select.start, where.start), "{ ", whole, " FILTER(false) }", rest]
        without: list[Part] = [
            " } UNION { GRAPH",
            *variable,
            "{ } FILTER NOT EXISTS ",
            whole,
            " { ",
            *nothing,
            " } } }",
        ]
        rewriting.edits.replace(group.start, group.end, ["{ { ", *tied, *without])
        return
    else:
        tied = [*head, whole, rest]
    if select.sliced:
        tied = ["GRAPH", *variable, "{ } LATERAL { ", *tied, " }"]
    rewriting.edits.replace(group.start, group.end, ["{ ", *tied, " }"])


def part_patterns(rewriting: Rewriting) -> None:
    """Variables that an inner pattern must not share with what is around it (SPARQL 1.1 §18.6, substitute; §18.5,
    Minus).

    A name that this solution does not have. The filter of an inner group does not see the variables around that
    group; a variable of the same name in its EXISTS is another one. The engine may evaluate the inner group for
    each solution around it, and then gives both the same value. The inner one gets a fresh name: names of variables
    have no meaning (§4.1.3).

    MINUS in an EXISTS or a GRAPH ?g takes nothing away where its sides name no variable in common (§18.5, Minus:
    their domains are disjoint). The engine counts each variable of the solution around, and ?g, as common, named or
    not. Such a MINUS is left out. Where the sides share a variable that always has a value, the domains meet in
    both; where all shared ones may be without, the query is refused.
    """
    _Walk(rewriting).select(rewriting.tree, _Context())


@dataclass(frozen=True, slots=True)
class _Context:
    """What is around a group: `given` are variables that an EXISTS substitutes, `around` those of the groups around.

    `graph` says that GRAPH ?g is around it, which gives each of its solutions a variable more.
    """

    given: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    graph: bool = False


class _Walk:
    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting

    def select(self, select: Select, context: _Context) -> None:
        self._group(select.where, context, context.given)
        visible = frozenset(in_scope(select.where)) | context.given
        for expression in expressions_of(select):
            self._expression(expression, visible, context)

    def _group(self, group: Group, context: _Context, beside: frozenset[str]) -> None:
        """`beside` has those of the pattern that an OPTIONAL is joined to as well: its filters see them."""
        if group.select is not None:
            given = context.given
            if not group.select.star:
                given &= frozenset(item.name for item in group.select.items)
            self.select(group.select, replace(context, given=given))
            return
        own = frozenset(in_scope(group))
        for expression in expressions_in(group):
            self._expression(expression, own | beside, context)
        left: set[str] = set()
        sure: set[str] = set()
        for element in group.elements:
            joined = frozenset(left) if isinstance(element, OptionalClause) else _NONE
            inner_context = replace(context, around=context.around | own)
            if isinstance(element, GraphClause):
                inner_context = replace(inner_context, graph=isinstance(element.name, Variable))
            for inner in inner_groups(element):
                self._group(inner, inner_context, context.given | joined)
            if isinstance(element, Minus) and (context.given or context.graph):
                self._minus(element, left, sure)
            alone = Group(element.start, element.end, [element])
            left.update(in_scope(alone))
            sure |= certain(alone)

    def _expression(self, expression: Expression, visible: frozenset[str], context: _Context) -> None:
        for part in walk(expression):
            if isinstance(part, Exists):
                hidden = (variables_in(part.group) & context.around) - visible
                self._rewriting.rename(hidden, part.start, part.end)
                self._group(part.group, _Context(visible, graph=context.graph), visible)

    def _minus(self, minus: Minus, left: set[str], sure: set[str]) -> None:
        """`left` are the variables in scope before a MINUS, `sure` those of them that always have a value."""
        shared = left & set(in_scope(minus.group))
        if not shared:
            self._rewriting.edits.replace(minus.start, minus.end, (" ",))
        elif not shared & sure & certain(minus.group):
            names = ", ".join(f"?{name}" for name in sorted(shared))
            raise UnsupportedError(
                minus,
                f"{names} may be without a value on one side of this MINUS, inside an EXISTS or a GRAPH.",
                "Write FILTER NOT EXISTS { … } instead of MINUS { … }.",
            )


def set_optionals_apart(rewriting: Rewriting) -> None:
    """OPTIONAL groups that must be evaluated apart from what is joined with them (SPARQL 1.1 §18.2.2.6, LeftJoin).

    The standard evaluates the two sides of an OPTIONAL by themselves. The engine may evaluate both once for each
    solution of what is joined with them, with its values, and does not look whether the right side gives the same
    then. It does where that holds triple patterns alone. It does not with MINUS, whose domains get more variables;
    with LIMIT; with a filter, a BIND or an inner OPTIONAL that sees a variable which has no value in its own group;
    with names of aggregates.

    Such an OPTIONAL and all before it in its group become a sub-SELECT of the variables in scope, which is the same
    solutions (§18.2.4.3, Project of all variables), and which the engine joins by comparing solutions. Filters of
    the group stay behind it, since they are for the whole group. Nothing is done where nothing can be joined: when
    the OPTIONAL ends the outermost group.
    """
    for select in rewriting.selects:
        _Apart(rewriting, select).group(select.where, nested=bool(select.values) and not select.grouped, graph=None)


class _Apart:
    """The groups of one SELECT; those of sub-SELECTs and EXISTS are of others."""

    def __init__(self, rewriting: Rewriting, select: Select) -> None:
        self._rewriting = rewriting
        self._all = rewriting.count_variables(select.where.start, select.where.end)

    def group(self, group: Group, *, nested: bool, graph: Variable | None) -> None:
        """`nested` says that the group is joined with something around it, `graph` is the ?g of a GRAPH around it."""
        last = max((i for i, element in enumerate(group.elements) if isinstance(element, _JOINED)), default=-1)
        before: list[Element] = []
        written: list[Part] = []
        filters: list[Part] = []
        found = False
        for index, element in enumerate(group.elements):
            span = (element.start, element.end)
            if isinstance(element, Filter):
                filters += [" ", span]
                continue
            before.append(element)
            written += [" ", span]
            if isinstance(element, OptionalClause) and (nested or index < last) and self._sees(element.group):
                found = True
                names = [self._rewriting.named(name, group.start) for name in in_scope(Group(0, 0, before))]
                columns: list[Part] = [" ".join(names)]
                if graph is not None:
                    columns += [" ", (graph.start, graph.end)]
                written = [" { SELECT ", *columns, " {", *written, " } }"]
            inside = element.name if isinstance(element, GraphClause) else graph
            for inner in inner_groups(element):
                is_joined = not isinstance(element, Minus)
                self.group(inner, nested=is_joined, graph=inside if isinstance(inside, Variable) else None)
        if found and names:
            self._rewriting.edits.replace(group.elements[0].start, group.elements[-1].end, [*written, *filters, " "])

    def _sees(self, group: Group) -> bool:
        """Whether the group of an OPTIONAL may have other solutions when variables around it have values already.

        Its own filters are the OPTIONAL's condition, which sees both sides anyway.
        """
        inside = self._rewriting.count_variables(group.start, group.end)
        outside = {name for name, count in self._all.items() if count > inside[name]}
        return self._elements_see(group, outside)

    def _group_sees(self, group: Group, outside: set[str]) -> bool:
        free = {name for expression in expressions_in(group) for name in _names(expression)} - certain(group)
        return bool(free & outside) or self._elements_see(group, outside)

    def _elements_see(self, group: Group, outside: set[str]) -> bool:
        if group.select is not None:
            return self._select_sees(group.select, outside)
        sure: set[str] = set()
        for element in group.elements:
            if self._element_sees(element, sure, outside):
                return True
            sure |= certain(Group(element.start, element.end, [element]))
        return False

    def _element_sees(self, element: Element, sure: set[str], outside: set[str]) -> bool:
        match element:
            case Minus():
                return True
            case Bind(variable=variable, expression=expression):
                return bool(({variable.name} | _names(expression)) & outside - sure)
            case OptionalClause(group=group):
                return bool(set(in_scope(group)) & outside - sure) or self._elements_see(group, outside)
            case _:
                return any(self._group_sees(inner, outside) for inner in inner_groups(element))

    def _select_sees(self, select: Select, outside: set[str]) -> bool:
        names = {item.alias.name for item in select.items if item.alias is not None}
        return select.sliced or bool(names & outside) or self._group_sees(select.where, outside)


def _names(expression: Expression) -> set[str]:
    """Every variable of an expression, those in the pattern of an EXISTS included."""
    names: set[str] = set()
    for part in walk(expression):
        if isinstance(part, Variable):
            names.add(part.name)
        elif isinstance(part, Exists):
            names |= variables_in(part.group)
    return names
