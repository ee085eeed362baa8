"""Rules of CKAN's DCAT harvester (ckanext-dcat 2.4) for fetching a catalogue and finding its datasets.

The harvester sends HEAD and then GET, both with Accept */*, and takes the format from the Content-Type of the first
page. It follows hydra:next, and makes a CKAN dataset of every dcat:Dataset in the graph, listed or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

import pyoxigraph
from rdflib import RDF, BNode
from rdflib.term import Node

from plangraf.numbers_in_text import whole_number
from plangraf.portals.catalogue_document import (
    DCAT,
    DCT,
    RELATIVE,
    Content,
    UnreachableError,
    UnreadableError,
    decode_body,
    name_of,
    ordered,
    parse_document,
    send_request,
)
from plangraf.portals.findings import CKAN, Finding, portal_finding

_finding = partial(portal_finding, CKAN)

LIMIT = 50 * 1024 * 1024
"""Largest page that the harvester accepts by default, in bytes."""

# The headers of its HTTP library.
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
_FORMATS = {
    "text/turtle": pyoxigraph.RdfFormat.TURTLE,
    "application/rdf+xml": pyoxigraph.RdfFormat.RDF_XML,
    "application/ld+json": pyoxigraph.RdfFormat.JSON_LD,
    "text/n3": pyoxigraph.RdfFormat.N3,
    "application/n-triples": pyoxigraph.RdfFormat.N_TRIPLES,
    "application/n-quads": pyoxigraph.RdfFormat.N_QUADS,
    "application/trig": pyoxigraph.RdfFormat.TRIG,
}
_MAX_PAGES = 1000


@dataclass(slots=True)
class Harvest:
    """The pages that the harvester read, and findings about the others."""

    pages: list[Content] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def harvest(url: str, *, limit: int = LIMIT, timeout_s: float = 60.0) -> Harvest:
    """Fetches all pages as the harvester does, and stops where it stops."""
    done = Harvest()
    first_digest = b""
    form: pyoxigraph.RdfFormat | None = None
    seen: set[str] = set()
    next_url: str | None = url
    while next_url is not None:
        if next_url in seen or len(seen) == _MAX_PAGES:
            done.findings.append(_page_loop_finding(url, next_url))
            return done
        seen.add(next_url)
        try:
            body, media_type = _fetch_page(next_url, url, done, limit, timeout_s)
        except UnreachableError as error:
            done.findings.append(_status_finding(url, next_url, str(error)))
            return done
        if body is None:
            return done
        digest = hashlib.sha256(body).digest()
        if digest == first_digest:
            done.findings.append(_page_repeats_finding(url, next_url))
            return done
        first_digest = first_digest or digest
        if form is None:
            form = _FORMATS.get(media_type)
            if form is None:
                done.findings.append(_content_type_finding(url, media_type))
                return done
        try:
            content = Content(parse_document(body, form))
        except UnreadableError as error:
            done.findings.append(_parse_finding(url, next_url, media_type, str(error)))
            return done
        done.pages.append(content)
        next_url = content.next_page
        if next_url is not None and (next_url.startswith(RELATIVE) or not urlsplit(next_url).netloc):
            done.findings.append(_next_absolute_finding(url, next_url.removeprefix(RELATIVE)))
            return done
    return done


def check_body(body: bytes, page: str, document: str, limit: int = LIMIT, announced: int = 0) -> Iterator[Finding]:
    """Reports why the harvester stops at the bytes of a page, or at the length that HEAD announced."""
    if len(body) >= limit or announced > limit:
        yield _finding(
            "size",
            "Violation",
            document,
            f"{page} er {limit} byte eller større. Del katalogen i sider med hydra:next.",
            f"{page} has {limit} bytes or more. Split the catalogue into pages with hydra:next.",
        )
        return
    if not body:
        yield _finding(
            "empty",
            "Violation",
            document,
            f"{page} er tom, og høstingen stopper. La hver side svare med innhold.",
            f"{page} is empty, and the harvest stops. Let each page answer with content.",
        )
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        yield _finding(
            "utf-8",
            "Violation",
            document,
            f"{page} er ikke UTF-8, og høstingen stopper. Skriv dokumentet i UTF-8.",
            f"{page} is not UTF-8, and the harvest stops. Write the document in UTF-8.",
        )


def check_content(content: Content, document: str) -> Iterator[Finding]:
    """Reports findings about the datasets of one page."""
    found = find_datasets(content)
    if not found:
        yield _finding(
            "datasets",
            "Warning",
            document,
            "Det er ingen dcat:Dataset på siden, så CKAN får ingenting av den.",
            "There is no dcat:Dataset on the page, so CKAN gets nothing from it.",
        )
    titles: dict[str, Node] = {}
    for node in found:
        texts = content.texts(node, DCT.title)
        if not texts:
            yield _finding(
                "title",
                "Violation",
                document,
                f"{name_of(node)} er dcat:Dataset uten dct:title, og da stopper hele høstingen. Gi det en tittel, "
                "eller ta bort typen når det bare er nevnt.",
                f"{name_of(node)} is a dcat:Dataset without a dct:title, and that stops the whole harvest. Give it a "
                "title, or take the type away where it is only mentioned.",
            )
        elif str(texts[0]) in titles:
            yield _finding(
                "title-twice",
                "Info",
                name_of(node),
                f"Det har samme tittel som {name_of(titles[str(texts[0])])}, så CKAN setter et tall bak navnet i "
                "adressen. La titlene skille dem.",
                f"It has the same title as {name_of(titles[str(texts[0])])}, so CKAN adds a number to its name in the "
                "address. Let the titles tell them apart.",
            )
        else:
            titles[str(texts[0])] = node
        if isinstance(node, BNode) and not content.texts(node, DCT.identifier):
            yield _finding(
                "guid",
                "Warning",
                name_of(node),
                "Uten IRI og dct:identifier blir tittelen til identitet, og en ny tittel gir et nytt datasett. Gi det "
                "en IRI.",
                "Without an IRI and a dct:identifier the title becomes its identity, and a new title makes a new "
                "dataset. Give it an IRI.",
            )


def find_datasets(content: Content) -> list[Node]:
    """Every node that becomes a CKAN dataset, also those that are only mentioned."""
    return ordered(content.graph.subjects(RDF.type, DCAT.Dataset))


def _fetch_page(page: str, document: str, done: Harvest, limit: int, timeout_s: float) -> tuple[bytes | None, str]:
    """Bytes and media type of one page; None when the harvester stops there."""
    head = send_request(page, _HEADERS, method="HEAD", follow="never", limit=0, timeout_s=timeout_s)
    if head.status >= 400 and head.status not in (400, 405):
        done.findings.append(
            _finding(
                "head",
                "Warning",
                document,
                f"HEAD på {page} gir {head.status}. ckanext-dcat 2.4 prøver da GET, men eldre utgaver stopper: svar på "
                "HEAD som på GET, uten innhold.",
                f"HEAD of {page} gives {head.status}. ckanext-dcat 2.4 then tries GET, but older releases stop: answer "
                "HEAD as GET, without the body.",
            )
        )
    answer = send_request(page, _HEADERS, follow="always", limit=limit, timeout_s=timeout_s)
    if answer.status >= 300:
        done.findings.append(_status_finding(document, page, f"status {answer.status}"))
        return None, ""
    body = decode_body(answer, limit)
    length = whole_number(head.headers.get("content-length", "")) if head.status < 400 else 0
    refused = list(check_body(body, page, document, limit, length or 0))
    done.findings += refused
    if refused:
        return None, ""
    # The harvester compares media types case-sensitively, and reads a page without one as RDF/XML.
    return body, answer.headers.get("content-type", "").split(";", 1)[0] or "application/rdf+xml"


def _content_type_finding(document: str, media_type: str) -> Finding:
    return _finding(
        "content-type",
        "Violation",
        document,
        f'Adressen svarer "{media_type}" når ingen type er bedt om (Accept: */*), og det leses ikke som RDF. Registrer '
        "en adresse med endelse (som /catalog.ttl), eller la RDF være det som svares først.",
        f'The address answers "{media_type}" when no type is asked for (Accept: */*), which is not read as RDF. '
        "Register an address with an ending (such as /catalog.ttl), or let RDF be what is answered by default.",
    )


def _parse_finding(document: str, page: str, media_type: str, reason: str) -> Finding:
    return _finding(
        "parse",
        "Violation",
        document,
        f"{page} kan ikke leses som {media_type}: {reason}. Rett feilen, eller Content-Type.",
        f"{page} cannot be read as {media_type}: {reason}. Correct it, or its Content-Type.",
    )


def _status_finding(document: str, page: str, reason: str) -> Finding:
    return _finding(
        "status",
        "Violation",
        document,
        f"{page} kan ikke hentes ({reason}), og høstingen stopper. La hver side svare 200.",
        f"{page} cannot be fetched ({reason}), and the harvest stops. Let each page answer 200.",
    )


def _next_absolute_finding(document: str, page: str) -> Finding:
    return _finding(
        "next-absolute",
        "Violation",
        document,
        f"Neste side er oppgitt som {page}, som ikke er en hel adresse. Skriv hele adressen i hydra:next.",
        f"The next page is given as {page}, which is not a whole address. Write the whole address in hydra:next.",
    )


def _page_repeats_finding(document: str, page: str) -> Finding:
    return _finding(
        "page-repeats",
        "Warning",
        document,
        f"{page} er likt den første siden, og høstingen slutter der. Ta bort hydra:next på siste side.",
        f"{page} is equal to the first page, and the harvest ends there. Take hydra:next away from the last page.",
    )


def _page_loop_finding(document: str, page: str) -> Finding:
    return _finding(
        "page-loop",
        "Violation",
        document,
        f"Sidene fører tilbake til {page}, og høstingen tar ikke slutt. Ta bort hydra:next på siste side.",
        f"The pages lead back to {page}, and the harvest does not end. Take hydra:next away from the last page.",
    )
