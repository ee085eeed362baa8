"""Writes the list of all collections with the number of their things, as a graph (Hydra) and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Statements
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.named.collection import Collection
from plangraf.views.collections.listing import BETWEEN, hydra, search_graph
from plangraf.views.describe import defined_terms
from plangraf.views.engine_answers import fetch_rows
from plangraf.views.wording import LANGUAGES, texts

PATH = "collections"

_XSD_INTEGER = NamedNode(PREFIXES["xsd"] + "integer")
_TITLE = NamedNode(PREFIXES["dcterms"] + "title")
_WORDS = tuple((code, texts(code)["collections"]) for code in LANGUAGES)


async def count_members(snapshot: Snapshot, collections: Mapping[str, Collection]) -> dict[str, int]:
    """The number of things in each collection, by path.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    terms = await snapshot.part(defined_terms)
    usable = [collection.usable(terms) for collection in collections.values()]
    whole = " ".join(f'("{one.path}" <{iri}>)' for one in usable if not one.narrowed for iri in one.classes)
    parts = [f"{{ VALUES (?path ?class) {{ {whole} }} ?thing a ?class }}"]
    parts += [f'{{ VALUES ?path {{ "{one.path}" }} {one.members} }}' for one in usable if one.narrowed and one.classes]
    rows = await fetch_rows(
        snapshot.engine,
        f"""SELECT ?path (COUNT(DISTINCT ?thing) AS ?number) WHERE {{
          {" UNION ".join(parts)}
        }} GROUP BY ?path ORDER BY ?path""",
    )
    counted = {row["path"]["value"]: int(row["number"]["value"]) for row in rows}
    return {path: counted.get(path, 0) for path in collections}


def index_graph(base: str, collections: Mapping[str, Collection], found: Mapping[str, int]) -> Statements:
    """The list in Hydra: a collection of collections, each with its class and its search template.

    Args:
        base: absolute address of the service, or of one version of it.
        collections: all collections by path.
        found: the result of `count_members`.
    """
    own = NamedNode(f"{base}/{PATH}")
    graph: Statements = [
        (own, RDF_TYPE, hydra("Collection")),
        *((own, _TITLE, Literal(text, language=language)) for language, text in _WORDS),
        (own, hydra("totalItems"), Literal(str(len(found)), datatype=_XSD_INTEGER)),
    ]
    for path, number in found.items():
        collection, address = collections[path], f"{base}/{path}"
        listed = NamedNode(address)
        graph += [
            (own, hydra("member"), listed),
            (listed, RDF_TYPE, hydra("Collection")),
            *((listed, _TITLE, Literal(collection.title(code), language=code)) for code, _ in _WORDS),
            (listed, hydra("totalItems"), Literal(str(number), datatype=_XSD_INTEGER)),
            *search_graph(collection, listed, address),
        ]
        # Only for a single class, because every member satisfies all assertions, but has only one of several classes.
        if len(collection.classes) == 1:
            members = NamedNode(f"{address}#members")
            graph += [
                (listed, hydra("memberAssertion"), members),
                (members, hydra("property"), RDF_TYPE),
                (members, hydra("object"), NamedNode(collection.classes[0])),
            ]
    return graph


def index_csv(base: str, collections: Mapping[str, Collection], found: Mapping[str, int], language: str) -> bytes:
    """Writes one row per collection: address, title, number of things, classes and names of the filters."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["collection", "title", "total", "classes", "filters"])
    for path, number in found.items():
        collection = collections[path]
        filters = BETWEEN.join(facet.name for facet in collection.facets)
        classes = BETWEEN.join(collection.classes)
        writer.writerow([f"{base}/{path}", collection.title(language), number, classes, filters])
    return out.getvalue().encode()
