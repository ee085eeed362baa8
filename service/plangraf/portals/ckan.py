"""The rules by which CKAN's DCAT harvester (ckanext-dcat 2.4) fetches a catalogue and finds its datasets.

HEAD, then GET, both with Accept */*; the format is the first page's Content-Type; pages are followed by hydra:next;
every dcat:Dataset of the graph becomes a CKAN dataset, whoever lists it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyoxigraph
from rdflib import RDF, BNode
from rdflib.term import Node

from plangraf.diagnostics.diagnostic import Diagnostic, Severity
from plangraf.portals.catalogue_document import DCAT, DCT, RELATIVE, Content, UnreadableError, name_of, ordered, parsed
from plangraf.portals.fetching import UnreachableError, ask, decoded
from plangraf.portals.findings import CKAN, Finding, ItemPlace

LIMIT = 50 * 1024 * 1024
"""Bytes of the largest page that the harvester takes, unless its site is set up otherwise."""

# As its HTTP library asks.
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
_MOST_PAGES = 1000


@dataclass(slots=True)
class Harvest:
    """What the harvester got: the pages it read, and what went wrong on the way."""

    pages: list[Content] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def harvest(url: str, *, limit: int = LIMIT, timeout_s: float = 60.0) -> Harvest:
    """Fetches the catalogue and its further pages as the harvester does; it stops where that would stop."""
    done = Harvest()
    first_digest = b""
    form: pyoxigraph.RdfFormat | None = None
    seen: set[str] = set()
    next_url: str | None = url
    while next_url is not None:
        if next_url in seen or len(seen) == _MOST_PAGES:
            done.findings.append(_endless(url, next_url))
            return done
        seen.add(next_url)
        try:
            body, media_type = _page(next_url, url, done, limit, timeout_s)
        except UnreachableError as error:
            done.findings.append(_no_page(url, next_url, str(error)))
            return done
        if body is None:
            return done
        digest = hashlib.sha256(body).digest()
        if digest == first_digest:
            done.findings.append(_same_page(url, next_url))
            return done
        first_digest = first_digest or digest
        if form is None:
            form = _FORMATS.get(media_type)
            if form is None:
                done.findings.append(_no_rdf(url, media_type))
                return done
        try:
            content = Content(parsed(body, form))
        except UnreadableError as error:
            done.findings.append(_unreadable(url, next_url, media_type, str(error)))
            return done
        done.pages.append(content)
        next_url = content.next_page
        if next_url is not None and (next_url.startswith(RELATIVE) or not urlsplit(next_url).netloc):
            done.findings.append(_relative_page(url, next_url.removeprefix(RELATIVE)))
            return done
    return done


def of_body(body: bytes, page: str, document: str, limit: int = LIMIT, announced: int = 0) -> Iterator[Finding]:
    """What the harvester says of the bytes of one page, and of the length that HEAD announced; then it stops."""
    if len(body) >= limit or announced > limit:
        yield _found(
            "size", "Violation", document,
            f"{page} er {limit} byte eller større. Del katalogen i sider med hydra:next.",
            f"{page} has {limit} bytes or more. Split the catalogue into pages with hydra:next.",
        )  # fmt: skip
        return
    if not body:
        yield _found(
            "empty", "Violation", document,
            f"{page} er tom, og høstingen stopper. La hver side svare med innhold.",
            f"{page} is empty, and the harvest stops. Let each page answer with content.",
        )  # fmt: skip
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        yield _found(
            "utf-8", "Violation", document,
            f"{page} er ikke UTF-8, og høstingen stopper. Skriv dokumentet i UTF-8.",
            f"{page} is not UTF-8, and the harvest stops. Write the document in UTF-8.",
        )  # fmt: skip


def of_content(content: Content, document: str) -> Iterator[Finding]:
    """What the harvester says of the datasets of one page."""
    found = datasets(content)
    if not found:
        yield _found(
            "datasets", "Warning", document,
            "Det er ingen dcat:Dataset på siden, så CKAN får ingenting av den.",
            "There is no dcat:Dataset on the page, so CKAN gets nothing from it.",
        )  # fmt: skip
    titles: dict[str, Node] = {}
    for node in found:
        texts = content.texts(node, DCT.title)
        if not texts:
            yield _found(
                "title", "Violation", document,
                f"{name_of(node)} er dcat:Dataset uten dct:title, og da stopper hele høstingen. Gi det en tittel, "
                "eller ta bort typen når det bare er nevnt.",
                f"{name_of(node)} is a dcat:Dataset without a dct:title, and that stops the whole harvest. Give it a "
                "title, or take the type away where it is only mentioned.",
            )  # fmt: skip
        elif str(texts[0]) in titles:
            yield _found(
                "title-twice", "Info", name_of(node),
                f"Det har samme tittel som {name_of(titles[str(texts[0])])}, så CKAN setter et tall bak navnet i "
                "adressen. La titlene skille dem.",
                f"It has the same title as {name_of(titles[str(texts[0])])}, so CKAN adds a number to its name in the "
                "address. Let the titles tell them apart.",
            )  # fmt: skip
        else:
            titles[str(texts[0])] = node
        if isinstance(node, BNode) and not content.texts(node, DCT.identifier):
            yield _found(
                "guid", "Warning", name_of(node),
                "Uten IRI og dct:identifier blir tittelen til identitet, og en ny tittel gir et nytt datasett. Gi det "
                "en IRI.",
                "Without an IRI and a dct:identifier the title becomes its identity, and a new title makes a new "
                "dataset. Give it an IRI.",
            )  # fmt: skip


def datasets(content: Content) -> list[Node]:
    """Every node that the harvester makes a dataset of, those that are only mentioned too."""
    return ordered(content.graph.subjects(RDF.type, DCAT.Dataset))


def _page(page: str, document: str, done: Harvest, limit: int, timeout_s: float) -> tuple[bytes | None, str]:
    """The bytes and the media type of one page; None when the harvester stops there."""
    head = ask(page, _HEADERS, method="HEAD", follow="never", limit=0, timeout_s=timeout_s)
    if head.status >= 400 and head.status not in (400, 405):
        done.findings.append(_found(
            "head", "Warning", document,
            f"HEAD på {page} gir {head.status}. ckanext-dcat 2.4 prøver da GET, men eldre utgaver stopper: svar på "
            "HEAD som på GET, uten innhold.",
            f"HEAD of {page} gives {head.status}. ckanext-dcat 2.4 then tries GET, but older releases stop: answer "
            "HEAD as GET, without the body.",
        ))  # fmt: skip
    announced = head.headers.get("content-length", "")
    answer = ask(page, _HEADERS, follow="always", limit=limit, timeout_s=timeout_s)
    if answer.status >= 300:
        done.findings.append(_no_page(document, page, f"status {answer.status}"))
        return None, ""
    body = decoded(answer, limit)
    length = int(announced) if head.status < 400 and announced.isdigit() else 0
    refused = list(of_body(body, page, document, limit, length))
    done.findings += refused
    if refused:
        return None, ""
    # It compares the type letter by letter, and reads what has none as RDF/XML.
    return body, answer.headers.get("content-type", "").split(";", 1)[0] or "application/rdf+xml"


def _no_rdf(document: str, media_type: str) -> Finding:
    return _found(
        "content-type", "Violation", document,
        f'Adressen svarer "{media_type}" når ingen type er bedt om (Accept: */*), og det leses ikke som RDF. Registrer '
        "en adresse med endelse (som /catalog.ttl), eller la RDF være det som svares først.",
        f'The address answers "{media_type}" when no type is asked for (Accept: */*), which is not read as RDF. '
        "Register an address with an ending (such as /catalog.ttl), or let RDF be what is answered by default.",
    )  # fmt: skip


def _unreadable(document: str, page: str, media_type: str, reason: str) -> Finding:
    return _found(
        "parse", "Violation", document,
        f"{page} kan ikke leses som {media_type}: {reason}. Rett feilen, eller Content-Type.",
        f"{page} cannot be read as {media_type}: {reason}. Correct it, or its Content-Type.",
    )  # fmt: skip


def _no_page(document: str, page: str, reason: str) -> Finding:
    return _found(
        "status", "Violation", document,
        f"{page} kan ikke hentes ({reason}), og høstingen stopper. La hver side svare 200.",
        f"{page} cannot be fetched ({reason}), and the harvest stops. Let each page answer 200.",
    )  # fmt: skip


def _relative_page(document: str, page: str) -> Finding:
    return _found(
        "next-absolute", "Violation", document,
        f"Neste side er oppgitt som {page}, som ikke er en hel adresse. Skriv hele adressen i hydra:next.",
        f"The next page is given as {page}, which is no whole address. Write the whole address in hydra:next.",
    )  # fmt: skip


def _same_page(document: str, page: str) -> Finding:
    return _found(
        "page-repeats", "Warning", document,
        f"{page} er likt den første siden, og høstingen slutter der. Ta bort hydra:next på siste side.",
        f"{page} is equal to the first page, and the harvest ends there. Take hydra:next away from the last page.",
    )  # fmt: skip


def _endless(document: str, page: str) -> Finding:
    return _found(
        "page-loop", "Violation", document,
        f"Sidene fører tilbake til {page}, og høstingen tar ikke slutt. Ta bort hydra:next på siste side.",
        f"The pages lead back to {page}, and the harvest does not end. Take hydra:next away from the last page.",
    )  # fmt: skip


def _found(rule: str, severity: Severity, item: str, nb: str, en: str) -> Finding:
    return Diagnostic(ItemPlace(CKAN, item), nb, en, severity, rule)
