"""The closed-vocabulary step of a build: reports undefined terms and misspelt namespaces, with file and line.

`vocabulary` decides which terms are undefined; this module finds their places in data and queries.

RDF treats a misspelt namespace (`https://purl.org/dc/terms/`, or a prefix that lacks its `#`) as another vocabulary, so
that no shape sees the statements. Each unknown namespace is compared with all known ones, because a list of
misspellings would never be complete. One that resembles none of them is reported as a vocabulary that is not checked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Quad

from plangraf.checks.vocabulary import Misuse, Position, Vocabularies, check_graph, check_query, load_pinned, uses_but
from plangraf.diagnostics.diagnostic import FileDiagnostic, FilePlace, in_file
from plangraf.errors import QueryLimitError, QuerySyntaxError
from plangraf.rdf.namespaces import BASE, DIMENSION, GRAPH, ID, ONTOLOGY, PREFIXES, QUERIES, SDG, SHAPES, local_name
from plangraf.rdf.namespaces import namespace as namespace_of
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import Locate
from plangraf.sparql.lexer import Token, tokenize
from plangraf.sparql.named.collection_files import FOLDER as COLLECTIONS
from plangraf.sparql.named.collection_files import terms_of_head

# Open namespaces: they name things, and no list has all of them.
_OPEN = (ID, GRAPH, QUERIES, SDG)
_SCHEME = re.compile(r"^https?:/*(?:www\.)?", re.IGNORECASE)
_USES: frozenset[Position] = frozenset({"predicate", "class", "datatype"})
# Most edits between a misspelt namespace and the right one, when the right one defines the term.
_EDITS, _EDITS_OF_A_LONG_ONE, _LONG = 2, 3, 20
_PREFIXES = {namespace: prefix for prefix, namespace in PREFIXES.items()}
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Miss:
    """A misspelt or unknown namespace: as written, and the right one (None when no known one resembles it)."""

    written: str
    right: str | None


class Namespaces:
    """The known namespaces, and corrections for misspelt ones."""

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
        """The fault in the namespace of an IRI; None when the namespace is known, or when the IRI is not a term."""
        key = iri, position in _USES
        if key not in self._known:
            self._known[key] = self._look(iri, use=key[1])
        return self._known[key]

    def _look(self, iri: str, *, use: bool) -> Miss | None:
        if not _SCHEME.match(iri) or self._vocabularies.namespace(iri):
            return None
        plain = _plain(iri)
        if plain in self._plain.values() or (plain.startswith(_plain(BASE)) and not iri.startswith(BASE)):
            return None  # the vocabulary itself; parsing reports our path on another host
        closed = self._same_but_for_signs(iri, plain, self._closed, use=use)
        if closed is not None or (iri.startswith(_OPEN) and not use):
            return closed
        of_things = None if use else self._same_but_for_signs(iri, plain, _OPEN, use=use)
        return of_things or self._like(iri, use=use)

    def _same_but_for_signs(self, iri: str, plain: str, among: Iterable[str], *, use: bool) -> Miss | None:
        """Finds a namespace that differs in scheme, case, `www.` or the final `#` or `/` only."""
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
        """Finds a namespace that differs in a few letters or in its edition; reports an unknown one that is in use."""
        if iri.startswith((ONTOLOGY + "/", DIMENSION)):
            return None  # versions, declarations of prefixes and components of cubes; the dimensions of tables
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
    quads: Iterable[Quad], namespaces: Namespaces, files: Sequence[SourceFile], locate: Locate
) -> list[FileDiagnostic]:
    """One problem for each misspelt namespace (an error) or unknown one (advice) and file.

    Args:
        quads: the statements to check.
        namespaces: the known namespaces.
        files: the files that `quads` come from.
        locate: gives the place of a thing in the files, by its IRI.
    """
    found: dict[tuple[str, Miss], list[FilePlace | None]] = {}
    names = {file.name: file for file in files}
    for quad, iri, position, _ in uses_but(quads, lambda iri, position: namespaces.miss(iri, position) is None):
        if (miss := namespaces.miss(iri, position)) is not None:
            place = locate(quad.subject.value)  # type: ignore[union-attr]  # no quoted triple is a subject
            found.setdefault((place.file if place else "", miss), []).append(place)
    return [
        _problem(miss, len(places), *_where(miss.written, names.get(name), files, places))
        for (name, miss), places in sorted(found.items(), key=lambda item: (item[0][0], item[0][1].written))
    ]


def query_problems(iris: Collection[str], name: str, namespaces: Namespaces) -> list[FileDiagnostic]:
    """The same for the IRIs of a query, which may use terms of unknown vocabularies."""
    misses = Counter(namespaces.miss(iri, "individual-of-namespace") for iri in iris)
    return [_problem(miss, count, name, None) for miss, count in misses.items() if miss is not None]


def _problem(miss: Miss, count: int, name: str, line: int | None) -> FileDiagnostic:
    times_nb, times_en = ("", "") if count == 1 else (f" Brukt {count} ganger.", f" Used {count} times.")
    if miss.right is None:
        return in_file(
            name,
            line,
            f"Navnerommet <{miss.written}> er ikke blant vokabularene her, så ingen kontrollerer ordene i det."
            f"{times_nb}",
            f"The namespace <{miss.written}> is not among the vocabularies here, so its terms are not checked."
            f"{times_en}",
            severity="Info",
        )
    prefix = f" ({_PREFIXES[miss.right]}:)" if miss.right in _PREFIXES else ""
    return in_file(
        name,
        line,
        f"Navnerommet <{miss.written}> er nesten <{miss.right}>{prefix}. Skriv det siste.{times_nb}",
        f"The namespace <{miss.written}> is nearly <{miss.right}>{prefix}. Write the latter.{times_en}",
    )


def _where(
    written: str, file: SourceFile | None, files: Sequence[SourceFile], places: Sequence[FilePlace | None]
) -> tuple[str, int | None]:
    """The file, and the line that declares the prefix, else that of the first thing that uses it."""
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
    """An IRI in lower case, without scheme, `www.` and final `#` or `/`."""
    return re.sub(r"/{2,}", "/", _SCHEME.sub("", iri)).rstrip("#/").lower()


def _family(plain: str) -> str:
    """Host and first segment of the path: `purl.org/dc`."""
    return "/".join(re.split(r"[/#]", plain)[:2])


def _undated(plain: str) -> str:
    """Removes year, month and number of an edition, so that the XML Schema of 1999 equals that of 2001."""
    return re.sub(r"/(?:(?:19|20)[0-9]{2}|[0-9]{1,2}(?:\.[0-9]+)*)(?=/|$)", "", plain)


def _host(plain: str) -> str:
    return plain.partition("/")[0]


def _edits(one: str, other: str, most: int) -> int:
    """The edit distance, with swaps of neighbours as one edit; `most` + 1 when it is greater than `most`."""
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


def undefined_terms(
    home: Path,
    quads: Collection[Quad],
    context: Iterable[Quad],
    files: Sequence[SourceFile],
    locate: Locate,
    queries: Sequence[Path] = (),
) -> list[FileDiagnostic]:
    """Reports every term in statements and queries that its vocabulary does not define.

    Args:
        home: the project's folder, with ontology/vocabularies/; the queries' names are relative to it.
        quads: the statements to check.
        context: the statements that define terms of ours.
        files: the files that `quads` come from.
        locate: gives the place of a thing in the files, by its IRI.
        queries: the query files to check.
    Raises:
        DataError: a pinned list of terms cannot be read.
    """
    vocabularies = load_pinned(home / "ontology" / "vocabularies").including(context)
    problems = [
        found.at(_place(found, files, locate)._replace(thing=found.subject))
        for found in check_graph(quads, vocabularies)
    ]
    namespaces = Namespaces(vocabularies)
    problems += namespace_problems(quads, namespaces, files, locate)
    for path in queries:
        problems += _query_problems(path, str(path.relative_to(home)), vocabularies, namespaces)
    return problems


def query_iris(query: str) -> Iterator[tuple[str, Token]]:
    """The IRIs of a query, prefixed names expanded, each with its token; names with undeclared prefixes are left out.

    Raises:
        QuerySyntaxError: the query cannot be split into tokens.
    """
    prefixes: dict[str, str] = {}
    tokens = tokenize(query)
    for number, token in enumerate(tokens):
        if token.upper == "PREFIX" and number + 2 < len(tokens):
            prefixes[tokens[number + 1].text] = tokens[number + 2].text[1:-1]
        elif token.kind == "iri":
            yield token.text[1:-1], token
        elif token.kind == "prefixed_name":
            prefix, _, local = token.text.partition(":")
            if f"{prefix}:" in prefixes:
                yield prefixes[f"{prefix}:"] + _ESCAPED.sub(r"\1", local), token


def _query_problems(
    path: Path, name: str, vocabularies: Vocabularies, namespaces: Namespaces
) -> Iterator[FileDiagnostic]:
    text = path.read_text(encoding="utf-8")
    named = {} if path.suffix == ".rq" and path.parent.name != COLLECTIONS else dict(terms_of_head(text))
    try:
        if path.suffix == ".rq":
            named |= {iri: token.line for iri, token in reversed(list(query_iris(text)))}
    except (QuerySyntaxError, QueryLimitError) as error:
        line = error.place.line if isinstance(error, QuerySyntaxError) else None
        yield in_file(name, line, f"Spørringen kan ikke leses: {error}", f"The query cannot be read: {error}")
        return
    for found in check_query(named, vocabularies):
        yield found.at(FilePlace(name, named[found.iri]))
    yield from query_problems(named, name, namespaces)


def _lines(file: SourceFile) -> list[str]:
    try:
        return file.path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []


def _place(found: Misuse, files: Sequence[SourceFile], locate: Locate) -> FilePlace:
    """The place of the term: searched from its subject on, or in all files when its subject is a blank node."""
    start = locate(found.subject) if found.subject else None
    local = local_name(found.iri)
    use = re.compile(rf"<{re.escape(found.iri)}>|(?<![\w.-])[\w-]*:{re.escape(local)}(?![\w-])")
    first = (start.line if start else None) or 1
    for file in files:
        if start and file.name != start.file:
            continue
        for number, line in enumerate(_lines(file), 1):
            if number >= first and use.search(line):
                return FilePlace(file.name, number)
    return start or FilePlace("ontology/")
