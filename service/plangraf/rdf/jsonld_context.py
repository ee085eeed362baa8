"""Reads a JSON-LD context once, and selects the term for a property and its value.

It supports a dictionary of terms with IRI, type coercion and language maps, and ignores a term that uses other features
of JSON-LD. A value that fits no term is written in expanded form under a compact or full IRI, so a document always
means the same graph. https://www.w3.org/TR/json-ld11/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import Node, Value
from plangraf.rdf.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
_STRING, _BOOLEAN, _INTEGER = (XSD + name for name in ("string", "boolean", "integer"))
_KNOWN_KEYS = {"@id", "@type", "@container", "@language", "@prefix", "@protected"}
# The gen-delims of RFC 3986. A simple term may serve as a prefix if its IRI ends in one of them.
_DELIMITERS = (":", "/", "?", "#", "[", "]", "@")
# Every JSON reader represents integers below this bound exactly.
_SAFE_INTEGER = 2**53
_SHORT_INTEGER = re.compile("-?[0-9]{1,16}")

_MOST_REMEMBERED = 10_000
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Term:
    """One supported term. `kind` is @id, @vocab, @none, the IRI of a datatype, or @language for language maps.

    `language` is the language of an untyped string under the term; None for no language.
    """

    name: str
    iri: str
    kind: str | None
    language: str | None
    in_array: bool


class Context:
    """A JSON-LD context and its address, which documents refer to."""

    def __init__(self, document: Mapping[str, Any], address: str) -> None:
        """Reads the terms of a context document.

        Args:
            document: the parsed file, `{"@context": {...}}` with one dictionary of terms.
            address: absolute address that the context is served under.
        Raises:
            ValueError: the context is not one dictionary of short terms.
        """
        terms = document.get("@context")
        if not isinstance(terms, dict):
            raise ValueError("the context must be one dictionary of terms")
        if "@import" in terms or "@propagate" in terms or "@base" in terms:
            raise ValueError("the context must not use @import, @propagate or @base")
        if any(":" in name for name in terms):
            raise ValueError("the context must define short names only, no IRIs or compact IRIs")
        self.address = address
        self._raw: dict[str, Any] = terms
        self._vocab = terms.get("@vocab")
        self._language = _lower(terms.get("@language"))
        self.id = self._alias("@id")
        self.type = self._alias("@type")
        self.graph = self._alias("@graph")
        self.included = self._alias("@included")
        self.reverse = self._alias("@reverse")
        self._prefixes = {name: iri for name in terms if (iri := self._prefix(name)) is not None}
        self._terms: dict[str, list[Term]] = {}
        for name in terms:
            if (term := self._term(name)) is not None:
                self._terms.setdefault(term.iri, []).append(term)
        self.in_array = {term.name for terms in self._terms.values() for term in terms if term.in_array}
        self._choices: dict[tuple[str, str], tuple[str, Term | None]] = {}
        self._classes: dict[str, str] = {}
        self._compact: dict[str, str] = {}

    def _alias(self, keyword: str) -> str:
        for name, definition in self._raw.items():
            if definition == keyword or (isinstance(definition, dict) and definition.get("@id") == keyword):
                return name
        return keyword

    def _expand(self, value: str, seen: tuple[str, ...] = ()) -> str | None:
        """The IRI of a term, a compact IRI or an IRI in the context; None when it does not expand."""
        if value in seen:
            return None
        if value in self._raw and value not in seen:
            definition = self._raw[value]
            target = definition.get("@id", value) if isinstance(definition, dict) else definition
            if isinstance(target, str) and target != value:
                return target if target.startswith("@") else self._expand(target, (*seen, value))
            if not isinstance(definition, dict):
                return None
        prefix, colon, suffix = value.partition(":")
        if colon:
            base = None if suffix.startswith("//") else self._prefix(prefix, (*seen, value))
            return value if base is None else base + suffix
        return f"{self._vocab}{value}" if isinstance(self._vocab, str) else None

    def _prefix(self, name: str, seen: tuple[str, ...] = ()) -> str | None:
        """The IRI of a term that may serve as a prefix; None for any other name."""
        definition = self._raw.get(name)
        if name.startswith("@") or "/" in name:
            return None
        simple = isinstance(definition, str)
        if not simple and not (isinstance(definition, dict) and definition.get("@prefix") is True):
            return None
        iri = self._expand(name, seen)
        if iri is None or iri.startswith("@") or (simple and not iri.endswith(_DELIMITERS)):
            return None
        return iri

    def _term(self, name: str) -> Term | None:
        definition = self._raw[name]
        if name.startswith("@"):
            return None
        iri = self._expand(name)
        if iri is None or iri.startswith("@"):
            return None
        if isinstance(definition, str):
            return Term(name, iri, None, self._language, in_array=False)
        if not isinstance(definition, dict) or not set(definition) <= _KNOWN_KEYS:
            return None
        container = definition.get("@container", [])
        containers = {container} if isinstance(container, str) else set(container or ())
        language = _lower(definition["@language"]) if "@language" in definition else self._language
        kind = definition.get("@type")
        if "@language" in containers:
            if kind is not None:
                return None
            kind = "@language"
        elif isinstance(kind, str) and not kind.startswith("@"):
            kind = self._expand(kind)
        elif kind not in (None, "@id", "@vocab", "@none"):
            return None
        if not containers <= {"@language", "@set"}:
            return None
        return Term(name, iri, kind, language, in_array="@set" in containers)

    def terms(self, iri: str) -> list[Term]:
        return self._terms.get(iri, [])

    def compact_iri(self, iri: str) -> str:
        """`prefix:name` for a property or class without a term, or the full IRI."""
        best = self._compact.get(iri, iri)
        if best is not iri:
            return best
        for prefix, start in self._prefixes.items():
            candidate = f"{prefix}:{iri[len(start) :]}"
            usable = iri.startswith(start) and not iri[len(start) :].startswith("//")
            if usable and len(candidate) < len(best) and candidate not in self._raw:
                best = candidate
        _remember(self._compact, iri, best)
        return best

    def class_name(self, iri: str) -> str:
        """The name of a class under `type`."""
        found = self._classes.get(iri)
        if found is None:
            found = min((term.name for term in self.terms(iri)), default=None) or self.compact_iri(iri)
            _remember(self._classes, iri, found)
        return found

    def reverse_name(self, iri: str) -> str:
        """The name of a reverse property: a term that can hold a node, or a compact IRI."""
        usable = [term.name for term in self.terms(iri) if term.kind != "@language"]
        return min(usable, default=None) or self.compact_iri(iri)

    def choice(self, iri: str, value: Value) -> tuple[str, Term | None]:
        """The name and the term of a property for this value, memoised by kind of value."""
        if isinstance(value, Literal):
            kind = "@language" if value.language is not None else value.datatype.value
        else:
            kind = "@id"
        found = self._choices.get((iri, kind))
        if found is None:
            term = _best_term(self.terms(iri), value)
            found = (term.name if term else self.compact_iri(iri)), term
            _remember(self._choices, (iri, kind), found)
        return found

    def value(self, value: Value, term: Term | None) -> Any:
        """One value under a term that is not a language map; in expanded form if the coercion does not fit."""
        kind = term.kind if term else None
        if not isinstance(value, Literal):
            text = identifier(value)
            return text if kind == "@id" else {self.id: text}
        text, language = value.value, value.language
        if language is not None:
            if kind is None and term is not None and term.language == language:
                return text
            return {"@value": text, "@language": language}
        datatype = value.datatype.value
        if datatype == _STRING:
            default = term.language if term else self._language
            plain = kind == datatype or (kind in (None, "@none") and default is None)
            return text if plain else {"@value": text}
        if kind in (datatype, None) and (native := _native(text, datatype)) is not None:
            return native
        if kind == datatype:
            return text
        return {"@value": text, "@type": self.compact_iri(datatype)}


def identifier(node: Node) -> str:
    return node.value if isinstance(node, NamedNode) else f"_:{node.value}"


def _best_term(terms: Iterable[Term], value: Value) -> Term | None:
    """The term that gives the value its shortest form; None when no term fits."""

    def rank(term: Term) -> tuple[int, str]:
        if isinstance(value, Literal) and value.language is not None:
            order = {"@language": 0, None: 1}.get(term.kind, 2)
        elif isinstance(value, Literal):
            order = 0 if term.kind == value.datatype.value else 1 if term.kind is None else 2
        else:
            order = {"@id": 0, None: 1}.get(term.kind, 2)
        return order, term.name

    tagged = isinstance(value, Literal) and value.language is not None
    usable = [term for term in terms if tagged or term.kind != "@language"]
    return min(usable, key=rank, default=None)


def _native(text: str, datatype: str) -> bool | int | None:
    """The JSON number or boolean that JSON-LD turns back into exactly this literal."""
    if datatype == _BOOLEAN and text in ("true", "false"):
        return text == "true"
    if datatype == _INTEGER and _SHORT_INTEGER.fullmatch(text):
        number = int(text)
        return number if str(number) == text and abs(number) < _SAFE_INTEGER else None
    return None


def _remember(known: dict[K, V], key: K, value: V) -> None:
    """Memoises a value up to a limit, because SPARQL answers may have any number of properties."""
    if len(known) < _MOST_REMEMBERED:
        known[key] = value


def _lower(language: object) -> str | None:
    return language.lower() if isinstance(language, str) else None
