"""A SPARQL 1.1 tokenizer that knows where each token stands in the text as the client wrote it.

It runs before any engine: bounds, refusals and error places are decided on tokens, never on a text search.
Codepoint escapes (\\uXXXX, §19.2) are decoded first, with every position kept. Linear time: no pattern scans
the same text twice. Source: https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from plangraf.errors import Place, QueryLimitError, QuerySyntaxError

Kind = Literal[
    "iri", "prefixed_name", "variable", "bnode", "string", "langtag", "number", "word", "punctuation"
]


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is decoded; `line`, `column` (from 1), `start` and `end` are the original's."""

    kind: Kind
    text: str
    line: int
    column: int
    start: int
    end: int

    @property
    def place(self) -> Place:
        return Place(self.line, self.column, self.text)

    @property
    def upper(self) -> str:
        """The word in capitals (keywords have no case); empty for every other kind of token."""
        return self.text.upper() if self.kind == "word" else ""


_CHARS = r"\w\u00B7\u203F\u2040"
# A prefix longer than this is nobody's; the bound keeps a name without a colon from being scanned again.
_PREFIX = rf"(?:[^\W\d_](?:[{_CHARS}.\-]{{0,200}}[{_CHARS}\-])?)?:"
_LOCAL_PART = rf"[{_CHARS}:]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL = rf"(?:(?:{_LOCAL_PART})(?:(?:{_LOCAL_PART}|[.\-])*(?:{_LOCAL_PART}|-))?)?"

_TOKEN = re.compile(
    r"(?P<skip>(?:[ \t\r\n]+|\#[^\r\n]*)+)"
    r"|(?P<iri><[^\x00-\x20<>\"{}|^`\\]*>)"
    r'|(?P<string>"""(?:"{0,2}(?:[^"\\]|\\.))*+"""'
    r"|'''(?:'{0,2}(?:[^'\\]|\\.))*+'''"
    r'|"(?!"")(?:[^"\\\n\r]|\\.)*+"'
    r"|'(?!'')(?:[^'\\\n\r]|\\.)*+')"
    r"|(?P<unterminated>[\"'])"
    rf"|(?P<variable>[?$](?=[{_CHARS}])[{_CHARS}]+)"
    rf"|(?P<bnode>_:[\w](?:[{_CHARS}.\-]*[{_CHARS}\-])?)"
    rf"|(?P<prefixed_name>{_PREFIX}{_LOCAL})"
    r"|(?P<number>\d+\.\d*[eE][+-]?\d+|\.?\d+[eE][+-]?\d+|\d*\.\d+|\d+)"
    r"|(?P<word>[A-Za-z]\w*)"
    r"|(?P<langtag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)"
    r"|(?P<punctuation>\^\^|\|\||&&|!=|<=|>=|<<|>>|[{}()\[\];,.=<>!+\-*/|^?])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def tokenize(query: str, most: int | None = None) -> list[Token]:
    """The tokens of a query, comments and white space left out.

    Raises:
        QuerySyntaxError: a character starts no token, or a string is never closed.
        QueryLimitError: more than `most` tokens.
    """
    text, offsets = _decode(query)
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", query))]

    def original(position: int) -> int:
        return position if offsets is None else offsets[position]

    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind = match.lastgroup if match else None
        if match is None or kind == "unterminated":
            raise _refused(text, position, original(position), starts, kind)
        position = match.end()
        if kind == "skip":
            continue
        start = original(match.start())
        line = bisect_right(starts, start)
        tokens.append(
            Token(kind, match[0], line, start - starts[line - 1] + 1, start, original(position))  # type: ignore[arg-type]  # the groups' names are the kinds
        )
        if most is not None and len(tokens) > most:
            raise QueryLimitError("number of tokens", len(_TOKEN.findall(text)), most)
    return tokens


def _decode(query: str) -> tuple[str, list[int] | None]:
    """The text with codepoint escapes decoded, and where each of its characters (and its end) stood."""
    if "\\u" not in query and "\\U" not in query:
        return query, None
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in _ESCAPE.finditer(query):
        number = int(match[1] or match[2], 16)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            continue
        pieces += [query[last : match.start()], chr(number)]
        offsets += [*range(last, match.start()), match.start()]
        last = match.end()
    pieces.append(query[last:])
    offsets += range(last, len(query) + 1)
    return "".join(pieces), offsets


def _refused(text: str, position: int, start: int, starts: list[int], kind: str | None) -> QuerySyntaxError:
    line = bisect_right(starts, start)
    place = Place(line, start - starts[line - 1] + 1, text[position])
    if kind == "unterminated":
        return QuerySyntaxError(
            "this string is never closed.", place,
            hint="Close it with the same quotation mark; a string over several lines needs three of them.",
        )  # fmt: skip
    if text[position] == "\x00":
        return QuerySyntaxError("a query holds no NUL character.", place)
    return QuerySyntaxError("this character starts nothing in SPARQL.", place)
