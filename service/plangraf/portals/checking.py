"""Checks an address or a file: fetches, parses, applies the rules of each portal, gives points, formats the verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph
from rdflib.term import Node

from plangraf.diagnostics.diagnostic import Diagnostic, counts, message_lines
from plangraf.errors import SettingError
from plangraf.portals import ckan, data_norge, data_norge_fetch, data_norge_reader, dcat_ap_no, mqa
from plangraf.portals.catalogue_document import (
    DCAT,
    Answer,
    Content,
    UnreachableError,
    UnreadableError,
    name_of,
    parse_document,
    send_request,
)
from plangraf.portals.data_norge import portal_id
from plangraf.portals.findings import CKAN, DATA_NORGE, DCAT_AP_NO, Finding, Item, ItemPlace, Score, Verdict

_KINDS = {
    "document": ("dokumentet", "the document"),
    "catalogue": ("katalog", "catalogue"),
    "dataset": ("datasett", "dataset"),
    "series": ("datasettserie", "dataset series"),
    "service": ("datatjeneste", "data service"),
}
_MAX_PROBES = 500


def as_text(verdict: Verdict) -> str:
    """Formats the verdict by portal and item, in Bokmål and English, with counts at the end."""
    lines = [verdict.source, ""]
    for portal, items in verdict.items.items():
        lines.append(portal)
        for item in items:
            lines += _item_lines(verdict, portal, item)
        lines.append("")
    if verdict.scores:
        lines.append("Metadatakvalitet · metadata quality (MQA)")
        for score in verdict.scores:
            lines += _score_lines(score)
        lines.append("")
    return "\n".join([*lines, *_summary_lines(verdict)])


def as_json(verdict: Verdict) -> str:
    """Formats the verdict as JSON; `id` is the identifier of the item at data.norge.no."""
    portals = []
    for portal, items in verdict.items.items():
        entries = []
        for item in items:
            entry: dict[str, Any] = {"kind": item.kind, "item": item.name, "accepted": verdict.accepted(portal, item)}
            if portal == DATA_NORGE and item.kind != "document":
                entry["id"] = portal_id(item.name)
            entry["findings"] = [
                {"rule": finding.rule, "severity": finding.severity, "nb": finding.nb, "en": finding.en}
                for finding in verdict.of(portal, item)
            ]
            entries.append(entry)
        portals.append(
            {"portal": portal, "accepted": all(verdict.accepted(portal, item) for item in items), "items": entries}
        )
    report = {
        "source": verdict.source,
        "accepted": verdict.accepted_everywhere,
        "portals": portals,
        "scores": [asdict(score) for score in verdict.scores],
    }
    return json.dumps(report, ensure_ascii=False, indent=1)


def _item_lines(verdict: Verdict, portal: str, item: Item) -> Iterator[str]:
    nb, en = _KINDS[item.kind]
    state = "godtatt · accepted" if verdict.accepted(portal, item) else "avvist · rejected"
    name = item.name if item.kind == "document" or item.name.startswith("_:") else f"<{item.name}>"
    yield f"  {nb} · {en} {name}  {state}"
    if item.kind != "document" and verdict.document_refused(portal):
        yield "    nb  Fordi dokumentet er avvist."
        yield "    en  Because the document is rejected."
    for finding in verdict.of(portal, item):
        yield from message_lines(finding, "    ")


def _score_lines(score: Score) -> Iterator[str]:
    yield f"  <{score.dataset}>  {score.given} av {score.most} poeng · {score.given} of {score.most} points"
    for nb, en, metrics in (("mangler", "missing", score.lacking), ("ikke prøvd", "not tried", score.untried)):
        if metrics:
            yield f"    {nb} · {en}: " + ", ".join(f"{metric} {points}" for metric, points in metrics.items())


def _summary_lines(verdict: Verdict) -> Iterator[str]:
    for portal, items in verdict.items.items():
        things = [item for item in items if item.kind != "document"]
        taken = sum(verdict.accepted(portal, item) for item in things)
        nb, en = counts(finding for item in items for finding in verdict.of(portal, item))
        nb = [f"godtatt: {taken}", f"avvist: {len(things) - taken}", *nb]
        en = [f"accepted: {taken}", f"rejected: {len(things) - taken}", *en]
        yield f"nb  {portal}  {', '.join(nb)}"
        yield f"en  {portal}  {', '.join(en)}"


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Options of a check.

    Attributes:
        accept: the Accept header that is registered at data.norge.no.
        limit: largest document for data.norge.no, in bytes.
        page_limit: largest page for CKAN, in bytes.
        pause_s: seconds between the two compared fetches; more than one, so that a value with the time of day differs.
        timeout_s: longest silence of the server, in seconds.
    """

    accept: str = "text/turtle"
    limit: int = data_norge_fetch.LIMIT
    page_limit: int = ckan.LIMIT
    pause_s: float = 1.1
    timeout_s: float = 60.0


