"""Prepares the page of the catalogue: datasets, series, files and services in one language; titles of series."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyoxigraph import Literal

from plangraf.sparql.named.head import Titled
from plangraf.views.catalog.catalogue import Catalogue, Distribution
from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.terms import in_both
from plangraf.views.document_parts import document_path


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


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file of `size` bytes, or to a page, whose size is None."""

    name: str
    href: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One card: title, description, address of its page, files, and tables by format."""

    title: Literal
    description: Literal | None
    href: str
    files: list[Link]
    period: str | None = None
    tables: list[tuple[str, list[Link]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Overview:
    """The content of the page of the catalogue."""

    title: Literal
    datasets: list[Entry]
    series: list[Entry]
    services: list[Entry]


def select_text(texts: list[Literal], language: str, otherwise: str) -> Literal:
    """The text in a language, else in Bokmål, English, any; `otherwise` for an empty list."""
    wanted = [language, "nb", "en", None]

    def rank(text: Literal) -> tuple[int, str]:
        return wanted.index(text.language) if text.language in wanted else len(wanted), text.value

    return min(texts, key=rank, default=Literal(otherwise))


def overview(catalogue: Catalogue, language: str, prefix: str) -> Overview:
    """The lines of the catalogue's page. `prefix` is the path below which the service answers."""

    def files(distributions: list[Distribution]) -> list[Link]:
        return [Link(d.format, d.file.latest(prefix), d.file.size) for d in distributions if d.table is None]

    everything = catalogue.list_all()
    tables: dict[str, list[Link]] = {}
    for one in everything:
        if one.table is not None:
            tables.setdefault(one.format, []).append(Link(one.table, one.file.latest(prefix), one.file.size))
    datasets = [
        Entry(
            select_text(in_both(catalogue.site.whole.title.text), language, catalogue.whole),
            select_text(in_both(catalogue.site.whole.description.text), language, ""),
            f"{prefix}/",
            files(everything),
            tables=list(tables.items()),
        )
    ]
    for dataset in catalogue.holdings.datasets:
        period = f"{dataset.period.start}–{dataset.period.end}" if dataset.period else None
        datasets.append(
            Entry(
                select_text(dataset.titles, language, dataset.iri),
                select_text(dataset.descriptions, language, "") if dataset.descriptions else None,
                prefix + document_path(dataset.iri),
                files(catalogue.list_dataset(dataset)),
                period,
            )
        )
    series = [
        Entry(
            select_text(fill_in(catalogue.site.series.title, members[0]), language, iri),
            None,
            "",
            [Link(select_text(d.titles, language, d.iri).value, prefix + document_path(d.iri)) for d in members],
        )
        for iri, members in catalogue.series().items()
    ]
    services = [
        Entry(
            Literal(one.title.in_language(language), language=language),
            Literal(one.description.in_language(language), language=language),
            prefix + one.endpoint,
            [],
        )
        for key, one in catalogue.site.services.items()
    ]
    return Overview(select_text(catalogue.title(), language, catalogue.iri), datasets, series, services)
