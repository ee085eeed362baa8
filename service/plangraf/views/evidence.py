"""Reads the evidence of one thing, passage by passage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.engines.base import Engine
from plangraf.rdf.graph import Graph, Statement, Statements, Value
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.views.engine_answers import fetch

SOURCE = NamedNode(PREFIXES["oa"] + "hasSource")
KIND = NamedNode(PLAN + "evidenceKind")
ABOUT = NamedNode(PLAN + "about")
_ABOUT_PROPERTY = NamedNode(PLAN + "aboutProperty")
_ABOUT_VALUE = NamedNode(PLAN + "aboutValue")
_PASSAGE = NamedNode(PLAN + "passage")
_SECTION, _ITEM, _FIRST, _LAST = (
    NamedNode(PLAN + name) for name in ("section", "printedItem", "firstLine", "lastLine")
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage and the statements about one thing that it supports: property, and value or None for all values.

    Lines count from 1 in the plain-text extraction of `source`.
    """

    iri: NamedNode
    kind: NamedNode
    source: NamedNode
    section: str | None
    item: str | None
    first: int
    last: int
    statements: list[tuple[NamedNode, Value | None]]


async def fetch_evidence(engine: Engine, thing: NamedNode) -> Statements:
    """All evidence about a thing, with its passages.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    return await fetch(
        engine,
        f"""CONSTRUCT {{
          ?evidence {_ABOUT_PROPERTY} ?property ; {_ABOUT_VALUE} ?value ; {KIND} ?kind ; {_PASSAGE} ?passage .
          ?passage ?place ?where
        }} WHERE {{
          ?evidence {ABOUT} {thing} ; {_ABOUT_PROPERTY} ?property ; {KIND} ?kind ; {_PASSAGE} ?passage .
          ?passage ?place ?where
          FILTER (?place IN ({SOURCE}, {_SECTION}, {_ITEM}, {_FIRST}, {_LAST}))
          OPTIONAL {{ ?evidence {_ABOUT_VALUE} ?value }}
        }}""",
    )


def read_passages(evidence: Iterable[Statement]) -> list[Passage]:
    """The passages in the result of `fetch_evidence`, in the order of source and lines."""
    graph = Graph.of(evidence)
    found: dict[tuple[NamedNode, NamedNode], Passage] = {}
    for each in graph.with_property(_PASSAGE):
        kind = graph.value(each, KIND)
        for passage in graph.named(each, _PASSAGE):
            if not (isinstance(kind, NamedNode) and graph.named(passage, SOURCE)):
                continue
            row = found.setdefault((passage, kind), _read_passage(graph, passage, kind))
            values: list[Value | None] = [*graph.values(each, _ABOUT_VALUE)]
            row.statements.extend(
                (name, value) for name in graph.named(each, _ABOUT_PROPERTY) for value in values or [None]
            )
    return sorted(found.values(), key=lambda row: (row.source.value, row.first, row.last, row.kind.value))


def _read_passage(graph: Graph, passage: NamedNode, kind: NamedNode) -> Passage:
    section, item, first, last = (graph.text(passage, name) for name in (_SECTION, _ITEM, _FIRST, _LAST))
    source = graph.named(passage, SOURCE)[0]
    return Passage(passage, kind, source, section, item, int(first or 0), int(last or 0), [])
