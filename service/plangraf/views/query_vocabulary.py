"""What a query editor offers: prefixes, classes and properties with their use in the data, and example queries.

A property is counted for each class of its subjects, so that an editor lists what a class really has. These are the
class and property partitions of VoID (https://www.w3.org/TR/void/#class-property-partitions), crossed. The examples are
the SPARQL executables of SHACL that the data hold (https://www.w3.org/TR/shacl-af/#SPARQLExecutable).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.namespaces import ONTOLOGY, PLAN, PREFIXES, QUERIES, SHAPES, curie, terms
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.views.declarations import TermLabels
from plangraf.views.describe import Labels
from plangraf.views.engine_answers import fetch
from plangraf.views.term_use import class_counts, crossed_counts, property_counts

_SH, _RDFS, _SKOS = terms("sh"), terms("rdfs"), terms("skos")
_DEFINITION, _COMMENT, _SELECT = _SKOS("definition"), _RDFS("comment"), _SH("select")
# The terms of ours that no triple uses yet can be completed too.
_TEXTS = f"""CONSTRUCT {{ ?term ?p ?text }} WHERE {{
  ?term ?p ?text
  FILTER (?p IN (<{_RDFS("label").value}>, <{_SKOS("prefLabel").value}>, {_DEFINITION}, {_COMMENT}, {RDF_TYPE}))
  {{ ?term <{_RDFS("isDefinedBy").value}> <{ONTOLOGY}> }}
  UNION {{ ?term a <{PREFIXES["owl"]}Class> }} UNION {{ ?term a <{PREFIXES["rdf"]}Property> }}
}}"""
_EXAMPLES = f"""CONSTRUCT {{ ?query ?p ?o }} WHERE {{
  ?query a <{PREFIXES["sh"]}SPARQLExecutable> ; ?p ?o FILTER (?p IN ({_SELECT}, {_COMMENT}))
}}"""
_OWL_CLASSES = frozenset((NamedNode(PREFIXES["owl"] + "Class"), NamedNode(PREFIXES["rdfs"] + "Class")))
_OWL_PROPERTIES = frozenset(
    NamedNode(PREFIXES[prefix] + name)
    for prefix, name in (("owl", "ObjectProperty"), ("owl", "DatatypeProperty"), ("rdf", "Property"))
)


@dataclass(frozen=True, slots=True)
class Term:
    """A class or a property: its IRI and CURIE, label and definition by language, and number of things or triples.

    `of` counts the triples of a property by the CURIE of the subject's class; a class has None.
    """

    iri: str
    name: str
    label: Mapping[str, str]
    text: Mapping[str, str]
    count: int
    of: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A query that can be run as it is; `iri` names it in the data, `comment` says what it answers."""

    iri: str
    comment: str
    query: str

    @property
    def name(self) -> str:
        return self.iri.removeprefix(QUERIES)


@dataclass(frozen=True, slots=True)
class QueryVocabulary:
    """All that one version offers; classes and properties by how often they are used, ours before others."""

    classes: list[Term]
    properties: list[Term]
    examples: list[Example]

    def as_json(self, prefixes: Mapping[str, str] = PREFIXES) -> dict[str, Any]:
        """The parts without the examples, which the caller describes."""
        return {
            "prefixes": dict(prefixes),
            "classes": [_without_none(term) for term in self.classes],
            "properties": [_without_none(term) for term in self.properties],
        }


async def query_vocabulary(snapshot: Snapshot, foreign: TermLabels) -> QueryVocabulary:
    """Counts and names the vocabulary of one version; `foreign` are the labels of terms that others define.

    Raises:
        PlangrafError: the engine cannot answer the queries.
    """
    engine = snapshot.engine
    classes = dict(await snapshot.part(class_counts))
    properties = dict(await snapshot.part(property_counts))
    use: dict[str, dict[str, int]] = {}
    for class_, crossed in (await crossed_counts(snapshot)).items():
        if name := curie(class_):
            for iri, number in crossed.items():
                use.setdefault(iri, {})[name] = number
    texts = Graph(await fetch(engine, _TEXTS))
    for kinds, counts in ((_OWL_CLASSES, classes), (_OWL_PROPERTIES, properties)):
        for kind in kinds:
            counts.update({str(t.value): 0 for t in texts.pointing(RDF_TYPE, kind) if str(t.value) not in counts})
    names = _Names(texts, foreign)
    return QueryVocabulary(
        names.terms(classes, None),
        names.terms(properties, use),
        _examples(Graph(await fetch(engine, _EXAMPLES))),
    )


class _Names:
    """Labels and definitions of terms."""

    def __init__(self, texts: Graph, foreign: TermLabels) -> None:
        self._texts, self._labels, self._foreign = texts, Labels(texts), foreign

    def terms(self, counts: Mapping[str, int], use: Mapping[str, Mapping[str, int]] | None) -> list[Term]:
        """The terms that have a CURIE; of our ontology first, then by use."""
        found = []
        for iri, count in counts.items():
            name = curie(iri)
            if name is None or iri.startswith(SHAPES):
                continue
            thing = NamedNode(iri)
            of = None if use is None else use.get(iri, {})
            found.append(Term(iri, name, self._label(thing), self._definition(thing), count, of))
        return sorted(found, key=lambda term: (not term.iri.startswith(PLAN), -term.count, term.name))

    def _label(self, thing: NamedNode) -> dict[str, str]:
        own = {}
        for language in LANGUAGES:
            best = self._labels.best(thing, language)
            if best is not None and best.language == language:
                own[language] = best.value
        return own or dict(self._foreign.get(thing.value, {}))

    def _definition(self, thing: NamedNode) -> dict[str, str]:
        return {
            text.language: text.value
            for name in (_COMMENT, _DEFINITION)
            for text in self._texts.literals(thing, name)
            if text.language in LANGUAGES
        }


def _examples(graph: Graph) -> list[Example]:
    found = []
    for query in graph.things:
        texts = [text.value for text in graph.literals(query, _SELECT)]
        comments = [text.value for text in graph.literals(query, _COMMENT) if isinstance(text, Literal)]
        if texts and isinstance(query, NamedNode):
            found.append(Example(query.value, comments[0] if comments else "", with_prefixes(texts[0])))
    return sorted(found, key=lambda example: example.iri)


def with_prefixes(query: str) -> str:
    """The query with a PREFIX line for each prefix of ours that it uses and does not declare."""
    declared = set(re.findall(r"(?im)^\s*PREFIX\s+([\w-]*):", query))
    used = [p for p in PREFIXES if p not in declared and re.search(rf"(?<![\w:<-]){re.escape(p)}:[\w]", query)]
    return "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in used) + query


def _without_none(term: Term) -> dict[str, Any]:
    return {key: value for key, value in asdict(term).items() if value is not None}
