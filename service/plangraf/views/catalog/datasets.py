"""Reads the datasets of a version from the data. The class dcat:Dataset finds them; no list of datasets exists."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.namespaces import GRAPH, ID, PLAN, PREFIXES, SCHEME
from plangraf.store.contents import File
from plangraf.views.describe import defined_terms
from plangraf.views.document_parts import findings
from plangraf.views.engine_answers import fetch_rows

_PREFIXES = "\n".join(
    f"PREFIX {name}: <{PREFIXES[name]}>"
    for name in ("plan", "rdf", "rdfs", "skos", "dcterms", "dcat", "prov", "eli", "owl", "dqv", "xsd")
)
_STATEMENTS = """SELECT ?graph ?dataset ?p ?o WHERE {
  GRAPH ?graph { ?dataset a dcat:Dataset ; ?p ?o }
  FILTER (ISIRI(?dataset) && ?p IN (dcterms:title, dcterms:description, dcterms:license, dcterms:publisher,
    dcterms:modified, dcterms:issued, dcterms:source, dcat:theme, dcat:keyword, prov:wasDerivedFrom))
} ORDER BY ?dataset ?graph ?p ?o"""
_SOURCES = """SELECT DISTINCT ?source ?p ?o WHERE {
  ?dataset a dcat:Dataset ; prov:wasDerivedFrom|dcterms:source ?source .
  ?source ?p ?o FILTER (?p IN (rdf:type, dcterms:title, rdfs:label, dcterms:publisher, dcterms:date))
} ORDER BY ?source ?p ?o"""
_PERIODS = """SELECT DISTINCT ?dataset ?start ?end WHERE {
  ?dataset a dcat:Dataset .
  { ?dataset dcterms:temporal ?period }
  UNION { ?dataset (prov:wasDerivedFrom|dcterms:source)/eli:realizes/dcterms:temporal ?period }
  ?period dcat:startDate ?start ; dcat:endDate ?end
} ORDER BY ?dataset ?start ?end"""
# For a dataset without a source document, or whose document does not name what it realises.
_STRATEGIES = """SELECT DISTINCT ?dataset ?start ?end WHERE {
  GRAPH ?graph { ?dataset a dcat:Dataset }
  GRAPH ?graph { ?strategy a plan:PlanningStrategy ; dcterms:temporal ?period }
  ?period dcat:startDate ?start ; dcat:endDate ?end
} ORDER BY ?dataset ?start ?end"""
_MUNICIPALITIES = """SELECT ?number ?municipality ?name WHERE {
  ?municipality a plan:Municipality ; plan:municipalityNumber ?number ; rdfs:label ?name
} ORDER BY ?number ?municipality ?name"""
_AGENTS = """SELECT DISTINCT ?agent ?p ?o WHERE {
  { ?dataset a dcat:Dataset ; dcterms:publisher ?agent }
  UNION { ?dataset a dcat:Dataset ; prov:wasDerivedFrom/dcterms:publisher ?agent }
  ?agent ?p ?o FILTER (?p IN (rdfs:label, dcterms:identifier))
} ORDER BY ?agent ?p ?o"""
_AUTHORITIES = """SELECT DISTINCT ?agent ?p ?o WHERE {
  ?municipality a plan:Municipality ; plan:organization ?agent .
  ?agent ?p ?o FILTER (?p IN (rdfs:label, dcterms:identifier))
} ORDER BY ?agent ?p ?o"""
# The measurements of the named query `quality` about a whole dataset. The document of the dataset holds the others.
_QUALITY = {
    "checked": """SELECT ?dataset ?value WHERE {
  {
    SELECT ?graph (ROUND(1000 * SUM(IF(?checked, 1.0, 0.0)) / COUNT(?evidence)) / 1000 AS ?value)
    WHERE { GRAPH ?graph { ?evidence plan:checked ?checked } } GROUP BY ?graph
  }
  GRAPH ?graph { ?dataset a dcat:Dataset }
} ORDER BY ?dataset""",
    "evidence": """SELECT ?dataset ?value WHERE {
  {
    SELECT ?graph (xsd:decimal(COUNT(?evidence)) AS ?value)
    WHERE { GRAPH ?graph { ?evidence plan:evidenceKind ?kind } } GROUP BY ?graph
  }
  GRAPH ?graph { ?dataset a dcat:Dataset }
} ORDER BY ?dataset""",
}
_MEASURED = """SELECT DISTINCT ?dataset ?measurement ?metric ?value ?label WHERE {
  ?dataset a dcat:Dataset ; dqv:hasQualityMeasurement ?measurement .
  ?measurement dqv:isMeasurementOf ?metric ; dqv:value ?value
  OPTIONAL { ?measurement rdfs:label ?label }
} ORDER BY ?dataset ?measurement ?metric ?value ?label"""
_METRICS = """SELECT DISTINCT ?metric ?label WHERE {
  ?metric a dqv:Metric ; skos:prefLabel ?label
} ORDER BY ?metric ?label"""
_CLASSES = f"""SELECT DISTINCT ?graph ?label WHERE {{
  GRAPH ?graph {{ ?dataset a dcat:Dataset }}
  GRAPH ?graph {{ ?thing a ?class }}
  ?class a owl:Class ; rdfs:label ?label
  FILTER (LANG(?label) IN ("nb", "en")
    && STR(?class) NOT IN ("{PLAN}Evidence", "{PLAN}Passage", "{PLAN}SourceDocument"))
}} ORDER BY ?graph ?label"""
_STANDARDS = """SELECT ?standard ?title WHERE {
  ?standard a owl:Ontology ; dcterms:title ?title
  FILTER (STRSTARTS(STR(?standard), "https://w3id.org/plangraf/"))
} ORDER BY ?standard ?title"""

_DATASET = re.compile(re.escape(ID) + r"(?:(?:no|link|(?P<municipality>[0-9]{4}))/)?dataset/(?P<slug>[^/#?]+)")
_OURS = re.compile(r"\bplan:(\w+)")
_DOCUMENT = PLAN + "SourceDocument"
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


@dataclass(frozen=True, slots=True)
class Period:
    """First and last year, both included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Agent:
    """A publisher: names in several languages, and the organisation number when the data state it.

    `authority` marks the organisation of a municipality.
    """

    iri: str
    names: tuple[Literal, ...]
    number: str | None = None
    authority: bool = False


