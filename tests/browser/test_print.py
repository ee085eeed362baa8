"""A printed page: a PDF of a plan has the passages of its evidence, and nothing that only a screen needs."""

from __future__ import annotations

import csv
import io
import re

import httpx
from pypdf import PdfReader
from served_site import Site
from visits import Visiting

PLAN = "https://w3id.org/plangraf/id/5001/plan/2020-2023-7"


def printed_text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_a_printed_plan_shows_the_lines_of_each_passage_that_supports_it(visit: Visiting, site: Site) -> None:
    rows = httpx.get(f"{site.url}/queries/evidence.csv", params={"about": PLAN}, timeout=60).text
    lines = {
        (row["firstLine"], row["lastLine"]) for row in csv.DictReader(io.StringIO(rows, newline="")) if row["firstLine"]
    }
    assert lines
    with visit() as tab:
        tab.open("/doc/5001/plan/2020-2023-7")
        text = printed_text(tab.page.pdf(format="A4"))
        assert "Kommunedelplan areal for Sluppen" in text
        for first, last in lines:
            assert re.search(rf"\b{first}\s*[–-]\s*{last}\b" if first != last else rf"\b{first}\b", text), (
                first,
                last,
                text,
            )
        assert not tab.faults


def test_print_leaves_out_the_ways_around_and_has_dark_text_on_white(visit: Visiting, site: Site) -> None:
    with visit(color_scheme="dark") as tab:
        tab.open(site.path("plan"))
        tab.page.emulate_media(media="print", color_scheme="dark")
        assert not tab.page.locator("header nav").first.is_visible()
        colours = "const style = getComputedStyle(document.body); [style.color, style.backgroundColor]"
        ink, paper = tab.page.evaluate(colours)
        assert lightness(ink) < 0.25
        assert paper == "rgba(0, 0, 0, 0)" or lightness(paper) > 0.95


def lightness(colour: str) -> float:
    """The mean of red, green and blue, from 0 to 1."""
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3 / 255
