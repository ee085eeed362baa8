"""A whole check of an address or a file: fetch, read, ask each portal's rules, give points."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph
from rdflib.term import Node

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.errors import SettingError
from plangraf.portals import ckan, data_norge, data_norge_reader, dcat_ap_no, mqa
from plangraf.portals.catalogue_document import DCAT, Content, UnreadableError, name_of, parsed
from plangraf.portals.fetching import Answer, UnreachableError, ask
from plangraf.portals.findings import CKAN, DATA_NORGE, DCAT_AP_NO, Finding, Item, ItemPlace, Score, Verdict

_MOST_ASKED = 500


@dataclass(frozen=True, slots=True)
class Terms:
    """How to check: what is registered at data.norge.no, limits in bytes, times in seconds.

    `pause_s` lies between the two fetches that are compared; over a second, so that a clock's reading shows.
    """

    accept: str = "text/turtle"
    limit: int = data_norge.LIMIT
    page_limit: int = ckan.LIMIT
    pause_s: float = 1.1
    timeout_s: float = 60.0


def check(source: str, terms: Terms = Terms()) -> Verdict:
    """What the portals make of `source`, an http:// or https:// address or a file.

    A file is read by its ending; the rules about the fetch are not tried then, and a finding says so.

    Raises:
        SettingError: nothing answers at the address, there is no such file, or we cannot read what is registered.
    """
    if "://" in source:
        return _check_address(source, terms)
    return _check_file(source, terms)


def _check_address(url: str, terms: Terms) -> Verdict:
    findings: list[Finding] = []
    try:
        content = _fetched(url, terms, findings)
    except UnreachableError as error:
        raise SettingError(
            f"{url} cannot be reached ({error}). Start the service, or give the address where it answers."
        ) from error
    harvest = ckan.harvest(url, limit=terms.page_limit, timeout_s=terms.timeout_s)
    findings += harvest.findings
    for page in harvest.pages:
        findings += ckan.of_content(page, url)
    return _verdict(url, content, harvest.pages, findings, _Asked(url, terms.timeout_s))


def _check_file(source: str, terms: Terms) -> Verdict:
    path = Path(source)
    form = pyoxigraph.RdfFormat.from_extension(path.suffix.removeprefix("."))
    if form is None:
        raise SettingError(
            f"{source} has no ending of an RDF format. Give a .ttl, .rdf, .jsonld, .nt or .trig file, or an address "
            "that begins with http:// or https://."
        )
    try:
        with path.open("rb") as file:
            body = file.read(terms.limit + 1)
    except OSError as error:
        raise SettingError(
            f"{source} cannot be read ({error.strerror}). Give a file, or an http:// address."
        ) from error
    findings = [
        Diagnostic(ItemPlace(portal, source),
                "Lest fra en fil: reglene for henting er ikke prøvd. Prøv adressen også.",
                "Read from a file: the rules about the fetch were not tried. Try the address too.",
                "Info", "not-fetched")
        for portal in (DATA_NORGE, CKAN)
    ]  # fmt: skip
    findings += data_norge.of_fetch(Answer(source, 200, {}, body), source, terms.limit)
    refused = list(ckan.of_body(body, source, source, terms.page_limit))
    findings += refused
    if len(body) > terms.limit:
        return _verdict(source, None, [], [*findings, _unread(source)], lambda _: None)
    try:
        content = Content(parsed(data_norge.as_read(body), form))
    except UnreadableError as error:
        findings += [
            Diagnostic(ItemPlace(portal, source), f"Filen kan ikke leses: {error}. Rett den.",
                    f"The file cannot be read: {error}. Correct it.", rule="parse")
            for portal in (DATA_NORGE, CKAN, DCAT_AP_NO)
        ]  # fmt: skip
        return _verdict(source, None, [], findings, lambda _: None)
    findings += ckan.of_content(content, source)
    return _verdict(source, content, [] if refused else [content], findings, lambda _: None)


def _fetched(url: str, terms: Terms, findings: list[Finding]) -> Content | None:
    """The document as data.norge.no gets it, and what its rules say; None when it cannot be read at all."""
    form = data_norge.format_of(terms.accept)
    if form is None:
        findings += [data_norge.refused_accept(terms.accept, url), _unread(url)]
        return None
    first, quads = _read(url, terms, form, findings)
    if quads is None:
        findings.append(_unread(url))
        return None
    content = Content(quads)
    time.sleep(terms.pause_s)
    again: list[Finding] = []
    second, quads_then = _read(url, terms, form, again)
    if quads_then is None:
        findings += again
    elif second.body != first.body:
        findings += data_norge.of_changes(quads, quads_then, content, url)
    return content


def _read(
    url: str, terms: Terms, form: pyoxigraph.RdfFormat, findings: list[Finding]
) -> tuple[Answer, list[pyoxigraph.Quad] | None]:
    """One fetch and its statements; None, and a Violation among the findings, when data.norge.no gets none."""
    answer = ask(url, {"Accept": terms.accept}, limit=terms.limit, timeout_s=terms.timeout_s)
    told = list(data_norge.of_fetch(answer, url, terms.limit))
    findings += told
    if any(finding.severity == "Violation" for finding in told):
        return answer, None
    try:
        return answer, parsed(data_norge.as_read(answer.body), form)
    except UnreadableError as error:
        findings.append(data_norge.unreadable(answer, terms.accept, str(error), url))
        return answer, None


def _unread(source: str) -> Finding:
    return Diagnostic(
        ItemPlace(DCAT_AP_NO, source),
        "Dokumentet kom ikke frem slik data.norge.no henter det, så innholdet er ikke prøvd. Rett først det.",
        "The document did not arrive as data.norge.no fetches it, so its content was not tried. Correct that first.",
        rule="unread",
    )


def _verdict(
    source: str, content: Content | None, pages: Sequence[Content], findings: list[Finding], answers: mqa.Answers
) -> Verdict:
    document = Item("document", source)
    own: list[Item] = []
    missing: list[Item] = []
    names = {name_of(node) for page in pages for node in ckan.datasets(page)}
    scores: list[Score] = []
    if content is not None:
        findings += data_norge.of_content(content, source)
        findings += data_norge_reader.of_content(content)
        own, missing = content.items, data_norge.undescribed(content)
        for node in content.of_kind("dataset"):
            dead = [address for address in _addresses(content, node) if answers(address) is False]
            findings += data_norge_reader.dead(dead, name_of(node))
        findings += dcat_ap_no.of_content(content, source)
        failed = {finding.place.item for finding in findings
                  if finding.place.portal == DCAT_AP_NO and finding.severity == "Violation"}  # fmt: skip
        scores = [
            mqa.score(content, node, name_of(node), compliant=name_of(node) not in failed, answers=answers)
            for node in content.of_kind("dataset")
        ]
    items = {
        DATA_NORGE: [document, *own, *missing],
        CKAN: [document, *(Item("dataset", name) for name in sorted(names))],
        DCAT_AP_NO: [document, *own],
    }
    return Verdict(source, items, findings, scores)


def _addresses(content: Content, dataset: Node) -> list[str]:
    graph = content.graph
    return sorted({
        str(value) for distribution in graph.objects(dataset, DCAT.distribution)
        for path in (DCAT.accessURL, DCAT.downloadURL) for value in graph.objects(distribution, path)
    })  # fmt: skip


class _Asked:
    """Whether addresses of the checked service answer 200 to a bare GET, each asked once.

    None for other hosts, and for what comes after the first `_MOST_ASKED`.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._origin = urlsplit(url)[:2]
        self._timeout_s = timeout_s
        self._known: dict[str, bool] = {}

    def __call__(self, address: str) -> bool | None:
        try:
            here = urlsplit(address)[:2] == self._origin
        except ValueError:
            return None
        if not here or (address not in self._known and len(self._known) == _MOST_ASKED):
            return None
        if address not in self._known:
            try:
                answer = ask(address, {"Accept": "*/*"}, follow="always", limit=0, timeout_s=self._timeout_s)
                self._known[address] = answer.status == 200
            except UnreachableError:
                self._known[address] = False
        return self._known[address]
