"""Parses source files to quads and collects every problem on the way: the first step of a build.

A file goes to the parser line by line, which gives each statement its line without a second pass. Turtle:
https://www.w3.org/TR/turtle/

Turtle is UTF-8 (https://www.w3.org/TR/turtle/#sec-mime), but editors add byte order marks or use other encodings.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from plangraf.diagnostics.diagnostic import FileDiagnostic, FilePlace, in_file
from plangraf.rdf.literals import WIDER, canonical
from plangraf.rdf.namespaces import BASE, ONTOLOGY_GRAPH, PREFIXES, SHAPES_GRAPH, compact
from plangraf.sources.files import SourceFile

_UTF_8 = codecs.BOM_UTF8
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_BINARY = (
    (b"PK\x03\x04", "zip (XLSX, DOCX, ODS)"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "XLS, DOC"),
)
_XML = re.compile(rb"\s*<(?:\?xml|!doctype|rdf:RDF|html)", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{|\[\s*(?:\{|\]))")
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) \S|^={7}$", re.MULTILINE)
_EMPTY = re.compile(rb"(?:\s|#[^\n]*(?:\n|$))*")
# The parser continues after an error; errors after the tenth mostly follow from the first.
_MOST_ERRORS = 10
_POSITION = re.compile(
    r"Parser error (?:at line \d+ (?:between columns (\d+) and \d+|column (\d+))"
    r"|between line \d+ column (\d+) and line \d+ column \d+): (.*)",
    re.DOTALL,
)
N_TRIPLES = ".nt"
_NOT_OURS = re.compile(r"https?://(?:[^/]*@)?(?:www\.)?w3id\.org(?::\d+)?/plangraf(?:[/#]|$)", re.IGNORECASE)
_A_HOST = re.compile(r"https?://(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\])(?::\d+)?(?:/|$)", re.IGNORECASE)
Locate = Callable[[str], FilePlace | None]
"""Gives the place of a thing by its IRI."""


class UnreadableContentError(Exception):
    """The bytes are not Turtle: what to do, in both languages, and the line of the fault."""

    def __init__(self, nb: str, en: str, line: int | None = None) -> None:
        super().__init__(en)
        self.nb, self.en, self.line = nb, en, line


def turtle(content: bytes) -> bytes:
    """Removes a byte order mark, and turns CR into LF in a file that has only CR.

    Raises:
        UnreadableContentError: the bytes are of another encoding or format.
    """
    for mark, coding in _WIDE:
        if content.startswith(mark):
            raise _other_coding(coding)
    content = content.removeprefix(_UTF_8)
    for magic, kind in _BINARY:
        if content.startswith(magic):
            raise _other_format(kind)
    if b"\0" in content:
        zero = content.index(b"\0")
        raise _other_coding("UTF-16") if content[zero + 2 : zero + 3] == b"\0" else _other_format("binær/binary")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf_8(content, error.start) from None
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    if _XML.match(content):
        raise _other_format("XML (RDF/XML, HTML)")
    if _JSON.match(content):
        raise _other_format("JSON-LD/TriG")
    if conflict := _CONFLICT.search(content):
        raise UnreadableContentError(
            "Her står merker etter en sammenslåing i git som ikke er ferdig. Velg én av de to tekstene.",
            "Here stand marks of a merge in git that is not finished. Choose one of the two texts.",
            content.count(b"\n", 0, conflict.start()) + 1,
        )
    return content


def is_empty(content: bytes) -> bool:
    """Whether the content has only white space and comments."""
    return _EMPTY.fullmatch(content) is not None


def _other_coding(coding: str) -> UnreadableContentError:
    return UnreadableContentError(
        f"Filen er skrevet i {coding}. Lagre den som UTF-8.", f"The file is written in {coding}. Save it as UTF-8."
    )


def _other_format(kind: str) -> UnreadableContentError:
    return UnreadableContentError(
        f"Filen er ikke Turtle, men {kind}. Skriv innholdet som Turtle.",
        f"The file is not Turtle but {kind}. Write its content as Turtle.",
    )


def _not_utf_8(content: bytes, at: int) -> UnreadableContentError:
    line = content.count(b"\n", 0, at) + 1
    begin = max(content.rfind(b"\n", 0, at) + 1, at - 20)
    shown = content[begin : at + 10].split(b"\n")[0].decode("cp1252", "replace").strip()
    return UnreadableContentError(
        f"Filen er ikke UTF-8; lest som Windows-1252 står det «{shown}». Lagre den som UTF-8.",
        f'The file is not UTF-8; read as Windows-1252 it says "{shown}". Save it as UTF-8.',
        line,
    )


@dataclass(slots=True)
class Parsed:
    """The parsed files: unique quads, the place of each subject, and the problems."""

    quads: set[Quad] = field(default_factory=set)
    places: dict[NamedNode, FilePlace] = field(default_factory=dict)
    problems: list[FileDiagnostic] = field(default_factory=list)

    def place(self, iri: str) -> FilePlace | None:
        try:
            return self.places.get(NamedNode(iri))
        except ValueError:  # a blank node's label or a literal is no IRI
            return None


def read(files: Sequence[SourceFile]) -> Parsed:
    """Parses all files; a file with errors gives its other statements and a problem for each error.

    Returns:
        Quads with literals as they are written and blank nodes with random labels, see `plangraf.rdf.graph`.
    """
    parsed = Parsed()
    reader = _Reader(parsed)
    for file in files:
        reader.read(file)
    return parsed


class _Lines(io.BytesIO):
    """Bytes of a file, handed out one line at a time; `line` counts the lines handed out."""

    line = 0

    def read(self, size: int | None = -1) -> bytes:
        before = self.tell()
        piece = self.readline(-1 if size is None else size)
        if piece and (before == 0 or self.getbuffer()[before - 1] == 0x0A):
            self.line += 1
        return piece


class _Reader:
    """Reads files into one `Parsed` and remembers valid terms, so that each is checked once."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        # By term, because to hash a term is quicker than to read its text.
        self._good: set[NamedNode | BlankNode | Literal | Triple] = set()
        self._blank_nodes: set[BlankNode | Triple] = set()

    def read(self, file: SourceFile) -> None:
        content = self._content(file)
        if content is None:
            return
        problems, any_statement = len(self.parsed.problems), False
        graph = NamedNode(file.graph)
        is_data = file.graph not in (ONTOLOGY_GRAPH, SHAPES_GRAPH)
        places, quads, good = self.parsed.places, self.parsed.quads, self._good
        for line, triple in self._n_triples(file, content) or self._statements(file, content):
            any_statement = True
            subject, predicate, value = triple.subject, triple.predicate, triple.object
            if isinstance(value, Triple):
                self._problem(
                    file,
                    line,
                    "Et trippel kan ikke være objekt her. Beskriv utsagnet med plan:Evidence.",
                    "A triple cannot be an object here. Describe the statement with plan:Evidence.",
                    subject,
                )
                continue
            quads.add(Quad(subject, predicate, value, graph))
            if isinstance(subject, NamedNode) and subject not in places:
                places[subject] = FilePlace(file.name, line)
            for term in (subject, predicate, value):
                if term in good:
                    continue
                if isinstance(term, NamedNode):
                    if self._check_iri(file, line, term.value):
                        good.add(term)
                elif isinstance(term, Literal):
                    if self._check_literal(file, line, triple, term):
                        good.add(term)
                elif is_data and term not in self._blank_nodes:
                    self._blank_nodes.add(term)
                    self._blank_node(file, line, triple)
        if not any_statement and len(self.parsed.problems) == problems:
            self._problem(
                file,
                None,
                "Filen har prefikser, men ikke ett utsagn. Fyll den ut, eller slett den.",
                "The file has prefixes but not a single statement. Fill it in, or delete it.",
            )

    def _content(self, file: SourceFile) -> bytes | None:
        """The file's bytes as the parser needs them; None, after a problem, when they are not Turtle."""
        try:
            content = turtle(file.path.read_bytes())
        except OSError as error:
            self._problem(
                file,
                None,
                f"Filen kan ikke leses ({error.strerror}). Sjekk navnet og tilgangen.",
                f"The file cannot be read ({error.strerror}). Check its name and permissions.",
            )
            return None
        except UnreadableContentError as error:
            self._problem(file, error.line, error.nb, error.en)
            return None
        if is_empty(content):
            self._problem(
                file,
                None,
                "Filen er tom. Fyll den ut, eller slett den.",
                "The file is empty. Fill it in, or delete it.",
            )
            return None
        return content

    def _n_triples(self, file: SourceFile, content: bytes) -> Iterator[tuple[int, Quad]] | None:
        """The statements of an N-Triples file with one in each line, which is parsed at once.

        None for any other file, and for one with an error, which the slower way finds with its line.
        """
        if file.path.suffix.lower() != N_TRIPLES:
            return None
        try:
            found = list(parse(content, format=RdfFormat.N_TRIPLES, rename_blank_nodes=True))
        except SyntaxError:
            return None
        return enumerate(found, 1) if len(found) == content.count(b"\n") else None

    def _statements(self, file: SourceFile, content: bytes) -> Iterator[tuple[int, Quad]]:
        source = _Lines(content)
        statements = parse(source, format=RdfFormat.TURTLE, rename_blank_nodes=True)
        seen: Counter[str] = Counter()
        while True:
            try:
                statement = next(statements)
            except StopIteration:
                return
            except SyntaxError as error:
                message_nb, message_en = _syntax_messages(error)
                # An undeclared prefix fails at each of its uses; it is reported once.
                what = message_en.partition(": ")[2]
                seen[what] += 1
                if seen[what] == 1:
                    self._problem(file, error.lineno, message_nb, message_en)
                if seen.total() >= _MOST_ERRORS:
                    return
            else:
                yield source.line, statement

    def _check_iri(self, file: SourceFile, line: int, iri: str) -> bool:
        """Whether an IRI may stand in a source file; a problem when not."""
        if not iri.isascii():
            self._problem(
                file,
                line,
                f"IRI-en <{iri}> har tegn utenfor ASCII. Skriv den med a–z, sifre og bindestrek.",
                f"The IRI <{iri}> has characters beyond ASCII. Write it with a–z, digits and hyphens.",
            )
        elif _NOT_OURS.match(iri) and not f"{iri}/".startswith(BASE):
            self._problem(
                file, line, f"IRI-en <{iri}> skal begynne med {BASE}", f"The IRI <{iri}> must start with {BASE}"
            )
        elif _A_HOST.match(iri):
            self._problem(
                file,
                line,
                f"IRI-en <{iri}> navngir en maskin. Skriv den med {BASE}, den samme overalt.",
                f"The IRI <{iri}> names a machine. Write it with {BASE}, the same everywhere.",
            )
        else:
            return True
        return False

    def _check_literal(self, file: SourceFile, line: int, triple: Quad, literal: Literal) -> bool:
        """Whether a literal is canonical and of a datatype that can be queried; a problem when not."""
        lexical, datatype = literal.value, literal.datatype.value
        right = canonical(lexical, datatype)
        wider = WIDER.get(datatype)
        if right == lexical and wider is None:
            return True
        kind, where = compact(datatype), compact(triple.predicate.value)
        if wider is not None:
            nb = f"{where}: {kind} kan ikke spørres etter. Skriv verdien som {compact(wider)}."
            en = f"{where}: {kind} cannot be queried. Write the value as {compact(wider)}."
        elif right is None:
            nb = f"{where}: «{lexical}» er ingen gyldig {kind}. Rett verdien eller datatypen."
            en = f'{where}: "{lexical}" is no valid {kind}. Correct the value or its datatype.'
        else:
            nb = f"{where}: «{lexical}» er ikke kanonisk {kind}. Skriv {_turtle(right, datatype)}"
            en = f'{where}: "{lexical}" is not canonical {kind}. Write {_turtle(right, datatype)}'
        self._problem(file, line, nb, en, triple.subject)
        return False

    def _blank_node(self, file: SourceFile, line: int, triple: Quad) -> None:
        where = compact(triple.predicate.value)
        self._problem(
            file,
            line,
            f"Blank node ved {where}. Gi tingen en IRI: datafiler har ingen blanke noder.",
            f"Blank node at {where}. Give the thing an IRI: data files hold no blank nodes.",
            triple.subject,
        )

    def _problem(
        self,
        file: SourceFile,
        line: int | None,
        message_nb: str,
        message_en: str,
        subject: NamedNode | BlankNode | Triple | None = None,
    ) -> None:
        focus = subject.value if isinstance(subject, NamedNode) else None
        self.parsed.problems.append(in_file(file.name, line, message_nb, message_en, focus))


