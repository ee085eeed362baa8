"""Norwegian alphabetical order as a key, so that a plain comparison of keys sorts titles as people expect.

After CLDR's rules for Norwegian (https://cldr.unicode.org, collation/no.xml): a to z, then æ (and ä), ø (and ö), å;
`aa` is sorted as å, as in names, right after it. ü is a y and đ or ð a d; other accents count only among titles that
are else equal, and so does case, small before capital. Two things are ours: numbers come in numeric order (2.4 before
2.10), and all punctuation is alike, so that the kind of dash in a title does not move it.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile("[0-9]+")
# Above z and in the order of the alphabet's end; private to keys.
_END = {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"}
_AS_LETTER = {"ü": "y", "đ": "d", "ð": "d", "þ": "th", "ŋ": "n", "ŧ": "t", "ł": "l", "œ": "|", **_END}
_BLANK, _SIGN = "\x02", "\x03"
# After everything that a key holds: aa stands after å, and what is missing after what is there.
_LAST = "\U0010ffff"


def key(text: str) -> str:
    """The key of a text: compare keys with `<`, and the texts are in Norwegian order.

    Texts with equal keys differ in nothing that a reader would sort by.
    """
    composed = unicodedata.normalize("NFC", text)
    small = composed.casefold()
    first = _NUMBER.sub(_number, "".join(map(_primary, small.replace("aa", "å"))))
    return "\0".join((first, small.replace("aa", "å" + _LAST), composed.swapcase()))


MISSING = _LAST
"""The key of a text that is not there: after all others."""


def _number(match: re.Match[str]) -> str:
    """Digits so that more of them mean a larger number; before every letter."""
    digits = match[0].lstrip("0") or "0"
    return f"0{chr(0x30 + min(len(digits), 0xA000))}{digits}"


def _made(character: str) -> str:
    if "a" <= character <= "z" or "0" <= character <= "9":
        return character
    if character in _AS_LETTER:
        return _AS_LETTER[character]
    if character.isspace():
        return _BLANK
    base = unicodedata.normalize("NFKD", character)[0]
    if base != character:
        return _made(base)
    return character if character.isalnum() else _SIGN


class _Primary(dict[str, str]):
    """What decides first of each character, worked out once."""

    def __missing__(self, character: str) -> str:
        found = self[character] = _made(character)
        return found


_PRIMARY = _Primary()
_primary = _PRIMARY.__getitem__
