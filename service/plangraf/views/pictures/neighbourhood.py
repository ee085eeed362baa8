"""The neighbourhood of a thing: what it links to and what links to it, as rows of a bounded number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.numbers_in_text import natural_key
from plangraf.rdf.namespaces import PREFIXES
from plangraf.views.engine_answers import fetch_rows

MOST_IN_A_GROUP = 6
"""The most neighbours of one property and direction that are drawn."""
MOST_READ = 600
_TITLES = " ".join(f"<{PREFIXES[prefix]}{name}>" for prefix, name in (
    ("skos", "prefLabel"), ("dcterms", "title"), ("rdfs", "label")
))  # fmt: skip
# Only things with a name are neighbours: statements about a link, evidence and passages have none.
_QUERY = """SELECT DISTINCT ?direction ?property ?propertyLabel ?other ?label ?language WHERE {{
  {{ SELECT DISTINCT ?direction ?property ?other WHERE {{
    {{ {thing} ?property ?other BIND ("out" AS ?direction) }}
    UNION {{ ?other ?property {thing} BIND ("in" AS ?direction) }}
    FILTER (ISIRI(?other) && ?other != {thing} && ?property != <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>)
    FILTER EXISTS {{ VALUES ?naming {{ {titles} }} ?other ?naming ?name }}
  }} ORDER BY ?direction ?property ?other LIMIT {most} }}
  VALUES ?naming {{ {titles} }}
  ?other ?naming ?label .
  BIND (LANG(?label) AS ?language)
  OPTIONAL {{
    ?property <http://www.w3.org/2000/01/rdf-schema#label> ?propertyLabel FILTER (LANG(?propertyLabel) = "{language}")
  }}
}}"""
_NAMES = """SELECT ?label WHERE {{ VALUES ?naming {{ {titles} }} {thing} ?naming ?label }}"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A thing that the middle links to (`out`) or that links to it (`in`), by one property."""

    iri: str
    label: str
    lang: str


@dataclass(slots=True)
class Group:
    """The neighbours of one property and direction, in natural order of their names."""

    direction: str
    link: str
    label: str
    neighbours: list[Neighbour] = field(default_factory=list)

    @property
    def drawn(self) -> Sequence[Neighbour]:
        """Those of a picture; one more is drawn than would leave one out."""
        return self.neighbours if len(self.neighbours) <= MOST_IN_A_GROUP + 1 else self.neighbours[:MOST_IN_A_GROUP]

    @property
    def left_out(self) -> int:
        return len(self.neighbours) - len(self.drawn)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A thing with its neighbours; `more` when there are more than MOST_READ links."""

    iri: str
    label: str
    groups: Sequence[Group]
    more: bool

    @property
    def things(self) -> int:
        return sum(len(group.neighbours) for group in self.groups)


async def find_neighbourhood(
    snapshot: Snapshot, thing: NamedNode, language: str, names: dict[str, str]
) -> Neighbourhood | None:
    """The neighbourhood of a thing; None when it has neither name nor neighbour.

    Args:
        snapshot: the version.
        thing: the middle.
        language: nb or en, of the labels.
        names: labels of properties that the data have none for, by IRI.
    Raises:
        PlangrafError: the engine cannot answer a query.
    """
    query = _QUERY.format(thing=str(thing), titles=_TITLES, most=MOST_READ, language=language)
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    own = await fetch_rows(snapshot.engine, _NAMES.format(thing=str(thing), titles=_TITLES), bulk=False)
    if not rows and not own:
        return None
    groups: dict[tuple[str, str], Group] = {}
    best: dict[tuple[str, str, str], Neighbour] = {}
    for row in rows:
        key = row["direction"]["value"], row["property"]["value"], row["other"]["value"]
        found = Neighbour(key[2], row["label"]["value"], row["language"]["value"])
        if key not in best or _rank(found, language) < _rank(best[key], language):
            best[key] = found
        if key[:2] not in groups:
            said = row["propertyLabel"]["value"] if "propertyLabel" in row else names.get(key[1])
            groups[key[:2]] = Group(key[0], key[1], said or key[1].rpartition("/")[2].rpartition("#")[2])
    for (direction, property_, _), neighbour in best.items():
        groups[direction, property_].neighbours.append(neighbour)
    for group in groups.values():
        group.neighbours.sort(key=lambda one: (natural_key(one.label), one.iri))
    named = sorted((row["label"].get("xml:lang") not in (language, None), row["label"]["value"]) for row in own)
    label = named[0][1] if named else thing.value
    in_order = sorted(groups.values(), key=lambda group: (group.label.casefold(), group.link))
    return Neighbourhood(thing.value, label, in_order, len(best) >= MOST_READ)


def _rank(neighbour: Neighbour, language: str) -> tuple[int, str]:
    """Prefers a name in the language, then one without a language, which is a name as printed."""
    return (0 if neighbour.lang == language else 1 if not neighbour.lang else 2), neighbour.label
