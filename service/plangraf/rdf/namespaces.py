"""The namespaces and IRIs that the code names, and names for IRIs: local names, CURIEs, short names without a label.

The code reads all other IRIs from the data. CURIE Syntax 1.0: https://www.w3.org/TR/curie/
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from pyoxigraph import NamedNode

BASE = "https://w3id.org/plangraf/"
ONTOLOGY = BASE + "ontology"
PLAN = BASE + "ontology#"
SHAPES = BASE + "shapes"
PLANSHAPE = BASE + "shapes#"
ID = BASE + "id/"
SCHEME = ID + "scheme/"
DIMENSION = ID + "no/dimension/"
OBSERVATION = ID + "no/observation/"
QUERIES = BASE + "queries/"
GRAPH = BASE + "graph/"
ONTOLOGY_GRAPH = GRAPH + "ontology"
SHAPES_GRAPH = GRAPH + "shapes"
QUERIES_GRAPH = GRAPH + "queries"
SDG_GRAPH = GRAPH + "sdg"

SDG = "http://metadata.un.org/sdg/"
SDGO = "http://metadata.un.org/sdg/ontology#"

# Vocabularies whose terms are all known, so that a query with another term in them is refused.
CLOSED_NAMESPACES = (PLAN, PLANSHAPE)

PREFIXES: dict[str, str] = {
    "plan": PLAN,
    "planshape": PLANSHAPE,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "prov": "http://www.w3.org/ns/prov#",
    "oa": "http://www.w3.org/ns/oa#",
    "qb": "http://purl.org/linked-data/cube#",
    "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
    "sdmx-measure": "http://purl.org/linked-data/sdmx/2009/measure#",
    "sdmx-attribute": "http://purl.org/linked-data/sdmx/2009/attribute#",
    "qudt": "http://qudt.org/schema/qudt/",
    "unit": "http://qudt.org/vocab/unit/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "adms": "http://www.w3.org/ns/adms#",
    "schema": "http://schema.org/",
    "sdgo": SDGO,
    "eli": "http://data.europa.eu/eli/ontology#",
    "eli-dl": "http://data.europa.eu/eli/eli-draft-legislation-ontology#",
}
"""The prefixes of `ontology/prefixes.ttl`; a test holds the two equal."""

SERVICE_PREFIXES: dict[str, str] = {"hydra": "http://www.w3.org/ns/hydra/core#"}
"""Prefixes that the data do not use, but descriptions of answers do. The JSON-LD context has them too."""

ALL_PREFIXES: dict[str, str] = {
    **PREFIXES,
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "formats": "http://www.w3.org/ns/formats/",
    **SERVICE_PREFIXES,
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "dcatap": "http://data.europa.eu/r5r/",
    "spdx": "http://spdx.org/rdf/terms#",
}
"""The prefixes of the project, and those that only descriptions of the service use."""

_NORWEGIAN = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})
# Local names that Turtle, SPARQL and a cell of a sheet all accept without escapes.
_LOCAL = re.compile(r"\w[\w-]*")
_OURS = re.compile(re.escape(ID) + r"(?:(?:[0-9]{4}|[0-9]{2}|no|link)/)?([^/]+)/(.+)")


def slug(title: str) -> str:
    """The ASCII key of a thing without a number: `Byvekstavtalen (2019)` gives `byvekstavtalen-2019`."""
    spelled = title.lower().translate(_NORWEGIAN)
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", spelled))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def local_name(iri: str) -> str:
    """The part after the last `#` or `/`: `Plan` of `…/ontology#Plan`, `11.6` of `…/sdg/11.6`."""
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]


def namespace(iri: str) -> str:
    """The part before the local name, up to and including the `#` or `/`."""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def curie(iri: str, prefixes: Mapping[str, str] = PREFIXES) -> str | None:
    """`plan:Case` for an IRI in a namespace that has a prefix; None when that needs an escape or an unknown prefix."""
    for prefix, start in prefixes.items():
        if start and iri.startswith(start) and _LOCAL.fullmatch(iri, len(start)):
            return f"{prefix}:{iri[len(start) :]}"
    return None


def expand(name: str, prefixes: Mapping[str, str] = PREFIXES) -> str:
    """The IRI that a CURIE abbreviates.

    Raises:
        KeyError: the prefix is unknown.
    """
    prefix, _, local = name.partition(":")
    return prefixes[prefix] + local


def terms(prefix: str) -> Callable[[str], NamedNode]:
    """A function from local names to the terms of a known vocabulary: `sh = terms("sh")`, then `sh("path")`."""
    start = PREFIXES[prefix]

    @cache
    def term(local: str) -> NamedNode:
        return NamedNode(start + local)

    return term


@lru_cache(4096)
def compact(iri: str) -> str:
    """`plan:Case` for an IRI in a namespace of ours or of a known vocabulary, else `<iri>`."""
    return curie(iri) or f"<{iri}>"


def short_name(iri: str) -> str:
    """The text for an IRI without a label: `class key` for things of ours, a CURIE, or the IRI."""
    if match := _OURS.fullmatch(iri):
        return f"{match[1]} {match[2]}"
    return curie(iri) or iri


def used_prefixes(iris: Iterable[str], prefixes: Mapping[str, str] = PREFIXES) -> dict[str, str]:
    """The prefixes whose namespace contains any of the IRIs, in the given order."""
    namespaces = {namespace(iri) for iri in iris}
    return {prefix: start for prefix, start in prefixes.items() if start in namespaces}
