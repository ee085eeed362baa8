"""Compares two versions by merging their sorted dumps.

Each dump is read once, line by line, so memory does not depend on its size. The process
`python -m plangraf.store.diff FORMAT MOST FOLDER BEFORE AFTER` writes RDF Patch (https://afs.github.io/rdf-patch/) or
JSON to standard output; MOST is the largest number of things in the JSON, 0 for all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from plangraf.errors import VersionsError
from plangraf.processes import die_with_parent
from plangraf.rdf.graph import subject_of
from plangraf.store.versions import Version, VersionStore

PATCH, JSON = "rdfpatch", "json"
LineChange = tuple[bool, bytes]
_NICENESS = 10


def compare_lines(before: Iterator[bytes], after: Iterator[bytes]) -> Iterator[LineChange]:
    """Lines that only one of two sorted dumps has, in order: True for an added line, False for a removed one."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if old == new:
            old, new = next(before, None), next(after, None)
        elif new is None or (old is not None and old < new):
            assert old is not None
            yield False, old
            old = next(before, None)
        else:
            yield True, new
            new = next(after, None)


def write_patch(out: BinaryIO, before: Version, after: Version) -> None:
    """Writes one RDF Patch transaction that turns `before` into `after`."""
    out.write(f'H version "{after.id}" .\nH previous "{before.id}" .\nTX .\n'.encode())
    for added, line in compare_lines(before.lines(), after.lines()):
        out.write((b"A " if added else b"D ") + line + b"\n")
    out.write(b"TC .\n")


def write_json(out: BinaryIO, before: Version, after: Version, most: int) -> None:
    """Writes the changes by thing, and the numbers of changed things and of added and removed statements."""
    counted, things = {True: 0, False: 0}, 0
    out.write(b'{"from":' + orjson.dumps(before.id) + b',"to":' + orjson.dumps(after.id) + b',"things":[')
    found = compare_lines(before.lines(), after.lines())
    for subject, group in groupby(found, lambda change: subject_of(change[1])):
        statements: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        named = not most or things < most
        for added, line in group:
            counted[added] += 1
            if named:
                statements[added].append(_describe_statement(line))
        if named:
            thing = {"id": _strip_brackets(subject), "added": statements[True], "removed": statements[False]}
            out.write((b"," if things else b"") + b"\n" + orjson.dumps(thing))
        things += 1
    totals = {"changedThings": things, "added": counted[True], "removed": counted[False]}
    out.write(b"\n]," + orjson.dumps(totals)[1:] + b"\n")


def _strip_brackets(subject: bytes) -> str:
    text = subject.decode()
    return text[1:-1] if text.startswith("<") else text


def _describe_statement(line: bytes) -> dict[str, Any]:
    quad = next(iter(parse(line, RdfFormat.N_QUADS, rename_blank_nodes=False)))
    value = quad.object
    statement: dict[str, Any] = {"property": quad.predicate.value}
    if isinstance(value, Literal):
        statement["value"] = value.value
        statement |= {"language": value.language} if value.language else {"datatype": value.datatype.value}
    else:
        statement["iri" if isinstance(value, NamedNode) else "node"] = _strip_brackets(str(value).encode())
    return {**statement, "graph": _strip_brackets(str(quad.graph_name).encode())}


def main(arguments: list[str]) -> int:
    """Writes one comparison; returns 1, with a message on standard error, when a version cannot be read."""
    format_, most, folder, *ids = arguments
    die_with_parent()
    os.nice(_NICENESS)
    store = VersionStore(Path(folder))
    try:
        before, after = map(store.get, ids)
        if format_ == PATCH:
            write_patch(sys.stdout.buffer, before, after)
        else:
            write_json(sys.stdout.buffer, before, after, int(most))
        sys.stdout.buffer.flush()
    except VersionsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
