"""Each area of the site styles classes of its own, because all styles are one file on every page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import plangraf.pages

STYLES = Path(plangraf.pages.__file__).parent / "styles"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FIRST = re.compile(r"[a-z0-9]*((?:\.[a-z-]+)+)")


def first_classes(text: str) -> Iterator[str]:
    """The classes of the first element of each selector, such as `.notice.error` of `p.notice.error > a`."""
    for selectors in re.findall(r"([^{};]+)\{", _COMMENT.sub("", text)):
        for selector in selectors.split(","):
            if found := _FIRST.match(selector.strip()):
                yield found[1]


def shared_classes(sheets: dict[str, str]) -> dict[str, list[str]]:
    """Classes that several sheets style on their own, with the names of the sheets."""
    areas: dict[str, set[str]] = defaultdict(set)
    for name, text in sheets.items():
        for classes in first_classes(text):
            areas[classes].add(name)
    return {classes: sorted(names) for classes, names in areas.items() if len(names) > 1}


def test_no_class_is_styled_by_two_areas() -> None:
    sheets = {path.name: path.read_text() for path in STYLES.glob("*.css") if path.name != "base.css"}
    assert len(sheets) > 5
    assert shared_classes(sheets) == {}


def test_a_class_of_two_areas_is_found_and_one_within_an_area_is_not() -> None:
    sheets = {
        "home.css": ".questions li { margin: 0 } @media print { .facts { color: red } }",
        "lists.css": "ul.questions, .list .facts { padding: 0 } /* .facts { } */",
    }
    assert shared_classes(sheets) == {".questions": ["home.css", "lists.css"]}


def undeclared(text: str) -> set[str]:
    """Custom properties that are used and nowhere declared."""
    return set(re.findall(r"var\((--[\w-]+)\)", text)) - set(re.findall(r"(--[\w-]+):", text))


def test_every_custom_property_that_is_used_is_declared() -> None:
    editor = STYLES.parent / "editor" / "src"
    files = [path for folder in (STYLES, editor) for path in folder.rglob("*.*s")]
    assert undeclared("".join(path.read_text() for path in files)) == set()
    assert undeclared(":root { --ds-size-1: 1px } p { margin: var(--ds-size-1) var(--space-2) }") == {"--space-2"}
