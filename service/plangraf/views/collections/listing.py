"""Writes one page of a collection as a graph (Hydra), table rows, and CSV, with the same values in each.

Hydra: https://www.hydra-cg.com/spec/latest/core/; CSV: RFC 4180, one header line, CRLF.

Also the list of all collections with the number of their things, as a graph (Hydra) and as CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.bindings_writer import BindingsWriter, Term
from plangraf.rdf.formats import TSV
from plangraf.rdf.graph import RDF_TYPE, Graph, Statements, Value
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.jsonld_documents import compact_document
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, PREFIXES, SERVICE_PREFIXES, local_name, short_name
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.collection import Collection, Column, Facet, Sort
from plangraf.sparql.named.head import Titled
from plangraf.views.collections.collation import collation_key
from plangraf.views.declarations import LABELS
from plangraf.views.describe import Labels, defined_terms
from plangraf.views.document_parts import document_path, sdg_code
from plangraf.views.engine_answers import fetch, fetch_rows
from plangraf.views.page_value import PageValue

HYDRA = SERVICE_PREFIXES["hydra"]
BETWEEN = " | "
"""Separates several values in one CSV cell."""

_XSD = PREFIXES["xsd"]
_TITLE = NamedNode(PREFIXES["dcterms"] + "title")
_DESCRIPTION = NamedNode(PREFIXES["dcterms"] + "description")
_NOTATION = NamedNode(PREFIXES["skos"] + "notation")
# This number of IRIs of usual length stays below the size limit of a query.
_BATCH = 400
_NAMES = frozenset(label.value for label in LABELS)
PATH = "collections"
_XSD_INTEGER = NamedNode(PREFIXES["xsd"] + "integer")
_WORDS = (("nb", "Lister"), ("en", "Lists"))


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one selection of a collection: `collection` without order and page, `page` of page n."""

    base: str
    filters: Mapping[Facet, str]
    sort: Sort | None
    limit: int | None
    version: str

    @property
    def collection(self) -> str:
        return self._with({})

    def page(self, number: int, *, suffix: str = "", more: Mapping[str, str] | None = None) -> str:
        """The address of a page of this version. `more` are parameters that change the form of the answer only."""
        return self._with({**self._form, "version": self.version, "page": str(number), **(more or {})}, suffix)

    def start(self, suffix: str = "", more: Mapping[str, str] | None = None) -> str:
        """The address of the first page of the current version."""
        return self._with({**self._form, **(more or {})}, suffix)

    def lasting(self, number: int) -> str:
        """The address of a page of the current version."""
        return self.start(more={"page": str(number)} if number > 1 else None)

    @property
    def _form(self) -> dict[str, str]:
        sort = {"sort": str(self.sort)} if self.sort is not None else {}
        return {**sort, "limit": str(self.limit)} if self.limit is not None else sort

    def _with(self, parameters: Mapping[str, str], suffix: str = "") -> str:
        chosen = {facet.name: facet.short(value) for facet, value in self.filters.items()}
        query = urlencode({**chosen, **parameters}, safe="/")
        return f"{self.base}{suffix}?{query}" if query else self.base + suffix


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `things` in order, and `graph` with their statements and the labels of the things they name.

    `explanation` says why the version has none of the collection's things.
    """

    collection: Collection
    addresses: Addresses
    number: int
    last: int
    total: int
    things: Sequence[NamedNode]
    graph: Statements
    explanation: Titled | None = None

    @property
    def others(self) -> dict[str, int]:
        """The page numbers that this page links to, by their names in Hydra and RFC 8288."""
        found = {"first": 1}
        if self.number > 1:
            found["previous"] = self.number - 1
        if self.number < self.last:
            found["next"] = self.number + 1
        return found | {"last": self.last}


async def fetch_members(snapshot: Snapshot, collection: Collection, things: Sequence[NamedNode]) -> Statements:
    """Types, labels and columns of the things, and types, labels and second steps of their values.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    steps = [column.path for column in collection.columns if column.path]
    own = {path[0] for path in steps} | {column.other for column in collection.columns if column.other}
    graph = await fetch_statements(snapshot, things, own)
    known = set(things)
    linked = {value for _, p, value in graph if isinstance(value, NamedNode) and p != RDF_TYPE and value not in known}
    second = {path[1] for path in steps if len(path) > 1}
    graph += await fetch_statements(snapshot, sorted(linked, key=str), {_NOTATION.value, *second})
    return graph


