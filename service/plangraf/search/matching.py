"""Turns each word of a question into a query over the fields of the index, and tells which words of a text it matches.

A word matches in many ways, of which the best counts: as written, folded, as a stem, as a part of a compound, as a
beginning, and when nothing has it, as a word with other spelling. Each way has a boost; the exact one has the highest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tantivy import Occur, Query

from plangraf.search.analysis import fold, of_kind, stem_en, stem_nb, words_of
from plangraf.search.compounds import LINKS, Splitter
from plangraf.search.index_files import SearchIndex
from plangraf.search.nynorsk import compounds_in_bokmaal
from plangraf.search.question import Question, Unit
from plangraf.search.spelling import Spelling

# How much of a word's weight each way counts, in names and in texts.
_NAMED: Final = {"word": 1.0, "fold": 0.96, "nb": 0.9, "en": 0.86, "part": 0.62}
_TOLD: Final = {"text_nb": 0.32, "text_en": 0.3, "text_part": 0.2}
_STEMS: Final = {"nb", "part", "text_nb", "text_part", "about"}
_BEGINNING: Final = 0.55
_JOINED: Final = 0.85
_PARTS: Final = 0.4
_PARTS_NAMED: Final = 0.55
_MENDED: Final = 0.7
_ABOUT: Final = 0.25
# What a name that is all that was typed gets more, exactly or in another form.
_WHOLE: Final = 0.7
_WHOLE_STEMS: Final = 0.5
# Scores of what is more than a word: a code, words that stand together, words that are all in the names. A word has at
# most the logarithm of the number of entries, about 12.
_CODE: Final = 90.0
_PHRASE: Final = 5.0
_SLOP: Final = 3
_ALL_NAMED: Final = 6.0
# How much the length of names counts, by the usual score of BM25.
_LENGTH: Final = 0.1
_TIE: Final = 0.1
# A beginning is looked up from so many letters, and leads to so many words.
_SHORTEST_BEGINNING: Final = 3
_MOST_BEGINNINGS: Final = 40
# The share of a word that its beginning has, in steps.
_SHARES: Final = (1.0, 0.75, 0.5, 0.25, 0.0)
_MOST_COMPOUNDS: Final = 8
_LONG_PART: Final = 4


@dataclass(slots=True)
class Forms:
    """The forms in which a text may have a word of the question, for marking it."""

    folds: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    beginnings: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)

    def add(self, other: Forms) -> None:
        self.folds |= other.folds
        self.stems |= other.stems
        self.beginnings |= other.beginnings
        self.codes |= other.codes


@dataclass(frozen=True, slots=True)
class Matched:
    """The query of one unit, None when nothing in the index matches it.

    `named` is the part of it that matches names alone; `mended` are the words read in place of an unknown one. A
    compound is `halved` when nothing has all of its parts, so that things with some were taken.
    """

    unit: Unit
    query: Query | None
    named: Query | None
    forms: Forms
    mended: Sequence[str] = ()
    halved: bool = False


class Matcher:
    """Makes the queries of one index."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._splitter = Splitter(self._is_part)
        self._spelling = Spelling(index)

    def joined(self, question: Question) -> dict[str, set[str]]:
        """For each word the folded compounds in the names that it makes with its neighbour: plan, næring: næringsplan.

        They count more than names that have the parts in other words.
        """
        found: dict[str, set[str]] = {}
        words = [unit for unit in question.needed if not unit.code and len(unit.fold) > 1]
        for one, other in pairwise(words):
            for first, last in ((one, other), (other, one)):
                for link in ("", *LINKS):
                    compound = first.fold + link + last.nb
                    for term, _ in self._index.things.terms_with_prefix("fold", compound, limit=_MOST_COMPOUNDS):
                        found.setdefault(one.text, set()).add(term)
                        found.setdefault(other.text, set()).add(term)
        return found

    def match(self, unit: Unit, joined: Set[str] = frozenset(), *, beginning: bool = False) -> Matched:
        """Matches one unit.

        Args:
            unit: one word or code.
            joined: folded compounds that it is part of, see `joined`.
            beginning: whether it may be the beginning of a word that is still being typed.
        """
        forms = Forms(folds={unit.fold}, stems={unit.nb, unit.en})
        weight = self._weight(unit)
        named = list(self._ways(unit, _NAMED, weight))
        if joined:
            named.append(self._any_of(joined, _JOINED * weight))
        forms.folds.update(joined)
        told = list(self._ways(unit, _TOLD, weight))
        known = bool(named or told)
        if unit.code:
            named += self._codes(unit, forms, beginning=beginning)
        else:
            if len(unit.fold) >= (1 if beginning else _SHORTEST_BEGINNING):
                named += self._beginnings(unit, weight, forms)
            divided = self._parts(unit, forms, known=known)
            if divided is not None:
                told += [Query.const_score_query(query, part * weight) for query, part in divided]
                known = True
        mended: list[str] = []
        if not known and not unit.code and not (beginning and named):
            others = self._in_bokmaal(unit)
            mended = [] if others else self._spelling.mend(unit)
            for word in others or mended:
                other = Unit(word, fold(word), stem_nb(word), stem_en(word))
                lighter = _MENDED * self._weight(other)
                named += self._ways(other, _NAMED, lighter)
                told += self._ways(other, _TOLD, lighter)
                forms.add(Forms(folds={other.fold}, stems={other.nb}))
        told += [
            self._scored("about", stem, _ABOUT * weight) for stem in {unit.nb, unit.en} if self._has("about", stem)
        ]
        halved = not (named or told or unit.code) and bool(parts := self._splitter.parts(unit.text))
        if halved:
            weights = [self._weight(Unit(part, part, part, part)) for part in parts]
            told += [
                Query.const_score_query(self._part(part), _PARTS * weight)
                for part, weight in zip(parts, weights, strict=True)
            ]
            forms.stems.update(parts)
        return Matched(unit, _best_of([*named, *told]), _best_of(named), forms, mended, halved)

    def bonus(self, question: Question, matched: Sequence[Matched]) -> Iterator[tuple[Occur, Query]]:
        """What puts a hit before others: a name or code that is all that was typed, words that stand together or are
        all in its names.
        """
        weight = sum(self._weight(unit) for unit in question.needed)
        if question.whole and self._has("whole", question.whole):
            yield Occur.Should, self._scored("whole", question.whole, _WHOLE * weight)
        if question.stems and self._has("whole", question.stems):
            yield Occur.Should, self._scored("whole", question.stems, _WHOLE_STEMS * weight)
        if question.stems and self._has("whole", of_kind(question.stems)):
            beside = _ALL_NAMED + _PHRASE if len(matched) > 1 else 0.0  # what words in a name get
            yield Occur.Should, self._scored("whole", of_kind(question.stems), _WHOLE_STEMS * weight + beside)
        words = [unit.fold for unit in question.units]
        if len(words) > 1 and all(self._has("fold", word) for word in words):
            phrase = Query.phrase_query(self._index.schema, "fold", list(words), slop=_SLOP)
            yield Occur.Should, Query.const_score_query(phrase, _PHRASE)
        named = [one.named for one in matched if one.named is not None]
        if len(matched) > 1 and len(named) == len(matched):
            every = Query.boolean_query([(Occur.Must, query) for query in named])
            yield Occur.Should, Query.const_score_query(every, _ALL_NAMED)
        for one in matched:
            for name in ("nb", "en", "part"):
                token = self._token(name, one.unit)
                if self._has(name, token):
                    yield Occur.Should, Query.boost_query(self._term(name, token, "freq"), _LENGTH)

    def _weight(self, unit: Unit) -> float:
        """The weight of a word: the rarer in names, the more, in all its forms alike."""
        entries = max(self._frequency(name, self._token(name, unit)) for name in (*_NAMED, "text_nb"))
        return math.log(2 + self._index.entries / (1 + entries))

    def code(self, question: Question) -> Query | None:
        """What has all that was typed as its code, such as 2020-2023-7; None when nothing has."""
        known = any(letter.isdigit() for letter in question.code) and self._has("code", question.code)
        return self._scored("code", question.code, _CODE) if known else None

    def _ways(self, unit: Unit, fields: Mapping[str, float], weight: float) -> Iterator[Query]:
        for name, part in fields.items():
            token = self._token(name, unit)
            if self._has(name, token):
                yield self._scored(name, token, part * weight)

    @staticmethod
    def _token(name: str, unit: Unit) -> str:
        if name == "word":
            return unit.text
        if name == "fold":
            return unit.fold
        return unit.nb if name in _STEMS else unit.en

    def _codes(self, unit: Unit, forms: Forms, *, beginning: bool) -> Iterator[Query]:
        """Things with the code, or in whose names its numbers stand together."""
        forms.codes.add(unit.code)
        if self._has("code", unit.code):
            yield self._scored("code", unit.code, _CODE)
        if beginning:
            for term, _ in self._index.things.terms_with_prefix("code", unit.code, limit=_MOST_BEGINNINGS):
                if term != unit.code:
                    forms.codes.add(term)
                    yield self._scored("code", term, _CODE / 2)
        numbers = [word.text for word in words_of(unit.text)]
        if len(numbers) > 1 and all(self._has("fold", number) for number in numbers):
            yield Query.const_score_query(Query.phrase_query(self._index.schema, "fold", list(numbers)), _PHRASE)

    def _beginnings(self, unit: Unit, weight: float, forms: Forms) -> Iterator[Query]:
        terms = self._index.things.terms_with_prefix("fold", unit.fold, limit=_MOST_BEGINNINGS)
        longer = [term for term, _ in terms if term != unit.fold]
        if longer:
            forms.beginnings.add(unit.fold)
        # Few queries for many words, because the time of a search grows with their number.
        for share, less in pairwise(_SHARES):
            found = {term for term in longer if less <= len(unit.fold) / len(term) < share}
            if found:
                yield self._any_of(found, _BEGINNING * (1 + less) / 2 * weight)

    def _any_of(self, terms: Set[str], score: float) -> Query:
        query = Query.term_set_query(self._index.schema, "fold", sorted(terms))
        return Query.const_score_query(query, score)

    def _in_bokmaal(self, unit: Unit) -> list[str]:
        """The Bokmål forms of a Nynorsk compound that the data have."""
        return [
            word
            for word in compounds_in_bokmaal(unit.text)
            if any(self._has(name, stem_nb(word)) for name in ("nb", "part", "text_nb"))
        ]

    def _parts(self, unit: Unit, forms: Forms, *, known: bool) -> list[tuple[Query, float]] | None:
        """What has all parts of a compound; None when the word has none, or when nothing has all of them.

        A word that the data have is divided only into long parts, because short ones are often none.
        """
        parts = self._splitter.parts(unit.text)
        if not parts or (known and min(map(len, parts)) < _LONG_PART):
            return None
        query = self._all_parts(parts)
        if not known and not self._index.things.search(query, 1).hits:
            return None
        forms.stems.update(parts)
        return [(query, _PARTS), (self._all_parts(parts, _NAMED), _PARTS_NAMED)]

    def _all_parts(self, parts: Sequence[str], fields: Iterable[str] = ()) -> Query:
        """A thing that has all parts of a compound, wherever they stand or in some fields."""
        return Query.boolean_query([(Occur.Must, self._part(part, fields)) for part in parts])

    def _part(self, part: str, fields: Iterable[str] = ()) -> Query:
        names = [name for name in (*fields,) or _STEMS if name in _STEMS and self._has(name, part)]
        return _best_of([self._term(name, part) for name in sorted(names)]) or Query.empty_query()

    def _is_part(self, token: str) -> bool:
        return bool(self._index.words.doc_freq("part", token))

    def _frequency(self, name: str, token: str) -> int:
        return self._index.things.doc_freq(name, token)

    def _has(self, name: str, token: str) -> bool:
        return self._frequency(name, token) > 0

    def _scored(self, name: str, token: str, score: float) -> Query:
        return Query.const_score_query(self._term(name, token), score)

    def _term(self, name: str, token: str, option: str = "basic") -> Query:
        return Query.term_query(self._index.schema, name, token, index_option=option)


def _best_of(ways: Sequence[Query]) -> Query | None:
    return Query.disjunction_max_query(ways, tie_breaker=_TIE) if ways else None


def filters(index: SearchIndex, chosen: Iterable[tuple[str, str]]) -> Iterator[tuple[Occur, Query]]:
    """The queries of the chosen facet values; they select and do not score."""
    for name, value in chosen:
        query = Query.term_query(index.schema, name, value, index_option="basic")
        yield Occur.Must, Query.const_score_query(query, 0.0)
