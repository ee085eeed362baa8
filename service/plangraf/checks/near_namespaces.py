"""Namespaces that are nearly one that we hold: `https://purl.org/dc/terms/`, or a prefix that lacks its `#`.

To RDF they are others, so that no shape looks at what is said with them. Measured against all namespaces that are
known, so that no list of slips has to be kept; what is like none of them is named as a vocabulary that nobody checks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import Quad

from plangraf.checks.vocabulary import Position, Vocabularies, uses
from plangraf.diagnostics.diagnostic import FileDiagnostic, FilePlace, in_file
from plangraf.rdf.names import local_name
from plangraf.rdf.names import namespace as namespace_of
from plangraf.rdf.namespaces import BASE, GRAPH, ID, ONTOLOGY, PREFIXES, QUERIES, SDG, SHAPES
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import Locate

# Namespaces without end: of things, not of terms.
_OPEN = (ID, GRAPH, QUERIES, SDG)
_SCHEME = re.compile(r"^https?:/*(?:www\.)?", re.IGNORECASE)
_USES: frozenset[Position] = frozenset({"predicate", "class", "datatype"})
# Edits by which a namespace may miss the right one, when its terms are those of the right one.
_EDITS, _EDITS_OF_A_LONG_ONE, _LONG = 2, 3, 20
_PREFIXES = {namespace: prefix for prefix, namespace in PREFIXES.items()}


@dataclass(frozen=True, slots=True)
class Miss:
    """`written` is what stands there, `right` the namespace that was meant; None when none is like it."""

    written: str
    right: str | None


class Namespaces:
    """All namespaces that are known, and what is nearly one of them."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._vocabularies = vocabularies
        closed = {
            namespace: frozenset(term.iri[len(namespace) :].lower() for term in vocabularies.terms(namespace))
            for namespace in vocabularies.namespaces
        }
        self._terms = {**dict.fromkeys(_OPEN, frozenset[str]()), **closed}
        self._plain = {namespace: _plain(namespace) for namespace in sorted(self._terms, key=len, reverse=True)}
        self._closed = [namespace for namespace in self._plain if namespace in closed]
        families = Counter(_family(plain) for plain in self._plain.values())
        self._families = {_family(p): n for n, p in self._plain.items() if families[_family(p)] == 1}
        self._known: dict[tuple[str, bool], Miss | None] = {}

    def miss(self, iri: str, position: Position) -> Miss | None:
        """What is wrong with the namespace of an IRI; None when it is known, or when the IRI is no term."""
        key = iri, position in _USES
        if key not in self._known:
            self._known[key] = self._look(iri, use=key[1])
        return self._known[key]

    def _look(self, iri: str, *, use: bool) -> Miss | None:
        if not _SCHEME.match(iri) or self._vocabularies.namespace(iri):
            return None
        plain = _plain(iri)
        if plain in self._plain.values() or (plain.startswith(_plain(BASE)) and not iri.startswith(BASE)):
            return None  # names the vocabulary itself; another host than ours is told by the parsing
        closed = self._same_but_for_signs(iri, plain, self._closed, use=use)
        if closed is not None or (iri.startswith(_OPEN) and not use):
            return closed
        of_things = None if use else self._same_but_for_signs(iri, plain, _OPEN, use=use)
        return of_things or self._like(iri, use=use)

    def _same_but_for_signs(self, iri: str, plain: str, among: Iterable[str], *, use: bool) -> Miss | None:
        """Scheme, case, `www.` and the final sign differ, or the sign is missing."""
        for namespace in among:
            known = self._plain[namespace]
            if not plain.startswith(known):
                continue
            rest = iri[len(iri) - (len(plain) - len(known)) :]
            local = rest.lstrip("#/")
            if not local or "/" in local or "#" in local:
                continue
            glued = local == rest
            terms = self._terms[namespace]
            if local.lower() in terms or (use and (not glued or local[0].isalpha())) or not (terms or glued):
                return Miss(iri[: len(iri) - len(local)], namespace)
        return None

    def _like(self, iri: str, *, use: bool) -> Miss | None:
        """Some letters differ, or it is another edition of the same vocabulary; for a use at least what it is."""
        if iri.startswith(ONTOLOGY + "/"):
            return None  # versions, declarations of prefixes and components of cubes
        local, written = local_name(iri), namespace_of(iri)
        plain, name = _plain(written), local.lower()
        near = []
        for namespace, known in self._plain.items():
            most = _EDITS_OF_A_LONG_ONE if len(known) > _LONG else _EDITS
            ours = namespace.startswith(BASE) and written.startswith(BASE)
            if name not in self._terms[namespace] and not ours:
                continue
            edits = 0 if _undated(plain) == _undated(known) else _edits(plain, known, most)
            if edits <= most:
                near.append((edits, namespace))
        if near:
            return Miss(written, min(near)[1])
        family = self._families.get(_family(plain))
        if family is not None and name in self._terms[family]:
            return Miss(written, family)
        for prefix in set(re.split(r"[/#]", plain)[1:]) & PREFIXES.keys():
            right = PREFIXES[prefix]
            if name in self._terms.get(right, ()) and _host(plain) == _host(_plain(right)):
                return Miss(written, right)
        if iri.startswith(BASE) and iri not in (BASE, ONTOLOGY, SHAPES):
            return Miss(written, ID)
        return Miss(written, None) if use and local else None