def _turtle(lexical: str, datatype: str) -> str:
    """A literal in Turtle, in the short form where that keeps text and datatype."""
    kind = compact(datatype)
    short = {
        "xsd:integer": r"-?[0-9]+",
        "xsd:decimal": r"-?[0-9]*\.[0-9]+",
        "xsd:double": r"-?[0-9.]+E-?[0-9]+",
        "xsd:boolean": "true|false",
    }
    if kind in short and re.fullmatch(short[kind], lexical):
        return lexical
    return f'"{lexical}"^^{kind}'


def _syntax_messages(error: SyntaxError) -> tuple[str, str]:
    """The parser's message in both languages, with its column."""
    match = _POSITION.fullmatch(error.msg)
    what = match[4] if match else error.msg
    column = next((group for group in match.groups()[:3] if group), None) if match else None
    nb, en = _explained(what)
    if column:
        return f"Kolonne {column}: {nb}", f"Column {column}: {en}"
    return f"Skrivefeil: {nb}", f"Syntax error: {en}"


def _explained(what: str) -> tuple[str, str]:
    if match := re.fullmatch(r"The prefix (\S+) has not been declared", what):
        known = PREFIXES.get(match[1].rstrip(":"))
        line = f" «@prefix {match[1]} <{known}> .»" if known else ""
        return (
            f"Prefikset {match[1]} er ikke deklarert. Legg til en @prefix-linje{line}",
            f"The prefix {match[1]} has not been declared. Add an @prefix line{line}",
        )
    if what == "Unexpected end of file":
        return (
            "Filen slutter midt i et utsagn. Se etter anførselstegn, parentes eller punktum som mangler.",
            "The file ends in the middle of a statement. Look for a missing quote, bracket or full stop.",
        )
    return f"Ikke gyldig Turtle. Leseren sier: {what}", f"Not valid Turtle. The parser says: {what}"
