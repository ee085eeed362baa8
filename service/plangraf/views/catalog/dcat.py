"""Writes the catalogue as a graph: DCAT-AP-NO 2.2 and 3, DCAT-AP 3.0.1.

The graph has no blank nodes and no relative IRIs, and types each described IRI. It depends only on the version and the
settings, because a harvester must see a change only when one of them changes.
"""

from __future__ import annotations

import re

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import Statements
from plangraf.rdf.namespaces import ONTOLOGY, PLAN, SHAPES
from plangraf.views.catalog.catalogue import Catalogue, Distribution
from plangraf.views.catalog.datasets import Agent, Dataset, Measurement, Period
from plangraf.views.catalog.overview import fill_in
from plangraf.views.catalog.terms import (
    ADMS,
    COMPLETED,
    DCAT,
    DCATAP,
    DCTERMS,
    DQV,
    FILE_TYPE,
    FOAF,
    IRREGULAR,
    LANGUAGES,
    LOS,
    LOS_PLANS,
    MEDIA_TYPE,
    NORWAY,
    ORG,
    PROV,
    PUBLIC,
    PUBLISHER_TYPE,
    RDFS,
    SKOS,
    STABLE,
    TAXONOMIES,
    THEMES,
    VCARD,
    Text,
    Triples,
    date,
    in_both,
    licence,
    moment,
)
from plangraf.views.declarations import DataService

_MEDIA = {DCAT + "mediaType", DCAT + "compressFormat"}
_CAPITAL = re.compile("(?<=[a-z])(?=[A-Z])")
_TABULAR = "http://www.w3.org/TR/tabular-data-model/"


def catalogue_graph(catalogue: Catalogue) -> Statements:
    """The whole catalogue in DCAT."""
    writer = _Writer(catalogue)
    writer.add_all()
    return list(dict.fromkeys(writer.graph))


