"""What every engine does to the bytes that pyoxigraph writes, between its writer and the reader of the answer."""

from __future__ import annotations

import re
from typing import Protocol

from pyoxigraph import QueryResultsFormat, RdfFormat

from plangraf.errors import NotInXmlError
from plangraf.errors.message import N_

_NOT_IN_XML = bytes((*range(9), 11, 12, *range(14, 32)))
_NAMELESS = b"<oxprefix: "
_NAMELESS_IRI = re.compile(rb'<oxprefix: xmlns:oxprefix="([^"]*)')
_LONGEST_NAMELESS = 64
_LONGEST_NODE = 64 * 1024
_NODE = re.compile(rb'\{"@id":("(?>(?:[^"\\]|\\.)*)")\}')
_TYPE = re.compile(
    rb'(?<=[,{])"http://www\.w3\.org/1999/02/22-rdf-syntax-ns#type":\[((?>(?:\{"@id":"(?>(?:[^"\\]|\\.)*)"\},?)+))\]'
)


class Output(Protocol):
    """Where an answer is written; `finish` comes once, after the last byte."""

    def write(self, data: bytes) -> int: ...

    def flush(self) -> None: ...

    def finish(self) -> None: ...


class UnwritableError(ValueError):
    """No XML document can hold this answer: because of a predicate, or of a control character in a text."""

    def __init__(self, predicate: str = "") -> None:
        super().__init__(predicate)
        self.predicate = predicate


def not_in_xml(predicate: str) -> NotInXmlError:
    """The client's error for an UnwritableError with this predicate."""
    return NotInXmlError(
        N_("the predicate <%(predicate)s>, which ends in no XML name", predicate=predicate)
        if predicate
        else N_("a control character in a text")
    )


def filtered(output: Output, writer: RdfFormat | QueryResultsFormat | None) -> Output:
    """The output with the filter of a format before it."""
    if writer in (RdfFormat.RDF_XML, QueryResultsFormat.XML):
        return XmlFilter(output)
    return TypeFilter(output) if writer == RdfFormat.JSON_LD else output


class XmlFilter:
    """XML 1.0: refuses control characters and predicates without a local name, which the engine writes as they are."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._before = b""

    def write(self, data: bytes) -> int:
        """Passes a piece on.

        Raises:
            UnwritableError: XML cannot hold it.
        """
        # A match may lie across two pieces.
        seen = self._before + data
        if len(data.translate(None, _NOT_IN_XML)) != len(data) or b"\xef\xbf\xbe" in seen or b"\xef\xbf\xbf" in seen:
            raise UnwritableError
        if _NAMELESS in seen and (found := _NAMELESS_IRI.search(seen)):
            raise UnwritableError(found[1].decode(errors="replace"))
        self._before = seen[-_LONGEST_NAMELESS:]
        return self._output.write(data)

    def flush(self) -> None:
        self._output.flush()

    def finish(self) -> None:
        self._output.finish()


class TypeFilter:
    """JSON-LD with `@type`: the engine writes rdf:type as an ordinary property, and framing needs the keyword.

    The patterns never match inside a string, because a quotation mark in a string is always escaped.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._rest = b""

    def write(self, data: bytes) -> int:
        whole = self._rest + data
        # Cut between two nodes; send a node that is longer than a frame unchanged.
        cut = whole.rfind(b']},{"@id":') + 1
        if not cut and len(whole) > _LONGEST_NODE:
            cut = len(whole)
        self._rest = whole[cut:]
        if cut:
            self._output.write(_TYPE.sub(_as_keyword, whole[:cut]))
        return len(data)

    def flush(self) -> None:
        self._output.flush()

    def finish(self) -> None:
        self._output.write(_TYPE.sub(_as_keyword, self._rest))
        self._output.finish()


def _as_keyword(property_: re.Match[bytes]) -> bytes:
    return b'"@type":[' + _NODE.sub(rb"\1", property_[1]) + b"]"
