"""Rewrites replacements of REPLACE, and refuses patterns that the engine does not support.

REPLACE. The engine reads the replacement as Rust's regex does: `$1a` is a group named "1a", and a backslash is a
backslash. In XPath `$1` has as many digits as there are groups, and `\\$` and `\\\\` are escapes (F&O 7.6.3,
§17.4.3.15). The rewrite respells a constant in the engine's form. It wraps a computed one into calls of REPLACE that
respell it if it is well-formed; else it is an error, as in F&O. Two characters that no text contains (U+FDD0 and
U+FDD1, Unicode §23.7) stand for the escapes meanwhile.

Patterns. The engine's regex lacks look-ahead, look-behind and back references. Each is an error, which a filter would
hide, so the rewrite refuses a constant pattern with one of them. It refuses an unknown constant flag too.
"""

from __future__ import annotations

import re

from plangraf.sparql.nodes import Constant, Expression
from plangraf.sparql.rewrite.edits import Part
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError

_MOST_GROUPS = 9
_BACKSLASH, _DOLLAR = "\ufdd0", "\ufdd1"
# The calls of REPLACE that respell a computed replacement: patterns and replacements in the engine's form.
_SPELLINGS = (
    (r"\\\\", _BACKSLASH),
    (r"\\\$", _DOLLAR),
    (r"\$([0-9])", "$${${1}}"),
    (_DOLLAR, "$$$$"),
    (_BACKSLASH, "\\"),
)
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def check_pattern(pattern: Expression, flags: list[Expression]) -> None:
    if isinstance(pattern, Constant) and pattern.kind == "string":
        # Drop classes, and escapes other than back references, because none of them contains these constructs.
        text = re.sub(r"\\[^1-9icIC]|\[(?:\\.|[^\]\\])*\]", "", unescaped(pattern.string))
        if found := re.search(r"\\[1-9icIC]|\(\?(?:[=!>]|<[=!])", text):
            what = "look-around" if found[0][0] == "(" else "a back reference" if found[0][1].isdigit() else "an escape"
            raise UnsupportedError(
                pattern,
                f"the pattern has {what}, '{found[0]}', which the engine's regular expressions have not.",
                "Write several conditions, such as REGEX(…) && !REGEX(…), or use CONTAINS, STRBEFORE and STRAFTER.",
            )
    for flag in flags:
        if isinstance(flag, Constant) and flag.kind == "string" and set(unescaped(flag.string)) - set("smixq"):
            raise UnsupportedError(flag, "there is no such flag.", "The flags are i, m, q, s and x.")


def spell_replacement(rewriting: Rewriting, arguments: list[Expression]) -> None:
    replacement = arguments[2]
    if not isinstance(replacement, Constant):
        _spell_computed(rewriting, arguments[1], replacement)
        return
    if replacement.kind != "string":
        return
    text = unescaped(replacement.string)
    if "$" not in text and "\\" not in text:
        return
    pattern = arguments[1]
    groups = None
    if isinstance(pattern, Constant) and pattern.kind == "string":
        groups = _groups(unescaped(pattern.string))
    written = _as_rust(text, groups)
    if written is None:
        raise UnsupportedError(
            replacement,
            "in the third argument of REPLACE a '$' needs a digit behind it and a backslash '$' or a backslash.",
            r"Write \\$ for a dollar sign and \\\\ for a backslash.",
        )
    rewriting.edits.replace(replacement.start, replacement.start + len(replacement.string), (_quoted(written),))


def _spell_computed(rewriting: Rewriting, pattern: Expression, replacement: Expression) -> None:
    if isinstance(pattern, Constant) and _groups(unescaped(pattern.string)) > _MOST_GROUPS:
        raise UnsupportedError(
            pattern,
            "the pattern has ten groups or more, and the third argument is computed, so '$10' has two meanings.",
            "Make fewer groups, (?:…) is none, or write the third argument as a text.",
        )
    span = (replacement.start, replacement.end)
    steps: list[Part] = [span]
    for sought, written in _SPELLINGS:
        steps = ["REPLACE(", *steps, f", {_quoted(sought)}, {_quoted(written)})"]
    well_formed = _quoted(r"^(?:[^\\$]|\\[\\$]|\$[0-9])*$")
    rewriting.edits.replace(*span, ("IF(REGEX(", span, f", {well_formed}), ", *steps, ", 1/0)"))


def _as_rust(text: str, groups: int | None) -> str | None:
    """Respells a replacement from XPath to Rust's regex; None when it is malformed."""
    written, at = "", 0
    while at < len(text):
        character = text[at]
        following = text[at + 1 : at + 2]
        if character == "\\":
            if following not in ("\\", "$") or not following:
                return None
            written += "$$" if following == "$" else "\\"
            at += 2
        elif character == "$":
            digits = re.match(r"[0-9]+", text[at + 1 :])
            if digits is None:
                return None
            number = digits[0] if groups is not None else digits[0][:1]
            while groups is not None and len(number) > 1 and int(number) > groups:
                number = number[:-1]
            written += f"${{{number}}}"
            at += 1 + len(number)
        else:
            written += character
            at += 1
    return written


def _groups(pattern: str) -> int:
    """The number of capturing groups of a pattern."""
    without = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", pattern)
    return len(re.findall(r"\((?!\?)", without))


def unescaped(string: str) -> str:
    """The text of a quoted string."""
    quote = 3 if string[:3] in ('"""', "'''") else 1
    return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", _character, string[quote:-quote])


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'
