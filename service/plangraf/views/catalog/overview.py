"""What the page of the catalogue shows: the same datasets, series, files and services in one language."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyoxigraph import Literal

from plangraf.views.addresses import document_path
from plangraf.views.catalog.dcat import Catalogue
from plangraf.views.catalog.distributions import Distribution
from plangraf.views.catalog.series import series_title
from plangraf.views.catalog.terms import in_both


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: title, what it is, where its page is, its files as (name, address), and its tables by format."""

    title: Literal
    description: Literal | None
    href: str
    files: list[tuple[str, str]]
    period: str | None = None
    tables: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listed:
    title: Literal
    datasets: list[Entry]
    series: list[Entry]
    services: list[Entry]


def best(texts: list[Literal], language: str, otherwise: str) -> Literal:
    """The text in a language, else in Bokmål, English, any; `otherwise` when there is none."""
    wanted = [language, "nb", "en", None]

    def rank(text: Literal) -> tuple[int, str]:
        return wanted.index(text.language) if text.language in wanted else len(wanted), text.value

    return min(texts, key=rank, default=Literal(otherwise))


def listed(catalogue: Catalogue, language: str, prefix: str) -> Listed:
    """The catalogue's lines; `prefix` is the path that the service lies under."""

    def files(distributions: list[Distribution]) -> list[tuple[str, str]]:
        return [(d.format, d.file.latest(prefix)) for d in distributions if d.table is None]

    everything = catalogue.of_all()
    tables: dict[str, list[tuple[str, str]]] = {}
    for one in everything:
        if one.table is not None:
            tables.setdefault(one.format, []).append((one.table, one.file.latest(prefix)))
    datasets = [
        Entry(
            best(in_both(catalogue.site.whole.title.text), language, catalogue.whole),
            best(in_both(catalogue.site.whole.description.text), language, ""),
            f"{prefix}/",
            files(everything),
            tables=list(tables.items()),
        )
    ]
    for dataset in catalogue.held.datasets:
        period = f"{dataset.period.start}–{dataset.period.end}" if dataset.period else None
        datasets.append(
            Entry(
                best(dataset.titles, language, dataset.iri),
                best(dataset.descriptions, language, "") if dataset.descriptions else None,
                prefix + document_path(dataset.iri),
                files(catalogue.of_dataset(dataset)),
                period,
            )
        )
    series = [
        Entry(
            best(series_title(members[0]), language, iri), None, "",
            [(best(d.titles, language, d.iri).value, prefix + document_path(d.iri)) for d in members],
        )
        for iri, members in catalogue.series().items()
    ]  # fmt: skip
    services = [
        Entry(
            best(in_both(one.title.text), language, key), best(in_both(one.description.text), language, ""),
            prefix + one.endpoint, [],
        )
        for key, one in catalogue.site.services.items()
    ]  # fmt: skip
    return Listed(best(catalogue.title(), language, catalogue.iri), datasets, series, services)
