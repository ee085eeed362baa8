"""`plangraf build`: source files → parse → closed vocabulary → SHACL → checks → one version.

Everything that is wrong is collected before the build stops, and nothing is written before all is right.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from pyoxigraph import NamedNode, Quad, Triple

from plangraf import __version__
from plangraf.build.context import FILE as CONTEXT
from plangraf.build.dumps import dumping
from plangraf.build.examples import examples
from plangraf.build.ontology_page import PAGE, render
from plangraf.build.parsing import Parsed, nquads_lines, read, relabelled
from plangraf.build.progress import Progress, counted
from plangraf.build.report import as_json
from plangraf.build.term_use import undefined_terms
from plangraf.build.validation import checks, shacl, sort_problems
from plangraf.errors import DataError, DataProblem
from plangraf.files import SourceFile, inputs_digest, source_files
from plangraf.namespaces import GRAPH
from plangraf.queries import load_queries
from plangraf.settings import Settings
from plangraf.versions import DOWNLOADS, Version, VersionStore

REPORT = "report.json"
# Libraries whose results stand in a version or decide whether there is one.
_LIBRARIES = ("pyoxigraph", "rdflib", "pyshacl", "pylode", "pyarrow")
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Built:
    """The version that fits the files; `fresh` when this build wrote it. Problems are warnings and advice."""

    version: Version
    fresh: bool
    problems: tuple[DataProblem, ...] = ()


def inputs(settings: Settings) -> str:
    """SHA-256 over what a version is made from: the files, this package's code, the libraries' versions."""
    digest = hashlib.sha256(inputs_digest(settings.home, source_files(settings.home, settings.data)).encode())
    digest.update("\n".join([__version__, *map(installed_version, _LIBRARIES)]).encode())
    for module in sorted([*_PACKAGE.glob("*.py"), *_PACKAGE.parent.glob("*.py")]):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return digest.hexdigest()


def up_to_date(settings: Settings) -> Version | None:
    """The version that was built from the files as they are now, else None.

    It need not be the current one: `plangraf versions use` may have gone back to another.
    """
    store = VersionStore(settings.versions)
    known = store.inputs()
    if known is None or not store.has_current() or known[0] != inputs(settings):
        return None
    return next((version for version in store.list() if version.id == known[1]), None)


def build(settings: Settings, *, force: bool = False, progress: Progress | None = None) -> Built:
    """Builds a version from the source files and makes it current.

    Args:
        settings: `home` and `data` say what is read, `versions` where the version goes.
        force: build although the files have not changed.
        progress: where the lines about each step go.
    Raises:
        DataError: the files hold something that is wrong; the current version is unchanged.
        VersionsError: the folder of versions cannot be used; the current version is unchanged.
        SettingError: a data folder is missing or empty.
    """
    progress = progress or Progress(None)
    store = VersionStore(settings.versions, settings.feed_page)
    with store.lock():
        if not force and (known := up_to_date(settings)):
            if store.current().id != known.id:
                store.use(known.id)
            store.catch_up()
            return Built(known, fresh=False)
        # Before reading: a file that is edited while the build runs counts as changed at the next one.
        digest = inputs(settings)
        files = source_files(settings.home, settings.data)
        with progress.step("parse") as note:
            parsed = read(files)
            try:
                parsed.quads |= examples(load_queries(settings.home / "queries").values())
            except DataError as error:
                parsed.problems += error.problems
            parsed.quads = relabelled(parsed.quads)
            note(counted(len(files), "file"))
            note(counted(len(parsed.quads), "statement"))
        lines = nquads_lines(parsed.quads)
        with dumping(lines, store.temporary(DOWNLOADS)) as dumped:
            problems = _valid(settings, parsed, files, progress, parsed.quads)
            with progress.step("page") as note:
                page = render(parsed.quads)
                note(f"{PAGE}, {counted(len(page) // 1024, 'KiB', 'KiB')}")
            with progress.step("write") as note:
                described = manifest(parsed.quads, problems)
                extra = {REPORT: as_json(problems), PAGE: page}
                version = store.write(lines, described, extra, {DOWNLOADS: dumped()})
                context = settings.home / "ontology" / CONTEXT
                if context.is_file():
                    store.keep_context(context.read_bytes())
                store.record_inputs(digest, version.id)
                store.prune(settings.keep_versions - 1)
                note(f"version {version.id}, {counted(version.triples, 'triple')}")
        return Built(version, fresh=True, problems=tuple(problems))


def manifest(quads: Collection[Quad], problems: Sequence[DataProblem]) -> dict[str, object]:
    """What manifest.json says beside the id: sizes, and warnings by the IRI of their shape."""
    return {
        "triples": len(_triples(quads)),
        "quads": len(quads),
        "graphs": dict(sorted(Counter(str(quad.graph_name)[1:-1] for quad in quads).items())),
        "warnings": dict(
            sorted(
                Counter(problem.shape or problem.file for problem in problems if problem.severity == "Warning").items()
            )
        ),
    }


def validate(settings: Settings, paths: Sequence[Path], *, progress: Progress | None = None) -> list[DataProblem]:
    """What a build would say about some files, and only about what they describe.

    The files are read beside ours. A file of ours is left out when it is one of them, or when one of them
    says mostly the same: a changed copy would else find what it lacks in the original.

    Returns:
        Problems of all severities; empty when all is right.
    """
    progress = progress or Progress(None)
    with progress.step("parse") as note:
        ours = source_files(settings.home, settings.data)
        beside = [(file, read([file]).quads) for file in ours]
        own, theirs = Parsed(), []
        for path in paths:
            file, parsed = _read_own(path, beside)
            theirs.append(file)
            own.quads |= parsed.quads
            own.places = parsed.places | own.places
            own.problems += parsed.problems
            beside = [(other, quads) for other, quads in beside if not _replaces(parsed.quads, quads)]
            beside = [(other, quads) for other, quads in beside if other.path.resolve() != file.path]
        note(counted(len(theirs), "file"))
        note(counted(len(own.quads), "statement"))
    nodes = {quad.subject.value for quad in own.quads if isinstance(quad.subject, NamedNode)}
    everything = relabelled(own.quads.union(*(quads for _, quads in beside)))
    try:
        found = _valid(settings, own, theirs, progress, everything, nodes)
    except DataError as error:
        found = error.problems
    names = {file.name for file in theirs}
    return [problem for problem in found if problem.file in names or problem.focus_node in nodes]


def _read_own(path: Path, beside: Sequence[tuple[SourceFile, set[Quad]]]) -> tuple[SourceFile, Parsed]:
    """A file of a user's own, in the graph of the file of ours that it is or replaces.

    Any other gets the graph that its folders would give it in a data folder, or one for loose files.
    """
    resolved = path.resolve()
    known = next((file.graph for file, _ in beside if file.path.resolve() == resolved), None)
    municipality, slug = resolved.parts[-3:-1] if len(resolved.parts) > 3 else ("", "")
    laid_out = len(municipality) == 4 and municipality.isdecimal()
    graph = known or GRAPH + (f"{municipality}/{slug}" if laid_out else "own")
    file = SourceFile(resolved, str(path), graph)
    parsed = read([file])
    if known is None:
        copied = next((file.graph for file, quads in beside if _replaces(parsed.quads, quads)), None)
        if copied and copied != graph:
            file = SourceFile(resolved, str(path), copied)
            parsed = read([file])
    return file, parsed


def _replaces(own: Collection[Quad], ours: Collection[Quad]) -> bool:
    """Whether most of what a user's file says is what a file of ours says, and the other way round."""
    shared = len(_triples(own) & _triples(ours))
    return 2 * shared > max(len(own), len(ours))


