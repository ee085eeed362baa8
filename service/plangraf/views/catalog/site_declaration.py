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


class DataService(Strict):
    """One service of the catalogue. `formats` are names in the EU's table of file types."""

    title: Titled
    description: Titled
    endpoint: Address
    described_at: Address = Field(alias="described-at")
    standard: Iri
    formats: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]] = Field(min_length=1)


class TitleAndDescription(Strict):
    """Title and description of the whole graph or of the feed."""

    title: Titled
    description: Titled


class Site(Strict):
    """The texts of the site. `notices` are the sentences about adoption, by the keys of `views.adoption`.

    `llms` is the text of /llms.txt with the placeholders {base} and {queries}.
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
        return self

    def words(self, language: str) -> dict[str, str]:
        """The texts that pages show, by their names in the templates."""
        own = {"tagline": self.title, "home_lead": self.lead, **self.notices}
        return {name: text.in_language(language) for name, text in own.items()}


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
