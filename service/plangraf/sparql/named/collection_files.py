"""Reads the files of `queries/collections/` and compiles heads and patterns into collections.

A head writes terms as CURIEs with the project's prefixes; a pattern declares its own prefixes. An invalid file is an
error that names file and line, when a service starts and in a build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic
from plangraf.errors import ParameterError, QuerySyntaxError, RequestError
from plangraf.rdf.namespaces import GRAPH, ID, PREFIXES, SCHEME, SDG
from plangraf.sparql.lexer import Token, tokenize
from plangraf.sparql.named.binding import read_term
from plangraf.sparql.named.collection import (
    Collection,
    CollectionHead,
    Column,
    ColumnForm,
    Facet,
    FacetForm,
    OrderForm,
    Shared,
)
from plangraf.sparql.named.head import Head, Parameter, problem, read_head, read_yaml
from plangraf.sparql.safety import Limits, check

FOLDER = "collections"
SHARED = "shared.yaml"

_KEBAB = re.compile(r"[a-z][a-z0-9-]*")
_CURIE = re.compile(r"(?<![\w:./<-])([a-z][a-z0-9-]*):([A-Za-z][\w-]*)")
_PATH_SIGNS = frozenset("^/|()*+?!")
_GRAPH_OF = GRAPH.replace(".", "[.]")
_A = "<" + PREFIXES["rdf"] + "type>"
_AREA_OF_GRAPH = (
    f'GRAPH ?graph {{ ?thing a ?class }} FILTER (REGEX(STR(?graph), "^{_GRAPH_OF}[0-9]{{4}}/")) '
    f'BIND (REPLACE(STR(?graph), "^{_GRAPH_OF}([0-9]{{4}})/.*$", "$1") AS ?value)'
)
_YEAR = 'FILTER (!ISIRI(?date)) BIND (REPLACE(STR(?date), "^(-?[0-9]{4}).*$", "$1") AS ?value)'


def load_collections(queries: Path) -> dict[str, Collection]:
    """Reads the collections below a folder of queries, in the order of their positions.

    Raises:
        DataError: the folder is missing, or files are invalid; each problem names file and line.
    """
    folder = queries / FOLDER
    if not folder.is_dir():
        name = f"{queries.name}/{FOLDER}"
        raise problem(
            name,
            1,
            f"The folder {name} is missing. It holds one file for each collection of the site.",
            f"Mappen {name} mangler. Den har en fil for hver liste på nettstedet.",
        )
    where = f"{queries.name}/{FOLDER}"
    shared = _load_shared(folder / SHARED, f"{where}/{SHARED}")
    found: list[tuple[int, Collection]] = []
    problems: list[FileDiagnostic] = []
    for path in sorted(folder.glob("*.rq")):
        try:
            file = _File(path, f"{where}/{path.name}", shared)
            found.append((file.form.position, file.collection()))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return {collection.path: collection for _, collection in sorted(found, key=lambda one: (one[0], one[1].path))}


def address_taken(path: str) -> DataError:
    """The error for a collection whose address belongs to another resource of the service."""
    return problem(
        f"queries/{FOLDER}/{path}.rq",
        1,
        f"/{path} is an address of the service. Give the file another name.",
        f"/{path} er en av tjenestens adresser. Gi filen et annet navn.",
    )


def collection_files(queries: Path) -> list[Path]:
    """The files that declare collections."""
    return sorted(path for path in (queries / FOLDER).glob("*") if path.suffix == ".rq" or path.name == SHARED)


def terms_of_head(text: str) -> Iterator[tuple[str, int]]:
    """The terms that a head or the shared file names by CURIEs of the project's prefixes, each with its line."""
    has_head = text.startswith("#+")
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#+") or not has_head:
            for match in _CURIE.finditer(line):
                if match[1] in PREFIXES:
                    yield PREFIXES[match[1]] + match[2], number


def _load_shared(path: Path, name: str) -> Head | None:
    if not path.is_file():
        return None
    head = read_yaml(list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1)), name)
    head.as_model(Shared)
    return head


