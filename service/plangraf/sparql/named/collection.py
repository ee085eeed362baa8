"""Collections: which things each lists, in which order, with which columns and facets.

Each is one file, `queries/collections/<name>.rq`: a head of `#+` lines, and a query `SELECT ?thing` whose pattern
says which things there are. Columns are properties of the thing, or of what it points to, so that a page's table, its
CSV and its graph hold the same; facets and orders are graph patterns from `?thing` to `?value`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from plangraf.rdf.namespaces import ID, PLAN
from plangraf.sparql.named.head import Parameter

# What the request's reader takes for a code.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_OURS = re.compile(f"<({re.escape(PLAN)}[^>]*)>")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` holds one property, or two where the second one's subject is what the first points to.

    An empty path is the thing itself, by the last part of its IRI: for things that nothing names.
    `other` is a property that stands in where the first one is absent; `links` says that its values are things.
    """

    name: str
    nb: str
    en: str
    path: tuple[str, ...]
    other: str | None = None
    links: bool = False

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter: `pattern` binds ?value for ?thing, `property` is what hydra:search calls it.

    Values are texts (`is_text`), or things, which a request names by IRI or in short: by what follows `base`.
    Of many things that share few others, as plans share perspectives, the two steps are asked for apart: `through`
    binds ?step for ?thing, and `pattern` goes on from there. A text may mean a thing: `key_property` holds it, and
    `key` is where the thing is, with {value} for the text.
    """

    name: str
    nb: str
    en: str
    pattern: str
    property: str
    parameter: Parameter
    base: str = ID
    is_text: bool = False
    through: str | None = None
    key_property: str | None = None
    key: str | None = None

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def short(self, value: str) -> str:
        """How links write a value: as a code where it is one."""
        if self.is_text or not value.startswith(self.base):
            return value
        short = value.removeprefix(self.base)
        return short if _CODE.fullmatch(short) else value

    def exists(self, value: str) -> str | None:
        """The question whether the data know a value at all; None where every well-formed one has a meaning."""
        if self.is_text:
            return f'ASK {{ ?thing <{self.key_property}> "{value}" }}' if self.key_property else None
        return f"ASK {{ {{ <{value}> ?p ?o }} UNION {{ ?s ?p <{value}> }} }}"

    def thing(self, value: str) -> str | None:
        """The IRI whose label says what a value means; None for one that says it itself."""
        if self.is_text:
            return ID + self.key.format(value=value) if self.key else None
        return value


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection at `/<path>`; `order` are patterns whose values decide one after the other, then the IRI.

    `narrowed` is the query of a pattern that asks for more than the classes. `minor` things stand on the pages of
    others and have no address of their own in the sitemap.
    """

    path: str
    classes: tuple[str, ...]
    nb: str
    en: str
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    facets: tuple[Facet, ...]
    summary: str = ""
    narrowed: str | None = None
    minor: bool = False

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def usable(self, terms: frozenset[str]) -> Collection:
        """As a version can be asked for it that defines these terms of ours: without what needs others.

        The columns stay, so that a table has the same ones in every version.
        """

        def known(*patterns: str | None) -> bool:
            return all(term in terms for pattern in patterns if pattern for term in _OURS.findall(pattern))

        return replace(
            self,
            classes=tuple(iri for iri in self.classes if known(f"<{iri}>", self.narrowed)),
            order=tuple(pattern for pattern in self.order if known(pattern)),
            facets=tuple(facet for facet in self.facets if known(facet.pattern, facet.through)),
        )

    @property
    def members(self) -> str:
        """The graph pattern of all its things, each once for each of its classes."""
        classes = " ".join(f"<{iri}>" for iri in self.classes)
        narrowed = f" {{ {self.narrowed} }}" if self.narrowed else ""
        return f"VALUES ?class {{ {classes} }} ?thing a ?class .{narrowed}"