async def fetch_statements(snapshot: Snapshot, things: Sequence[NamedNode], properties: Iterable[str]) -> Statements:
    """Types, labels and further properties of the things, without properties that the version does not define.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    terms = await snapshot.part(defined_terms)
    defined = (iri for iri in properties if iri in terms or not iri.startswith(CLOSED_NAMESPACES))
    named = {RDF_TYPE, *LABELS, *map(NamedNode, defined)}
    graph: Statements = []
    for start in range(0, len(things), _BATCH):
        values = " ".join(map(str, things[start : start + _BATCH]))
        # A FILTER reads only the triples of each thing. A second VALUES, for ?p, would make the engine scan all data.
        graph += await fetch(
            snapshot.engine,
            f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
              VALUES ?s {{ {values} }} ?s ?p ?o FILTER (?p IN ({", ".join(sorted(map(str, named)))}))
            }}""",
        )
    return graph


def page_graph(page: Page) -> Statements:
    """The page in Hydra, with the statements about its things."""
    own, view = NamedNode(page.addresses.collection), NamedNode(page.addresses.page(page.number))
    title = page.collection.title
    graph: Statements = [
        (own, RDF_TYPE, hydra("Collection")),
        (own, _TITLE, Literal(title("nb"), language="nb")),
        (own, _TITLE, Literal(title("en"), language="en")),
        (own, hydra("totalItems"), Literal(str(page.total), datatype=NamedNode(_XSD + "integer"))),
        (own, hydra("view"), view),
        (view, RDF_TYPE, hydra("PartialCollectionView")),
        *((view, hydra(name), NamedNode(page.addresses.page(n))) for name, n in page.others.items()),
        *((own, hydra("member"), thing) for thing in page.things),
        *_described(own, page.explanation),
        *search_graph(page.collection, own, page.addresses.base),
    ]
    return [*graph, *page.graph]


def _described(own: NamedNode, explanation: Titled | None) -> Statements:
    if explanation is None:
        return []
    return [
        (own, _DESCRIPTION, Literal(text, language=code))
        for code, text in zip(LANGUAGES, explanation.text, strict=True)
    ]


def search_graph(collection: Collection, own: NamedNode, base: str) -> Statements:
    """The search template: the facets as an IRI template."""
    if not collection.facets:
        return []
    search = NamedNode(f"{base}#search")
    names = ",".join(facet.name for facet in collection.facets)
    graph: Statements = [
        (own, hydra("search"), search),
        (search, RDF_TYPE, hydra("IriTemplate")),
        (search, hydra("template"), Literal(f"{base}{{?{names}}}")),
    ]
    for facet in collection.facets:
        mapping = NamedNode(f"{base}#search-{facet.name}")
        graph += [
            (search, hydra("mapping"), mapping),
            (mapping, RDF_TYPE, hydra("IriTemplateMapping")),
            (mapping, hydra("variable"), Literal(facet.name)),
            (mapping, hydra("property"), NamedNode(facet.property)),
            (mapping, hydra("required"), Literal("false", datatype=NamedNode(_XSD + "boolean"))),
        ]
    return graph


def json_ld(context: Context, page: Page) -> dict[str, Any]:
    """The page in JSON-LD, with its things under hydra:member in page order."""
    document = compact_document(context, NamedNode(page.addresses.collection), page_graph(page))
    place = {thing.value: number for number, thing in enumerate(page.things)}
    terms = context.terms(HYDRA + "member")
    name = terms[0].name if terms else context.compact_iri(HYDRA + "member")

    def key(member: str | dict[str, Any]) -> int:
        return place[member if isinstance(member, str) else member[context.id]]

    found = document.get(name, [])
    document[name] = sorted(found if isinstance(found, list) else [found], key=key)
    return document


def hydra(name: str) -> NamedNode:
    return NamedNode(HYDRA + name)


