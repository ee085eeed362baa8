"""What the series of a plan period is called, by the place and the years of its datasets."""

from __future__ import annotations

from pyoxigraph import Literal

from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.terms import Text


def series_title(member: Dataset) -> list[Literal]:
    """What the series of a dataset's plan period is called."""
    return _of_series(member, ("{place}: planperioden {years}", "{place}: the plan period {years}"))


def series_description(member: Dataset) -> list[Literal]:
    return _of_series(
        member,
        ("Datasettene om planperioden {years} i {place}.", "The datasets on the plan period {years} in {place}."),
    )


def _of_series(member: Dataset, words: Text) -> list[Literal]:
    period, municipality = member.period, member.municipality
    assert period is not None  # a series is made of both
    assert municipality is not None
    years = f"{period.start}–{period.end}"
    own = {name.language: name.value for name in municipality.names}
    place = own.get("nb") or next(iter(own.values()), municipality.number)
    return [
        Literal(text.format(place=own.get(language, place), years=years), language=language)
        for text, language in zip(words, ("nb", "en"), strict=True)
    ]
