"""Triples to Turtle files, the same text for the same triples: one file for each class, sorted, no blank nodes.

Turtle: https://www.w3.org/TR/turtle/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Value, statements
from plangraf.rdf.names import compact
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES
from plangraf.sheets.cells import natural
from plangraf.sheets.model import EVIDENCE, OTHER_FILE, Model

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>')
# What stays the same when it is resolved against the base: no scheme, no root, no dot segment.
_BELOW = re.compile(rf"<{re.escape(ID)}(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*>")
_PREFIX = re.compile(r"(?<![\w-])([a-z][a-z-]*):")
_ABOUT = NamedNode(PLAN + "about")


def turtle_files(triples: Iterable[Triple], model: Model) -> dict[str, str]:
    """Names and texts of the files: `plan.ttl`, `evidence-plan.ttl` for evidence about plans, and so on."""
    graph = Graph(statements(triples))
    files = {thing: _file(graph.iris(thing, RDF_TYPE), model) for thing in graph.things}
    things: dict[str, list[Node]] = {}
    for thing, name in files.items():
        if name == "evidence":
            about = next(iter(graph.named(thing, _ABOUT)), None)
            name = f"evidence-{files[about]}" if about in files else name
        things.setdefault(name, []).append(thing)
    return {f"{name}.ttl": _turtle(graph, found) for name, found in sorted(things.items())}


def _turtle(graph: Graph, things: Iterable[Node]) -> str:
    """One file: prefixes that are used, things by key, class first, then properties and values in order."""
    ordered = [
        Triple(thing, predicate, value)
        for thing in sorted(things, key=lambda node: natural(str(node)))
        for predicate, value in sorted(graph.facts(thing), key=_order)
    ]
    text = (serialize(ordered, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode()
    # No literal holds a line's end, which Turtle escapes, so each line is what it looks like.
    lines = [line.replace("\t", "    ", 1) if line.startswith("\t") else f"\n{line}"
             for line in text.split("\n") if line and not line.startswith("@")]  # fmt: skip
    body = _TOKEN.sub(lambda match: match[0].replace(f"<{ID}", "<") if _BELOW.fullmatch(match[0]) else match[0],
                      "\n".join(lines))  # fmt: skip
    names = set(_PREFIX.findall(_TOKEN.sub("", body)))
    used = [f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items() if name in names]
    return f"@base <{ID}> .\n{''.join(used)}{body}\n"


def _file(types: Collection[str], model: Model) -> str:
    sheet = model.narrowest(types)
    if sheet is None:
        return OTHER_FILE
    return "evidence" if sheet.iri == EVIDENCE else sheet.file


def _order(fact: tuple[NamedNode, Value]) -> tuple[object, ...]:
    predicate, value = fact
    path, text = "" if predicate == RDF_TYPE else compact(predicate.value), str(value)
    # Our own classes come before those that are reused.
    return path, not path and not text.startswith(f"<{PLAN}"), natural(text), text
