"""A bulk file that the last build has checked is passed on as it is, and each other one is checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from plangraf.diagnostics.diagnostic import DataError
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.graph import nquads_lines
from plangraf.rdf.quad_lines import QuadLines, about
from plangraf.sources.bulk import read_bulk
from plangraf.sources.files import SourceFile

TABLE = "https://w3id.org/plangraf/id/no/table/"
GRAPH = "https://w3id.org/plangraf/graph/no/table"
# A build that checked it anew would refuse the line.
MALFORMED = f'<{TABLE}1> <{TABLE}value>  "1" .\n'.encode()
TERMS = BulkTerms((f"{TABLE}",), {f"{TABLE}value": 1}, {}, frozenset(), 1)


def sum_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> SourceFile:
    path = tmp_path / "observations.nt"
    path.write_bytes(MALFORMED)
    return SourceFile(path, "no/table/observations.nt", GRAPH)


def described(*contents: bytes) -> QuadLines:
    """The description of a dataset that states the digests of its files."""
    stated = (Literal(sum_of(content)) for content in contents)
    quads = [Quad(NamedNode("urn:file"), NamedNode("urn:digest"), one, NamedNode(GRAPH)) for one in stated]
    return QuadLines(nquads_lines(quads))


def passed_on(pieces: list[bytes]) -> Callable[[SourceFile], object]:
    @contextmanager
    def packing(_file: SourceFile) -> Iterator[Callable[[bytes], object]]:
        yield pieces.append

    return packing


def test_a_known_file_is_passed_on_without_a_check_of_its_lines(file: SourceFile) -> None:
    pieces: list[bytes] = []
    known = {sum_of(MALFORMED): (1, TERMS)}
    (found,) = read_bulk([file], described(MALFORMED), passed_on(pieces), known)
    assert (found.sha256, found.triples, found.terms) == (sum_of(MALFORMED), 1, TERMS)
    assert b"".join(pieces) == MALFORMED


def test_any_other_file_is_checked(file: SourceFile) -> None:
    with pytest.raises(DataError, match="not one canonical statement"):
        read_bulk([file], described(MALFORMED), passed_on([]), {sum_of(b"another"): (1, TERMS)})


def test_a_known_file_is_the_one_that_its_dataset_describes(file: SourceFile) -> None:
    with pytest.raises(DataError, match="has changed since it was written"):
        read_bulk([file], described(b"another"), passed_on([]), {sum_of(MALFORMED): (1, TERMS)})


def test_a_file_that_changes_between_two_readings_is_told(file: SourceFile) -> None:
    class Changing(dict[str, tuple[int, BulkTerms]]):
        def __contains__(self, key: object) -> bool:
            file.path.write_bytes(b"another")
            return super().__contains__(key)

    known: Mapping[str, tuple[int, BulkTerms]] = Changing({sum_of(MALFORMED): (1, TERMS)})
    with pytest.raises(DataError, match="changed while it was read"):
        read_bulk([file], described(MALFORMED), passed_on([]), known)


@pytest.mark.parametrize("beginning", ["urn:b", "urn:b/", "urn:a", "urn:c", "urn:å", "urn:d"])
def test_lines_about_a_beginning_are_those_of_all_quads(beginning: str) -> None:
    names = ("urn:a", "urn:b", "urn:b/1", "urn:b/2", "urn:ba", "urn:c", "urn:å/1")
    quads = [Quad(NamedNode(name), NamedNode("urn:p"), Literal("x"), NamedNode(GRAPH)) for name in names]
    found = {quad.subject.value for quad in about(QuadLines(nquads_lines(quads)), beginning)}
    assert found == {name for name in names if name.startswith(beginning)}
