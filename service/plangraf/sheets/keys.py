"""Short names of things, as they stand in cells: `perspective/2020-7` for an IRI of the same municipality.

| in a cell | IRI |
|---|---|
| `plan/2020-2023-7` | of this municipality: `…/id/5001/plan/2020-2023-7` |
| `/scheme/document-kind` | anything else of ours, below `…/id/` |
| `plan:number` | in a vocabulary whose prefix is known |
| `http://…`, `<urn:…>` | any other |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.rdf.names import curie, expand
from plangraf.rdf.namespaces import ID, PREFIXES, slug
from plangraf.sheets.cell_place import CellError

_OWN = re.compile(r"[a-z][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_OURS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_PREFIXED = re.compile(r"([a-z][a-z-]*):([A-Za-z_][\w-]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keys:
    """The short names within one dataset; `municipality` is its number, None for data of no municipality."""

    municipality: str | None

    @property
    def base(self) -> str:
        return f"{ID}{self.municipality}/" if self.municipality else ID

    def short(self, iri: str) -> str:
        """What `iri()` reads back as the same IRI."""
        if iri.startswith(self.base) and _OWN.fullmatch(iri[len(self.base) :]):
            return iri[len(self.base) :]
        if iri.startswith(ID) and _OURS.fullmatch(iri[len(ID) :]):
            return f"/{iri[len(ID) :]}"
        if (name := curie(iri)) is not None and _PREFIXED.fullmatch(name):
            return name
        return iri if iri.startswith(("http://", "https://")) else f"<{iri}>"

    def iri(self, text: str, segment: str | None = None) -> NamedNode:
        """The IRI that a short name, or a whole IRI, stands for.

        Args:
            text: as it stands in the cell, without white space around it.
            segment: what stands before the key of a thing of the wanted class, such as `perspective`;
                a key alone is then enough.
        Raises:
            CellError: the text names nothing.
        """
        try:
            return NamedNode(self._expanded(text, segment))
        except ValueError:
            raise _no_name(text, segment) from None

    def _expanded(self, text: str, segment: str | None) -> str:
        if text.startswith("<") and text.endswith(">"):
            return text[1:-1]
        if text.startswith(("http://", "https://")):
            return text
        prefixed = _PREFIXED.fullmatch(text)
        if prefixed and prefixed[1] in PREFIXES:
            return expand(text)
        if text.startswith("/") and _OURS.fullmatch(text[1:]):
            return ID + text[1:]
        if _OWN.fullmatch(text):
            return self.base + text
        if re.fullmatch(r"[0-9]{4}/" + _OWN.pattern, text):
            return ID + text
        if segment and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
            return f"{self.base}{segment}/{text}"
        raise _no_name(text, segment)


def _no_name(text: str, segment: str | None) -> CellError:
    key = slug(text.removeprefix(f"{segment}/")) or "1"
    example = f"{segment or 'plan'}/{key}"
    return CellError(
        f"Dette er ikke navnet på noe. Skriv en nøkkel som {example}, med små ASCII-bokstaver, sifre og bindestrek, "
        "eller en hel adresse.",
        f"This names nothing. Write a key such as {example}, in lower-case ASCII letters, digits and hyphens, "
        "or a whole address.",
    )
