"""Writes triples as Turtle files, one for each class; equal triples give equal bytes.

Turtle: https://www.w3.org/TR/turtle/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Value, statements
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES, compact
from plangraf.sheets.cells import natural_sort_key
from plangraf.sheets.model import EVIDENCE, OTHER_FILE, Model

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>')
# IRIs that resolve unchanged against the base: without scheme, root or dot segment.
_RELATIVE_SAFE = re.compile(rf"<{re.escape(ID)}(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*>")
_PREFIX = re.compile(r"(?<![\w-])([a-z][a-z-]*):")
_ABOUT = NamedNode(PLAN + "about")


def turtle_files(triples: Iterable[Triple], model: Model) -> dict[str, str]:
    """Maps file names to texts: `plan.ttl`, `evidence-plan.ttl` for evidence about plans, and so on."""
    graph = Graph(statements(triples))
    files = {thing: _choose_file(graph.iris(thing, RDF_TYPE), model) for thing in graph.things}
    things: dict[str, list[Node]] = {}
    for thing, name in files.items():
        if name == "evidence":
            about = next(iter(graph.named(thing, _ABOUT)), None)
            name = f"evidence-{files[about]}" if about in files else name
        things.setdefault(name, []).append(thing)
    return {f"{name}.ttl": _format_file(graph, found) for name, found in sorted(things.items())}


def _format_file(graph: Graph, things: Iterable[Node]) -> str:
    """The text of one file: used prefixes, then things by key, each with its class first."""
    ordered = [
        Triple(thing, predicate, value)
        for thing in sorted(things, key=lambda node: natural_sort_key(str(node)))
        for predicate, value in sorted(graph.facts(thing), key=_fact_order)
    ]
    text = (serialize(ordered, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode()
    # Splitting at line ends is safe, because Turtle escapes those within literals.
    lines = [
        line.replace("\t", "    ", 1) if line.startswith("\t") else f"\n{line}"
        for line in text.split("\n")
        if line and not line.startswith("@")
    ]
    body = _TOKEN.sub(
        lambda match: match[0].replace(f"<{ID}", "<") if _RELATIVE_SAFE.fullmatch(match[0]) else match[0],
        "\n".join(lines),
    )
    names = set(_PREFIX.findall(_TOKEN.sub("", body)))
    used = [f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items() if name in names]
    return f"@base <{ID}> .\n{''.join(used)}{body}\n"


def _choose_file(types: Collection[str], model: Model) -> str:
    sheet = model.narrowest(types)
    if sheet is None:
        return OTHER_FILE
    return "evidence" if sheet.iri == EVIDENCE else sheet.file


def _fact_order(fact: tuple[NamedNode, Value]) -> tuple[object, ...]:
    predicate, value = fact
    path, text = "" if predicate == RDF_TYPE else compact(predicate.value), str(value)
    # Own classes come before reused ones.
    return path, not path and not text.startswith(f"<{PLAN}"), natural_sort_key(text), text
