"""Makes the JSON-LD context from the ontology: a short name for each term that the data use.

`python -m plangraf.publish.context [FOLDER]` writes `FOLDER/context.jsonld` (default: `ontology`). A published name
keeps its meaning forever, because users rely on it; the command refuses to remove or change one.
JSON-LD 1.1: https://www.w3.org/TR/json-ld11/
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph
from pyoxigraph import NamedNode, Quad, Triple

from plangraf.rdf.graph import RDF_TYPE, Graph, Node, statements
from plangraf.rdf.names import expand, terms
from plangraf.rdf.namespaces import PLAN, SERVICE_PREFIXES

FILE = "context.jsonld"

_IRI = "@id"
_TEXT = "@language"
# The form of a reused property's values: an IRI, texts by language, a datatype, or (None) as they are.
_REUSED_PROPERTIES: Mapping[str, tuple[str, str | None]] = {
    "label": ("rdfs:label", _TEXT),
    "seeAlso": ("rdfs:seeAlso", _IRI),
    "deprecated": ("owl:deprecated", "xsd:boolean"),
    "versionInfo": ("owl:versionInfo", None),
    "isDefinedBy": ("rdfs:isDefinedBy", _IRI),
    "prefLabel": ("skos:prefLabel", _TEXT),
    "altLabel": ("skos:altLabel", _TEXT),
    "definition": ("skos:definition", _TEXT),
    "notation": ("skos:notation", None),
    "inScheme": ("skos:inScheme", _IRI),
    "broader": ("skos:broader", _IRI),
    "topConceptOf": ("skos:topConceptOf", _IRI),
    "closeMatch": ("skos:closeMatch", _IRI),
    "exactMatch": ("skos:exactMatch", _IRI),
    "title": ("dcterms:title", _TEXT),
    "alternative": ("dcterms:alternative", _TEXT),
    "description": ("dcterms:description", _TEXT),
    "identifier": ("dcterms:identifier", None),
    "date": ("dcterms:date", "xsd:gYear"),
    "temporal": ("dcterms:temporal", _IRI),
    "publisher": ("dcterms:publisher", _IRI),
    "license": ("dcterms:license", _IRI),
    "source": ("dcterms:source", _IRI),
    "hasPart": ("dcterms:hasPart", _IRI),
    "isPartOf": ("dcterms:isPartOf", _IRI),
    "isReplacedBy": ("dcterms:isReplacedBy", _IRI),
    "replaces": ("dcterms:replaces", _IRI),
    "spatial": ("dcterms:spatial", _IRI),
    "startDate": ("dcat:startDate", "xsd:gYear"),
    "endDate": ("dcat:endDate", "xsd:gYear"),
    "wasDerivedFrom": ("prov:wasDerivedFrom", _IRI),
    "wasInfluencedBy": ("prov:wasInfluencedBy", _IRI),
    "wasGeneratedBy": ("prov:wasGeneratedBy", _IRI),
    "generatedAtTime": ("prov:generatedAtTime", "xsd:dateTime"),
    "subject": ("dcterms:subject", _IRI),
    "hasQualityMeasurement": ("dqv:hasQualityMeasurement", _IRI),
    "isMeasurementOf": ("dqv:isMeasurementOf", _IRI),
    "computedOn": ("dqv:computedOn", _IRI),
    "measuredValue": ("dqv:value", "xsd:decimal"),
    "wasAttributedTo": ("prov:wasAttributedTo", _IRI),
    "name": ("foaf:name", None),
    "page": ("foaf:page", _IRI),
    "memberOf": ("org:memberOf", _IRI),
    "postIn": ("org:postIn", _IRI),
    "unitOf": ("org:unitOf", _IRI),
    "subOrganizationOf": ("org:subOrganizationOf", _IRI),
    "hasSource": ("oa:hasSource", _IRI),
    "isTargetOf": ("sdgo:isTargetOf", _IRI),
    "isIndicatorOf": ("sdgo:isIndicatorOf", _IRI),
    "dataSet": ("qb:dataSet", _IRI),
    "structure": ("qb:structure", _IRI),
    "obsValue": ("sdmx-measure:obsValue", "xsd:decimal"),
    "unitMeasure": ("sdmx-attribute:unitMeasure", _IRI),
    "obsStatus": ("sdmx-attribute:obsStatus", _IRI),
    "refPeriod": ("sdmx-dimension:refPeriod", None),
    "refArea": ("sdmx-dimension:refArea", _IRI),
    "basisFor": ("eli:basis_for", _IRI),
    "basedOn": ("eli:based_on", _IRI),
    "hasAnnex": ("eli:has_annex", _IRI),
    "realizes": ("eli:realizes", _IRI),
    "activityDate": ("eli-dl:activity_date", "xsd:date"),
    "decisionOutcome": ("eli-dl:decision_outcome", _IRI),
    "processNumber": ("eli-dl:process_number", None),
    "responsibleOrganization": ("eli-dl:had_responsible_organization", _IRI),
    "member": ("hydra:member", _IRI),
    "totalItems": ("hydra:totalItems", "xsd:integer"),
    "view": ("hydra:view", _IRI),
    "first": ("hydra:first", _IRI),
    "previous": ("hydra:previous", _IRI),
    "next": ("hydra:next", _IRI),
    "last": ("hydra:last", _IRI),
}
# A class whose name resembles one of ours is named after its vocabulary.
_REUSED_CLASSES: Mapping[str, str] = {
    "Activity": "eli-dl:Activity",
    "Agent": "foaf:Agent",
    "Concept": "skos:Concept",
    "ConceptScheme": "skos:ConceptScheme",
    "Collection": "hydra:Collection",
    "CubeDataSet": "qb:DataSet",
    "Dataset": "dcat:Dataset",
    "EliDecision": "eli-dl:Decision",
    "Expression": "eli:Expression",
    "ForeseenActivity": "eli-dl:ForeseenActivity",
    "LegalResource": "eli:LegalResource",
    "Location": "dcterms:Location",
    "Metric": "dqv:Metric",
    "Observation": "qb:Observation",
    "Organization": "org:Organization",
    "OrganizationalUnit": "org:OrganizationalUnit",
    "PartialCollectionView": "hydra:PartialCollectionView",
    "PeriodOfTime": "dcterms:PeriodOfTime",
    "Project": "foaf:Project",
    "Post": "org:Post",
    "Process": "eli-dl:Process",
    "QualityMeasurement": "dqv:QualityMeasurement",
    "SdgGoal": "sdgo:Goal",
    "SdgIndicator": "sdgo:Indicator",
    "SdgTarget": "sdgo:Target",
    "SpecificResource": "oa:SpecificResource",
    "Unit": "qudt:Unit",
    "Work": "eli:Work",
}

rdfs, owl, sh = map(terms, ("rdfs", "owl", "sh"))
_LANG_STRING = expand("rdf:langString")
_COERCED = ("integer", "decimal", "boolean", "date", "gYear", "gYearMonth")


class ContextError(ValueError):
    """The context would give a name two meanings, or lose a published name."""


def build_context(triples: Iterable[Quad | Triple]) -> dict[str, Any]:
    """The context document for an ontology.

    A value is written the way that gives back the same triple: 7 and true for xsd:integer and xsd:boolean,
    "2020" for an xsd:gYear, "14.5" for an xsd:decimal, {"nb": "…"} for a text, the IRI for a thing; any
    other value has `@value` and `@type`.
    """
    ontology = Graph(statements(triples))
    classes: dict[str, Any] = dict(_REUSED_CLASSES)
    properties: dict[str, Any] = {name: _definition(iri, kind) for name, (iri, kind) in _REUSED_PROPERTIES.items()}
    for term in sorted(filter(_is_ours, ontology.with_property(RDF_TYPE)), key=str):
        name, types = term.value.removeprefix(PLAN), ontology.named(term, RDF_TYPE)
        if owl("Class") in types:
            _add(classes, name, f"plan:{name}")
        else:
            _add(properties, name, _definition(f"plan:{name}", _coercion(types, ontology.iris(term, rdfs("range")))))
    terms: dict[str, Any] = {"@version": 1.1, "id": "@id", "type": "@type"}
    for group in ({**_prefixes(ontology), **SERVICE_PREFIXES}, classes, properties):
        for name in sorted(group):
            _add(terms, name, group[name])
    return {"@context": terms}


def lost_terms(published: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The published names that a new context drops or changes, sorted."""
    before, after = published["@context"], new["@context"]
    return sorted(name for name in before if after.get(name) != before[name])


