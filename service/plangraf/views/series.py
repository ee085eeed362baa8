"""The series of loaded statistics that a document shows: which tables measure an indicator or hold an area, from when
to when, and the last value with its unit.

A table measures an indicator by the word of a published list, or by our reading, which has its reason; a series names
which. Values stay at the named query `observations`; a document has only the last observation of each series.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyoxigraph import NamedNode

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Statements
from plangraf.rdf.namespaces import GRAPH, ID, PLAN, PREFIXES, SDGO
from plangraf.views.describe import Description, defined_terms, fetch_labels
from plangraf.views.engine_answers import fetch, fetch_rows

MOST_AREAS = 12
"""A document shows the series of so many areas of each table; the named query has all."""
MOST_TABLES = 20
_TABLE = PLAN + "StatisticsTable"
_PREFIXES = "".join(
    f"PREFIX {name}: <{PREFIXES[name]}>\n"
    for name in ("plan", "qb", "skos", "sdgo", "dcat", "dcterms", "sdmx-dimension", "sdmx-measure")
)
_OF_TARGETS, _OF_INDICATORS, _OF_TABLES, _OF_AREAS = (
    frozenset(map(NamedNode, names))
    for names in (
        (SDGO + "Target",),
        (SDGO + "Indicator",),
        (_TABLE,),
        (PLAN + "Municipality", PLAN + "County", PLAN + "Country"),
    )
)
_Row = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """That a table, or a code of its contents, measures an indicator.

    `said_by` is the published list that says so; without one it is our reading, with its `reasons` by language.
    `targets` are the UN targets of the indicator, and `near` the indicators that a list matches it with.
    """

    measuring: NamedNode
    indicator: NamedNode
    table: NamedNode
    dimension: NamedNode | None
    said_by: NamedNode | None
    reasons: Mapping[str, str]
    near: frozenset[NamedNode]
    targets: frozenset[NamedNode]


@dataclass(frozen=True, slots=True)
class TableHead:
    """A table: its number, and the office as the table names it."""

    table: NamedNode
    number: str
    office: str


@dataclass(frozen=True, slots=True)
class Series:
    """The observations of one table for one area.

    Attributes:
        head: the table.
        area: the area; None when the table has none of the areas that are shown.
        claim: why the series stands here; None when the document is that of the table or of an area.
        first, last: the first and last period, a year, month or day, or first and last day with a slash between.
        valued: the last period with a value, empty when no observation has one.
        lines: how many values that period has, one for each combination of the further dimensions.
        value: the value when its period has exactly one observation.
        observation: that observation.
    """

    head: TableHead
    area: NamedNode | None = None
    claim: Claim | None = None
    first: str = ""
    last: str = ""
    valued: str = ""
    lines: int = 0
    value: str | None = None
    observation: NamedNode | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The series of a document, the statements of their last observations, and the labels of what they name.

    `more` says that there are more areas or tables than the document shows.
    """

    series: Sequence[Series] = ()
    statements: Statements = field(default_factory=list)
    named: Statements = field(default_factory=list)
    more: bool = False


async def with_series(snapshot: Snapshot, description: Description) -> tuple[Description, Shown]:
    """The document of a target, indicator, table or area with the last observation of each series, and the series.

    Raises:
        PlangrafError: the engine cannot answer a query.
    """
    shown = await _shown(snapshot, description)
    if not shown.series:
        return description, shown
    known = set(description.graph)
    added = [triple for triple in dict.fromkeys([*shown.statements, *shown.named]) if triple not in known]
    return replace(description, named=[*description.named, *added]), shown


async def _shown(snapshot: Snapshot, description: Description) -> Shown:
    types = {o for _, p, o in description.own if p == RDF_TYPE}
    if not types & (_OF_TARGETS | _OF_INDICATORS | _OF_TABLES | _OF_AREAS):
        return Shown()
    tables = await snapshot.part(_load_tables)
    if not tables:
        return Shown()
    thing, engine = description.thing, snapshot.engine
    if types & _OF_AREAS:
        return await _complete(engine, await _of_area(engine, thing, tables), more=False)
    claims = [claim for claim in await snapshot.part(_load_claims) if claim.table in tables]
    if types & _OF_TARGETS:
        claims = [claim for claim in claims if thing in claim.targets]
    elif types & _OF_INDICATORS:
        claims = [claim for claim in claims if thing == claim.indicator or thing in claim.near]
    else:
        claims = [_itself(thing)] if thing in tables else []
    areas = await snapshot.part(_load_areas)
    found: list[Series] = []
    for claim in claims[:MOST_TABLES]:
        shown_claim = None if claim.indicator == thing == claim.measuring else claim
        found += await _of_claim(engine, claim, tables[claim.table], areas[:MOST_AREAS], shown_claim)
    if found and found[-1].area and types & _OF_TABLES:
        found.append(Series(tables[thing]))  # for the values of all areas
    return await _complete(engine, found, more=len(claims) > MOST_TABLES or len(areas) > MOST_AREAS)


