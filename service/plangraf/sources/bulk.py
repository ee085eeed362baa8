"""Bulk files: large N-Triples files of a dataset, which go into a version as they are.

A program wrote such a file and checked it, and the dataset's description holds its SHA-256. A build therefore proves
only that the file is that one and well-formed; its triples meet no shape, and stay out of the dump.
N-Triples: https://www.w3.org/TR/n-triples/
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import takewhile

from pyoxigraph import Literal, NamedNode, Quad

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file
from plangraf.rdf.bulk_terms import GRAPH_SUFFIX, BulkTerms
from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.literals import canonical
from plangraf.rdf.namespaces import BASE, PLAN
from plangraf.rdf.quad_lines import about, mentioning
from plangraf.sources.files import SourceFile

_IRI = rb'<([A-Za-z][A-Za-z0-9+.-]*:[^<>"{}|^`\\\x00-\x20]*)>'
_TEXT = rb'"((?:[^"\\\r]|\\[tbnrf"\'\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)"'
_LINE = re.compile(
    _IRI + b" " + _IRI + b" (?:" + _IRI + b"|" + _TEXT + rb"(?:\^\^" + _IRI + rb"|@[a-z]+(?:-[a-z0-9]+)*)?) \.\n"
)
_RDF_TYPE = RDF_TYPE.value.encode()
_OBSERVATION_FILE, _DIGEST, _FILE_NAME = (
    NamedNode(PLAN + name) for name in ("ObservationFile", "contentDigest", "fileName")
)
_CHANGED = (
    "Filen er endret siden den ble skrevet: SHA-256 er ikke den som datasettet oppgir. Les tabellen inn på nytt.",
    "The file has changed since it was written: its SHA-256 is not the one that the dataset states. Import the table "
    "again.",
)
# Literals that are known to be canonical are remembered up to this number, because most occur many times.
_MOST_REMEMBERED = 100_000
# Bytes that are read, hashed and compressed at once, and the rest of a line.
_PIECE = 1 << 20
_SHORTEST_BEGINNING = len(f"{BASE}id/")


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A checked file: its digest, its number of triples, and their terms."""

    file: SourceFile
    sha256: str
    triples: int
    terms: BulkTerms

    @property
    def graph(self) -> str:
        """The graph of its triples."""
        return f"{self.file.graph}{GRAPH_SUFFIX}"


def read_bulk(
    files: Sequence[SourceFile],
    quads: Collection[Quad],
    packing: Callable[[SourceFile], AbstractContextManager[Callable[[bytes], object]]],
    known: Mapping[str, tuple[int, BulkTerms]] | None = None,
) -> list[BulkFile]:
    """Checks the bulk files of a build, and passes on what it read, because a file may change before a second reading.

    Args:
        files: the bulk files.
        quads: the statements of all other files.
        packing: gives for a file the function that receives its pieces.
        known: numbers of triples, and their terms, by the SHA-256 of the file, of files that this code has checked.
    Returns:
        The files in the order given.
    Raises:
        DataError: a file is not the one that its dataset describes, has a malformed or misplaced line, or shares
            subjects with other files.
    """
    problems: list[FileDiagnostic] = []
    found: list[BulkFile] = []
    for file in files:
        try:
            with packing(file) as pack:
                found.append(_read_known(file, pack, known or {}) or _read(file, pack))
        except _BulkError as error:
            problems.append(error.problem)
    if not problems:
        problems = [*_undescribed(found, quads), *_shared(found, quads)]
    if problems:
        raise DataError(problems)
    return found


class _BulkError(Exception):
    def __init__(self, file: SourceFile, line: int | None, nb: str, en: str) -> None:
        super().__init__(en)
        self.problem = in_file(file.name, line, nb, en)


class _Terms:
    """The terms of one file, as bytes, while it is read."""

    def __init__(self) -> None:
        self.predicates: Counter[bytes] = Counter()
        self.classes: Counter[bytes] = Counter()
        self.objects: set[bytes] = set()
        self.first = self.last = b""
        self.entities = 0
        self._canonical: set[tuple[bytes, bytes]] = set()

    def add(self, subject: bytes, predicate: bytes, iri: bytes | None) -> None:
        if subject != self.last:
            self.first = self.first or subject
            self.last = subject
            self.entities += 1
        self.predicates[predicate] += 1
        if iri is not None:
            self.objects.add(iri)
            if predicate == _RDF_TYPE:
                self.classes[iri] += 1

    def is_canonical(self, text: bytes, datatype: bytes) -> bool:
        if (text, datatype) in self._canonical:
            return True
        if canonical(text.decode(), datatype.decode()) != text.decode():
            return False
        if len(self._canonical) < _MOST_REMEMBERED:
            self._canonical.add((text, datatype))
        return True

    def as_terms(self) -> BulkTerms:
        # The file is sorted, so what the first and the last subject share, all subjects share.
        shared = takewhile(lambda pair: pair[0] == pair[1], zip(self.first, self.last, strict=False))
        beginning = bytes(byte for byte, _ in shared).decode(errors="ignore")
        predicates, classes = (
            {term.decode(): number for term, number in sorted(terms.items())}
            for terms in (self.predicates, self.classes)
        )
        objects = frozenset(term.decode() for term in self.objects)
        return BulkTerms((beginning,), predicates, classes, objects, self.entities)


