"""Title and description of a dataset series: the place and the years of a plan period."""

from __future__ import annotations

from pyoxigraph import Literal

from plangraf.sparql.named.head import Titled
from plangraf.views.catalog.datasets import Dataset


def fill_in(words: Titled, member: Dataset) -> list[Literal]:
    """A text of a series in Bokmål and English, with place and years of one of its datasets."""
    period, municipality = member.period, member.municipality
    assert period is not None  # each member of a series has both
    assert municipality is not None
    years = f"{period.start}–{period.end}"
    own = {name.language: name.value for name in municipality.names}
    place = own.get("nb") or next(iter(own.values()), municipality.number)
    return [
        Literal(text.format(place=own.get(language, place), years=years), language=language)
        for text, language in zip(words.text, ("nb", "en"), strict=True)
    ]
