"""The names in a query: prefixes, IRIs, terms of our closed namespaces, functions; each must be one that there is.

In RDF a misspelt name is silent, it only matches nothing. So a name that cannot be is refused at its place, with
the nearest one that there is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from urllib.parse import urljoin

from plangraf.engine.grammar import FUNCTIONS, keywords
from plangraf.engine.well_known import WELL_KNOWN
from plangraf.errors import QuerySyntaxError
from plangraf.namespaces import BASE, CLOSED_NAMESPACES, PREFIXES
from plangraf.tokens import Token, shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_MISSPELT_NAMESPACE = re.compile(rf"https?{re.escape(BASE.removeprefix('https'))}(ontology|shapes)[#/]([^#/]+)")

_XSD = PREFIXES["xsd"]
_CASTS = frozenset(
    _XSD + name
    for name in (
        "boolean", "date", "dateTime", "dayTimeDuration", "decimal", "double", "duration", "float", "gDay",
        "gMonth", "gMonthDay", "gYear", "gYearMonth", "integer", "string", "time", "yearMonthDuration",
    )
)  # fmt: skip
# Which of these the engine has, it says itself.
_GEOSPARQL = "http://www.opengis.net/def/function/geosparql/"
# Words of other query languages, for which the nearest spelling would mislead.
_MEANT = {
    "LENGTH": "STRLEN", "LEN": "STRLEN", "UPPER": "UCASE", "LOWER": "LCASE", "TOUPPER": "UCASE",
    "TOLOWER": "LCASE", "SUBSTRING": "SUBSTR", "STARTSWITH": "STRSTARTS", "STARTS_WITH": "STRSTARTS",
    "ENDSWITH": "STRENDS", "ENDS_WITH": "STRENDS", "LIKE": "REGEX", "MATCH": "REGEX", "MATCHES": "REGEX",
    "IFNULL": "COALESCE", "NVL": "COALESCE", "ISNULL": "BOUND", "AVERAGE": "AVG", "LISTAGG": "GROUP_CONCAT",
    "STRING_AGG": "GROUP_CONCAT", "CEILING": "CEIL",
}  # fmt: skip
_AT_EXPRESSION_START = frozenset(("FILTER", "BIND", "HAVING", "VALUES"))


class Names:
    """What the names of one query stand for, by its BASE and PREFIX lines.

    `terms` are all the IRIs that our closed namespaces have; when it is empty, names in them are not checked.
    `base` is the base IRI of a query that declares none; without it, relative IRIs are refused.
    """

    def __init__(self, terms: frozenset[str], base: str | None = None) -> None:
        self._terms = terms
        self._prefixes: dict[str, str] = {}
        self._base = base

    def declare_base(self, iri: Token) -> None:
        self._base = self.resolve(iri)

    def declare_prefix(self, name: Token, iri: Token) -> None:
        self._prefixes[name.prefix] = self.resolve(iri)

    def iri(self, token: Token) -> str:
        """The absolute IRI of an IRI or a prefixed name.

        Raises:
            QuerySyntaxError: its prefix is not declared, or it is relative and there is no BASE.
        """
        return self.resolve(token) if token.kind == "iri" else self._expand(token)

    def resolve(self, token: Token) -> str:
        iri = token.iri
        if _SCHEME.match(iri):
            return iri
        if self._base is not None:
            try:
                return urljoin(self._base, iri)
            except ValueError as error:
                raise QuerySyntaxError("this is no IRI.", token.place) from error
        hint = "Write the whole IRI, or declare BASE <…>."
        raise QuerySyntaxError("this IRI is relative and there is no BASE.", token.place, hint=hint)

    def _expand(self, token: Token) -> str:
        prefix = token.prefix
        if prefix in self._prefixes:
            return self._prefixes[prefix] + token.local
        raise QuerySyntaxError(f"the prefix {prefix}: is not declared.", token.place, hint=self._prefix_hint(prefix))

    def _prefix_hint(self, prefix: str) -> str:
        """The line to add for a prefix that is known; else the prefix that may be meant."""
        namespace = WELL_KNOWN.get(prefix)
        if namespace is not None:
            same = next((name for name, iri in self._prefixes.items() if iri == namespace), None)
            other = f", or write {same}: as declared" if same is not None else ""
            return f"Add this line at the top: {_line(prefix)}{other}"
        if prefix in ("http", "https", "urn", "mailto"):
            return "Write an IRI between '<' and '>'."
        if not prefix:
            return "Add a line at the top: PREFIX : <…>"
        known = {name.lower(): name for name in (*WELL_KNOWN, *self._prefixes)}
        near = _nearest(prefix.lower(), known, 0.6)
        if near is None:
            return f"Add a line at the top: PREFIX {prefix}: <…>"
        meant = known[near]
        return f"Did you mean {meant}:?" + ("" if meant in self._prefixes else f" Its line is {_line(meant)}")

    def short(self, iri: str) -> str | None:
        """An IRI as a prefix of the query writes it; None when no prefix does."""
        for prefix, namespace in self._prefixes.items():
            local = iri.removeprefix(namespace)
            if namespace and local != iri and re.fullmatch(r"[A-Za-z_][\w-]*", local):
                return f"{prefix}:{local}"
        return None

    def check_term(self, token: Token, iri: str) -> None:
        """Refuses an IRI in one of our namespaces that nobody defined."""
        if not self._terms or iri in self._terms:
            return
        if not iri.startswith(CLOSED_NAMESPACES):
            self._check_namespace(token, iri)
            return
        namespace = next(name for name in CLOSED_NAMESPACES if iri.startswith(name))
        local = iri.removeprefix(namespace)
        if not local:
            return
        near = _nearest(local, (t.removeprefix(namespace) for t in self._terms if t.startswith(namespace)), 0.6)
        shapes = namespace == PREFIXES["planshape"]
        text = f"{shown(token.text)} is not a {'name of the shapes' if shapes else 'term of the ontology'}"
        if not near:
            raise QuerySyntaxError(f"{text}.", token.place, hint="All of them are at /ontology.")
        written = token.kind == "prefixed_name" and token.local == local
        meant = f"{token.prefix}:{near}" if written else f"<{namespace}{near}>"
        raise QuerySyntaxError(f"{text}; did you mean {meant}?", token.place)

    def _check_namespace(self, token: Token, iri: str) -> None:
        """Refuses a term of ours whose namespace is written wrongly: http for https, '/' for '#'."""
        found = _MISSPELT_NAMESPACE.fullmatch(iri)
        if found is None:
            return
        term = f"{BASE}{found[1]}#{found[2]}"
        if term in self._terms:
            text = f"{shown(token.text)} is not a term of ours: the namespace is <{BASE}{found[1]}#>"
            raise QuerySyntaxError(f"{text}, so did you mean <{term}>?", token.place)


def check_function_iri(token: Token, iri: str) -> None:
    """Refuses a function that is called by an IRI and that the engine does not have."""
    if iri in _CASTS or iri.startswith(_GEOSPARQL):
        return
    known = {name.removeprefix(_XSD).lower(): f"xsd:{name.removeprefix(_XSD)}" for name in _CASTS}
    known |= {name.lower(): name for name in FUNCTIONS}
    near = _nearest(re.split(r"[#/:]", iri)[-1].lower(), known)
    hint = f"Did you mean {known[near]}?" if near else "SPARQL's own functions and xsd: casts are there."
    raise QuerySyntaxError(f"there is no function {shown(token.text)}.", token.place, hint=hint)


def unknown_function(token: Token, *, in_expression: bool) -> QuerySyntaxError:
    """The error of a word that is called and is no function; outside an expression it may be meant as a clause."""
    word = token.upper
    if word in keywords():
        return QuerySyntaxError(f"{word} cannot be followed by a bracket here.", token.place)
    known = FUNCTIONS if in_expression else FUNCTIONS | _AT_EXPRESSION_START
    near = _MEANT.get(word) or _nearest(word, known)
    hint = f"Did you mean {near}?" if near else None
    return QuerySyntaxError(f"{shown(token.text)} is no function of SPARQL.", token.place, hint=hint)


def _line(prefix: str) -> str:
    return f"PREFIX {prefix}: <{WELL_KNOWN[prefix]}>"


def _nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str | None:
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return found[0] if found else None
