"""`plangraf build`: source files → parse → closed vocabulary → SHACL → checks → one version.

A build collects all problems before it stops, and writes nothing before all checks have passed.

Whether a service could show the version is checked too, on the files that a service reads at its start.

The named queries become data in a graph of their own: editors read an endpoint's examples from there. Each is a SPARQL
executable of SHACL (https://www.w3.org/TR/shacl-af/#SPARQLExecutable) with its parameters bound to the examples of its
head; the ontology declares its prefixes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from plangraf import __version__
from plangraf.checks.verdict import verdict
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, as_json
from plangraf.diagnostics.progress import Progress, counted
from plangraf.publish.context import FILE as CONTEXT
from plangraf.publish.dumps import beside, dumping
from plangraf.publish.losses import content_of, content_of_version, remembered_line, stop_at_losses, with_remembered
from plangraf.publish.ontology_page import PAGE, render
from plangraf.rdf.graph import nquads_lines, paused_collector, relabelled
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, QUERIES, QUERIES_GRAPH
from plangraf.settings import Settings
from plangraf.sources.files import FRAMES, SITE, Sources, inputs_digest, sources
from plangraf.sources.turtle import Parsed, read
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.store.versions import DOWNLOADS, Version, VersionStore
from plangraf.views.declarations import load_frames, load_labels, load_site

_SH = PREFIXES["sh"]
_TYPES = tuple(NamedNode(_SH + name) for name in ("SPARQLExecutable", "SPARQLSelectExecutable"))
_HEAD_LINE = re.compile(r"^#[+@].*\n?", re.MULTILINE)
REPORT = "report.json"
# Libraries that decide on the content of a version, or on whether it is built.
_LIBRARIES = ("pyoxigraph", "rdflib", "pyshacl", "pylode", "pyarrow")
# Packages of ours that do the same.
_PACKAGE = Path(__file__).resolve().parent.parent
_DECIDING = ("rdf", "sparql/named", "diagnostics", "sources", "checks", "publish", "store")


def examples(queries: Iterable[NamedQuery]) -> set[Quad]:
    """The statements about the named queries.

    Raises:
        ParameterError: a query has a required parameter without an example in its head.
    """
    graph = NamedNode(QUERIES_GRAPH)
    return {
        Quad(NamedNode(QUERIES + query.name), predicate, value, graph)
        for query in queries
        for predicate, value in _said(query)
    }


def _said(query: NamedQuery) -> Iterator[tuple[NamedNode, NamedNode | Literal]]:
    needed = {
        name: [parameter.example]
        for name, parameter in query.head.parameters.items()
        if parameter.example is not None and not parameter.optional
    }
    for type_ in _TYPES:
        yield NamedNode(PREFIXES["rdf"] + "type"), type_
    yield NamedNode(PREFIXES["rdfs"] + "comment"), Literal(query.head.summary, language="en")
    for tag in query.head.tags:
        yield NamedNode(PREFIXES["schema"] + "keywords"), Literal(tag)
    yield NamedNode(_SH + "prefixes"), NamedNode(ONTOLOGY)
    yield NamedNode(_SH + "select"), Literal(_HEAD_LINE.sub("", query.bind(needed)).strip())


def problems_of_the_site(home: Path) -> list[FileDiagnostic]:
    """What is wrong with the files that say how the data are shown.

    A home that lacks them can be built all the same; only a service needs them.
    """
    return [
        *(_problems(lambda: load_collections(home / "queries")) if collection_files(home / "queries") else ()),
        *(_problems(lambda: load_frames(home)) if (home / FRAMES).is_file() else ()),
        *_problems(lambda: load_labels(home)),
        *(_problems(lambda: load_site(home)) if (home / SITE).is_file() else ()),
    ]


def _problems(load: Callable[[], object]) -> list[FileDiagnostic]:
    try:
        load()
    except DataError as error:
        return error.problems
    return []


@dataclass(frozen=True, slots=True)
class Built:
    """The version of the files, `fresh` when this build wrote it, with warnings and advice."""

    version: Version
    fresh: bool
    problems: tuple[FileDiagnostic, ...] = ()


def inputs(settings: Settings) -> str:
    """SHA-256 over the inputs of a version: the files, this package's code, the libraries' versions."""
    digest = hashlib.sha256(inputs_digest(settings.home, sources(settings.home, settings.data)).encode())
    digest.update("\n".join([__version__, *map(installed_version, _LIBRARIES)]).encode())
    modules = [module for folder in _DECIDING for module in (_PACKAGE / folder).rglob("*.py")]
    for module in sorted([*modules, *_PACKAGE.glob("*.py")]):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return digest.hexdigest()


def up_to_date(settings: Settings, *, drop: bool = False) -> Version | None:
    """The version that was built from the files as they are now, else None.

    It need not be the current one: `plangraf versions use` may have gone back to another.

    Args:
        settings: without `data`, the data folders of the last build count.
        drop: they do not.
    Raises:
        DataError: a data folder of the last build cannot be read.
    """
    store = VersionStore(settings.versions)
    settings = with_remembered(settings, store, drop=drop)
    known = store.inputs()
    if known is None or not store.has_current() or known[0] != inputs(settings):
        return None
    return next((version for version in store.list() if version.id == known[1]), None)


@paused_collector()
def build(settings: Settings, *, force: bool = False, drop: bool = False, progress: Progress | None = None) -> Built:
    """Builds a version from the source files and makes it current.

    Args:
        settings: `home` and `data` say what is read, `versions` where the version goes; without `data`, the data
            folders of the last build are read.
        force: build although the files have not changed.
        drop: read no folder that is not named, and let datasets of the current version go.
        progress: where the lines about each step go.
    Raises:
        DataError: the files hold something that is wrong, or lack a dataset of the current version, which is
            unchanged.
        VersionsError: the folder of versions cannot be used.
        SettingError: a data folder is missing or empty.
    """
    progress = progress or Progress(None)
    store = VersionStore(settings.versions, settings.feed_page)
    given = settings.data
    settings = with_remembered(settings, store, drop=drop)
    if settings.data != given:
        progress.line(remembered_line(settings.data))
    with store.lock():
        if not force and (known := up_to_date(settings, drop=drop)):
            if store.current().id != known.id:
                if not drop:
                    stop_at_losses(store, content_of_version(known))
                store.use(known.id)
            store.catch_up()
            return Built(known, fresh=False)
        digest = inputs(settings)  # before parsing, so that a file edited meanwhile counts as changed at the next build
        found = sources(settings.home, settings.data)
        parsed = _parse(settings.home, found, progress)
        if not drop:
            _stop_at_losses(store, parsed)
        lines = nquads_lines(parsed.quads)
        with dumping(lines, store.temporary(DOWNLOADS)) as dumped, beside(partial(render, parsed.quads)) as rendered:
            problems = verdict(settings, parsed, found.files, progress, parsed.quads)
            with progress.step("page") as note:
                page = rendered()
                note(f"{PAGE}, {counted(len(page) // 1024, 'KiB', 'KiB')}")
            with progress.step("write") as note:
                extra = {REPORT: as_json(problems), PAGE: page}
                version = store.write(lines, manifest(parsed.quads, problems), extra, {DOWNLOADS: dumped()})
                context = settings.home / "ontology" / CONTEXT
                if context.is_file():
                    store.keep_context(context.read_bytes())
                store.record_inputs(digest, version.id, settings.data)
                store.prune(settings.keep_versions - 1)
                note(f"version {version.id}, {counted(version.triples, 'triple')}")
        return Built(version, fresh=True, problems=tuple(problems))


def _parse(home: Path, found: Sources, progress: Progress) -> Parsed:
    """The statements of all files and of the named queries, with every problem on the way."""
    with progress.step("parse") as note:
        parsed = read(found.files)
        parsed.problems += [skipped.problem for skipped in found.skipped]
        try:
            parsed.quads |= examples(load_queries(home / "queries").values())
        except DataError as error:
            parsed.problems += error.problems
        parsed.problems += problems_of_the_site(home)
        parsed.quads = relabelled(parsed.quads)
        note(counted(len(found.files), "file"))
        note(counted(len(parsed.quads), "statement"))
    return parsed


def _stop_at_losses(store: VersionStore, parsed: Parsed) -> None:
    """Reports lost datasets together with the problems of parsing, which may be their cause."""
    try:
        stop_at_losses(store, content_of(parsed.quads))
    except DataError as error:
        raise DataError([*parsed.problems, *error.problems]) from error


def manifest(quads: Collection[Quad], problems: Sequence[FileDiagnostic]) -> dict[str, object]:
    """The content of manifest.json beside the id: sizes, and the number of warnings by shape."""
    return {
        "triples": len({quad.triple for quad in quads}),
        "quads": len(quads),
        "graphs": dict(sorted(Counter(str(quad.graph_name)[1:-1] for quad in quads).items())),
        "warnings": dict(
            sorted(
                Counter(
                    problem.rule or problem.place.file for problem in problems if problem.severity == "Warning"
                ).items()
            )
        ),
    }
