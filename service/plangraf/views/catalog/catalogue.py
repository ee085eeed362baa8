"""The catalogue of one service: the IRIs, addresses, publishers and keywords that DCAT, VoID and pages share."""

from __future__ import annotations

from pyoxigraph import Literal

from plangraf.rdf.namespaces import ID
from plangraf.settings import Settings
from plangraf.views.catalog.datasets import Dataset, Holdings
from plangraf.views.catalog.distributions import Distribution, list_all, list_dataset
from plangraf.views.catalog.terms import ORGANISATIONS, in_both
from plangraf.views.declarations import Site
from plangraf.views.document_parts import document_path

# The data name the project as creator, and as publisher until they name another one.
_PROJECT = f"{ID}organization/plangraf"


class Catalogue:
    """Names and addresses in the catalogue of one service."""

    def __init__(self, settings: Settings, site: Site, holdings: Holdings, version: str) -> None:
        self.settings = settings
        self.site = site
        self.holdings = holdings
        self.version = version
        self.iri = settings.catalog
        self.base = settings.base_url
        self.whole = f"{self.iri}/graph"
        self.contact = f"{self.iri}/contact"
        operator = settings.publisher
        if operator is None and settings.publisher_organisation_number:
            operator = ORGANISATIONS + settings.publisher_organisation_number
        self.publisher = operator or _PROJECT

    def page(self, dataset: Dataset) -> str:
        """The address of the document that describes a dataset."""
        return self.base + document_path(dataset.iri)

    def distribution(self, distribution: Distribution) -> str:
        return f"{self.iri}/distribution/{distribution.key}"

    def service(self, key: str) -> str:
        return f"{self.iri}/service/{key}"

    def series(self) -> dict[str, list[Dataset]]:
        """The datasets of each plan period of each municipality, by the IRI of the series."""
        found: dict[str, list[Dataset]] = {}
        for dataset in self.holdings.datasets:
            if dataset.period is not None and dataset.municipality is not None:
                years = f"{dataset.period.start}-{dataset.period.end}"
                found.setdefault(f"{self.iri}/series/{dataset.municipality.number}/{years}", []).append(dataset)
        return found

    def title(self) -> list[Literal]:
        own, english = self.settings.catalog_title, self.settings.catalog_title_en
        if own is None and english is None:
            return in_both(self.site.title.text)
        return [
            *([Literal(own, language="nb")] if own else []),
            *([Literal(english, language="en")] if english else []),
        ]

    def publisher_of(self, dataset: Dataset) -> str:
        """The publisher in the data; the operator when the data name only the project or no publisher."""
        named = (dataset.publishers or [_PROJECT])[0]
        return self.publisher if named == _PROJECT else named

    def creators_of(self, dataset: Dataset) -> list[str]:
        """The creators: the project when the data name it, else none, because the data name no other creator."""
        return [_PROJECT] if _PROJECT in dataset.publishers else []

    def name_of(self, iri: str) -> list[Literal]:
        """The names of an agent."""
        if iri == self.publisher:
            return [Literal(self.settings.publisher_called)]
        names = self.holdings.agents[iri].names if iri in self.holdings.agents else ()
        return list(names) or [Literal("plangraf" if iri == _PROJECT else iri)]

    def keywords(self, dataset: Dataset | None = None) -> list[Literal]:
        """The keywords of the site; for a dataset also those of the data and the name of its place."""
        own = [word for text in self.site.keywords for word in in_both(text.text)]
        if dataset is None:
            return own
        places = dataset.municipality.names if dataset.municipality is not None else ()
        found = [*own, *dataset.keywords, *places]
        return sorted(dict.fromkeys(found), key=lambda word: (word.value, word.language or ""))

    def list_all(self) -> list[Distribution]:
        """The distributions of all graphs."""
        return list_all(self.holdings.files, f"{self.base}/dump/latest/")

    def list_dataset(self, dataset: Dataset) -> list[Distribution]:
        """The distributions of one dataset."""
        return list_dataset(self.holdings.files, dataset, self.page(dataset))
