"""Makes a picture of what Vega drew: only elements that draw, our colours, links to documents, title and sentence.

Nothing of the data can become markup, because the drawing is parsed and written again as a tree, and an element or an
attribute that is not in the lists below is refused. https://www.w3.org/TR/SVG2/
"""

from __future__ import annotations

import math
import re
import textwrap
from collections import Counter
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from plangraf.views.document_parts import document_path
from plangraf.views.pictures.palette import FONT, PALETTE, Theme

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_ELEMENTS = frozenset({"svg", "g", "path", "line", "rect", "circle", "text", "tspan", "a", "defs", "clipPath"})
_ATTRIBUTES = frozenset(
    ["id", "d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r", "rx", "ry", "transform", "fill",
     "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap",
     "stroke-linejoin", "stroke-miterlimit", "opacity", "clip-path", "clip-rule", "font-size", "font-weight",
     "font-style", "text-anchor", "dx", "dy", "viewBox"]
)  # fmt: skip
# Of no meaning for what is drawn: roles and names are given anew, and the font is that of the whole picture.
_DROPPED = frozenset({"class", "role", "version", "pointer-events", "font-family", "display", "tabindex", "style"})
_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_TOKENS = {hex_: name for name, hex_ in PALETTE["light"].items()}
# What draws the same when it is absent; the corners of marks are not so acute that the limit of a mitre counts.
_IDLE = frozenset(
    {("transform", "translate(0,0)"), ("x2", "0"), ("y2", "0"), ("opacity", "1"), ("stroke-miterlimit", "10")}
)
_NONE = frozenset({"none", "transparent"})
_FRAME = "M0,0h0v0h0Z"
_SIDE = 4
_WIDTH = 400
_TITLE_PX, _SENTENCE_PX, _FOOT_PX = 15, 12, 11.9
_LINE = 1.3
# Mean width of a character, in parts of the size of the font.
_BOLD, _PLAIN = 0.56, 0.5


