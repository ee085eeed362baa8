"""The order of texts in Norwegian, and which of the texts in several languages decides.

Comparing two keys with `<` compares their texts in Norwegian alphabetical order. The keys follow CLDR's rules for
Norwegian (https://cldr.unicode.org, collation/no.xml): a to z, then æ (and ä), ø (and ö), å. `aa` sorts right after å,
because names use it for å. ü sorts as y, đ and ð sort as d. Other accents, and then case (small before capital), decide
only between texts that are otherwise equal. Two rules are ours: numbers sort by value (2.4 before 2.10), and all
punctuation sorts alike, because the kind of dash in a title should not matter.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile("[0-9]+")
# Characters above z, in the order of the last Norwegian letters. They occur in keys only.
_END = {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"}
_AS_LETTER = {"ü": "y", "đ": "d", "ð": "d", "þ": "th", "ŋ": "n", "ŧ": "t", "ł": "l", "œ": "|", **_END}
_BLANK, _SIGN = "\x02", "\x03"
# Sorts after all other characters of a key, so that aa follows å, and missing texts follow present ones.
_LAST = "\U0010ffff"
LAST_KEY = _LAST
"""The key of a missing text. It sorts after all others."""
_LANGUAGES = ("nb", "nn", "se", "en")


def collation_key(text: str) -> str:
    """The sort key of a text. Texts with equal keys differ in nothing that a reader would sort by."""
    composed = unicodedata.normalize("NFC", text)
    small = composed.casefold()
    first = _NUMBER.sub(_number_key, "".join(map(_primary, small.replace("aa", "å"))))
    return "\0".join((first, small.replace("aa", "å" + _LAST), composed.swapcase()))


def _number_key(match: re.Match[str]) -> str:
    """A key for a number that sorts by value and before every letter."""
    digits = match[0].lstrip("0") or "0"
    return f"0{chr(0x30 + min(len(digits), 0xA000))}{digits}"


def _primary_weight(character: str) -> str:
    if "a" <= character <= "z" or "0" <= character <= "9":
        return character
    if character in _AS_LETTER:
        return _AS_LETTER[character]
    if character.isspace():
        return _BLANK
    base = unicodedata.normalize("NFKD", character)[0]
    if base != character:
        return _primary_weight(base)
    return character if character.isalnum() else _SIGN


class _Primary(dict[str, str]):
    """The primary sort weight of each character, memoised."""

    def __missing__(self, character: str) -> str:
        found = self[character] = _primary_weight(character)
        return found


_PRIMARY = _Primary()
_primary = _PRIMARY.__getitem__


def language_rank(language: str | None) -> int:
    """The preference for a text in one language when a collection is sorted; 0 is the best."""
    if language is None:
        return 0
    return _LANGUAGES.index(language) if language in _LANGUAGES else len(_LANGUAGES)
