"""The page of a thing: what it says, in which order, with evidence at each statement, and within its bounds."""

from __future__ import annotations

import asyncio
import gzip
import html
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyld import jsonld
from pyoxigraph import NamedNode
from test_document_formats import CONTEXT, InProcess, sample, things

from plangraf.pages.html import Pages
from plangraf.pages.things.embedded import MOST_BYTES, embedded_json_ld
from plangraf.pages.things.kind_files import Kinds, load_kinds
from plangraf.pages.things.rows import fetch_sections
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.namespaces import ID, PREFIXES, SDG
from plangraf.sparql.named.collection_files import load_collections
from plangraf.store.versions import VersionStore
from plangraf.views.declarations import load_frames, load_labels, load_site
from plangraf.views.describe import describe
from small_home import ROOT

MOST_COMPRESSED = 60_000
FRAMES = load_frames(ROOT)
KINDS = load_kinds(ROOT / "queries")
LISTS = load_collections(ROOT / "queries")
PAGES = Pages("", labels=load_labels(ROOT), own_words=load_site(ROOT).words, kinds=KINDS)
LINKED = Context(CONTEXT, "http://127.0.0.1:8000/context/v1.jsonld")


def page(url: str, path: str, language: str) -> str:
    response = httpx.get(f"{url}{path}", params={"lang": language}, headers={"Accept": "text/html"})
    assert response.status_code == 200, path
    return response.text


def section(text: str, name: str) -> str:
    """The HTML of one section of a page."""
    start = text.index(f'<h2 id="{name}"')
    return text[start : text.index("</section>", start)]


def words_of(part: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part))).strip()


def read_text(text: str) -> str:
    """What a reader sees of a page before the part on using it, without numbers of evidence."""
    body = text[text.index("<main") : text.index('<section class="about"')]
    return words_of(re.sub(r'<a class="mark".*?</a>', "", body))


def test_a_plan_is_told_in_the_order_that_a_reader_wants(url: str) -> None:
    text = page(url, "/doc/5001/plan/2020-2023-7", "nb")
    assert words_of(
        text[text.index('<p class="lead">') : text.index("</p>", text.index('<p class="lead">'))]
    ).startswith(
        "Plan 7 i Trondheims planstrategi 2020–2023 , en kommunedelplan for areal som starter i 2020. "
        "Kommunaldirektør Byutvikling har ansvaret."
    )
    found = [name for name in ("perspectives", "targets", "reading", "evidence") if f'id="{name}"' in text]
    places = [text.index(f'id="{name}"') for name in found]
    assert found == ["perspectives", "targets", "reading", "evidence"]
    assert places == sorted(places)
    perspectives = re.findall(r'<b class="number">(\d+)</b>', section(text, "perspectives"))
    assert perspectives == ["11", "6", "7", "8", "10"]
    first = section(text, "perspectives").split("<li")[1]
    assert "viktigst" in first
    assert section(text, "perspectives").count("viktigst") == 1
    target = section(text, "targets").split('href="/targets/11.6"')[1].split("</li>")[0]
    assert "gjennom perspektiv 6 , 7 , 10 , 11" in words_of(f"<a{target}").replace(" ,", " ,")
    assert "vår tolkning" in section(text, "reading")
    assert "Kommunedelplan for Sluppen" in section(text, "reading")
    assert "Oppgitt som revisjon nei" in read_text(text)


def test_each_mark_leads_to_an_entry_of_the_one_list_and_marks_begin_at_one(url: str) -> None:
    for path in ("/doc/5001/plan/2020-2023-7", "/doc/5001/policy-area/2023-3", "/targets/11.6"):
        text = page(url, path, "en")
        marks = [int(number) for number in re.findall(r'<a class="mark" href="#e(\d+)"', text)]
        entries = [int(number) for number in re.findall(r'<li id="e(\d+)"', text)]
        assert marks, path
        assert set(marks) <= set(entries), path
        assert entries == list(range(1, len(entries) + 1)), path
        # Numbers are given in the order of the page.
        assert list(dict.fromkeys(marks)) == sorted(set(marks)), path


def test_a_case_is_a_timeline_of_its_decisions(url: str) -> None:
    text = section(page(url, "/doc/5001/political-body/formannskapet", "nb"), "decisions")
    assert re.findall(r'<span class="when">([^<]*)</span>', text)[:3] == [
        "11. august 2020",
        "27. oktober 2020",
        "2. februar 2021",
    ]


def test_an_event_names_its_document_once(url: str) -> None:
    text = page(url, "/doc/5001/case/bystyret-3-13", "nb")
    assert words_of(section(text, "decisions")).count("Kommunedelplan for kulturarenaer 2012-2024") == 1
    named = words_of(section(page(url, "/doc/5001/case/formannskapet-176-20", "nb"), "decisions"))
    assert "gjelder Planprogram for arbeidet med kommuneplanens samfunnsdel 2020-2023" in named


