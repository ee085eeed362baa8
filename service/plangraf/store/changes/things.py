"""Groups the lines of a version by thing: statements with the thing as subject, and the blank nodes they lead to.

Every line belongs to exactly one thing. Things that share a blank node form one group, named by the first of them;
unreferenced blank nodes belong to their graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from pyoxigraph import RdfFormat, parse

from plangraf.rdf.graph import nquads_lines, nquads_terms, nquads_text, relabelled, subject_of
from plangraf.rdf.namespaces import GRAPH

_BLANK_PREFIX = b"_:"
_DEFAULT_GRAPH = f"<{GRAPH}default>".encode()


def group_by_thing(dump: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Yields the IRI and the sorted lines of each thing, with blank nodes labelled by RDFC-1.0 within the thing.

    Args:
        dump: lines of a version, sorted and unique.
    """
    tangled: list[bytes] = []
    for subject, group in groupby(dump, subject_of):
        own = list(group)
        # A literal may contain " _:" too; its line then only takes the slower path.
        if subject.startswith(_BLANK_PREFIX) or any(b" _:" in line for line in own):
            tangled += own
        else:
            yield _to_iri(subject), own
    for name, own in _resolve_shared(tangled).items():
        yield _to_iri(name), _relabel(own)


def _resolve_shared(tangled: list[bytes]) -> dict[bytes, list[bytes]]:
    """Groups lines with blank nodes by union-find over the nodes that share a blank node."""
    above: dict[bytes, bytes] = {}

    def root(node: bytes) -> bytes:
        while (higher := above.get(node, node)) != node:
            above[node] = above.get(higher, higher)
            node = higher
        return node

    found = [nquads_terms(line) for line in tangled]
    for subject, _, value, _ in found:
        one, other = root(subject), root(value if value.startswith(_BLANK_PREFIX) else subject)
        # "<" sorts before "_", so the first IRI becomes the root of its group.
        above[max(one, other)] = min(one, other)
    things: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for line, (subject, _, _, graph) in zip(tangled, found, strict=True):
        name = root(subject)
        things[(graph or _DEFAULT_GRAPH) if name.startswith(_BLANK_PREFIX) else name].append(line)
    return things


def _relabel(own: list[bytes]) -> list[bytes]:
    return nquads_lines(relabelled(set(parse(nquads_text(own), RdfFormat.N_QUADS))))


def _to_iri(term: bytes) -> str:
    return term[1:-1].decode()
