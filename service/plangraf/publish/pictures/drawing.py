"""Draws the rows of a picture with Vega-Lite or Vega, through vl-convert: https://github.com/vega/vl-convert

Only this module imports vl-convert, and only when it draws, because nothing that serves needs it.
"""

from __future__ import annotations

import json
import os
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from plangraf.diagnostics.diagnostic import DataError
from plangraf.publish.pictures.rows import Row, drawn
from plangraf.publish.pictures.svg import DrawingError, DrawnPicture, read_drawing
from plangraf.sparql.named.head import problem
from plangraf.sparql.named.picture_files import ROWS, Picture
from plangraf.views.pictures.palette import FONT, PALETTE

PNG_SCALE = 2
_FONTS = "FONTCONFIG_FILE"
_PNG = b"\x89PNG\r\n\x1a\n"
_ZLIB_LEVEL = 3
_LOCALES: Mapping[str, dict[str, Any]] = {
    # A no-break space, a comma, and a minus sign, as Norwegian writes numbers.
    "nb": {"decimal": ",", "thousands": "\xa0", "grouping": [3], "currency": ["", " kr"], "minus": "−"},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["NOK ", ""], "minus": "−"},
}
_COLOURS = PALETTE["light"]
_TEXT_PX = 11.9
"""On a screen of 390 px, which a picture of up to 420 px fills, it is still 11 px."""
_TRACE = re.compile(r"\s+at .*", re.DOTALL)
_WORDS_OF_VEGA = re.compile(r"^Vega(-Lite)? to SVG conversion failed:\s*", re.IGNORECASE)
_AXIS = {
    "labelColor": "@ink",
    "titleColor": "@soft",
    "domainColor": "@line",
    "tickColor": "@line",
    "gridColor": "@line",
    "labelFontSize": _TEXT_PX,
    "titleFontSize": _TEXT_PX,
    "titleFontWeight": "normal",
    "labelFont": FONT,
    "titleFont": FONT,
    # Vega measures a limited label many times; a declaration wraps or cuts texts by characters instead.
    "labelLimit": 0,
}
_LITE: Mapping[str, Any] = {
    "font": FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": _AXIS,
    "header": {**_AXIS, "labelFontWeight": "bold", "labelAnchor": "start", "title": None},
    "legend": {
        "labelColor": "@ink",
        "titleColor": "@soft",
        "labelFontSize": _TEXT_PX,
        "labelFont": FONT,
        "titleFont": FONT,
        "orient": "top",
        "title": None,
        "direction": "horizontal",
        "labelLimit": 0,
        "symbolSize": 70,
    },
    "title": {"color": "@ink", "fontSize": _TEXT_PX, "anchor": "start", "font": FONT},
    "mark": {"color": "@blue"},
    "text": {"color": "@ink", "fontSize": _TEXT_PX, "font": FONT, "lineBreak": "\n"},
    "point": {"opacity": 1},
    "rule": {"color": "@line"},
    "numberFormat": ",.3~f",
}
_VEGA: Mapping[str, Any] = {
    "background": None,
    "axis": _AXIS,
    "text": {"fill": "@ink", "fontSize": _TEXT_PX, "font": FONT, "lineBreak": "\n"},
    "title": {"color": "@ink", "fontSize": _TEXT_PX, "anchor": "start", "font": FONT},
}


@cache
def _load_vl_convert() -> ModuleType:
    """vl-convert with the faces that it carries, Liberation Sans.

    Without those of the system a picture has the same bytes on every machine, and is drawn in a fifth of the time,
    because vl-convert maps the file of a system's face anew for each letter.
    """
    import vl_convert

    before = os.environ.get(_FONTS)
    os.environ[_FONTS] = str(Path(__file__).parent / "fonts.conf")
    try:
        vl_convert.svg_to_png('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><text>a</text></svg>')
    finally:
        if before is None:
            del os.environ[_FONTS]
        else:
            os.environ[_FONTS] = before
    return vl_convert


