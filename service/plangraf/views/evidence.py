"""Where a page's statements come from: the evidence about one thing, passage by passage."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from plangraf.engines.base import Engine
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.views.graphs import Graph, Value, fetch

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
    """A passage and what it gives one thing: properties, each with the value that it is about or None.

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


async def fetch_evidence(engine: Engine, thing: NamedNode) -> Graph:
    """All evidence about a thing, with its passages.

    Raises:
        PlangrafError: what the engine raises.
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


def passages(graph: Graph) -> list[Passage]:
    """The passages of a graph made by `fetch_evidence`, in the order of source and lines."""
    told: dict[NamedNode, dict[NamedNode, list[Value]]] = {}
    for subject, predicate, value in graph:
        if isinstance(subject, NamedNode):
            told.setdefault(subject, {}).setdefault(predicate, []).append(value)
    found: dict[tuple[NamedNode, NamedNode], Passage] = {}
    for said in told.values():
        for passage in said.get(_PASSAGE, []):
            kind = said[KIND][0]
            place = told.get(passage, {}) if isinstance(passage, NamedNode) else {}
            if not (isinstance(passage, NamedNode) and isinstance(kind, NamedNode) and SOURCE in place):
                continue
            row = found.setdefault((passage, kind), _placed(passage, kind, place))
            values: list[Value | None] = [*said.get(_ABOUT_VALUE, [])]
            row.statements.extend(
                (name, value)
                for name in said[_ABOUT_PROPERTY]
                if isinstance(name, NamedNode)
                for value in values or [None]
            )
    return sorted(found.values(), key=lambda row: (row.source.value, row.first, row.last, row.kind.value))


def _placed(passage: NamedNode, kind: NamedNode, place: dict[NamedNode, list[Value]]) -> Passage:
    def text(name: NamedNode) -> str | None:
        values = place.get(name, [])
        return values[0].value if values and isinstance(values[0], Literal) else None

    source = place[SOURCE][0]
    assert isinstance(source, NamedNode)  # planshape:PassageShape-hasSource
    return Passage(
        passage, kind, source, text(_SECTION), text(_ITEM), int(text(_FIRST) or 0), int(text(_LAST) or 0), []
    )
