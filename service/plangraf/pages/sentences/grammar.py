"""Rules of grammar that sentences need: genitives, lists, plurals, capital letters.

A language without a genitive of its own here gets that of Bokmål.
"""

from __future__ import annotations

from collections.abc import Sequence

from plangraf.pages.words import Words

_SIBILANTS = ("s", "x", "z")
# A list that is longer names the first ones and counts the others.
_MOST_NAMED = 4
_NAMED_OF_MORE = 3


def genitive(name: str, language: str) -> str:
    """`Trondheims`, `Moss’`; in English `Trondheim's`."""
    if language == "en":
        return f"{name}'" if name.endswith("s") else f"{name}'s"
    return f"{name}’" if name.lower().endswith(_SIBILANTS) else f"{name}s"


def definite(name: str, language: str) -> str:
    """A body inside a sentence: `the City Council`; in Norwegian its name is definite already: `bystyret`."""
    if language != "en":
        return lowered(name)
    return f"the {name[4:]}" if name.lower().startswith("the ") else f"the {name}"


def separators(number: int, words: Words) -> list[str]:
    """What stands between the members of a list: commas, then `og` or `and`; one fewer than the members."""
    last = words.gettext("and")
    return [", "] * (number - 2) + [f" {last} "] if number > 1 else []


def split_list(number: int) -> tuple[int, int]:
    """How many members of a list a sentence names, and how many it only counts."""
    return (number, 0) if number <= _MOST_NAMED else (_NAMED_OF_MORE, number - _NAMED_OF_MORE)


def others(number: int, words: Words) -> str:
    """What ends a list whose last members are counted."""
    return " " + words.gettext("and %(num)s more", num=words.number(number))


def plural(number: int, forms: Sequence[str], shown: str) -> str:
    """`ett perspektiv` or `12 perspektiver`; `shown` is the number as the language writes it."""
    one, many = forms
    # Number and noun stay on one line.
    return one if number == 1 else f"{shown}\u00a0{many}"


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """A label inside a sentence: `Foreslått` gives `foreslått`; an abbreviation such as `FN` keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