class DrawingError(Exception):
    """What a drawing has that a picture must not have; the message says it in English."""


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A drawing without head and foot: its elements, its size in px, and the number of its named marks."""

    body: ET.Element
    width: float
    height: float
    marks: int


def read_drawing(text: str, links: Collection[str]) -> DrawnPicture:
    """Reads what Vega wrote.

    Args:
        text: the SVG.
        links: the IRIs that marks may lead to.
    Raises:
        DrawingError: it has an element, an attribute, a colour or a link that a picture must not have.
    """
    root = ET.fromstring(text)  # noqa: S314  # our own process wrote it, without a document type
    left, top, width, height = (float(part) for part in root.attrib["viewBox"].split())
    body = ET.Element("g")
    if left or top:
        body.set("transform", f"translate({-left:g},{-top:g})")
    body.extend([kept for child in root if (kept := _cleaned(child, links)) is not None])
    _share_font_size(body)
    return DrawnPicture(body, width, height, sum(1 for _ in body.iter("title")))


def _cleaned(element: ET.Element, links: Collection[str]) -> ET.Element | None:
    """The element with what it draws; None when that is nothing."""
    name = element.tag.rpartition("}")[2]
    if name not in _ELEMENTS:
        raise DrawingError(f"it draws <{name}>, which a picture must not have")
    if element.get("display") == "none" or element.get("d") in ("", _FRAME):
        return None
    kept = ET.Element(name)
    label = None
    for key, value in element.attrib.items():
        plain = key.removeprefix(f"{{{_XLINK}}}").removeprefix(f"{{{_SVG}}}")
        if plain == "aria-label":
            label = value if element.get("role") == "graphics-symbol" else None
        elif plain == "href":
            kept.set("href", _address(value, links))
        elif plain.startswith("aria-") or plain in _DROPPED or (plain, value) in _IDLE:
            continue
        elif plain in _ATTRIBUTES and "{" not in plain:
            kept.set(plain, _colour(value) if plain in ("fill", "stroke") else _NUMBER.sub(_rounded, value))
        elif plain not in ("target", "rel", "xmlns"):
            raise DrawingError(f"<{name}> has the attribute {plain}, which a picture must not have")
    kept.text = element.text if name in ("text", "tspan") else None
    if label is not None and element.get("aria-roledescription") not in ("axis", "legend", "title", "header"):
        ET.SubElement(kept, "title").text = label
        if kept.text:  # the name stands before the text in the order of a tree
            kept.find("title").tail, kept.text = kept.text, None  # type: ignore[union-attr]  # just added
    for child in element:
        if (inner := _cleaned(child, links)) is None:
            continue
        if inner.tag == "g" and not inner.attrib:
            kept.extend(inner)
        else:
            kept.append(inner)
            inner.tail = child.tail if name == "text" else None
    drawn = len(kept) or kept.text or name not in ("g", "a", "text", "defs")
    if name == "path" and kept.get("fill", "none") == "none" and "stroke" not in kept.attrib and not len(kept):
        drawn = False  # the background of a group
    return kept if drawn else None


def _share_font_size(body: ET.Element) -> None:
    """Puts the size of most texts at the drawing, because a page loads many drawings."""
    sizes = Counter(size for one in body.iter("text") if (size := one.get("font-size")))
    for size, _ in sizes.most_common(1):
        body.set("font-size", size)
        for one in body.iter("text"):
            if one.get("font-size") == size:
                del one.attrib["font-size"]


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _colour(value: str) -> str:
    if value in _NONE:
        return "none"
    if (token := _TOKENS.get(value.lower())) is None:
        raise DrawingError(f"the colour {value} is not one of {', '.join('@' + name for name in PALETTE['light'])}")
    return f"@{token}"


def _address(iri: str, links: Collection[str]) -> str:
    """The address of the document of an IRI, from /pictures/."""
    if iri not in links:
        raise DrawingError(f"a mark leads to {iri}, which is no IRI of its rows")
    return ".." + document_path(iri)


def whole_file(picture: DrawnPicture, title: str, sentence: str, foot: str, theme: Theme) -> bytes:
    """A file that stands for itself: title, sentence, drawing and origin on paper, named for assistive technology."""
    width = max(_WIDTH, picture.width) + 2 * _SIDE
    root = ET.Element("svg", {"xmlns": _SVG, "role": "img", "aria-labelledby": "t d", "font-family": FONT})
    ET.SubElement(root, "title", {"id": "t"}).text = title
    ET.SubElement(root, "desc", {"id": "d"}).text = sentence
    paper = ET.SubElement(root, "rect", {"width": f"{width:g}", "fill": "@paper"})
    y = float(_SIDE)
    y = _paragraph(root, title, y, _TITLE_PX, _BOLD, width, {"fill": "@ink", "font-weight": "bold"})
    y = _paragraph(root, sentence, y + 3, _SENTENCE_PX, _PLAIN, width, {"fill": "@soft"}) + 10
    moved = ET.SubElement(root, "g", {"transform": f"translate({_SIDE},{y:g})"})
    moved.append(deepcopy(picture.body))
    y = _paragraph(root, foot, y + picture.height + 4, _FOOT_PX, _PLAIN, width, {"fill": "@soft"}) + _SIDE
    paper.set("height", f"{y:g}")
    root.attrib.update({"width": f"{width:g}", "height": f"{y:g}", "viewBox": f"0 0 {width:g} {y:g}"})
    for element in root.iter():
        for name in ("fill", "stroke"):
            if (value := element.get(name, "")).startswith("@"):
                element.set(name, PALETTE[theme][value[1:]])
    return bytes(ET.tostring(root, encoding="utf-8"))


def size_of(file: bytes) -> dict[str, int]:
    """Width and height of a whole file in px, rounded up; 0 for no file."""
    found = {
        name: re.search(rb"<svg [^>]*?\b" + name.encode() + rb'="([0-9.]+)"', file) for name in ("width", "height")
    }
    return {name: math.ceil(float(match[1])) if match else 0 for name, match in found.items()}


def fragment(picture: DrawnPicture) -> bytes:
    """The drawing for the inside of a page: colours as classes, hidden from assistive technology.

    It is hidden because the page has the sentence and the equal table beside it, with the same links.
    """
    width, height = f"{max(_WIDTH, picture.width):g}", f"{picture.height:g}"
    root = ET.Element(
        "svg",
        {"viewBox": f"0 0 {width} {height}", "width": width, "height": height, "aria-hidden": "true",
         "focusable": "false", "font-family": FONT},
    )  # fmt: skip
    root.append(deepcopy(picture.body))
    for element in root.iter():
        if element.tag == "a":
            element.set("tabindex", "-1")
        classes = []
        for name in ("fill", "stroke"):
            if (value := element.get(name, "")).startswith("@"):
                classes.append(f"{name}-{value[1:]}")
                del element.attrib[name]
        if classes:
            element.set("class", " ".join(classes))
    return bytes(ET.tostring(root, encoding="utf-8"))


def _paragraph(
    root: ET.Element, text: str, top: float, size: float, mean: float, width: float, attributes: dict[str, str]
) -> float:
    """Adds lines of text below `top`; returns where they end."""
    for line in textwrap.wrap(text, int((width - 2 * _SIDE) / (size * mean))):
        top += size * _LINE
        place = {"x": f"{_SIDE}", "y": f"{top - size * 0.25:.4g}", "font-size": f"{size:g}px"}
        ET.SubElement(root, "text", {**place, **attributes}).text = line
    return top
