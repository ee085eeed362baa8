"""The closed-vocabulary step of a build: reports undefined terms in data and queries, with file and line.

`vocabulary` decides which terms are undefined; this module finds their places.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from pyoxigraph import Quad

from plangraf.checks.near_namespaces import namespace_problems, query_problems
from plangraf.checks.vocabulary import Misuse, Vocabularies, check_graph, check_query, load_pinned
from plangraf.diagnostics.diagnostic import FileDiagnostic, FilePlace, in_file
from plangraf.errors import QueryLimitError, QuerySyntaxError
from plangraf.rdf.namespaces import local_name
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import Locate
from plangraf.sparql.lexer import Token, tokenize
from plangraf.sparql.named.collection_files import FOLDER as COLLECTIONS
from plangraf.sparql.named.collection_files import terms_of_head

_ESCAPED = re.compile(r"\\(.)")


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
    problems += namespace_problems(quads, vocabularies, files, locate)
    for path in queries:
        problems += _query_problems(path, str(path.relative_to(home)), vocabularies)
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


def _query_problems(path: Path, name: str, vocabularies: Vocabularies) -> Iterator[FileDiagnostic]:
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
    yield from query_problems(named, name, vocabularies)


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
