"""What a document has beside the description of its thing.

Its address: the path at which the service describes an IRI, never with a host. Its replacement: the data declare one
with `owl:deprecated true` and `dcterms:isReplacedBy`, and the service redirects with 301, because then links and caches
learn the new IRI (https://www.w3.org/TR/cooluris/).

The notice that a page shows about adoption. A decision has an outcome and a type (plan:decisionType). The outcome says
whether the body passed its resolution; the type says what the resolution does. A page shows a notice because readers
take a passed consultation for an adoption.

The named graphs of its triples, for N-Quads and TriG. A triple appears in each graph that holds it. A triple that the
service itself states, such as a quality measurement, appears in the default graph.

The quality of a dataset, in W3C's Data Quality Vocabulary (https://www.w3.org/TR/vocab-dqv/). The named query `quality`
gives the numbers for each request of a dataset's document, because a version holds no counts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.formats import N_QUADS, Format
from plangraf.rdf.graph import RDF_TYPE, Statement, Statements, Value, in_order, nquads_lines, nquads_text, serialized
from plangraf.rdf.namespaces import ID, ONTOLOGY, PREFIXES, SCHEME, SDG, SHAPES, local_name
from plangraf.views.describe import Description, fetch_labels
from plangraf.views.engine_answers import fetch, fetch_rows

_SDG_CODE = re.compile(re.escape(SDG) + r"([1-9][0-9]?(?:\.[0-9a-z]{1,2})?)")
_VERSIONED = re.compile(r"/version/[0-9a-f]{16}")
_DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
_REPLACED_BY = "http://purl.org/dc/terms/isReplacedBy"
_REPLACEMENTS = f"""CONSTRUCT {{ ?old <{_REPLACED_BY}> ?new }} WHERE {{
  ?old <{_DEPRECATED}> true ; <{_REPLACED_BY}> ?new
  FILTER (ISIRI(?new) && STRSTARTS(STR(?old), "{ID}"))
}}"""
_PLAN: Final = PREFIXES["plan"]
_DECISION_TYPE: Final = NamedNode(_PLAN + "decisionType")
_STATUS: Final = NamedNode(_PLAN + "documentStatus")
_DECIDED_ON: Final = NamedNode(_PLAN + "decidedOn")
_CITED: Final = NamedNode(_PLAN + "citedDocument")
_FORESEEN: Final = NamedNode(PREFIXES["eli-dl"] + "ForeseenActivity")
_DECISION_TYPES: Final = ID + "scheme/decision-type/"
_ADOPTED: Final = {NamedNode(_DECISION_TYPES + "adoption"), NamedNode(ID + "scheme/document-status/adopted")}
_ON_HEARING: Final = {NamedNode(_DECISION_TYPES + "hearing"), NamedNode(ID + "scheme/document-status/on-hearing")}
_STARTED: Final = {NamedNode(_DECISION_TYPES + "start-of-work")}
_BATCH = 400
Placed = list[tuple[Statement, list[NamedNode]]]
_DATASET = NamedNode(PREFIXES["dcat"] + "Dataset")
_METRICS = SCHEME + "quality-metric/"
METRIC, VALUE, _HAS, _ON = (
    NamedNode(PREFIXES["dqv"] + name) for name in ("isMeasurementOf", "value", "hasQualityMeasurement", "computedOn")
)
CLASS = NamedNode(PREFIXES["dcterms"] + "subject")
_MEASUREMENT = NamedNode(PREFIXES["dqv"] + "QualityMeasurement")


def sdg_code(iri: str) -> str | None:
    """The code, `11.6` or `11`, of a UN target or goal; None for any other IRI."""
    match = _SDG_CODE.fullmatch(iri)
    return match[1] if match else None


def document_path(iri: str) -> str:
    """The path of the document that describes an IRI. The caller knows whether the data contain it."""
    if iri.startswith(ID):
        return "/doc/" + quote(iri[len(ID) :], safe="/:@!$&'()*+,;=~")
    for start, path in ((ONTOLOGY, "/ontology"), (SHAPES, "/shapes")):
        if iri == start or iri.startswith(start + "#"):
            return path + iri[len(start) :]
    if code := sdg_code(iri):
        return f"/targets/{code}" if "." in code else f"/goals/{code}"
    return "/doc?iri=" + quote(iri, safe="")


def section_anchor(name: str) -> str:
    """The id of a section on the page of its source document: its name, which no other section of the document has."""
    return "section-" + "_".join(name.replace("_", "__").split())


def iri_of_address(address: str, base: str) -> str | None:
    """The IRI that the document at an address of the service describes; None for another address.

    Args:
        address: absolute, with or without `/version/<id>`.
        base: public address of the service, without a final '/'.
    """
    if not address.startswith(f"{base}/"):
        return None
    path = unquote(_VERSIONED.sub("", address.removeprefix(base), count=1).partition("?")[0].removesuffix(".html"))
    for start in ("/doc/", "/id/"):
        if path.startswith(start):
            return ID + path.removeprefix(start)
    code = path.removeprefix("/targets/").removeprefix("/goals/")
    return SDG + code if _SDG_CODE.fullmatch(SDG + code) else None


async def replacements(snapshot: Snapshot) -> Mapping[str, str]:
    """Our deprecated IRIs, each with its current replacement; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    graph = await fetch(snapshot.engine, _REPLACEMENTS)
    return resolve_chains(
        (s.value, o.value) for s, p, o in graph if p.value == _REPLACED_BY and isinstance(s, NamedNode)
    )


