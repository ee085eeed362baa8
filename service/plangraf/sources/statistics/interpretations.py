"""Writes which indicators a table measures by our own reading, with the reason, to the graph of interpretations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.rdf.namespaces import ID, terms
from plangraf.sources.statistics.cube.description import iri_of
from plangraf.sources.statistics.cube.names import TableNames
from plangraf.sources.statistics.cube.terms import tagged, text
from plangraf.sources.statistics.cube.turtle_text import turtle_text
from plangraf.sources.statistics.dataset_folder import beside, restore, write_texts
from plangraf.store.atomic import exclusive, put_in_place

rdf, rdfs, dcterms, dcat, prov, plan = map(terms, ("rdf", "rdfs", "dcterms", "dcat", "prov", "plan"))
_PLANGRAF = NamedNode(f"{ID}organization/plangraf")
FOLDER = "tolkninger"


@dataclass(frozen=True, slots=True)
class Interpretation:
    """An indicator that we read a table to measure, and the reason in Bokmål and English."""

    indicator: str
    reason_nb: str
    reason_en: str


def write_interpretations(folder: Path, names: TableNames, links: Sequence[Interpretation]) -> Path | None:
    """Writes the interpretations of one table beside its folder. Without links, removes those of an earlier import.

    Args:
        folder: the folder of the table, `<data folder>/no/<slug>`.
        names: the IRIs of the table.
        links: the interpretations.
    Returns:
        The file that was written, or None.
    """
    target = folder.parent / FOLDER
    path = target / f"measures-{names.slug}.ttl"
    restore(target)
    if not links:
        with exclusive(target.resolve().parent):
            path.unlink(missing_ok=True)
        return None
    files = {path.name: turtle_text(_links(names, links), f"What table {names.slug} measures, as we read it.")}
    with beside(target) as temporary:
        write_texts(temporary, files)
        with exclusive(temporary.parent.parent):  # else the file of another table that is written now would be lost
            if not (target / "dataset.ttl").is_file():
                said = turtle_text(_dataset(), "The dataset of our interpretations of national statistics.")
                write_texts(temporary, {"dataset.ttl": said})
            put_in_place(temporary, target)
    return path


def _links(names: TableNames, links: Sequence[Interpretation]) -> list[Triple]:
    found = []
    for number, link in enumerate(links, 1):
        indicator = iri_of(link.indicator)
        iri = NamedNode(f"{names.indicator_link(number).value}-interpreted")
        found += [
            Triple(names.cube, plan("measuresIndicator"), indicator),
            Triple(iri, rdf("type"), plan("IndicatorLink")),
            Triple(iri, rdfs("label"), tagged(f"Vår lesning {number} av tabell {names.slug}", "nb")),
            Triple(iri, rdfs("label"), tagged(f"Our reading {number} of table {names.slug}", "en")),
            Triple(iri, plan("linkedTable"), names.cube),
            Triple(iri, plan("linkedIndicator"), indicator),
            Triple(iri, plan("reason"), tagged(link.reason_nb, "nb")),
            Triple(iri, plan("reason"), tagged(link.reason_en, "en")),
            Triple(iri, prov("wasAttributedTo"), _PLANGRAF),
        ]
    return found


def _dataset() -> list[Triple]:
    dataset = NamedNode(f"{ID}no/dataset/{FOLDER}")
    said: list[tuple[NamedNode, NamedNode | Literal]] = [
        (rdf("type"), dcat("Dataset")),
        (dcterms("identifier"), text(FOLDER)),
        (dcterms("title"), tagged("Tolkninger av nasjonal statistikk", "nb")),
        (dcterms("title"), tagged("Interpretations of national statistics", "en")),
        (dcterms("description"), tagged("Hvilke indikatorer tabeller måler, slik vi leser dem.", "nb")),
        (dcterms("description"), tagged("Which indicators tables measure, as we read them.", "en")),
        (dcterms("license"), NamedNode("https://creativecommons.org/licenses/by/4.0/")),
        (dcterms("publisher"), _PLANGRAF),
    ]
    return [Triple(dataset, predicate, value) for predicate, value in said]
