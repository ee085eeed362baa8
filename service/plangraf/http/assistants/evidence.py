"""The passages that support statements about the things of an answer, and the names of these things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyoxigraph import NamedNode

from plangraf.errors import QuerySyntaxError
from plangraf.http.assistants.toolbox import ToolRequest
from plangraf.rdf.namespaces import PLAN, PREFIXES, compact, local_name
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.engine_answers import fetch_rows

# Things whose evidence and names one answer gives, passages of one thing, and passages of all.
MOST_THINGS = 50
_OF_ONE = 2
MOST_PASSAGES = 40
# Passages that are compared, of all these things.
_MOST_ROWS = 1_000
_SOURCE = f"<{PREFIXES['oa']}hasSource>"


def _find(things: Sequence[str]) -> str:
    listed = " ".join(f"<{iri}>" for iri in things)
    return f"""SELECT ?thing ?kind ?passage ?source ?section ?item ?first ?last
    (GROUP_CONCAT(DISTINCT STR(?property); SEPARATOR=" ") AS ?properties) WHERE {{
      VALUES ?thing {{ {listed} }}
      ?evidence <{PLAN}about> ?thing ; <{PLAN}aboutProperty> ?property ;
        <{PLAN}evidenceKind> ?kind ; <{PLAN}passage> ?passage .
      ?passage {_SOURCE} ?source .
      OPTIONAL {{ ?passage <{PLAN}section> ?section }}
      OPTIONAL {{ ?passage <{PLAN}printedItem> ?item }}
      OPTIONAL {{ ?passage <{PLAN}firstLine> ?first }}
      OPTIONAL {{ ?passage <{PLAN}lastLine> ?last }}
    }} GROUP BY ?thing ?kind ?passage ?source ?section ?item ?first ?last
    ORDER BY ?thing ?source ?first ?passage ?kind LIMIT {_MOST_ROWS}"""


async def find_evidence(asked: ToolRequest, things: Sequence[str]) -> list[dict[str, Any]]:
    """The passages that support most about each of the first things, at most `MOST_PASSAGES`.

    Returns:
        For each thing and passage: `about`, `properties`, `kind`, `passage`, `source`, and the place in the source:
        `section`, `item`, `lines` of its plain-text extraction.
    Raises:
        PlangrafError: the engine cannot answer.
    """
    # The text of a query holds them between < and >.
    names = [iri for iri in things if _is_iri(iri)][:MOST_THINGS]
    if not names:
        return []
    try:
        rows = await fetch_rows(asked.service.snapshot.engine, _find(names), like=asked.query(""), bulk=False)
    except QuerySyntaxError:
        return []  # an early version has no such terms
    by_thing: dict[str, list[dict[str, Any]]] = {thing: [] for thing in names}
    for row in rows:
        cells = {name: cell["value"] for name, cell in row.items()}
        by_thing[cells["thing"]].append(_passage(cells))
    for passages in by_thing.values():
        # A passage that supports more statements is more likely to support those of the answer.
        passages.sort(key=lambda passage: -len(passage["properties"]))
    # The best one of each thing comes before the second ones.
    shown = [passages[place] for place in range(_OF_ONE) for passages in by_thing.values() if place < len(passages)]
    return shown[:MOST_PASSAGES]


def _passage(cells: dict[str, str]) -> dict[str, Any]:
    passage: dict[str, Any] = {
        "about": cells["thing"],
        "properties": sorted(map(compact, cells["properties"].split())),
        "kind": local_name(cells["kind"]),
        "passage": cells["passage"],
        "source": cells["source"],
    }
    passage |= {name: cells[name] for name in ("section", "item") if name in cells}
    if "first" in cells:
        passage["lines"] = f"{cells['first']}-{cells.get('last', cells['first'])}"
    return passage


async def find_names(asked: ToolRequest, things: Iterable[str], language: str) -> dict[str, str]:
    """The label of each of the first things that has one.

    Raises:
        PlangrafError: the engine cannot answer.
    """
    nodes = [NamedNode(iri) for iri in things if _is_iri(iri)][:MOST_THINGS]
    if not nodes:
        return {}
    labels = Labels(await fetch_labels(asked.service.snapshot.engine, nodes))
    named = {node.value: labels.best(node, language) for node in nodes}
    return {iri: label.value for iri, label in named.items() if label is not None}


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True
