"""Pictures of every kind of page, 390 and 1440 px wide, in Bokmål and English, light and dark: their names and sheet.

`test_page_pictures.py` takes them; `.ci/run` keeps them in `screenshots/`. Run with a folder, this module writes the
sheet that shows them side by side, and fails with the names of those that are missing.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from itertools import product
from pathlib import Path

from kinds_of_pages import PAGES, THINGS, Kind, Shown
from visits import NARROW, WIDE, Visit

WIDTHS, LANGUAGES, SCHEMES = (WIDE, NARROW), ("nb", "en"), ("light", "dark")
KINDS = (*PAGES, *THINGS)
SHEET = "index.html"
# Pixels; more of a long list or of the ontology shows nothing new.
TALLEST = 4_000
_JPEG = {"format": "jpeg", "quality": 70, "optimizeForSpeed": True, "captureBeyondViewport": True}
# A picture of nothing but paper has fewer bytes.
_LEAST_BYTES = 2_000
# Also those below the first screen.
_ALL_IMAGES = """() => {
  for (const image of document.images) image.loading = 'eager';
  return Promise.all([...document.images].map(image => image.decode().catch(() => null))).then(() => null);
}"""
_STYLE = """body { font: 1rem system-ui; margin: 1rem; } section > div { display: flex; gap: 1rem; overflow-x: auto; }
figure { margin: 0; } img { height: 30rem; width: auto; border: 1px solid #999; }"""


def file_name(kind: Kind, width: int, language: str, scheme: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', kind.name.lower())}-{width}-{language}-{scheme}.jpg"


def take(tab: Visit, page: Shown, folder: Path) -> None:
    """Writes the pictures of a page; each language is loaded once, because width and scheme change in place."""
    # Playwright's own screenshot takes longer, because it also resizes the page.
    session = tab.page.context.new_cdp_session(tab.page)
    for language in LANGUAGES:
        tab.page.set_viewport_size({"width": WIDE, "height": 900})
        tab.open(page.in_language(language), status=page.kind.status)
        tab.page.evaluate(_ALL_IMAGES)
        for width in WIDTHS:
            tab.page.set_viewport_size({"width": width, "height": 900})
            tall = min(TALLEST, tab.page.evaluate("document.documentElement.scrollHeight"))
            clip = {"x": 0, "y": 0, "width": width, "height": tall, "scale": 1}
            for scheme in SCHEMES:
                tab.page.emulate_media(color_scheme=scheme)
                taken = session.send("Page.captureScreenshot", {**_JPEG, "clip": clip})
                (folder / file_name(page.kind, width, language, scheme)).write_bytes(base64.b64decode(taken["data"]))


def missing(folder: Path, kinds: tuple[Kind, ...] = KINDS) -> list[str]:
    """The pictures that a folder does not have, or has empty."""
    names = [file_name(kind, *variant) for kind in kinds for variant in product(WIDTHS, LANGUAGES, SCHEMES)]
    return [name for name in names if not (folder / name).is_file() or (folder / name).stat().st_size < _LEAST_BYTES]


def contact_sheet(kinds: tuple[Kind, ...] = KINDS) -> str:
    """A page that shows all pictures, one section for each kind of page."""
    parts = [f'<!DOCTYPE html><meta charset="utf-8"><title>Kinds of pages</title><style>{_STYLE}</style>']
    for kind in kinds:
        parts.append(f"<section><h2>{html.escape(kind.name)}</h2><p>{html.escape(kind.path)}</p><div>")
        for width, language, scheme in product(WIDTHS, LANGUAGES, SCHEMES):
            name = file_name(kind, width, language, scheme)
            parts.append(f'<figure><a href="{name}"><img loading="lazy" src="{name}" alt=""></a>')
            parts.append(f"<figcaption>{width} px, {language}, {scheme}</figcaption></figure>")
        parts.append("</div></section>")
    return "\n".join(parts)


def main() -> None:
    folder = Path(sys.argv[1])
    if left := missing(folder):
        raise SystemExit(f"{len(left)} pictures are missing in {folder}: {', '.join(left)}")
    (folder / SHEET).write_text(contact_sheet(), "utf-8")


if __name__ == "__main__":
    main()
