"""Answers a question from an open index: hits with marked words, facets with counts, and what to try when none fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tantivy import DocAddress, Occur, Query

from plangraf.search.analysis import code as as_code
from plangraf.search.analysis import codes_of
from plangraf.search.entries import FACETS, Entry, Text, read_shown
from plangraf.search.index_files import SearchIndex
from plangraf.search.marking import Marked, cut, mark
from plangraf.search.matching import Forms, Matched, Matcher, filters
from plangraf.search.question import Question, read_question

_MOST_VALUES: Final = 100
SUGGESTED: Final = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its title, and why it was found.

    `reason` names what matched: title, code, other (another name), text, or kind (only what it belongs to). `why` is
    the text to show with it: the matched text, or for a matched title what the thing's summary says; None without one.
    """

    entry: Entry
    title: Marked
    reason: str
    why: Marked | None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a question.

    Attributes:
        total: all things found.
        hits: those of the page.
        facets: for each facet the number of things found by value, the most frequent first.
        partial: whether no thing has all words, so that things with some of them were taken.
        mended: for each word that the data lack, the words that were read in its place.
        unknown: words that nothing in the data resembles; all words when nothing was found without a choice.
    """

    question: Question
    total: int
    hits: Sequence[Hit]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    partial: bool = False
    mended: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown: Sequence[str] = ()


def search(
    index: SearchIndex,
    text: str,
    chosen: Mapping[str, str] | None = None,
    *,
    language: str = "nb",
    offset: int = 0,
    limit: int = 10,
    facets: bool = True,
    beginning: bool = False,
) -> Found:
    """Searches an index.

    Args:
        index: of one version.
        text: what was typed; any text is valid, and an empty one selects everything.
        chosen: the value of each facet that hits must have.
        language: nb or en; the language of titles that have both.
        offset: hits before the first one.
        limit: most hits.
        facets: whether to count the values of facets.
        beginning: whether the last word may be the beginning of one.
    """
    question = read_question(text)
    matcher = Matcher(index)
    last = question.units[-1].text if question.units else ""
    joined = matcher.joined(question)
    matched = [
        matcher.match(unit, joined.get(unit.text, frozenset()), beginning=beginning and unit.text == last)
        for unit in question.needed
    ]
    must = list(filters(index, (chosen or {}).items()))
    bonus = list(matcher.bonus(question, matched))
    asked = _Asked(index, offset, limit)
    query, found, partial = _select(asked, question, matched, must, bonus, matcher.code(question))
    forms = Forms()
    for one in matched:
        forms.add(one.forms)
    forms.codes.add(question.code)
    total = found.total
    partial = partial or any(one.halved for one in matched)
    hits = [_hit(_read(index, address), forms, language) for address in found.addresses]
    return Found(
        question,
        total,
        hits,
        _count(index, query) if facets and total else {},
        partial,
        {one.unit.text: one.mended for one in matched if one.mended},
        [one.unit.text for one in matched if (one.query is None and (partial or not total)) or not (total or chosen)],
    )


_Clauses = list[tuple[Occur, Query]]


@dataclass(frozen=True, slots=True)
class _Addresses:
    """The number of all hits, and where those of the page are."""

    total: int = 0
    addresses: Sequence[DocAddress] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One page of an index."""

    index: SearchIndex
    offset: int
    limit: int

    def find(self, query: Query) -> _Addresses:
        found = self.index.things.search(query, self.limit, count=True, offset=self.offset, weight_by_field="weight")
        return _Addresses(int(found.count), [address for _, address in found.hits])  # type: ignore[attr-defined]


def _select(
    asked: _Asked,
    question: Question,
    matched: Sequence[Matched],
    must: _Clauses,
    bonus: _Clauses,
    code: Query | None,
) -> tuple[Query, _Addresses, bool]:
    """The query, its hits, and whether a hit may lack a word: all words or the code, then fewer words."""
    if not question.units:
        query = Query.empty_query() if question.text.strip() else Query.all_query()
        query = Query.boolean_query([*must, (Occur.Must, query)])
        return query, asked.find(query), False
    wanted = [one.query for one in matched if one.query is not None]
    lost = len(matched) > len(wanted)
    ways = [] if code is None else [code]
    if wanted and not lost:
        ways.append(Query.boolean_query([(Occur.Must, query) for query in wanted]))
    if ways:
        every = Query.boolean_query([(Occur.Should, way) for way in ways])
        query = Query.boolean_query([*must, (Occur.Must, every), *bonus])
        if (found := asked.find(query)).total:
            return query, found, False
    # A number that was typed says more than the words beside it.
    codes: _Clauses = [(Occur.Must, one.query) for one in matched if one.unit.code and one.query is not None]
    words: _Clauses = [(Occur.Should, one.query) for one in matched if not one.unit.code and one.query is not None]
    for number, numbers in (((len(words) + 1) // 2, codes), (0 if codes else 1, codes), (1, [])):
        if number > len(words) or not (number or numbers):
            continue
        some: _Clauses = (
            [(Occur.Must, Query.boolean_query(words, minimum_number_should_match=number))] if number else words
        )
        query = Query.boolean_query([*must, *numbers, *some, *bonus])
        if (found := asked.find(query)).total:
            return query, found, True
    return Query.empty_query(), _Addresses(), False


def _count(index: SearchIndex, query: Query) -> dict[str, dict[str, int]]:
    asked = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in FACETS}
    answered = index.things.aggregate(query, asked)
    return {
        name: {str(bucket["key"]): int(bucket["doc_count"]) for bucket in answered[name]["buckets"]} for name in FACETS
    }


def _read(index: SearchIndex, address: DocAddress) -> Entry:
    document = index.things.doc(address)
    shown = document.get_first("shown")
    assert shown is not None  # every entry has it
    return read_shown(bytes(shown))


def best(texts: Sequence[Text], language: str) -> Text | None:
    """The first text in a language, else in Bokmål, else any."""
    return min(texts, key=lambda text: (text.lang != language, text.lang not in (None, "nb")), default=None)


def _hit(entry: Entry, forms: Forms, language: str) -> Hit:
    title = best(entry.names, language) or Text(entry.id)
    shown = mark(title.text, title.lang, forms)
    summary = best(entry.texts, language)
    told = mark(summary.text, summary.lang, forms) if summary else None
    number = next((code for code in entry.codes if _is_code(code, forms)), None)
    if number is not None:
        return Hit(entry, shown, "code", Marked(number, None, [(0, len(number))]))
    if shown.marks:
        return Hit(entry, shown, "title", cut(told) if told else None)
    for reason, texts in (("other", [*entry.names, *entry.others]), ("text", entry.texts)):
        ordered = sorted(texts, key=lambda text: text.lang != language)
        for text in ordered:
            marked = mark(text.text, text.lang, forms)
            if marked.marks:
                return Hit(entry, shown, reason, cut(marked))
    return Hit(entry, shown, "kind", cut(told) if told else None)


def _is_code(text: str, forms: Forms) -> bool:
    return as_code(text) in forms.codes or (len(text.split()) > 1 and bool(forms.codes.intersection(codes_of(text))))