def read_ontology(folder: Path) -> list[Quad]:
    """The statements of the files directly in the ontology's folder: header, prefixes and theme modules."""
    return [quad for path in sorted(folder.glob("*.ttl")) for quad in pyoxigraph.parse(path=str(path))]


def as_text(context: Mapping[str, Any]) -> str:
    return json.dumps(context, ensure_ascii=False, indent=2) + "\n"


def write_context(folder: Path) -> Path:
    """Writes `context.jsonld` beside the ontology.

    Raises:
        ContextError: a name has two meanings, or a name that the file has would be lost.
    """
    path, context = folder / FILE, build_context(read_ontology(folder))
    if path.exists():
        lost = lost_terms(json.loads(path.read_text(encoding="utf-8")), context)
        if lost:
            raise ContextError(
                f"{path} is published and must only grow, but these names would go or change: "
                f"{', '.join(lost)}. Keep the old term as owl:deprecated, call the new one otherwise."
            )
    path.write_text(as_text(context), encoding="utf-8")
    return path


def _is_ours(term: Node) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(PLAN)


def _prefixes(ontology: Graph) -> dict[str, str]:
    """The declared prefixes. Their IRIs end in # or /, so JSON-LD lets them stand before a colon."""
    found: dict[str, str] = {}
    for declaration in ontology.with_property(sh("prefix")):
        names, namespaces = (ontology.literals(declaration, sh(name)) for name in ("prefix", "namespace"))
        if names and namespaces:
            _add(found, min(name.value for name in names), min(start.value for start in namespaces))
    return found


def _coercion(types: Collection[NamedNode], ranges: Collection[str]) -> str | None:
    if owl("ObjectProperty") in types:
        return _IRI
    if _LANG_STRING in ranges:
        return _TEXT
    return next((f"xsd:{name}" for name in _COERCED if set(ranges) == {expand(f"xsd:{name}")}), None)


def _definition(iri: str, kind: str | None) -> str | dict[str, str]:
    if kind is None:
        return iri
    return {"@id": iri, "@container": kind} if kind == _TEXT else {"@id": iri, "@type": kind}


def _add(terms: dict[str, Any], name: str, definition: Any) -> None:
    if terms.get(name, definition) != definition:
        raise ContextError(
            f"The name {name!r} would mean both {terms[name]} and {definition}. "
            "Give one of the two a distinct name among the reused terms."
        )
    terms[name] = definition


def main(arguments: Sequence[str]) -> int:
    try:
        path = write_context(Path(arguments[0]) if arguments else Path("ontology"))
    except ContextError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