def check(source: str, options: CheckOptions = CheckOptions()) -> Verdict:
    """Checks `source`, an http:// or https:// address or a file.

    The ending of a file gives its format. The rules about fetching do not apply to a file, and a finding says so.

    Raises:
        SettingError: the address does not answer, the file does not exist, or the format cannot be read here.
    """
    if "://" in source:
        return _check_address(source, options)
    return _check_file(source, options)


def _check_address(url: str, options: CheckOptions) -> Verdict:
    findings: list[Finding] = []
    try:
        content = _fetch_twice(url, options, findings)
    except UnreachableError as error:
        raise SettingError(
            f"{url} cannot be reached ({error}). Start the service, or give the address where it answers."
        ) from error
    harvest = ckan.harvest(url, limit=options.page_limit, timeout_s=options.timeout_s)
    findings += harvest.findings
    for page in harvest.pages:
        findings += ckan.check_content(page, url)
    return _judge_content(url, content, harvest.pages, findings, _AddressProbe(url, options.timeout_s))


def _check_file(source: str, options: CheckOptions) -> Verdict:
    path = Path(source)
    form = pyoxigraph.RdfFormat.from_extension(path.suffix.removeprefix("."))
    if form is None:
        raise SettingError(
            f"{source} has no ending of an RDF format. Give a .ttl, .rdf, .jsonld, .nt or .trig file, or an address "
            "that begins with http:// or https://."
        )
    try:
        with path.open("rb") as file:
            body = file.read(options.limit + 1)
    except OSError as error:
        raise SettingError(
            f"{source} cannot be read ({error.strerror}). Give a file, or an http:// address."
        ) from error
    findings = [
        Diagnostic(
            ItemPlace(portal, source),
            "Lest fra en fil: reglene for henting er ikke prøvd. Prøv adressen også.",
            "Read from a file: the rules about the fetch were not tried. Try the address too.",
            "Info",
            "not-fetched",
        )
        for portal in (DATA_NORGE, CKAN)
    ]
    findings += data_norge_fetch.check_fetch(Answer(source, 200, {}, body), source, options.limit)
    refused = list(ckan.check_body(body, source, source, options.page_limit))
    findings += refused
    if len(body) > options.limit:
        return _judge_content(source, None, [], [*findings, _unread_finding(source)], lambda _: None)
    try:
        content = Content(parse_document(data_norge_fetch.decode_leniently(body), form))
    except UnreadableError as error:
        findings += [
            Diagnostic(
                ItemPlace(portal, source),
                f"Filen kan ikke leses: {error}. Rett den.",
                f"The file cannot be read: {error}. Correct it.",
                rule="parse",
            )
            for portal in (DATA_NORGE, CKAN, DCAT_AP_NO)
        ]
        return _judge_content(source, None, [], findings, lambda _: None)
    findings += ckan.check_content(content, source)
    return _judge_content(source, content, [] if refused else [content], findings, lambda _: None)


