"""The pages in a real browser, where Chromium is present (`make test` says when it is not)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1100,1400",
]
PAGES = {
    "/": "plangraf",
    "/doc/5001/plan/2020-2023-7.html": "Kommunedelplan areal for Sluppen",
    "/doc/5001/perspective/2020-7.html?lang=en": "Green mobility",
    "/ontology": "Perspective",
    "/docs": "plans-by-target",
}
# A document is in the test of the screenshot.
IN_EACH_RUN = ("/", "/docs")


def browse(address: str, profile: Path, *flags: str) -> str:
    assert CHROMIUM
    run = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=5000", *flags, address],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; named at the end of the run")
@pytest.mark.parametrize(
    ("path", "text"),
    [pytest.param(*page, marks=[] if page[0] in IN_EACH_RUN else pytest.mark.slow) for page in PAGES.items()],
)
def test_a_page_shows_its_text_in_a_browser(url: str, tmp_path: Path, path: str, text: str) -> None:
    assert text in browse(url + path, tmp_path / "profile", "--dump-dom")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; named at the end of the run")
def test_a_screenshot_of_a_page_can_be_taken(url: str, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    address = url + "/doc/5001/plan/2020-2023-7.html"
    browse(address, tmp_path / "profile", f"--screenshot={picture}")
    assert picture.stat().st_size > 20_000
