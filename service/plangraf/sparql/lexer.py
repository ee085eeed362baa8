r"""SPARQL 1.1 lexer: splits the text of a query into tokens with their places.

It must divide a query as the engine does, because the guard relies on it. Its time is linear in the length of any text.
Follows https://www.w3.org/TR/sparql11-query/#sparqlGrammar, terminals [139] to [173], with two additions of SPARQL 1.2
that the engine reads too: triple terms and annotations.

It first decodes codepoint escapes (§19.2) anywhere. A sign is a separate token (`-5` is two).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal, NamedTuple
from urllib.parse import quote

from plangraf.errors import Place, QueryLimitError, QuerySyntaxError
from plangraf.errors.message import N_, Quoted

CLOSERS = {"(": ")", "{": "}", "[": "]", "{|": "|}", "<<": ">>"}
"""Each opening bracket with the one that closes it."""
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}
OPERATORS = frozenset(("||", "&&", "!", "+", "-", "*", "/"))

Kind = Literal["iri", "prefixed_name", "variable", "bnode", "string", "langtag", "number", "word", "punctuation"]

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_VAR = f"{_BASE}_0-9\u00b7\u0300-\u036f\u203f-\u2040"
_NAME = f"{_VAR}\\-"
_CODE = r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
# Strictly these: on any other escape the engine reads `""" … """` as several short strings, and what the lexer took for
# text would be part of the query.
_IN_STRING = rf"\\[tbnrf\"'\\]|{_CODE}"
_LOCAL_ESCAPE = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
# The longest prefix that is read, so that reading a long row of words with dots takes linear time.
_LONGEST_PREFIX = 256

# Groups repeat inside atomic groups, because `(?:…)*+` matches wrongly before Python 3.11.5.
_TOKEN = re.compile(
    rf"""
    (?>(?: [ \t\r\n]++ | \#[^\r\n]*+ )*)
    (?:
      (?P<bracket>[}}()\[\],;*/] | \{{(?!\|))
    | (?P<variable>[?$][{_VAR}]++)
    | (?P<prefixed_name>
        (?>(?:[{_BASE}][{_NAME}.]{{0,{_LONGEST_PREFIX}}}+(?<!\.))?) :
        (?>(?:(?:[{_VAR}:]|{_LOCAL_ESCAPE})(?>(?:[{_NAME}:]++|{_LOCAL_ESCAPE}|\.++(?=[{_NAME}:%\\]))*))?)
      )
    | (?P<word>[{_BASE}_](?!:)[{_VAR}]*+)
    | (?P<iri><(?>(?:[^<>"{{}}|^`\\\x00-\x20]++|{_CODE})*)>)
    | (?P<open_iri><[A-Za-z][A-Za-z0-9+.\-]*+://)
    | (?P<string>
        \"\"\"(?>(?:[^"\\]++|{_IN_STRING}|"(?!""))*)\"\"\"
      | '''(?>(?:[^'\\]++|{_IN_STRING}|'(?!''))*)'''
      | "(?!"")(?>(?:[^"\\\r\n]++|{_IN_STRING})*)"
      | '(?!'')(?>(?:[^'\\\r\n]++|{_IN_STRING})*)'
      )
    | (?P<number>
        (?:[0-9]++(?>(?:\.[0-9]*+)?)|\.[0-9]++)[eE][+\-]?+[0-9]++ | [0-9]*+\.[0-9]++ | [0-9]++
      )
    | (?P<langtag>@[A-Za-z]++(?>(?:-[A-Za-z0-9]++)*)(?>(?:--[a-z]++)?))
    | (?P<bnode>_:[{_BASE}_0-9](?>(?:[{_NAME}]++|\.++(?=[{_NAME}]))*))
    | (?P<punctuation>\^\^|&&|\|\||!=|<=|>=|<<|>>|\{{\||\|\}}|[{{}}()\[\].,;*/|^!=<>+\-?~])
    | (?P<nothing>\Z)
    | (?P<bad>[\s\S])
    )
    """,
    re.VERBOSE,
)
# The signs that begin no other token come first, because they are frequent.
_KINDS = ("", "punctuation", *list(_TOKEN.groupindex)[1:])
_ESCAPE = re.compile(r"\\(?:\\|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
# A character that could end a string, an IRI or a comment stays escaped: the engine reads the escape inside of them,
# and an escape may stand only where its character may.
_KEPT_ESCAPED = frozenset("\"'\\<>#\r\n")
_LONGEST_SHOWN = 60
END = "end of the query"
UNKNOWN_WORD = "an unknown word"
_KEYWORDS = (
    "AS ASC ASK BASE BIND BY CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FILTER FROM GRAPH GROUP HAVING IN LATERAL LIMIT "
    "MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SEPARATOR SERVICE SILENT UNDEF UNION VALUES VERSION "
    "WHERE"
)
# The minimum and maximum number of arguments, by terminal. Some functions are from SPARQL 1.2 and the engine.
ARGUMENTS = {
    "F0": (0, 0),
    "F1": (1, 1),
    "F2": (2, 2),
    "F3": (3, 3),
    "F23": (2, 3),
    "REPLACE": (3, 4),
    "BNODE_CALL": (0, 1),
    "FN": (0, 20_000),
}
_FUNCTIONS = {
    "F0": "RAND NOW UUID STRUUID",
    "F1": "STR LANG DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR MONTH DAY "
    "HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512 ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC "
    "SUBJECT PREDICATE OBJECT ISTRIPLE LANGDIR HASLANG HASLANGDIR",
    "F2": "LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM ADJUST",
    "F3": "IF TRIPLE STRLANGDIR",
    "F23": "SUBSTR REGEX",
    "REPLACE": "REPLACE",
    "BNODE_CALL": "BNODE",
    "FN": "CONCAT COALESCE",
    "BOUND": "BOUND",
    "COUNT": "COUNT",
    "AGGREGATE": "SUM MIN MAX AVG SAMPLE",
    "GROUP_CONCAT": "GROUP_CONCAT",
}
_SIGNS = "^^ && || != <= >= << >> {| |} { } ( ) [ ] . , ; * / | ^ ! = < > + - ? ~"
CALLS = frozenset(_FUNCTIONS)
"""The terminals of functions."""
FUNCTIONS = frozenset(name for names in _FUNCTIONS.values() for name in names.split())
WORDS = frozenset(_KEYWORDS.split()) | FUNCTIONS | {"TRUE", "FALSE", "A"}
"""Every word that SPARQL knows, in capitals."""
_TERMINALS = {
    **{name: terminal for terminal, names in _FUNCTIONS.items() for name in names.split()},
    **{word: word for word in _KEYWORDS.split()},
    **{sign: f"'{sign}'" for sign in _SIGNS.split()},
    "TRUE": "BOOLEAN",
    "FALSE": "BOOLEAN",
}
# A token of another kind never has the spelling of a word or a sign.
_BY_TEXT = {**_TERMINALS, **{word.lower(): terminal for word, terminal in _TERMINALS.items()}, "a": "'a'"}
_BY_KIND = {"iri": "IRI", "variable": "VAR", "bnode": "BNODE", "string": "STRING", "langtag": "LANGTAG"}


class Source:
    """The text of a query: `original` from the client, `decoded` without codepoint escapes, and places in both."""

    __slots__ = ("_line_starts", "_shifts", "decoded", "original")

    def __init__(self, original: str) -> None:
        self.original = original
        self.decoded = original
        self._shifts: list[tuple[int, int]] = []
        self._line_starts: list[int] | None = None
        if (nul := original.find("\0")) >= 0:
            text = N_("a NUL character cannot be part of a query.")
            raise QuerySyntaxError(text, self._original_place(nul, "\0"), hint=N_("Remove it."))
        if original.startswith("\ufeff"):
            hint = N_("Save the query as UTF-8 without it.")
            raise QuerySyntaxError(
                N_("a byte order mark (U+FEFF) stands here."), self._original_place(0, "\ufeff"), hint=hint
            )
        if "\\u" in original or "\\U" in original:
            self._decode()

    def _decode(self) -> None:
        parts: list[str] = []
        length = copied = 0
        for match in _ESCAPE.finditer(self.original):
            digits = match[1] or match[2]
            if digits is None:
                continue
            code = int(digits, 16)
            if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
                place = self._original_place(match.start(), match[0])
                raise QuerySyntaxError(N_("this escape stands for no character."), place)
            if chr(code) in _KEPT_ESCAPED:
                continue
            parts += (self.original[copied : match.start()], chr(code))
            length += match.start() - copied + 1
            copied = match.end()
            self._shifts.append((length, copied))
        self.decoded = "".join((*parts, self.original[copied:]))

    def original_offset(self, offset: int) -> int:
        """The offset in `original` of an offset in `decoded`."""
        if not self._shifts:
            return offset
        found = bisect_right(self._shifts, (offset, len(self.original)))
        decoded, original = self._shifts[found - 1] if found else (0, 0)
        return original + offset - decoded

    def place(self, offset: int, token: str) -> Place:
        """Line and column in `original` of an offset in `decoded`; columns count characters."""
        return self._original_place(self.original_offset(offset), token)

    def _original_place(self, offset: int, token: str) -> Place:
        if self._line_starts is None:
            self._line_starts = [0, *(match.end() for match in re.finditer("\n", self.original))]
        line = bisect_right(self._line_starts, offset)
        return Place(line, offset - self._line_starts[line - 1] + 1, token)

    def end(self) -> Place:
        """The place after the last character that is not white space."""
        return self._original_place(len(self.original.rstrip()), "")


class Token(NamedTuple):
    """One token; `start` and `end` are its offsets in the decoded text."""

    kind: Kind
    text: str
    start: int
    end: int
    source: Source

    @property
    def place(self) -> Place:
        return self.source.place(self.start, shown(self.text))

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column

    @property
    def upper(self) -> str:
        """The word in capitals, for comparison with keywords; empty for other kinds."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def prefix(self) -> str:
        return self.text.partition(":")[0]

    @property
    def local(self) -> str:
        """The part after the colon of a prefixed name, without escapes. `%41` stays, because it belongs to the IRI."""
        local = self.text.partition(":")[2]
        return re.sub(r"\\(.)", r"\1", local) if "\\" in local else local

    @property
    def iri(self) -> str:
        """The text between the angle brackets of an IRI, with decoded escapes."""
        inner = self.text[1:-1]
        return _ESCAPE.sub(_character, inner) if "\\" in inner else inner


