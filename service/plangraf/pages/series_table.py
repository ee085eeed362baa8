"""The series of statistics on a page: one line for each table and area, with links to the values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import urlencode

from plangraf.pages.nested_tables import Shows, with_unit
from plangraf.pages.words import Words
from plangraf.rdf.graph import Graph
from plangraf.views.page_value import PageValue
from plangraf.views.series import Series, Shown

_NUMBERED = re.compile(r"/id/(?:[0-9]{4}/municipality|no/county|no/country)/([0-9A-Z]+)$")
QUERY = "observations"


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One line: the table, why it stands here, the area, the periods, the last value, and links to all values.

    Lines of one table and claim follow each other: `span` is their number on the first, 0 on the others.
    """

    table: PageValue
    office: str
    indicator: PageValue | None
    said_by: PageValue | None
    reason: str
    area: PageValue
    periods: str
    value: str
    links: list[PageValue]
    span: int


def series_rows(shown: Shown, page_value: Shows, words: Words, prefix: str) -> Iterator[SeriesRow]:
    """The lines of the series of a document.

    Args:
        shown: the series.
        page_value: makes the name and link of a thing.
        words: the words of the interface in the page's language.
        prefix: the path that links begin with.
    """
    facts = Graph(shown.statements)
    for number, one in enumerate(shown.series):
        claim = one.claim
        table = page_value(one.head.table)
        reason = ""
        if claim and claim.said_by is None:
            text = claim.reasons.get(words.language) or next(iter(claim.reasons.values()), "")
            reason = words.gettext("Our reading: %(reason)s", reason=text).strip()
        yield SeriesRow(
            PageValue(f"{one.head.number}: {table.text}", table.href, table.lang, table.about),
            one.head.office,
            page_value(claim.indicator) if claim else None,
            page_value(claim.said_by) if claim and claim.said_by else None,
            reason,
            page_value(one.area) if one.area else PageValue(words.gettext("All areas")),
            _from_to(one),
            _value(one, facts, page_value, words),
            list(_links(one, prefix)),
            _span(shown.series, number),
        )


def _span(series: Sequence[Series], number: int) -> int:
    group = (series[number].head, series[number].claim)
    if number and (series[number - 1].head, series[number - 1].claim) == group:
        return 0
    return sum(1 for _ in takewhile(lambda one: (one.head, one.claim) == group, series[number:]))


def _from_to(one: Series) -> str:
    """The first day or year of the first period and the last one of the last period."""
    ends = (one.first.partition("/")[0], one.last.rpartition("/")[2])
    return " – ".join(dict.fromkeys(filter(None, ends)))


def _between(period: str) -> str:
    """A period as a page shows it: first and last day with a dash."""
    return period.replace("/", "–")


def _value(one: Series, facts: Graph, page_value: Shows, words: Words) -> str:
    if not one.first:
        return ""
    if not one.valued:
        return words.gettext("no value")
    period = _between(one.valued)
    if one.value is None:
        return words.gettext("figures in %(period)s: %(n)s", n=one.lines, period=period)
    value = with_unit(one.value, facts, one.observation, page_value) if one.observation else one.value
    return f"{value} ({period})"


def _links(one: Series, prefix: str) -> Iterator[PageValue]:
    asked: dict[str, str] = {}
    if one.claim and one.claim.dimension:
        asked["indicator"] = one.claim.indicator.value
    else:
        asked["table"] = one.head.number
    if one.area:
        numbered = _NUMBERED.search(one.area.value)
        asked["area"] = numbered[1] if numbered else one.area.value
    for name, ending in (("JSON", ""), ("CSV", ".csv"), ("JSON-stat", ".json-stat")):
        yield PageValue(name, f"{prefix}/queries/{QUERY}{ending}?{urlencode(asked)}")
