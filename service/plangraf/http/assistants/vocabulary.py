"""The terms of a version as short cards: classes with the properties that their shapes give them, and properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, SHAPES_GRAPH, compact, local_name, terms
from plangraf.views.declarations import TermLabels
from plangraf.views.engine_answers import fetch, fetch_rows

_RDFS, _SKOS, _OWL, _SH, _DCTERMS = (terms(prefix) for prefix in ("rdfs", "skos", "owl", "sh", "dcterms"))
_TERMS = f"""CONSTRUCT {{ ?term ?p ?o }} WHERE {{
  ?term <{_RDFS("isDefinedBy").value}> <{ONTOLOGY}> ; ?p ?o FILTER (ISIRI(?term))
}}"""
_SHAPES = f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  GRAPH <{SHAPES_GRAPH}> {{
    ?s ?p ?o FILTER (?p IN ({
    ", ".join(
        str(_SH(name))
        for name in (
            "targetClass",
            "property",
            "path",
            "datatype",
            "class",
            "minCount",
            "maxCount",
            "qualifiedMinCount",
        )
    )
}))
  }}
}}"""
_COUNTS = "SELECT ?of (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?of } GROUP BY ?of"
_EXAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True)
class TermCard:
    """One term: texts by language, and members that are the same in each language."""

    iri: str
    name: str
    is_class: bool
    labels: Mapping[str, str]
    definitions: Mapping[str, str]
    notes: Mapping[str, str]
    examples: Mapping[str, str]
    members: Mapping[str, Any]


Cards = Mapping[str, TermCard]
"""The cards of a version by IRI."""


async def term_cards(snapshot: Snapshot) -> Cards:
    """The cards of all terms of the ontology; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    graph = Graph(await fetch(snapshot.engine, _TERMS))
    shapes = Graph(await fetch(snapshot.engine, _SHAPES))
    counts = {
        row["of"]["value"]: int(row["n"]["value"]) for row in await fetch_rows(snapshot.engine, _COUNTS, bulk=False)
    }
    for iri, number in snapshot.contents.bulk.classes.items():
        counts[iri] = counts.get(iri, 0) + number
    of_class = _properties_by_class(shapes)
    used_by: dict[str, list[str]] = {}
    for class_iri, properties in of_class.items():
        for one in properties:
            used_by.setdefault(one["property"], []).append(compact(class_iri))
    found = {}
    for term in graph.things:
        if not isinstance(term, NamedNode):
            continue
        is_class = _OWL("Class") in graph.values(term, RDF_TYPE)
        members: dict[str, Any] = {}
        if is_class:
            members = {"things": counts.get(term.value, 0), "properties": of_class.get(term.value, [])}
            members |= _names(graph, term, "subclass_of", "subClassOf")
            members["query"] = _example(term.value)
        else:
            members |= _names(graph, term, "domain", "domain")
            members |= _names(graph, term, "values", "range")
            members |= {"used_by": used} if (used := used_by.get(compact(term.value))) else {}
        members |= {"source": sources} if (sources := graph.iris(term, _DCTERMS("source"))) else {}
        found[term.value] = TermCard(
            term.value,
            compact(term.value),
            is_class,
            _texts(graph, term, _RDFS("label")),
            _texts(graph, term, _SKOS("definition")),
            _texts(graph, term, _SKOS("scopeNote")),
            _texts(graph, term, _SKOS("example")),
            members,
        )
    return found


def _properties_by_class(shapes: Graph) -> dict[str, list[dict[str, Any]]]:
    """By class, the properties of its shapes: name, kind of the values, and how many a thing has."""
    found: dict[str, list[dict[str, Any]]] = {}
    for shape in shapes.with_property(_SH("targetClass")):
        rows = []
        for rule in shapes.named(shape, _SH("property")):
            for path in shapes.iris(rule, _SH("path")):
                values = [*shapes.iris(rule, _SH("class")), *shapes.iris(rule, _SH("datatype"))]
                least = shapes.text(rule, _SH("minCount")) or shapes.text(rule, _SH("qualifiedMinCount"))
                most = shapes.text(rule, _SH("maxCount"))
                row: dict[str, Any] = {"property": compact(path)}
                row |= {"values": [compact(value) for value in values]} if values else {}
                row |= {"least": int(least)} if least else {}
                row |= {"most": int(most)} if most else {}
                rows.append(row)
        for target in shapes.iris(shape, _SH("targetClass")):
            found.setdefault(target, []).extend(rows)
    return found


def _names(graph: Graph, term: NamedNode, member: str, property_: str) -> dict[str, Any]:
    names = [compact(iri) for iri in graph.iris(term, _RDFS(property_))]
    return {member: names} if names else {}


def _texts(graph: Graph, term: NamedNode, predicate: NamedNode) -> dict[str, str]:
    return {text.language or "": text.value for text in graph.literals(term, predicate) if isinstance(text, Literal)}


def _example(class_iri: str) -> str:
    return (
        f"PREFIX plan: <{PREFIXES['plan']}> SELECT ?thing ?property ?value WHERE {{ "
        f"{{ SELECT ?thing WHERE {{ ?thing a {compact(class_iri)} }} ORDER BY ?thing LIMIT {_EXAMPLE_ROWS} }} "
        "?thing ?property ?value } ORDER BY ?thing ?property ?value"
    )


def show_card(card: TermCard, language: str, foreign: TermLabels, cards: Cards) -> dict[str, Any]:
    """A card in one language; a text that is missing there is shown in the other one."""
    shown: dict[str, Any] = {
        "iri": card.iri,
        "name": card.name,
        "kind": "class" if card.is_class else "property",
        "label": _in_language(card.labels, language) or local_name(card.iri),
    }
    for member, texts in (("definition", card.definitions), ("note", card.notes), ("example", card.examples)):
        if text := _in_language(texts, language):
            shown[member] = text
    shown |= card.members
    if properties := shown.get("properties"):
        names = {compact(iri): label for iri, label in foreign_labels(foreign, language).items()}
        names |= {one.name: _in_language(one.labels, language) for one in cards.values()}
        shown["properties"] = [
            {"label": label, **one} if (label := names.get(one["property"])) else one for one in properties
        ]
    return shown


def foreign_labels(foreign: TermLabels, language: str) -> dict[str, str]:
    return {iri: label for iri, labels in foreign.items() if (label := _in_language(labels, language))}


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")
