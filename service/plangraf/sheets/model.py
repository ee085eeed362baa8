"""Sheets and columns, which export and import share; `model_reader` reads them from the shapes.

Each class with a node shape becomes a sheet. Each property shape becomes a column, or one column for each language.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal as OneOf

from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import PLAN, PREFIXES, compact
from plangraf.sheets.properties import Kind

EVIDENCE, PASSAGE = PLAN + "Evidence", PLAN + "Passage"
USUAL_KIND = PLAN + "usualEvidenceKind"
EVIDENCE_KIND, HAS_SOURCE = PLAN + "evidenceKind", PREFIXES["oa"] + "hasSource"
# The table of statements that fit no other sheet.
OTHER_TITLE, OTHER_FILE = "Annet · Other", "other"

Role = OneOf["key", "classes", "property", "evidence"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet.

    Attributes:
        path: IRI of the property; IRI of the class for the key column.
        kind: the values that its cells hold.
        language: the language of its texts, None for other values.
        usual: IRI of the usual evidence kind of its values, None for "printed".
    """

    role: Role
    path: str
    name_nb: str
    name_en: str
    kind: Kind = field(default_factory=Kind)
    language: str | None = None
    required: OneOf["no", "one-of", "yes"] = "no"
    usual: str | None = None
    help_nb: str = ""
    help_en: str = ""

    @property
    def machine(self) -> str:
        """The name by which an import recognises the column, because people may change the headings."""
        name = compact(self.path)
        if self.role == "key":
            return f"@id {name}"
        if self.role == "classes":
            return "@class"
        if self.role == "evidence":
            return f"@evidence {name}"
        return f"@turtle {name}" if self.kind.turtle else name + (f"@{self.language}" if self.language else "")

    @property
    def heading_nb(self) -> str:
        return self.name_nb + (f" ({self.language})" if self.language else "") + _STARS[self.required]

    @property
    def heading_en(self) -> str:
        return self.name_en + (f" ({self.language})" if self.language else "") + _STARS[self.required]


_STARS = {"no": "", "one-of": " (*)", "yes": " *"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One class and its columns.

    Attributes:
        file: name of its file in a folder of CSV or Turtle files, without the ending.
        segment: the part of an IRI before the key, such as `plan`.
        pattern: the regular expression that IRIs of the class match.
        types: classes that each thing of the sheet has.
        implied: properties and values that each thing of the sheet has.
        superclasses: IRIs of the classes above.
    """

    iri: str
    name_nb: str
    name_en: str
    file: str
    segment: str
    columns: tuple[Column, ...]
    pattern: str | None = None
    types: tuple[str, ...] = ()
    implied: tuple[tuple[str, Value], ...] = ()
    superclasses: frozenset[str] = frozenset()
    help_nb: str = ""
    help_en: str = ""

    @property
    def title(self) -> str:
        """At most 31 characters, without []:*?/\\, because Excel refuses other titles."""
        text = re.sub(r"[\[\]:*?/\\]", " ", self.name_nb[:1].upper() + self.name_nb[1:])
        return text if len(text) <= 31 else f"{text[:30]}…"

    def may_belong_to(self, municipality: str | None) -> bool:
        """Whether an IRI of this class can belong to the municipality."""
        if municipality is None or self.pattern is None:
            return True
        keys = ("a1", municipality)
        tried = [f"https://w3id.org/plangraf/id/{municipality}/{self.segment}/{key}" for key in keys]
        return any(re.search(self.pattern, iri) for iri in tried)


@dataclass(frozen=True, slots=True)
class Model:
    """All sheets in the order of their titles; `paths` maps the IRI of a shape to the properties of its path."""

    sheets: tuple[Sheet, ...]
    paths: Mapping[str, tuple[str, ...]]

    def sheet(self, iri: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets if sheet.iri == iri), None)

    def narrowest(self, types: Collection[str]) -> Sheet | None:
        """The sheet of the narrowest class among the types."""
        return _choose_narrowest([sheet for sheet in self.sheets if sheet.iri in types])

    def fitting(self, iri: str) -> Sheet | None:
        """The sheet of the narrowest class whose pattern matches the IRI."""
        return _choose_narrowest([sheet for sheet in self.sheets if sheet.pattern and re.search(sheet.pattern, iri)])


def _choose_narrowest(fitting: Sequence[Sheet]) -> Sheet | None:
    lowest = [sheet for sheet in fitting if not any(sheet.iri in other.superclasses for other in fitting)]
    return max(lowest, key=lambda sheet: (len(sheet.types), sheet.iri), default=None)
