"""Suggests a key for a dangling link: from a title, a number, or a similar key.

A suggested key always names a thing, so the corrected cell is accepted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from pyoxigraph import NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.rdf.graph import RDF_TYPE, Graph, statements
from plangraf.rdf.namespaces import ID, expand
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Column

_NAME_PROPERTIES = [
    NamedNode(expand(name))
    for name in (
        "rdfs:label",
        "skos:prefLabel",
        "skos:altLabel",
        "dcterms:title",
        "dcterms:alternative",
        "plan:number",
        "plan:planNumberAsPrinted",
        "plan:goalNumber",
        "plan:caseNumber",
    )
]


class ThingNames:
    """Names of things by class; things of other municipalities are left out, because nobody mistypes them."""

    def __init__(self, triples: Iterable[Triple], keys: Keys) -> None:
        self._keys = keys
        self._graph = Graph(statements(triples))
        self._names_by_iri: dict[str, set[str]] = {}

    def suggest_key(self, column: Column, text: str) -> str | None:
        """The key of the only thing that a text in a link column seems to name."""
        things = self._list_things(column)
        plain = _normalize(text.rpartition("/")[2] if "/" in text and not text.startswith("http") else text)
        exact = [iri for iri in things if not self._names_of(iri).isdisjoint((plain, _normalize(text)))]
        if len(exact) == 1:
            return self._keys.short(exact[0])
        keys = {self._keys.short(iri): iri for iri in things}
        ends = [key for key in keys if re.search(rf"(?:[-./]|^){re.escape(plain)}$", key)]
        if len(ends) == 1:
            return ends[0]
        near = difflib.get_close_matches(text, keys, n=3, cutoff=0.8)
        near = [key for key in near if have_same_numbers(key, text)]
        return near[0] if len(near) == 1 else None

    def examples(self, column: Column, most: int = 3) -> list[str]:
        """Keys of things that the column may name."""
        things = self._list_things(column)
        return [self._keys.short(iri) for iri in things[:most]]

    def _list_things(self, column: Column) -> list[str]:
        """IRIs of the things of a column's classes."""
        found = {thing for name in column.kind.classes for thing in self._graph.pointing(RDF_TYPE, NamedNode(name))}
        iris = (thing.value for thing in found if isinstance(thing, NamedNode))
        return sorted(iri for iri in iris if not _belongs_to_another(iri, self._keys))

    def _names_of(self, iri: str) -> set[str]:
        if iri not in self._names_by_iri:
            thing = NamedNode(iri)
            found = (text.value for name in _NAME_PROPERTIES for text in self._graph.literals(thing, name))
            self._names_by_iri[iri] = {_normalize(text) for text in found}
        return self._names_by_iri[iri]


def report_dangling_key(place: CellPlace, column: Column, text: str, names: ThingNames) -> SheetDiagnostic:
    """Reports a link cell whose text is not a key, or not the key of a described thing."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    found = [(line, meant) for line in lines if (meant := names.suggest_key(column, line))]
    if found:
        nb = " ".join(f"For «{line}», skriv {meant}." for line, meant in found)
        en = " ".join(f"For «{line}», write {meant}." for line, meant in found)
    elif examples := names.examples(column):
        nb = f"Skriv nøkkelen til en rad, som {', '.join(examples)}."
        en = f"Write the key of a row, such as {', '.join(examples)}."
    else:
        nb = "Ingen ting av denne klassen er beskrevet. Legg til en rad for den, og skriv nøkkelen dens her."
        en = "Nothing of this class is described. Add a row for it, and write its key here."
    return Diagnostic(
        place,
        f"Dette er ikke nøkkelen til noe som er beskrevet. {nb}",
        f"This is not the key of anything described. {en}",
    )


def have_same_numbers(one: str, other: str) -> bool:
    """Whether two texts contain the same numbers, because another digit names another thing."""
    return _extract_numbers(one) == _extract_numbers(other)


def _belongs_to_another(iri: str, keys: Keys) -> bool:
    return re.match(re.escape(ID) + r"[0-9]{4}/", iri) is not None and not iri.startswith(keys.base)


def _extract_numbers(text: str) -> list[str]:
    return [number.lstrip("0") for number in re.findall(r"[0-9]+", text)]


def _normalize(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .")
