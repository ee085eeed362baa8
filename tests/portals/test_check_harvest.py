"""`plangraf check-harvest`: a good catalogue is accepted by all portals, and each rule is broken once on purpose.

`good.ttl` meets every rule without a warning. A case changes one place of it, and names the rule that must report
it and the item; no other rule of that portal may refuse anything. Small real servers test the fetch rules.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest
from rdflib import SH

from forked_python import run_command
from local_server import run_in_thread
from plangraf.errors import SettingError
from plangraf.portals import dcat_ap_no
from plangraf.portals.checking import CheckOptions, as_json, as_text, check
from plangraf.portals.data_norge import has_xml_name, portal_id
from plangraf.portals.data_norge_fetch import format_of
from plangraf.portals.findings import CKAN, DATA_NORGE, DCAT_AP_NO, Finding, Verdict

ROOT = Path(__file__).resolve().parents[2]
GOOD = (ROOT / "tests" / "portals" / "good.ttl").read_text(encoding="utf-8")
ID = "https://plan.example.no/id/"
EU = "http://publications.europa.eu/resource/authority/"
AGENT = "https://organization-catalog.fellesdatakatalog.digdir.no/organizations/942110464"
QUICK = CheckOptions(pause_s=0, timeout_s=5)
VIOLATION, WARNING, INFO = "Violation", "Warning", "Info"

# One place of the good catalogue changed: what stands there (a regular expression, None adds at the end), what comes
# instead, the rule, its severity and the item that it is about (the document is "").
Case = tuple[str | None, str, str, str, str]


def drop(line: str, thing: str) -> str:
    """A pattern for one line of one thing's description."""
    return rf"(?ms)(^<?(?:ex:|https://plan\.example\.no/id/){thing}>? a .*?)^    {line}.*?;\n"


HYDRA = "http://www.w3.org/ns/hydra/core#"
V, W = VIOLATION, WARNING
DATASET, SERVICE, CATALOGUE, SERIES = ID + "dataset", ID + "service", ID + "catalogue", ID + "series"
DATA_NORGE_CASES: list[Case] = [
    (r"<https://plan.example.no/id/catalogue> a", "<catalogue> a", "absolute-iris", V, ""),
    (r"dcat:landingPage <.*?>", "dcat:landingPage <planstrategi>", "absolute-iris", W, ""),
    (None, "ex:dataset <https://plan.example.no/vocabulary/2020-7> 1 .", "rdf-xml-predicate", V, ""),
    (None, "ex:dataset <https://plan.example.no/vocabulary#> 1 .", "rdf-xml-predicate", V, ""),
    (r'"Planene i strategien."', r'"Planene\\u0001"', "rdf-xml-character", V, ""),
    (r"a dcat:Catalog ", "a dcat:Resource ", "catalogue", V, ""),
    (r"<https://plan.example.no/id/catalogue> a", "_:c a", "iri", V, "_:"),
    (r"ex:dataset a dcat:Dataset", "ex:dataset a dcat:Resource", "dataset-type", V, DATASET),
    (r"ex:service a dcat:DataService", "ex:service a dcat:Resource", "service-type", V, SERVICE),
    (r"dcat:dataset ex:dataset", "dcat:dataset ex:gone , ex:dataset", "dataset-type", V, ID + "gone"),
    (None, f"ex:page a <{HYDRA}PagedCollection> ; <{HYDRA}nextPage> <https://plan.example.no/2> .", "paging", W, ""),
    (None, 'ex:other a dcat:Dataset ; dct:title "Annet"@nb .', "listed", V, ID + "other"),
    (None, 'ex:other a dcat:DataService ; dct:title "Annet"@nb .', "listed", V, ID + "other"),
    (None, "", "second-source", INFO, ""),
    (None, "ex:dataset dct:relation ex:a . ex:a dct:relation ex:b . ex:b dct:relation ex:a .", "untyped-cycle", V, ""),
    (None, "ex:dataset dct:relation _:a . _:a a skos:Concept ; dct:relation _:a .", "untyped-cycle", V, ""),
    (None, 'ex:dataset dct:relation ex:a . ex:a dct:title "A"@nb .', "typed", W, DATASET),
    (
        None,
        "ex:dataset dct:relation "
        + " , ".join(f"ex:n{n}" for n in range(600))
        + " .\n"
        + "\n".join(f"ex:n{n} a skos:Concept ." for n in range(600)),
        "reach",
        W,
        DATASET,
    ),
    (r"(access-right/)PUBLIC(> ;\n    dcat:key)", r"\1RESTRICTED\2", "open-data", INFO, DATASET),
    (r'"Planstrategi"@nb', '"Planstrategi"@nb , "Plan" ', "one-per-language", W, DATASET),
    (r'"2024-02-01T12:00:00Z"\^\^xsd:dateTime', '"2024"^^xsd:gYear', "date", W, DATASET),
    (r'"2020-01-01"\^\^xsd:date', '"2020"^^xsd:gYear', "date", W, DATASET),
    (r"(?s)(ex:dataset a.*?dcat:theme) ", r"\1 <https://plan.example.no/theme/a> , ", "theme", W, DATASET),
    (r"<mailto:plan@example.no>", '"plan@example.no"', "email", W, DATASET),
    (r'    foaf:name "Trondheim kommune"@nb ;\n', "", "publisher-name", W, DATASET),
]

