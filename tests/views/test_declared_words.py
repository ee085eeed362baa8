"""Frames, labels and texts of the site are files: the service shows their content, and reports their errors."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyoxigraph import Literal, NamedNode

from plangraf.diagnostics.diagnostic import DataError
from plangraf.pages.html import Pages
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.views.declarations import NO_FRAME, load_frames, load_labels, load_site
from plangraf.views.describe import Description

ROOT = Path(__file__).resolve().parents[2]
FRAMES, LABELS, SITE = "ontology/frames.jsonld", "ontology/labels/properties.ttl", "queries/site.yaml"
TITLE = PREFIXES["dcterms"] + "title"
RIGHTS = PREFIXES["dcterms"] + "rights"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in (FRAMES, LABELS, SITE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def plan(name: str) -> NamedNode:
    return NamedNode(PLAN + name)


def test_a_page_labels_a_property_by_a_line_of_turtle(home: Path) -> None:
    thing = NamedNode("https://w3id.org/plangraf/id/5001/plan/x")
    said: Any = [(thing, NamedNode(RIGHTS), Literal("Alle"))]
    description = Description(thing, said, [], [], [], [])

    def page(language: str) -> str:
        pages = Pages("", "0" * 16, labels=load_labels(home), own_words=load_site(home).words)
        return pages.document(description, language, canonical="http://a/", alternates=[], json_ld={}).decode()

    assert "Rettigheter" not in page("nb")
    assert "dcterms:rights" in page("nb")
    with (home / LABELS).open("a", encoding="utf-8") as file:
        file.write('dcterms:rights rdfs:label "Rettigheter"@nb , "Rights"@en .\n')
    assert "Rettigheter" in page("nb")
    assert "Rights" in page("en")
    assert "dcterms:rights" not in page("en").replace(f'title="{RIGHTS}"', "")


def test_several_types_share_one_joined_frame(home: Path) -> None:
    frames = load_frames(home)
    perspective = frames.of([plan("Perspective")])
    assert plan("relatesToTarget") in perspective.forward
    assert plan("linkedPerspective") in perspective.reverse
    assert frames.of([plan("Perspective"), plan("Nothing")]) is perspective
    both = frames.of([plan("Perspective"), plan("Case")])
    assert set(both.reverse) == {*perspective.reverse, *frames.of([plan("Case")]).reverse}
    assert frames.of([plan("Case"), plan("Perspective")]) is both
    assert frames.of([plan("Nothing")]) is NO_FRAME
    assert plan("number") in frames.summary


@pytest.mark.slow
def test_the_declared_services_and_pages_answer(url: str) -> None:
    site = load_site(ROOT)
    paths = {*site.pages, *(service.endpoint for service in site.services.values())}
    paths |= {service.described_at for service in site.services.values()}
    assert len(paths) > 8
    for path in sorted(paths):
        assert httpx.get(url + path, headers={"Accept": "text/html, */*;q=0.1"}).status_code == 200, path


@pytest.mark.parametrize(
    ("name", "load", "old", "new", "line", "part"),
    [
        (FRAMES, load_frames, '"plan:revises"', '"revises"', 14, "'revises' is not a term"),
        (FRAMES, load_frames, '"plan:revises"', '"nowhere:revises"', 14, "nowhere:revises"),
        (FRAMES, load_frames, '"summary": [', '"summary": [,', 2, "not JSON"),
        (FRAMES, load_frames, '"summary"', '"sumary"', 1, "`summary` and `frames`"),
        (FRAMES, load_frames, '"@type": "plan:PlanningStrategy"', '"@type": "plan:Plan"', 11, "has a frame already"),
        (LABELS, load_labels, ' , "Type"@en', "", 15, "in en is missing"),
        (LABELS, load_labels, '"Type"@en', '"Type"@nb , "Slag"@nb', 15, "two labels in one language"),
        (LABELS, load_labels, "rdf:type rdfs:label", "rdf:type rdfs:comment", 15, "rdfs:label, and nothing else"),
        (LABELS, load_labels, '"Type"@en .', '"Type"@en', 17, "Not Turtle"),
        (SITE, load_site, "title: {nb: Kommunale planer som lenkede data, ", "title: {", 4, "title.nb"),
        (SITE, load_site, "    endpoint: /queries", "    endpoint: queries", 42, "services.queries.endpoint"),
        (SITE, load_site, "    standard: https://w3id.org/ldes/", "    standard: https://w3id.org/lds/", 1, "lds"),
        (SITE, load_site, "  foreseen:", "  foresen:", 1, "foreseen is missing"),
        (SITE, load_site, "  nq: {", "  nquads: {", 1, "the title of the download nq is missing"),
        (SITE, load_site, "i {place}.", "i {sted}.", 1, "placeholders {place} and {years} only"),
        (SITE, load_site, "Grafen som {format}", "Grafen som {class}", 1, "placeholders {format} only"),
    ],
)
def test_an_invalid_file_is_reported_with_file_and_line(
    home: Path, name: str, load: Callable[[Path], object], old: str, new: str, line: int, part: str
) -> None:
    load(home)
    text = (home / name).read_text(encoding="utf-8")
    assert old in text
    (home / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load(home)
    found = caught.value.problems[0]
    assert (found.place.file, found.place.line) == (name, line), found
    assert part in found.en
    assert found.nb != found.en


@pytest.mark.parametrize(("name", "load"), [(FRAMES, load_frames), (SITE, load_site)])
def test_a_missing_file_is_reported(home: Path, name: str, load: Callable[[Path], object]) -> None:
    (home / name).unlink()
    with pytest.raises(DataError, match=f"{name}:1: The file is missing"):
        load(home)
