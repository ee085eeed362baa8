"""Reads the files of `queries/pages/`, one for each kind of thing, when a service starts.

`shared.yaml` has the nouns with their articles that sentences of several kinds use. An invalid file is an error that
names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pyoxigraph import NamedNode

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic
from plangraf.errors import RequestError
from plangraf.pages.sentences.template import Template
from plangraf.pages.things.following import follow, step
from plangraf.pages.things.kind_form import KindForm, Part, SharedForm
from plangraf.rdf.graph import Graph
from plangraf.rdf.jsonld_documents import NO_FRAME, Frame
from plangraf.rdf.namespaces import ID, PREFIXES
from plangraf.sparql.named.head import Head, Titled, problem, read_yaml
from plangraf.sparql.safety import Limits, check
from plangraf.views.declarations import LABELS

FOLDER = "pages"
SHARED = "shared.yaml"
MOST_SHOWN = 100
"""Values of a part that a page has, folded ones included; the list of the kind has all."""
_CURIE = re.compile(r"(?<![\w:./<-])\^?([a-z][a-z0-9-]*):([A-Za-z][\w-]*)")
_SLOT = re.compile(r"\{[a-z][A-Za-z0-9]*:[^ {}][^{}]*\}")
# A page asks for the evidence of so many statements about other things than its own.
_MOST_STATEMENTS = 400
_Nest = dict[tuple[NamedNode, bool], "_Nest"]


@dataclass(frozen=True)
class Kind:
    """The page of one kind: its declaration, and what is derived from it once."""

    name: str
    form: KindForm

    @cached_property
    def classes(self) -> frozenset[NamedNode]:
        return frozenset(step(class_)[0] for class_ in self.form.class_)

    def name_of(self, types: Iterable[NamedNode]) -> tuple[Titled, str | None]:
        """The name of a thing's class, and the list that has it."""
        own = set(types)
        class_ = next((one for one in self.form.class_ if step(one)[0] in own), self.form.class_[0])
        return self.form.names.get(class_, self.form.name), self.form.lists.get(class_, self.form.list_)

    @cached_property
    def sentence(self) -> Mapping[str, Template]:
        return self.form.templates("sentence")

    @cached_property
    def title(self) -> Mapping[str, Template]:
        return self.form.templates("title")

    @cached_property
    def frame(self) -> Frame:
        """The links beyond the neighbours of a thing that its page shows."""
        nest: _Nest = {}
        for followed in _declared(self.form):
            _add(nest, followed)
        return _frame(nest)

    def statements(self, graph: Graph, thing: NamedNode) -> set[tuple[NamedNode, NamedNode]]:
        """The subjects, other than the thing, and properties whose evidence the page shows."""
        found: set[tuple[NamedNode, NamedNode]] = set()
        for section in self.form.sections:
            for part in section.parts:
                found |= set(_supported(graph, thing, thing, part))
        return set(sorted(found, key=str)[:_MOST_STATEMENTS])


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of things that have a page of their own, and nouns by the IRI of a concept."""

    by_class: Mapping[NamedNode, Kind] = field(default_factory=dict)
    nouns: Mapping[str, Titled] = field(default_factory=dict)

    def of(self, types: Iterable[NamedNode]) -> Kind | None:
        """The kind of a thing with these types; the lowest position wins."""
        found = {kind.name: kind for type_ in types if (kind := self.by_class.get(type_))}
        return min(found.values(), key=lambda kind: (kind.form.position, kind.name), default=None)

    def namer(self, language: str) -> Callable[[Sequence[NamedNode]], str]:
        """A function that says what a thing with some types is, in a language; empty for an undeclared kind."""

        def name(types: Sequence[NamedNode]) -> str:
            kind = self.of(types)
            return kind.name_of(types)[0].in_language(language) if kind else ""

        return name

    def knows(self, types: Iterable[NamedNode]) -> bool:
        """See `views.describe.PageReads`."""
        return self.of(types) is not None

    def frame(self, types: Iterable[NamedNode]) -> Frame:
        """See `views.describe.PageReads`."""
        kind = self.of(types)
        return kind.frame if kind else NO_FRAME

    def statements(
        self, types: Iterable[NamedNode], graph: Graph, thing: NamedNode
    ) -> set[tuple[NamedNode, NamedNode]]:
        """See `views.describe.PageReads`."""
        kind = self.of(types)
        return kind.statements(graph, thing) if kind else set()


def kind_files(queries: Path) -> list[Path]:
    """The files that declare pages."""
    return sorted((queries / FOLDER).glob("*.yaml"))


def load_kinds(queries: Path, lists: Iterable[str] = ()) -> Kinds:
    """Reads the kinds below a folder of queries; none when it has no folder of pages.

    Args:
        queries: the folder `queries` of a home.
        lists: the collections that a kind may name.
    Raises:
        DataError: files are invalid; each problem names file and line.
    """
    known = frozenset(lists)
    by_class: dict[NamedNode, Kind] = {}
    nouns: Mapping[str, Titled] = {}
    problems: list[FileDiagnostic] = []
    for path in kind_files(queries):
        file = f"{queries.name}/{FOLDER}/{path.name}"
        try:
            head = read_yaml(list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1)), file)
            if path.name == SHARED:
                nouns = {ID + key: noun for key, noun in head.as_model(SharedForm).nouns.items()}
                continue
            kind = Kind(path.stem, head.as_model(KindForm))
            _check(kind, head, known)
            for class_ in kind.classes:
                if class_ in by_class:
                    other = by_class[class_].name
                    raise head.problem(
                        ["class"],
                        f"{class_.value} has a page already, in {other}.yaml.",
                        f"{class_.value} har alt en side, i {other}.yaml.",
                    )
                by_class[class_] = kind
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return Kinds(by_class, nouns)


def _curies(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """The CURIEs of a file, each with its line; not what looks like one in a comment or a template."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in _CURIE.finditer(_SLOT.sub("", "" if line.startswith("#") else line)):
            yield number, match


