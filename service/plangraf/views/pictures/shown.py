"""The pictures of a version as pages show them: sentence, drawing, equal table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool

from plangraf.engines.snapshots import Snapshot
from plangraf.store.pictures import Drawing, KeptPicture
from plangraf.views.document_parts import document_path

_ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the equal table; `path` leads to the document of its thing, None where it names none."""

    text: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture in one language, that of its title and sentence; the drawing may be in Bokmål instead.

    `fragment` is the SVG for the inside of a page, whose links begin with `../`; empty when it is not drawn. `columns`
    and `cells` are the equal table. `width` and `height` are the px of the file.
    """

    picture: KeptPicture
    language: str
    drawing: Drawing
    fragment: str = ""
    columns: Sequence[str] = ()
    cells: Sequence[Sequence[Cell]] = ()

    @property
    def name(self) -> str:
        return self.picture.name

    @property
    def title(self) -> str:
        return self.picture.title_in(self.language)

    @property
    def reading(self) -> str:
        return self.drawing.reading_in(self.language)

    @property
    def drawn(self) -> bool:
        return self.drawing.state == "drawn"

    @property
    def parameters(self) -> str:
        """The parameters of its addresses beside `lang`; empty for the first municipality."""
        first = next(iter(self.picture.municipalities), None)
        own = self.drawing.municipality
        return f"&municipality={own}" if own is not None and own != first else ""

    def fragment_under(self, prefix: str) -> str:
        """The drawing with links that begin with the path `prefix`."""
        return self.fragment.replace('href="../', f'href="{prefix}/')


async def pictures_of_kinds(
    snapshot: Snapshot, kinds: Sequence[str], language: str, municipality: str | None = None
) -> list[ShownPicture]:
    """The drawn pictures that belong to a thing with these classes, without their tables.

    Args:
        snapshot: the version.
        kinds: IRIs of the classes of the thing.
        language: of the page; a picture that is not drawn in it is in Bokmål.
        municipality: of the thing; a picture that is not drawn for it is left out.
    """
    kept = await run_in_threadpool(snapshot.contents.pictures)
    return [
        ShownPicture(picture, language, drawing)
        for picture in kept.of_kinds(kinds)
        if (drawing := picture.drawing(language, municipality if picture.municipalities else None)) is not None
        and drawing.state == "drawn"
    ]


async def picture_to_link(snapshot: Snapshot, name: str, language: str) -> ShownPicture | None:
    """A drawn picture as `pictures_of_kinds` has it; None when the version has not drawn it."""
    kept = await run_in_threadpool(snapshot.contents.pictures)
    picture = kept.pictures.get(name)
    drawing = picture.drawing(language) if picture is not None else None
    if picture is None or drawing is None or drawing.state != "drawn":
        return None
    return ShownPicture(picture, language, drawing)


async def shown_picture(
    snapshot: Snapshot, name: str, language: str, municipality: str | None = None
) -> ShownPicture | None:
    """A picture with drawing and table; None when the version has no such picture, or none of the municipality."""
    kept = await run_in_threadpool(snapshot.contents.pictures)
    found: ShownPicture | str = await snapshot.part(_load, kept.digest, name, language, municipality)
    return found if isinstance(found, ShownPicture) else None


async def _load(
    snapshot: Snapshot, _digest: str, name: str, language: str, municipality: str | None
) -> ShownPicture | str:
    return await run_in_threadpool(_read, snapshot, name, language, municipality)


def _read(snapshot: Snapshot, name: str, language: str, municipality: str | None) -> ShownPicture | str:
    kept = snapshot.contents.pictures()
    picture = kept.pictures.get(name)
    drawing = picture.drawing(language, municipality) if picture is not None else None
    if picture is None or drawing is None:
        return _ABSENT
    content = orjson.loads(kept.read(drawing.files["json"]))
    cells = [
        [Cell(cell["text"], document_path(cell["link"]) if "link" in cell else None) for cell in row]
        for row in content["table"]
    ]
    drawn = drawing.files.get("fragment")
    fragment = kept.read(drawn).decode() if drawn is not None else ""
    columns = [column["title"] for column in content["columns"]]
    return ShownPicture(picture, language, drawing, fragment, columns, cells)
