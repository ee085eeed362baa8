"""A page of hits in Hydra, as the collections have their pages: https://www.hydra-cg.com/spec/latest/core/"""

from __future__ import annotations

from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from plangraf.http.routes.search.search_requests import Selection
from plangraf.http.service import Pinned
from plangraf.rdf.graph import RDF_TYPE, Statements
from plangraf.rdf.jsonld_documents import compact_document
from plangraf.rdf.namespaces import PREFIXES
from plangraf.search.entries import FACETS, SECTIONS
from plangraf.search.searching import Found, Hit
from plangraf.views.collections.listing import HYDRA, hydra

_LABEL: Final = NamedNode(PREFIXES["rdfs"] + "label")
_SEE: Final = NamedNode(PREFIXES["rdfs"] + "seeAlso")
_INTEGER: Final = NamedNode(PREFIXES["xsd"] + "integer")


def json_ld(service: Pinned, selection: Selection, found: Found, last: int) -> dict[str, Any]:
    """The page in JSON-LD: a hydra:Collection with its hits under hydra:member, the best first."""
    own, base = NamedNode(service.address + selection.link()), service.address
    things = [_member(hit, base) for hit in found.hits]
    graph = _collection_graph(service, selection, found, last, own)
    for iri, hit in zip(things, found.hits, strict=True):
        thing = NamedNode(iri)
        page = NamedNode(base + hit.entry.path)
        graph += [(own, hydra("member"), thing), *([(thing, _SEE, page)] if page != thing else [])]
        graph += [(thing, _LABEL, _literal(name.text, name.lang)) for name in hit.entry.names]
    document = compact_document(service.context, own, list(dict.fromkeys(graph)))
    context = service.context
    terms = context.terms(HYDRA + "member")
    name = terms[0].name if terms else context.compact_iri(HYDRA + "member")
    place = {iri: number for number, iri in reversed(list(enumerate(things)))}
    members = document.get(name)
    if isinstance(members, list):
        members.sort(key=lambda member: place[member if isinstance(member, str) else member[context.id]])
    return document


def _member(hit: Hit, base: str) -> str:
    """The IRI of a hit; of a section its place on the page, because the IRI of its entry names the whole document."""
    entry = hit.entry
    return entry.id if "://" in entry.id and entry.kind != SECTIONS else base + entry.path


def _collection_graph(service: Pinned, selection: Selection, found: Found, last: int, own: NamedNode) -> Statements:
    base = service.address
    view = NamedNode(base + selection.link(page=selection.page))
    template, facets = NamedNode(f"{base}/search#search"), ",".join(("q", *FACETS))
    pages = {"first": 1, "last": last}
    if selection.page > 1:
        pages["previous"] = selection.page - 1
    if selection.page < last:
        pages["next"] = selection.page + 1
    graph: Statements = [
        (own, RDF_TYPE, hydra("Collection")),
        (own, hydra("totalItems"), Literal(str(found.total), datatype=_INTEGER)),
        (own, hydra("search"), template),
        (template, RDF_TYPE, hydra("IriTemplate")),
        (template, hydra("template"), Literal(f"{base}/search{{?{facets}}}")),
    ]
    if view != own or last > 1:
        graph += [(own, hydra("view"), view), (view, RDF_TYPE, hydra("PartialCollectionView"))]
        graph += [(view, hydra(name), NamedNode(base + selection.link(page=n))) for name, n in pages.items()]
    return graph


def _literal(text: str, lang: str | None) -> Literal:
    return Literal(text, language=lang) if lang else Literal(text)
