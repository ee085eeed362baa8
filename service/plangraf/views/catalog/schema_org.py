"""schema.org's Dataset and DataCatalog for pages, as dataset search engines read them."""

from __future__ import annotations

import json
from typing import Any

from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.dcat import Catalogue
from plangraf.views.catalog.distributions import Distribution
from plangraf.views.catalog.overview import best
from plangraf.views.catalog.terms import in_both, moment

_CONTEXT = "https://schema.org/"
# A description must have 50 to 5000 characters.
_SHORTEST, _LONGEST = 50, 5_000
# Bytes: the home page names the datasets that have room in it; the sitemap leads to the pages of all.
_LONGEST_CATALOGUE = 8_000


def dataset_json_ld(catalogue: Catalogue, dataset: Dataset, language: str) -> dict[str, Any]:
    """One dataset, in the language of its page."""
    return {"@context": _CONTEXT, **_dataset(catalogue, dataset, language)}


def catalogue_json_ld(catalogue: Catalogue, language: str) -> dict[str, Any]:
    """The catalogue with the whole graph, its files of everything, and other datasets by name.

    Short, since it is part of the home page: the pages of the datasets have the rest.
    """
    everything = [one for one in catalogue.of_all() if one.table is None]
    whole = {
        "@type": "Dataset",
        "@id": catalogue.whole,
        "name": catalogue.site.whole.title.in_language(language),
        "description": catalogue.site.whole.description.in_language(language),
        "url": f"{catalogue.base}/",
        "license": catalogue.site.license,
        "creator": _agent(catalogue, catalogue.publisher),
        "isAccessibleForFree": True,
        "version": catalogue.version,
        "spatialCoverage": {"@type": "Place", "name": "Norge" if language == "nb" else "Norway"},
        "distribution": _distributions(catalogue, everything, language),
        **_dates(catalogue),
    }
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "DataCatalog",
        "@id": catalogue.iri,
        "name": best(catalogue.title(), language, catalogue.iri).value,
        "description": catalogue.site.description.in_language(language),
        "url": f"{catalogue.base}/",
        "license": catalogue.site.license,
        "publisher": _agent(catalogue, catalogue.publisher),
        "inLanguage": ["nb", "en"],
        "dataset": [whole],
    }
    left = _LONGEST_CATALOGUE - len(json.dumps(found, ensure_ascii=False).encode())
    for dataset in catalogue.held.datasets:
        short = _short(catalogue, dataset, language)
        left -= len(json.dumps(short, ensure_ascii=False).encode()) + 2
        if left < 0:
            break
        found["dataset"].append(short)
    return found


def _short(catalogue: Catalogue, dataset: Dataset, language: str) -> dict[str, Any]:
    return {
        "@type": "Dataset",
        "@id": dataset.iri,
        "name": best(dataset.titles, language, dataset.iri).value,
        "description": _description(catalogue, dataset, language),
        "url": catalogue.page(dataset),
        "license": (dataset.licences or [catalogue.site.license])[0],
        "creator": _agent(catalogue, (*catalogue.creators_of(dataset), catalogue.publisher_of(dataset))[0]),
    }


def _dataset(catalogue: Catalogue, dataset: Dataset, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        **_short(catalogue, dataset, language),
        "identifier": dataset.iri,
        "sameAs": dataset.iri,
        "publisher": _agent(catalogue, catalogue.publisher_of(dataset)),
        "keywords": [word.value for word in catalogue.keywords(dataset) if word.language in (language, None)],
        "isAccessibleForFree": True,
        "version": catalogue.version,
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": catalogue.iri, "url": f"{catalogue.base}/catalog"},
        "distribution": _distributions(catalogue, catalogue.of_dataset(dataset), language),
    }
    if dataset.period is not None:
        found["temporalCoverage"] = f"{dataset.period.start:04d}-01-01/{dataset.period.end:04d}-12-31"
    if dataset.municipality is not None:
        name = best(list(dataset.municipality.names), language, dataset.municipality.number).value
        found["spatialCoverage"] = {"@type": "Place", "name": name, "identifier": dataset.municipality.number}
    sources = [catalogue.held.sources[iri] for iri in dataset.sources if iri in catalogue.held.sources]
    if sources:
        found["isBasedOn"] = [
            {
                "@type": "CreativeWork",
                "@id": source.iri,
                "name": best(source.titles, language, source.iri).value,
                "publisher": [_agent(catalogue, iri) for iri in source.publishers],
            }
            for source in sources
        ]
    found |= _dates(catalogue, dataset)
    return found


def _dates(catalogue: Catalogue, dataset: Dataset | None = None) -> dict[str, str]:
    """What the data say of their dates, else the first publication and the last change."""
    issued, modified = (moment(text).value for text in catalogue.held.published(dataset) or ("", ""))
    if dataset is not None:
        issued = min((value.value for value in dataset.issued), default=issued)
        modified = max((value.value for value in dataset.modified), default=modified)
    found = {"datePublished": issued, "dateModified": modified}
    return {name: text for name, text in found.items() if text != "Z"}


def _description(catalogue: Catalogue, dataset: Dataset, language: str) -> str:
    """The description, lengthened by what the catalogue is about when it is too short for search engines."""
    own = best(dataset.descriptions or dataset.titles, language, dataset.iri)
    text = own.value
    if len(text) < _SHORTEST:
        text = f"{text} {catalogue.site.description.in_language(own.language or language)}"
    return text[:_LONGEST]


def _agent(catalogue: Catalogue, iri: str) -> dict[str, Any]:
    return {"@type": "Organization", "@id": iri, "name": best(catalogue.name_of(iri), "nb", iri).value, "url": iri}


def _distributions(catalogue: Catalogue, distributions: list[Distribution], language: str) -> list[dict[str, Any]]:
    """The files of this version, with their sizes in bytes and their sums."""
    return [
        {
            "@type": "DataDownload",
            "name": best(in_both(one.title), language, one.key).value,
            "encodingFormat": one.compression or one.media_type,
            "contentUrl": one.file.address(catalogue.base),
            "contentSize": str(one.file.size),
            "sha256": one.file.sha256,
        }
        for one in distributions
    ]