class Table:
    """The rows of a page in one language."""

    def __init__(self, page: Page, language: str, prefix: str = "") -> None:
        self._page = page
        self._language = language
        self._prefix = prefix
        self._facts = Graph(page.graph)
        self._labels = Labels(self._facts)

    def rows(self) -> list[list[list[PageValue]]]:
        """The values of each column of each thing. The name of a thing links to its document."""
        return [
            [
                [
                    self._shown(value, thing if not column.path or column.path[-1] in _NAMES else None)
                    for value in self.values(thing, column)
                ]
                for column in self._page.collection.columns
            ]
            for thing in self._page.things
        ]

    def values(self, thing: NamedNode, column: Column) -> list[Value]:
        """The values of one column of one thing, in natural order. Texts appear in one language, the best one."""
        if not column.path:
            return [Literal(local_name(thing.value))]
        found = self._facts.values(thing, NamedNode(column.path[0]))
        if len(column.path) > 1:
            found = [
                value
                for step in found
                if isinstance(step, NamedNode)
                for value in self._facts.values(step, NamedNode(column.path[1]))
            ]
        if not found and column.other:
            found = self._facts.values(thing, NamedNode(column.other))
        tagged = [value for value in found if isinstance(value, Literal) and value.language]
        if tagged:
            best = min(map(self._rank, tagged))
            found = [value for value in tagged if self._rank(value) == best]
        if len(found) < 2:
            return found
        return sorted(dict.fromkeys(found), key=lambda value: collation_key(str(value)))

    def csv(self) -> bytes:
        """Writes one row per thing: its IRI, then each column. A column of things appears twice: as IRIs, as names."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self._names())
        for cells in self._cells():
            writer.writerow([cell.value if cell else "" for cell in cells])
        return out.getvalue().encode()

    def tsv(self) -> bytes:
        """Writes the rows of `csv` as SPARQL TSV, in which a single value keeps its datatype."""
        names = self._names()
        writer = BindingsWriter.of(names, TSV)
        return writer.join([writer.cells(zip(names, cells, strict=True))] for cells in self._cells())

    def _names(self) -> list[str]:
        columns = self._page.collection.columns
        names = [[column.name, f"{column.name}Label"] if column.links else [column.name] for column in columns]
        return ["thing", *(name for pair in names for name in pair)]

    def _cells(self) -> Iterator[list[Term | None]]:
        """The row of each thing; several values are one text, and a column without values is unbound."""
        for thing in self._page.things:
            cells: list[Term | None] = [thing]
            for column in self._page.collection.columns:
                values = self.values(thing, column)
                if column.links:
                    things = [value for value in values if isinstance(value, NamedNode)]
                    cells.append(
                        things[0] if len(values) == len(things) == 1 else _joined(str(v.value) for v in values)
                    )
                only = values[0] if len(values) == 1 else None
                shown = only if isinstance(only, Literal) else _joined(self._shown(value).text for value in values)
                cells.append(shown)
            yield cells

    def _rank(self, value: Literal) -> tuple[int, str]:
        preferred = [self._language, "nb", "nn", "se", "en"]
        language = value.language or ""
        return (preferred.index(language) if language in preferred else len(preferred)), language

    def _shown(self, value: Value, leads_to: NamedNode | None = None) -> PageValue:
        if isinstance(value, Literal):
            href = self._prefix + document_path(leads_to.value) if leads_to else None
            return PageValue(value.value, href, value.language)
        return page_value(self._labels, value, self._language, self._prefix, known=value in self._facts)


def _joined(texts: Iterable[str]) -> Literal | None:
    found = list(texts)
    return Literal(BETWEEN.join(found)) if found else None


def page_value(labels: Labels, thing: Value, language: str, prefix: str, *, known: bool = True) -> PageValue:
    """A thing as its label, for UN things with the code. The link leads to its document if it is `known`."""
    if not isinstance(thing, NamedNode):
        return PageValue("…")
    found, code = labels.best(thing, language), sdg_code(thing.value)
    text = found.value if found else short_name(thing.value)
    href = prefix + document_path(thing.value) if known else thing.value
    return PageValue(f"{code} {text}" if code and found else text, href, found.language if found else None, thing.value)


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
            *_described(listed, None if number else collection.when_empty),
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