@dataclass(frozen=True, slots=True)
class Municipality:
    iri: str
    number: str
    names: tuple[Literal, ...]


@dataclass(slots=True)
class Source:
    """A source of a dataset, usually a document. `dates` are the dates of the document."""

    iri: str
    types: list[str] = field(default_factory=list)
    titles: list[Literal] = field(default_factory=list)
    publishers: list[str] = field(default_factory=list)
    dates: list[Literal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One quality measurement of a whole dataset."""

    iri: str
    metric: str
    value: Literal
    labels: tuple[Literal, ...] = ()


@dataclass(slots=True)
class Dataset:
    """One dataset. `path` is the part of its graph's IRI after …/graph/; `period` is None when unknown.

    The dataset was derived from `sources`. The data name `further_sources` without stating a derivation.
    """

    iri: str
    graph: str
    titles: list[Literal] = field(default_factory=list)
    descriptions: list[Literal] = field(default_factory=list)
    keywords: list[Literal] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    publishers: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    further_sources: list[str] = field(default_factory=list)
    modified: list[Literal] = field(default_factory=list)
    issued: list[Literal] = field(default_factory=list)
    municipality: Municipality | None = None
    period: Period | None = None
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.graph.removeprefix(GRAPH)


@dataclass(frozen=True, slots=True)
class Holdings:
    """The datasets, sources, agents, standards and metrics of a version in the order of IRIs, and its files."""

    datasets: list[Dataset]
    sources: dict[str, Source]
    agents: dict[str, Agent]
    standards: dict[str, list[Literal]]
    metrics: dict[str, list[Literal]]
    files: tuple[File, ...]
    dates: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def publication_dates(self, dataset: Dataset | None = None) -> tuple[str, str] | None:
        """First publication and last change of one dataset or of all; None without an entry in the log."""
        if dataset is not None:
            return self.dates.get(dataset.graph)
        if not self.dates:
            return None
        return min(first for first, _ in self.dates.values()), max(last for _, last in self.dates.values())


async def holdings(snapshot: Snapshot) -> Holdings:
    """The holdings of a version; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    municipalities = await _municipalities(snapshot)
    datasets: dict[str, Dataset] = {}
    for row in await _rows(snapshot, _STATEMENTS):
        iri = row["dataset"]["value"]
        # When several graphs describe a dataset, the first one counts.
        dataset = datasets.setdefault(iri, Dataset(iri, row["graph"]["value"]))
        if dataset.graph == row["graph"]["value"]:
            _add(dataset, row["p"]["value"], row["o"])
    for iri, dataset in datasets.items():
        if (match := _DATASET.fullmatch(iri)) and match["municipality"]:
            dataset.municipality = municipalities.get(match["municipality"])
    await _add_periods(snapshot, datasets)
    by_graph = {dataset.graph: dataset for dataset in datasets.values()}
    for row in await _rows(snapshot, _CLASSES):
        if described := by_graph.get(row["graph"]["value"]):
            described.keywords.append(literal(row["label"]))
    await _add_measurements(snapshot, datasets)
    sources = await _sources(snapshot)
    for dataset in datasets.values():
        # A dataset was derived from its source document, even when only dcterms:source names the document.
        read = (iri for iri in dataset.further_sources if iri in sources and _DOCUMENT in sources[iri].types)
        dataset.sources = list(dict.fromkeys((*dataset.sources, *read)))
    return Holdings(
        list(datasets.values()),
        sources,
        await _agents(snapshot),
        await _texts(snapshot, _STANDARDS, "standard", "title"),
        await _texts(snapshot, _METRICS, "metric", "label"),
        await asyncio.to_thread(snapshot.contents.downloads),
        snapshot.contents.dates,
    )


async def _rows(snapshot: Snapshot, query: str) -> list[dict[str, dict[str, str]]]:
    """The rows of a query; none when it uses a term of ours that the version does not define."""
    if not {PLAN + name for name in _OURS.findall(query)} <= await snapshot.part(defined_terms):
        return []
    return await fetch_rows(snapshot.engine, f"{_PREFIXES}\n{query}")


async def _texts(snapshot: Snapshot, query: str, thing: str, text: str) -> dict[str, list[Literal]]:
    found: dict[str, list[Literal]] = {}
    for row in await _rows(snapshot, query):
        found.setdefault(row[thing]["value"], []).append(literal(row[text]))
    return found


def literal(value: dict[str, str]) -> Literal:
    """The literal of a binding in SPARQL JSON."""
    if language := value.get("xml:lang"):
        return Literal(value["value"], language=language)
    if datatype := value.get("datatype"):
        return Literal(value["value"], datatype=NamedNode(datatype))
    return Literal(value["value"])


def _add(dataset: Dataset, predicate: str, value: dict[str, str]) -> None:
    dcterms, dcat = PREFIXES["dcterms"], PREFIXES["dcat"]
    texts = {
        dcterms + "title": dataset.titles,
        dcterms + "description": dataset.descriptions,
        dcat + "keyword": dataset.keywords,
        dcterms + "modified": dataset.modified,
        dcterms + "issued": dataset.issued,
    }
    iris = {
        dcterms + "license": dataset.licences,
        dcterms + "publisher": dataset.publishers,
        dcat + "theme": dataset.themes,
        dcterms + "source": dataset.further_sources,
        PREFIXES["prov"] + "wasDerivedFrom": dataset.sources,
    }
    if predicate in texts and value["type"] == "literal":
        texts[predicate].append(literal(value))
    elif predicate in iris and value["type"] == "uri":
        iris[predicate].append(value["value"])


async def _municipalities(snapshot: Snapshot) -> dict[str, Municipality]:
    found: dict[str, Municipality] = {}
    for row in await _rows(snapshot, _MUNICIPALITIES):
        number, iri = row["number"]["value"], row["municipality"]["value"]
        known = found.setdefault(number, Municipality(iri, number, ()))
        if known.iri == iri:
            found[number] = Municipality(iri, number, (*known.names, literal(row["name"])))
    return found


async def _add_periods(snapshot: Snapshot, datasets: dict[str, Dataset]) -> None:
    """Sets the period of each dataset: its own, that of its only document, or that of its only strategy."""
    for query in (_PERIODS, _STRATEGIES):
        found: dict[str, set[Period]] = {}
        for row in await _rows(snapshot, query):
            start, end = row["start"]["value"], row["end"]["value"]
            if _DATE.match(start) and _DATE.match(end):
                found.setdefault(row["dataset"]["value"], set()).add(Period(int(start[:4]), int(end[:4])))
        for iri, periods in found.items():
            # With several periods or documents, none of the periods covers the whole dataset.
            if (dataset := datasets.get(iri)) is None or dataset.period is not None or len(periods) > 1:
                continue
            if len({*dataset.sources, *dataset.further_sources}) <= 1:
                dataset.period = periods.pop()


async def _add_measurements(snapshot: Snapshot, datasets: dict[str, Dataset]) -> None:
    """Adds the measurements in the data and those made here. Both use the IRIs of the dataset's document."""
    for row in await _rows(snapshot, _MEASURED):
        if (dataset := datasets.get(row["dataset"]["value"])) is None or row["measurement"]["type"] != "uri":
            continue
        iri, label = row["measurement"]["value"], row.get("label")
        labels = (literal(label),) if label else ()
        if dataset.measurements and (last := dataset.measurements[-1]).iri == iri:
            dataset.measurements[-1] = Measurement(iri, last.metric, last.value, (*last.labels, *labels))
        else:
            dataset.measurements.append(Measurement(iri, row["metric"]["value"], literal(row["value"]), labels))
    for metric, query in _QUALITY.items():
        for row in await _rows(snapshot, query):
            if dataset := datasets.get(row["dataset"]["value"]):
                dataset.measurements.append(_measured(dataset, metric, row["value"]["value"]))
    for dataset in datasets.values():
        if _DATASET.fullmatch(dataset.iri) and dataset.municipality is not None:
            found = await findings(snapshot, NamedNode(dataset.iri))
            dataset.measurements.append(_measured(dataset, "findings", str(found)))


def _measured(dataset: Dataset, metric: str, value: str) -> Measurement:
    number = Literal(value, datatype=NamedNode(PREFIXES["xsd"] + "decimal"))
    return Measurement(f"{dataset.iri}#{metric}", f"{SCHEME}quality-metric/{metric}", number)


async def _sources(snapshot: Snapshot) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for row in await _rows(snapshot, _SOURCES):
        if row["source"]["type"] != "uri":
            continue
        source = found.setdefault(row["source"]["value"], Source(row["source"]["value"]))
        name, value = row["p"]["value"], row["o"]
        if value["type"] == "literal" and name.endswith("date"):
            source.dates.append(literal(value))
        elif value["type"] == "literal":
            source.titles.append(literal(value))
        elif value["type"] == "uri":
            (source.publishers if name.endswith("publisher") else source.types).append(value["value"])
    return found


async def _agents(snapshot: Snapshot) -> dict[str, Agent]:
    """The publishers and the organisations of the municipalities."""
    of_municipalities = await _rows(snapshot, _AUTHORITIES)
    authorities = {row["agent"]["value"] for row in of_municipalities}
    found: dict[str, Agent] = {}
    for row in (
        *of_municipalities,
        *(r for r in await _rows(snapshot, _AGENTS) if r["agent"]["value"] not in authorities),
    ):
        iri = row["agent"]["value"]
        agent = found.get(iri, Agent(iri, (), authority=iri in authorities))
        if row["p"]["value"].endswith("identifier"):
            found[iri] = replace(agent, number=row["o"]["value"])
        else:
            found[iri] = replace(agent, names=(*agent.names, literal(row["o"])))
    return found
