"""The entries of a list: a key each, and the values of the fields that the mapping names.

A code stays text from the file to the statement, because 8.10 is not 8.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from plangraf.errors import ListError
from plangraf.numbers_in_text import natural_key

Term = NamedNode | BlankNode | Literal | Triple


@dataclass(slots=True)
class Entry:
    """One entry. `key` is what the list calls it; `iri` is ours when the list's has characters beyond ASCII."""

    key: str
    iri: NamedNode
    values: dict[str, list[Term]] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The last part of the key, for messages."""
        return self.key.rstrip("/").rpartition("/")[2] or self.key

    def all(self, name: str) -> list[Term]:
        return self.values.get(name, [])

    def texts(self, name: str) -> list[str]:
        """The values of a field as text, IRIs included."""
        return [term.value for term in self.all(name) if not isinstance(term, Triple)]

    def one(self, name: str) -> str | None:
        """The only value of a field, or None.

        Raises:
            ListError: there are two.
        """
        found = self.texts(name)
        if len(found) > 1:
            raise ListError(
                f"The entry {self.key} has two values for `{name}`: {found[0]} and {found[1]}. Correct the list or the "
                "mapping: a field with one value must have one for each key."
            )
        return found[0] if found else None


def collect(rows: Iterable[tuple[str, NamedNode, Mapping[str, Term]]]) -> list[Entry]:
    """Groups rows by entry, each value once, in the natural order of the keys."""
    found: dict[str, Entry] = {}
    for key, iri, values in rows:
        entry = found.setdefault(key, Entry(key, iri))
        for name, term in values.items():
            kept = entry.values.setdefault(name, [])
            if term not in kept:
                kept.append(term)
    for entry in found.values():
        for name, terms in entry.values.items():
            entry.values[name] = sorted(terms, key=lambda term: natural_key(str(term)))
    return sorted(found.values(), key=lambda entry: natural_key(entry.key))


def ascii_iri(iri: str) -> str:
    """The IRI with characters beyond ASCII percent-encoded as UTF-8 (RFC 3987, section 3.1)."""
    return quote(iri, safe="!#$%&'()*+,/:;=?@[]~")
