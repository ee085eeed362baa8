"""The technical view of a page: every statement of the document with the names of its properties, and its graphs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.pages.things.names import Names, natural
from plangraf.rdf.graph import RDF_TYPE, Value
from plangraf.views.declarations import LABELS
from plangraf.views.describe import ABOUT, Description, dataset_of
from plangraf.views.page_value import PageValue

# A page shows so many values of a property; the other formats and the query of the page have all.
_MOST_VALUES = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a property, the values that are shown, and how many are not."""

    name: PageValue
    values: list[PageValue]
    left: int


@dataclass(frozen=True, slots=True)
class GraphRow:
    """A named graph that states something of the thing, and the dataset that it holds."""

    iri: str
    dataset: PageValue | None


def own_rows(description: Description, names: Names) -> list[Row]:
    """The statements of the thing: names first, then types, then the other properties by name."""
    return _rows(((p, o) for _, p, o in description.own), names)


def incoming_rows(description: Description, names: Names) -> list[Row]:
    """The statements that point to the thing, except those of evidence, which has its own list."""
    return _rows(((p, s) for s, p, _ in description.incoming if p != ABOUT), names)


def graph_rows(description: Description, names: Names) -> list[GraphRow]:
    """The named graphs of the thing's own statements."""
    found = []
    for graph in description.graphs:
        dataset = dataset_of(graph)
        label = names.label(NamedNode(dataset)) if dataset else None
        if dataset and label:
            label = PageValue(label.text, names.page_of(NamedNode(dataset)), label.lang, dataset)
        found.append(GraphRow(graph, label))
    return found


def _rows(pairs: Iterable[tuple[NamedNode, Value]], names: Names) -> list[Row]:
    values: dict[NamedNode, list[Value]] = {}
    for predicate, value in pairs:
        values.setdefault(predicate, []).append(value)
    named = {predicate: names.property(predicate) for predicate in values}

    def key(predicate: NamedNode) -> tuple[bool, bool, str, str]:
        return predicate not in LABELS, predicate != RDF_TYPE, named[predicate].text.casefold(), predicate.value

    rows = []
    for predicate in sorted(values, key=key):
        ordered = values[predicate]
        if len(ordered) > 1:
            ordered = sorted(sorted(ordered, key=natural), key=names.last)
        shown = [names.value(value) for value in ordered[:_MOST_VALUES]]
        rows.append(Row(named[predicate], shown, len(ordered) - len(shown)))
    return rows
