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
        if _has_blank(subject, own):
            tangled += own
        else:
            yield _to_iri(subject), own
    for name, own in _resolve_shared(tangled).items():
        yield _to_iri(name), _relabel(own)


def compare_things(before: Iterable[bytes], after: Iterable[bytes]) -> Iterator[tuple[str, list[bytes], list[bytes]]]:
    """Yields each thing that differs between two versions, with its lines before and after, none where it is missing.

    Things of the later version come in the order of `group_by_thing`, then those that it lacks, sorted. Of both dumps
    only what differs or has blank nodes is held in memory.

    Args:
        before: lines of one version, sorted and unique.
        after: lines of the other.
    """
    old: dict[str, list[bytes]] = {}
    new: dict[str, list[bytes]] = {}
    tangled: tuple[list[bytes], list[bytes]] = [], []
    for subject, *both in _merged(groupby(before, subject_of), groupby(after, subject_of)):
        has_blank = [_has_blank(subject, own) for own in both]
        if any(has_blank) or both[0] != both[1]:
            for own, blank, found, apart in zip(both, has_blank, (old, new), tangled, strict=True):
                if blank:
                    apart += own
                elif own:
                    found[_to_iri(subject)] = own
    for found, apart in zip((old, new), tangled, strict=True):
        found |= {_to_iri(name): _relabel(own) for name, own in _resolve_shared(apart).items()}
    for thing, own in new.items():
        if old.get(thing) != own:
            yield thing, old.get(thing, []), own
    for thing in sorted(old.keys() - new.keys()):
        yield thing, old[thing], []


_Groups = Iterator[tuple[bytes, Iterator[bytes]]]


def _merged(before: _Groups, after: _Groups) -> Iterator[tuple[bytes, list[bytes], list[bytes]]]:
    """Each subject of either side with its lines on both."""
    nothing: tuple[None, list[bytes]] = (None, [])
    old, new = _next(before) or nothing, _next(after) or nothing
    while old[0] is not None or new[0] is not None:
        subject = min(key for key in (old[0], new[0]) if key is not None)
        yield subject, old[1] if old[0] == subject else [], new[1] if new[0] == subject else []
        if old[0] == subject:
            old = _next(before) or nothing
        if new[0] == subject:
            new = _next(after) or nothing


def _next(groups: _Groups) -> tuple[bytes, list[bytes]] | None:
    found = next(groups, None)
    return None if found is None else (found[0], list(found[1]))


def _has_blank(subject: bytes, own: list[bytes]) -> bool:
    # A literal may contain " _:" too; its line then only takes the slower path.
    return subject.startswith(_BLANK_PREFIX) or any(b" _:" in line for line in own)


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
