"""Templates hold no words of their own: each goes through gettext, so that a translator meets it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from small_home import ROOT

TEMPLATES = sorted((ROOT / "service" / "plangraf" / "pages" / "templates").rglob("*.html"))
# Names, which no language translates.
NAMES = {"API", "CSV", "JSON", "PNG", "SHA", "SPARQL", "SVG", "UTC", "plangraf"}
# Attributes that a reader meets as text.
_READ = re.compile(r"\b(?:alt|aria-label|aria-description|placeholder|title|summary|label|content)=\"([^\"]*)\"")
_NOT_TEXT = re.compile(r"<(script|style|code)\b.*?</\1>|<!--.*?-->|<[^>]*>|&[#\w]+;", re.DOTALL)
# An address of the service or the name of a file.
_ADDRESS = re.compile(r"(?<!\w)/[\w./-]+|\b\w+\.(?:json|html|csv)\b")
_WORD = re.compile(r"[^\W\d_]{2,}")


def own_words(source: str) -> set[str]:
    """The words that a template itself puts on a page: in its text and in attributes that are read."""
    parts = []
    for _, kind, value in Environment(trim_blocks=True, autoescape=True).lex(source):
        # A value stands for what an expression writes, so that a tag with expressions inside stays one tag.
        parts.append(value if kind == "data" else "0" if kind == "variable_begin" else "")
    text = "".join(parts)
    read = [value for tag in re.findall(r"<(?!meta\b)[^>]*>", text) for value in _READ.findall(tag)]
    return set(_WORD.findall(_ADDRESS.sub(" ", " ".join([_NOT_TEXT.sub(" ", text), *read]))))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_outside_gettext(path: Path) -> None:
    assert own_words(path.read_text(encoding="utf-8")) <= NAMES


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<p>{{ _("Well") }} {{ name }}</p>', set()),
        ("<p>{{ name }} forgotten</p>", {"forgotten"}),
        ('<a href="{{ href }}" title="Forgotten">1</a>', {"Forgotten"}),
        ('<button aria-label="{{ _("Stop") }}">×</button>', set()),
        ('<a class="brand" {% if here %}aria-current="page"{% endif %}>&nbsp;·</a>', set()),
        ('<script type="application/ld+json">{"name": "x"}</script>', set()),
        ('<a href="/sparql">/sparql</a>, <code>SELECT</code>, openapi.json', set()),
        ("{# a comment #}{% set word = 'quiet' %}", set()),
    ],
)
def test_words_of_a_template_are_found(source: str, found: set[str]) -> None:
    assert own_words(source) == found