def _read_known(
    file: SourceFile, pack: Callable[[bytes], object], known: Mapping[str, tuple[int, BulkTerms]]
) -> BulkFile | None:
    """Passes a file on that was checked before; None when it was not."""
    digest = hashlib.sha256()
    with _opened(file) as content:
        if not known or hashlib.file_digest(content, "sha256").hexdigest() not in known:
            return None
        content.seek(0)
        while piece := content.read(_PIECE):
            digest.update(piece)
            pack(piece)
    if (found := known.get(digest.hexdigest())) is None:
        raise _BulkError(
            file, None, "Filen ble endret mens den ble lest. Bygg på nytt.",
            "The file was changed while it was read. Build again.",
        )  # fmt: skip
    return BulkFile(file, digest.hexdigest(), *found)


def _read(file: SourceFile, pack: Callable[[bytes], object]) -> BulkFile:
    digest, terms, number, last = hashlib.sha256(), _Terms(), 0, b""
    with _opened(file) as content:
        while lines := content.readlines(_PIECE):
            piece = b"".join(lines)
            digest.update(piece)
            pack(piece)
            for number, line in enumerate(lines, number + 1):  # noqa: B020  # counts on
                _add_line(line, last, terms, file, number)
                last = line
    found_terms = terms.as_terms()
    if len(found_terms.subjects[0]) <= _SHORTEST_BEGINNING or not found_terms.subjects[0].startswith(BASE):
        raise _BulkError(
            file,
            None,
            f"Subjektene må begynne likt, med {BASE}id/ og mer, så de kan kjennes igjen. Les tabellen inn på nytt.",
            f"The subjects must begin alike, with {BASE}id/ and more, so that they can be recognised. Import the table "
            "again.",
        )
    return BulkFile(file, digest.hexdigest(), number, found_terms)


@contextmanager
def _opened(file: SourceFile) -> Iterator[BufferedReader]:
    try:
        with file.path.open("rb") as content:
            yield content
    except OSError as error:
        raise _BulkError(
            file, None, f"Filen kan ikke leses ({error.strerror}).", f"The file cannot be read ({error.strerror})."
        ) from error


def _add_line(line: bytes, last: bytes, terms: _Terms, file: SourceFile, number: int) -> None:
    """Adds the terms of a line that follows `last`."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise _malformed(file, number)
    if line <= last:
        raise _BulkError(
            file,
            number,
            "Linjene må være sortert, og hver må være ulik den forrige. Les tabellen inn på nytt.",
            "The lines must be sorted, and each must differ from the one before. Import the table again.",
        )
    subject, predicate, iri, text, datatype = found.groups()
    try:
        if datatype is not None and not terms.is_canonical(text, datatype):
            raise _malformed(file, number)
    except UnicodeDecodeError as error:
        raise _malformed(file, number) from error
    terms.add(subject, predicate, iri)


def _malformed(file: SourceFile, line: int) -> _BulkError:
    return _BulkError(
        file,
        line,
        "Linjen er ikke ett kanonisk N-Triples-utsagn uten blanke noder. Les tabellen inn på nytt.",
        "The line is not one canonical statement of N-Triples without blank nodes. Import the table again.",
    )


def _undescribed(files: Sequence[BulkFile], quads: Collection[Quad]) -> list[FileDiagnostic]:
    """Files whose SHA-256 their dataset does not state: they were changed since they were written."""
    sums = {Literal(file.sha256): file for file in files}
    stated = {(quad.object, quad.graph_name) for quad in mentioning(quads, *sums) if quad.object in sums}
    return [
        in_file(
            file.file.name,
            None,
            *_CHANGED,
        )
        for text, file in sums.items()
        if (text, NamedNode(file.file.graph)) not in stated
    ]


def changed_observation_files(files: Sequence[SourceFile], quads: Collection[Quad]) -> list[FileDiagnostic]:
    """Observation files below the size of a bulk file that are not the ones which their datasets describe.

    Args:
        files: the files of a build that are parsed.
        quads: their statements.
    """
    written = [file for file in files if file.path.suffix.lower() == ".nt"]
    if not written:
        return []
    named = mentioning(quads, _OBSERVATION_FILE)
    typed = {quad.subject for quad in named if quad.predicate == RDF_TYPE and quad.object == _OBSERVATION_FILE}
    stated = {
        (quad.graph_name, quad.object)
        for quad in mentioning(quads, _DIGEST, _FILE_NAME)
        if quad.subject in typed and quad.predicate in (_DIGEST, _FILE_NAME)
    }
    return [
        in_file(file.name, None, *_CHANGED, rule="observation-file")
        for file in written
        if (graph := NamedNode(file.graph), Literal(file.path.name)) in stated
        and (graph, Literal(hashlib.sha256(file.path.read_bytes()).hexdigest())) not in stated
    ]


def _shared(files: Sequence[BulkFile], quads: Collection[Quad]) -> list[FileDiagnostic]:
    """Files whose subjects another file can have too: a query could not tell where they are."""
    beginnings = [(file.terms.subjects[0], file) for file in files]
    others = {
        quad.subject.value
        for beginning, _ in beginnings
        for quad in about(quads, beginning)
        if isinstance(quad.subject, NamedNode)
    }
    return [
        in_file(
            file.file.name,
            None,
            f"Også andre filer har subjekter som begynner med {beginning}. Gi tabellen et annet navn.",
            f"Other files too have subjects that begin with {beginning}. Give the table another name.",
        )
        for beginning, file in beginnings
        if any(iri.startswith(beginning) for iri in others)
        or any(other.startswith(beginning) for other, theirs in beginnings if theirs is not file)
    ]
