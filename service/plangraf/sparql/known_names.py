"""Checks that each name in a query exists: prefixes, IRIs, terms of our closed namespaces, functions.

An unknown name is refused at its place with the nearest known one, because in RDF a misspelt name is silent: it matches
nothing. The parser checks each name when it reads it.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from plangraf.errors import QuerySyntaxError
from plangraf.errors.message import N_, Listed, one_of, sentences
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
                raise QuerySyntaxError(N_("this is not an IRI."), token.place) from error
        hint = N_("Write the whole IRI, or declare BASE <…>.")
        raise QuerySyntaxError(N_("this IRI is relative and there is no BASE."), token.place, hint=hint)

    def _expand(self, token: Token) -> str:
        prefix = token.prefix
        if prefix in self._prefixes:
            return self._prefixes[prefix] + token.local
        raise QuerySyntaxError(
            N_("the prefix %(prefix)s: is not declared.", prefix=prefix), token.place, hint=self._prefix_hint(prefix)
        )

    def _prefix_hint(self, prefix: str) -> str:
        """The line to add for a known prefix; otherwise a suggested prefix."""
        namespace = WELL_KNOWN.get(prefix)
        if namespace is not None:
            same = next((name for name, iri in self._prefixes.items() if iri == namespace), None)
            if same is None:
                return N_("Add this line at the top: %(line)s", line=_line(prefix))
            return N_(
                "Add this line at the top: %(line)s, or write %(same)s: as declared", line=_line(prefix), same=same
            )
        if prefix in ("http", "https", "urn", "mailto"):
            return N_("Write an IRI between '<' and '>'.")
        if not prefix:
            return N_("Add a line at the top: PREFIX : <…>")
        meant = suggest.prefix(prefix, self._prefixes)
        if meant is None:
            return N_("Add a line at the top: PREFIX %(prefix)s: <…>", prefix=prefix)
        line = None if meant in self._prefixes else N_("Its line is %(line)s", line=_line(meant))
        return sentences(N_("Did you mean %(meant)s?", meant=meant + ":"), line)

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
        text = (
            N_("%(name)s is not a name of the shapes", name=shown(token.text))
            if shapes
            else N_("%(name)s is not a term of the ontology", name=shown(token.text))
        )
        role = "any" if shapes else role
        found = suggest.terms(local, namespace, self._terms, role)
        if not found:
            hint = N_("All of them are at /ontology.")
            if role == "property" and (class_ := suggest.class_named(local, namespace, self._terms)):
                name = self._written(token, local, namespace + class_)
                hint = sentences(N_("%(name)s is a class, write it behind `a`.", name=name), hint)
            return QuerySyntaxError(Listed([text, "."], ""), token.place, hint=hint)
        names = [self._written(token, local, iri) for iri in found]
        prefix = names[0].partition(":")[0]
        line = prefix in PREFIXES and prefix not in self._prefixes
        hint_line = N_("Add this line at the top: %(line)s", line=_line(prefix)) if line else None
        return QuerySyntaxError(
            N_("%(what)s; did you mean %(meant)s?", what=text, meant=one_of(names)), token.place, hint=hint_line
        )

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
            text = N_(
                "%(name)s is not a term of ours: the namespace is <%(namespace)s>, so did you mean <%(term)s>?",
                name=shown(token.text),
                namespace=BASE + found[1] + "#",
                term=term,
            )
            raise QuerySyntaxError(text, token.place)

    def check_function(self, token: Token, iri: str) -> None:
        """Refuses an IRI as function if the engine does not support it."""
        if iri not in _CASTS and not iri.startswith(_GEOSPARQL):
            hint = suggest.function_iri(iri, _CASTS)
            raise QuerySyntaxError(N_("there is no function %(name)s.", name=shown(token.text)), token.place, hint=hint)


def unknown_function(token: Token, *, in_expression: bool) -> QuerySyntaxError:
    """The error for an unknown function name. Outside an expression it may suggest a clause."""
    word = token.upper
    if word in WORDS:
        return QuerySyntaxError(N_("%(word)s cannot be followed by a bracket here.", word=word), token.place)
    known = FUNCTIONS if in_expression else FUNCTIONS | _AT_EXPRESSION_START
    hint = suggest.function(token, _CASTS, known)
    return QuerySyntaxError(N_("%(name)s is no function of SPARQL.", name=shown(token.text)), token.place, hint=hint)


def _line(prefix: str) -> str:
    return f"PREFIX {prefix}: <{WELL_KNOWN[prefix]}>"