CKAN_CASES: list[Case] = [
    (drop("dct:title", "dataset"), r"\1", "title", V, ""),
    (None, "ex:dataset dct:relation ex:other . ex:other a dcat:Dataset .", "title", V, ""),
    (r"ex:dataset a dcat:Dataset", "ex:dataset a dcat:Resource", "datasets", W, ""),
    (None, 'ex:other a dcat:Dataset ; dct:title "Planstrategi"@nb .', "title-twice", INFO, ID + "other"),
    (None, '[] a dcat:Dataset ; dct:title "Annet"@nb .', "guid", W, "_:"),
]

DCAT_AP_NO_CASES: list[Case] = [
    (drop("dct:title", "dataset"), r"\1", "title", V, DATASET),
    (r'"Planstrategi"@nb', '"Planstrategi"', "title-language", V, DATASET),
    (r'"Planstrategi"@nb', '"Planstrategi"@nb , "Plan"@nb', "title-once", V, DATASET),
    (r'"Planstrategi"@nb', '"Planning strategy"@en', "title-norwegian", W, DATASET),
    (drop("dct:description", "series"), r"\1", "description", V, SERIES),
    (r'"Planene i strategien."@nb', '"Planene"', "description-language", V, DATASET),
    (r'"Planene i strategien."@nb', '"Planene"@nb , "Plan"@nb', "description-once", V, DATASET),
    (r'"Planene i strategien."@nb', '"The plans"@en', "description-norwegian", W, DATASET),
    (drop("dct:description", "distribution"), r"\1", "description-recommended", W, DATASET),
    (r'    dct:title "Turtle"@nb ;\n', "", "title-recommended", W, DATASET),
    (drop("dct:publisher", "service"), r"\1", "publisher", V, SERVICE),
    (drop("dct:publisher", "dataset"), rf"\1    dct:publisher <{AGENT}> , ex:two ;\n", "publisher", V, DATASET),
    (r"a foaf:Agent ;", "a skos:Concept ;", "publisher-agent", V, DATASET),
    (r"organization-catalog\.", "organisations.", "publisher-iri", W, DATASET),
    (drop("dct:identifier", "service"), r"\1", "identifier", V, SERVICE),
    (drop("dcat:contactPoint", "catalogue"), r"\1", "contact-point", V, CATALOGUE),
    (r"a vcard:Organization , vcard:Kind", "a vcard:Kind", "contact-class", V, DATASET),
    (r"a vcard:Organization , vcard:Kind", "a vcard:Organization", "contact-kind", V, DATASET),
    (drop("dcat:theme", "dataset"), r"\1", "theme", V, DATASET),
    (drop("dcat:theme", "series"), r"\1    dcat:theme <https://psi.norge.no/los/plan> ;\n", "theme", V, SERIES),
    (drop("dcat:theme", "service"), r"\1", "theme-recommended", W, SERVICE),
    (r"dcat:dataset ex:dataset", "dcat:dataset [] , ex:dataset", "catalogue-dataset-iri", V, CATALOGUE),
    (r"dcat:service ex:service", "dcat:service ex:service , []", "catalogue-service-iri", V, CATALOGUE),
    (drop("dcat:dataset", "catalogue"), r"\1", "catalogue-dataset", W, CATALOGUE),
    (drop("dcat:service", "catalogue"), r"\1", "catalogue-service", W, CATALOGUE),
    (drop("dct:language", "dataset"), r"\1", "language", W, DATASET),
    (drop("dct:license", "catalogue"), r"\1", "catalogue-license", W, CATALOGUE),
    (None, f"ex:distribution dct:license <{EU}licence/CC0> .", "license-one", V, DATASET),
    (drop("dct:spatial", "dataset"), r"\1", "spatial", W, DATASET),
    (drop("dct:issued", "catalogue"), r"\1", "issued", W, CATALOGUE),
    (drop("dct:modified", "dataset"), r"\1", "modified", W, DATASET),
    (drop("foaf:homepage", "catalogue"), r"\1", "homepage", W, CATALOGUE),
    (None, "<https://plan.example.no/id/catalogue> foaf:homepage ex:two .", "homepage-one", V, CATALOGUE),
    (r" ;\n    dcat:themeTaxonomy <.*?>", "", "theme-taxonomy", W, CATALOGUE),
    (drop("dcat:distribution", "dataset"), r"\1", "distribution", W, DATASET),
    (r"a dcat:Distribution ;", "a dcat:Resource ;", "distribution-class", V, DATASET),
    (drop("dct:accessRights", "dataset"), r"\1", "access-rights", W, DATASET),
    (drop("dcat:keyword", "dataset"), r"\1", "keyword", W, DATASET),
    (drop("dct:temporal", "dataset"), r"\1", "temporal", W, DATASET),
    (drop("dct:subject", "dataset"), r"\1", "subject", W, DATASET),
    (drop("prov:wasGeneratedBy", "dataset"), r"\1", "generated-by", W, DATASET),
    (drop("dcatap:applicableLegislation", "dataset"), r"\1", "legislation", W, DATASET),
    (drop("dct:accrualPeriodicity", "dataset"), r"\1", "frequency", W, DATASET),
    (r" ;\n    dcat:landingPage <.*?>", "", "landing-page", W, DATASET),
    (drop("dcat:accessURL", "distribution"), r"\1", "access-url", V, DATASET),
    (drop("dcat:accessURL", "distribution"), r'\1    dcat:accessURL "planer" ;' + "\n", "access-url", V, DATASET),
    (None, f"ex:distribution dct:format <{EU}file-type/CSV> .", "format-one", V, DATASET),
    (drop("dct:format", "service"), r"\1", "format", W, SERVICE),
    (drop("dct:license", "distribution"), r"\1", "license", W, DATASET),
    (drop("adms:status", "distribution"), r"\1", "status", W, DATASET),
    (drop("dcatap:availability", "service"), r"\1", "availability", W, SERVICE),
    (drop("dcat:mediaType", "distribution"), r"\1", "media-type", W, DATASET),
    (drop("dcat:downloadURL", "distribution"), r"\1", "download-url", W, DATASET),
    (None, 'ex:distribution dcat:byteSize "7"^^xsd:nonNegativeInteger .', "byte-size-conflict", W, DATASET),
    (None, 'ex:distribution dcat:byteSize "7"^^xsd:decimal .', "byte-size", V, DATASET),
    (drop("dcat:endpointURL", "service"), r"\1", "endpoint-url", V, SERVICE),
    (None, "ex:service dcat:endpointURL ex:two .", "endpoint-url", V, SERVICE),
    (drop("dcat:endpointDescription", "service"), r"\1", "endpoint-description", W, SERVICE),
    (drop("dct:conformsTo", "service"), r"\1", "conforms-to", W, SERVICE),
    (drop("dcat:servesDataset", "service"), r"\1", "serves-dataset", W, SERVICE),
    (r'    foaf:name "Trondheim kommune"@nb ;\n', "", "agent-name", V, CATALOGUE),
    (r'dct:identifier "942110464"', 'dct:identifier "942 110 464"', "agent-number", W, DATASET),
    (r" ;\n    dct:type <.*?>", "", "agent-type", W, DATASET),
    (r"http://purl.org/adms/publishertype/LocalAuthority", "https://example.no/a", "agent-type-list", V, DATASET),
    (r'    vcard:fn "Byplan"@nb ;\n', "", "contact-name", V, SERVICE),
    (r"<mailto:plan@example.no>", '"plan@example.no"', "contact-email-iri", V, SERVICE),
    (r"    vcard:hasEmail .*\n", "", "contact-email", W, SERVICE),
    (r" ;\n    vcard:hasEmail .*\n    vcard:hasURL <.*?>", "", "contact-reachable", V, DATASET),
    (r" ;\n    vcard:hasURL <.*?>", "", "contact-url", W, SERVICE),
    (r"<http://publications.europa.eu/resource/authority/language/NOB>", '"nb"', "language-list", V, DATASET),
    (r"access-right/PUBLIC", "access-right/OPEN", "access-rights-list", V, DATASET),
    (r"<.*frequency/IRREG>", '"irregular"', "frequency-list", V, DATASET),
    (r"<.*file-type/RDF_TURTLE>", '"text/turtle"', "format-list", V, DATASET),
    (r"<https://www.iana.*text/turtle>", '"text/turtle"', "media-type-list", V, DATASET),
    (rf"{EU}licence/CC_BY_4_0", "https://creativecommons.org/licenses/by/4.0/", "license-list", V, DATASET),
    (r"planned-availability/STABLE", "planned-availability/ALWAYS", "availability-list", V, DATASET),
    (rf"{EU}distribution-status/COMPLETED", "https://plan.example.no/done", "status-list", V, DATASET),
    (rf"{EU}distribution-status/COMPLETED", "http://purl.org/adms/status/Completed", "status-conflict", W, DATASET),
    (None, f"<{EU}distribution-status/COMPLETED> skos:inScheme ex:scheme .", "status-scheme", V, DATASET),
    (rf"{EU}country/NOR", "https://data.geonorge.no/nasjon/173163", "spatial-list", V, DATASET),
    (None, "ex:series dct:spatial <https://data.geonorge.no/kommune/172977> .", "series-spatial-list", W, SERIES),
    (r'"2024-01-01"\^\^xsd:date', '"1. januar 2024"', "issued-date", V, CATALOGUE),
    (r'"2024-02-01"\^\^xsd:date', '"2024-02-01"', "modified-date", V, CATALOGUE),
    (r'"2020-01-01"\^\^xsd:date', '"2020"', "start-date", V, DATASET),
    (r'"2023-12-31"\^\^xsd:date', '"2023"', "end-date", V, DATASET),
    (r" ;\n    dcat:startDate .*\n    dcat:endDate .*\^\^xsd:date", "", "period-open", W, DATASET),
    (r"a dct:PeriodOfTime ;", "a skos:Concept ;", "temporal-class", V, DATASET),
    (r'(dcat:keyword "planstrategi")@nb', r"\1", "keyword-language", V, DATASET),
    (r"a dct:Standard ;", "a skos:Concept ;", "conforms-to-class", V, SERVICE),
    (r' ;\n    dct:title "SPARQL 1.1"@en', "", "standard-title", V, SERVICE),
    (r"a eli:LegalResource", "a skos:Concept", "legislation-class", V, DATASET),
    (None, 'ex:dataset dcat:temporalResolution "year" .', "temporal-resolution", V, DATASET),
    (None, "ex:dataset dcat:spatialResolutionInMeters 10 .", "spatial-resolution", V, DATASET),
    (None, 'ex:distribution <http://spdx.org/rdf/terms#checksum> "ab12" .', "checksum", V, DATASET),
    (r"<https://plan.example.no/planstrategi.ttl>", '"planstrategi.ttl"', "download-url-iri", V, DATASET),
    (None, "ex:distribution dcat:accessService [] .", "access-service-iri", V, DATASET),
    (r"dcat:landingPage <.*?>", 'dcat:landingPage "planstrategi"', "landing-page-iri", V, DATASET),
    (r"dcat:servesDataset ex:dataset", "dcat:servesDataset []", "serves-dataset-iri", V, SERVICE),
    (r"dcat:inSeries ex:series", "dcat:inSeries ex:series , []", "in-series-iri", V, DATASET),
    (None, f"<{EU}language/NOB> a skos:Concept .", "eu-concept-described", W, DATASET),
]