def _check(kind: Kind, head: Head, lists: frozenset[str]) -> None:
    """Raises a DataError for an unknown prefix or list."""
    for number, match in _curies(head.source):
        if match[1] not in PREFIXES:
            raise problem(
                head.file,
                head.lines[number - 1],
                f"{match[0]} has none of the project's prefixes.",
                f"{match[0]} har ingen av prosjektets prefikser.",
            )
    named = {name for name in (kind.form.list_, *kind.form.lists.values()) if name}
    for section in kind.form.sections:
        for part in section.parts:
            named |= set(_lists(part))
        named |= {way.list_ for way in (section.ways.to if section.ways else ())}
        if section.query:
            _check_query(section.name, section.query, head)
    lines = head.source.splitlines()
    if lists and (unknown := sorted(named - lists)):
        raise problem(
            head.file,
            next((head.lines[n] for n, line in enumerate(lines) if _names_list(line, unknown[0])), 1),
            f"There is no list {unknown[0]}. Name a file of queries/collections/.",
            f"Det finnes ingen liste {unknown[0]}. Nevn en fil i queries/collections/.",
        )


def _names_list(line: str, name: str) -> bool:
    return re.search(rf"list[^#]*: *{re.escape(name)}(?![\w-])", line) is not None


def _check_query(section: str, query: str, head: Head) -> None:
    try:
        check(query.replace("$this", "<http://example.org/this>").replace("$lang", '"nb"'), Limits())
    except RequestError as error:
        where = [n for n, line in enumerate(head.source.splitlines()) if "query:" in line]
        raise problem(
            head.file,
            head.lines[where[0]] if where else 1,
            f"The query of the section {section} cannot be used: {error}",
            f"Spørringen i avsnittet {section} kan ikke brukes: {error}",
        ) from error


def _lists(part: Part) -> Iterator[str]:
    if part.more:
        yield part.more.list_
    for child in part.children:
        yield from _lists(child)


def _declared(form: KindForm) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Every path from the thing, with the paths that go on from its end; and those of links, from the thing."""
    for followed in (*form.slots.values(), *form.facts, *form.text):
        for path in followed.paths:
            yield path, []
    for section in form.sections:
        for part in section.parts:
            yield from _of_part([], part)


def _of_part(start: list[str], part: Part) -> Iterator[tuple[list[str], list[list[str]]]]:
    for path in part.paths:
        whole = [*start, *path]
        order = [[text.lstrip("-")] for text in part.order]
        ends = [*order, *(note_path for note in part.notes if not note.link for note_path in note.paths)]
        if part.number:
            ends.append([part.number])
        if part.group:
            ends.append(part.group)
        yield whole, ends
        if len(whole) > 1:
            of_links = [note_path for note in part.notes if note.link for note_path in note.paths]
            yield whole[:-1], [*order, *of_links]
        for child in part.children:
            yield from _of_part(whole, child)
    if part.mark:
        yield part.mark.path, []


def _add(nest: _Nest, declared: tuple[list[str], list[list[str]]]) -> None:
    path, ends = declared
    here = nest
    for text in path:
        here = here.setdefault(step(text), {})
    for end in ends:
        below = here
        for text in end:
            below = below.setdefault(step(text), {})


def _frame(nest: _Nest) -> Frame:
    # Names come with every thing that a document mentions.
    kept = {key: below for key, below in nest.items() if key[0] not in LABELS}
    return Frame(
        {name: _frame(below) for (name, backwards), below in kept.items() if not backwards},
        {name: _frame(below) for (name, backwards), below in kept.items() if backwards},
    )


def _supported(graph: Graph, thing: NamedNode, start: NamedNode, part: Part) -> Iterator[tuple[NamedNode, NamedNode]]:
    if part.evidence:
        return
    for reached in follow(graph, start, part)[:MOST_SHOWN]:
        for subject, predicate, _ in reached.statements:
            if isinstance(subject, NamedNode) and subject != thing:
                yield subject, predicate
        if isinstance(reached.value, NamedNode):
            for child in part.children:
                yield from _supported(graph, thing, reached.value, child)
