"""What belongs to a thing: all statements whose subject it is, and the blank nodes that hang on them.

Every line of a version belongs to exactly one thing, so that the things together are the version. Things that
share a blank node are one, named by the first of them; blank nodes that hang on nothing belong to their graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from pyoxigraph import RdfFormat, parse

from plangraf.rdf.canonical import lines, parts, relabelled, subject_of, text
from plangraf.rdf.namespaces import GRAPH

_BLANK = b"_:"
_DEFAULT_GRAPH = f"<{GRAPH}default>".encode()


def things(dump: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Each thing's IRI and its lines, sorted, blank nodes labelled by RDFC-1.0 within the thing.

    Args:
        dump: the lines of a version: sorted, each one once.
    """
    tangled: list[bytes] = []
    for subject, group in groupby(dump, subject_of):
        own = list(group)
        # A literal may hold the two characters too; it only costs a second look.
        if subject.startswith(_BLANK) or any(b" _:" in line for line in own):
            tangled += own
        else:
            yield _iri(subject), own
    for name, own in _untangled(tangled).items():
        yield _iri(name), _relabelled(own)


def _untangled(tangled: list[bytes]) -> dict[bytes, list[bytes]]:
    """The lines by thing, where blank nodes are among them."""
    above: dict[bytes, bytes] = {}

    def root(node: bytes) -> bytes:
        while (higher := above.get(node, node)) != node:
            above[node] = above.get(higher, higher)
            node = higher
        return node

    found = [parts(line) for line in tangled]
    for subject, _, value, _ in found:
        one, other = root(subject), root(value if value.startswith(_BLANK) else subject)
        # "<" sorts before "_": whatever has an IRI in it is led by its first IRI.
        above[max(one, other)] = min(one, other)
    things: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for line, (subject, _, _, graph) in zip(tangled, found, strict=True):
        name = root(subject)
        things[(graph or _DEFAULT_GRAPH) if name.startswith(_BLANK) else name].append(line)
    return things


def _relabelled(own: list[bytes]) -> list[bytes]:
    return lines(relabelled(set(parse(text(own), RdfFormat.N_QUADS))))


def _iri(term: bytes) -> str:
    return term[1:-1].decode()
