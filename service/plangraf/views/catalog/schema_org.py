"""Writes schema.org's Dataset and DataCatalog for the dataset search engines."""

from __future__ import annotations

import json
from typing import Any

from plangraf.views.catalog.catalogue import Catalogue, Distribution
from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.overview import select_text
from plangraf.views.catalog.terms import in_both, moment

_CONTEXT = "https://schema.org/"
# Search engines accept descriptions of 50 to 5000 characters.
_SHORTEST, _LONGEST = 50, 5_000
# In bytes. The home page lists the datasets that fit; the sitemap lists the pages of all datasets.
_LONGEST_CATALOGUE = 8_000


def dataset_json_ld(catalogue: Catalogue, dataset: Dataset, language: str) -> dict[str, Any]:
    """One dataset in one language."""
    return {"@context": _CONTEXT, **_dataset(catalogue, dataset, language)}


def catalogue_json_ld(catalogue: Catalogue, language: str) -> dict[str, Any]:
    """The catalogue with the whole graph, its files, and a short entry for each dataset that fits.

    It is short because the home page embeds it. The page of each dataset has the details.
    """
    everything = [one for one in catalogue.list_all() if one.table is None]
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
        "name": select_text(catalogue.title(), language, catalogue.iri).value,
        "description": catalogue.site.description.in_language(language),
        "url": f"{catalogue.base}/",
        "license": catalogue.site.license,
        "publisher": _agent(catalogue, catalogue.publisher),
        "inLanguage": ["nb", "en"],
        "dataset": [whole],
    }
    left = _LONGEST_CATALOGUE - len(json.dumps(found, ensure_ascii=False).encode())
    for dataset in catalogue.holdings.datasets:
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
        "name": select_text(dataset.titles, language, dataset.iri).value,
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
        "distribution": _distributions(catalogue, catalogue.list_dataset(dataset), language),
    }
    if dataset.period is not None:
        found["temporalCoverage"] = f"{dataset.period.start:04d}-01-01/{dataset.period.end:04d}-12-31"
    if dataset.municipality is not None:
        name = select_text(list(dataset.municipality.names), language, dataset.municipality.number).value
        found["spatialCoverage"] = {"@type": "Place", "name": name, "identifier": dataset.municipality.number}
    sources = [catalogue.holdings.sources[iri] for iri in dataset.sources if iri in catalogue.holdings.sources]
    if sources:
        found["isBasedOn"] = [
            {
                "@type": "CreativeWork",
                "@id": source.iri,
                "name": select_text(source.titles, language, source.iri).value,
                "publisher": [_agent(catalogue, iri) for iri in source.publishers],
            }
            for source in sources
        ]
    found |= _dates(catalogue, dataset)
    return found


def _dates(catalogue: Catalogue, dataset: Dataset | None = None) -> dict[str, str]:
    """The dates in the data, else the first publication and the last change."""
    issued, modified = (moment(text).value for text in catalogue.holdings.publication_dates(dataset) or ("", ""))
    if dataset is not None:
        issued = min((value.value for value in dataset.issued), default=issued)
        modified = max((value.value for value in dataset.modified), default=modified)
    found = {"datePublished": issued, "dateModified": modified}
    return {name: text for name, text in found.items() if text != "Z"}


def _description(catalogue: Catalogue, dataset: Dataset, language: str) -> str:
    """The description. When it is too short for search engines, the description of the catalogue follows it."""
    own = select_text(dataset.descriptions or dataset.titles, language, dataset.iri)
    text = own.value
    if len(text) < _SHORTEST:
        text = f"{text} {catalogue.site.description.in_language(own.language or language)}"
    return text[:_LONGEST]


def _agent(catalogue: Catalogue, iri: str) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "@id": iri,
        "name": select_text(catalogue.name_of(iri), "nb", iri).value,
        "url": iri,
    }


def _distributions(catalogue: Catalogue, distributions: list[Distribution], language: str) -> list[dict[str, Any]]:
    """The files of this version with sizes in bytes and SHA-256 sums."""
    return [
        {
            "@type": "DataDownload",
            "name": select_text(in_both(one.title), language, one.key).value,
            "encodingFormat": one.compression or one.media_type,
            "contentUrl": one.file.address(catalogue.base),
            "contentSize": str(one.file.size),
            "sha256": one.file.sha256,
        }
        for one in distributions
    ]
