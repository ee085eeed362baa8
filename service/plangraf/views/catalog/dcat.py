"""The catalogue as a graph: DCAT-AP-NO 2.2 and 3, DCAT-AP 3.0.1.

No blank nodes, absolute IRIs only, each described IRI typed; nothing in it that is not of the version or of the
settings, so that a harvester sees a change only where there is one.
"""

from __future__ import annotations

import re

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import Statements
from plangraf.rdf.namespaces import ID, ONTOLOGY, PLAN, SHAPES
from plangraf.settings import Settings
from plangraf.views.addresses import document_path
from plangraf.views.catalog.datasets import Agent, Dataset, Holdings, Measurement, Period
from plangraf.views.catalog.distributions import Distribution, of_all, of_dataset
from plangraf.views.catalog.series import series_description, series_title
from plangraf.views.catalog.site import DataService, Site
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
    ORGANISATIONS,
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

# The project as the data name it: who made them, and who publishes them as long as nobody says otherwise.
_PROJECT = f"{ID}organization/plangraf"
_MEDIA = {DCAT + "mediaType", DCAT + "compressFormat"}
_CAPITAL = re.compile("(?<=[a-z])(?=[A-Z])")
_TABULAR = "http://www.w3.org/TR/tabular-data-model/"


class Catalogue:
    """Names and addresses in the catalogue of one service."""

    def __init__(self, settings: Settings, site: Site, held: Holdings, version: str) -> None:
        self.settings = settings
        self.site = site
        self.held = held
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
        for dataset in self.held.datasets:
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
        """Who publishes a dataset: whom the data name, and the operator where they name nobody but the project."""
        named = (dataset.publishers or [_PROJECT])[0]
        return self.publisher if named == _PROJECT else named

    def creators_of(self, dataset: Dataset) -> list[str]:
        """Who made a dataset: the project where the data name it, else nobody is known."""
        return [_PROJECT] if _PROJECT in dataset.publishers else []

    def name_of(self, iri: str) -> list[Literal]:
        """What an agent is called."""
        if iri == self.publisher:
            return [Literal(self.settings.publisher_called)]
        names = self.held.agents[iri].names if iri in self.held.agents else ()
        return list(names) or [Literal("plangraf" if iri == _PROJECT else iri)]

    def keywords(self, dataset: Dataset | None = None) -> list[Literal]:
        """The site's keywords; of a dataset also the words of the data and the place that they are about."""
        own = [word for text in self.site.keywords for word in in_both(text.text)]
        if dataset is None:
            return own
        places = dataset.municipality.names if dataset.municipality is not None else ()
        found = [*own, *dataset.keywords, *places]
        return sorted(dict.fromkeys(found), key=lambda word: (word.value, word.language or ""))

    def of_all(self) -> list[Distribution]:
        """All graphs together, in each format."""
        return of_all(self.held.files, f"{self.base}/dump/latest/")

    def of_dataset(self, dataset: Dataset) -> list[Distribution]:
        """One dataset, in each format."""
        return of_dataset(self.held.files, dataset, self.page(dataset))

    def graph(self) -> Statements:
        """The whole catalogue."""
        t = Triples()
        self._catalogue(t)
        self._agents(t)
        self._standards(t)
        self._metrics(t)
        self._whole(t)
        for dataset in self.held.datasets:
            self._dataset(t, dataset)
        for iri, members in self.series().items():
            self._series(t, iri, members)
        for key, service in self.site.services.items():
            self._service(t, key, service)
        self._places(t)
        self._tables(t)
        return list(dict.fromkeys(t.graph))

    def _catalogue(self, t: Triples) -> None:
        t.type(self.iri, DCAT + "Catalog")
        t.say(self.iri, DCTERMS + "title", self.title())
        t.say(self.iri, DCTERMS + "description", in_both(self.site.description.text))
        self._common(t, self.iri)
        t.say(self.iri, DCTERMS + "publisher", self.publisher)
        t.say(self.iri, DCTERMS + "language", LANGUAGES)
        t.say(self.iri, DCTERMS + "license", licence(self.site.license))
        t.say(self.iri, DCTERMS + "spatial", NORWAY)
        t.say(self.iri, DCAT + "themeTaxonomy", TAXONOMIES)
        t.say(self.iri, DCAT + "version", Literal(self.version))
        self._dates(t, self.iri, self.held.published())
        self._linked_page(t, self.iri, FOAF + "homepage", f"{self.base}/")
        t.say(self.iri, DCAT + "dataset", [self.whole, *(d.iri for d in self.held.datasets), *self.series()])
        t.say(self.iri, DCAT + "service", [self.service(key) for key in self.site.services])

    def _common(self, t: Triples, iri: str) -> None:
        t.say(iri, DCTERMS + "identifier", Literal(iri))
        t.say(iri, DCAT + "contactPoint", self.contact)

    def _linked_page(self, t: Triples, iri: str, predicate: str, page: str) -> None:
        t.say(iri, predicate, page)
        t.type(page, FOAF + "Document")

    def _agents(self, t: Triples) -> None:
        settings, held = self.settings, self.held
        named = {self.publisher}
        for dataset in held.datasets:
            named |= {self.publisher_of(dataset), *self.creators_of(dataset)}
        for source in held.sources.values():
            named |= set(source.publishers)
        for iri in sorted(named):
            agent = held.agents.get(iri, Agent(iri, ()))
            number, kind = agent.number, "LocalAuthority" if agent.authority else None
            if iri == self.publisher:
                number = settings.publisher_organisation_number or number
                kind = settings.publisher_type or kind
            t.type(iri, FOAF + "Agent", ORG + "Organization")
            t.say(iri, FOAF + "name", self.name_of(iri))
            if number:
                t.say(iri, DCTERMS + "identifier", Literal(number))
            if kind:
                t.say(iri, DCTERMS + "type", PUBLISHER_TYPE + kind)
        t.type(self.contact, VCARD + "Organization", VCARD + "Kind")
        t.say(self.contact, VCARD + "fn", Literal(settings.contact_name or settings.publisher_called))
        t.say(self.contact, VCARD + "hasURL", settings.contact_url or f"{self.base}/")
        if settings.contact_email:
            t.say(self.contact, VCARD + "hasEmail", f"mailto:{settings.contact_email}")

    def _standards(self, t: Triples) -> None:
        for iri, title in self.site.standards.items():
            t.type(iri, DCTERMS + "Standard")
            t.say(iri, DCTERMS + "title", self.held.standards.get(iri, in_both(title.text)))

    def _tables(self, t: Triples) -> None:
        """The values of tables that are not the EU's."""
        t.type(LOS, SKOS + "ConceptScheme")
        t.say(LOS, DCTERMS + "title", Literal("Los", language="nb"))
        t.type(LOS_PLANS, SKOS + "Concept")
        t.say(LOS_PLANS, SKOS + "prefLabel", Literal("Planer", language="nb"))
        for _, predicate, value in list(t.graph):
            if predicate.value in _MEDIA and isinstance(value, NamedNode):
                t.type(value.value, DCTERMS + "MediaType")
            elif isinstance(value, NamedNode) and value.value.startswith(PUBLISHER_TYPE):
                t.type(value.value, SKOS + "Concept")
                kind = value.value.removeprefix(PUBLISHER_TYPE)
                t.say(value.value, SKOS + "prefLabel", Literal(_CAPITAL.sub(" ", kind), language="en"))

    def _metrics(self, t: Triples) -> None:
        for iri in sorted({one.metric for dataset in self.held.datasets for one in dataset.measurements}):
            t.type(iri, DQV + "Metric")
            t.say(iri, SKOS + "prefLabel", self.held.metrics.get(iri, []))

    def _whole(self, t: Triples) -> None:
        iri = self.whole
        t.type(iri, DCAT + "Dataset")
        t.say(iri, DCTERMS + "title", in_both(self.site.whole.title.text))
        t.say(iri, DCTERMS + "description", in_both(self.site.whole.description.text))
        t.say(iri, DCTERMS + "publisher", self.publisher)
        self._about(t, iri, [])
        t.say(iri, DCAT + "keyword", self.keywords())
        t.say(iri, DCTERMS + "spatial", NORWAY)
        self._dates(t, iri, self.held.published())
        t.say(iri, DCTERMS + "hasPart", [dataset.iri for dataset in self.held.datasets])
        t.say(iri, DCAT + "version", Literal(self.version))
        self._linked_page(t, iri, DCAT + "landingPage", f"{self.base}/")
        self._made_from(t, iri, [dataset.iri for dataset in self.held.datasets], self.site.gathered.text)
        licences = {one for dataset in self.held.datasets for one in dataset.licences} or {self.site.license}
        only = licences.pop() if len(licences) == 1 else None
        for distribution in self.of_all():
            self._distribution(t, iri, distribution, only)

    def _about(self, t: Triples, iri: str, themes: list[str]) -> None:
        """What holds for all datasets alike, and the themes."""
        self._common(t, iri)
        t.say(iri, DCAT + "theme", [*THEMES, *(theme for theme in themes if theme not in THEMES)])
        t.say(iri, DCTERMS + "accessRights", PUBLIC)
        t.say(iri, DCTERMS + "accrualPeriodicity", IRREGULAR)
        t.say(iri, DCTERMS + "language", LANGUAGES)
        t.say(iri, DCTERMS + "conformsTo", [ONTOLOGY, SHAPES])

    def _dataset(self, t: Triples, dataset: Dataset) -> None:
        iri = dataset.iri
        t.type(iri, DCAT + "Dataset")
        t.say(iri, DCTERMS + "title", dataset.titles)
        t.say(iri, DCTERMS + "description", dataset.descriptions)
        t.say(iri, DCTERMS + "publisher", self.publisher_of(dataset))
        t.say(iri, DCTERMS + "creator", self.creators_of(dataset))
        self._dates(t, iri, self.held.published(dataset), dataset)
        self._about(t, iri, dataset.themes)
        t.say(iri, DCAT + "keyword", self.keywords(dataset))
        self._linked_page(t, iri, DCAT + "landingPage", self.page(dataset))
        t.say(iri, DCTERMS + "spatial", NORWAY)
        if dataset.municipality is not None:
            t.say(iri, DCTERMS + "spatial", dataset.municipality.iri)
        if dataset.period is not None:
            self._period(t, iri, dataset.period)
        self._origin(t, dataset)
        for measurement in dataset.measurements:
            self._measurement(t, iri, measurement)
        for distribution in self.of_dataset(dataset):
            self._distribution(t, iri, distribution, (dataset.licences or [self.site.license])[0])

    def _dates(self, t: Triples, iri: str, published: tuple[str, str] | None, dataset: Dataset | None = None) -> None:
        """What the data say of their dates, else the first publication and the last change."""
        issued, modified = (moment(published[0]), moment(published[1])) if published else (None, None)
        said = (dataset.issued, dataset.modified) if dataset is not None else ([], [])
        t.say(iri, DCTERMS + "issued", said[0] or ([issued] if issued else []))
        t.say(iri, DCTERMS + "modified", said[1] or ([modified] if modified else []))

    def _period(self, t: Triples, iri: str, period: Period) -> None:
        node = f"{iri}#temporal"
        t.say(iri, DCTERMS + "temporal", node)
        t.type(node, DCTERMS + "PeriodOfTime")
        t.say(node, DCAT + "startDate", date(f"{period.start:04d}-01-01"))
        t.say(node, DCAT + "endDate", date(f"{period.end:04d}-12-31"))

    def _origin(self, t: Triples, dataset: Dataset) -> None:
        """What a dataset was made from, most often the public document that it was read from."""
        t.say(dataset.iri, PROV + "wasDerivedFrom", dataset.sources)
        sources = list(dict.fromkeys((*dataset.sources, *dataset.further_sources)))
        if sources:
            self._made_from(t, dataset.iri, sources, self.site.made.text)
        for iri in sources:
            t.type(iri, PROV + "Entity")
            if source := self.held.sources.get(iri):
                # Of its types only ours: those of others bring rules of their own with them.
                t.type(iri, *(name for name in source.types if name.startswith(PLAN)))
                t.say(iri, DCTERMS + "title", source.titles)
                t.say(iri, DCTERMS + "publisher", source.publishers)
                t.say(iri, DCTERMS + "date", source.dates)

    def _made_from(self, t: Triples, iri: str, sources: list[str], how: Text) -> None:
        activity = f"{iri}#making"
        t.say(iri, PROV + "wasGeneratedBy", activity)
        t.type(activity, PROV + "Activity")
        t.say(activity, RDFS + "label", in_both(how))
        t.say(activity, PROV + "used", sources)

    def _measurement(self, t: Triples, dataset: str, measurement: Measurement) -> None:
        iri = measurement.iri
        t.say(dataset, DQV + "hasQualityMeasurement", iri)
        t.type(iri, DQV + "QualityMeasurement")
        t.say(iri, RDFS + "label", measurement.labels)
        t.say(iri, DQV + "isMeasurementOf", measurement.metric)
        t.say(iri, DQV + "computedOn", dataset)
        t.say(iri, DQV + "value", measurement.value)

    def _distribution(self, t: Triples, dataset: str, distribution: Distribution, rights: str | None) -> None:
        iri = self.distribution(distribution)
        t.say(dataset, DCAT + "distribution", iri)
        t.type(iri, DCAT + "Distribution")
        t.say(iri, DCTERMS + "title", in_both(distribution.title))
        t.say(iri, DCTERMS + "description", in_both(distribution.title))
        t.say(iri, DCAT + "accessURL", distribution.access)
        # Neither size nor sum: what 2.2 and 3 ask of them excludes each other. VoID has both.
        t.say(iri, DCAT + "downloadURL", distribution.file.latest(self.base))
        t.say(iri, DCTERMS + "format", FILE_TYPE + distribution.file_type)
        t.say(iri, DCAT + "mediaType", MEDIA_TYPE + distribution.media_type)
        if distribution.compression is not None:
            t.say(iri, DCAT + "compressFormat", MEDIA_TYPE + distribution.compression)
        if rights is not None:
            self._licence(t, iri, rights)
        t.say(iri, ADMS + "status", COMPLETED)
        t.say(iri, DCATAP + "availability", STABLE)
        t.say(iri, DCTERMS + "conformsTo", [ONTOLOGY, SHAPES])
        if distribution.file_type == "CSV":
            t.say(iri, DCTERMS + "conformsTo", _TABULAR)

    def _licence(self, t: Triples, iri: str, rights: str) -> None:
        known = licence(rights)
        t.say(iri, DCTERMS + "license", known)
        if known == rights:
            t.type(known, DCTERMS + "LicenseDocument")

    def _series(self, t: Triples, iri: str, members: list[Dataset]) -> None:
        period = members[0].period
        assert period is not None  # a series is made of it
        t.type(iri, DCAT + "DatasetSeries")
        t.say(iri, DCTERMS + "title", series_title(members[0]))
        t.say(iri, DCTERMS + "description", series_description(members[0]))
        self._common(t, iri)
        t.say(iri, DCTERMS + "publisher", self.publisher_of(members[0]))
        t.say(iri, DCAT + "theme", THEMES)
        # Version 3 takes for a series no place beside those of the EU's table.
        t.say(iri, DCTERMS + "spatial", NORWAY)
        t.say(iri, DCTERMS + "accrualPeriodicity", IRREGULAR)
        self._period(t, iri, period)
        by_date = sorted(members, key=self._dated)
        t.say(iri, DCAT + "first", by_date[0].iri)
        t.say(iri, DCAT + "last", by_date[-1].iri)
        for member in members:
            t.say(member.iri, DCAT + "inSeries", iri)

    def _dated(self, dataset: Dataset) -> tuple[str, str]:
        """The date on what a dataset was made from, and its IRI: the order within a series."""
        dates = [d.value for iri in dataset.sources if (s := self.held.sources.get(iri)) for d in s.dates]
        return min(dates, default="9999"), dataset.iri

    def _service(self, t: Triples, key: str, service: DataService) -> None:
        iri = self.service(key)
        t.type(iri, DCAT + "DataService")
        t.say(iri, DCTERMS + "title", in_both(service.title.text))
        t.say(iri, DCTERMS + "description", in_both(service.description.text))
        self._common(t, iri)
        t.say(iri, DCTERMS + "publisher", self.publisher)
        t.say(iri, DCAT + "endpointURL", self.base + service.endpoint)
        t.say(iri, DCAT + "endpointDescription", self.base + service.described_at)
        t.say(iri, DCTERMS + "conformsTo", service.standard)
        self._linked_page(t, iri, FOAF + "page", f"{self.base}/docs")
        t.say(iri, DCTERMS + "format", [FILE_TYPE + name for name in service.formats])
        t.say(iri, DCAT + "keyword", self.keywords())
        t.say(iri, DCAT + "theme", THEMES)
        t.say(iri, DCTERMS + "accessRights", PUBLIC)
        t.say(iri, DCTERMS + "license", licence(self.site.license))
        t.say(iri, DCATAP + "availability", STABLE)
        t.say(iri, DCAT + "servesDataset", [self.whole, *(dataset.iri for dataset in self.held.datasets)])

    def _places(self, t: Triples) -> None:
        for dataset in self.held.datasets:
            if (place := dataset.municipality) is not None:
                t.type(place.iri, DCTERMS + "Location")
                t.say(place.iri, RDFS + "label", place.names)
                t.say(place.iri, DCTERMS + "identifier", Literal(place.number))
