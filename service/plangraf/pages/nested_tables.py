"""What a page makes of the things that a frame nests: the changes of an area, printed figures, composed names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import DIMENSION, PLAN, PREFIXES, SDGO
from plangraf.views.collections.collation import collation_key
from plangraf.views.describe import Description
from plangraf.views.page_value import PageValue

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
    """One change of number: its first day as the page writes it, and what passed to what."""

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
    dated = [(date, change) for change in graph.with_property(_DATE) if (date := graph.value(change, _DATE))]
    found = sorted(dated, key=lambda pair: (str(pair[0]), str(pair[1])))
    return [AreaChange(page_value(date).text, page_value(change)) for date, change in found]


def printed_figures(description: Description, graph: Graph, page_value: Shows) -> list[PrintedFigure]:
    """The figures that document the perspectives of a target, by the key of their IRI."""
    if not _has_class(description, {_TARGET}):
        return []
    found = []
    for figure in sorted(graph.with_property(_OF_PERSPECTIVE), key=lambda one: collation_key(str(one))):
        area, period = graph.value(figure, _AREA), graph.value(figure, _PERIOD)
        found.append(
            PrintedFigure(
                page_value(figure),
                with_unit(graph.text(figure, _VALUE) or "", graph, figure, page_value),
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


def with_unit(value: str, graph: Graph, observation: NamedNode | BlankNode, page_value: Shows) -> str:
    """A value and the name of its unit, but not that of a mere count, which says nothing there."""
    unit = graph.value(observation, _UNIT)
    return value if unit is None or unit == _COUNT else f"{value} {page_value(unit).text}".strip()


def observation_title(graph: Graph, observation: NamedNode, page_value: Shows) -> str:
    """Area, period and codes of an observation, then its value with the unit, or the sign of a missing value."""
    area, period = graph.value(observation, _AREA), graph.value(observation, _PERIOD)
    codes = [
        page_value(value).text
        for name, values in sorted(graph.properties(observation).items(), key=lambda pair: str(pair[0]))
        if name.value.startswith(DIMENSION)
        for value in values
    ]
    where = page_value(area).text if area is not None else ""
    when = period_text(graph, period) if period is not None else ""
    value = graph.text(observation, _VALUE) or graph.text(observation, _SYMBOL) or ""
    measured = with_unit(value, graph, observation, page_value)
    return ": ".join(filter(None, (", ".join(filter(None, (where, when, *codes))), measured)))


def _has_class(description: Description, classes: set[NamedNode]) -> bool:
    return any(p == RDF_TYPE and o in classes for _, p, o in description.own)
