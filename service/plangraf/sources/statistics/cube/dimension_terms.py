"""The term of each code of each dimension: an area, a period, or a concept of the table's own code list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.namespaces import terms
from plangraf.sources.statistics.cube.names import TableNames
from plangraf.sources.statistics.cube.norwegian_areas import Area, AreaScheme, KnownAreas, area_of
from plangraf.sources.statistics.cube.periods import Period, parse_period
from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.statistical_table import Code, Dimension, Table

sdmx_dimension = terms("sdmx-dimension")
REF_AREA, REF_PERIOD = sdmx_dimension("refArea"), sdmx_dimension("refPeriod")


@dataclass(frozen=True, slots=True)
class DimensionTerms:
    """A dimension in RDF.

    Attributes:
        dimension: the dimension.
        predicate: refArea, refPeriod or a property of the table.
        values: the term of each code, in the order of the codes.
        listed: the codes that are concepts of the table's code list.
        areas: the areas of Norway among the values, with their codes.
        periods: the periods among the values that are not literals.
    """

    dimension: Dimension
    predicate: NamedNode
    values: tuple[NamedNode | Literal, ...]
    listed: tuple[Code, ...] = ()
    areas: tuple[tuple[Area, Code], ...] = ()
    periods: tuple[Period, ...] = ()

    @property
    def own(self) -> bool:
        """Whether the property belongs to the table."""
        return self.predicate not in (REF_AREA, REF_PERIOD)


def dimension_terms(
    table: Table, names: TableNames, areas: AreaScheme, known: KnownAreas, findings: Findings
) -> list[DimensionTerms]:
    """The dimensions of a table in RDF.

    Args:
        table: the table.
        names: its IRIs.
        areas: the meaning of its area codes.
        known: the areas that other datasets describe.
        findings: receives periods that cannot be read, and areas that do not exist.
    Raises:
        TableError: there is one of these, or no dimension of periods.
    """
    found = []
    for dimension in table.dimensions:
        if dimension.role == "time":
            found.append(_of_time(dimension, findings))
        elif dimension.role == "geo":
            found.append(_of_areas(dimension, names, areas, known, findings))
        else:
            found.append(_of_codes(dimension, names, names.dimension(dimension.code)))
    if table.dimension("time") is None:
        named = ", ".join(dimension.code for dimension in table.dimensions)
        findings.wrong(
            "dimensions", named, "en tidsdimensjon, med rollen «time»", "a dimension of periods, with the role `time`"
        )
    findings.stop()
    return found


def _of_time(dimension: Dimension, findings: Findings) -> DimensionTerms:
    periods = []
    for code in dimension.codes:
        period = parse_period(code.code, dimension.label)
        if period is None:
            findings.wrong(
                f"dimension {dimension.code}",
                code.code,
                "en periode som 2020, 2020K1, 2020M01, 2020U05, 2019-2020 eller 2020-01-31",
                "a period such as 2020, 2020K1, 2020M01, 2020U05, 2019-2020 or 2020-01-31",
            )
        else:
            periods.append(period)
    values = tuple(period.term for period in periods)
    _once(dimension, values, findings)
    described = tuple(period for period in periods if period.start is not None)
    return DimensionTerms(dimension, REF_PERIOD, values, periods=described)


def _of_areas(
    dimension: Dimension, names: TableNames, areas: AreaScheme, known: KnownAreas, findings: Findings
) -> DimensionTerms:
    if areas == "codes":
        return _of_codes(dimension, names, REF_AREA)
    values: list[NamedNode | Literal] = []
    listed: list[Code] = []
    found: list[tuple[Area, Code]] = []
    for code in dimension.codes:
        area = area_of(code.code)
        if area is None:
            if code.code.isdecimal() and (whole := area_of(f"0{code.code}")) and whole.iri.value in known.iris:
                findings.wrong(
                    f"dimension {dimension.code}",
                    f"{code.code} {code.label or ''}".strip(),
                    f"{whole.number}, om nullen er mistet i et regneark; --areas codes beholder kodene",
                    f"{whole.number}, if its zero was lost in a table program; --areas codes keeps the codes",
                )
            listed.append(code)
            values.append(names.code(dimension.code, code.code))
            continue
        if known.listed and area.iri.value not in known.iris:
            findings.wrong(
                f"dimension {dimension.code}",
                f"{code.code} {code.label or ''}".strip(),
                "et område som finnes eller har funnes i listen over områder; --areas codes beholder kodene",
                "an area that exists or existed by the list of areas; --areas codes keeps the codes",
            )
        found.append((area, code))
        values.append(area.iri)
    _once(dimension, tuple(values), findings)
    return DimensionTerms(dimension, REF_AREA, tuple(values), tuple(listed), tuple(found))


def _of_codes(dimension: Dimension, names: TableNames, property_: NamedNode) -> DimensionTerms:
    values = tuple(names.code(dimension.code, code.code) for code in dimension.codes)
    return DimensionTerms(dimension, property_, values, dimension.codes)


def _once(dimension: Dimension, values: Sequence[NamedNode | Literal], findings: Findings) -> None:
    """Refuses two codes with one meaning, because they would give two values for one key."""
    first: dict[NamedNode | Literal, str] = {}
    for code, value in zip(dimension.codes, values, strict=False):
        known = first.setdefault(value, code.code)
        if known != code.code:
            findings.wrong(
                f"dimension {dimension.code}",
                f"{known}, {code.code}",
                f"én kode for hver verdi: begge betyr {value}",
                f"one code for each value: both mean {value}",
            )
