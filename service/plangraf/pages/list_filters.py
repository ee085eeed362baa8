"""Prepares the filters of a list: a control for each facet with the number of things behind each value, and the chosen
values, each with a link that takes it away.

The numbers of a facet count the things that have the chosen values of all other facets, so each of them is the size of
the list after that choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.numbers_in_text import natural_key
from plangraf.pages.list_table import NAMING, compose_name
from plangraf.pages.words import Words
from plangraf.rdf.graph import Graph
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.views.collections.facet_values import MOST_FREQUENT
from plangraf.views.collections.listing import fetch_statements
from plangraf.views.collections.members import facet_values, select
from plangraf.views.declarations import TermLabels
from plangraf.views.describe import Labels
from plangraf.views.document_parts import sdg_code

# A control shows so many characters of a name.
_LONGEST = 70
# For the order of a hundred names this is enough of Norwegian, and takes a tenth of the time of a collation key.
_LAST_LETTERS = str.maketrans({"æ": "{", "ø": "|", "å": "}"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet as a request names it, its name, and the number of things that choosing it leaves."""

    value: str
    text: str
    lang: str | None
    number: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Control:
    """The control of one facet. `left_out` more values exist; `telling` is false when its one value narrows nothing."""

    name: str
    title: str
    choices: list[Choice]
    left_out: int
    telling: bool

    @property
    def chosen(self) -> Choice | None:
        return next((choice for choice in self.choices if choice.chosen), None)


@dataclass(frozen=True, slots=True)
class Chip:
    """One chosen value; `href` leads to the list without it, which has `number` things."""

    title: str
    text: str
    lang: str | None
    href: str
    number: int


async def fetch_controls(
    snapshot: Snapshot,
    collection: Collection,
    filters: Mapping[Facet, str],
    places: Sequence[int],
    words: Words,
    known: TermLabels,
) -> list[Control]:
    """The controls of all facets that have a value, in the order of the facets.

    Args:
        snapshot: the leased version.
        collection: the list.
        filters: the chosen values.
        places: the places of the things that have them.
        words: the language of the page.
        known: labels of terms that the data do not name.
    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    found: dict[Facet, tuple[list[tuple[str, int]], int, bool]] = {}
    for facet in collection.facets:
        chosen = filters.get(facet)
        others = {other: value for other, value in filters.items() if other != facet}
        left = await select(snapshot, collection, others) if chosen is not None else places
        values = await snapshot.part(facet_values, collection, facet)
        shown, number = values.most_frequent(left)
        if chosen is not None and chosen not in dict(shown):
            shown.append((chosen, values.number_of(chosen, left)))
        telling = chosen is not None or len(shown) > 1 or (bool(shown) and shown[0][1] < len(left))
        found[facet] = shown, max(0, number - MOST_FREQUENT), telling
    all_shown = {facet: shown for facet, (shown, _, _) in found.items()}
    names = await _fetch_names(snapshot, all_shown, filters, words, known)
    controls = []
    for facet, (shown, left_out, telling) in found.items():
        choices = [
            Choice(facet.short(value), *names[facet, value], number, value == filters.get(facet))
            for value, number in shown
        ]
        choices.sort(key=lambda choice: natural_key(choice.text.casefold().translate(_LAST_LETTERS)))
        if choices:
            controls.append(Control(facet.name, facet.title(words.code), choices, left_out, telling))
    return controls


async def fetch_chips(
    snapshot: Snapshot,
    collection: Collection,
    filters: Mapping[Facet, str],
    controls: Sequence[Control],
    words: Words,
    link: Callable[[Mapping[Facet, str]], str],
) -> list[Chip]:
    """The chosen values in the order of the facets; `link` gives the address of the list with other filters.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    by_name = {control.name: control.chosen for control in controls}
    chips = []
    for facet in collection.facets:
        if facet in filters and (choice := by_name.get(facet.name)) is not None:
            others = {other: value for other, value in filters.items() if other != facet}
            number = len(await select(snapshot, collection, others))
            chips.append(Chip(facet.title(words.code), choice.text, choice.lang, link(others), number))
    return chips


async def _fetch_names(
    snapshot: Snapshot,
    shown: Mapping[Facet, Sequence[tuple[str, int]]],
    filters: Mapping[Facet, str],
    words: Words,
    known: TermLabels,
) -> dict[tuple[Facet, str], tuple[str, str | None]]:
    """The name of each value and its language; a long name is cut, but not that of a chosen value."""
    things = {
        NamedNode(thing) for facet, values in shown.items() for value, _ in values if (thing := facet.thing(value))
    }
    tags = {facet.tag for facet in shown if facet.tag}
    graph = Graph(await fetch_statements(snapshot, sorted(things, key=str), tags | NAMING) if things else ())
    labels = Labels(graph)
    told = {"true": words.gettext("yes"), "false": words.gettext("no")}

    def name(facet: Facet, value: str) -> tuple[str, str | None]:
        iri = facet.thing(value)
        if iri is None:
            return told.get(value, value), None
        thing = NamedNode(iri)
        best = labels.best(thing, words.language)
        if best is None:
            return known.get(iri, {}).get(words.language) or compose_name(graph, thing, words), None
        tag = graph.text(thing, NamedNode(facet.tag)) if facet.tag else sdg_code(iri)
        text = f"{tag} {best.value}" if tag else best.value
        is_cut = value != filters.get(facet) and len(text) > _LONGEST
        return f"{text[:_LONGEST].rsplit(' ', 1)[0]} …" if is_cut else text, best.language

    return {(facet, value): name(facet, value) for facet, values in shown.items() for value, _ in values}
