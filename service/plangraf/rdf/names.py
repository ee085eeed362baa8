"""Names for IRIs: local names, CURIEs by the known prefixes, and what a reader sees of a thing without a label.

CURIE Syntax 1.0: https://www.w3.org/TR/curie/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from pyoxigraph import NamedNode

from plangraf.rdf.namespaces import ID, PREFIXES

# What may follow the colon in Turtle, in SPARQL and in a cell alike; the longer forms need escapes in one of them.
_LOCAL = re.compile(r"\w[\w-]*")
_OURS = re.compile(re.escape(ID) + r"(?:(?:[0-9]{4}|[0-9]{2}|no|link)/)?([^/]+)/(.+)")


def local_name(iri: str) -> str:
    """What follows the last `#` or `/`: `Plan` of `…/ontology#Plan`, `11.6` of `…/sdg/11.6`."""
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]


def namespace(iri: str) -> str:
    """What stands before the local name, with its `#` or `/`."""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def curie(iri: str, prefixes: Mapping[str, str] = PREFIXES) -> str | None:
    """`plan:Case` for an IRI in a namespace that has a prefix; None when no prefix gives a plain name."""
    for prefix, start in prefixes.items():
        if start and iri.startswith(start) and _LOCAL.fullmatch(iri, len(start)):
            return f"{prefix}:{iri[len(start) :]}"
    return None


def expand(name: str, prefixes: Mapping[str, str] = PREFIXES) -> str:
    """The IRI that a CURIE stands for.

    Raises:
        KeyError: its prefix is unknown.
    """
    prefix, _, local = name.partition(":")
    return prefixes[prefix] + local


def terms(prefix: str) -> Callable[[str], NamedNode]:
    """A function from local names to the terms of a known vocabulary: `sh = terms("sh")`, then `sh("path")`."""
    start = PREFIXES[prefix]

    @cache
    def term(local: str) -> NamedNode:
        return NamedNode(start + local)

    return term


@lru_cache(4096)
def compact(iri: str) -> str:
    """`plan:Case` for an IRI in a namespace of ours or of a known vocabulary, else `<iri>`."""
    return curie(iri) or f"<{iri}>"


def short_name(iri: str) -> str:
    """How an IRI without a label reads: `class key` for things of ours, a CURIE, or the IRI."""
    if match := _OURS.fullmatch(iri):
        return f"{match[1]} {match[2]}"
    return curie(iri) or iri


def used_prefixes(iris: Iterable[str], prefixes: Mapping[str, str] = PREFIXES) -> dict[str, str]:
    """The prefixes whose namespace any of the IRIs is in, in their order."""
    namespaces = {namespace(iri) for iri in iris}
    return {prefix: start for prefix, start in prefixes.items() if start in namespaces}