def changed(case: Case) -> str:
    pattern, new = case[0], case[1]
    if pattern is None:
        return f"{GOOD}\n{new}\n"
    text, times = re.subn(pattern, new, GOOD)
    assert times, pattern
    return text


def findings_of(verdict: Verdict, portal: str) -> list[Finding]:
    return [finding for finding in verdict.findings if finding.place.portal == portal]


def names(case: Case) -> str:
    return f"{case[2]}-{case[4].rsplit('/', 1)[-1] or 'document'}"


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "catalogue.ttl"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def assert_reported(verdict: Verdict, portal: str, case: Case) -> None:
    _, _, rule, severity, item = case
    found = [finding for finding in findings_of(verdict, portal) if finding.rule == rule]
    assert {finding.severity for finding in found} == {severity}, findings_of(verdict, portal)
    about = item or verdict.source
    assert any(
        finding.place.item.startswith(about) if about == "_:" else finding.place.item == about for finding in found
    ), found
    assert all(finding.nb and finding.en and finding.nb != finding.en for finding in found)
    document = verdict.items[portal][0]
    if severity == VIOLATION and item == "":
        assert not any(verdict.accepted(portal, one) for one in verdict.items[portal])
    elif severity == VIOLATION:
        assert any(not verdict.accepted(portal, one) for one in verdict.items[portal] if one != document)
    else:
        assert all(other.severity != VIOLATION for other in findings_of(verdict, portal))