def tokenize(query: str, limit: int | None = None) -> list[Token]:
    """The tokens of a query without comments and white space.

    Args:
        query: any text.
        limit: most tokens; None for no limit.
    Raises:
        QuerySyntaxError: a character does not start a token, or a string or an IRI is not closed.
        QueryLimitError: there are more tokens than `limit`.
    """
    return tokenize_source(Source(query), limit)


def tokenize_source(source: Source, limit: int | None = None) -> list[Token]:
    """Like `tokenize`, for a text with decoded escapes."""
    tokens: list[Token] = []
    # A named tuple's own constructor takes twice the time.
    new, append = tuple.__new__, tokens.append
    for match in _TOKEN.finditer(source.decoded):
        group: int = match.lastindex  # type: ignore[assignment]  # each match has one group
        kind = _KINDS[group]
        start, end = match.span(group)
        if start == end:
            break
        if kind == "bad" or kind == "open_iri":
            raise _unreadable(source, start)
        append(new(Token, (kind, match[group], start, end, source)))
        if limit is not None and len(tokens) > limit:
            raise QueryLimitError(N_("number of tokens"), len(tokens), limit)
    return tokens


def shown(text: str) -> str:
    """A token for a message; a long one is cut."""
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1] or escape[2], 16)) if escape[0] != "\\\\" else "\\"


