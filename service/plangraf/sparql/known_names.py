"""Checks that each name in a query exists: prefixes, IRIs, terms of our closed namespaces, functions.

An unknown name is refused at its place with the nearest known one, because in RDF a misspelt name is silent: it matches
nothing. The parser checks each name when it reads it.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from plangraf.errors import QuerySyntaxError
from plangraf.rdf.namespaces import BASE, CLOSED_NAMESPACES, PREFIXES
from plangraf.sparql import suggest
from plangraf.sparql.lexer import FUNCTIONS, WORDS, Token, shown
from plangraf.sparql.suggest import WELL_KNOWN, Role

# A part of every IRI of ours, even of a misspelt one.
_OURS = BASE.partition(":")[2]
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_MISSPELT_NAMESPACE = re.compile(rf"https?{re.escape(BASE.removeprefix('https'))}(ontology|shapes)[#/]([^#/]+)")

_XSD = PREFIXES["xsd"]
_CASTS = frozenset(
    _XSD + name
    for name in (
        "boolean",
        "date",
        "dateTime",
        "dayTimeDuration",
        "decimal",
        "double",
        "duration",
        "float",
        "gDay",
        "gMonth",
        "gMonthDay",
        "gYear",
        "gYearMonth",
        "integer",
        "string",
        "time",
        "yearMonthDuration",
    )
)
# The engine refuses other functions itself.
_GEOSPARQL = "http://www.opengis.net/def/function/geosparql/"
_AT_EXPRESSION_START = frozenset(("FILTER", "BIND", "HAVING", "VALUES"))


def is_absolute(iri: str) -> bool:
    return _SCHEME.match(iri) is not None


class Names:
    """Resolves the names of one query by its BASE and PREFIX lines.

    `terms` are all the IRIs that our closed namespaces have, with or without those of other vocabularies that our data
    use, which are only suggested; when it is empty, names in our namespaces are not checked.
    `base` is the base IRI of a query that declares none; without it, relative IRIs are refused.
    """

    def __init__(self, terms: frozenset[str] = frozenset(), base: str | None = None) -> None:
        self._terms = terms
        self._prefixes: dict[str, str] = {}
        self._base = base

    def declare_base(self, iri: Token) -> None:
        self._base = self._resolve(iri)

    def declare_prefix(self, name: Token, iri: Token) -> None:
        self._prefixes[name.prefix] = self._resolve(iri)

    def read(self, token: Token, role: Role) -> str:
        """The absolute IRI of an IRI or a prefixed name in this role.

        Raises:
            QuerySyntaxError: its prefix is not declared, it is relative and there is no BASE, or it is in one of our
                namespaces and not defined.
        """
        iri = self._resolve(token) if token.kind == "iri" else self._expand(token)
        if self._terms and _OURS in iri and iri not in self._terms:
            self._check_term(token, iri, role)
        return iri

    def _resolve(self, token: Token) -> str:
        iri = token.iri
        if is_absolute(iri):
            return iri
        if self._base is not None:
            try:
                return urljoin(self._base, iri)
            except ValueError as error:
                raise QuerySyntaxError("this is not an IRI.", token.place) from error
        hint = "Write the whole IRI, or declare BASE <…>."
        raise QuerySyntaxError("this IRI is relative and there is no BASE.", token.place, hint=hint)

    def _expand(self, token: Token) -> str:
        prefix = token.prefix
        if prefix in self._prefixes:
            return self._prefixes[prefix] + token.local
        raise QuerySyntaxError(f"the prefix {prefix}: is not declared.", token.place, hint=self._prefix_hint(prefix))

    def _prefix_hint(self, prefix: str) -> str:
        """The line to add for a known prefix; otherwise a suggested prefix."""
        namespace = WELL_KNOWN.get(prefix)
        if namespace is not None:
            same = next((name for name, iri in self._prefixes.items() if iri == namespace), None)
            other = f", or write {same}: as declared" if same is not None else ""
            return f"Add this line at the top: {_line(prefix)}{other}"
        if prefix in ("http", "https", "urn", "mailto"):
            return "Write an IRI between '<' and '>'."
        if not prefix:
            return "Add a line at the top: PREFIX : <…>"
        meant = suggest.prefix(prefix, self._prefixes)
        if meant is None:
            return f"Add a line at the top: PREFIX {prefix}: <…>"
        return f"Did you mean {meant}:?" + ("" if meant in self._prefixes else f" Its line is {_line(meant)}")

    def short(self, iri: str) -> str | None:
        """The IRI with a prefix of the query; None when no prefix fits."""
        for prefix, namespace in self._prefixes.items():
            local = iri.removeprefix(namespace)
            if namespace and local != iri and re.fullmatch(r"[A-Za-z_][\w-]*", local):
                return f"{prefix}:{local}"
        return None

    def _check_term(self, token: Token, iri: str, role: Role) -> None:
        """Refuses an IRI in one of our namespaces that is not defined."""
        if iri.startswith(CLOSED_NAMESPACES):
            namespace = next(name for name in CLOSED_NAMESPACES if iri.startswith(name))
            if iri != namespace:
                raise self._unknown_term(token, namespace, iri.removeprefix(namespace), role)
        else:
            self._check_namespace(token, iri)

    def _unknown_term(self, token: Token, namespace: str, local: str, role: Role) -> QuerySyntaxError:
        shapes = namespace == PREFIXES["planshape"]
        text = f"{shown(token.text)} is not a {'name of the shapes' if shapes else 'term of the ontology'}"
        role = "any" if shapes else role
        found = suggest.terms(local, namespace, self._terms, role)
        if not found:
            hint = "All of them are at /ontology."
            if role == "property" and (class_ := suggest.class_named(local, namespace, self._terms)):
                hint = f"{self._written(token, local, namespace + class_)} is a class, write it behind `a`. {hint}"
            return QuerySyntaxError(f"{text}.", token.place, hint=hint)
        names = [self._written(token, local, iri) for iri in found]
        meant = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
        prefix = names[0].partition(":")[0]
        line = prefix in PREFIXES and prefix not in self._prefixes
        hint_line = f"Add this line at the top: {_line(prefix)}" if line else None
        return QuerySyntaxError(f"{text}; did you mean {meant}?", token.place, hint=hint_line)

    def _written(self, token: Token, local: str, iri: str) -> str:
        """The form of a term in the query, with a prefix of the project if the query has none for it."""
        if iri.startswith(CLOSED_NAMESPACES):
            namespace = next(name for name in CLOSED_NAMESPACES if iri.startswith(name))
            written = token.kind == "prefixed_name" and token.local == local
            return f"{token.prefix}:{iri.removeprefix(namespace)}" if written else f"<{iri}>"
        if short := self.short(iri):
            return short
        prefix = next((name for name, namespace in PREFIXES.items() if iri.startswith(namespace)), None)
        if prefix is None or prefix in self._prefixes:
            return f"<{iri}>"
        return f"{prefix}:{iri.removeprefix(PREFIXES[prefix])}"

    def _check_namespace(self, token: Token, iri: str) -> None:
        """Refuses a term of ours with a misspelt namespace: http for https, '/' for '#'."""
        found = _MISSPELT_NAMESPACE.fullmatch(iri)
        if found is None:
            return
        term = f"{BASE}{found[1]}#{found[2]}"
        if term in self._terms:
            text = f"{shown(token.text)} is not a term of ours: the namespace is <{BASE}{found[1]}#>"
            raise QuerySyntaxError(f"{text}, so did you mean <{term}>?", token.place)

    def check_function(self, token: Token, iri: str) -> None:
        """Refuses an IRI as function if the engine does not support it."""
        if iri not in _CASTS and not iri.startswith(_GEOSPARQL):
            hint = suggest.function_iri(iri, _CASTS)
            raise QuerySyntaxError(f"there is no function {shown(token.text)}.", token.place, hint=hint)


def unknown_function(token: Token, *, in_expression: bool) -> QuerySyntaxError:
    """The error for an unknown function name. Outside an expression it may suggest a clause."""
    word = token.upper
    if word in WORDS:
        return QuerySyntaxError(f"{word} cannot be followed by a bracket here.", token.place)
    known = FUNCTIONS if in_expression else FUNCTIONS | _AT_EXPRESSION_START
    hint = suggest.function(token, _CASTS, known)
    return QuerySyntaxError(f"{shown(token.text)} is no function of SPARQL.", token.place, hint=hint)


def _line(prefix: str) -> str:
    return f"PREFIX {prefix}: <{WELL_KNOWN[prefix]}>"