def _itself(table: NamedNode) -> Claim:
    return Claim(table, table, table, None, None, {}, frozenset(), frozenset())


async def _load_tables(snapshot: Snapshot) -> Mapping[NamedNode, TableHead]:
    """The tables of a version by IRI, in the order of their numbers; a part of a snapshot."""
    if _TABLE not in await snapshot.part(defined_terms):
        return {}
    rows = await fetch_rows(
        snapshot.engine,
        f"""{_PREFIXES}SELECT ?table ?number ?office WHERE {{
          ?table a plan:StatisticsTable ; plan:tableNumber ?number . OPTIONAL {{ ?table plan:statedSource ?office }}
        }} ORDER BY ?number ?table ?office""",
        bulk=False,
    )
    heads = (TableHead(NamedNode(row["table"]["value"]), row["number"]["value"], _text(row, "office")) for row in rows)
    return {head.table: head for head in heads}


async def _load_areas(snapshot: Snapshot) -> Sequence[NamedNode]:
    """The country, then the municipalities with plans or other things of their own by number; a part of a snapshot."""
    rows = await fetch_rows(
        snapshot.engine,
        f"""{_PREFIXES}SELECT DISTINCT ?area ?number WHERE {{
          {{ ?area a plan:Country BIND ("" AS ?number) }}
          UNION {{ ?thing plan:municipality ?area . ?area plan:municipalityNumber ?number }}
        }} ORDER BY ?number ?area""",
        bulk=False,
    )
    return [NamedNode(row["area"]["value"]) for row in rows]


async def _load_claims(snapshot: Snapshot) -> Sequence[Claim]:
    """Every table or code that measures an indicator; a part of a snapshot."""
    engine = snapshot.engine
    rows = await fetch_rows(
        engine,
        f"""{_PREFIXES}SELECT DISTINCT ?graph ?measuring ?indicator ?table ?dimension ?list ?reason WHERE {{
          GRAPH ?graph {{ ?measuring plan:measuresIndicator ?indicator }}
          {{ ?measuring a plan:StatisticsTable BIND (?measuring AS ?table) }} UNION {{
            ?measuring skos:inScheme ?codes . ?dimension qb:codeList ?codes .
            ?table a plan:StatisticsTable ; qb:structure/qb:component/qb:dimension ?dimension .
          }}
          OPTIONAL {{
            GRAPH ?graph {{ ?link plan:linkedTable ?measuring ; plan:linkedIndicator ?indicator }}
            OPTIONAL {{ ?link plan:saidBy ?list }}
            OPTIONAL {{ ?link plan:reason ?reason }}
          }}
        }} ORDER BY ?table ?measuring ?indicator ?graph ?list ?reason""",
        bulk=False,
    )
    near = await fetch_rows(
        engine,
        f"""{_PREFIXES}SELECT DISTINCT ?indicator ?near ?target WHERE {{
          ?measuring plan:measuresIndicator ?indicator .
          {{ BIND (?indicator AS ?near) }}
          UNION {{ ?indicator skos:exactMatch|skos:closeMatch|dcterms:relation ?near . ?near a sdgo:Indicator }}
          OPTIONAL {{ ?near sdgo:isIndicatorOf ?target }}
        }} ORDER BY ?indicator ?near ?target""",
        bulk=False,
    )
    matches: dict[str, tuple[set[NamedNode], set[NamedNode]]] = {}
    for row in near:
        nears, targets = matches.setdefault(row["indicator"]["value"], (set(), set()))
        nears.add(NamedNode(row["near"]["value"]))
        if "target" in row:
            targets.add(NamedNode(row["target"]["value"]))
    return _claims(rows, matches)


def _claims(rows: Iterable[_Row], matches: Mapping[str, tuple[set[NamedNode], set[NamedNode]]]) -> list[Claim]:
    """One claim for each measuring thing, indicator and source of the claim."""
    reasons: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        key = tuple(_text(row, name) for name in ("graph", "measuring", "indicator", "table", "dimension", "list"))
        of_key = reasons.setdefault(key, {})
        if "reason" in row:
            of_key[row["reason"].get("xml:lang", "")] = row["reason"]["value"]
    found = []
    for key, of_key in reasons.items():
        nears, targets = matches.get(key[2], (set(), set()))
        dimension = NamedNode(key[4]) if key[4] else None
        found.append(
            Claim(
                NamedNode(key[1]),
                NamedNode(key[2]),
                NamedNode(key[3]),
                dimension,
                _source(key[0], key[5]),
                of_key,
                frozenset(nears),
                frozenset(targets),
            )
        )
    return found