def _fetch_twice(url: str, options: CheckOptions, findings: list[Finding]) -> Content | None:
    """Fetches the document twice as data.norge.no does, and adds its findings; None when it cannot be read."""
    form = data_norge_fetch.format_of(options.accept)
    if form is None:
        findings += [data_norge_fetch.accept_finding(options.accept, url), _unread_finding(url)]
        return None
    first, quads = _fetch_and_parse(url, options, form, findings)
    if quads is None:
        findings.append(_unread_finding(url))
        return None
    content = Content(quads)
    time.sleep(options.pause_s)
    again: list[Finding] = []
    second, quads_then = _fetch_and_parse(url, options, form, again)
    if quads_then is None:
        findings += again
    elif second.body != first.body:
        findings += data_norge.check_changes(quads, quads_then, content, url)
    return content


def _fetch_and_parse(
    url: str, options: CheckOptions, form: pyoxigraph.RdfFormat, findings: list[Finding]
) -> tuple[Answer, list[pyoxigraph.Quad] | None]:
    """Fetches and parses once; returns None, after adding a Violation, when data.norge.no would refuse the answer."""
    answer = send_request(url, {"Accept": options.accept}, limit=options.limit, timeout_s=options.timeout_s)
    new = list(data_norge_fetch.check_fetch(answer, url, options.limit))
    findings += new
    if any(finding.severity == "Violation" for finding in new):
        return answer, None
    try:
        return answer, parse_document(data_norge_fetch.decode_leniently(answer.body), form)
    except UnreadableError as error:
        findings.append(data_norge_fetch.parse_finding(answer, options.accept, str(error), url))
        return answer, None


def _unread_finding(source: str) -> Finding:
    return Diagnostic(
        ItemPlace(DCAT_AP_NO, source),
        "Dokumentet kom ikke frem slik data.norge.no henter det, så innholdet er ikke prøvd. Rett først det.",
        "The document did not arrive as data.norge.no fetches it, so its content was not tried. Correct that first.",
        rule="unread",
    )


def _judge_content(
    source: str, content: Content | None, pages: Sequence[Content], findings: list[Finding], answers: mqa.Answers
) -> Verdict:
    document = Item("document", source)
    own: list[Item] = []
    missing: list[Item] = []
    names = {name_of(node) for page in pages for node in ckan.find_datasets(page)}
    scores: list[Score] = []
    if content is not None:
        findings += data_norge.check_content(content, source)
        findings += data_norge_reader.check_content(content)
        own, missing = content.items, data_norge.find_undescribed(content)
        for node in content.of_kind("dataset"):
            dead = [address for address in _list_addresses(content, node) if answers(address) is False]
            findings += data_norge_reader.report_dead_addresses(dead, name_of(node))
        findings += dcat_ap_no.check_content(content, source)
        failed = {
            finding.place.item
            for finding in findings
            if finding.place.portal == DCAT_AP_NO and finding.severity == "Violation"
        }
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


def _list_addresses(content: Content, dataset: Node) -> list[str]:
    graph = content.graph
    return sorted(
        {
            str(value)
            for distribution in graph.objects(dataset, DCAT.distribution)
            for path in (DCAT.accessURL, DCAT.downloadURL)
            for value in graph.objects(distribution, path)
        }
    )


class _AddressProbe:
    """Tests once for each address whether it answers 200 to a bare GET.

    None for addresses of other hosts, and for all after the first `_MAX_PROBES`.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._origin = urlsplit(url)[:2]
        self._timeout_s = timeout_s
        self._statuses: dict[str, bool] = {}

    def __call__(self, address: str) -> bool | None:
        try:
            here = urlsplit(address)[:2] == self._origin
        except ValueError:
            return None
        if not here or (address not in self._statuses and len(self._statuses) == _MAX_PROBES):
            return None
        if address not in self._statuses:
            try:
                answer = send_request(address, {"Accept": "*/*"}, follow="always", limit=0, timeout_s=self._timeout_s)
                self._statuses[address] = answer.status == 200
            except UnreachableError:
                self._statuses[address] = False
        return self._statuses[address]
