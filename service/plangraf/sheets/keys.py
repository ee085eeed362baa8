"""Converts between IRIs and their short names in cells: `perspective/2020-7` for a thing of the same municipality.

| cell | IRI |
|---|---|
| `plan/2020-2023-7` | of this municipality: `…/id/5001/plan/2020-2023-7` |
| `/scheme/document-kind` | any other IRI below `…/id/` |
| `plan:number` | of a vocabulary with a known prefix |
| `http://…`, `<urn:…>` | any other IRI |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.rdf.namespaces import ID, PREFIXES, curie, expand, slug
from plangraf.sheets.cell_place import CellError

_MUNICIPAL_KEY = re.compile(r"[a-z][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_PROJECT_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_PREFIXED = re.compile(r"([a-z][a-z-]*):([A-Za-z_][\w-]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keys:
    """Short names within one dataset; `municipality` is the number, None for data without a municipality."""

    municipality: str | None

    @property
    def base(self) -> str:
        return f"{ID}{self.municipality}/" if self.municipality else ID

    def short(self, iri: str) -> str:
        """The short name of an IRI; `iri()` converts it back."""
        if iri.startswith(self.base) and _MUNICIPAL_KEY.fullmatch(iri[len(self.base) :]):
            return iri[len(self.base) :]
        if iri.startswith(ID) and _PROJECT_KEY.fullmatch(iri[len(ID) :]):
            return f"/{iri[len(ID) :]}"
        if (name := curie(iri)) is not None and _PREFIXED.fullmatch(name):
            return name
        return iri if iri.startswith(("http://", "https://")) else f"<{iri}>"

    def iri(self, text: str, segment: str | None = None) -> NamedNode:
        """Converts a short name or a whole IRI to an IRI.

        Args:
            text: text of the cell, without surrounding white space.
            segment: the part of an IRI before the key, such as `perspective`; then a key alone is enough.
        Raises:
            CellError: the text is not a name.
        """
        try:
            return NamedNode(self._expand(text, segment))
        except ValueError:
            raise _unknown_name_error(text, segment) from None

    def _expand(self, text: str, segment: str | None) -> str:
        if text.startswith("<") and text.endswith(">"):
            return text[1:-1]
        if text.startswith(("http://", "https://")):
            return text
        prefixed = _PREFIXED.fullmatch(text)
        if prefixed and prefixed[1] in PREFIXES:
            return expand(text)
        if text.startswith("/") and _PROJECT_KEY.fullmatch(text[1:]):
            return ID + text[1:]
        if _MUNICIPAL_KEY.fullmatch(text):
            return self.base + text
        if re.fullmatch(r"[0-9]{4}/" + _MUNICIPAL_KEY.pattern, text):
            return ID + text
        if segment and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
            return f"{self.base}{segment}/{text}"
        raise _unknown_name_error(text, segment)


def _unknown_name_error(text: str, segment: str | None) -> CellError:
    key = slug(text.removeprefix(f"{segment}/")) or "1"
    example = f"{segment or 'plan'}/{key}"
    return CellError(
        f"Dette er ikke navnet på noe. Skriv en nøkkel som {example}, med små ASCII-bokstaver, sifre og bindestrek, "
        "eller en hel adresse.",
        f"This is not a key. Write a key such as {example}, in lower-case ASCII letters, digits and hyphens, "
        "or a whole address.",
    )
