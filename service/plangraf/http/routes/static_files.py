"""`/static/…`: the style, scripts and icons of pages, which load nothing from another host."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from starlette.requests import Request

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.pages.built_scripts import BUILT, editor_script, walk_script
from plangraf.rdf.formats import PLAIN_JSON

_PAGES = Path(__file__).resolve().parents[2] / "pages"
_STYLE = "style.css"
_AN_HOUR_S = 3_600
_COMMENT = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def resources() -> Iterator[Resource]:
    yield Static()


class Static(Resource):
    """A fixed table of files."""

    path = "/static/{name}"
    formats = (PLAIN_JSON,)
    negotiated = False

    def __init__(self) -> None:
        files = (*sorted((_PAGES / "static").iterdir()), *sorted(BUILT.glob("*-*")))
        self._files = {_STYLE: (_style(), _MEDIA_TYPES[".css"])} | {
            path.name: (path.read_bytes(), _MEDIA_TYPES[path.suffix]) for path in files
        }

    async def find(self, request: Request, place: Place) -> Place:
        file = self._files.get(place.names["name"])
        if file is None:
            raise ResourceNotFoundError(place.path, N_("See / for what is served."))
        return replace(place, thing=file)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        body, media_type = asked.place.thing
        built = (editor_script(), walk_script())

        return View(
            write=body,
            cache_control=FOR_EVER if asked.place.names["name"] in built else f"public, max-age={_AN_HOUR_S}",
            content_type=media_type,
            tag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        )


def _style() -> bytes:
    """One file of all styles, because each further file delays the first paint; `base.css` is the first.

    Comments, a tenth of its compressed bytes, are for who reads the source.
    """
    parts = sorted((_PAGES / "styles").glob("*.css"), key=lambda path: (path.name != "base.css", path.name))
    return b"\n".join(_COMMENT.sub(b"", path.read_bytes()).lstrip() for path in parts)
