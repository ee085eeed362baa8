"""`plangraf build`: source files → parse → closed vocabulary → SHACL → checks → one version.

A build collects all problems before it stops, and writes nothing before all checks have passed.

It also checks the files that only a service reads: collections, frames, labels and `queries/site.yaml`.

It describes the named queries as data in a graph of their own, because query editors read the examples there. Each is a
SPARQL executable of SHACL (https://www.w3.org/TR/shacl-af/#SPARQLExecutable). Its parameters are bound to the examples
in its head, and its prefixes are those that the ontology declares.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.kept_results import Change
from plangraf.checks.verdict import Beside, judge
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, as_json
from plangraf.diagnostics.progress import Progress, counted
from plangraf.errors import VersionsError
from plangraf.publish.beside import beside
from plangraf.publish.bulk_stores import open_own, write_stores_beside
from plangraf.publish.context import FILE as CONTEXT
from plangraf.publish.dumps import write_dumps
from plangraf.publish.finished_steps import FinishedSteps
from plangraf.publish.gathered_lines import GatheredLines
from plangraf.publish.inputs import find_built, hash_inputs
from plangraf.publish.known_datasets import KnownDatasets, Read
from plangraf.publish.lists.step import lists_beside
from plangraf.publish.losses import (
    add_remembered_folders,
    content_of,
    content_of_version,
    remembered_line,
    stop_at_losses,
)
from plangraf.publish.pictures.step import declared_pictures, pictures_beside, wait_for_folder
from plangraf.publish.search_index import build_index
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.graph import nquads_lines, paused_collector, relabelled
from plangraf.rdf.line_file import LineFile
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, QUERIES, QUERIES_GRAPH
from plangraf.rdf.quad_lines import QuadLines, Queried, distinct_triples, graph_counts, load_store
from plangraf.search.index_files import FOLDER as SEARCH
from plangraf.settings import Settings
from plangraf.sources.bulk import read_bulk
from plangraf.sources.files import FRAMES, SITE, SourceFile, Sources, sources
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.sparql.named.head import Titled
from plangraf.store.versions import BULK_STORES, DOWNLOADS, Version, VersionStore
from plangraf.store.versions.bulk import BulkGraph
from plangraf.views.declarations import load_frames, load_labels, load_site
from plangraf.views.front_page import check_lists

_SH = PREFIXES["sh"]
_TYPES = tuple(NamedNode(_SH + name) for name in ("SPARQLExecutable", "SPARQLSelectExecutable"))
_HEAD_LINE = re.compile(r"^#[+@].*\n?", re.MULTILINE)
REPORT = "report.json"
# Fewer statements are checked sooner than a second process has begun.
_MANY = 100_000


def describe_queries(queries: Iterable[NamedQuery]) -> set[Quad]:
    """The statements about the named queries.

    Raises:
        ParameterError: a query has a required parameter without an example in its head.
    """
    graph = NamedNode(QUERIES_GRAPH)
    return {
        Quad(NamedNode(QUERIES + query.name), predicate, value, graph)
        for query in queries
        for predicate, value in _describe(query)
    }


def _describe(query: NamedQuery) -> Iterator[tuple[NamedNode, NamedNode | Literal]]:
    needed = {name: [value] for name, value in query.example.items()}
    for type_ in _TYPES:
        yield NamedNode(PREFIXES["rdf"] + "type"), type_
    says = query.head.walk.links.en if query.head.walk else query.head.summary
    yield NamedNode(PREFIXES["rdfs"] + "comment"), Literal(says, language="en")
    for tag in query.head.tags:
        yield NamedNode(PREFIXES["schema"] + "keywords"), Literal(tag)
    yield NamedNode(_SH + "prefixes"), NamedNode(ONTOLOGY)
    yield NamedNode(_SH + "select"), Literal(_HEAD_LINE.sub("", query.bind(needed)).strip())


def check_site_files(home: Path) -> list[FileDiagnostic]:
    """Reports each file that a service could not read.

    A missing file is not reported, because a build does not need it.
    """
    has_lists, has_site = bool(collection_files(home / "queries")), (home / SITE).is_file()
    found = [
        *(_problems(lambda: load_collections(home / "queries")) if has_lists else ()),
        *(_problems(lambda: load_frames(home)) if (home / FRAMES).is_file() else ()),
        *_problems(lambda: load_labels(home)),
        *(_problems(lambda: load_site(home)) if has_site else ()),
        *_problems(lambda: declared_pictures(home)),
    ]
    if has_lists and has_site and not found:
        found = _problems(lambda: check_lists(load_site(home), load_collections(home / "queries")))
    return found


def load_download_titles(home: Path) -> Mapping[str, Titled]:
    """The titles of downloads in `queries/site.yaml`; empty when the file is missing or invalid.

    `check_site_files` reports an invalid file.
    """
    try:
        return load_site(home).downloads
    except DataError:
        return {}


def _problems(load: Callable[[], object]) -> list[FileDiagnostic]:
    try:
        load()
    except DataError as error:
        return error.problems
    return []


@dataclass(frozen=True, slots=True)
class Built:
    """The version of the source files, with warnings and advice; `fresh` when this build wrote it."""

    version: Version
    fresh: bool
    problems: tuple[FileDiagnostic, ...] = ()


@paused_collector()
def build(settings: Settings, *, force: bool = False, drop: bool = False, progress: Progress | None = None) -> Built:
    """Builds a version from the source files and makes it current.

    Args:
        settings: the build reads `home` and `data` and writes to `versions`; without `data`, it reads the data
            folders of the last build.
        force: build although the files have not changed.
        drop: read only the named data folders, and drop datasets that only the current version has.
        progress: receives the lines about each step.
    Raises:
        DataError: the files have a violation, or lack a dataset of the current version, which is unchanged.
        VersionsError: the folder of versions cannot be used; the current version is unchanged.
        SettingError: a data folder is missing or empty.
    """
    progress = progress or Progress(None)
    store = VersionStore(settings.versions, settings.feed_page)
    given = settings.data
    settings = add_remembered_folders(settings, store, drop=drop)
    if settings.data != given:
        progress.line(remembered_line(settings.data))
    with store.lock():
        # Computed before parsing, so that a file edited during the build counts as changed at the next one; and once,
        # because it reads every file.
        digest = hash_inputs(settings)
        if not force and (known := find_built(store, digest)):
            return _use_known(store, known, drop=drop)
        return _build(settings, store, digest, force=force, drop=drop, progress=progress)


def _use_known(store: VersionStore, known: Version, *, drop: bool) -> Built:
    """Makes the version of the unchanged source files current again."""
    if store.current().id != known.id:
        if not drop:
            stop_at_losses(store, content_of_version(known))
        store.use(known.id)
    store.catch_up()
    return Built(known, fresh=False)


def _build(
    settings: Settings, store: VersionStore, digest: str, *, force: bool, drop: bool, progress: Progress
) -> Built:
    """Parses, checks and writes; `digest` is that of the inputs."""
    steps = FinishedSteps(store, digest, renew=force)
    if steps.names:
        progress.line(f"{'resumed':<10}  {', '.join(steps.names)}, of a build of these files that did not end")
    try:
        built = _build_version(settings, store, digest, steps, force=force, drop=drop, progress=progress)
    except DataError:
        steps.remove()  # the files must change
        raise
    steps.remove()
    return built


def _build_version(
    settings: Settings, store: VersionStore, digest: str, steps: FinishedSteps, *, force: bool, drop: bool,
    progress: Progress,
) -> Built:  # fmt: skip
    found = sources(settings.home, settings.data)
    known = KnownDatasets(store, settings.home, found.files, renew=force)
    with (
        GatheredLines(settings.memory_triples, store.temporary("gathered"), store.explained) as gathered,
        GatheredLines(settings.memory_triples, store.temporary("unproven"), store.explained) as unproven,
    ):
        read = _parse(settings.home, found, known, Read(gathered, unproven), progress)
        parsed, lines = read.parsed, read.lines
        quads = QuadLines(lines)
        change = known.change()
        last = _last_version(store, known) if change is not None else None
        before = (last, change.changed) if change is not None and last is not None else None
        with _packed_bulk(found.bulk, quads, store, last, progress) as bulk:
            if not drop:
                _stop_at_losses(store, quads, parsed.problems, bulk.values())
            with (
                write_stores_beside(
                    store, steps, lines, bulk, settings.memory_triples, before, renew=force
                ) as wait_for_stores,
                _downloads_beside(steps, lines, settings.home, known) as wait_for_dumps,
            ):
                # Loaded before the steps begin that ask it, so that their processes share it.
                loaded = _load(lines, bulk.values(), wait_for_stores, progress)
                with (
                    _index_beside(steps, quads, settings.home, loaded) as wait_for_index,
                    pictures_beside(
                        store, steps, lines, bulk, settings.home, loaded, last, change, renew=force
                    ) as wait_for_pictures,
                    lists_beside(steps, bulk.values(), settings.home, loaded, last, change) as wait_for_lists,
                ):
                    data, new, second = (
                        DataGraph(quads, loaded),
                        QuadLines(read.unproven),
                        _second_process(lines, change),
                    )
                    judged = steps.checked(
                        partial(judge, settings, parsed, found.files, progress, data, None, new, change, second)
                    )
                    problems = judged.problems
                    with progress.step("search") as note:
                        note(counted(wait_for_index(), "entry", "entries"))
                    pictures = wait_for_folder(wait_for_pictures, steps, progress)
                    lists = wait_for_lists(progress)
                    with progress.step("write") as note:
                        tables = wait_for_dumps()
                        described = manifest(quads, problems, bulk.values())
                        folders = {name: steps.folder(name) for name in (DOWNLOADS, SEARCH)}
                        folders |= {**wait_for_stores(), **pictures, **lists}
                        version = store.write(lines, described, {REPORT: as_json(problems)}, folders, bulk)
                        _record(store, settings, digest, version)
                        known.record(version.id, tables, judged.results, proven=judged.terms_defined)
                        note(f"version {version.id}, {counted(version.triples, 'triple')}")
    return Built(version, fresh=True, problems=tuple(problems))


def _second_process(lines: Sequence[bytes], change: Change | None) -> Beside | None:
    """Where the check queries run: beside the shapes when both take long.

    In a fork they copy what they read of a store in memory, which is too much for the few queries of a change.
    """
    return beside if len(lines) > _MANY and (change is None or isinstance(lines, LineFile)) else None


def _load(
    lines: Sequence[bytes], bulk: Collection[BulkGraph], wait_for_stores: Callable[[], Mapping[str, Path]],
    progress: Progress,
) -> Queried:  # fmt: skip
    """The statements for queries: in memory, or those on disk when they are too many."""
    if not isinstance(lines, LineFile):
        return load_store(lines)
    with progress.step("stores") as note:
        folder = wait_for_stores()[BULK_STORES]
        note("on disk")
        return open_own(folder, bulk)


def _record(store: VersionStore, settings: Settings, digest: str, version: Version) -> None:
    """Records what a version was built from; removes old versions."""
    context = settings.home / "ontology" / CONTEXT
    if context.is_file():
        store.keep_context(context.read_bytes())
    store.record_inputs(digest, version.id, settings.data)
    store.prune(settings.keep_versions - 1)


def _downloads_beside(
    steps: FinishedSteps, lines: Sequence[bytes], home: Path, known: KnownDatasets
) -> AbstractContextManager[Callable[[], dict[str, str]]]:
    """Yields a function that waits for the downloads, and returns what `write_dumps` does."""
    last, tables = known.last()
    downloads = last / DOWNLOADS if last is not None else None
    work = partial(write_dumps, lines, steps.folder(DOWNLOADS), load_download_titles(home), downloads, tables)
    return steps.beside(DOWNLOADS, "The downloads of the version", work)


def _index_beside(
    steps: FinishedSteps, quads: Collection[Quad], home: Path, loaded: Queried
) -> AbstractContextManager[Callable[[], int]]:
    """Yields a function that waits for the search index, and returns the number of its entries."""
    work = partial(build_index, quads, home, steps.folder(SEARCH), loaded)
    return steps.beside(SEARCH, "The index for the search", work)


def _last_version(store: VersionStore, known: KnownDatasets) -> Version | None:
    """The version that the last build wrote, when it is kept."""
    folder, _ = known.last()
    with suppress(VersionsError):
        return store.get(folder.name) if folder is not None else None
    return None


def _parse(home: Path, found: Sources, known: KnownDatasets, read: Read, progress: Progress) -> Read:
    """Reads all files and describes the named queries; collects the problems of both."""
    with progress.step("parse") as note:
        known.read(read)
        parsed = read.parsed
        parsed.problems += [skipped.problem for skipped in found.skipped]
        try:
            parsed.quads |= describe_queries(load_queries(home / "queries").values())
        except DataError as error:
            parsed.problems += error.problems
        parsed.problems += check_site_files(home)
        parsed.quads = relabelled(parsed.quads)
        read.add(nquads_lines(parsed.quads))
        note(counted(len(found.files), "file"))
        note(counted(len(read.lines), "statement"))
        if read.taken:
            note(f"{read.taken} of {counted(read.datasets, 'dataset')} as before")
    return read


def _stop_at_losses(
    store: VersionStore, quads: Collection[Quad], problems: Sequence[FileDiagnostic], bulk: Collection[BulkGraph]
) -> None:
    """Reports lost datasets together with the parse problems, because these may be the cause."""
    try:
        stop_at_losses(store, content_of(quads, {one.graph: one.triples for one in bulk}))
    except DataError as error:
        raise DataError([*problems, *error.problems]) from error


@contextmanager
def _packed_bulk(
    files: Sequence[SourceFile], quads: Collection[Quad], store: VersionStore, last: Version | None, progress: Progress
) -> Iterator[dict[Path, BulkGraph]]:
    """Checks and compresses the bulk files; yields the graph of each compressed file, which is removed at the end.

    Those of `last`, the version that this code built before, are not checked again.
    """
    if not files:
        yield {}
        return
    packed = {file: store.temporary(f"bulk-{number}") for number, file in enumerate(files)}
    known: dict[str, tuple[int, BulkTerms]] = {}
    with suppress(VersionsError):
        known = {one.sha256: (one.triples, one.terms) for one in (last.bulk() if last is not None else ())}
    try:
        with progress.step("bulk") as note:
            found = read_bulk(files, quads, lambda file: store.packing(packed[file]), known)
            note(counted(len(found), "file"))
            note(counted(sum(one.triples for one in found), "statement"))
        yield {packed[one.file]: BulkGraph(one.graph, one.sha256, one.triples, one.terms) for one in found}
    finally:
        for path in packed.values():
            path.unlink(missing_ok=True)


def manifest(
    quads: Collection[Quad], problems: Sequence[FileDiagnostic], bulk: Collection[BulkGraph] = ()
) -> dict[str, object]:
    """The content of manifest.json without the id: sizes, and the number of warnings by shape."""
    in_bulk = sum(one.triples for one in bulk)
    graphs = graph_counts(quads)
    graphs.update({one.graph: one.triples for one in bulk})
    return {
        "triples": distinct_triples(quads) + in_bulk,
        "quads": len(quads) + in_bulk,
        "graphs": dict(sorted(graphs.items())),
        "warnings": dict(
            sorted(
                Counter(
                    problem.rule or problem.place.file for problem in problems if problem.severity == "Warning"
                ).items()
            )
        ),
    }