def test_a_municipality_has_ways_in_with_the_numbers_of_its_lists(url: str) -> None:
    text = section(page(url, "/doc/5001/municipality/5001", "nb"), "ways")
    ways = re.findall(r'<a href="([^"]+)">.*?<b class="number">([^<]+)</b>', text, re.DOTALL)
    assert ("/plans?municipality=5001", "26") in ways
    assert ("/commitments?municipality=5001", "285") in ways
    for href, number in ways:
        answer = httpx.get(f"{url}{href}", headers={"Accept": "text/csv"})
        assert answer.status_code == 200, href
        assert len(answer.text.splitlines()) - 1 == min(int(number), 100), href


def test_a_source_document_shows_what_was_read_from_each_section(url: str) -> None:
    text = words_of(section(page(url, "/doc/5001/source-document/byraadsplattform-2023", "nb"), "structure"))
    assert "Barnehage 844 889 Aktørgruppe (1)" in text
    assert "Løfte (9)" in text


@pytest.mark.parametrize("language", ["nb", "en"])
def test_no_key_curie_or_iri_stands_in_running_text(url: str, language: str) -> None:
    prefixes = "|".join(PREFIXES)
    for path in (
        "/doc/5001/plan/2020-2023-7",
        "/doc/5001/perspective/2020-7",
        "/doc/5001/interpreted-link/plan-2020-2023-12--governing-document-energi-og-klimaplanen",
        "/doc/5001/passage/planstrategi-2020-2023-l1295-1312",
        "/doc/5001/evidence/planstrategi-2020-2023-plan-2020-2023-1-printed",
        "/doc/5001/dataset/tolkninger",
        "/doc/5001/figure/2020-1.2",
        "/goals/11",
    ):
        text = read_text(page(url, path, language))
        assert not re.search(rf"\b({prefixes}):[A-Za-z]", text), (path, text)
        assert "http" not in text, path
        assert not re.search(r"[a-z]+-[a-z]+/|\btrue\b|\bfalse\b|20\d\d-\d\d-\d\d|\d{4}/[a-z]", text), (path, text)


@pytest.fixture(scope="module")
def engine(built: Path) -> InProcess:
    return InProcess(VersionStore(built).current())


async def assert_within_bounds(engine: InProcess, iri: str, kinds: Kinds) -> None:
    description = await describe(engine.snapshot, iri, FRAMES, page=kinds)
    assert description is not None
    kind = kinds.of(description.types)
    rows = await fetch_sections(engine.snapshot, LISTS, kind, description.thing, "nb") if kind else None
    embedded = embedded_json_ld(LINKED, description)
    assert len(json.dumps(embedded, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST_BYTES, iri
    assert embedded["id"] == iri
    body = PAGES.document(description, "nb", canonical="http://127.0.0.1/", alternates=[], json_ld=embedded, rows=rows)
    assert len(gzip.compress(body, 6)) <= MOST_COMPRESSED, iri
    text = body.decode()
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids)), iri
    assert "<h1></h1>" not in text, iri


async def assert_all_within_bounds(engine: InProcess, iris: list[str]) -> None:
    for iri in iris:
        await assert_within_bounds(engine, iri, KINDS)


def test_the_largest_page_of_each_class_is_within_its_bounds(engine: InProcess) -> None:
    largest = [*sample(engine), ID + "5001/municipality/5001", SDG + "11", SDG + "11.6"]
    assert len(largest) > 40
    asyncio.run(assert_all_within_bounds(engine, largest))


@pytest.mark.slow
def test_every_page_is_within_its_bounds(engine: InProcess) -> None:
    """The short form takes the thing of each class with the most statements."""
    asyncio.run(assert_all_within_bounds(engine, things(engine)))


def test_what_does_not_fit_leaves_the_embedded_json_ld_true(engine: InProcess) -> None:
    def load(_address: str, _options: Any) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": LINKED.address, "document": CONTEXT}

    whole = asyncio.run(describe(engine.snapshot, ID + "5001/municipality/5001", FRAMES))
    assert whole is not None
    assert len(json.dumps([str(triple) for triple in whole.graph])) > 10 * MOST_BYTES
    embedded = embedded_json_ld(LINKED, whole)
    quads = jsonld.to_rdf(embedded, {"format": "application/n-quads", "documentLoader": load})
    stated = {line for line in quads.splitlines() if line}
    known = {f"{s} {p} {o} ." for s, p, o in whole.graph}
    assert {line.replace("^^<http://www.w3.org/2001/XMLSchema#string>", "") for line in stated} <= known
    own = {f"{s} {p} {o} ." for s, p, o in whole.own}
    assert own <= stated
    assert len(stated) > len(own)


def test_every_property_and_class_of_the_data_has_a_name(engine: InProcess) -> None:
    labels = load_labels(ROOT)
    named = {NamedNode(PREFIXES[prefix] + name) for prefix, name in (("rdfs", "label"), ("skos", "prefLabel"))}
    known = {quad.subject for quad in engine._union if quad.predicate in named} | {NamedNode(iri) for iri in labels}
    ours = [quad for quad in engine._store if not quad.graph_name.value.endswith(("/ontology", "/shapes", "/queries"))]
    types = {quad.object for quad in ours if quad.predicate.value == PREFIXES["rdf"] + "type"}
    assert len(types) > 50
    assert not sorted(str(term) for term in {quad.predicate for quad in ours} | types if term not in known)
