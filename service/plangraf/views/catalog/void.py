"""Describes the data in VoID: size, classes, properties, links, and example queries.

All counts refer to the default graph, the union of all graphs without duplicates. They equal the results of COUNT.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from plangraf.rdf.graph import RDF_TYPE, Statements
from plangraf.rdf.namespaces import ID, ONTOLOGY, PREFIXES, SDG
from plangraf.views.catalog.catalogue import Catalogue, Distribution
from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.terms import DCAT, DCTERMS, FOAF, SH, SPDX, VOID, XSD, Triples, in_both, integer
from plangraf.views.engine_answers import fetch, fetch_rows
from plangraf.views.term_use import class_counts, property_counts

_LINKS = f"""SELECT ?of (COUNT(*) AS ?n) WHERE {{
  ?s ?of ?o FILTER (ISIRI(?o) && STRSTARTS(STR(?s), "{ID}") && STRSTARTS(STR(?o), "{SDG}"))
}} GROUP BY ?of ORDER BY ?of"""
_ENTITIES = f'SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE {{ ?s ?p ?o FILTER (STRSTARTS(STR(?s), "{ID}")) }}'
# One example of each of our classes, except those that people do not look up.
_EXAMPLES = f"""SELECT ?class (MIN(?thing) AS ?example) WHERE {{
  ?thing a ?class
  FILTER (STRSTARTS(STR(?class), "{ONTOLOGY}#") && STRSTARTS(STR(?thing), "{ID}")
    && STR(?class) NOT IN ("{ONTOLOGY}#Evidence", "{ONTOLOGY}#Passage"))
}} GROUP BY ?class ORDER BY ?class"""
_UN = "http://metadata.un.org/sdg"
# The named queries in the data, and their prefixes.
_EXECUTABLE = NamedNode(SH + "SPARQLExecutable")
_EXECUTABLES = f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ ?s a {_EXECUTABLE} }} UNION {{ <{ONTOLOGY}> <{SH}declare> ?s }} UNION {{ VALUES ?s {{ <{ONTOLOGY}> }} }}
  ?s ?p ?o FILTER (?s != <{ONTOLOGY}> || ?p IN (<{SH}declare>, <{RDF_TYPE.value}>))
}}"""
# The IRIs that only VoID uses begin with the catalogue's IRI and this path.
OF_VOID = "void/"


async def void(snapshot: Snapshot, catalogue: Catalogue) -> Statements:
    """Describes the data, with the named queries as examples.

    Args:
        snapshot: the leased version; its engine counts, once per version when the answer is cached.
        catalogue: names and addresses.
    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    t, engine = Triples(), snapshot.engine
    whole = catalogue.whole
    description = f"{catalogue.base}/.well-known/void"
    t.type(description, VOID + "DatasetDescription")
    t.add(description, DCTERMS + "title", in_both(("VoID-beskrivelse", "VoID description")))
    t.add(description, FOAF + "primaryTopic", whole)
    t.add(description, FOAF + "topic", [whole, *(dataset.iri for dataset in catalogue.holdings.datasets)])
    t.type(whole, VOID + "Dataset", DCAT + "Dataset")
    t.add(whole, DCTERMS + "title", in_both(catalogue.site.whole.title.text))
    t.add(whole, DCTERMS + "description", in_both(catalogue.site.whole.description.text))
    t.add(whole, DCTERMS + "license", catalogue.site.license)
    t.add(whole, DCTERMS + "publisher", catalogue.publisher)
    t.add(whole, FOAF + "homepage", f"{catalogue.base}/")
    t.add(whole, VOID + "sparqlEndpoint", f"{catalogue.base}/sparql")
    _dumps(t, catalogue, whole, catalogue.list_all())
    t.add(whole, VOID + "uriSpace", Literal(ID))
    t.add(whole, VOID + "feature", [f.iri for f in (*GRAPH_FORMATS, *RESULT_FORMATS) if f.iri is not None])
    t.add(whole, VOID + "triples", integer(snapshot.contents.triples))
    bulk = snapshot.contents.bulk
    t.add(whole, VOID + "entities", integer(await _one(engine, _ENTITIES) + bulk.entities))
    classes, properties = await snapshot.part(class_counts), await snapshot.part(property_counts)
    t.add(whole, VOID + "classes", integer(len(classes)))
    t.add(whole, VOID + "properties", integer(len(properties)))
    _partition(t, catalogue, "class", classes, "entities")
    _partition(t, catalogue, "property", properties, "triples")
    t.add(whole, VOID + "vocabulary", vocabularies([*classes, *properties]))
    t.add(
        whole,
        VOID + "exampleResource",
        [row["example"]["value"] for row in await fetch_rows(engine, _EXAMPLES, bulk=False)],
    )
    for dataset in catalogue.holdings.datasets:
        _subset(t, catalogue, dataset, snapshot.contents.graphs.get(dataset.graph))
    await _linksets(t, engine, catalogue, bulk=any(iri.startswith(SDG) for iri in bulk.objects))
    said = await fetch(engine, _EXECUTABLES)
    t.graph += said
    for query in dict.fromkeys(subject for subject, _, value in said if value == _EXECUTABLE):
        t.add(str(query)[1:-1], PREFIXES["schema"] + "target", f"{catalogue.base}/sparql")
    return list(dict.fromkeys(t.graph))


def vocabularies(terms: list[str]) -> list[str]:
    """The namespaces of the terms in the order of the project's prefixes."""
    return [iri for iri in PREFIXES.values() if any(term.startswith(iri) for term in terms)]


