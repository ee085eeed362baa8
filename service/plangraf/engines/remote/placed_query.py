"""Writes a query for a store that holds many versions: it reads one version, and always answers with a table.

- The dataset is named explicitly, see `placement`.
- `GRAPH ?g` binds the version's own names: `{ GRAPH ?h { … } BIND(own name of ?h AS ?g) }` has the solutions of
  `GRAPH ?g { … }`, because a graph has one name in the store, and ?g is not in scope in the group. In EXISTS, where ?g
  may have its value from outside, it becomes `GRAPH ?h { … } FILTER(!BOUND(?g) || ?g = own name of ?h)`, because
  engines differ in what BIND does to such a variable. A ?g inside of the group is another variable, which is compared.
  A second `GRAPH ?g` is `GRAPH ?h` where ?h has a value, see `graph_names`.
- CONSTRUCT and DESCRIBE become a SELECT. A table in JSON that was cut is not JSON any more, while a cut graph may be a
  whole one; and stores differ in what DESCRIBE returns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from plangraf.engines.remote.graph_names import GraphNames
from plangraf.engines.remote.kinds import stored_datatype
from plangraf.engines.remote.placement import Placement
from plangraf.errors import QueryUnsupportedError
from plangraf.errors.message import N_
from plangraf.rdf.namespaces import BASE
from plangraf.sparql.known_names import Names
from plangraf.sparql.nodes import (
    Blank,
    Exists,
    Expression,
    GraphClause,
    Iri,
    Link,
    Select,
    Term,
    Triple,
    Variable,
    walk,
)
from plangraf.sparql.rewrite.rewriting import Edits, Rewriting
from plangraf.sparql.safety import Limits, Query, read
from plangraf.sparql.scope import columns, expressions_in, expressions_of, groups_below, groups_in, in_scope

# A description goes on from a blank node to its triples, so often at most. A longer way is told, never cut.
_DEEPEST = 16
TOO_DEEP = f"{BASE}too-deep"
"""The predicate of a row that says that a description goes further than it was followed."""
LIMITS = Limits(max_bytes=16 * 1024**2, max_tokens=2_000_000, max_nesting=2_000, max_path=10_000)
"""Of a query that passed the guard, and grows by what is made of it."""


@dataclass(frozen=True, slots=True)
class TemplateTerm:
    kind: str
    """`variable`, `blank`, `iri` or `literal`."""
    text: str
    """The name, label or IRI; a literal as written, its datatype as an IRI in full."""


Template = tuple[tuple[TemplateTerm, TemplateTerm, TemplateTerm], ...]


@dataclass(frozen=True, slots=True)
class PlacedQuery:
    """The text for the store, and the triples that each row of its table gives; None for SELECT and ASK.

    A term of the template is a variable of the table, a blank node of the row, or a constant in Turtle. `asks`: the
    answer is a boolean.
    """

    text: str
    template: Template | None = None
    asks: bool = False


def place(
    text: str,
    placement: Placement,
    default_graphs: Sequence[str] | None = None,
    named_graphs: Sequence[str] | None = None,
    *,
    base: str | None = None,
    bulk: bool = True,
    merges: bool = True,
    foreign: Collection[str] = (),
) -> PlacedQuery:
    """Places a query that the guard has passed.

    Args:
        text: the query.
        placement: the version that it reads.
        default_graphs: the default graph of the protocol's dataset; this or `named_graphs` replaces the query's own.
        named_graphs: the named graphs of the protocol's dataset.
        base: of the IRIs of a query that declares none.
        bulk: whether bulk triples belong to the default graph.
        merges: whether the store merges several graphs into one without repetitions.
        foreign: the datatypes that the store has under names of ours.
    Raises:
        QueryUnsupportedError: it asks in EXISTS for the name of a graph inside of that graph, or for a merged graph
            where the store makes none.
    """
    query = read(text, LIMITS, Names(base=base))
    rewriting = Rewriting(query)
    tree, edits = query.tree, rewriting.edits
    _place_graphs(rewriting, placement)
    for select in rewriting.selects:
        _join_conditions(select, edits)
    for iri in query.iris if foreign else ():
        if iri.value in foreign:
            edits.replace(iri.start, iri.end, (f"<{stored_datatype(iri.value)}>",))
    if default_graphs is None and named_graphs is None and tree.dataset is not None:
        default_graphs, named_graphs = tree.dataset.default, tree.dataset.named
    clause = _dataset(query, placement, default_graphs, named_graphs, bulk=bulk)
    if not merges and len(set(default_graphs or ())) > 1:
        raise QueryUnsupportedError(
            N_("the endpoint behind this service counts a triple once for each graph of the default graph."),
            query.place(tree.dataset or tree),
            hint=N_("Name one graph, or none for all of them."),
        )
    template = None
    if tree.form == "CONSTRUCT":
        template = _place_construct(query, edits, clause)
    elif tree.form == "DESCRIBE":
        text, template = _described(rewriting, clause)
        return PlacedQuery(_prologue(base) + text, template)
    else:
        _place_columns(query, edits)
        _place_dataset(query, edits, clause)
    applied = edits.applied(LIMITS.max_bytes).text if edits else query.text
    return PlacedQuery(_prologue(base) + applied, template, asks=tree.form == "ASK")


def _join_conditions(select: Select, edits: Edits) -> None:
    """Makes one condition of those of HAVING, because Fuseki applies the last one alone."""
    if len(select.having) < 2:
        return
    parts: list[str | tuple[int, int]] = []
    for condition in select.having:
        parts += [" && (" if parts else " ((", (condition.start, condition.end), ")"]
    # From HAVING to the end of the conditions, because brackets around one are not its own.
    edits.replace(select.having_start + len("HAVING"), select.groups_end, (*parts, ") "))


def _prologue(base: str | None) -> str:
    return f"BASE <{base}>\n" if base else ""


def _place_graphs(rewriting: Rewriting, placement: Placement) -> None:
    query, edits = rewriting.query, rewriting.edits
    outside, names = _names_from_outside(query.tree), GraphNames(rewriting)
    for clause in (element for group in rewriting.groups for element in group.elements):
        if not isinstance(clause, GraphClause):
            continue
        if isinstance(clause.name, Iri):
            edits.replace(clause.name.start, clause.name.end, (f"<{placement.stored(clause.name.value)}>",))
            continue
        own, stored = clause.name.name, names.stored[id(clause)]
        if id(clause) in names.chosen:
            edits.replace(clause.name.start, clause.name.end, (stored,))
            continue
        named = placement.own_name(stored)
        inside = own in rewriting.count_variables(clause.group.start, clause.group.end)
        if own in outside.get(id(clause), ()) or _names_again(clause):
            if inside:
                raise QueryUnsupportedError(
                    N_("?%(name)s is the name of the graph and stands inside of it, too.", name=own),
                    query.place(clause.name),
                    hint=N_(
                        "Name it otherwise inside, and compare behind the group: FILTER(?inside = ?%(name)s).", name=own
                    ),
                )
            said = f" FILTER(!BOUND(?{own}) || ?{own} = {named}) "
            edits.replace(clause.start, clause.end, (f"GRAPH {stored} ", (clause.group.start, clause.group.end), said))
            continue
        same = ""
        if inside:
            other = rewriting.fresh()
            for token in rewriting.tokens_in(clause.group.start, clause.group.end):
                if token.kind == "variable" and token.text[1:] == own:
                    edits.replace(token.start, token.end, (other,))
            same = f" FILTER(!BOUND({other}) || {other} = ?{own})"
        pattern = (f"{{ GRAPH {stored} ", (clause.group.start, clause.group.end))
        edits.replace(clause.start, clause.end, (*pattern, f" BIND({named} AS ?{own}){same} }}"))


def _names_again(clause: GraphClause) -> bool:
    """Whether a GRAPH of the same name stands inside of a GRAPH."""
    inner = (element for group in groups_below(clause.group) for element in group.elements)
    return any(isinstance(one, GraphClause) and one.name == clause.name for one in inner)


def _names_from_outside(tree: Select) -> dict[int, set[str]]:
    """By GRAPH in an EXISTS, the variables that may have a value around the EXISTS."""
    found: dict[int, set[str]] = {}

    def note(expressions: Iterable[Expression], names: Iterable[str]) -> None:
        for part in (part for expression in expressions for part in walk(expression)):
            if isinstance(part, Exists):
                for element in (element for inner in groups_below(part.group) for element in inner.elements):
                    if isinstance(element, GraphClause):
                        found.setdefault(id(element), set()).update(names)

    note(expressions_of(tree), in_scope(tree.where))
    for group in groups_in(tree):
        note(expressions_in(group), in_scope(group))
    return found


def _dataset(
    query: Query,
    placement: Placement,
    default_graphs: Sequence[str] | None,
    named_graphs: Sequence[str] | None,
    *,
    bulk: bool,
) -> str:
    """FROM and FROM NAMED for the store."""
    if default_graphs is None and named_graphs is None:
        default = list(placement.default(bulk=bulk))
        named = list(placement.graphs) if "GRAPH" in query.words else []
    else:
        default, named = [placement.stored(graph) for graph in default_graphs or ()], list(named_graphs or ())
    lines = [f"FROM <{graph}>" for graph in dict.fromkeys(default)]
    lines += [f"FROM NAMED <{placement.stored(graph)}>" for graph in dict.fromkeys(named)]
    # A dataset clause that is empty would be none, which leaves the choice to the store.
    return "\n".join(lines or [f"FROM NAMED <{placement.stored('')}>"])


def _place_columns(query: Query, edits: Edits) -> None:
    """Names the columns of SELECT *, which are those of the query in the order of its text, and no helpers."""
    tree = query.tree
    names = columns(tree)
    if tree.form == "SELECT" and tree.star is not None and names:
        edits.replace(tree.star.start, tree.star.end, (" ".join(f"?{name}" for name in names),))


def _place_dataset(query: Query, edits: Edits, clause: str) -> None:
    place = query.tree.dataset
    start, end = (place.start, place.end) if place is not None else (_where(query, query.tree),) * 2
    edits.replace(start, end, (f"\n{clause}\n",))


def _where(query: Query, tree: Select) -> int:
    """Where the word WHERE stands, or the bracket of a query without it."""
    before = [token for token in query.tokens if token.end <= tree.where.start]
    return before[-1].start if before and before[-1].upper == "WHERE" else tree.where.start


def _place_construct(query: Query, edits: Edits, clause: str) -> Template:
    tree = query.tree
    assert tree.template is not None
    # The variables of the template are enough, because each solution gives its triples whether or not it repeats.
    used = sorted(
        {term.name for triple in tree.template.triples for term in _terms(triple) if isinstance(term, Variable)}
    )
    chosen = " ".join(f"?{name}" for name in used) or "*"
    edits.replace(tree.start, _where(query, tree), (f"SELECT {chosen}\n{clause}\n",))
    return tuple(_written(triple) for triple in tree.template.triples)


def _terms(triple: Triple) -> tuple[Term, Term, Term]:
    verb = triple.verb
    assert isinstance(verb, Variable | Link)  # a template has no paths
    return triple.subject, verb.iri if isinstance(verb, Link) else verb, triple.object


def _written(triple: Triple) -> tuple[TemplateTerm, TemplateTerm, TemplateTerm]:
    subject, verb, object_ = (_template_term(term) for term in _terms(triple))
    return subject, verb, object_


def _template_term(term: Term) -> TemplateTerm:
    match term:
        case Variable(name=name):
            return TemplateTerm("variable", name)
        case Iri(value=value):
            return TemplateTerm("iri", value)
        case Blank(label=label, kind=kind):
            return TemplateTerm("blank", f"{kind} {label}")
        case constant:
            text = constant.text
            if constant.tag:
                text = f"{constant.string}@{constant.tag}"
            elif constant.datatype is not None:
                text = f"{constant.string}^^<{constant.datatype.value}>"
            return TemplateTerm("literal", text)


def _described(rewriting: Rewriting, clause: str) -> tuple[str, Template]:
    """SELECT of the triples whose subject is described, as the embedded engine describes it."""
    query, tree, edits = rewriting.query, rewriting.query.tree, rewriting.edits
    subject, predicate, object_, column = (rewriting.fresh() for _ in range(4))
    items = [item.expression for item in tree.items]
    parts = []
    if iris := [f"<{item.value}>" for item in items if isinstance(item, Iri)]:
        parts.append(f"{{ VALUES {subject} {{ {' '.join(iris)} }} }}")
    names = in_scope(tree.where) if tree.star is not None else [i.name for i in items if isinstance(i, Variable)]
    if described := list(dict.fromkeys(names)):
        applied = edits.applied(LIMITS.max_bytes).text if edits else query.text
        # No edit stands before the pattern, so its place is that of the text.
        rows = f"{{ SELECT {' '.join(f'?{name}' for name in described)} WHERE {applied[tree.where.start :]} }}"
        chosen = f"?{described[-1]}"
        for number, name in reversed(list(enumerate(described[:-1]))):
            chosen = f"IF({column} = {number}, ?{name}, {chosen})"
        # In one piece, because two evaluations with LIMIT could give different rows.
        numbers = " ".join(map(str, range(len(described))))
        parts.append(f"{{ {rows} VALUES {column} {{ {numbers} }} BIND({chosen} AS {subject}) }}")
    # An unbound subject would be each subject.
    found = f"SELECT DISTINCT {subject} WHERE {{ {' UNION '.join(parts) or '{}'} FILTER(BOUND({subject})) }}"
    triple = (subject, predicate, object_)
    text = (
        f"{query.text[: tree.start]}SELECT DISTINCT {' '.join(triple)}\n{clause}\n"
        f"WHERE {{ {{ {{ {found} }} {' '.join(triple)} }}\n{_below(rewriting, found, triple)} }}"
    )
    return text, (tuple(TemplateTerm("variable", name[1:]) for name in triple),)  # type: ignore[return-value]


def _below(rewriting: Rewriting, found: str, triple: tuple[str, str, str]) -> str:
    """The triples of the blank nodes below what is described, by their distance from it."""
    subject, predicate, object_ = triple
    branches, way = [], ""
    before = first = rewriting.fresh()
    start = re.sub(rf"{re.escape(subject)}\b", first, found)
    for depth in range(1, _DEEPEST + 2):
        node, step = rewriting.fresh(), rewriting.fresh()
        way += f" {before} {step} {node} FILTER(ISBLANK({node}))"
        triples = f"{node} {predicate} {object_}"
        if depth > _DEEPEST:
            triples = f"BIND(<{TOO_DEEP}> AS {predicate}) BIND({node} AS {object_})"
        branches.append(f"UNION {{ {{ {start} }}{way} {triples} BIND({node} AS {subject}) }}")
        before = node
    return "\n".join(branches)
