"""What a page makes of the things that a frame nests: the changes of an area, printed figures, composed names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import DIMENSION, PLAN, PREFIXES, SDGO
from plangraf.views.collections.members import collation_key
from plangraf.views.describe import Description
from plangraf.views.wording import PageValue

_DATE = NamedNode(PLAN + "changeDate")
_OF_PERSPECTIVE = NamedNode(PLAN + "documentsPerspective")
_TARGET = NamedNode(SDGO + "Target")
_AREAS = {NamedNode(PLAN + "Municipality"), NamedNode(PLAN + "County")}
_VALUE = NamedNode(PREFIXES["sdmx-measure"] + "obsValue")
_UNIT = NamedNode(PREFIXES["sdmx-attribute"] + "unitMeasure")
_AREA, _PERIOD = (NamedNode(PREFIXES["sdmx-dimension"] + name) for name in ("refArea", "refPeriod"))
_COUNT = NamedNode(PREFIXES["unit"] + "NUM")
_SYMBOL = NamedNode(PLAN + "statusSymbol")
_START, _END = (NamedNode(PREFIXES["dcat"] + name) for name in ("startDate", "endDate"))
Shows = Callable[[Value], PageValue]


@dataclass(frozen=True, slots=True)
class AreaChange:
    """One change of number: its first day, and what passed to what."""

    date: str
    change: PageValue


@dataclass(frozen=True, slots=True)
class PrintedFigure:
    """One printed figure: its name, the value with its unit, the area and the period, as far as they are printed."""

    figure: PageValue
    value: str
    area: PageValue | None
    period: str


def area_changes(description: Description, graph: Graph, page_value: Shows) -> list[AreaChange]:
    """The changes of an area and of the numbers that it had before, the oldest first."""
    if not _has_class(description, _AREAS):
        return []
    dated = [(graph.text(change, _DATE) or "", change) for change in graph.with_property(_DATE)]
    found = sorted((date, str(change), change) for date, change in dated)
    return [AreaChange(date, page_value(change)) for date, _, change in found]


def printed_figures(description: Description, graph: Graph, page_value: Shows) -> list[PrintedFigure]:
    """The figures that document the perspectives of a target, by the key of their IRI."""
    if not _has_class(description, {_TARGET}):
        return []
    found = []
    for figure in sorted(graph.with_property(_OF_PERSPECTIVE), key=lambda one: collation_key(str(one))):
        unit, area = graph.value(figure, _UNIT), graph.value(figure, _AREA)
        period = graph.value(figure, _PERIOD)
        found.append(
            PrintedFigure(
                page_value(figure),
                f"{graph.text(figure, _VALUE) or ''} {unit_text(unit, page_value)}".strip(),
                page_value(area) if area is not None else None,
                period_text(graph, period) if period is not None else "",
            )
        )
    return found


def period_text(graph: Graph, period: Value) -> str:
    """A period as its literal, or as its first and last day or year."""
    if isinstance(period, Literal):
        return period.value
    return "–".join(filter(None, (graph.text(period, name) for name in (_START, _END))))


def unit_text(unit: Value | None, page_value: Shows) -> str:
    """The name of a unit behind a value; empty for a mere count, whose name says nothing there."""
    return "" if unit is None or unit == _COUNT else page_value(unit).text


def observation_title(graph: Graph, observation: NamedNode, page_value: Shows) -> str:
    """Area, period and codes of an observation, then its value with the unit, or the sign of a missing value."""
    area, unit, period = (graph.value(observation, name) for name in (_AREA, _UNIT, _PERIOD))
    codes = [
        page_value(value).text
        for name, values in sorted(graph.properties(observation).items(), key=lambda pair: str(pair[0]))
        if name.value.startswith(DIMENSION)
        for value in values
    ]
    where = page_value(area).text if area is not None else ""
    when = period_text(graph, period) if period is not None else ""
    value = graph.text(observation, _VALUE) or graph.text(observation, _SYMBOL) or ""
    measured = f"{value} {unit_text(unit, page_value)}".strip()
    return ": ".join(filter(None, (", ".join(filter(None, (where, when, *codes))), measured)))


def _has_class(description: Description, classes: set[NamedNode]) -> bool:
    return any(p == RDF_TYPE and o in classes for _, p, o in description.own)
