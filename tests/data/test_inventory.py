"""Inventories cover each source document: every line is in a section, and the facts of each section are in the graph.

`data/<municipality>/<dataset>/inventory.tsv` lists the sections of the document: first and last line, heading, facts,
and the number of things of each class whose type has its evidence in those lines.
"""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import NamedNode, QuerySolutions, Store, parse

from plangraf.rdf.namespaces import PREFIXES

DATA = Path(__file__).resolve().parents[2] / "data"
INVENTORIES = sorted(DATA.glob("[0-9]*/*/inventory.tsv"))
COLUMNS = ["firstLine", "lastLine", "section", "facts", "class", "count"]
# The thing's own class: of several types the one of ours, if there is one.
TYPED = """
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?thing ?class (MIN(?line) AS ?first) WHERE {
  ?thing a ?class .
  ?evidence plan:about ?thing ; plan:aboutProperty rdf:type ; plan:passage/plan:firstLine ?line .
  # What makes a document a legal resource as well stands elsewhere: the line that says that it was adopted.
  FILTER NOT EXISTS { ?evidence plan:aboutValue ?further FILTER (?further != ?class) }
  FILTER (STRSTARTS(STR(?class), STR(plan:)) || NOT EXISTS {
    ?thing a ?ours FILTER (STRSTARTS(STR(?ours), STR(plan:)))
  })
} GROUP BY ?thing ?class
"""


LAST = "SELECT (MAX(?line) AS ?last) WHERE { ?passage <https://w3id.org/plangraf/ontology#lastLine> ?line }"


class Row(NamedTuple):
    first: int
    last: int
    section: str
    facts: str
    cls: str
    count: int


@cache
def inventory(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        assert reader.fieldnames == COLUMNS
        return [
            Row(int(r["firstLine"]), int(r["lastLine"]), r["section"], r["facts"], r["class"], int(r["count"] or 0))
            for r in reader
        ]


@cache
def graph(folder: Path) -> Store:
    store = Store()
    for path in sorted(folder.glob("*.ttl")):
        store.bulk_load(path=str(path))
    return store


def solutions(folder: Path, query: str) -> list[list[str]]:
    found = graph(folder).query(query)
    assert isinstance(found, QuerySolutions)
    return [[term.value for term in row] for row in found]


def short(iri: str) -> str:
    """The name that an inventory uses: without a prefix for classes of ours."""
    prefix = max((p for p, start in PREFIXES.items() if iri.startswith(start)), key=lambda p: len(PREFIXES[p]))
    local = iri.removeprefix(PREFIXES[prefix])
    return local if prefix == "plan" else f"{prefix}:{local}"


def folders_with_a_source() -> list[Path]:
    found = []
    for path in sorted(DATA.glob("[0-9]*/*/dataset.ttl")):
        types = {t.object for t in parse(path=str(path)) if t.predicate.value.endswith("#type")}
        if NamedNode(PREFIXES["plan"] + "SourceDocument") in types:
            found.append(path.parent)
    return found


def test_every_source_document_has_an_inventory() -> None:
    assert [path.parent for path in INVENTORIES] == folders_with_a_source()
    assert len(INVENTORIES) == 5


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.parent.name)
def test_the_sections_follow_each_other_without_a_hole(path: Path) -> None:
    ranges = sorted({(row.first, row.last) for row in inventory(path)})
    assert ranges[0][0] == 1
    for (_, last), (first, end) in pairwise(ranges):
        assert first == last + 1 <= end
    [[last_cited]] = solutions(path.parent, LAST)
    assert ranges[-1][1] >= int(last_cited)


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.parent.name)
def test_each_section_has_as_many_things_in_the_graph_as_the_inventory_says(path: Path) -> None:
    rows = inventory(path)
    sections = sorted({(row.first, row.last) for row in rows})
    listed = Counter({(row.first, row.cls): row.count for row in rows if row.cls})
    found: Counter[tuple[int, str]] = Counter()
    for _, cls, first in solutions(path.parent, TYPED):
        start = next(a for a, b in sections if a <= int(first) <= b)
        found[start, short(cls)] += 1
    assert found == listed


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.parent.name)
def test_a_section_says_what_it_states_or_that_it_states_nothing(path: Path) -> None:
    for row in inventory(path):
        assert row.section, row
        assert row.facts, row
        assert bool(row.cls) == (row.count > 0), row
        if not row.cls:
            assert row.facts.startswith("none"), row
