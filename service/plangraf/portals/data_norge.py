"""Rules of data.norge.no for splitting a parsed catalogue into items.

The harvester writes the model as RDF/XML. It keeps catalogues, datasets and services with an IRI that are connected by
dcat:dataset, dcat:inSeries and dcat:service.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from functools import partial

import pyoxigraph
from rdflib import RDF, BNode, Literal, URIRef
from rdflib.term import Node

from plangraf.portals.catalogue_document import DCAT, RELATIVE, Content, name_of, ordered
from plangraf.portals.findings import DATA_NORGE, Finding, Item, portal_finding
from plangraf.rdf.namespaces import compact

_finding = partial(portal_finding, DATA_NORGE)

# Characters that XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Name characters at the end of an IRI, without a percent-encoding before them.
_LAST_NAME = re.compile(r"(?:%..)?([\w.\-\u00b7]*)\Z")
# The harvester copies all nodes that a dataset reaches; a normal entry has some dozens.
_MAX_REACHED = 500
_MAX_EXAMPLES = 3


def portal_id(iri: str) -> str:
    """The identifier of a resource at the portal: UUID version 3 of its IRI, without a namespace."""
    return str(uuid.UUID(bytes=hashlib.md5(iri.encode(), usedforsecurity=False).digest(), version=3))


def check_changes(
    first: list[pyoxigraph.Quad], second: list[pyoxigraph.Quad], content: Content, document: str
) -> Iterator[Finding]:
    """Warns about each item whose statements differ between two fetches, with canonical blank nodes."""
    changed = _canonicalize(first) ^ _canonicalize(second)
    by_item: dict[str, set[str]] = {}
    for quad in changed:
        subject: Node = (
            BNode(quad.subject.value)
            if isinstance(quad.subject, pyoxigraph.BlankNode)
            else URIRef(getattr(quad.subject, "value", ""))
        )
        for owner in map(name_of, content.owners.get(subject, [])) or [document]:
            by_item.setdefault(owner, set()).add(compact(quad.predicate.value))
        if subject not in content.owners:
            by_item.setdefault(document, set()).add(compact(quad.predicate.value))
    for item, predicates in sorted(by_item.items()):
        named = ", ".join(sorted(predicates)[:_MAX_EXAMPLES])
        yield _finding(
            "volatile",
            "Warning",
            item,
            f"To hentinger rett etter hverandre ga ulike verdier av {named}. Det regnes da som endret ved hver "
            "høsting: la verdien følge dataene, ikke klokken.",
            f"Two fetches in a row gave different values of {named}. It then counts as changed at each harvest: let "
            "the value follow the data, not the clock.",
        )


def check_content(content: Content, document: str) -> Iterator[Finding]:
    """Reports findings about a parsed document."""
    yield from _check_absolute_iris(content, document)
    yield from _check_rdf_xml(content, document)
    yield from _check_structure(content, document)
    yield from _check_cycles(content, document)
    yield from _check_paging(content, document)
    for node in content.of_kind("dataset", "series"):
        yield from _check_reach(content, node)


def find_undescribed(content: Content) -> list[Item]:
    """Items that a catalogue lists as dataset or service, but that lack the type."""
    datasets, services = _list_members(content)
    return [
        *(
            Item("dataset", name_of(node))
            for node in ordered(datasets)
            if not {DCAT.Dataset, DCAT.DatasetSeries} & set(content.graph.objects(node, RDF.type))
        ),
        *(
            Item("service", name_of(node))
            for node in ordered(services)
            if DCAT.DataService not in content.graph.objects(node, RDF.type)
        ),
    ]


def _list_members(content: Content) -> tuple[set[Node], set[Node]]:
    """Datasets and services that catalogues with an IRI list."""
    catalogues = [node for node in content.of_kind("catalogue") if isinstance(node, URIRef)]
    return (
        {value for node in catalogues for value in content.graph.objects(node, DCAT.dataset)},
        {value for node in catalogues for value in content.graph.objects(node, DCAT.service)},
    )


def _canonicalize(quads: list[pyoxigraph.Quad]) -> set[pyoxigraph.Quad]:
    dataset = pyoxigraph.Dataset(quads)
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)


def _check_absolute_iris(content: Content, document: str) -> Iterator[Finding]:
    relative = sorted(
        {
            str(term)[len(RELATIVE) :]
            for triple in content.graph
            for term in triple
            if isinstance(term, URIRef) and term.startswith(RELATIVE)
        }
    )
    if relative:
        harvested = any(str(node).startswith(RELATIVE) for node in content.kinds)
        named = ", ".join(f"<{iri}>" for iri in relative[:_MAX_EXAMPLES])
        yield _finding(
            "absolute-iris",
            "Violation" if harvested else "Warning",
            document,
            f"Relative IRI-er ({named}) blir til http://example.com/… i høsteren. Skriv hele IRI-en, eller sett @base.",
            f"Relative IRIs ({named}) become http://example.com/… in the harvester. Write the whole IRI, or set @base.",
        )


def _check_rdf_xml(content: Content, document: str) -> Iterator[Finding]:
    bad = sorted({str(path) for path in content.graph.predicates() if not has_xml_name(str(path))})
    for path in bad:
        yield _finding(
            "rdf-xml-predicate",
            "Violation",
            document,
            f"Egenskapen <{path}> slutter ikke på et XML-navn, så modellen kan ikke skrives som RDF/XML og hele "
            "høstingen stopper. Bruk en egenskap der det siste etter # eller / er et navn som begynner med en bokstav.",
            f"The property <{path}> does not end in an XML name, so the model cannot be written as RDF/XML and the "
            "whole harvest stops. Use a property in which a name that begins with a letter follows the last # or /.",
        )
    unwritable = {
        str(value) for value in content.graph.objects() if isinstance(value, Literal) and _NOT_XML.search(value)
    }
    for text in sorted(unwritable):
        yield _finding(
            "rdf-xml-character",
            "Violation",
            document,
            f"Teksten {text[:60]!r} har et styretegn som XML ikke kan holde. Ta det bort.",
            f"The text {text[:60]!r} has a control character that XML cannot hold. Take it out.",
        )


def has_xml_name(iri: str) -> bool:
    """Whether the harvester's RDF/XML writer can split the IRI before an NCName of https://www.w3.org/TR/xml-names/.

    The namespace takes leading digits and percent-encodings: `…/1a` splits before the `a`, `…/2020-7` does not split.
    """
    last = _LAST_NAME.search(iri)
    return last is not None and any(sign.isalpha() or sign == "_" for sign in last[1])


def _check_structure(content: Content, document: str) -> Iterator[Finding]:
    if not any(isinstance(node, URIRef) for node in content.of_kind("catalogue")):
        yield _finding(
            "catalogue",
            "Violation",
            document,
            "Det er ingen dcat:Catalog med IRI i dokumentet, så ingenting høstes. Gi katalogen en IRI og typen.",
            "There is no dcat:Catalog with an IRI in the document, so nothing is harvested. Give the catalogue an IRI "
            "and the type.",
        )
    for node in content.kinds:
        if isinstance(node, BNode):
            yield _finding(
                "iri",
                "Violation",
                name_of(node),
                "En katalog, et datasett eller en datatjeneste uten IRI blir ikke tatt med. Gi den en fast IRI.",
                "A catalogue, dataset or data service without an IRI is dropped. Give it a lasting IRI.",
            )
    yield from _check_undescribed(content)
    yield from _check_listed(content)
    if _list_members(content)[1]:
        yield _finding(
            "second-source",
            "Info",
            document,
            "Datatjenester høstes fra en egen kilde av typen dataservice. Registrer den også; adressen kan være samme.",
            "Data services are harvested from a source of their own, of type dataservice. Register that too; the "
            "address may be the same.",
        )


def _check_undescribed(content: Content) -> Iterator[Finding]:
    """Reports datasets and services that a catalogue lists, but that lack the type."""
    for item in find_undescribed(content):
        if item.kind == "dataset":
            yield _finding(
                "dataset-type",
                "Violation",
                item.name,
                "Katalogen har det i dcat:dataset, men det er verken dcat:Dataset eller dcat:DatasetSeries her, og "
                "blir ikke tatt med. Beskriv det i dokumentet, med typen.",
                "The catalogue lists it with dcat:dataset, but it is neither a dcat:Dataset nor a dcat:DatasetSeries "
                "here, and is dropped. Describe it in the document, with its type.",
            )
        else:
            yield _finding(
                "service-type",
                "Violation",
                item.name,
                "Katalogen har den i dcat:service, men den er ikke dcat:DataService her, og blir ikke tatt med. "
                "Beskriv den i dokumentet, med typen.",
                "The catalogue lists it with dcat:service, but it is not a dcat:DataService here, and is dropped. "
                "Describe it in the document, with its type.",
            )


def _check_listed(content: Content) -> Iterator[Finding]:
    """Reports datasets and services that no catalogue lists."""
    graph = content.graph
    datasets, services = _list_members(content)
    series = set(content.of_kind("series")) & datasets
    for node in content.of_kind("dataset", "series"):
        if isinstance(node, URIRef) and node not in datasets and series.isdisjoint(graph.objects(node, DCAT.inSeries)):
            yield _finding(
                "listed",
                "Violation",
                name_of(node),
                "Ingen katalog i dokumentet har det i dcat:dataset, og det er ikke i en serie som er der. Før det opp.",
                "No catalogue in the document lists it with dcat:dataset, and it is in no series that is listed. Add "
                "it there.",
            )
    for node in content.of_kind("service"):
        if isinstance(node, URIRef) and node not in services:
            yield _finding(
                "listed",
                "Violation",
                name_of(node),
                "Ingen katalog i dokumentet har datatjenesten i dcat:service. Før den opp der.",
                "No catalogue in the document lists the data service with dcat:service. Add it there.",
            )


def _check_paging(content: Content, document: str) -> Iterator[Finding]:
    if content.next_page is not None:
        page = content.next_page.removeprefix(RELATIVE)
        yield _finding(
            "paging",
            "Warning",
            document,
            f"Neste side er {page}, men høsteren følger ikke hydra:next, og det som bare står der, blir ikke tatt med. "
            "Registrer en adresse som gir hele katalogen.",
            f"The next page is {page}, but the harvester does not follow hydra:next, and what stands only there is not "
            "taken. Register an address that gives the whole catalogue.",
        )


def _check_cycles(content: Content, document: str) -> Iterator[Finding]:
    """Reports endless cycles: the harvester stops only at datasets and at typed IRIs that it has copied."""
    graph = content.graph
    subjects: set[Node] = set(graph.subjects())
    endless = {
        node
        for node in subjects
        if isinstance(node, BNode) or (isinstance(node, URIRef) and (node, RDF.type, None) not in graph)
    } - set(content.kinds)
    edges: dict[Node, set[Node]] = {
        node: {value for value in graph.objects(node, None) if value in endless} for node in endless
    }
    reachable = {node for start in content.kinds for node in content.reached(start)}
    looping = _find_cyclic(edges) & reachable
    if looping:
        named = ", ".join(format_term(node) for node in ordered(looping)[:_MAX_EXAMPLES])
        yield _finding(
            "untyped-cycle",
            "Violation",
            document,
            f"Noder uten type eller uten IRI viser til hverandre i ring ({named}), og høsteren går rundt til den "
            "stopper. Gi hver av dem en IRI og en rdf:type, eller bryt ringen.",
            f"Nodes without a type or without an IRI point at each other in a ring ({named}), and the harvester goes "
            "round until it breaks. Give each of them an IRI and an rdf:type, or break the ring.",
        )


def _find_cyclic(edges: dict[Node, set[Node]]) -> set[Node]:
    """Nodes that remain after repeatedly removing those without incoming or outgoing edges."""
    left = set(edges)
    while True:
        out = {node for node in left if edges[node] & left}
        into = {value for node in out for value in edges[node]} & out
        if into == left:
            return left
        left = into


def _check_reach(content: Content, node: Node) -> Iterator[Finding]:
    reached = content.reached(node, content.of_kind("dataset", "series"))
    untyped = sorted(
        other for other in reached if isinstance(other, URIRef) and (other, RDF.type, None) not in content.graph
    )
    if untyped:
        named = ", ".join(format_term(other) for other in untyped[:_MAX_EXAMPLES])
        yield _finding(
            "typed",
            "Warning",
            name_of(node),
            f"Datasettet fører til {named} uten rdf:type. Gi alt som beskrives en type: høsteren kjenner igjen det den "
            "har kopiert, på typen.",
            f"The dataset leads to {named} without an rdf:type. Type everything that is described: the harvester knows "
            "by the type what it has copied.",
        )
    if len(reached) > _MAX_REACHED:
        yield _finding(
            "reach",
            "Warning",
            name_of(node),
            f"Fra datasettet når høsteren {len(reached)} beskrevne noder, og alle kopieres inn i det. Hold selve "
            "dataene ute av katalogen.",
            f"From the dataset the harvester reaches {len(reached)} described nodes, and copies them all into it. Keep "
            "the data themselves out of the catalogue.",
        )


def format_term(value: Node) -> str:
    """Formats a term for a message."""
    if isinstance(value, Literal):
        return f'"{value[:60]}"'
    return name_of(value) if isinstance(value, BNode) else f"<{value}>"