def test_the_good_catalogue_is_accepted_by_all_portals_without_a_warning(file_of: Callable[[str], str]) -> None:
    verdict = check(file_of(GOOD))
    assert verdict.accepted_everywhere
    assert {finding.severity for finding in verdict.findings} == {INFO}
    assert [item.kind for item in verdict.items[DCAT_AP_NO]] == [
        "document",
        "catalogue",
        "series",
        "dataset",
        "service",
    ]
    assert [item.name for item in verdict.items[CKAN]][1:] == [ID + "dataset"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", DATA_NORGE_CASES, ids=names)
def test_a_broken_rule_of_data_norge_is_reported(file_of: Callable[[str], str], case: Case) -> None:
    assert_reported(check(file_of(changed(case))), DATA_NORGE, case)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", CKAN_CASES, ids=names)
def test_a_broken_rule_of_ckan_is_reported(file_of: Callable[[str], str], case: Case) -> None:
    assert_reported(check(file_of(changed(case))), CKAN, case)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", DCAT_AP_NO_CASES, ids=names)
def test_a_broken_rule_of_dcat_ap_no_is_reported(file_of: Callable[[str], str], case: Case) -> None:
    verdict = check(file_of(changed(case)))
    assert_reported(verdict, DCAT_AP_NO, case)
    rules = {finding.rule for finding in findings_of(verdict, DCAT_AP_NO) if finding.place.item == case[4]}
    assert case[2] in rules
    # An undescribed value is neither a foaf:Agent nor an IRI of the register of organisations.
    # Nor does a contact point that cannot be reached have what is recommended.
    assert len(rules) <= (3 if case[2] in ("publisher", "contact-reachable") else 2), rules


def test_every_shape_has_a_case_a_severity_and_a_message_in_both_languages() -> None:
    shapes = dcat_ap_no.load_shapes()
    named = set(shapes.subjects(SH.severity))
    assert {str(shape).rsplit("#", 1)[1] for shape in named} == {case[2] for case in DCAT_AP_NO_CASES}
    for shape in named:
        assert {message.language for message in shapes.objects(shape, SH.message)} == {"nb", "en"}, shape
    assert named - set(shapes.subjects(SH.targetSubjectsOf)) == set(shapes.objects(None, SH.property))


# Tried below, against small servers.
FETCH_RULES = {
    DATA_NORGE: {
        "status-200",
        "redirect",
        "content-encoding",
        "size",
        "complete",
        "utf-8",
        "accept",
        "parse",
        "volatile",
        "dead-address",
    },
    CKAN: {
        "head",
        "status",
        "size",
        "empty",
        "utf-8",
        "content-type",
        "parse",
        "next-absolute",
        "page-repeats",
        "page-loop",
    },
}


@pytest.mark.parametrize(
    ("portal", "files", "cases"),
    [
        (DATA_NORGE, ["data_norge_fetch", "data_norge", "data_norge_reader"], DATA_NORGE_CASES),
        (CKAN, ["ckan"], CKAN_CASES),
    ],
)
def test_every_rule_has_a_case_here(portal: str, files: list[str], cases: list[Case]) -> None:
    source = "".join((ROOT / "service" / "plangraf" / "portals" / f"{file}.py").read_text() for file in files)
    named = re.findall(r'_finding\(\s*"([a-z0-9-]+)"|content,\s*node,\s*"([a-z-]+)"', source)
    rules = {one or other for one, other in named}
    assert rules == FETCH_RULES[portal] | {case[2] for case in cases}


@pytest.mark.parametrize(
    ("iri", "fits"),
    [
        ("http://a.no/b#c", True),
        ("http://a.no/title", True),
        ("http://a.no/_1", True),
        ("urn:a:b", True),
        ("http://a.no/1a", True),
        ("http://a.no/a%20b", True),
        ("http://a.no/", False),
        ("http://a.no/b#", False),
        ("http://a.no/1", False),
        ("http://a.no/2020-7", False),
        ("http://a.no/a%2F", False),
    ],
)
def test_a_predicate_must_end_in_an_xml_name(iri: str, fits: bool) -> None:
    assert has_xml_name(iri) is fits


def test_the_registered_accept_alone_decides_the_format() -> None:
    assert str(format_of("text/turtle")) == "Turtle"
    assert str(format_of("application/ld+json, application/rdf+xml")) == "RDF/XML"
    assert format_of("*/*") is None
    assert format_of("application/x-turtle") is None
    with pytest.raises(SettingError, match=r"reads --accept application/rdf\+json, application/ld\+json as "):
        format_of("application/rdf+json, application/ld+json")


def test_the_portal_names_a_dataset_by_its_iri() -> None:
    # UUID.nameUUIDFromBytes("hello".getBytes()) of Java, which the harvester is written for.
    assert portal_id("hello") == "5d41402a-bc4b-3a76-b971-9d911017c592"


class Site:
    """A small server: `answer(path, method, number of the request)` returns status, header fields and body."""

    def __init__(self, answer: Callable[[str, str, int], tuple[int, dict[str, str], bytes]]) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        numbers = count(1)
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                site.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
                status, fields, body = answer(self.path, self.command, next(numbers))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = answer  # noqa: N815  the names that http.server calls

            def log_message(self, *_: object) -> None:
                """Prints nothing, because the test records the requests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def site(answer: Callable[[str, str, int], tuple[int, dict[str, str], bytes]]) -> Iterator[Site]:
    running = Site(answer)
    with run_in_thread(running.server):
        yield running


TURTLE = {"Content-Type": "text/turtle; charset=utf-8"}


def rules(verdict: Verdict, portal: str, severity: str = VIOLATION) -> set[str]:
    return {finding.rule for finding in findings_of(verdict, portal) if finding.severity == severity}


def test_a_good_service_is_accepted_and_gets_the_requests_of_the_portals() -> None:
    with site(lambda *_: (200, TURTLE, GOOD.encode())) as running:
        verdict = check(running.url + "/catalog", QUICK)
        assert verdict.accepted_everywhere
        asked = [
            (method, fields.get("accept"), fields.get("accept-encoding")) for method, _, fields in running.requests
        ]
        assert asked == [
            ("GET", "text/turtle", None),
            ("GET", "text/turtle", None),
            ("HEAD", "*/*", "gzip, deflate"),
            ("GET", "*/*", "gzip, deflate"),
        ]
        conditional = {"if-none-match", "if-modified-since", "range"}
        assert not any(conditional & fields.keys() for _, _, fields in running.requests)


@pytest.mark.parametrize(
    ("status", "fields", "body", "rule"),
    [
        (200, {**TURTLE, "Content-Encoding": "gzip"}, gzip.compress(GOOD.encode(), mtime=0), "content-encoding"),
        (200, {**TURTLE, "Content-Encoding": "identity"}, GOOD.encode(), "content-encoding"),
        (206, TURTLE, GOOD.encode(), "status-200"),
        (203, TURTLE, GOOD.encode(), "status-200"),
        (404, TURTLE, b"", "status-200"),
        (301, {"Location": "https://plan.example.no/catalog"}, b"", "status-200"),
        (308, {"Location": "/"}, b"", "status-200"),
        (302, {"Location": "http://[::1/"}, b"", "status-200"),
        (200, TURTLE, b"<html></html>", "parse"),
        (200, TURTLE, GOOD.encode() + b" " * 20_000, "size"),
        (200, {**TURTLE, "Content-Length": "14000"}, GOOD.encode(), "complete"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_broken_fetch_is_refused_by_data_norge(status: int, fields: dict[str, str], body: bytes, rule: str) -> None:
    def answer(_path: str, method: str, number: int) -> tuple[int, dict[str, str], bytes]:
        if number == 1:
            return status, {**fields, "Connection": "close"}, body
        return 200, TURTLE, GOOD.encode()

    with site(answer) as running:
        verdict = check(running.url, replace(QUICK, limit=15_000, timeout_s=2))
    assert rules(verdict, DATA_NORGE) == {rule}
    assert rules(verdict, DCAT_AP_NO) == {"unread"}
    assert rules(verdict, CKAN) == set()


def test_text_that_is_not_utf_8_stops_ckan_and_spoils_letters_at_data_norge() -> None:
    with site(lambda *_: (200, TURTLE, GOOD.encode("latin-1"))) as running:
        verdict = check(running.url, QUICK)
    assert rules(verdict, DATA_NORGE) == set()
    assert rules(verdict, DATA_NORGE, WARNING) == {"utf-8"}
    assert rules(verdict, CKAN) == {"utf-8"}


def test_an_endless_redirect_and_an_empty_answer_are_refused() -> None:
    with site(lambda *_: (302, {"Location": "/again"}, b"")) as running:
        verdict = check(running.url, QUICK)
    assert (rules(verdict, DATA_NORGE), rules(verdict, CKAN)) == ({"status-200"}, {"status"})
    with site(lambda *_: (200, TURTLE, b"")) as running:
        verdict = check(running.url, QUICK)
    assert (rules(verdict, DATA_NORGE), rules(verdict, CKAN)) == ({"catalogue"}, {"empty"})


def test_a_failed_second_fetch_is_reported() -> None:
    def answer(_path: str, _method: str, number: int) -> tuple[int, dict[str, str], bytes]:
        return 200, TURTLE, b"<html></html>" if number == 2 else GOOD.encode()

    with site(answer) as running:
        verdict = check(running.url, QUICK)
    assert rules(verdict, DATA_NORGE) == {"parse"}
    assert rules(verdict, CKAN) == set()


def test_the_content_type_does_not_matter_to_data_norge_and_decides_for_ckan() -> None:
    with site(lambda *_: (200, {"Content-Type": "text/html"}, GOOD.encode())) as running:
        verdict = check(running.url, QUICK)
    assert rules(verdict, DATA_NORGE) == set()
    assert rules(verdict, CKAN) == {"content-type"}
    with site(lambda *_: (200, {"Content-Type": "text/html"}, b"<!doctype html>")) as running:
        verdict = check(running.url, QUICK)
    (finding,) = [finding for finding in findings_of(verdict, DATA_NORGE) if finding.severity == VIOLATION]
    assert finding.rule == "parse"
    assert "whatever its Content-Type (text/html)" in finding.en


def test_an_accept_that_names_no_format_is_refused() -> None:
    with site(lambda *_: (200, TURTLE, GOOD.encode())) as running:
        verdict = check(running.url, replace(QUICK, accept="*/*"))
    assert rules(verdict, DATA_NORGE) == {"accept"}


def test_a_redirect_within_http_is_followed_and_reported() -> None:
    def answer(path: str, *_: object) -> tuple[int, dict[str, str], bytes]:
        return (200, TURTLE, GOOD.encode()) if path == "/new" else (302, {"Location": "/new"}, b"")

    with site(answer) as running:
        verdict = check(running.url + "/old", QUICK)
    assert verdict.accepted_everywhere
    assert rules(verdict, DATA_NORGE, WARNING) == {"redirect"}


def test_a_changing_triple_is_reported_at_its_item_and_new_blank_node_labels_are_not() -> None:
    def answer(_path: str, _method: str, number: int) -> tuple[int, dict[str, str], bytes]:
        same = f"ex:series dct:relation _:b{number} . _:b{number} a skos:Concept ."
        day = f'ex:distribution dct:modified "2024-03-{number:02d}"^^xsd:date .'
        return 200, TURTLE, f"{GOOD}\n{same}\n{day}\n".encode()

    with site(answer) as running:
        verdict = check(running.url, QUICK)
    (finding,) = [finding for finding in findings_of(verdict, DATA_NORGE) if finding.rule == "volatile"]
    assert finding.place.item == ID + "dataset"
    assert "dcterms:modified" in finding.en


@pytest.mark.parametrize(("status", "severities"), [(404, {WARNING}), (501, {WARNING}), (400, set()), (405, set())])
def test_ckan_tries_get_when_head_fails(status: int, severities: set[str]) -> None:
    def answer(_path: str, method: str, _number: int) -> tuple[int, dict[str, str], bytes]:
        return (status, {}, b"") if method == "HEAD" else (200, TURTLE, GOOD.encode())

    with site(answer) as running:
        verdict = check(running.url, QUICK)
    assert {finding.severity for finding in findings_of(verdict, CKAN) if finding.rule == "head"} == severities
    assert verdict.accepted_everywhere


def test_ckan_stops_at_a_page_over_its_limit() -> None:
    with site(lambda *_: (200, TURTLE, GOOD.encode())) as running:
        verdict = check(running.url, replace(QUICK, page_limit=1000))
    assert rules(verdict, CKAN) == {"size"}
    assert rules(verdict, DATA_NORGE) == set()


PREFIXES = "\n".join(re.findall("^@prefix .*", GOOD, re.MULTILINE))


def paged(links: dict[str, str]) -> Callable[[str, str, int], tuple[int, dict[str, str], bytes]]:
    """Pages by path; `links` has the next page of each."""

    def answer(path: str, _method: str, _number: int) -> tuple[int, dict[str, str], bytes]:
        if path not in links:
            return 404, {}, b""
        page = GOOD
        if path != "/":
            dataset = path.strip("/")
            page = f'{PREFIXES}\nex:{dataset} a dcat:Dataset ; dct:title "{dataset}"@nb .\n'
        if links[path]:
            page += f"\nex:page a <{HYDRA}PartialCollectionView> ; <{HYDRA}next> <{links[path]}> .\n"
        return 200, TURTLE, page.encode()

    return answer


@pytest.mark.parametrize(
    ("links", "rule", "severity"),
    [
        ({"/": "{url}/2", "/2": "{url}/3", "/3": "{url}/2"}, "page-loop", VIOLATION),
        ({"/": "{url}/2", "/2": "{url}/"}, "page-loop", VIOLATION),
        ({"/": "{url}/2"}, "status", VIOLATION),
        ({"/": "?page=2"}, "next-absolute", VIOLATION),
        ({"/": "{url}/2", "/2": ""}, None, VIOLATION),
    ],
    ids=["loop", "back to the first", "missing", "relative", "good"],
)
def test_ckan_follows_pages(links: dict[str, str], rule: str | None, severity: str) -> None:
    whole: dict[str, str] = {}
    with site(lambda path, method, number: paged(whole)(path, method, number)) as running:
        whole.update({path: target.format(url=running.url) for path, target in links.items()})
        verdict = check(running.url + "/", QUICK)
    assert rules(verdict, CKAN, severity) == ({rule} if rule else set())
    if rule is None:
        assert {item.name for item in verdict.items[CKAN]} == {running.url + "/", ID + "dataset", ID + "2"}


def test_ckan_stops_at_a_copy_of_the_first_page_and_data_norge_reads_only_the_first() -> None:
    def answer(*_: object) -> tuple[int, dict[str, str], bytes]:
        link = f"ex:page a <{HYDRA}PartialCollectionView> ; <{HYDRA}next> <{running.url}/2> ."
        return 200, TURTLE, f"{GOOD}\n{link}\n".encode()

    with site(answer) as running:
        verdict = check(running.url, QUICK)
    assert verdict.accepted_everywhere
    assert rules(verdict, CKAN, WARNING) == {"page-repeats"}
    assert rules(verdict, DATA_NORGE, WARNING) == {"paging"}


def test_ckan_refuses_invalid_turtle() -> None:
    with site(lambda *_: (200, TURTLE, b"<html></html>")) as running:
        verdict = check(running.url, QUICK)
    assert rules(verdict, CKAN) == {"parse"}


def test_access_addresses_of_the_same_service_are_asked_and_others_are_not() -> None:
    def answer(path: str, *_: object) -> tuple[int, dict[str, str], bytes]:
        if path == "/planstrategi.ttl":
            return 404, {}, b""
        text = GOOD.replace("<https://plan.example.no/planstrategi", f"<{running.url}/planstrategi")
        return 200, TURTLE, text.encode()

    with site(answer) as running:
        verdict = check(running.url, QUICK)
    (finding,) = [finding for finding in findings_of(verdict, DATA_NORGE) if finding.rule == "dead-address"]
    assert (finding.severity, finding.place.item) == (WARNING, DATASET)
    assert f"{running.url}/planstrategi.ttl does not answer 200" in finding.en
    (score,) = verdict.scores
    assert score.lacking == {"downloadUrlStatusCode": 30, "rightsAvailability": 5, "byteSizeAvailability": 5}
    assert score.untried == {"formatMatch": 15, "syntaxValid": 15}
    assert score.given == score.most - 40 - 30


def plangraf(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_command("check-harvest", *arguments, env={**os.environ, **environment})


@pytest.mark.slow
def test_the_command_accepts_a_good_file_and_prints_both_languages(file_of: Callable[[str], str]) -> None:
    run = plangraf(file_of(GOOD))
    assert run.returncode == 0, run.stderr
    assert f"datasett · dataset <{ID}dataset>  godtatt · accepted" in run.stdout
    assert "en  data.norge.no  accepted: 4, rejected: 0, advice: 2" in run.stdout


@pytest.mark.slow
def test_the_command_rejects_a_bad_file_item_by_item_as_json(file_of: Callable[[str], str]) -> None:
    run = plangraf(file_of(changed((drop("dct:publisher", "service"), r"\1", "", "", ""))), "--json")
    assert run.returncode == 1, run.stderr
    report = json.loads(run.stdout)
    assert not report["accepted"]
    assert [portal["accepted"] for portal in report["portals"]] == [True, True, False]
    refused = [item for item in report["portals"][2]["items"] if not item["accepted"]]
    assert [item["item"] for item in refused] == [ID + "service"]
    assert refused[0]["findings"][0]["rule"] == "publisher"
    (dataset,) = [item for item in report["portals"][0]["items"] if item["kind"] == "dataset"]
    assert dataset["id"] == portal_id(ID + "dataset")


def test_an_unreachable_address_or_a_missing_file_exits_with_2_and_advice() -> None:
    with site(lambda *_: (200, TURTLE, b"")) as running:
        port = running.server.server_address[1]
    run = plangraf(PLANGRAF_PORT=str(port))
    assert run.returncode == 2
    assert f"http://127.0.0.1:{port}/catalog cannot be reached" in run.stderr
    assert "Start the service" in run.stderr
    for wrong in ("missing.ttl", "missing.txt", "ftp://plan.example.no/", "http://[::1/", "http://plan.example.no:x/"):
        run = plangraf(wrong)
        assert (run.returncode, run.stdout) == (2, "")
        assert wrong in run.stderr


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("catalogue.ttl", GOOD + "ex:a ex:b [[ .", f"line {GOOD.count(chr(10)) + 1} column"),
        ("catalogue.ttl", "<html></html>", "line 1"),
        ("catalogue.ttl", GOOD + "ex:a ex:b <<( ex:a ex:b ex:c )>> .", "a triple term"),
        ("catalogue.rdf", "<html></html>", "XML namespaces are required"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    verdict = check(str(tmp_path / name))
    assert [finding.rule for finding in verdict.findings if finding.severity == VIOLATION] == ["parse"] * 3
    assert all(told in finding.en for finding in verdict.findings if finding.rule == "parse")


def test_a_file_over_the_limits_is_refused_without_being_read(file_of: Callable[[str], str]) -> None:
    file = file_of(GOOD)
    verdict = check(file, replace(QUICK, limit=1000, page_limit=1000))
    assert (rules(verdict, DATA_NORGE), rules(verdict, CKAN)) == ({"size"}, {"size"})
    assert rules(verdict, DCAT_AP_NO) == {"unread"}
    verdict = check(file, replace(QUICK, page_limit=1000))
    assert (rules(verdict, DATA_NORGE), rules(verdict, CKAN)) == (set(), {"size"})


def test_a_remote_context_is_neither_fetched_nor_blamed_on_the_document(tmp_path: Path) -> None:
    (tmp_path / "a.jsonld").write_text('{"@context": "https://plan.example.no/context", "@id": "urn:a", "a": "b"}')
    with pytest.raises(SettingError, match="Check the same catalogue as Turtle"):
        check(str(tmp_path / "a.jsonld"))


def test_two_runs_report_blank_nodes_equally(file_of: Callable[[str], str]) -> None:
    file = file_of(
        GOOD + '[] a dcat:Dataset ; dct:title "A"@nb . [] a dcat:Dataset ; dct:title "B"@nb .\n_:unnamed1 a [] .'
    )
    first = as_json(check(file))
    assert first == as_json(check(file))
    assert '"_:unnamed2"' in first


def test_the_json_has_these_members_in_this_order(file_of: Callable[[str], str]) -> None:
    report = json.loads(as_json(check(file_of(GOOD))))
    assert list(report) == ["source", "accepted", "portals", "scores"]
    assert [list(portal) for portal in report["portals"]] == [["portal", "accepted", "items"]] * 3
    document, catalogue, *_ = report["portals"][0]["items"]
    assert list(document) == ["kind", "item", "accepted", "findings"]
    assert list(catalogue) == ["kind", "item", "accepted", "id", "findings"]
    assert [list(finding) for finding in document["findings"]] == [["rule", "severity", "nb", "en"]] * 2
    assert [list(score) for score in report["scores"]] == [["dataset", "given", "most", "lacking", "untried"]]


def test_a_rejected_document_rejects_each_item_with_a_reason(file_of: Callable[[str], str]) -> None:
    verdict = check(file_of(changed((None, "ex:dataset <https://plan.example.no/1> 1 .", "", "", ""))))
    text = as_text(verdict)
    assert f"datasett · dataset <{ID}dataset>  avvist · rejected\n    nb  Fordi dokumentet er avvist." in text
    assert json.loads(as_json(verdict))["portals"][0]["accepted"] is False
