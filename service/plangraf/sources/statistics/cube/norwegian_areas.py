"""Areas of Norwegian statistics: municipalities, counties and the country under the IRIs that plans use too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyoxigraph
from pyoxigraph import NamedNode

from plangraf.rdf.namespaces import GRAPH, ID, PLAN, PREFIXES
from plangraf.sources.files import SourceFile

Level = Literal["municipality", "county", "country"]
AreaScheme = Literal["norway", "codes"]
"""Whether area codes are those of Norway, or are kept as codes of the source."""

CLASSES: dict[Level, NamedNode] = {
    "municipality": NamedNode(PLAN + "Municipality"),
    "county": NamedNode(PLAN + "County"),
    "country": NamedNode(PLAN + "Country"),
}
# Aggregated code lists write `K-5001` and `F-50` for the same areas. 21 to 23 are Svalbard, Jan Mayen and the
# continental shelf, which are neither counties nor municipalities, and 99 means that the area is not known.
_NO_COUNTY = "(?!00|2[1-9]|9[0-9])"
_MUNICIPALITY = re.compile(rf"(?:K[-_])?({_NO_COUNTY}[0-9]{{4}})")
_COUNTY = re.compile(rf"(?:F[-_])?({_NO_COUNTY}[0-9]{{2}})")
_COUNTRY = {"0", "00", "NO"}
_NORWEGIAN_OFFICES = {"ssb", "statistisk sentralbyrå", "statistisk sentralbyraa", "statistics norway"}
_NAMES_AN_AREA = re.compile(rb"Municipality|County|Country")


@dataclass(frozen=True, slots=True)
class Area:
    """An area of Norway: its level, its number (`NO` for the country) and its IRI."""

    level: Level
    number: str
    iri: NamedNode


@dataclass(frozen=True, slots=True)
class KnownAreas:
    """The areas that other datasets describe; `listed` when a published list of them is among these."""

    iris: frozenset[str] = frozenset()
    listed: bool = False


def scheme_of(source: str | None) -> AreaScheme:
    """The meaning of area codes in the tables of an office."""
    return "norway" if (source or "").strip().lower() in _NORWEGIAN_OFFICES else "codes"


def area_of(code: str) -> Area | None:
    """The area of Norway that a code stands for; None for another grouping, such as `EAK`, and for an unknown area."""
    if code in _COUNTRY:
        return Area("country", "NO", NamedNode(f"{ID}no/country/NO"))
    if match := _MUNICIPALITY.fullmatch(code):
        return Area("municipality", match[1], NamedNode(f"{ID}{match[1]}/municipality/{match[1]}"))
    if match := _COUNTY.fullmatch(code):
        return Area("county", match[1], NamedNode(f"{ID}no/county/{match[1]}"))
    return None


def known_areas(files: Sequence[SourceFile], besides: str) -> KnownAreas:
    """The areas that source files describe; a file that does not parse is left to the build.

    Args:
        files: the source files of home and data folders.
        besides: the graph of the dataset that is being written, which does not count.
    """
    found: set[str] = set()
    listed = False
    classes = set(CLASSES.values())
    rdf_type = NamedNode(PREFIXES["rdf"] + "type")
    for file in files:
        if file.graph == besides or not file.graph.removeprefix(GRAPH).count("/") or file.path.suffix == ".nt":
            continue
        content = file.path.read_bytes()
        if not _NAMES_AN_AREA.search(content):
            continue
        try:
            described = [
                quad.subject.value
                for quad in pyoxigraph.parse(content, format=pyoxigraph.RdfFormat.TURTLE)
                if quad.predicate == rdf_type and quad.object in classes and isinstance(quad.subject, NamedNode)
            ]
        except SyntaxError:
            continue
        found.update(described)
        listed = listed or (bool(described) and file.graph.startswith(f"{GRAPH}link/"))
    return KnownAreas(frozenset(found), listed)
