"""The Turtle files of a linked list: the dataset with its provenance, and the things; equal bytes for equal content.

PROV: https://www.w3.org/TR/prov-o/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.numbers_in_text import natural_key
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES, terms
from plangraf.rdf.turtle_layout import laid_out
from plangraf.sources.lists.entries import ascii_iri
from plangraf.sources.lists.facts import Facts, How
from plangraf.sources.lists.mapping import Mapping as ListMapping
from plangraf.sources.lists.repairs import Repairs

DATASET_FILE = "dataset.ttl"
GENERATED = frozenset({DATASET_FILE, "indicators.ttl", "areas.ttl", "changes.ttl"})
"""The files that a link writes; all other files of the folder are kept."""

_rdf, _rdfs, _dcat, _dcterms, _foaf, _org, _owl, _prov, _plan = map(
    terms, ("rdf", "rdfs", "dcat", "dcterms", "foaf", "org", "owl", "prov", "plan")
)
_LICENCE = NamedNode("https://creativecommons.org/licenses/by/4.0/")
_PUBLISHER = NamedNode(ID + "organization/plangraf")
_PROPERTIES: Mapping[How, str] = {"listed": "listedProperty", "matched": "matchedProperty", "own": "ownProperty"}
_ABOUT = {
    DATASET_FILE: "The dataset, the list that it was read from, and what was repaired on the way.",
    "indicators.ttl": "The indicators: links to the UN's targets and indicators, and labels of ours.",
    "areas.ttl": "Areas by their number, and how long each is valid.",
    "changes.ttl": "What each number passed to, and when.",
}


def turtle_files(
    mapping: ListMapping, facts: Facts, repairs: Repairs, *, addresses: Sequence[str], digest: str, retrieved: date
) -> dict[str, bytes]:
    """The content of each file by its name.

    Args:
        mapping: what the dataset says of itself and of the list.
        facts: the statements about the things of the list.
        repairs: what was wrong in it.
        addresses: from where it was read, or where it is published.
        digest: SHA-256 of the bytes that were read, or of the sorted digests of several files, one a line.
        retrieved: the day on which they were.
    """
    files = {f"{name}.ttl": triples for name, triples in facts.files.items()}
    files[DATASET_FILE] = [
        *_dataset(mapping),
        *_list(mapping, facts, addresses, digest, retrieved),
        *_repairs(mapping, repairs),
    ]
    return {name: _text(name, triples).encode() for name, triples in sorted(files.items())}


def list_iri(mapping: ListMapping) -> NamedNode:
    """The IRI of the list, in ASCII."""
    return NamedNode(ascii_iri(mapping.list))


def _dataset(mapping: ListMapping) -> list[Triple]:
    dataset = NamedNode(f"{ID}link/dataset/{mapping.slug}")
    values: list[tuple[NamedNode, NamedNode | Literal]] = [
        (_rdf("type"), _dcat("Dataset")),
        (_dcterms("identifier"), Literal(mapping.slug)),
        *((_dcterms("title"), Literal(text, language=tag)) for tag, text in mapping.title),
        *((_dcterms("description"), Literal(text, language=tag)) for tag, text in mapping.description),
        (_dcterms("license"), _LICENCE),
        (_dcterms("publisher"), _PUBLISHER),
        (_dcterms("source"), list_iri(mapping)),
        (_prov("wasDerivedFrom"), list_iri(mapping)),
    ]
    return [Triple(dataset, predicate, value) for predicate, value in values]


def _list(mapping: ListMapping, facts: Facts, addresses: Sequence[str], digest: str, retrieved: date) -> list[Triple]:
    publisher = NamedNode(mapping.publisher.iri)
    reading = mapping.read.query or "\n".join(
        f"{name}: {column}" for name, column in (mapping.read.columns or {}).items()
    )
    values: list[tuple[NamedNode, NamedNode | Literal]] = [
        (_rdf("type"), _plan("PublishedList")),
        *((_rdfs("label"), Literal(text, language=tag)) for tag, text in mapping.name),
        (_dcterms("publisher"), publisher),
        *((_dcterms("source"), NamedNode(address)) for address in addresses),
        (_plan("contentDigest"), Literal(digest)),
        (_plan("retrievedOn"), Literal(retrieved.isoformat(), datatype=NamedNode(PREFIXES["xsd"] + "date"))),
        *((_plan(name), one) for how, name in _PROPERTIES.items() for one in facts.properties[how]),
    ]
    if reading:
        values.append((_plan("readingQuery"), Literal(reading.strip())))
    if mapping.license:
        values.append((_dcterms("license"), NamedNode(mapping.license)))
    if mapping.edition:
        values.append((_owl("versionInfo"), Literal(mapping.edition)))
    found = [Triple(list_iri(mapping), predicate, value) for predicate, value in values]
    found.append(Triple(publisher, _rdf("type"), _org("Organization")))
    for tag, text in (("nb", mapping.publisher.nb), ("en", mapping.publisher.en)):
        found.append(Triple(publisher, _rdfs("label"), Literal(text, language=tag)))
    return found


def _repairs(mapping: ListMapping, repairs: Repairs) -> list[Triple]:
    found: list[Triple] = []
    for repair in repairs:
        iri = NamedNode(f"{ID}link/list-repair/{mapping.slug}-{repair.kind}")
        values: list[tuple[NamedNode, NamedNode | Literal]] = [
            (_rdf("type"), _plan("ListRepair")),
            (_plan("repairOf"), list_iri(mapping)),
            *((_rdfs("label"), Literal(text, language=tag)) for tag, text in repair.text),
            (_plan("repairCount"), Literal(repair.count)),
            *((_plan("repairedKey"), Literal(entry)) for entry in repair.entries),
        ]
        found += [Triple(iri, predicate, value) for predicate, value in values]
    return found


def _text(name: str, triples: Iterable[Triple]) -> str:
    """The text of one file, its things by key, each with its class first."""
    prefixes, body = laid_out(sorted(set(triples), key=_order))
    about = _ABOUT.get(name, "Read from the list.")
    return f"# {about}\n# Written by `plangraf link` from list.yaml; change it there.\n{prefixes}{body}\n"


def _order(triple: Triple) -> tuple[object, ...]:
    predicate = triple.predicate.value
    is_type = predicate == PREFIXES["rdf"] + "type"
    value = str(triple.object)
    return (
        natural_key(str(triple.subject)),
        not is_type,
        predicate,
        is_type and not value.startswith(f"<{PLAN}"),
        isinstance(triple.object, Literal) and triple.object.language == "en",
        natural_key(value),
    )
