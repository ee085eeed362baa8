"""Splits text into words and gives each word the forms by which a search finds it.

A word has four forms: as it is written, in lower case; folded, without the letters æ, ø and å and other marks; and
its stem in Norwegian and in English. Folding maps what people write instead of a letter to the same: `ae` for æ, `oe`
and `o` for ø, `aa` and `a` for å. The stemmers are those of Snowball (https://snowballstem.org), in tantivy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import tantivy

from plangraf.search.nynorsk import to_bokmaal

MOST_LETTERS: Final = 64
"""A longer run of letters is not a word; it is cut, because nothing in the data is as long."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W\d_]{1,2}\b)?")
# A number with its separators: 11.6, 8/21, 2020-2023 is two, 11.b, 19/18054, C110601.
_CODE: Final = re.compile(r"[0-9]+(?:[.,/][0-9]+)*(?:\.[a-z](?![a-z0-9]))?|[a-z]+[0-9]+", re.IGNORECASE)
_FOLDED: Final = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ð": "d", "đ": "d", "ŋ": "n", "ŧ": "t", "ß": "ss"})
# What stands for å and ø; `ue` and others of foreign names stay.
_WRITTEN_OUT: Final = (("aa", "a"), ("oe", "o"))
# A word of one open syllable, which the stemmer leaves alone: byen, veier, sjøene.
_OPEN: Final = re.compile(r"([^aeiouyæøå]*[aeiouyæøå]+)(?:en|et|ene|ane|ar|er|a)")
_VOWELS: Final = frozenset("aeiouyæøå")
# What the stemmer leaves of politikk and politisk, teknologi and teknologisk.
_FAMILY: Final = re.compile(r"(?P<root>[^\W\d_]{4,})(?:isk|ik)|(?P<science>[^\W\d_]{3,}(?:om|og|af))i")
_STOP_WORDS: Final = """
    og i på for til av en et ei den det de som er å med fra om ved har ikke seg sin sitt sine vi du hva hvor hvilke
    hvilken hvordan eller men kan skal skulle vil blir ble alle noe noen mot under over etter før hos per nr nummer no
    følger opp gjelder finnes handler viser
    the a an of in on to and or for with by from is are be at as that this which what how where into who about
    eit ein dei på frå kva kvar korleis ikkje
"""
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
"""Words that say little alone: a search does not insist on them, in Bokmål, Nynorsk and English."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, in lower case, and its place in it: code points `start` to `end`."""

    text: str
    start: int
    end: int


def words_of(text: str) -> Iterator[Word]:
    """The words of a text in order; a hyphen divides, an apostrophe before one or two letters does not."""
    for match in _WORD.finditer(text):
        yield Word(lower(match[0]), match.start(), match.end())


@lru_cache(50_000)
def word_texts(text: str) -> tuple[str, ...]:
    """The texts of `words_of`; cached, because many things of a version have the same name or kind."""
    return tuple(word.text for word in words_of(text))


def codes_of(text: str) -> list[str]:
    """The numbers and codes in a text, in the form of `code`: `Sak 8/21` has `8/21`."""
    return [code(match[0]) for match in _CODE.finditer(text)]


def code(text: str) -> str:
    """A code in the form that both sides of a search use: in lower case, without blanks, with a decimal point."""
    return re.sub(r"(?<=\d),(?=\d)", ".", "".join(text.split()).lower())


def lower(word: str) -> str:
    """A word in lower case, composed, without the genitive's apostrophe."""
    return unicodedata.normalize("NFC", word).lower().replace("’", "'").partition("'")[0][:MOST_LETTERS]


@lru_cache(100_000)
def fold(word: str) -> str:
    """A word in lower case without marks on letters, however these are written out."""
    folded = word.translate(_FOLDED)
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    for written, letter in _WRITTEN_OUT:
        folded = folded.replace(written, letter)
    return folded


def _stemmer(language: str) -> tantivy.TextAnalyzer:
    filter_ = tantivy.Filter.stemmer(language)
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(filter_).build()


_NORWEGIAN: Final = _stemmer("norwegian")
_ENGLISH: Final = _stemmer("english")


@lru_cache(100_000)
def stem_nb(word: str) -> str:
    """The folded Norwegian stem of a word in lower case, the same for its Bokmål and Nynorsk forms."""
    stem = to_bokmaal(word)
    if match := _OPEN.fullmatch(stem):
        stem = match[1]
    for _ in range(2):  # mobilitet is the stem of mobiliteten, and has one of its own
        (stem,) = _NORWEGIAN.analyze(stem) or [stem]
    stem = _undoubled(stem)
    if match := _FAMILY.fullmatch(stem):
        stem = match["root"] or match["science"]
    return fold(stem)


@lru_cache(100_000)
def stem_en(word: str) -> str:
    """The folded English stem of a word in lower case."""
    (stem,) = _ENGLISH.analyze(word) or [word]
    return fold(stem)


def _undoubled(stem: str) -> str:
    """The stem with one final consonant, as in both `program` and `programmer`."""
    doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS
    return stem[:-1] if doubled else stem


def whole(text: str) -> str:
    """A whole name in the form that makes equal names equal: folded words with blanks between them."""
    return " ".join(map(fold, word_texts(text)))


def whole_stems(text: str) -> str:
    """A whole name in the form that makes its inflections equal, under a mark of its own."""
    return " ".join(("stems:", *map(stem_nb, word_texts(text))))


def of_kind(stems: str) -> str:
    """The form of `whole_stems` that things have for what one of them is called."""
    return f"kind {stems}"
