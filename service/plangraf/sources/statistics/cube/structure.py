"""The structure of a table as triples: data structure definition, dimensions, code lists, periods and areas.

Labels are the names that the source gives its codes, in its language; texts of ours are in Bokmål and English.
https://www.w3.org/TR/vocab-data-cube/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.rdf.namespaces import ONTOLOGY, PLAN, terms
from plangraf.sources.statistics.cube.dimension_terms import REF_AREA, REF_PERIOD, DimensionTerms
from plangraf.sources.statistics.cube.names import TableNames
from plangraf.sources.statistics.cube.norwegian_areas import CLASSES, Area, KnownAreas
from plangraf.sources.statistics.cube.terms import integer, tagged, text, unit_of
from plangraf.sources.statistics.statistical_table import Code, Dimension, Table, Unit

rdf, rdfs, qb, skos, dcterms, dcat, plan, sdmx_attribute = map(
    terms, ("rdf", "rdfs", "qb", "skos", "dcterms", "dcat", "plan", "sdmx-attribute")
)
_COMPONENT = f"{ONTOLOGY}/component/"
_SHARED = {REF_AREA: "refAreaDimension", REF_PERIOD: "refPeriodDimension"}
UNIT_LIST = "unit"
"""The code list of the units that QUDT lacks, or whose wording may mean another one."""
_ALWAYS = ("obsValue", "unitMeasure", "obsStatus", "statusSymbol")


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a table: the term for each contents code, or for the table as the only member."""

    terms: tuple[NamedNode | None, ...]
    own: tuple[tuple[NamedNode, str], ...]
    code_list: str = UNIT_LIST


def units_of(table: Table, names: TableNames) -> Units:
    """The units as QUDT has them, else as concepts of the table's own list."""
    contents = table.dimension("metric")
    stated: list[Unit | None] = (
        [table.unit] if contents is None else [code.unit or table.unit for code in contents.codes]
    )
    found: list[NamedNode | None] = []
    own: dict[NamedNode, str] = {}
    list_name = UNIT_LIST
    while any(dimension.code == list_name for dimension in table.dimensions):
        list_name += "s"
    for unit in stated:
        if unit is None or unit.base is None:
            found.append(None)
            continue
        term = unit_of(unit.base)
        if term is None:
            term = names.code(list_name, unit.base)
            own[term] = unit.base
        found.append(term)
    return Units(tuple(found), tuple(own.items()), list_name)


def structure_triples(
    table: Table, dimensions: Sequence[DimensionTerms], names: TableNames, units: Units, known: KnownAreas
) -> list[Triple]:
    """All triples of structure.ttl, the structure first.

    Args:
        table: the table.
        dimensions: its dimensions in RDF.
        names: its IRIs.
        units: its units.
        known: areas that other datasets describe, which are not described again.
    """
    found = [*_definition(table, dimensions, names)]
    for one in dimensions:
        if one.own:
            found += _property(one, names, table.language)
        if one.listed:
            found += _code_list(one.dimension, one.listed, names, table)
        for period in one.periods:
            assert isinstance(period.term, NamedNode)
            assert period.start is not None
            assert period.end is not None
            found.append(Triple(period.term, rdf("type"), dcterms("PeriodOfTime")))
            found.append(Triple(period.term, dcat("startDate"), period.start))
            found.append(Triple(period.term, dcat("endDate"), period.end))
        for area, code in one.areas:
            if area.iri.value not in known.iris:
                found += _area(area, code)
    if units.own:
        found += _unit_list(units, names, table)
    return found


