"""Writes the engine's stores on disk of a version with bulk triples, or with more triples than a service holds in
memory, in a process beside the checks of a build.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Store

from plangraf.engines.embedded.disk_store_edits import MOST_EDITS, can_edit, edits_of
from plangraf.engines.embedded.disk_stores import open_disk_stores
from plangraf.errors import RequestError, VersionsError
from plangraf.publish.finished_steps import FinishedSteps
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.line_file import LineFile
from plangraf.rdf.quad_lines import Answered, Queried, Substitutions
from plangraf.sparql.safety import Limits, check
from plangraf.store.versions import BULK_STORES, Version, VersionStore
from plangraf.store.versions.bulk import BulkGraph

_NAMES_GRAPHS = re.compile(r"\bGRAPH\b", re.IGNORECASE)
Before = tuple[Version, Sequence[bytes]]


@contextmanager
def write_stores_beside(
    store: VersionStore,
    steps: FinishedSteps,
    lines: Sequence[bytes],
    bulk: Mapping[Path, BulkGraph],
    memory_triples: int,
    before: Before | None = None,
    *,
    renew: bool,
) -> Iterator[Callable[[], Mapping[str, Path]]]:
    """Writes the stores in a second process while this one checks the data.

    It is not a fork, because the engine's threads of a process that has opened such a store would be missing in it.

    Args:
        store: the folder of versions, locked by the caller.
        steps: takes the stores of a build that was killed.
        lines: N-Quads lines of the dump without newline, sorted and unique.
        bulk: the bulk graphs of the version, by their compressed files.
        memory_triples: the most triples that a service holds in memory.
        before: another version, and the lines that it or this version alone has.
        renew: write the kept store of the bulk triples anew, because it may be damaged.
    Yields:
        A function that waits for the stores and returns their folder by its name in the version, or raises
        VersionsError. There is no folder without bulk graphs when the triples fit into memory.
    Raises:
        OSError: the folder of versions cannot be written.
    """
    if not bulk and len(lines) <= memory_triples:
        yield dict
        return
    folder, kept, dump = steps.folder(BULK_STORES), store.kept_stores(bulk.values()), store.temporary("lines")
    if steps.has(BULK_STORES):
        yield lambda: {BULK_STORES: folder}
        return
    kept.parent.mkdir(exist_ok=True)
    if renew:
        shutil.rmtree(kept, ignore_errors=True)
    process = None
    with steps.cleaned(BULK_STORES):
        try:
            process = _start_edits(folder, dump, lines, bulk, before) or _start(folder, kept, dump, lines, bulk)

            @cache
            def wait_for_stores() -> Mapping[str, Path]:
                assert process is not None
                _wait(process)
                with store.explained():
                    steps.finish(BULK_STORES)
                return {BULK_STORES: folder}

            yield wait_for_stores
        finally:
            if process is not None:
                process.kill()
                process.wait()
                assert process.stderr is not None
                process.stderr.close()
            dump.unlink(missing_ok=True)


def open_own(folder: Path, bulk: Collection[BulkGraph]) -> Queried:
    """The stores in a folder without their bulk triples, for queries.

    Raises:
        VersionsError: they are missing or damaged.
    """
    return _OwnGraphs(open_disk_stores(folder).all, bulk) if bulk else open_disk_stores(folder).all


class _OwnGraphs(Queried):
    """A store, of whose named graphs a query finds only those that are no bulk graphs."""

    def __init__(self, store: Store, bulk: Collection[BulkGraph]) -> None:
        others = {NamedNode(one.graph) for one in bulk}
        self._store = store
        self._bulk = BulkTerms.joined(one.terms for one in bulk)
        self._named = [graph for graph in store.named_graphs() if graph not in others]

    def query(self, query: str, *, substitutions: Substitutions | None = None) -> Answered:
        # The engine looks for each solution in each graph that is named, which may be thousands.
        if not _NAMES_GRAPHS.search(query) or not self._may_reach_bulk(query):
            return self._store.query(query, substitutions=substitutions)
        return self._store.query(
            query, substitutions=substitutions, default_graph=[DefaultGraph()], named_graphs=self._named
        )

    def _may_reach_bulk(self, query: str) -> bool:
        try:
            return check(query, Limits(), bulk=self._bulk).reaches_bulk
        except RequestError:
            return True


def _start(
    folder: Path, kept: Path, dump: Path, lines: Sequence[bytes], bulk: Mapping[Path, BulkGraph]
) -> subprocess.Popen[str]:
    if isinstance(lines, LineFile):
        dump = lines.path
    else:
        with dump.open("wb") as file:
            file.writelines(chain.from_iterable((line, b"\n") for line in lines))
    files = chain.from_iterable((graph.graph, str(path)) for path, graph in bulk.items())
    return _started("disk_stores", folder, kept, dump, *files)


def _start_edits(
    folder: Path,
    path: Path,
    lines: Sequence[bytes],
    bulk: Mapping[Path, BulkGraph],
    before: Before | None,
) -> subprocess.Popen[str] | None:
    """Makes the stores from those of an earlier version; None when that is not possible or not quicker."""
    if before is None:
        return None
    earlier, changed = before
    if len(changed) > MOST_EDITS or any(b"_:" in line for line in changed):
        return None
    try:
        own = int(earlier.manifest["quads"]) - sum(graph.triples for graph in earlier.bulk())
        same = {(one.graph, one.sha256) for one in earlier.bulk()} == {(one.graph, one.sha256) for one in bulk.values()}
    except (VersionsError, KeyError, ValueError):
        return None
    edits = edits_of(lines, changed)
    added = sum(len(edit.after) - len(edit.before) for edit in edits)
    if not same or own + added != len(lines) or not can_edit(earlier.bulk_stores, edits):
        return None
    path.write_text(json.dumps([[edit.triple, edit.before, edit.after] for edit in edits]), encoding="utf-8")
    return _started("disk_store_edits", folder, earlier.bulk_stores, path)


def _started(module: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A module of the embedded engine as a process, whose last word on standard error is the reason of a failure."""
    return subprocess.Popen(
        [sys.executable, "-m", f"plangraf.engines.embedded.{module}", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _wait(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    words = process.stderr.read()
    if process.wait():
        reason = words.strip().rpartition("\n")[2] or f"its process ended with {process.returncode}"
        raise VersionsError(
            f"The stores on disk could not be written ({reason}). The current version is unchanged. "
            "Free disk space or memory, then build again with `plangraf build --force`."
        )