def namespace_problems(
    quads: Iterable[Quad], vocabularies: Vocabularies, files: Sequence[SourceFile], locate: Locate
) -> list[FileDiagnostic]:
    """One problem for each such namespace and file: an error with the right one, or advice that nobody checks it.

    Args:
        quads: the statements to look at.
        vocabularies: what is known.
        files: the files that `quads` come from.
        locate: where a thing, by its IRI, stands in the files.
    """
    namespaces = Namespaces(vocabularies)
    found: dict[tuple[str, Miss], list[FilePlace | None]] = {}
    names = {file.name: file for file in files}
    for quad in quads:
        for iri, position, _ in uses(quad):
            if (miss := namespaces.miss(iri, position)) is not None:
                place = locate(quad.subject.value)  # type: ignore[union-attr]  # no quoted triple is a subject
                found.setdefault((place.file if place else "", miss), []).append(place)
    return [
        _problem(miss, len(places), *_where(miss.written, names.get(name), files, places))
        for (name, miss), places in sorted(found.items(), key=lambda item: (item[0][0], item[0][1].written))
    ]


def query_problems(iris: Collection[str], name: str, vocabularies: Vocabularies) -> list[FileDiagnostic]:
    """The same for the IRIs of a query; it may ask for terms of any other vocabulary."""
    namespaces = Namespaces(vocabularies)
    misses = Counter(namespaces.miss(iri, "individual-of-namespace") for iri in iris)
    return [_problem(miss, count, name, None) for miss, count in misses.items() if miss is not None]


def _problem(miss: Miss, count: int, name: str, line: int | None) -> FileDiagnostic:
    times_nb, times_en = ("", "") if count == 1 else (f" Brukt {count} ganger.", f" Used {count} times.")
    if miss.right is None:
        return in_file(
            name, line,
            f"Navnerommet <{miss.written}> er ikke blant vokabularene her, så ingen kontrollerer ordene i det."
            f"{times_nb}",
            f"The namespace <{miss.written}> is not among the vocabularies here, so its terms are not checked."
            f"{times_en}",
            severity="Info",
        )  # fmt: skip
    prefix = f" ({_PREFIXES[miss.right]}:)" if miss.right in _PREFIXES else ""
    return in_file(
        name, line,
        f"Navnerommet <{miss.written}> er nesten <{miss.right}>{prefix}. Skriv det siste.{times_nb}",
        f"The namespace <{miss.written}> is nearly <{miss.right}>{prefix}. Write the latter.{times_en}",
    )  # fmt: skip


def _where(
    written: str, file: SourceFile | None, files: Sequence[SourceFile], places: Sequence[FilePlace | None]
) -> tuple[str, int | None]:
    """The file, and the line of the prefix, else of the first thing that uses it."""
    for one in [file] if file else files:
        try:
            lines = one.path.read_bytes().split(b"\n")
        except OSError:
            continue
        for number, line in enumerate(lines, 1):
            if f"<{written}".encode() in line:
                return one.name, number
    first = min((place for place in places if place), default=None)
    return (first.file, first.line) if first else ("ontology/", None)


def _plain(iri: str) -> str:
    """An IRI without scheme, `www.` and final sign, in lower case."""
    return re.sub(r"/{2,}", "/", _SCHEME.sub("", iri)).rstrip("#/").lower()


def _family(plain: str) -> str:
    """Host and first step of the path: `purl.org/dc`."""
    return "/".join(re.split(r"[/#]", plain)[:2])


def _undated(plain: str) -> str:
    """Without the year, month and number of an edition: `www.w3.org/1999/XMLSchema` is that of 2001, too."""
    return re.sub(r"/(?:(?:19|20)[0-9]{2}|[0-9]{1,2}(?:\.[0-9]+)*)(?=/|$)", "", plain)


def _host(plain: str) -> str:
    return plain.partition("/")[0]


def _edits(one: str, other: str, most: int) -> int:
    """How many letters must be added, dropped, changed or swapped; `most` + 1 when more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