def _definition(table: Table, dimensions: Sequence[DimensionTerms], names: TableNames) -> Iterator[Triple]:
    structure = names.structure
    yield Triple(structure, rdf("type"), qb("DataStructureDefinition"))
    yield Triple(structure, rdfs("label"), tagged(f"Struktur for tabell {table.name}", "nb"))
    yield Triple(structure, rdfs("label"), tagged(f"Structure of table {table.name}", "en"))
    own = []
    labels = {names.component(one.dimension.code): one.dimension.label for one in dimensions}
    for number, one in enumerate(dimensions, 1):
        if one.predicate in _SHARED:
            yield Triple(structure, qb("component"), NamedNode(_COMPONENT + _SHARED[one.predicate]))
            continue
        component = names.component(one.dimension.code)
        yield Triple(structure, qb("component"), component)
        own.append((component, one.predicate, number))
    for name in _ALWAYS:
        yield Triple(structure, qb("component"), NamedNode(_COMPONENT + name))
    for component, predicate, number in own:
        yield Triple(component, rdf("type"), qb("ComponentSpecification"))
        yield Triple(component, rdfs("label"), tagged(f"Dimensjonen «{labels[component]}»", "nb"))
        yield Triple(component, rdfs("label"), tagged(f'Dimension "{labels[component]}"', "en"))
        yield Triple(component, qb("dimension"), predicate)
        yield Triple(component, qb("order"), integer(number))


def _property(one: DimensionTerms, names: TableNames, language: str) -> Iterator[Triple]:
    yield Triple(one.predicate, rdf("type"), qb("DimensionProperty"))
    yield Triple(one.predicate, rdf("type"), qb("CodedProperty"))
    yield Triple(one.predicate, rdfs("label"), tagged(one.dimension.label, language))
    yield Triple(one.predicate, rdfs("range"), skos("Concept"))
    yield Triple(one.predicate, qb("codeList"), names.code_list(one.dimension.code))


def _code_list(dimension: Dimension, codes: Sequence[Code], names: TableNames, table: Table) -> Iterator[Triple]:
    scheme = names.code_list(dimension.code)
    yield from _scheme(scheme, f"«{dimension.label}»", f'"{dimension.label}"', table)
    for code in codes:
        concept = names.code(dimension.code, code.code)
        yield from _concept(concept, scheme, code.code, code.label or code.code, table.language)
        decimals = code.unit.decimals if code.unit else None
        if decimals is not None:
            yield Triple(concept, sdmx_attribute("decimals"), integer(decimals))
        for predicate, value in (
            ("referenceTime", code.reference_time and tagged(code.reference_time, table.language)),
            ("measuringType", code.measuring_type and text(code.measuring_type)),
            ("priceType", code.price_type and text(code.price_type)),
        ):
            if isinstance(value, Literal):
                yield Triple(concept, plan(predicate), value)


def _unit_list(units: Units, names: TableNames, table: Table) -> Iterator[Triple]:
    scheme = names.code_list(units.code_list)
    yield from _scheme(scheme, "enheter", "units", table)
    for concept, base in units.own:
        yield from _concept(concept, scheme, base, base, table.language)


def _scheme(scheme: NamedNode, nb: str, en: str, table: Table) -> Iterator[Triple]:
    yield Triple(scheme, rdf("type"), skos("ConceptScheme"))
    yield Triple(scheme, rdfs("label"), tagged(f"Koder for {nb} i tabell {table.name}", "nb"))
    yield Triple(scheme, rdfs("label"), tagged(f"Codes for {en} in table {table.name}", "en"))


def _concept(concept: NamedNode, scheme: NamedNode, code: str, label: str, language: str) -> Iterator[Triple]:
    yield Triple(concept, rdf("type"), skos("Concept"))
    yield Triple(concept, skos("notation"), text(code))
    yield Triple(concept, skos("prefLabel"), tagged(label, language))
    yield Triple(concept, skos("inScheme"), scheme)


def _area(area: Area, code: Code) -> Iterator[Triple]:
    """An area that no other dataset describes, by its name in the table, which is a name in every language."""
    yield Triple(area.iri, rdf("type"), CLASSES[area.level])
    if area.level == "country":
        yield Triple(area.iri, rdfs("label"), tagged("Norge", "nb"))
        yield Triple(area.iri, rdfs("label"), tagged("Norway", "en"))
        return
    for tag in ("nb", "en"):
        yield Triple(area.iri, rdfs("label"), tagged(code.label or area.number, tag))
    number = NamedNode(f"{PLAN}{'municipalityNumber' if area.level == 'municipality' else 'countyNumber'}")
    yield Triple(area.iri, number, text(area.number))
