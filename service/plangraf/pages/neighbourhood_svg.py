"""Draws the neighbourhood of a thing: the thing above, what links to it at the left, what it links to at the right.

The line of an interpreted link is dashed. With script a reader can walk in the picture: `editor/src/walk/` then shows a
graph in its place. The drawing is as wide as a phone, so that its text is not made smaller there, and a name takes at
least 24 px (https://www.w3.org/TR/WCAG22/#target-size-minimum).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from plangraf.views.pictures.neighbourhood import Group, Neighbourhood
from plangraf.views.pictures.palette import FONT, PALETTE, Theme

_WIDTH = 388
_MIDDLE = _WIDTH / 2
_GAP = 10
_TEXT = 18
_LINE = 14
_PAD = 5
_FONT_PX = 11.5
_CHARACTERS = 28
_BOLD_CHARACTERS = 25
_MOST_LINES = 3
Address = Callable[[str], str]


def neighbourhood_svg(
    found: Neighbourhood, address: Address, more: Callable[[int], str], headings: tuple[str, str], theme: Theme | None
) -> bytes:
    """The picture as SVG.

    Args:
        found: the thing and its neighbours.
        address: the address that a neighbour leads to.
        more: the words for a number of neighbours that are left out.
        headings: the words over what links to the thing, and over what it links to.
        theme: of a file; None gives a drawing for the inside of a page, with colours as classes.
    """
    root = ET.Element("svg", {"font-family": FONT, "font-size": f"{_FONT_PX}px"})
    top = _box(root, found.label)
    bottoms = []
    for side, direction, heading in ((-1, "in", headings[0]), (1, "out", headings[1])):
        groups = [group for group in found.groups if group.direction == direction]
        bottoms.append(_column(root, groups, side, top, heading if groups else "", address, more))
    height = max(bottoms) + 8
    root.attrib.update({"viewBox": f"0 0 {_WIDTH} {height:g}", "width": f"{_WIDTH}", "height": f"{height:g}"})
    if theme is None:
        root.attrib.update({"aria-hidden": "true", "focusable": "false"})
    else:
        root.attrib.update({"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-label": found.label})
        root.insert(0, ET.Element("rect", {"width": f"{_WIDTH}", "height": f"{height:g}", "fill": "@paper"}))
    for element in root.iter():
        _colour(element, theme)
    return bytes(ET.tostring(root, encoding="utf-8"))


def _colour(element: ET.Element, theme: Theme | None) -> None:
    classes = []
    for name in ("fill", "stroke"):
        value = element.get(name, "")
        if value.startswith("@") and theme is not None:
            element.set(name, PALETTE[theme][value[1:]])
        elif value.startswith("@"):
            classes.append(f"{name}-{value[1:]}")
            del element.attrib[name]
    if classes:
        element.set("class", " ".join(classes))
    if theme is None and element.tag == "a":
        element.set("tabindex", "-1")


def _box(root: ET.Element, label: str) -> float:
    """The thing itself; returns where it ends."""
    lines = _wrapped(label, 48)
    height = 12 + 15 * len(lines)
    frame = {"x": "30", "y": "4", "width": f"{_WIDTH - 60}", "height": f"{height}", "rx": "6"}
    ET.SubElement(root, "rect", {**frame, "fill": "@tint", "stroke": "@green", "stroke-width": "2"})
    for number, line in enumerate(lines):
        place = {"x": f"{_MIDDLE:g}", "y": f"{22 + 15 * number}", "text-anchor": "middle", "font-weight": "bold"}
        ET.SubElement(root, "text", {**place, "fill": "@ink", "font-size": "12px"}).text = line
    return 4.0 + height


def _column(
    root: ET.Element,
    groups: Sequence[Group],
    side: int,
    top: float,
    heading: str,
    address: Address,
    more: Callable[[int], str],
) -> float:
    """The neighbours of one direction, below each other along a line from the thing; returns where they end."""
    spine, anchor = _MIDDLE + side * _GAP, "end" if side < 0 else "start"
    text_x = spine + side * _TEXT
    y, last = top + 24, top

    def say(parent: ET.Element, text: str, **style: str) -> None:
        place = {"x": f"{text_x:g}", "y": f"{y:g}", "text-anchor": anchor}
        ET.SubElement(parent, "text", {**place, **style}).text = text

    if heading:
        say(root, heading, fill="@soft", **{"font-style": "italic"})
    line = ET.SubElement(root, "path", {"fill": "none", "stroke": "@line", "stroke-width": "1.5"})
    for group in groups:
        for number, text in enumerate(_wrapped(group.label, _BOLD_CHARACTERS)):
            y += 22 if number == 0 else _LINE
            say(root, text, fill="@soft", **{"font-weight": "bold"})
        y += 2
        for neighbour in group.drawn:
            texts = _wrapped(neighbour.label, _CHARACTERS)
            last = y + _PAD + _LINE - 4
            _node(root, spine, side, last, dashed=group.interpreted)
            lang = {"lang": neighbour.lang} if neighbour.lang else {}
            link = ET.SubElement(root, "a", {"href": address(neighbour.iri), **lang})
            ET.SubElement(link, "title").text = f"{group.label}: {neighbour.label}"
            _target(link, text_x, side, y, len(texts))
            y += _PAD
            for text in texts:
                y += _LINE
                say(link, text, fill="@ink")
            y += _PAD
        if group.left_out:
            y += _LINE + 2
            say(root, more(group.left_out), fill="@soft")
    line.set("d", f"M{spine:g},{top:g}V{last:g}")
    if not groups:
        root.remove(line)
    return y


def _target(link: ET.Element, text_x: float, side: int, top: float, lines: int) -> None:
    """The area of a name that takes a click or a touch."""
    outer = _WIDTH - 1 if side > 0 else 1
    place = {"x": f"{min(text_x - 4 * side, outer):g}", "y": f"{top + 1:g}", "width": f"{abs(outer - text_x) + 4:g}"}
    size = {"height": f"{lines * _LINE + 2 * _PAD:g}", "rx": "3", "fill": "none", "pointer-events": "all"}
    ET.SubElement(link, "rect", {**place, **size})


def _node(root: ET.Element, spine: float, side: int, y: float, *, dashed: bool) -> None:
    """An edge from the line to a neighbour; its arrow points to what is linked to."""
    near, far = spine + side * 1, spine + side * 14
    line = {"d": f"M{near:g},{y:g}H{far:g}", "fill": "none", "stroke": "@line", "stroke-width": "1.5"}
    ET.SubElement(root, "path", {**line, **({"stroke-dasharray": "2 2"} if dashed else {})})
    tip, colour = (near, "@orange") if side < 0 else (far, "@blue")
    back = tip - 6
    arrow = {"d": f"M{tip:g},{y:g}L{back:g},{y - 3.5:g}V{y + 3.5:g}Z", "fill": colour}
    ET.SubElement(root, "path", arrow)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=_MOST_LINES, placeholder=" …") or [""]
