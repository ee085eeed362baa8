"""Writes pictures of every kind of page, a sheet that shows them side by side, and a table of weights and violations.

`make screenshots` runs it; `--table` writes only the table. Each page is shown 390 and 1440 px wide, in Bokmål and
English, light and dark.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from kinds_of_pages import Shown, find_pages  # noqa: E402
from page_pictures import SHEET, contact_sheet, take  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402
from served_site import running_site, write_site  # noqa: E402
from visits import CHROMIUM, chromium, visiting  # noqa: E402


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
    for old in given.into.glob("*-*-*-*.jpg"):
        old.unlink()
    with site as (url, found), chromium() as browser:
        pages = [page for page in found if given.only in page.kind.name]
        table = table_of(list(measure(browser, url, pages)))
        (given.into / "table.md").write_text(table)
        print(table, end="")
        if given.table:
            return
        for page in pages:
            with visiting(browser, url, reduced_motion="reduce") as tab:
                take(tab, page, given.into)
            for fault in tab.faults:
                print(f"{page.kind.name}: {fault}", file=sys.stderr)
        (given.into / SHEET).write_text(contact_sheet(tuple(page.kind for page in pages)), "utf-8")
        print(given.into / SHEET)


if __name__ == "__main__":
    main()
