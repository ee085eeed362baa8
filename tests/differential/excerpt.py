"""Writes the excerpt of the real data for the queries: `python tests/differential/excerpt.py <versions>`.

It is frozen, so that an edit of the data breaks no stored answer; a new excerpt needs new answers, see renew.py. It has
plans, perspectives, decisions, cases, governing documents and figures of the planning strategy, and the UN
targets that they name, but not the evidence, which is most of the data.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse, serialize
from sparql_cases import DATA

from plangraf.rdf.namespaces import PREFIXES
from plangraf.store.versions import VersionStore

_PLAN = PREFIXES["plan"]
_GRAPH = "https://w3id.org/plangraf/graph/"
_TAKEN = (f"{_GRAPH}5001/planstrategi-2020-2023", f"{_GRAPH}5001/perspektiver-2020", f"{_GRAPH}sdg")
_KINDS = frozenset(
    _PLAN + name
    for name in (
        "Plan",
        "Perspective",
        "Decision",
        "Case",
        "GoverningDocument",
        "Figure",
        "PlanPerspectiveLink",
        "SocietalTrend",
        "PoliticalBody",
        "PlanningStrategy",
    )
)
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def excerpt(quads: list[Quad]) -> list[Quad]:
    kept = {quad.subject for quad in quads if quad.predicate.value == _TYPE and quad.object.value in _KINDS}
    chosen = [quad for quad in quads if quad.subject in kept and quad.graph_name.value in _TAKEN[:2]]
    named = {quad.object for quad in chosen}
    chosen += [quad for quad in quads if quad.subject in named and quad.graph_name.value == _TAKEN[2]]
    # The perspectives' own document has hundreds of figures; those of one perspective are enough.
    many = [quad for quad in chosen if "/figure/" in quad.subject.value and quad.graph_name.value == _TAKEN[1]]
    dropped = {quad.subject for quad in many if not quad.subject.value.rpartition("/")[2].startswith("2020-1-")}
    return [quad for quad in chosen if quad.subject not in dropped]


def main() -> None:
    version = VersionStore(Path(sys.argv[1])).current()
    quads = list(parse(b"\n".join(version.lines()), RdfFormat.N_QUADS, rename_blank_nodes=False))
    chosen = sorted(set(excerpt(quads)), key=str)
    prefixes = {name: PREFIXES[name] for name in ("plan", "dcterms", "rdfs", "skos", "xsd")}
    text = serialize(chosen, format=RdfFormat.TRIG, prefixes=prefixes)
    assert text is not None
    head = f"# A frozen excerpt of version {version.id}, written by excerpt.py; not the data as they are now.\n"
    (DATA / "trondheim.trig").write_bytes(head.encode() + text)
    print(f"{len(chosen)} statements")


if __name__ == "__main__":
    main()
