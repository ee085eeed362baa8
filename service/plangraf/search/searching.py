"""Answers a question from an open index: hits with marked words, facets with counts, and what to try when none fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tantivy import Occur, Query

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
        matcher.match(unit, joined.get(unit.text, ()), beginning=beginning and unit.text == last)
        for unit in question.units
    ]
    must = list(filters(index, (chosen or {}).items()))
    query, total, partial = _select(index, question, matched, [*must], list(matcher.bonus(question, matched)))
    forms = Forms()
    for one in matched:
        forms.add(one.forms)
    forms.codes.add(question.code)
    found = (
        index.things.search(query, max(limit, 1), count=False, offset=offset, weight_by_field="weight")
        if total
        else None
    )
    hits = [_hit(_read(index, address), forms, language) for _, address in found.hits] if found else []
    return Found(
        question,
        total,
        hits,
        _count(index, query) if facets and total else {},
        partial,
        {one.unit.text: one.mended for one in matched if one.mended},
        [one.unit.text for one in matched if one.query is None or not (total or chosen)],
    )


_Clauses = list[tuple[Occur, Query]]


def _select(
    index: SearchIndex, question: Question, matched: Sequence[Matched], must: _Clauses, bonus: _Clauses
) -> tuple[Query, int, bool]:
    """The query, its number of hits, and whether a hit may lack a word: all words first, then fewer."""
    if not question.units and question.text.strip():
        return Query.empty_query(), 0, False
    if not question.units:
        query = Query.boolean_query([*must, (Occur.Must, Query.all_query())])
        return query, _number(index, query), False
    needed = {unit.text for unit in question.needed}
    wanted = [one.query for one in matched if one.unit.text in needed and one.query is not None]
    optional: _Clauses = [(Occur.Should, one.query) for one in matched if one.unit.text not in needed and one.query]
    lost = len(needed) > len(wanted)
    if wanted and not lost:
        every = [(Occur.Must, query) for query in wanted]
        query = Query.boolean_query([*must, *every, *optional, *bonus])
        if total := _number(index, query):
            return query, total, False
    for number in sorted({len(wanted) - 1, (len(wanted) + 1) // 2, 1, *([len(wanted)] if lost else [])}, reverse=True):
        if number < 1:
            break
        some = Query.boolean_query([(Occur.Should, query) for query in wanted], minimum_number_should_match=number)
        query = Query.boolean_query([*must, (Occur.Must, some), *optional, *bonus])
        if total := _number(index, query):
            return query, total, True
    return Query.empty_query(), 0, False


def _number(index: SearchIndex, query: Query) -> int:
    return int(index.things.search(query, 1, count=True).count)  # type: ignore[attr-defined]


def _count(index: SearchIndex, query: Query) -> dict[str, dict[str, int]]:
    asked = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in FACETS}
    answered = index.things.aggregate(query, asked)
    return {
        name: {str(bucket["key"]): int(bucket["doc_count"]) for bucket in answered[name]["buckets"]} for name in FACETS
    }


def _read(index: SearchIndex, address: object) -> Entry:
    document = index.things.doc(address)  # type: ignore[arg-type]
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
    return bool(forms.codes.intersection((as_code(text), *codes_of(text))))
