"""The IRIs of one table: each is made from the table's slug and the codes of the source, and never changes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.rdf.namespaces import DIMENSION, ID

_KEPT = re.compile(rb"[A-Za-z0-9_-]")
BETWEEN_CODES = "."
"""Separates the codes in the key of an observation; `key` never makes one."""


def key(code: str) -> str:
    """A code as a part of an IRI, different for different codes: `100+10` gives `100~2B10`.

    Letters, digits, `_` and `-` stay; any other byte of UTF-8 becomes `~` and two hexadecimal digits, because `%` in
    an address is decoded on the way.
    """
    return "".join(
        chr(byte) if _KEPT.match(bytes((byte,))) else f"~{byte:02X}" for byte in code.encode("utf-8", "surrogatepass")
    )


@dataclass(frozen=True, slots=True)
class TableNames:
    """The IRIs of the table with this slug."""

    slug: str

    @property
    def dataset(self) -> NamedNode:
        return self._of("dataset")

    @property
    def cube(self) -> NamedNode:
        return self._of("cube")

    @property
    def structure(self) -> NamedNode:
        return self._of("structure")

    @property
    def run(self) -> NamedNode:
        """The import."""
        return self._of("statistics-import")

    @property
    def observation_file(self) -> NamedNode:
        return self._of("observation-file")

    def retrieved_file(self, number: int) -> NamedNode:
        """A file that was read, counted from 1."""
        return self._of("retrieved-file", str(number))

    def indicator_link(self, number: int) -> NamedNode:
        return self._of("indicator-link", str(number))

    def dimension(self, code: str) -> NamedNode:
        return NamedNode(f"{DIMENSION}{self.slug}-{key(code)}")

    def component(self, code: str) -> NamedNode:
        return self._of("component", key(code))

    def code_list(self, dimension: str) -> NamedNode:
        return self._of("code-list", key(dimension))

    def code(self, dimension: str, code: str) -> NamedNode:
        # Without the escape `A-B` with the code `C` would be `A` with the code `B-C`.
        return self._of("code", f"{key(dimension).replace('-', '~2D')}-{key(code)}")

    @property
    def observations(self) -> str:
        """What the IRI of each observation begins with."""
        return f"{ID}no/observation/{self.slug}-"

    def _of(self, kind: str, rest: str | None = None) -> NamedNode:
        return NamedNode(f"{ID}no/{kind}/{self.slug}" + (f"-{rest}" if rest else ""))
