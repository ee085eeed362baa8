"""Converts between IRIs and their short names in cells: `perspective/2020-7` for a thing of the same municipality.

    | cell | IRI |
    |---|---|
    | `plan/2020-2023-7` | of this municipality: `…/id/5001/plan/2020-2023-7` |
    | `/scheme/document-kind` | any other IRI below `…/id/` |
    | `plan:number` | of a vocabulary with a known prefix |
    | `http://…`, `<urn:…>` | any other IRI |

A dangling link gets a suggestion: a key by a title, a number, or a similar key. A suggested key always names a thing,
so the corrected cell is accepted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.errors import SettingError
from plangraf.rdf.graph import RDF_TYPE, Graph, statements
from plangraf.rdf.namespaces import ID, PREFIXES, curie, expand, slug
from plangraf.sheets.cell_values import CellError, CellPlace, SheetDiagnostic
from plangraf.sheets.model import Column

_MUNICIPAL_KEY = re.compile(r"[a-z][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_PROJECT_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_PREFIXED = re.compile(r"([a-z][a-z-]*):([A-Za-z_][\w-]*)", re.ASCII)
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


@dataclass(frozen=True, slots=True)
class Keys:
    """Short names within one dataset; `municipality` is the number, None for data without a municipality."""

    municipality: str | None

    @property
    def base(self) -> str:
        return f"{ID}{self.municipality}/" if self.municipality else ID

    def short(self, iri: str) -> str:
        """The short name of an IRI; `iri()` converts it back."""
        if iri.startswith(self.base) and _MUNICIPAL_KEY.fullmatch(iri[len(self.base) :]):
            return iri[len(self.base) :]
        if iri.startswith(ID) and _PROJECT_KEY.fullmatch(iri[len(ID) :]):
            return f"/{iri[len(ID) :]}"
        if (name := curie(iri)) is not None and _PREFIXED.fullmatch(name):
            return name
        return iri if iri.startswith(("http://", "https://")) else f"<{iri}>"

    def iri(self, text: str, segment: str | None = None) -> NamedNode:
        """Converts a short name or a whole IRI to an IRI.

        Args:
            text: text of the cell, without surrounding white space.
            segment: the part of an IRI before the key, such as `perspective`; then a key alone is enough.
        Raises:
            CellError: the text is not a name.
        """
        try:
            return NamedNode(self._expand(text, segment))
        except ValueError:
            raise _unknown_name_error(text, segment) from None

    def _expand(self, text: str, segment: str | None) -> str:
        if text.startswith("<") and text.endswith(">"):
            return text[1:-1]
        if text.startswith(("http://", "https://")):
            return text
        prefixed = _PREFIXED.fullmatch(text)
        if prefixed and prefixed[1] in PREFIXES:
            return expand(text)
        if text.startswith("/") and _PROJECT_KEY.fullmatch(text[1:]):
            return ID + text[1:]
        if _MUNICIPAL_KEY.fullmatch(text):
            return self.base + text
        if re.fullmatch(r"[0-9]{4}/" + _MUNICIPAL_KEY.pattern, text):
            return ID + text
        if segment and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
            return f"{self.base}{segment}/{text}"
        raise _unknown_name_error(text, segment)


def keys_of_folder(folder: Path) -> Keys:
    """The short names of a dataset, whose parent folder names the municipality.

    Raises:
        SettingError: it does not.
    """
    above = folder.absolute().parent.name
    if len(above) == 4 and above.isascii() and above.isdecimal():
        return Keys(above)
    if folder.absolute().name == "sdg":
        return Keys(None)
    if folder.absolute().parent.name == "link":
        raise SettingError(
            f"{folder} is a linked list, which `plangraf link` writes from its list.yaml. Edit that, not a sheet."
        )
    raise SettingError(
        f"{folder} does not say which municipality it is of. Name it <folder>/<municipality number>/<slug>, "
        "such as my-data/9999/planstrategi-2024-2027."
    )


def _unknown_name_error(text: str, segment: str | None) -> CellError:
    key = slug(text.removeprefix(f"{segment}/")) or "1"
    example = f"{segment or 'plan'}/{key}"
    return CellError(
        f"Dette er ikke navnet på noe. Skriv en nøkkel som {example}, med små ASCII-bokstaver, sifre og bindestrek, "
        "eller en hel adresse.",
        f"This is not a key. Write a key such as {example}, in lower-case ASCII letters, digits and hyphens, "
        "or a whole address.",
    )


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
