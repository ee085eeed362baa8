"""Prefixes that people use without a declaration, each as in its specification or endpoint.

They include those of the project (`namespaces.PREFIXES`), and a few short forms such as dct for the same namespace.
"""

from __future__ import annotations

from plangraf.rdf.namespaces import PREFIXES

_SDMX = "http://purl.org/linked-data/sdmx/2009/"

WELL_KNOWN: dict[str, str] = {
    **PREFIXES,
    # Short or other forms of prefixes of the project.
    "dct": PREFIXES["dcterms"],
    "sdo": "https://schema.org/",
    # General vocabularies.
    "cc": "http://creativecommons.org/ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcmitype": "http://purl.org/dc/dcmitype/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "earl": "http://www.w3.org/ns/earl#",
    "fn": "http://www.w3.org/2005/xpath-functions#",
    "locn": "http://www.w3.org/ns/locn#",
    "m8g": "http://data.europa.eu/m8g/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "pav": "http://purl.org/pav/",
    "person": "http://www.w3.org/ns/person#",
    "qudt": "http://qudt.org/schema/qudt/",
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "regorg": "http://www.w3.org/ns/regorg#",
    "rov": "http://www.w3.org/ns/regorg#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sdmx-attribute": f"{_SDMX}attribute#",
    "sdmx-code": f"{_SDMX}code#",
    "sdmx-concept": f"{_SDMX}concept#",
    "sdmx-dimension": f"{_SDMX}dimension#",
    "sdmx-measure": f"{_SDMX}measure#",
    "skosxl": "http://www.w3.org/2008/05/skos-xl#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx": "http://spdx.org/rdf/terms#",
    "ssn": "http://www.w3.org/ns/ssn/",
    "time": "http://www.w3.org/2006/time#",
    "unit": "http://qudt.org/vocab/unit/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xhv": "http://www.w3.org/1999/xhtml/vocab#",
    "xkos": "http://rdf-vocabulary.ddialliance.org/xkos#",
    # Places.
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "gn": "http://www.geonames.org/ontology#",
    "pos": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "sf": "http://www.opengis.net/ont/sf#",
    "wgs": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "wgs84_pos": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    # Europe and Norway.
    "at": "http://publications.europa.eu/resource/authority/",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cpsvno": "https://data.norge.no/vocabulary/cpsvno#",
    "cv": "http://data.europa.eu/m8g/",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatno": "https://data.norge.no/vocabulary/dcatno#",
    "epvoc": "https://data.europarl.europa.eu/def/epvoc#",
    "euvoc": "http://publications.europa.eu/ontology/euvoc#",
    "lexvo": "http://lexvo.org/ontology#",
    "modelldcatno": "https://data.norge.no/vocabulary/modelldcatno#",
    "skosno": "https://data.norge.no/vocabulary/skosno#",
    # The UN's goals, and large graphs.
    "dbo": "http://dbpedia.org/ontology/",
    "dbp": "http://dbpedia.org/property/",
    "dbr": "http://dbpedia.org/resource/",
    "p": "http://www.wikidata.org/prop/",
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "ps": "http://www.wikidata.org/prop/statement/",
    "sdg": "http://metadata.un.org/sdg/",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wikibase": "http://wikiba.se/ontology#",
}

# Vocabularies with a term of the same name for many terms of others.
_VOCABULARIES = tuple(
    dict.fromkeys(
        [
            *(PREFIXES[name] for name in PREFIXES if name not in ("planshape", "xsd")),
            *(WELL_KNOWN[name] for name in ("dc", "sdo", "geo", "locn", "pos", "qudt", "sosa", "time", "vcard")),
        ]
    )
)


def same_name(iri: str) -> list[str]:
    """The IRIs with the same local name in other vocabularies: foaf's name for `http://schema.org/name`."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    return [name + iri[cut:] for name in _VOCABULARIES if name != iri[:cut]] if iri[cut:] else []