def draw(picture: Picture, rows: Sequence[Row], language: str) -> DrawnPicture:
    """Draws the rows in one language, one named mark for each.

    Raises:
        DataError: the specification cannot be drawn, or its named marks are not as many as the rows.
    """
    vl_convert = _load_vl_convert()
    spec = _filled(picture, drawn(rows, picture, language), language)
    try:
        if picture.language == "vega-lite":
            text = vl_convert.vegalite_to_svg(spec, config=None, format_locale=_LOCALES[language], allowed_base_urls=[])
        else:
            text = vl_convert.vega_to_svg(spec, format_locale=_LOCALES[language], allowed_base_urls=[])
    except ValueError as error:
        raise _refusal(picture, _WORDS_OF_VEGA.sub("", _TRACE.sub("", str(error))).strip()) from error
    iris = [name for name, type_ in picture.query.head.columns.items() if type_ == "iri"]
    try:
        found = read_drawing(text, {str(row[name]) for row in rows for name in iris if name in row})
    except DrawingError as error:
        raise _refusal(picture, str(error)) from error
    if found.marks != len(rows):
        raise _refusal(
            picture,
            f"it has {found.marks} named marks for {len(rows)} rows. Give one mark of each row "
            '`"aria": true` and the description `mark`, and every other mark `"aria": false`',
        )
    return found


def png(svg: bytes) -> bytes:
    """The picture as PNG, with two dots for each px."""
    vl_convert = _load_vl_convert()
    return packed(bytes(vl_convert.svg_to_png(svg.decode(), scale=PNG_SCALE)))


def packed(image: bytes) -> bytes:
    """A PNG with the same pixels in a quarter of the bytes, because resvg compresses little.

    https://www.w3.org/TR/png-3/#5Chunk-layout
    """
    found, at, pixels = [], len(_PNG), b""
    while at < len(image):
        (size,) = struct.unpack(">I", image[at : at + 4])
        kind, body = image[at + 4 : at + 8], image[at + 8 : at + 8 + size]
        if kind == b"IDAT":
            pixels += body
        elif kind == b"IEND":
            found += [(b"IDAT", zlib.compress(zlib.decompress(pixels), _ZLIB_LEVEL)), (kind, body)]
        else:
            found.append((kind, body))
        at += 12 + size
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in found
    )


def _refusal(picture: Picture, reason: str) -> DataError:
    return problem(picture.file, 1, f"The drawing cannot be used: {reason}.", f"Tegningen kan ikke brukes: {reason}.")


def _filled(picture: Picture, values: list[dict[str, object]], language: str) -> dict[str, Any]:
    """The specification with its rows, its words in one language, and its colours.

    Raises:
        DataError: it names a colour that the palette lacks.
    """
    config = _LITE if picture.language == "vega-lite" else _VEGA
    spec: dict[str, Any] = _resolved(
        picture, {**picture.spec, "config": _joined(config, picture.spec.get("config"))}, language
    )
    if picture.language == "vega-lite":
        spec.setdefault("data", {"name": ROWS})
        spec["datasets"] = {ROWS: values}
        return spec
    sets = spec.get("data")
    own = [one for one in sets if isinstance(one, dict) and one.get("name") == ROWS] if isinstance(sets, list) else []
    if not own:
        raise _refusal(picture, f"it has no data set with the name {ROWS}")
    own[0]["values"] = values
    return spec


def _joined(base: Mapping[str, Any], own: object) -> dict[str, Any]:
    """The settings of all pictures with those of one."""
    if not isinstance(own, dict):
        return dict(base)
    return {**base, **{key: _joined(base[key], value) if isinstance(base.get(key), dict) else value
                       for key, value in own.items()}}  # fmt: skip


def _resolved(picture: Picture, value: Any, language: str) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"nb", "en"}:
            return value[language]
        return {key: _resolved(picture, inner, language) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(picture, inner, language) for inner in value]
    if isinstance(value, str) and value.startswith("@"):
        if value[1:] not in _COLOURS:
            raise _refusal(picture, f"{value} is not a colour; use one of {', '.join('@' + name for name in _COLOURS)}")
        return _COLOURS[value[1:]]
    return value


def identity(picture: Picture, rows: Sequence[Row], language: str) -> str:
    """A text that is the same for drawings with the same bytes."""
    return json.dumps([picture.texts, language, [dict(row) for row in rows]], ensure_ascii=False, sort_keys=True)
