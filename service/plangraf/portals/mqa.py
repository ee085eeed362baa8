"""Gives a dataset the points of metadata quality of data.norge.no.

Metrics and points are those of the vocabulary dcatno-mqa. Each distribution is rated, and the best one counts.
Addresses of other hosts stay untried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rdflib import URIRef
from rdflib.term import Node

from plangraf.portals.catalogue_document import DCAT, DCT, Content, ordered
from plangraf.portals.findings import Score

POINTS: Mapping[str, int] = {
    "keywordAvailability": 30,
    "categoryAvailability": 30,
    "spatialAvailability": 20,
    "temporalAvailability": 20,
    "accessUrlStatusCode": 50,
    "downloadUrlAvailability": 20,
    "downloadUrlStatusCode": 30,
    "formatAvailability": 20,
    "mediaTypeAvailability": 10,
    "formatMediaTypeVocabularyAlignment": 10,
    "formatMediaTypeNonProprietary": 20,
    "formatMediaTypeMachineInterpretable": 20,
    "dcatApCompliance": 30,
    "formatMatch": 15,
    "syntaxValid": 15,
    "licenceAvailability": 20,
    "knownLicence": 10,
    "accessRightsAvailability": 10,
    "accessRightsVocabularyAlignment": 5,
    "contactPointAvailability": 20,
    "publisherAvailability": 10,
    "rightsAvailability": 5,
    "byteSizeAvailability": 5,
    "dateIssuedAvailability": 5,
    "dateModifiedAvailability": 5,
}

_EU = "http://publications.europa.eu/resource/authority/"
_IANA = re.compile(r"https?://www\.iana\.org/assignments/media-types/")
_LICENCE = re.compile(rf"{_EU}licence/|https?://creativecommons\.org/|https?://data\.norge\.no/nlod")
# Names in the EU list of file types.
_RDF = {
    "RDF",
    "RDF_TURTLE",
    "RDF_XML",
    "RDF_N_TRIPLES",
    "RDF_N_QUADS",
    "RDF_TRIG",
    "JSON_LD",
    "N3",
    "SPARQLQ",
    "SPARQLQRES",
}
_TEXTUAL = {*_RDF, "CSV", "TSV", "JSON", "XML", "GEOJSON", "GML", "ODS", "ATOM", "RSS"}
_MACHINE_READABLE = {*_TEXTUAL, "XLSX", "XLS", "SHP", "KML"}
_NON_PROPRIETARY = {*_TEXTUAL, "GPKG", "ODT", "HTML", "TXT", "PNG", "ZIP", "GZIP", "TAR"}

# Returns whether an address answers 200; None when it was not requested.
Answers = Callable[[str], bool | None]


def score(content: Content, dataset: Node, name: str, *, compliant: bool, answers: Answers) -> Score:
    """Rates one dataset with its best distribution.

    `compliant` tells whether the dataset meets the mandatory rules of DCAT-AP-NO.
    """
    own = _rate_dataset(content, dataset, compliant)
    rated = [
        _rate_distribution(content, node, answers)
        for node in ordered(content.graph.objects(dataset, DCAT.distribution))
    ]
    best = max(rated, key=_sum_points, default=dict.fromkeys(_rate_distribution(content, dataset, answers), False))
    found: dict[str, bool | None] = {**own, **best}
    return Score(
        dataset=name,
        given=_sum_points(found),
        most=sum(POINTS.values()),
        lacking={metric: POINTS[metric] for metric in POINTS if found[metric] is False},
        untried={metric: POINTS[metric] for metric in POINTS if found[metric] is None},
    )


def _sum_points(found: Mapping[str, bool | None]) -> int:
    return sum(POINTS[metric] for metric, given in found.items() if given)


def _rate_dataset(content: Content, dataset: Node, compliant: bool) -> dict[str, bool | None]:
    def has(path: URIRef, start: str = "") -> bool:
        return any(str(value).startswith(start) for value in content.graph.objects(dataset, path))

    return {
        "keywordAvailability": has(DCAT.keyword),
        "categoryAvailability": has(DCAT.theme),
        "spatialAvailability": has(DCT.spatial),
        "temporalAvailability": has(DCT.temporal),
        "dcatApCompliance": compliant,
        "accessRightsAvailability": has(DCT.accessRights),
        "accessRightsVocabularyAlignment": has(DCT.accessRights, _EU + "access-right/"),
        "contactPointAvailability": has(DCAT.contactPoint),
        "publisherAvailability": has(DCT.publisher),
        "dateIssuedAvailability": has(DCT.issued),
        "dateModifiedAvailability": has(DCT.modified),
    }


def _rate_distribution(content: Content, node: Node, answers: Answers) -> dict[str, bool | None]:
    def values(path: URIRef) -> list[str]:
        return sorted(str(value) for value in content.graph.objects(node, path))

    formats, media_types = values(DCT["format"]), values(DCAT.mediaType)
    types = {value.removeprefix(_EU + "file-type/") for value in formats}
    licences, downloads = values(DCT.license), values(DCAT.downloadURL)
    aligned = all(value.startswith(_EU + "file-type/") for value in formats) and all(map(_IANA.match, media_types))
    has_file = bool(downloads)
    return {
        "accessUrlStatusCode": _all_respond(values(DCAT.accessURL), answers),
        "downloadUrlAvailability": has_file,
        "downloadUrlStatusCode": _all_respond(downloads, answers),
        "formatAvailability": bool(formats),
        "mediaTypeAvailability": bool(media_types),
        "formatMediaTypeVocabularyAlignment": bool(formats or media_types) and aligned,
        "formatMediaTypeNonProprietary": bool(types & _NON_PROPRIETARY),
        "formatMediaTypeMachineInterpretable": bool(types & _MACHINE_READABLE),
        # Undecided, because the file itself is not fetched.
        "formatMatch": None if has_file else False,
        "syntaxValid": None if has_file else False,
        "licenceAvailability": bool(licences),
        "knownLicence": any(map(_LICENCE.match, licences)),
        "rightsAvailability": bool(values(DCT.rights)),
        "byteSizeAvailability": bool(values(DCAT.byteSize)),
    }


def _all_respond(addresses: list[str], answers: Answers) -> bool | None:
    if not addresses:
        return False
    found = [answers(address) for address in addresses]
    return False if False in found else None if None in found else True