def _partition(t: Triples, catalogue: Catalogue, kind: str, counts: Mapping[str, int], counted: str) -> None:
    """Adds a part of the data for each class or property."""
    for number, (name, count) in enumerate(counts.items(), start=1):
        part = f"{catalogue.iri}/void/{kind}-{number}"
        t.add(catalogue.whole, f"{VOID}{kind}Partition", part)
        t.type(part, VOID + "Dataset")
        t.add(part, VOID + kind, name)
        t.add(part, VOID + counted, integer(count))


def _subset(t: Triples, catalogue: Catalogue, dataset: Dataset, triples: int | None) -> None:
    t.add(catalogue.whole, VOID + "subset", dataset.iri)
    t.type(dataset.iri, VOID + "Dataset", DCAT + "Dataset")
    t.add(dataset.iri, DCTERMS + "title", dataset.titles)
    t.add(dataset.iri, DCTERMS + "license", dataset.licences)
    _dumps(t, catalogue, dataset.iri, catalogue.list_dataset(dataset))
    if triples is not None:
        t.add(dataset.iri, VOID + "triples", integer(triples))


def _dumps(t: Triples, catalogue: Catalogue, dataset: str, distributions: list[Distribution]) -> None:
    """Adds the RDF files of this version with sizes and SHA-256 sums."""
    for file in (one.file for one in distributions if one.table is None):
        address = file.address(catalogue.base)
        checksum = f"{catalogue.iri}/void/sha256-{file.sha256}"
        t.add(dataset, VOID + "dataDump", address)
        t.type(address, DCAT + "Distribution")
        t.add(address, DCAT + "downloadURL", address)
        t.add(address, DCAT + "byteSize", Literal(str(file.size), datatype=NamedNode(XSD + "nonNegativeInteger")))
        t.add(address, SPDX + "checksum", checksum)
        t.type(checksum, SPDX + "Checksum")
        t.add(checksum, SPDX + "algorithm", SPDX + "checksumAlgorithm_sha256")
        t.add(checksum, SPDX + "checksumValue", Literal(file.sha256, datatype=NamedNode(XSD + "hexBinary")))


async def _linksets(t: Triples, engine: Engine, catalogue: Catalogue, *, bulk: bool) -> None:
    """Adds the links to the UN's goals and targets, one linkset per predicate; `bulk`: bulk triples have some too."""
    t.type(_UN, VOID + "Dataset")
    t.add(_UN, DCTERMS + "title", in_both(("FNs bærekraftsmål", "UN Sustainable Development Goals")))
    t.add(_UN, VOID + "uriSpace", Literal(SDG))
    for number, (predicate, count) in enumerate((await _counts(engine, _LINKS, bulk=bulk)).items(), start=1):
        links = f"{catalogue.iri}/void/links-sdg-{number}"
        t.add(catalogue.whole, VOID + "subset", links)
        t.type(links, VOID + "Linkset")
        t.add(links, VOID + "subjectsTarget", catalogue.whole)
        t.add(links, VOID + "objectsTarget", _UN)
        t.add(links, VOID + "linkPredicate", predicate)
        t.add(links, VOID + "triples", integer(count))


async def _counts(engine: Engine, query: str, *, bulk: bool = False) -> dict[str, int]:
    return {row["of"]["value"]: int(row["n"]["value"]) for row in await fetch_rows(engine, query, bulk=bulk)}


async def _one(engine: Engine, query: str) -> int:
    return int((await fetch_rows(engine, query, bulk=False))[0]["n"]["value"])
