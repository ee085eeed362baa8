"""Rules of grammar that sentences need, for Bokmål and English: genitives, lists, capital letters.

A language without rules of its own gets those of Bokmål.
"""

from __future__ import annotations

from collections.abc import Sequence

_SIBILANTS = ("s", "x", "z")
# A list that is longer names the first ones and counts the others.
_MOST_NAMED = 4
_NAMED_OF_MORE = 3


def genitive(name: str, language: str) -> str:
    """`Trondheims`, `Moss’`; in English `Trondheim's`."""
    if language == "en":
        return f"{name}'" if name.endswith("s") else f"{name}'s"
    return f"{name}’" if name.lower().endswith(_SIBILANTS) else f"{name}s"


def separators(number: int, language: str) -> list[str]:
    """What stands between the members of a list: commas, then `og` or `and`; one fewer than the members."""
    last = " and " if language == "en" else " og "
    return [", "] * (number - 2) + [last] if number > 1 else []


def split_list(number: int) -> tuple[int, int]:
    """How many members of a list a sentence names, and how many it only counts."""
    return (number, 0) if number <= _MOST_NAMED else (_NAMED_OF_MORE, number - _NAMED_OF_MORE)


def others(number: int, language: str) -> str:
    """What ends a list whose last members are counted."""
    return f" and {number} more" if language == "en" else f" og {number} til"


def plural(number: int, forms: Sequence[str], shown: str) -> str:
    """`ett perspektiv` or `12 perspektiver`; `shown` is the number as the language writes it."""
    one, many = forms
    return one if number == 1 else f"{shown} {many}"


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """A label inside a sentence: `Foreslått` gives `foreslått`; an abbreviation such as `FN` keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
