"""Title and description of a dataset series: the place and the years of a plan period."""

from __future__ import annotations

from pyoxigraph import Literal

from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.terms import Text


def series_title(member: Dataset) -> list[Literal]:
    """The title of the series that a dataset belongs to."""
    return _fill(member, ("{place}: planperioden {years}", "{place}: the plan period {years}"))


def series_description(member: Dataset) -> list[Literal]:
    """The description of the series that a dataset belongs to."""
    return _fill(
        member,
        ("Datasettene om planperioden {years} i {place}.", "The datasets on the plan period {years} in {place}."),
    )


def _fill(member: Dataset, words: Text) -> list[Literal]:
    period, municipality = member.period, member.municipality
    assert period is not None  # each member of a series has both
    assert municipality is not None
    years = f"{period.start}–{period.end}"
    own = {name.language: name.value for name in municipality.names}
    place = own.get("nb") or next(iter(own.values()), municipality.number)
    return [
        Literal(text.format(place=own.get(language, place), years=years), language=language)
        for text, language in zip(words, ("nb", "en"), strict=True)
    ]
