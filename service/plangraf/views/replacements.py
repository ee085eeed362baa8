"""Finds the replacements of deprecated IRIs, so that published links keep working.

The data declare them with `owl:deprecated true` and `dcterms:isReplacedBy`. The service redirects with 301, because
then links and caches learn the new IRI (https://www.w3.org/TR/cooluris/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.namespaces import ID
from plangraf.views.describe import Description
from plangraf.views.engine_answers import fetch

_DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
_REPLACED_BY = "http://purl.org/dc/terms/isReplacedBy"
_QUERY = f"""CONSTRUCT {{ ?old <{_REPLACED_BY}> ?new }} WHERE {{
  ?old <{_DEPRECATED}> true ; <{_REPLACED_BY}> ?new
  FILTER (ISIRI(?new) && STRSTARTS(STR(?old), "{ID}"))
}}"""


async def replacements(snapshot: Snapshot) -> Mapping[str, str]:
    """Our deprecated IRIs, each with its current replacement; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    graph = await fetch(snapshot.engine, _QUERY)
    return resolve_chains(
        (s.value, o.value) for s, p, o in graph if p.value == _REPLACED_BY and isinstance(s, NamedNode)
    )


def resolve_chains(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each old IRI with the end of its chain. Omits chains that fork or form a circle: they have no single end."""
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


def is_withdrawn(description: Description) -> bool:
    """Whether a thing is deprecated, has no type and has no replacement."""
    own = {p.value: o for _, p, o in description.own}
    deprecated = own.get(_DEPRECATED)
    return (
        isinstance(deprecated, Literal)
        and deprecated.value == "true"
        and RDF_TYPE.value not in own
        and _REPLACED_BY not in own
    )