class _Writer(Triples):
    """Adds the descriptions of one catalogue to its graph."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self._catalogue = catalogue

    def add_all(self) -> None:
        catalogue = self._catalogue
        self._add_catalogue()
        self._add_agents()
        self._add_standards()
        self._add_metrics()
        self._add_whole()
        for dataset in catalogue.holdings.datasets:
            self._add_dataset(dataset)
        for iri, members in catalogue.series().items():
            self._add_series(iri, members)
        for key, service in catalogue.site.services.items():
            self._add_service(key, service)
        self._add_places()
        self._add_code_list_values()

    def _add_catalogue(self) -> None:
        catalogue = self._catalogue
        self.type(catalogue.iri, DCAT + "Catalog")
        self.add(catalogue.iri, DCTERMS + "title", catalogue.title())
        self.add(catalogue.iri, DCTERMS + "description", in_both(catalogue.site.description.text))
        self._add_identity(catalogue.iri)
        self.add(catalogue.iri, DCTERMS + "publisher", catalogue.publisher)
        self.add(catalogue.iri, DCTERMS + "language", LANGUAGES)
        self.add(catalogue.iri, DCTERMS + "license", licence(catalogue.site.license))
        self.add(catalogue.iri, DCTERMS + "spatial", NORWAY)
        self.add(catalogue.iri, DCAT + "themeTaxonomy", TAXONOMIES)
        self.add(catalogue.iri, DCAT + "version", Literal(catalogue.version))
        self._add_dates(catalogue.iri, catalogue.holdings.publication_dates())
        self._add_page(catalogue.iri, FOAF + "homepage", f"{catalogue.base}/")
        self.add(
            catalogue.iri,
            DCAT + "dataset",
            [catalogue.whole, *(d.iri for d in catalogue.holdings.datasets), *catalogue.series()],
        )
        self.add(catalogue.iri, DCAT + "service", [catalogue.service(key) for key in catalogue.site.services])

    def _add_identity(self, iri: str) -> None:
        self.add(iri, DCTERMS + "identifier", Literal(iri))
        self.add(iri, DCAT + "contactPoint", self._catalogue.contact)

    def _add_page(self, iri: str, predicate: str, page: str) -> None:
        self.add(iri, predicate, page)
        self.type(page, FOAF + "Document")

    def _add_agents(self) -> None:
        catalogue = self._catalogue
        settings, held = catalogue.settings, catalogue.holdings
        named = {catalogue.publisher}
        for dataset in held.datasets:
            named |= {catalogue.publisher_of(dataset), *catalogue.creators_of(dataset)}
        for source in held.sources.values():
            named |= set(source.publishers)
        for iri in sorted(named):
            agent = held.agents.get(iri, Agent(iri, ()))
            number, kind = agent.number, "LocalAuthority" if agent.authority else None
            if iri == catalogue.publisher:
                number = settings.publisher_organisation_number or number
                kind = settings.publisher_type or kind
            self.type(iri, FOAF + "Agent", ORG + "Organization")
            self.add(iri, FOAF + "name", catalogue.name_of(iri))
            if number:
                self.add(iri, DCTERMS + "identifier", Literal(number))
            if kind:
                self.add(iri, DCTERMS + "type", PUBLISHER_TYPE + kind)
        self.type(catalogue.contact, VCARD + "Organization", VCARD + "Kind")
        self.add(catalogue.contact, VCARD + "fn", Literal(settings.contact_name or settings.publisher_called))
        self.add(catalogue.contact, VCARD + "hasURL", settings.contact_url or f"{catalogue.base}/")
        if settings.contact_email:
            self.add(catalogue.contact, VCARD + "hasEmail", f"mailto:{settings.contact_email}")

    def _add_standards(self) -> None:
        for iri, title in self._catalogue.site.standards.items():
            self.type(iri, DCTERMS + "Standard")
            self.add(iri, DCTERMS + "title", self._catalogue.holdings.standards.get(iri, in_both(title.text)))

    def _add_code_list_values(self) -> None:
        """Describes the values of code lists that the EU does not publish."""
        self.type(LOS, SKOS + "ConceptScheme")
        self.add(LOS, DCTERMS + "title", Literal("Los", language="nb"))
        self.type(LOS_PLANS, SKOS + "Concept")
        self.add(LOS_PLANS, SKOS + "prefLabel", Literal("Planer", language="nb"))
        for _, predicate, value in list(self.graph):
            if predicate.value in _MEDIA and isinstance(value, NamedNode):
                self.type(value.value, DCTERMS + "MediaType")
            elif isinstance(value, NamedNode) and value.value.startswith(PUBLISHER_TYPE):
                self.type(value.value, SKOS + "Concept")
                kind = value.value.removeprefix(PUBLISHER_TYPE)
                self.add(value.value, SKOS + "prefLabel", Literal(_CAPITAL.sub(" ", kind), language="en"))

    def _add_metrics(self) -> None:
        for iri in sorted(
            {one.metric for dataset in self._catalogue.holdings.datasets for one in dataset.measurements}
        ):
            self.type(iri, DQV + "Metric")
            self.add(iri, SKOS + "prefLabel", self._catalogue.holdings.metrics.get(iri, []))

    def _add_whole(self) -> None:
        catalogue = self._catalogue
        iri = catalogue.whole
        self.type(iri, DCAT + "Dataset")
        self.add(iri, DCTERMS + "title", in_both(catalogue.site.whole.title.text))
        self.add(iri, DCTERMS + "description", in_both(catalogue.site.whole.description.text))
        self.add(iri, DCTERMS + "publisher", catalogue.publisher)
        self._add_shared_properties(iri, [])
        self.add(iri, DCAT + "keyword", catalogue.keywords())
        self.add(iri, DCTERMS + "spatial", NORWAY)
        self._add_dates(iri, catalogue.holdings.publication_dates())
        self.add(iri, DCTERMS + "hasPart", [dataset.iri for dataset in catalogue.holdings.datasets])
        self.add(iri, DCAT + "version", Literal(catalogue.version))
        self._add_page(iri, DCAT + "landingPage", f"{catalogue.base}/")
        self._add_activity(iri, [dataset.iri for dataset in catalogue.holdings.datasets], catalogue.site.gathered.text)
        licences = {one for dataset in catalogue.holdings.datasets for one in dataset.licences} or {
            catalogue.site.license
        }
        only = licences.pop() if len(licences) == 1 else None
        for distribution in catalogue.list_all():
            self._add_distribution(iri, distribution, only)

    def _add_shared_properties(self, iri: str, themes: list[str]) -> None:
        """Adds the properties that all datasets share, and the themes."""
        self._add_identity(iri)
        self.add(iri, DCAT + "theme", [*THEMES, *(theme for theme in themes if theme not in THEMES)])
        self.add(iri, DCTERMS + "accessRights", PUBLIC)
        self.add(iri, DCTERMS + "accrualPeriodicity", IRREGULAR)
        self.add(iri, DCTERMS + "language", LANGUAGES)
        self.add(iri, DCTERMS + "conformsTo", [ONTOLOGY, SHAPES])

    def _add_dataset(self, dataset: Dataset) -> None:
        catalogue = self._catalogue
        iri = dataset.iri
        self.type(iri, DCAT + "Dataset")
        self.add(iri, DCTERMS + "title", dataset.titles)
        self.add(iri, DCTERMS + "description", dataset.descriptions)
        self.add(iri, DCTERMS + "publisher", catalogue.publisher_of(dataset))
        self.add(iri, DCTERMS + "creator", catalogue.creators_of(dataset))
        self._add_dates(iri, catalogue.holdings.publication_dates(dataset), dataset)
        self._add_shared_properties(iri, dataset.themes)
        self.add(iri, DCAT + "keyword", catalogue.keywords(dataset))
        self._add_page(iri, DCAT + "landingPage", catalogue.page(dataset))
        self.add(iri, DCTERMS + "spatial", NORWAY)
        if dataset.municipality is not None:
            self.add(iri, DCTERMS + "spatial", dataset.municipality.iri)
        if dataset.period is not None:
            self._add_period(iri, dataset.period)
        self._add_origin(dataset)
        for measurement in dataset.measurements:
            self._add_measurement(iri, measurement)
        for distribution in catalogue.list_dataset(dataset):
            self._add_distribution(iri, distribution, (dataset.licences or [catalogue.site.license])[0])

    def _add_dates(self, iri: str, published: tuple[str, str] | None, dataset: Dataset | None = None) -> None:
        """Adds the dates in the data, else the first publication and the last change."""
        issued, modified = (moment(published[0]), moment(published[1])) if published else (None, None)
        said = (dataset.issued, dataset.modified) if dataset is not None else ([], [])
        self.add(iri, DCTERMS + "issued", said[0] or ([issued] if issued else []))
        self.add(iri, DCTERMS + "modified", said[1] or ([modified] if modified else []))

    def _add_period(self, iri: str, period: Period) -> None:
        node = f"{iri}#temporal"
        self.add(iri, DCTERMS + "temporal", node)
        self.type(node, DCTERMS + "PeriodOfTime")
        self.add(node, DCAT + "startDate", date(f"{period.start:04d}-01-01"))
        self.add(node, DCAT + "endDate", date(f"{period.end:04d}-12-31"))

    def _add_origin(self, dataset: Dataset) -> None:
        """Adds the sources of a dataset, usually one public document."""
        self.add(dataset.iri, PROV + "wasDerivedFrom", dataset.sources)
        sources = list(dict.fromkeys((*dataset.sources, *dataset.further_sources)))
        if sources:
            self._add_activity(dataset.iri, sources, self._catalogue.site.made.text)
        for iri in sources:
            self.type(iri, PROV + "Entity")
            if source := self._catalogue.holdings.sources.get(iri):
                # Only our types, because types of other vocabularies have shapes of their own in a validator.
                self.type(iri, *(name for name in source.types if name.startswith(PLAN)))
                self.add(iri, DCTERMS + "title", source.titles)
                self.add(iri, DCTERMS + "publisher", source.publishers)
                self.add(iri, DCTERMS + "date", source.dates)

    def _add_activity(self, iri: str, sources: list[str], how: Text) -> None:
        activity = f"{iri}#making"
        self.add(iri, PROV + "wasGeneratedBy", activity)
        self.type(activity, PROV + "Activity")
        self.add(activity, RDFS + "label", in_both(how))
        self.add(activity, PROV + "used", sources)

    def _add_measurement(self, dataset: str, measurement: Measurement) -> None:
        iri = measurement.iri
        self.add(dataset, DQV + "hasQualityMeasurement", iri)
        self.type(iri, DQV + "QualityMeasurement")
        self.add(iri, RDFS + "label", measurement.labels)
        self.add(iri, DQV + "isMeasurementOf", measurement.metric)
        self.add(iri, DQV + "computedOn", dataset)
        self.add(iri, DQV + "value", measurement.value)

    def _add_distribution(self, dataset: str, distribution: Distribution, rights: str | None) -> None:
        iri = self._catalogue.distribution(distribution)
        self.add(dataset, DCAT + "distribution", iri)
        self.type(iri, DCAT + "Distribution")
        self.add(iri, DCTERMS + "title", in_both(distribution.title))
        self.add(iri, DCTERMS + "description", in_both(distribution.title))
        self.add(iri, DCAT + "accessURL", distribution.access)
        # No size and no checksum, because the rules of 2.2 and 3 for them contradict each other. VoID has both.
        self.add(iri, DCAT + "downloadURL", distribution.file.latest(self._catalogue.base))
        self.add(iri, DCTERMS + "format", FILE_TYPE + distribution.file_type)
        self.add(iri, DCAT + "mediaType", MEDIA_TYPE + distribution.media_type)
        if distribution.compression is not None:
            self.add(iri, DCAT + "compressFormat", MEDIA_TYPE + distribution.compression)
        if rights is not None:
            self._add_licence(iri, rights)
        self.add(iri, ADMS + "status", COMPLETED)
        self.add(iri, DCATAP + "availability", STABLE)
        self.add(iri, DCTERMS + "conformsTo", [ONTOLOGY, SHAPES])
        if distribution.file_type == "CSV":
            self.add(iri, DCTERMS + "conformsTo", _TABULAR)

    def _add_licence(self, iri: str, rights: str) -> None:
        known = licence(rights)
        self.add(iri, DCTERMS + "license", known)
        if known == rights:
            self.type(known, DCTERMS + "LicenseDocument")

    def _add_series(self, iri: str, members: list[Dataset]) -> None:
        period = members[0].period
        assert period is not None  # each member of a series has one
        words = self._catalogue.site.series
        self.type(iri, DCAT + "DatasetSeries")
        self.add(iri, DCTERMS + "title", fill_in(words.title, members[0]))
        self.add(iri, DCTERMS + "description", fill_in(words.description, members[0]))
        self._add_identity(iri)
        self.add(iri, DCTERMS + "publisher", self._catalogue.publisher_of(members[0]))
        self.add(iri, DCAT + "theme", THEMES)
        # Only the country, because version 3 accepts no places outside the EU's table for a series.
        self.add(iri, DCTERMS + "spatial", NORWAY)
        self.add(iri, DCTERMS + "accrualPeriodicity", IRREGULAR)
        self._add_period(iri, period)
        by_date = sorted(members, key=self._series_key)
        self.add(iri, DCAT + "first", by_date[0].iri)
        self.add(iri, DCAT + "last", by_date[-1].iri)
        for member in members:
            self.add(member.iri, DCAT + "inSeries", iri)

    def _series_key(self, dataset: Dataset) -> tuple[str, str]:
        """The sort key within a series: the first date of the sources, then the IRI."""
        dates = [
            d.value for iri in dataset.sources if (s := self._catalogue.holdings.sources.get(iri)) for d in s.dates
        ]
        return min(dates, default="9999"), dataset.iri

    def _add_service(self, key: str, service: DataService) -> None:
        catalogue = self._catalogue
        iri = catalogue.service(key)
        self.type(iri, DCAT + "DataService")
        self.add(iri, DCTERMS + "title", in_both(service.title.text))
        self.add(iri, DCTERMS + "description", in_both(service.description.text))
        self._add_identity(iri)
        self.add(iri, DCTERMS + "publisher", catalogue.publisher)
        self.add(iri, DCAT + "endpointURL", catalogue.base + service.endpoint)
        self.add(iri, DCAT + "endpointDescription", catalogue.base + service.described_at)
        self.add(iri, DCTERMS + "conformsTo", service.standard)
        self._add_page(iri, FOAF + "page", f"{catalogue.base}/docs")
        self.add(iri, DCTERMS + "format", [FILE_TYPE + name for name in service.formats])
        self.add(iri, DCAT + "keyword", catalogue.keywords())
        self.add(iri, DCAT + "theme", THEMES)
        self.add(iri, DCTERMS + "accessRights", PUBLIC)
        self.add(iri, DCTERMS + "license", licence(catalogue.site.license))
        self.add(iri, DCATAP + "availability", STABLE)
        self.add(
            iri, DCAT + "servesDataset", [catalogue.whole, *(dataset.iri for dataset in catalogue.holdings.datasets)]
        )

    def _add_places(self) -> None:
        for dataset in self._catalogue.holdings.datasets:
            if (place := dataset.municipality) is not None:
                self.type(place.iri, DCTERMS + "Location")
                self.add(place.iri, RDFS + "label", place.names)
                self.add(place.iri, DCTERMS + "identifier", Literal(place.number))
