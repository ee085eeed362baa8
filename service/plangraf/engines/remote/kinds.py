"""The kinds of SPARQL endpoints whose ways the service knows, found by a field of their answers."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from plangraf.engines.remote.forms import STORED_DATATYPES
from plangraf.rdf.literals import XSD

MOST_ROWS = "x-sparql-maxrows"
"""Virtuoso answers 200 with its most rows when there are more, and says how many in this field."""
_DATATYPE = re.compile(rb'"\^\^<([^>]*)> \.$')


@dataclass(frozen=True, slots=True)
class Kind:
    """What an endpoint is, by a field of its answers.

    `parameter` and `per_second` make its own parameter of a limit in seconds. `merges`: several graphs of FROM are one
    set of triples. `like_ours`: its engine is that of the embedded one, and has the same faults and forms of literals.
    `ask_column` is the column of the table with which it answers ASK. `node` stands before the labels of blank nodes.
    `foreign` are the datatypes whose values it changes, so that they are stored under other names. `wrong`: it answers
    standard queries wrongly, without an error, which no rewriting mends.
    """

    name: str
    field: str
    sign: str
    parameter: str = ""
    per_second: int = 1
    merges: bool = True
    like_ours: bool = False
    ask_column: str = ""
    node: bytes = b""
    foreign: frozenset[str] = frozenset()
    wrong: bool = False

    def deadline(self, limit_s: float) -> dict[str, str]:
        """The parameter that makes the endpoint itself end the query, a second after ours; empty when it has none."""
        return {self.parameter: str(int((limit_s + 1) * self.per_second))} if self.parameter else {}

    def storable(self, line: bytes) -> bytes:
        """A statement as N-Triples, with a name of ours for a datatype whose values the endpoint changes."""
        if self.foreign and (found := _DATATYPE.search(line)) and found[1].decode() in self.foreign:
            return line[: found.start(1)] + stored_datatype(found[1].decode()).encode() + line[found.end(1) :]
        return line

    def readable(self, body: IO[bytes]) -> IO[bytes]:
        """A table of this kind as every reader takes it: labels of blank nodes are no addresses."""
        return cast(IO[bytes], io.BufferedReader(_Replaced(body, self.node))) if self.node else body


def stored_datatype(datatype: str) -> str:
    """The name in a store of a datatype whose values the store changes; `forms.embedded_form` reverses it."""
    return STORED_DATATYPES + datatype.removeprefix(XSD)


_KINDS = (
    Kind("fuseki", "fuseki-request-id", "", "timeout"),
    Kind("fuseki", "server", "fuseki", "timeout"),
    Kind(
        "virtuoso",
        "server",
        "virtuoso",
        "timeout",
        1000,
        merges=False,
        ask_column="__ASK_RETVAL",
        node=b'"type": "bnode", "value": "nodeID://',
        # It reads a duration as a number of months or seconds, and writes that number.
        foreign=frozenset({f"{XSD}duration", f"{XSD}dayTimeDuration", f"{XSD}yearMonthDuration"}),
        # Casts of any text to numbers, integer division, paths, EXISTS in BIND, scopes of MINUS and OPTIONAL.
        wrong=True,
    ),
    Kind("oxigraph", "server", "oxigraph", merges=False, like_ours=True),
)
OTHER = Kind("another", "", "")


def kind_of(headers: Mapping[str, str]) -> Kind:
    """The kind of the endpoint that sent these fields."""
    return next((kind for kind in _KINDS if kind.field in headers and kind.sign in headers[kind.field].lower()), OTHER)


class _Replaced(io.RawIOBase):
    """A table without the scheme of its blank nodes; a text cannot hold the pattern, because its quotes are escaped."""

    def __init__(self, body: IO[bytes], before: bytes) -> None:
        self._body = body
        self._before = before
        self._kept = before.rpartition(b'"')[0] + b'"'
        self._waiting = b""
        self._ready = b""
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._over:
            piece = self._body.read(64 * 1024)
            self._over = not piece
            whole = self._waiting + piece
            # What could be the beginning of a match waits for the next piece.
            end = len(whole) if self._over else max(0, len(whole) - len(self._before) + 1)
            last = whole.rfind(self._before, max(0, end - len(self._before)))
            end = max(end, last + len(self._before)) if last >= 0 else end
            self._ready, self._waiting = whole[:end].replace(self._before, self._kept), whole[end:]
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size
