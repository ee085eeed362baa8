"""Makes the stores on disk of a version from those of the version before, when little changed between them.

The tables of the engine's store never change once they are written, so the new stores share them by hard links, and
only the changed statements are written. The layout is that of `plangraf.engines.embedded.disk_stores`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from plangraf.engines.embedded.disk_stores import ALL, APART, CONTENTS, PART, sizes_of
from plangraf.processes import die_with_parent
from plangraf.rdf.quad_lines import starting
from plangraf.store.atomic import link_or_copy, sync_folder, write_file

MOST_EDITS = 100_000
"""More changed lines than these take longer than new stores."""
# The engine makes these anew.
_NOT_COPIED = ("LOCK", "LOG")


@dataclass(frozen=True, slots=True)
class Edit:
    """A triple of the dump, as it stands in its lines, and its graphs before and after."""

    triple: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def edits_of(lines: Sequence[bytes], changed: Iterable[bytes]) -> list[Edit]:
    """The triples that changed lines are about.

    Args:
        lines: the dump of the new version, sorted.
        changed: the lines that either version alone has.
    """
    found = []
    removed: dict[bytes, set[bytes]] = {}
    for line in changed:
        triple, _, rest = line.rpartition(b" <")
        removed.setdefault(triple, set()).add(rest[:-3])
    for triple, graphs in removed.items():
        now = set(_graphs_of(lines, triple))
        # A changed line that the new version has was added.
        before = (now - graphs) | (graphs - now)
        names = [tuple(sorted(graph.decode() for graph in one)) for one in (before, now)]
        found.append(Edit(triple.decode(), *names))
    return found


def _graphs_of(lines: Sequence[bytes], triple: bytes) -> Iterator[bytes]:
    for line in starting(lines, triple + b" <"):
        own, _, rest = line.rpartition(b" <")
        if own == triple:
            yield rest[:-3]


def can_edit(earlier: Path, edits: Sequence[Edit]) -> bool:
    """Whether stores can be made from earlier ones, which are whole and have the parts that are needed."""
    try:
        contents = json.loads((earlier / CONTENTS).read_bytes())
        parts, is_whole = contents["parts"], contents["files"] == sizes_of(earlier)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return is_whole and (bool(parts) or all(len(edit.after) < 2 for edit in edits))


def write_edited_stores(target: Path, earlier: Path, edits: Sequence[Edit]) -> None:
    """Writes the stores of a version.

    Args:
        target: the folder, which must not exist.
        earlier: the stores of the other version, for which `can_edit` holds.
        edits: what changed.
    Raises:
        OSError: they cannot be written. Its message is the engine's.
    """
    parts: Mapping[str, list[str]] = json.loads((earlier / CONTENTS).read_bytes())["parts"]
    names = {tuple(sorted(graphs)): NamedNode(name) for name, graphs in parts.items()}
    for edit in edits:
        if parts and edit.after:
            names.setdefault(edit.after, NamedNode(f"{PART}{len(names)}"))
    target.mkdir()
    for name in (ALL, APART) if parts else (ALL,):
        _link(earlier / name, target / name)
    store = Store(str(target / ALL))
    _apply(store, ((edit, [None] if edit.before else [], [None] if edit.after else []) for edit in edits))
    _apply(store, ((edit, list(map(NamedNode, edit.before)), list(map(NamedNode, edit.after))) for edit in edits))
    store.flush()
    del store
    if parts:
        apart = Store(str(target / APART))
        _apply(apart, ((edit, [names[edit.before]] if edit.before else [], [names[edit.after]] if edit.after else [])
                       for edit in edits))  # fmt: skip
        apart.flush()
        del apart
    named = {name.value: list(graphs) for graphs, name in names.items()}
    write_file(target / CONTENTS, json.dumps({"parts": named, "files": sizes_of(target)}, indent=1).encode())
    sync_folder(target)


Places = Sequence[NamedNode | None]


def _apply(store: Store, edits: Iterable[tuple[Edit, Places, Places]]) -> None:
    for edit, before, after in edits:
        (triple,) = parse(f"{edit.triple} .".encode(), RdfFormat.N_TRIPLES)
        for graph in before:
            if graph not in after:
                store.remove(_quad(triple, graph))
        for graph in after:
            if graph not in before:
                store.add(_quad(triple, graph))


def _quad(triple: Quad, graph: NamedNode | None) -> Quad:
    if graph is None:
        return Quad(triple.subject, triple.predicate, triple.object)
    return Quad(triple.subject, triple.predicate, triple.object, graph)


def _link(earlier: Path, target: Path) -> None:
    """A store with the tables of another one that no process writes."""
    target.mkdir()
    for path in sorted(earlier.iterdir()):
        if path.suffix == ".sst":
            link_or_copy(path, target / path.name)
        elif not path.name.startswith(_NOT_COPIED):
            shutil.copyfile(path, target / path.name)


def main(arguments: Sequence[str]) -> None:
    """Writes stores: `python -m … TARGET EARLIER EDITS`; ends with the engine's message when it cannot."""
    die_with_parent()
    target, earlier, edits = map(Path, arguments)
    try:
        found = [Edit(triple, tuple(before), tuple(after)) for triple, before, after in json.loads(edits.read_bytes())]
        write_edited_stores(target, earlier, found)
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