class _File:
    """Compiles one file into a collection."""

    def __init__(self, path: Path, name: str, shared: Head | None) -> None:
        self.path = path
        self._name = name
        self._text = path.read_text(encoding="utf-8")
        if not _KEBAB.fullmatch(path.stem):
            raise problem(
                name,
                1,
                "The file's name is the collection's address: small letters, digits and hyphens.",
                "Filens navn er listens adresse: små bokstaver, sifre og bindestreker.",
            )
        self._head = read_head(
            self._text,
            name,
            "`#+ title: {nb: …, en: …}` and `#+ summary: …`",
            "`#+ title: {nb: …, en: …}` og `#+ summary: …`",
        )
        content = dict(self._head.content)
        for part in ("columns", "facets"):
            if isinstance(content.get(part), dict):
                content[part] = {key: self._form(part, key, form, shared) for key, form in content[part].items()}
        self.form = self._head.as_model(CollectionHead, content)

    def collection(self) -> Collection:
        form = self.form
        pattern = _read_pattern(self._text, self._name)
        return Collection(
            self.path.stem,
            pattern.classes,
            form.title.nb,
            form.title.en,
            tuple(self._order(number, one) for number, one in enumerate(form.order)),
            tuple(self._column(name, column) for name, column in form.columns.items()),
            tuple(self._facet(name, facet) for name, facet in form.facets.items()),
            form.summary,
            pattern.narrowed,
            form.minor,
            form.when_empty,
            form.search,
            tuple(form.title.further.items()),
        )

    def _form(self, part: str, name: object, form: object, shared: Head | None) -> object:
        """The form of a column or facet. A name, or nothing, refers to the shared form of that name or of the key."""
        if isinstance(form, dict):
            return form
        wanted = name if form is None else form
        known = shared.content.get(part) or {} if shared else {}
        if wanted not in known:
            raise self._problem(
                (part, str(name)), f"{wanted!r} is not among the {part} of {SHARED}: {', '.join(known) or 'none'}."
            )
        return known[wanted]

    def _column(self, name: str, form: ColumnForm) -> Column:
        at = ("columns", name)
        steps = [form.path] if isinstance(form.path, str) else form.path or []
        path = tuple(self._iri(step, at) for step in steps)
        other = self._iri(form.otherwise, at) if form.otherwise else None
        tag = self._iri(form.tag, at) if form.tag else None
        return Column(name, form.nb, form.en, path, other, form.links, tag, tuple(form.further.items()))

    def _facet(self, name: str, form: FacetForm) -> Facet:
        at = ("facets", name)
        steps = [form.path] if isinstance(form.path, str) else form.path or []
        paths = [self._path(step, at) for step in steps]
        start = "?step" if len(paths) > 1 else "?thing"
        value = f"{start} {paths[-1]} ?value ." if paths else _AREA_OF_GRAPH
        if form.values == "years":
            value = f"{start} {paths[-1]} ?date . {_YEAR}"
        if form.is_:
            value += f" ?value a <{self._iri(form.is_, at)}> ."
        base = self._base(form.codes, at)
        if form.only_codes:
            value += f' FILTER (STRSTARTS(STR(?value), "{base}"))'
        property_ = self._iri(form.property, at) if form.property else _last_iri(paths[-1])
        parameter = Parameter(
            type="iri-or-code" if base == SDG else "code",
            optional=True,
            pattern="^[0-9]{4}$" if form.values == "years" else form.pattern,
            example=form.example,
        )
        self._check_example(form, parameter, at)
        stands = form.stands_for
        return Facet(
            name,
            form.nb,
            form.en,
            value,
            property_,
            parameter,
            base,
            is_text=form.values != "things",
            through=f"?thing {paths[0]} ?step ." if len(paths) > 1 else None,
            key_property=self._iri(stands.property, at) if stands else None,
            key=stands.key if stands else None,
            tag=self._iri(form.tag, at) if form.tag else None,
            further=tuple(form.further.items()),
        )

    def _order(self, number: int, form: str | OrderForm) -> str:
        at = ("order", number)
        if isinstance(form, str):
            return f"?thing {self._path(form, at)} ?value"
        class_ = self._iri(form.is_, at)
        return f"?thing {self._path(form.path, at)} ?step . ?step a <{class_}> ; {self._path(form.then, at)} ?value"

    def _iri(self, curie: str, at: Sequence[int | str]) -> str:
        prefix, _, local = curie.partition(":")
        if prefix not in PREFIXES:
            raise self._problem(
                at, f"{curie}: the prefix {prefix!r} is not one of the project's: {', '.join(PREFIXES)}."
            )
        return PREFIXES[prefix] + local

    def _path(self, path: str, at: Sequence[int | str]) -> str:
        """Expands the CURIEs of a property path."""
        try:
            tokens = tokenize(path)
        except RequestError as error:
            raise self._problem(at, f"{path!r} is not a property path. {error}") from error
        written = []
        for token in tokens:
            if token.kind == "prefixed_name":
                written.append(f"<{self._iri(token.text, at)}>")
            elif token.text == "a":
                written.append(_A)
            elif token.kind == "iri" or token.text in _PATH_SIGNS:
                written.append(token.text)
            else:
                raise self._problem(at, f"{path!r} is not a property path: {token.text!r} cannot stand in one.")
        text = "".join(written)
        if reason := _path_error(text):
            raise self._problem(at, f"{path!r} is not a property path. {reason}")
        return text

    def _base(self, codes: str, at: Sequence[int | str]) -> str:
        if codes.startswith("scheme/"):
            return f"{SCHEME}{codes.removeprefix('scheme/')}/"
        return {"id": ID, "scheme": SCHEME, "sdg": SDG}.get(codes) or self._iri(f"{codes}:", at)

    def _check_example(self, form: FacetForm, parameter: Parameter, at: Sequence[int | str]) -> None:
        is_iri = form.values == "things" and "://" in form.example
        try:
            read_term(str(at[-1]), Parameter(type="iri") if is_iri else parameter, form.example)
        except ParameterError as error:
            raise self._problem((*at, "example"), f"the example cannot be used. {error}") from error

    def _problem(self, at: Sequence[int | str], what: str) -> DataError:
        path = ".".join(map(str, at))
        return self._head.problem(
            at, f"The head cannot be used: {path}: {what}", f"Hodet kan ikke brukes: {path}: {what}"
        )


