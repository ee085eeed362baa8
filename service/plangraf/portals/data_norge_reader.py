"""Rules of data.norge.no's reader about harvested items: dropped values, the open-data badge, dead addresses.

The reader takes one label for each language, dates of two types and themes of three lists, and drops other values
silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from plangraf.portals.catalogue_document import DCAT, DCT, FOAF, Content, name_of, ordered
from plangraf.portals.data_norge import format_term
from plangraf.portals.findings import DATA_NORGE, Finding, portal_finding
from plangraf.rdf.namespaces import compact

_finding = partial(portal_finding, DATA_NORGE)

_LEGAL_NAME = URIRef("http://www.w3.org/ns/regorg#legalName")
_VCARD_EMAIL = URIRef("http://www.w3.org/2006/vcard/ns#hasEmail")
_EU = "http://publications.europa.eu/resource/authority/"
_THEMES = (_EU + "data-theme/", "https://psi.norge.no/los", "http://eurovoc.europa.eu/")
_PUBLIC = URIRef(_EU + "access-right/PUBLIC")
_OPEN_LICENCES = (
    _EU + "licence/CC0",
    _EU + "licence/CC_BY_4_0",
    _EU + "licence/NLOD_2_0",
    "creativecommons.org/licenses/by/4.0",
    "creativecommons.org/publicdomain/zero/1.0",
    "data.norge.no/nlod",
)


def check_content(content: Content) -> Iterator[Finding]:
    """Reports losses in items that are harvested."""
    for node in content.of_kind("dataset"):
        yield from _check_badge(content, node)
    yield from _check_dropped_values(content)


def report_dead_addresses(addresses: Iterable[str], dataset: str) -> Iterator[Finding]:
    """Warns about each dead address of a dataset's distributions."""
    for address in addresses:
        yield _finding(
            "dead-address",
            "Warning",
            dataset,
            f"{address} svarer ikke 200 på GET, og det trekker ned metadatakvaliteten. Rett adressen, eller la den "
            "svare.",
            f"{address} does not answer 200 to GET, which lowers the metadata quality. Correct the address, or let it "
            "answer.",
        )


def _check_badge(content: Content, node: Node) -> Iterator[Finding]:
    graph = content.graph
    missing = []
    if (node, DCT.accessRights, _PUBLIC) not in graph:
        missing.append(("dct:accessRights …/access-right/PUBLIC",) * 2)
    licences = {
        str(licence)
        for distribution in graph.objects(node, DCAT.distribution)
        for licence in graph.objects(distribution, DCT.license)
    }
    if not any(known in licence for licence in licences for known in _OPEN_LICENCES):
        missing.append(
            (
                "en distribusjon med lisens CC0, CC BY 4.0 eller NLOD",
                "a distribution with licence CC0, CC BY 4.0 or NLOD",
            )
        )
    if missing:
        yield _finding(
            "open-data",
            "Info",
            name_of(node),
            f"Merkes ikke som åpne data. Det mangler: {' og '.join(nb for nb, _ in missing)}.",
            f"Gets no open-data badge. Missing: {' and '.join(en for _, en in missing)}.",
        )


def _check_dropped_values(content: Content) -> Iterator[Finding]:
    """Reports values that the reader drops silently."""
    yield from _check_texts(content)
    graph = content.graph
    for path in (DCT.issued, DCT.modified, DCAT.startDate, DCAT.endDate):
        for node, value in sorted(graph.subject_objects(path)):
            if not isinstance(value, Literal) or value.datatype not in (XSD.date, XSD.dateTime):
                nb = f"{compact(path)} {format_term(value)} faller bort: portalen leser bare xsd:date og xsd:dateTime."
                en = (
                    f"{compact(path)} {format_term(value)} is dropped: the portal reads only xsd:date and xsd:dateTime."
                )
                yield from _findings_for_owners(content, node, "date", nb, en)
    for node, value in sorted(graph.subject_objects(DCAT.theme)):
        if not str(value).startswith(_THEMES):
            nb = f"Temaet {format_term(value)} faller bort. Bruk EUs data-theme, LOS (psi.norge.no/los) eller EuroVoc."
            en = (
                f"The theme {format_term(value)} is dropped. Use the EU's data-theme, LOS (psi.norge.no/los) or "
                "EuroVoc."
            )
            yield from _findings_for_owners(content, node, "theme", nb, en)
    for node, value in sorted(graph.subject_objects(_VCARD_EMAIL)):
        if not str(value).startswith("mailto:"):
            nb = f"E-postadressen {format_term(value)} er ingen mailto:-IRI. Skriv <mailto:navn@kommune.no>."
            en = f"The e-mail address {format_term(value)} is not a mailto: IRI. Write <mailto:name@municipality.no>."
            yield from _findings_for_owners(content, node, "email", nb, en)
    for node in content.kinds:
        for publisher in ordered(graph.objects(node, DCT.publisher)):
            if not content.texts(publisher, _LEGAL_NAME) and not content.texts(publisher, FOAF.name):
                nb = f"Utgiveren {format_term(publisher)} har verken foaf:name eller rov:legalName. Gi den et navn."
                en = f"The publisher {format_term(publisher)} has neither foaf:name nor rov:legalName. Give it a name."
                yield _finding("publisher-name", "Warning", name_of(node), nb, en)


def _check_texts(content: Content) -> Iterator[Finding]:
    for path in (DCT.title, DCT.description):
        for node in ordered(content.graph.subjects(path)):
            languages = [(text.language or "nb").lower() for text in content.texts(node, path)]
            twice = sorted({language for language in languages if languages.count(language) > 1})
            if twice:
                nb = (
                    f"{compact(path)} står mer enn én gang på {', '.join(twice)} (uten språk regnes som nb), og bare "
                    "én vises. Behold én."
                )
                en = (
                    f"{compact(path)} stands more than once in {', '.join(twice)} (without a language counts as nb), "
                    "and only one is shown. Keep one."
                )
                yield from _findings_for_owners(content, node, "one-per-language", nb, en)


def _findings_for_owners(content: Content, node: Node, rule: str, nb: str, en: str) -> Iterable[Finding]:
    return [_finding(rule, "Warning", name_of(owner), nb, en) for owner in content.owners.get(node, [])]
