"""Triples to Turtle files, the same text for the same triples: one file for each class, sorted, no blank nodes.

Turtle: https://www.w3.org/TR/turtle/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from plangraf.rdf.namespaces import ID, PLAN, PREFIXES
from plangraf.sheets.cells import natural
from plangraf.sheets.facts import TYPE
from plangraf.sheets.model import EVIDENCE, OTHER_FILE, Model, Sheet
from plangraf.sources.turtle import compact

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>')
# What stays the same when it is resolved against the base: no scheme, no root, no dot segment.
_BELOW = re.compile(rf"<{re.escape(ID)}(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*>")
_PREFIX = re.compile(r"(?<![\w-])([a-z][a-z-]*):")
_compact = lru_cache(None)(compact)
_ABOUT = NamedNode(PLAN + "about")
_TYPE = NamedNode(TYPE)


def turtle_files(triples: Iterable[Triple], model: Model) -> dict[str, str]:
    """Names and texts of the files: `plan.ttl`, `evidence-plan.ttl` for evidence about plans, and so on."""
    things: dict[NamedNode, list[Triple]] = {}
    for triple in triples:
        if isinstance(triple.subject, NamedNode):
            things.setdefault(triple.subject, []).append(triple)
    files = {thing: _file(known, model) for thing, known in things.items()}
    texts: dict[str, list[Triple]] = {}
    for thing, known in things.items():
        name = files[thing]
        if name == "evidence":
            about = next((triple.object for triple in known if triple.predicate == _ABOUT), None)
            name = f"evidence-{files[about]}" if isinstance(about, NamedNode) and about in files else name
        texts.setdefault(name, []).extend(known)
    return {f"{name}.ttl": turtle(found) for name, found in sorted(texts.items())}


def turtle(triples: Iterable[Triple]) -> str:
    """One file: prefixes that are used, things by key, class first, then properties and values in order."""
    of_thing: dict[str, list[Triple]] = {}
    for triple in triples:
        of_thing.setdefault(str(triple.subject), []).append(triple)
    ordered = [triple for thing in sorted(of_thing, key=natural) for triple in sorted(of_thing[thing], key=_order)]
    text = (serialize(ordered, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode()
    # No literal holds a line's end, which Turtle escapes, so each line is what it looks like.
    lines = [line.replace("\t", "    ", 1) if line.startswith("\t") else f"\n{line}"
             for line in text.split("\n") if line and not line.startswith("@")]  # fmt: skip
    body = _TOKEN.sub(lambda match: match[0].replace(f"<{ID}", "<") if _BELOW.fullmatch(match[0]) else match[0],
                      "\n".join(lines))  # fmt: skip
    names = set(_PREFIX.findall(_TOKEN.sub("", body)))
    used = [f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items() if name in names]
    return f"@base <{ID}> .\n{''.join(used)}{body}\n"


def class_of(known: Iterable[Triple], model: Model) -> Sheet | None:
    """The sheet of the narrowest class that a thing's statements give it."""
    types = {
        triple.object.value for triple in known if triple.predicate == _TYPE and isinstance(triple.object, NamedNode)
    }
    fitting = [sheet for sheet in model.sheets if sheet.iri in types]
    fitting = [sheet for sheet in fitting if not any(sheet.iri in other.above for other in fitting)]
    return max(fitting, key=lambda sheet: (len(sheet.types), sheet.iri), default=None)


def _file(known: Iterable[Triple], model: Model) -> str:
    sheet = class_of(known, model)
    if sheet is None:
        return OTHER_FILE
    return "evidence" if sheet.iri == EVIDENCE else sheet.file


def _order(triple: Triple) -> tuple[object, ...]:
    path = "" if triple.predicate == _TYPE else _compact(triple.predicate.value)
    return path, _rank(triple, path), natural(str(triple.object)), str(triple.object)


def _rank(triple: Triple, path: str) -> bool:
    """Our own classes come before those that are reused."""
    return not path and not str(triple.object).startswith(f"<{PLAN}")
