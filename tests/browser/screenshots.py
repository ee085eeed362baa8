"""Writes pictures of every kind of page, a sheet that shows them side by side, and a table of weights and violations.

`make screenshots` runs it; `--table` writes only the table. Each page is shown 390 and 1440 px wide, in Bokmål and
English, light and dark.
"""

from __future__ import annotations

import argparse
import html
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from kinds_of_pages import Shown, find_pages  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402
from served_site import running_site, write_site  # noqa: E402
from visits import CHROMIUM, NARROW, WIDE, chromium, visiting  # noqa: E402

WIDTHS, LANGUAGES, SCHEMES = (NARROW, WIDE), ("nb", "en"), ("light", "dark")
# Pixels; more of a long list or of the ontology shows nothing new.
TALLEST = 6_000
# Also those below the first screen.
_ALL_IMAGES = """() => {
  for (const image of document.images) image.loading = 'eager';
  return Promise.all([...document.images].map(image => image.decode().catch(() => null))).then(() => null);
}"""
_STYLE = """body { font: 1rem system-ui; margin: 1rem; } section > div { display: flex; gap: 1rem; overflow-x: auto; }
figure { margin: 0; } img { height: 30rem; width: auto; border: 1px solid #999; }"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a page weighs, compressed: itself, with all that it loads, and the files that the first paint waits for.

    `light` and `dark` count the violations of WCAG 2.2 AA that axe-core finds.
    """

    name: str
    path: str
    page: int
    everything: int
    most: int | None
    files: int
    blocking: int
    light: int
    dark: int


def file_name(page: Shown, width: int, language: str, scheme: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', page.kind.name.lower())}-{width}-{language}-{scheme}.png"


def take(browser: Browser, url: str, pages: list[Shown], folder: Path) -> None:
    """Writes a picture of each page in each width, language and colour scheme."""
    for width in WIDTHS:
        with visiting(browser, url, width=width, reduced_motion="reduce") as tab:
            for page in pages:
                for language, scheme in product(LANGUAGES, SCHEMES):
                    tab.page.emulate_media(color_scheme=scheme)
                    tab.open(page.in_language(language), status=page.kind.status)
                    tab.page.evaluate(_ALL_IMAGES)
                    tall = min(TALLEST, tab.page.evaluate("document.documentElement.scrollHeight"))
                    area = {"x": 0, "y": 0, "width": width, "height": tall}
                    tab.page.screenshot(
                        path=folder / file_name(page, width, language, scheme), full_page=True, clip=area
                    )
            for fault in tab.faults:
                print(f"{width} px: {fault}", file=sys.stderr)


def measure(browser: Browser, url: str, pages: list[Shown]) -> Iterator[Measured]:
    """Measures each page in Bokmål, each loaded with an empty cache."""
    for page in pages:
        with visiting(browser, url, reduced_motion="reduce") as tab:
            tab.open(page.in_language("nb"), status=page.kind.status)
            files = tab.loaded()
            light = tab.violations()
            tab.page.emulate_media(color_scheme="dark")
            dark = tab.violations()
        for violation in (*light, *dark):
            print(f"{page.kind.name}: {violation}", file=sys.stderr)
        everything, blocking = sum(file.bytes for file in files), sum(file.blocking for file in files)
        weights = files[0].bytes, everything, page.kind.most_bytes, len(files), blocking
        yield Measured(page.kind.name, page.path, *weights, len(light), len(dark))


def table_of(measured: list[Measured]) -> str:
    """The measured pages as a Markdown table, in kB of 1000 bytes."""
    lines = ["| page | address | page kB | all kB | budget kB | files | before paint | axe light | axe dark |"]
    lines.append("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for one in measured:
        most = "" if one.most is None else str(one.most // 1000)
        sizes = f"{one.page / 1000:.1f} | {one.everything / 1000:.1f} | {most} | {one.files} | {one.blocking}"
        lines.append(f"| {one.name} | {one.path} | {sizes} | {one.light} | {one.dark} |")
    return "\n".join(lines) + "\n"


def contact_sheet(pages: list[Shown]) -> str:
    """A page that shows all pictures, one section for each kind of page."""
    parts = [f'<!DOCTYPE html><meta charset="utf-8"><title>Kinds of pages</title><style>{_STYLE}</style>']
    for page in pages:
        parts.append(f"<section><h2>{html.escape(page.kind.name)}</h2><p>{html.escape(page.path)}</p><div>")
        for width in WIDTHS:
            for language in LANGUAGES:
                for scheme in SCHEMES:
                    name = file_name(page, width, language, scheme)
                    parts.append(f'<figure><a href="{name}"><img loading="lazy" src="{name}" alt=""></a>')
                    parts.append(f"<figcaption>{width} px, {language}, {scheme}</figcaption></figure>")
        parts.append("</div></section>")
    return "\n".join(parts)


@contextmanager
def own_site() -> Iterator[tuple[str, list[Shown]]]:
    """Builds this checkout into a temporary folder and serves it with an earlier version."""
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "plangraf.cli", "build", "--versions", f"{folder}/built"]
        subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        ids = write_site(Path(folder) / "built", Path(folder) / "versions")
        with running_site(Path(folder) / "versions", ids) as site:
            yield site.url, list(site.pages.values())


@contextmanager
def other_site(url: str, current: str) -> Iterator[tuple[str, list[Shown]]]:
    yield url, find_pages(url, {"current": current})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running service, in place of this checkout")
    parser.add_argument("--current", default="latest", help="the id of its current version")
    parser.add_argument(
        "--into", type=Path, default=ROOT / "screenshots", help="folder; its older pictures are removed"
    )
    parser.add_argument("--only", default="", help="part of the names of the kinds of pages")
    parser.add_argument("--table", action="store_true", help="only the table of weights and violations")
    given = parser.parse_args()
    if CHROMIUM is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    site = other_site(given.url, given.current) if given.url else own_site()
    given.into.mkdir(parents=True, exist_ok=True)
    for old in given.into.glob("*-*-*-*.png"):
        old.unlink()
    with site as (url, found), chromium() as browser:
        pages = [page for page in found if given.only in page.kind.name]
        table = table_of(list(measure(browser, url, pages)))
        (given.into / "table.md").write_text(table)
        print(table, end="")
        if not given.table:
            take(browser, url, pages, given.into)
            (given.into / "index.html").write_text(contact_sheet(pages))
            print(given.into / "index.html")


if __name__ == "__main__":
    main()
