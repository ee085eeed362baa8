"""What belongs to a thing: all statements whose subject it is, and the blank nodes that hang on them.

Every line of a version belongs to exactly one thing, so that the things together are the version. Things that
share a blank node are one, named by the first of them; blank nodes that hang on nothing belong to their graph.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

from plangraf.rdf.namespaces import GRAPH

# One line as pyoxigraph writes it: subject, predicate, object and, unless it is the default one, graph.
LINE = re.compile(
    rb'(<[^>]*>|_:\S+) (<[^>]*>) (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)'
    rb"(?: (<[^>]*>|_:\S+))? \."
)
_BLANK = b"_:"
_DEFAULT_GRAPH = f"<{GRAPH}default>".encode()


def parts(line: bytes) -> tuple[bytes, bytes, bytes, bytes | None]:
    """Subject, predicate, object and graph of one line, as they stand there.

    Raises:
        ValueError: it is no line of N-Quads as a version holds them.
    """
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"no N-Quads line of a version: {line[:200]!r}")
    return match[1], match[2], match[3], match[4]


def things(lines: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Each thing's IRI and its lines, sorted, blank nodes labelled by RDFC-1.0 within the thing.

    Args:
        lines: those of a version: sorted, each one once.
    """
    tangled: list[bytes] = []
    for subject, group in groupby(lines, lambda line: line.split(b" ", 1)[0]):
        own = list(group)
        # A literal may hold the two characters too; it only costs a second look.
        if subject.startswith(_BLANK) or any(b" _:" in line for line in own):
            tangled += own
        else:
            yield _iri(subject), own
    for name, own in _untangled(tangled).items():
        yield _iri(name), _relabelled(own)


def _untangled(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    """The lines by thing, where blank nodes are among them."""
    above: dict[bytes, bytes] = {}

    def root(node: bytes) -> bytes:
        while (higher := above.get(node, node)) != node:
            above[node] = above.get(higher, higher)
            node = higher
        return node

    found = [parts(line) for line in lines]
    for subject, _, value, _ in found:
        one, other = root(subject), root(value if value.startswith(_BLANK) else subject)
        # "<" sorts before "_": whatever has an IRI in it is led by its first IRI.
        above[max(one, other)] = min(one, other)
    things: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for line, (subject, _, _, graph) in zip(lines, found, strict=True):
        name = root(subject)
        things[(graph or _DEFAULT_GRAPH) if name.startswith(_BLANK) else name].append(line)
    return things


def _relabelled(lines: list[bytes]) -> list[bytes]:
    dataset = Dataset(parse(b"\n".join(lines) + b"\n", RdfFormat.N_QUADS))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    written = serialize(dataset, format=RdfFormat.N_QUADS) or b""
    return sorted(line for line in written.split(b"\n") if line)


def _iri(term: bytes) -> str:
    return term[1:-1].decode()
