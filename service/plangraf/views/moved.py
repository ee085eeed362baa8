"""IRIs that were given up for others: what was published stays answerable, under the IRI that replaced it.

The data say so themselves: `owl:deprecated true` and `dcterms:isReplacedBy`. Linked data ask for 301 there
(https://www.w3.org/TR/cooluris/), so that links and caches learn the new name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.namespaces import ID
from plangraf.views.describe import Description
from plangraf.views.fetching import fetch

_DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
_REPLACED_BY = "http://purl.org/dc/terms/isReplacedBy"
_QUERY = f"""CONSTRUCT {{ ?old <{_REPLACED_BY}> ?new }} WHERE {{
  ?old <{_DEPRECATED}> true ; <{_REPLACED_BY}> ?new
  FILTER (ISIRI(?new) && STRSTARTS(STR(?old), "{ID}"))
}}"""


async def replacements(snapshot: Snapshot) -> Mapping[str, str]:
    """The IRIs of ours that were given up, each with the one that stands for it now: a part of a snapshot.

    Raises:
        PlangrafError: what the engine raises.
    """
    graph = await fetch(snapshot.engine, _QUERY)
    return followed((s.value, o.value) for s, p, o in graph if p.value == _REPLACED_BY and isinstance(s, NamedNode))


def followed(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each old IRI with the end of its chain. One with two successors, or in a circle, leads nowhere for certain."""
    successors: dict[str, set[str]] = {}
    for old, new in pairs:
        successors.setdefault(old, set()).add(new)
    only = {old: next(iter(new)) for old, new in successors.items() if len(new) == 1}
    found = {}
    for old in only:
        seen, end = {old}, only[old]
        while end in only and end not in seen:
            seen.add(end)
            end = only[end]
        if end not in seen and end not in successors:
            found[old] = end
    return found


def given_up(description: Description) -> bool:
    """Whether the data say of a thing only that it is deprecated: nothing describes it, nothing replaces it."""
    said = {p.value: o for _, p, o in description.own}
    mark = said.get(_DEPRECATED)
    return (
        isinstance(mark, Literal) and mark.value == "true" and RDF_TYPE.value not in said and _REPLACED_BY not in said
    )
