"""Repairs what published lists in RDF get wrong, statement by statement, so that a query is written for what is meant.

Each repair is counted. What cannot be repaired is an error that names it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad

from plangraf.errors import ListError
from plangraf.rdf.namespaces import PREFIXES, namespace
from plangraf.sources.lists.entries import Term, ascii_iri
from plangraf.sources.lists.repairs import Repairs

IRI_KINDS = ("non-ascii-iri", "malformed-iri")
"""The kinds of repairs whose entries are IRIs as the list writes them."""

_DC, _DC_ELEMENTS = "http://purl.org/dc/", "http://purl.org/dc/elements/1.1/"
_OTHER_DC = (_DC_ELEMENTS, "http://purl.org/dc/dcmitype/", "http://purl.org/dc/dcam/")
# https://www.dublincore.org/specifications/dublin-core/dces/
_ELEMENTS = {
    "contributor", "coverage", "creator", "date", "description", "format", "identifier", "language", "publisher",
    "relation", "rights", "source", "subject", "title", "type"
}  # fmt: skip
_KNOWN = tuple(sorted((*PREFIXES.values(), *_OTHER_DC), key=len, reverse=True))
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_LOCAL = re.compile(r"[#/]*([A-Za-z][\w-]*)")
_RDF_TYPE = PREFIXES["rdf"] + "type"

_PADDING = re.compile(r"(?:\s|%20)+\Z|\A\s+")
# Characters of ASCII that no IRI has (RFC 3987), and a percent sign that begins no code.
_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})")

_NUMBERS = {PREFIXES["xsd"] + name for name in ("decimal", "double", "float", "integer")}
_CODE = re.compile(r"0[0-9.]+|[0-9]+\.[0-9]*0")
_NO_TEXT = frozenset({"nan", "NaN", "None"})
_NAN = re.compile(r"(?<![\w'\"])nan(?![\w'\"])", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[\[({].*[\])}]\s*", re.DOTALL)
_APOSTROPHE = re.compile(r"""\s*\[\s*'([^"]*)'\s*\]\s*""", re.DOTALL)
_WORD = re.compile(r"\w+")
# Words that one language has and the other has not, frequent in the names of indicators.
_BOKMAL = {
    "og", "av", "til", "på", "som", "ikke", "med", "etter", "hver", "antall", "andel", "andelen", "kommunen",
    "kommunene", "kommuner", "ved", "fra", "eller", "i", "den", "det", "er", "innen", "blant", "personer", "år",
    "mellom"
}  # fmt: skip
_ENGLISH = {
    "the", "of", "and", "by", "with", "to", "from", "number", "per", "people", "who", "which", "is", "are", "or",
    "rate", "share", "percentage", "proportion", "population", "total", "in", "that", "has", "have"
}  # fmt: skip


def repaired(quads: Iterable[Quad], repairs: Repairs) -> Iterator[Quad]:
    """The statements as they are meant, each repair counted; an IRI is counted once however often it is used.

    Raises:
        ListError: an IRI cannot be repaired.
    """
    node = _node_repair(repairs)
    for quad in quads:
        subject, predicate = node(quad.subject), node(quad.predicate)
        assert isinstance(predicate, NamedNode)
        predicate = _known_term(predicate, repairs)
        if isinstance(quad.object, Literal):
            for literal in _literals(quad.object, repairs):
                yield Quad(subject, predicate, literal)  # type: ignore[arg-type]
            continue
        value = node(quad.object)
        if predicate.value == _RDF_TYPE and isinstance(value, NamedNode):
            value = _known_term(value, repairs)
        yield Quad(subject, predicate, value)  # type: ignore[arg-type]


def right_iri(written: str) -> str:
    """An IRI in ASCII without blanks around it, with what an IRI may not have percent-encoded."""
    plain = _PADDING.sub("", written)
    return ascii_iri(_FORBIDDEN.sub(lambda match: f"%{ord(match[0]):02X}", plain))


def _node_repair(repairs: Repairs) -> Callable[[Term], Term]:
    """A function that repairs the IRI of a term."""
    known: dict[str, NamedNode] = {}

    def node(term: Term) -> Term:
        if not isinstance(term, NamedNode):
            return term
        if (found := known.get(term.value)) is not None:
            return found
        right = right_iri(term.value)
        try:
            found = NamedNode(right)
        except ValueError as error:
            raise ListError(f"<{term.value}> is not an IRI, and it is not clear which is meant ({error}).") from error
        if right != term.value:
            malformed = _PADDING.search(term.value) or _FORBIDDEN.search(term.value)
            repairs.add("malformed-iri" if malformed else "non-ascii-iri", term.value)
        return known.setdefault(term.value, found)

    return node


def _known_term(term: NamedNode, repairs: Repairs) -> NamedNode:
    """The property or class that is meant by one in a namespace that is nearly a known one."""
    iri = term.value
    start = namespace(iri)
    if start == _DC_ELEMENTS and iri[len(start) :] not in _ELEMENTS:
        repairs.add("known-namespace", iri)
        return NamedNode(PREFIXES["dcterms"] + iri[len(start) :])
    if start in _KNOWN:
        return term
    plain = _SCHEME.sub("", iri)
    for right in _KNOWN:
        bare = _SCHEME.sub("", right).rstrip("#/")
        if plain.lower().startswith(bare.lower()) and (local := _LOCAL.fullmatch(plain, len(bare))):
            repairs.add("known-namespace", iri)
            return NamedNode(right + local[1])
    if iri.startswith(_DC) and (local := _LOCAL.fullmatch(iri, iri.rindex("/"))):
        repairs.add("namespace", iri)
        return NamedNode(PREFIXES["dcterms"] + local[1])
    return term


def _literals(literal: Literal, repairs: Repairs) -> Iterator[Literal]:
    """The literals that one literal means: several for a written list, none for NaN."""
    text, datatype, language = literal.value, literal.datatype, literal.language
    if text in _NO_TEXT:
        repairs.add("not-a-number", text)
        return
    if datatype.value in _NUMBERS and _CODE.fullmatch(text):
        # A store would keep the number 8.1.
        repairs.add("number-as-code", text)
        yield Literal(text)
        return
    values = [text]
    if datatype.value not in _NUMBERS and (unwrapped := _unwrapped(text)) is not None:
        repairs.add("written-list", text)
        values = unwrapped
    spoken = _spoken(language, " ".join(values))
    if spoken != language:
        repairs.add("language-tag" if spoken == "nb" else "language-tag-en", text)
    for value in values:
        yield Literal(value, language=spoken) if spoken else Literal(value, datatype=datatype)


def _spoken(tag: str | None, text: str) -> str | None:
    """The language of a text, when its words are clearly not those of its tag."""
    if tag is None or tag.partition("-")[0] not in ("en", "no", "nb"):
        return tag
    words = _WORD.findall(text.lower())
    bokmal = sum(word in _BOKMAL for word in words)
    english = sum(word in _ENGLISH for word in words)
    letters = sum(letter in "æøå" for letter in text.lower())
    if tag.startswith("en"):
        # A name may have Norwegian letters in an English text.
        return "nb" if bokmal > english or (letters and not english) else tag
    return "en" if english > 1 and not bokmal and not letters else tag


def _unwrapped(text: str) -> list[str] | None:
    """The texts of a list, tuple or set as Python or JSON writes one; None for another text."""
    if not _BRACKETS.fullmatch(text):
        return None
    found: object = None
    for read, nothing in ((ast.literal_eval, "None"), (json.loads, "null")):
        try:
            found = read(_NAN.sub(nothing, text.strip()))
            break
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
    else:
        match = _APOSTROPHE.fullmatch(text)  # ['Barn som bor hos 'mor'']
        return [match[1]] if match else None
    if not isinstance(found, list | tuple | set):
        return None
    texts = [one for one in found if isinstance(one, str)]
    if len(texts) + sum(one is None for one in found) < len(found):
        return None
    said = [one.strip() for one in texts if one.strip()]
    return sorted(said) if isinstance(found, set) else said