def _unreadable(source: Source, offset: int) -> QuerySyntaxError:
    rest = source.decoded[offset:]
    first = rest[0]
    word = re.match(r"\S*", rest[: _LONGEST_SHOWN + 1])
    place = source.place(offset, shown(word[0] if word and word[0] else first))
    if first in "\"'":
        return _unreadable_string(source, rest, offset)
    if first == "<":
        inner = re.match(r"<[^>\n]*>", rest)
        wrong = re.search(r'[<"{}|^`\\\x00-\x20]', inner[0][1:]) if inner else None
        if inner and wrong:
            found = N_("a space") if wrong[0] == " " else Quoted(wrong[0])
            hint = N_("Write it percent-encoded, as %(code)s.", code=quote(wrong[0]))
            return QuerySyntaxError(
                N_("an IRI cannot hold %(sign)s.", sign=found), source.place(offset, shown(inner[0])), hint=hint
            )
        return QuerySyntaxError(N_("this IRI is not closed."), place, hint=N_("End it with '>'."))
    if first == "\\":
        return QuerySyntaxError(N_("a backslash has no meaning here."), place)
    if first == "@":
        return QuerySyntaxError(N_("a language tag was expected after '@', as in \"tekst\"@nb."), place)
    if first == "_" and rest[1:2] == ":":
        return QuerySyntaxError(N_("a blank node needs a label after '_:'."), place)
    if not first.isprintable() or first.isspace():
        code = f"U+{ord(first):04X}"
        name = N_("the character %(code)s", code=code)
        return QuerySyntaxError(
            N_("%(name)s cannot stand here.", name=name), source.place(offset, first), hint=N_("Remove it.")
        )
    return QuerySyntaxError(
        N_("the character %(sign)s starts nothing that SPARQL knows.", sign=Quoted(first)),
        source.place(offset, first),
    )


