"""The neighbourhood of a thing: what it links to and what links to it, as rows of a bounded number.

What we read into a text is a thing of its own, a plan:InterpretedLink, that nobody names; here it is a link between its
two ends, in a group of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.numbers_in_text import natural_key
from plangraf.rdf.namespaces import PREFIXES
from plangraf.views.engine_answers import fetch_boolean, fetch_rows

MOST_IN_A_GROUP = 6
"""The most neighbours of one property and direction that are drawn."""
MOST_READ = 600
_TITLES = " ".join(f"<{PREFIXES[prefix]}{name}>" for prefix, name in (
    ("skos", "prefLabel"), ("dcterms", "title"), ("rdfs", "label")
))  # fmt: skip
_READING, _FROM, _TO, _BECOMES = (
    NamedNode(PREFIXES["plan"] + name) for name in ("InterpretedLink", "linkFrom", "linkTo", "becomes")
)
# Only things with a name are neighbours: statements about a link, evidence and passages have none.
_QUERY = """SELECT DISTINCT ?direction ?property ?propertyLabel ?other ?label ?language WHERE {{
  {{ SELECT DISTINCT ?direction ?property ?other WHERE {{
    {{ {thing} ?property ?other BIND ("out" AS ?direction) }}
    UNION {{ ?other ?property {thing} BIND ("in" AS ?direction) }}{readings}
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
_READINGS = """
    UNION {{ ?of a {link} ; {from_} {thing} ; {to} ?other BIND ({link} AS ?property) BIND ("out" AS ?direction) }}
    UNION {{ ?of a {link} ; {from_} ?other ; {to} {thing} BIND ({link} AS ?property) BIND ("in" AS ?direction) }}"""
# The IRI as text, because a query that names a term that the ontology does not have is refused.
_HAS_READINGS = f'ASK {{ ?link a <http://www.w3.org/2002/07/owl#Class> FILTER (STR(?link) = "{_READING.value}") }}'
_NAMES = """SELECT ?label WHERE {{ VALUES ?naming {{ {titles} }} {thing} ?naming ?label }}"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A thing that the middle links to (`out`) or that links to it (`in`), by one property."""

    iri: str
    label: str
    lang: str


@dataclass(slots=True)
class Group:
    """The neighbours of one property and direction, in natural order of their names.

    The label begins with a capital letter, because vocabularies differ in that and labels stand in one list.
    `interpreted` tells that the link is our reading of a text, which does not say it.
    """

    direction: str
    link: str
    label: str
    interpreted: bool
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
    readings = ""
    if await snapshot.part(_has_readings):
        readings = _READINGS.format(thing=thing, link=_READING, from_=_FROM, to=_TO)
    query = _QUERY.format(thing=thing, titles=_TITLES, most=MOST_READ, language=language, readings=readings)
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    own = await fetch_rows(snapshot.engine, _NAMES.format(thing=str(thing), titles=_TITLES), bulk=False)
    if not rows and not own:
        return None
    labels: dict[str, str] = {}
    best: dict[tuple[str, str, str], Neighbour] = {}
    for row in rows:
        key = row["direction"]["value"], row["property"]["value"], row["other"]["value"]
        found = Neighbour(key[2], row["label"]["value"], row["language"]["value"])
        if key not in best or _rank(found, language) < _rank(best[key], language):
            best[key] = found
        said = row["propertyLabel"]["value"] if "propertyLabel" in row else names.get(key[1])
        labels[key[1]] = said or key[1].rpartition("/")[2].rpartition("#")[2]
    named = sorted((row["label"].get("xml:lang") not in (language, None), row["label"]["value"]) for row in own)
    label = named[0][1] if named else thing.value
    return Neighbourhood(thing.value, label, _groups(best, labels), len(best) >= MOST_READ)


async def _has_readings(snapshot: Snapshot) -> bool:
    """Whether the ontology of a version has interpreted links."""
    return await fetch_boolean(snapshot.engine, _HAS_READINGS)


def _groups(best: dict[tuple[str, str, str], Neighbour], labels: dict[str, str]) -> list[Group]:
    """The neighbours by direction and link, in the order of the links' labels; what we read comes last."""
    groups: dict[tuple[str, str, bool], Group] = {}
    for (direction, link, other), neighbour in best.items():
        # plan:becomes stands beside an interpreted link where no source says it; one line is enough then.
        if link == _READING.value and (direction, _BECOMES.value, other) in best:
            continue
        beside_reading = link == _BECOMES.value and (direction, _READING.value, other) in best
        interpreted = link == _READING.value or beside_reading
        label = labels[link][:1].upper() + labels[link][1:]
        group = groups.setdefault((direction, link, interpreted), Group(direction, link, label, interpreted))
        group.neighbours.append(neighbour)
    for group in groups.values():
        group.neighbours.sort(key=lambda one: (natural_key(one.label), one.iri))
    return sorted(groups.values(), key=lambda group: (group.interpreted, group.label.casefold(), group.link))


def _rank(neighbour: Neighbour, language: str) -> tuple[int, str]:
    """Prefers a name in the language, then one without a language, which is a name as printed."""
    return (0 if neighbour.lang == language else 1 if not neighbour.lang else 2), neighbour.label