def _triples(quads: Iterable[Quad]) -> set[Triple]:
    return {quad.triple for quad in quads}


def _valid(
    settings: Settings,
    parsed: Parsed,
    files: Sequence[SourceFile],
    progress: Progress,
    everything: Collection[Quad],
    nodes: Collection[str] | None = None,
) -> list[DataProblem]:
    """Warnings and advice about what was parsed.

    Args:
        settings: `home` has the vocabularies and the queries.
        parsed: what is checked.
        files: the files that it comes from.
        progress: where the lines about each step go.
        everything: what was parsed and all that it may refer to.
        nodes: IRIs of the only things to look at; None looks at all.
    Raises:
        DataError: something stops a build; first what reading shows, then what the shapes and checks show.
    """
    checking = sorted((settings.home / "queries" / "checks").glob("*.rq"))
    asking = sorted((settings.home / "queries").glob("*.rq"))
    # The queries are part of a build, and none of the things that one's own files describe.
    queries = [*asking, *checking] if nodes is None else []
    with progress.step("vocabulary") as note:
        terms = undefined_terms(settings.home, parsed.quads, everything, files, parsed.place, queries)
        note(counted(len(terms), "undefined term"))
    found = [*parsed.problems, *terms]
    _stop_at_violations(found)
    size = counted(len(nodes), "thing") if nodes is not None else counted(len(everything), "statement")
    with progress.step("shapes", starting=f"checking {size}") as note:
        results = shacl(everything, parsed.place, nodes)
        note(counted(len(results), "result"))
    with progress.step("checks") as note:
        rows = checks(everything, checking, parsed.place)
        note(counted(len(checking), "query", "queries"))
        note(counted(len(rows), "row"))
    found += [*results, *rows]
    _stop_at_violations(found)
    return sort_problems(found)


def _stop_at_violations(problems: list[DataProblem]) -> None:
    if any(problem.severity == "Violation" for problem in problems):
        raise DataError(sort_problems(problems))