@lru_cache
def _path_error(path: str) -> str | None:
    try:
        check(f"SELECT ?value WHERE {{ ?thing {path} ?value }}", Limits())
    except RequestError as error:
        return str(error)
    return None


def _last_iri(path: str) -> str:
    return path.rpartition("<")[2].partition(">")[0]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The classes of the things, and the query with full IRIs when its pattern restricts more than the classes."""

    classes: tuple[str, ...]
    narrowed: str | None


def _read_pattern(text: str, name: str) -> _Pattern:
    """Reads the query of a file.

    Raises:
        DataError: it is malformed, does not select exactly ?thing, or does not state the class of the things.
    """
    try:
        checked = check(text, Limits())
        tokens = tokenize(text)
    except RequestError as error:
        line = error.place.line if isinstance(error, QuerySyntaxError) else 1
        raise _problem(name, line, str(error)) from error
    select = next((n for n, token in enumerate(tokens) if token.upper == "SELECT"), None)
    start = next((n for n, token in enumerate(tokens) if token.text == "{"), None)
    if checked.form != "SELECT" or select is None or start is None:
        raise _problem(name, 1, "a collection is a SELECT; there is none.")
    projected = [token.text for token in tokens[select + 1 : start] if token.upper not in ("WHERE", "DISTINCT")]
    if projected != ["?thing"]:
        raise _problem(name, tokens[select].line, "it selects ?thing and nothing else: SELECT ?thing WHERE { … }.")
    if tokens[-1].text != "}" or not checked.deterministic:
        raise _problem(name, tokens[-1].line, "its pattern alone says which things there are; the head has the order.")
    written = _full_iris(text, tokens)
    body = tokens[start + 1 : -1]
    classes, used = _find_classes(body, written)
    if not classes:
        raise _problem(
            name,
            tokens[start].line,
            "its pattern does not say which class the things have. Begin it with `?thing a <class>`, or with "
            "`VALUES ?class { <class> <class> } ?thing a ?class`.",
        )
    rest = len(body) - used - (bool(body) and body[-1].text == ".")
    group = " ".join(written.get(token.start, token.text) for token in tokens[start:])
    return _Pattern(classes, f"SELECT DISTINCT ?thing WHERE {group}" if rest else None)


def _find_classes(body: Sequence[Token], written: dict[int, str]) -> tuple[tuple[str, ...], int]:
    """The classes that a group states for ?thing, and the number of tokens that state them."""
    depth = 0
    values: dict[str, list[str]] = {}
    for n, token in enumerate(body):
        if token.upper == "VALUES" and depth == 0 and n + 2 < len(body) and body[n + 2].text == "{":
            end = next((m for m in range(n + 3, len(body)) if body[m].text == "}"), n)
            values[body[n + 1].text] = [written.get(one.start, "")[1:-1] for one in body[n + 3 : end]]
        depth += (token.text == "{") - (token.text == "}")
        if depth or token.text != "?thing" or n + 2 >= len(body):
            continue
        if body[n + 1].text != "a" and written.get(body[n + 1].start) != _A:
            continue
        given = body[n + 2]
        if given.text in values:
            return tuple(values[given.text]), 3 + 4 + len(values[given.text])
        if given.start in written:
            return (written[given.start][1:-1],), 3
    return (), 0


def _full_iris(text: str, tokens: Sequence[Token]) -> dict[int, str]:
    """The full IRIs of a query by their offsets."""
    prefixes: dict[str, str] = {}
    found: dict[int, str] = {}
    for n, token in enumerate(tokens):
        if token.upper == "PREFIX" and n + 2 < len(tokens):
            prefixes[tokens[n + 1].prefix] = tokens[n + 2].iri
        elif token.kind == "iri":
            found[token.start] = f"<{token.iri}>"
        elif token.kind == "prefixed_name" and token.prefix in prefixes:
            found[token.start] = f"<{prefixes[token.prefix]}{token.local}>"
    return found


def _problem(file: str, line: int, what: str) -> DataError:
    return problem(file, line, f"The query cannot be used: {what}", f"Spørringen kan ikke brukes: {what}")