def resolve_chains(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each old IRI with the end of its chain. Omits chains that fork or form a circle: they have no single end."""
    successors: dict[str, set[str]] = {}
    for old, new in pairs:
        successors.setdefault(old, set()).add(new)
    only = {old: next(iter(new)) for old, new in successors.items() if len(new) == 1}
    found = {}
    for old in only:
        seen, end = {old}, only[old]
        while end in only and end not in seen:
            seen.add(end)
            end = only[end]
        if end not in seen and end not in successors:
            found[old] = end
    return found


def is_withdrawn(description: Description) -> bool:
    """Whether a thing is deprecated, has no type and has no replacement."""
    own = {p.value: o for _, p, o in description.own}
    deprecated = own.get(_DEPRECATED)
    return (
        isinstance(deprecated, Literal)
        and deprecated.value == "true"
        and RDF_TYPE.value not in own
        and _REPLACED_BY not in own
    )


def select_notice(description: Description) -> str | None:
    """The key of the notice about adoption; None when the page needs none.

    The page of a decision describes that decision. The page of a decided plan describes all decisions and citations
    in the sources.
    """
    own = {o for _, p, o in description.own if p == _DECISION_TYPE}
    if any(p == RDF_TYPE and o == _FORESEEN for _, p, o in description.own):
        return "foreseen"
    if any(p == _STATUS for _, p, _ in description.own):
        return "status_then"
    if own & _ON_HEARING:
        return "decision_hearing"
    if own & _STARTED:
        return "decision_start"
    foreseen = {s for s, p, o in description.graph if p == RDF_TYPE and o == _FORESEEN}
    mentions = {s for s, p, _ in description.incoming if p in (_DECIDED_ON, _CITED)} - foreseen
    statuses = {o for s, p, o in description.graph if s in mentions and p in (_DECISION_TYPE, _STATUS)}
    if statuses & _ADOPTED:
        return None
    if statuses & _ON_HEARING:
        return "only_hearing"
    if statuses & _STARTED:
        return "only_start"
    return None


async def find_graphs(engine: Engine, graph: Statements) -> Placed:
    """Each triple with the named graphs that hold it; an empty list when none does.

    Blank nodes match each other, because their labels differ in every answer.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    known: dict[tuple[str, str, str], set[str]] = {}
    subjects = sorted({str(s) for s, _, _ in graph if isinstance(s, NamedNode)})
    predicates = ", ".join(sorted({str(p) for _, p, _ in graph}))
    patterns = [f"VALUES ?s {{ {' '.join(subjects[at : at + _BATCH])} }}" for at in range(0, len(subjects), _BATCH)]
    objects = sorted({str(o) for s, _, o in graph if isinstance(s, BlankNode) and isinstance(o, NamedNode)})
    if objects:
        patterns.append(f"VALUES ?o {{ {' '.join(objects)} }} FILTER (ISBLANK(?s))")
    for pattern in patterns:
        query = f"SELECT ?s ?p ?o ?g WHERE {{ {pattern} GRAPH ?g {{ ?s ?p ?o }} FILTER (?p IN ({predicates})) }}"
        for row in await fetch_rows(engine, f"{query} ORDER BY ?g ?s ?p ?o"):
            key = _binding_key(row["s"]), _binding_key(row["p"]), _binding_key(row["o"])
            known.setdefault(key, set()).add(row["g"]["value"])
    return [
        (
            triple,
            [
                NamedNode(name)
                for name in sorted(known.get((_term_key(triple[0]), str(triple[1]), _term_key(triple[2])), ()))
            ],
        )
        for triple in in_order(graph)
    ]


def _binding_key(term: dict[str, str]) -> str:
    if term["type"] == "bnode":
        return "_:"
    if term["type"] == "uri":
        return str(NamedNode(term["value"]))
    if language := term.get("xml:lang"):
        return str(Literal(term["value"], language=language))
    datatype = term.get("datatype")
    return str(Literal(term["value"], datatype=NamedNode(datatype)) if datatype else Literal(term["value"]))


def _term_key(term: Value) -> str:
    return "_:" if isinstance(term, BlankNode) else str(term)


def write_placed(found: Placed, format_: Format) -> bytes:
    """Writes the triples with their graphs: N-Quads in sorted lines, or TriG graph by graph."""
    default: list[NamedNode | DefaultGraph] = [DefaultGraph()]
    quads = [Quad(*triple, name) for triple, names in found for name in names or default]
    if format_ == N_QUADS:
        return nquads_text(nquads_lines(quads))
    quads.sort(key=lambda quad: "" if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value)
    assert isinstance(format_.writer, RdfFormat)
    return serialized(quads, format_.writer)


def is_dataset(description: Description) -> bool:
    return (description.thing, RDF_TYPE, _DATASET) in description.own


async def findings(snapshot: Snapshot, dataset: NamedNode) -> int:
    """The number of results of shapes and checks for a dataset, from the build report of the version."""
    by_dataset = await snapshot.part(_load_findings)
    return by_dataset.get("/".join(dataset.value.rsplit("/", 3)[-3::2]), 0)


async def _load_findings(snapshot: Snapshot) -> Mapping[str, int]:
    return await asyncio.to_thread(snapshot.contents.findings)


async def with_quality(snapshot: Snapshot, description: Description, query: str) -> Description:
    """Adds the quality measurements, and the labels of metrics and classes, to the document of a dataset.

    Args:
        snapshot: the leased version.
        description: the document of the dataset.
        query: the named query `quality`, bound to the dataset: columns metric, class, value.
    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    engine = snapshot.engine
    quality = await measurements(engine, description.thing, query)
    found = await findings(snapshot, description.thing)
    quality += _measurement(description.thing, "findings", None, str(found))
    mentioned = {o for _, p, o in quality if p in (METRIC, CLASS) and isinstance(o, NamedNode)}
    known = set(description.graph)
    named = [triple for triple in await fetch_labels(engine, mentioned) if triple not in known]
    return replace(description, quality=quality, named=[*description.named, *named])


async def measurements(engine: Engine, dataset: NamedNode, query: str) -> Statements:
    """The quality measurements of a dataset, one per metric and class.

    Args:
        engine: the engine of the version.
        dataset: the dataset; the IRI of a measurement combines dataset, metric and class (`…#completeness-Plan`).
        query: the named query `quality`, bound to the dataset: columns metric, class, value.
    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    graph: Statements = []
    for row in await fetch_rows(engine, query):
        metric, about = row["metric"]["value"], row.get("class", {}).get("value")
        graph += _measurement(dataset, metric, about, row["value"]["value"])
    return graph


def _measurement(dataset: NamedNode, metric: str, about: str | None, value: str) -> Statements:
    name = metric if about is None else f"{metric}-{local_name(about)}"
    measurement = NamedNode(f"{dataset.value}#{name}")
    graph: Statements = [
        (dataset, _HAS, measurement),
        (measurement, RDF_TYPE, _MEASUREMENT),
        (measurement, METRIC, NamedNode(_METRICS + metric)),
        (measurement, _ON, dataset),
        (measurement, VALUE, Literal(value, datatype=NamedNode(PREFIXES["xsd"] + "decimal"))),
    ]
    if about is not None:
        graph.append((measurement, CLASS, NamedNode(about)))
    return graph
