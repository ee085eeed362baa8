"""The terms of catalogues, and the code lists that DCAT-AP-NO requires.

A catalogue uses only the IRIs of the EU's code lists, because a validator loads the lists and finds a second
description of a concept contradictory. A value of another list gets a class and a name, because the validator of
DCAT-AP does not know these lists.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Statements, Value
from plangraf.rdf.namespaces import PREFIXES

DCAT = PREFIXES["dcat"]
DCTERMS = PREFIXES["dcterms"]
FOAF = PREFIXES["foaf"]
PROV = PREFIXES["prov"]
RDFS = PREFIXES["rdfs"]
VOID = PREFIXES["void"]
SH = PREFIXES["sh"]
ADMS = PREFIXES["adms"]
DQV = PREFIXES["dqv"]
SKOS = PREFIXES["skos"]
ORG = PREFIXES["org"]
VCARD = "http://www.w3.org/2006/vcard/ns#"
DCATAP = "http://data.europa.eu/r5r/"
SPDX = "http://spdx.org/rdf/terms#"
XSD = PREFIXES["xsd"]

EU = "http://publications.europa.eu/resource/authority/"
LANGUAGES = (EU + "language/NOB", EU + "language/ENG")
PUBLIC = EU + "access-right/PUBLIC"
IRREGULAR = EU + "frequency/IRREG"
STABLE = EU + "planned-availability/STABLE"
COMPLETED = EU + "distribution-status/COMPLETED"
NORWAY = EU + "country/NOR"
FILE_TYPE = EU + "file-type/"
MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"
LOS = "https://psi.norge.no/los"
LOS_PLANS = LOS + "/tema/planer"
# Government and public sector; regions and cities; plans in the Norwegian LOS.
THEMES = (EU + "data-theme/GOVE", EU + "data-theme/REGI", LOS_PLANS)
TAXONOMIES = (EU + "data-theme", LOS)
PUBLISHER_TYPE = "http://purl.org/adms/publishertype/"
ORGANISATIONS = "https://organization-catalog.fellesdatakatalog.digdir.no/organizations/"

# The licences that the EU's table lists and portals classify as open.
_LICENCES = {
    "creativecommons.org/licenses/by/4.0": EU + "licence/CC_BY_4_0",
    "creativecommons.org/publicdomain/zero/1.0": EU + "licence/CC0",
    "data.norge.no/nlod/no/2.0": EU + "licence/NLOD_2_0",
}

Text = tuple[str, str]
"""A text in Bokmål and English."""


def licence(iri: str) -> str:
    """The licence's IRI in the EU's table, or the given IRI when the table lacks it."""
    return _LICENCES.get(iri.split("://", 1)[-1].rstrip("/"), iri)


def in_both(text: Text) -> list[Literal]:
    return [Literal(text[0], language="nb"), Literal(text[1], language="en")]


def date(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + "date"))


def moment(text: str) -> Literal:
    """A time in the log, `2026-01-02T03:04:05.678Z`, cut to seconds."""
    return Literal(f"{text[:19]}Z", datatype=NamedNode(XSD + "dateTime"))


def integer(number: int) -> Literal:
    return Literal(str(number), datatype=NamedNode(XSD + "integer"))


class Triples:
    """A graph under construction. A plain string as value is an IRI."""

    def __init__(self) -> None:
        self.graph: Statements = []

    def type(self, thing: str, *classes: str) -> None:
        """Adds the types of a thing."""
        self.graph += [(NamedNode(thing), RDF_TYPE, NamedNode(name)) for name in classes]

    def add(self, thing: str, predicate: str, values: str | Value | Iterable[str | Value]) -> None:
        """Adds one triple for each value."""
        listed = [values] if isinstance(values, str) or not isinstance(values, Iterable) else values
        for value in listed:
            term = NamedNode(value) if isinstance(value, str) else value
            self.graph.append((NamedNode(thing), NamedNode(predicate), term))