def _source(graph: str, list_: str) -> NamedNode | None:
    """Who says it: the list that the link names, else the dataset of the graph; None for our interpretations."""
    if list_:
        return NamedNode(list_)
    folder, _, slug = graph.removeprefix(GRAPH).rpartition("/")
    return None if slug == "tolkninger" else NamedNode(f"{ID}{folder}/dataset/{slug}")


async def _of_claim(
    engine: Engine, claim: Claim, head: TableHead, areas: Sequence[NamedNode], shown: Claim | None
) -> list[Series]:
    """The series of one table for each area, or one without area when the table has none of them."""
    narrowed = f" ; {claim.dimension} {claim.measuring}" if claim.dimension else ""
    branches = " UNION ".join(
        f"{{ ?one sdmx-dimension:refArea {area} ; qb:dataSet {claim.table}{narrowed} ; sdmx-dimension:refPeriod ?when "
        f"BIND ({area} AS ?area) }}"
        for area in areas
    )
    rows = await _periods(engine, "?area", branches) if areas else []
    by_area: dict[str, list[_Row]] = {}
    for row in rows:
        by_area.setdefault(row["area"]["value"], []).append(row)
    found = [_series(head, area, shown, by_area[area.value]) for area in areas if area.value in by_area]
    return found or [Series(head, None, shown)]


async def _of_area(engine: Engine, area: NamedNode, tables: Mapping[NamedNode, TableHead]) -> list[Series]:
    """The series of every table for one area."""
    pattern = f"?one sdmx-dimension:refArea {area} ; qb:dataSet ?table ; sdmx-dimension:refPeriod ?when"
    by_table: dict[str, list[_Row]] = {}
    for row in await _periods(engine, "?table", pattern):
        by_table.setdefault(row["table"]["value"], []).append(row)
    return [
        _series(head, area, None, by_table[table.value]) for table, head in tables.items() if table.value in by_table
    ]


async def _periods(engine: Engine, by: str, pattern: str) -> list[_Row]:
    """The periods of a pattern with their observations, by table or area, in the order of time.

    Where a period has one observation, `value` and `single` are those of it.
    """
    return sorted(
        await fetch_rows(
            engine,
            f"""{_PREFIXES}SELECT {by} ?when ?start ?end (COUNT(?one) AS ?lines) (COUNT(?number) AS ?values)
              (MIN(?number) AS ?value) (MIN(STR(?one)) AS ?single)
            WHERE {{
              {pattern} OPTIONAL {{ ?one sdmx-measure:obsValue ?number }}
              OPTIONAL {{ ?when dcat:startDate ?start ; dcat:endDate ?end }}
            }} GROUP BY {by} ?when ?start ?end""",
        ),
        key=lambda row: (_text(row, "start") or _text(row, "when"), _text(row, "end")),
    )


def _series(head: TableHead, area: NamedNode, claim: Claim | None, rows: Sequence[_Row]) -> Series:
    valued = next((row for row in reversed(rows) if int(_text(row, "values"))), None)
    single = valued if valued is not None and int(_text(valued, "lines")) == 1 else None
    return Series(
        head,
        area,
        claim,
        _period(rows[0]),
        _period(rows[-1]),
        _period(valued) if valued else "",
        int(_text(valued, "values")) if valued else 0,
        _text(single, "value") if single else None,
        NamedNode(_text(single, "single")) if single else None,
    )


def _period(row: _Row) -> str:
    return f"{_text(row, 'start')}/{_text(row, 'end')}" if "start" in row else _text(row, "when")


def _text(row: _Row, name: str) -> str:
    return row[name]["value"] if name in row else ""


async def _complete(engine: Engine, series: Sequence[Series], *, more: bool) -> Shown:
    """Adds the statements of the last observations, and the labels of what the series name."""
    observations = sorted({str(one.observation) for one in series if one.observation})
    statements: Statements = []
    if observations:
        values = f"VALUES ?observation {{ {' '.join(observations)} }}"
        statements = await fetch(
            engine,
            f"""{_PREFIXES}CONSTRUCT {{ ?one ?p ?o }} WHERE {{
              {{ {values} ?observation ?p ?o BIND (?observation AS ?one) }}
              UNION {{ {values} ?observation sdmx-dimension:refPeriod ?one . ?one ?p ?o }}
            }}""",
        )
    mentioned = {value for _, _, value in statements if isinstance(value, NamedNode)}
    for one in series:
        mentioned |= {node for node in (one.head.table, one.area) if node}
        if one.claim:
            mentioned |= {node for node in (one.claim.indicator, one.claim.measuring, one.claim.said_by) if node}
    named = await fetch_labels(engine, mentioned)
    return Shown(series, statements, named, more)