def _unreadable_string(source: Source, rest: str, offset: int) -> QuerySyntaxError:
    """Why a string cannot be read: an escape that SPARQL does not have, or no end."""
    quote = rest[:3] if rest[:3] in ('"""', "'''") else rest[0]
    inner = f"|{quote[0]}(?!{quote[1:]})" if len(quote) == 3 else ""
    line_end = r"\r\n" if len(quote) == 1 else ""
    body = re.match(rf"{quote}(?>(?:[^{quote[0]}\\{line_end}]|{_IN_STRING}{inner})*)", rest)
    place = source.place(offset, shown(rest.split("\n", 1)[0]))
    if body and (escape := re.match(r"\\[^\r\n]", rest[body.end() :])):
        hint = N_(
            "There are %(escapes)s and \\UXXXXXXXX; a backslash itself is \\\\.",
            escapes=r"\t \n \r \b \f \" \' \\ \uXXXX",
        )
        return QuerySyntaxError(
            N_("the string holds %(escape)s, which is no escape.", escape=escape[0]), place, hint=hint
        )
    return QuerySyntaxError(
        N_("this string is not closed."),
        place,
        hint=N_("End it with %(quote)s.", quote=quote)
        if len(quote) == 3
        else N_(
            "End it with %(quote)s; a text of several lines stands between %(quotes)s and %(quotes)s.",
            quote=quote,
            quotes=quote * 3,
        ),
    )


def terminals(tokens: list[Token]) -> list[str]:
    """The terminal of each token, which is what a grammar sees of it, and END behind them.

    A terminal is a sign in single quotes, a keyword in capitals, or the kind of a token: IRI, PNAME (a prefixed name),
    PNAME_NS (a prefix and its colon), VAR, BNODE, STRING, LANGTAG, INTEGER, NUMBER, BOOLEAN. Functions share a terminal
    when they take the same number of arguments. `(` `)` and `[` `]` stand in place of NIL and ANON, signs are apart
    from their numbers, and LATERAL is there because the engine has it too.
    """
    by_text, by_kind = _BY_TEXT.get, _BY_KIND.get
    found = [by_text(token[1]) or by_kind(token[0]) or _terminal(token) for token in tokens]
    found.append(END)
    return found


def _terminal(token: Token) -> str:
    kind, text = token.kind, token.text
    if kind == "prefixed_name":
        return "PNAME_NS" if text.find(":") == len(text) - 1 else "PNAME"
    if kind == "number":
        return "INTEGER" if text.isdigit() else "NUMBER"
    return _TERMINALS.get(text.upper(), UNKNOWN_WORD)
