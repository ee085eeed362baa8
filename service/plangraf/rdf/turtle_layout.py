"""Turtle for people: a blank line before each thing, one value a line, and only the prefixes that occur."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import RdfFormat, Triple, serialize

from plangraf.rdf.namespaces import PREFIXES

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?:@[a-z-]+)?|<[^>]*>')
"""A literal or an IRI in the text."""

_PREFIX = re.compile(r"(?<![\w-])([a-z][a-z-]*):")


def laid_out(triples: Iterable[Triple]) -> tuple[str, str]:
    """The declarations of prefixes and the statements in the order given, without the last line end."""
    text = (serialize(triples, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode()
    # Turtle escapes line ends within literals, so each line is one of the serialiser's.
    lines = [
        line.replace("\t", "    ", 1) if line.startswith("\t") else f"\n{line}"
        for line in text.split("\n")
        if line and not line.startswith("@")
    ]
    body = "\n".join(lines)
    names = set(_PREFIX.findall(TOKEN.sub("", body)))
    return "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items() if name in names), body
