"""The colours of pictures, by name, in a light and a dark theme.

They are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), darker or lighter, so that marks have a contrast of
3 and text one of 4.5 with the paper (WCAG 2.2, 1.4.11 and 1.4.3). Each colour of a theme is unique, because a drawn
colour is recognised by its value. `pages/styles/pictures.css` has the same values for pictures in a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

PALETTE: Mapping[Theme, Mapping[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "tint": "#eaf0ec",
        "line": "#c9d3cd",
        "soft": "#4c5a53",
        "ink": "#1b2420",
        "blue": "#0072b2",
        "orange": "#c44e00",
        "green": "#007a5a",
        "purple": "#a3437a",
    },
    "dark": {
        "paper": "#131a16",
        "tint": "#212c26",
        "line": "#3c4a43",
        "soft": "#b3c0b9",
        "ink": "#e7eeea",
        "blue": "#56b4e9",
        "orange": "#f0913f",
        "green": "#3ec79a",
        "purple": "#e59cc7",
    },
}
TEXT_COLOURS = ("ink", "soft")
MARK_COLOURS = ("ink", "soft", "blue", "orange", "green", "purple")
FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
"""Faces with the same widths, so that text keeps its place with the faces of any system."""


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours written `#rrggbb`, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
