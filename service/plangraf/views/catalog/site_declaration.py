"""Loads `queries/site.yaml`, which declares the site's texts, services and pages.

Catalogue, VoID, home page and sitemap derive from it, so a service added there appears in all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from plangraf.sparql.named.head import Strict, Titled, Words, problem, read_yaml

FILE = "site.yaml"

Address = Annotated[str, StringConstraints(pattern=r"^/[a-z0-9./-]*$")]
Iri = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"{}|\\^`]+$")]
NOTICES = (
    "foreseen",
    "status_then",
    "decision_hearing",
    "decision_start",
    "only_hearing",
    "only_start",
    "becomes_reading",
)
# The kinds of download that need a title: see `publish.dumps`.
DOWNLOADS = ("nq", "trig", "jsonld", "graph", "csv", "parquet", "CITATION.cff", "SHA256SUMS")


class DataService(Strict):
    """One service of the catalogue. `formats` are names in the EU's table of file types."""

    title: Titled
    description: Titled
    endpoint: Address
    described_at: Address = Field(alias="described-at")
    standard: Iri
    formats: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]] = Field(min_length=1)


class TitleAndDescription(Strict):
    """Title and description of the whole graph, of the feed or of a dataset series."""

    title: Titled
    description: Titled


class DistributionTitles(Strict):
    """The titles of distributions, with the placeholders {format} and {class}."""

    whole: Titled
    table: Titled
    graph: Titled


class Site(Strict):
    """The texts of the site. `notices` are the sentences about adoption, by the keys of `views.adoption`.

    `llms` is the text of /llms.txt with the placeholders {base} and {queries}. `downloads` are the titles of the files
    to download, by the keys in DOWNLOADS. `series` has the placeholders {place} and {years}.
    """

    title: Titled
    description: Titled
    lead: Titled
    keywords: list[Titled]
    license: Iri
    whole: TitleAndDescription
    feed: TitleAndDescription
    made: Titled
    gathered: Titled
    services: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")], DataService]
    standards: dict[Iri, Titled]
    downloads: dict[str, Titled]
    distributions: DistributionTitles
    series: TitleAndDescription
    pages: list[Address]
    notices: dict[str, Titled]
    llms: Words

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for key, service in self.services.items():
            if service.standard not in self.standards:
                raise ValueError(f"the standard of {key}, {service.standard}, is not among the standards")
        if missing := [name for name in NOTICES if name not in self.notices]:
            raise ValueError(f"the notice {missing[0]} is missing")
        if missing := [name for name in DOWNLOADS if name not in self.downloads]:
            raise ValueError(f"the title of the download {missing[0]} is missing")
        for titles in (self.series.title, self.series.description):
            _check_placeholders(titles, place="", years="")
        _check_placeholders(self.distributions.whole, format="")
        _check_placeholders(self.distributions.table, **{"class": "", "format": ""})
        _check_placeholders(self.distributions.graph, format="")
        return self

    def words(self, language: str) -> dict[str, str]:
        """The texts that pages show, by their names in the templates."""
        own = {"tagline": self.title, "home_lead": self.lead, **self.notices}
        return {name: text.in_language(language) for name, text in own.items()}


def fill(titles: Titled, **values: str) -> tuple[str, str]:
    """The text in Bokmål and English with its placeholders filled in."""
    return titles.nb.format_map(values), titles.en.format_map(values)


def _check_placeholders(titles: Titled, **values: str) -> None:
    try:
        fill(titles, **values)
    except (LookupError, ValueError, AttributeError) as error:
        known = " and ".join(f"{{{name}}}" for name in values)
        raise ValueError(f"{titles.nb!r} and {titles.en!r} may have the placeholders {known} only") from error


def load_site(home: Path) -> Site:
    """Reads `queries/site.yaml`.

    Raises:
        DataError: the file is missing or invalid; the message names file and line.
    """
    path, name = home / "queries" / FILE, f"queries/{FILE}"
    if not path.is_file():
        raise problem(
            name,
            1,
            "The file is missing. It declares the site's own words, services and pages.",
            "Filen mangler. Den har nettstedets egne ord, tjenester og sider.",
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    return read_yaml(list(enumerate(lines, 1)), name).as_model(Site)
