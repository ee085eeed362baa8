"""The typed nodes of a query, each with its place in the decoded text.

`start` and `end` are offsets in that text. Brackets around an expression or a path have no node of their own.
Follows the grammar of https://www.w3.org/TR/sparql11-query/#sparqlGrammar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True, eq=False)
class Node:
    start: int
    end: int


# Terms


@dataclass(slots=True, eq=False)
class Variable(Node):
    name: str


@dataclass(slots=True, eq=False)
class Iri(Node):
    """An IRI, a prefixed name or `a`: `text` as written, `value` as an absolute IRI."""

    text: str
    value: str


@dataclass(slots=True, eq=False)
class Constant(Node):
    """A literal or a triple term of SPARQL 1.2; `text` as written, `kind` the form of the literal.

    `string` is the quoted part, `tag` the language tag without '@', `datatype` the IRI behind `^^`.
    """

    kind: Literal["string", "number", "boolean", "triple"]
    text: str
    string: str = ""
    tag: str = ""
    datatype: Iri | None = None


@dataclass(slots=True, eq=False)
class Blank(Node):
    """A blank node: `_:label`, or one of `[…]` or `(…)`, with its number as label.

    In a collection, the node of the first member has the place of `(…)`.
    """

    label: str
    kind: Literal["label", "properties", "collection"]


Term = Variable | Iri | Constant | Blank

# Property paths


@dataclass(slots=True, eq=False)
class Link(Node):
    iri: Iri


@dataclass(slots=True, eq=False)
class Inverse(Node):
    path: Path


@dataclass(slots=True, eq=False)
class Sequence(Node):
    steps: list[Path]


@dataclass(slots=True, eq=False)
class Alternative(Node):
    branches: list[Path]


@dataclass(slots=True, eq=False)
class Repeat(Node):
    path: Path
    sign: Literal["*", "+", "?"]


@dataclass(slots=True, eq=False)
class NegatedSet(Node):
    forward: list[Iri]
    backward: list[Iri]


Path = Link | Inverse | Sequence | Alternative | Repeat | NegatedSet

# Expressions


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function call; `name` is in capitals, or empty when `iri` names the function."""

    name: str
    arguments: list[Expression]
    iri: Iri | None = None


@dataclass(slots=True, eq=False)
class Aggregate(Node):
    """`argument` is None for COUNT(*)."""

    name: str
    distinct: bool
    argument: Expression | None
    separator: str | None = None


@dataclass(slots=True, eq=False)
class Operation(Node):
    """An operator and its operands; IN and NOT IN have the left side first."""

    sign: str
    operands: list[Expression]


@dataclass(slots=True, eq=False)
class Exists(Node):
    group: Group
    negated: bool


Expression = Variable | Iri | Constant | Call | Aggregate | Operation | Exists

# Patterns


@dataclass(slots=True, eq=False)
class Triple(Node):
    """A triple pattern. It starts at its first term that is not shared with the triple before it.

    In a collection, triples with `rdf:first` and `rdf:rest` have no length.
    """

    subject: Term
    verb: Variable | Path
    object: Term


@dataclass(slots=True, eq=False)
class Triples(Node):
    """A sequence of triple patterns. `written` has one entry for each term, in the order of the text.

    `annotated` says that one of them has an annotation of SPARQL 1.2. Annotations and triple terms have no nodes
    inside; `passed_over` is the number of their tokens.
    """

    triples: list[Triple] = field(default_factory=list)
    written: list[Term] = field(default_factory=list)
    annotated: bool = False
    passed_over: int = 0


@dataclass(slots=True, eq=False)
class Filter(Node):
    condition: Expression


@dataclass(slots=True, eq=False)
class Bind(Node):
    expression: Expression
    variable: Variable


@dataclass(slots=True, eq=False)
class Values(Node):
    """Each row has as many values as there are variables, None for UNDEF."""

    variables: list[Variable]
    rows: list[list[Iri | Constant | None]]


@dataclass(slots=True, eq=False)
class OptionalClause(Node):
    group: Group


@dataclass(slots=True, eq=False)
class Minus(Node):
    group: Group


@dataclass(slots=True, eq=False)
class Lateral(Node):
    group: Group


@dataclass(slots=True, eq=False)
class GraphClause(Node):
    name: Variable | Iri
    group: Group


@dataclass(slots=True, eq=False)
class ServiceClause(Node):
    """SERVICE, which only `services` reads: the engine never sees one."""

    silent: bool
    name: Variable | Iri
    group: Group


@dataclass(slots=True, eq=False)
class Union(Node):
    """Alternative groups; a single one is a nested group."""

    groups: list[Group]


Element = Triples | Filter | Bind | Values | OptionalClause | Minus | Lateral | GraphClause | ServiceClause | Union


@dataclass(slots=True, eq=False)
class Group(Node):
    """A group from `{` to `}`, with either `select` or `elements`."""

    elements: list[Element] = field(default_factory=list)
    select: Select | None = None


# Queries


@dataclass(slots=True, eq=False)
class Item(Node):
    """A column of SELECT or a condition of GROUP BY: a variable, an expression, or an expression with its name."""

    expression: Expression
    alias: Variable | None = None

    @property
    def name(self) -> str:
        """The variable that it binds; empty for an expression without a name."""
        if self.alias is not None:
            return self.alias.name
        return self.expression.name if isinstance(self.expression, Variable) else ""


@dataclass(slots=True, eq=False)
class OrderKey(Node):
    """A condition of ORDER BY, from its ASC or DESC on."""

    expression: Expression
    descending: bool


@dataclass(slots=True, eq=False)
class Count(Node):
    """LIMIT or OFFSET and its number, which may have any length."""

    number: str

    @property
    def is_zero(self) -> bool:
        return not self.number.strip("0")


@dataclass(slots=True, eq=False)
class Dataset(Node):
    """All FROM and FROM NAMED clauses of a query: the absolute IRIs of each kind."""

    default: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Select(Node):
    """A query of any form, or a sub-SELECT: `form` is SELECT, ASK, CONSTRUCT or DESCRIBE.

    `star` is the place of `*`, `items` what SELECT and DESCRIBE have instead, `template` is that of CONSTRUCT.
    `grouped` says that it aggregates, with GROUP BY or without. `having_start` is the place of HAVING, `groups_end` the
    end of the query without its ORDER BY and what stands behind that.
    """

    form: str
    where: Group
    star: Node | None = None
    items: list[Item] = field(default_factory=list)
    template: Triples | None = None
    dataset: Dataset | None = None
    grouping: list[Item] = field(default_factory=list)
    having: list[Expression] = field(default_factory=list)
    having_start: int = 0
    groups_end: int = 0
    order: list[OrderKey] = field(default_factory=list)
    limit: Count | None = None
    offset: Count | None = None
    values: Values | None = None
    outermost: bool = True
    grouped: bool = False

    @property
    def sliced(self) -> bool:
        return self.limit is not None or self.offset is not None


def parts(expression: Expression) -> list[Expression]:
    """The direct subexpressions of an expression, without those in patterns of EXISTS."""
    match expression:
        case Call(arguments=inner) | Operation(operands=inner):
            return inner
        case Aggregate(argument=argument):
            return [argument] if argument is not None else []
        case _:
            return []


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and all its subexpressions, outermost first."""
    todo = [expression]
    while todo:
        current = todo.pop()
        yield current
        todo += reversed(parts(current))
