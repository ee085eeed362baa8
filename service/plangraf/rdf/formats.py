"""The one table of formats: what a client may ask for, by media type, by file ending and by name.

Result formats follow SPARQL 1.1 (JSON, XML, CSV/TSV), graph formats their own specifications.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["results", "graph", "page"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `media_type` is bare; `content_type` is what is sent; `boolean` says whether ASK has it.

    `aliases` are further media types, `names` further values of `format=`, that clients use for it.
    """

    name: str
    kind: Kind
    media_type: str
    suffix: str
    label: str
    iri: str | None = None
    charset: bool = False
    boolean: bool = False
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


_W3C = "http://www.w3.org/ns/formats/"

JSON = Format(
    "json", "results", "application/sparql-results+json", "json", "SPARQL JSON",
    _W3C + "SPARQL_Results_JSON", boolean=True, aliases=("application/json",), names=("srj",),
)  # fmt: skip
XML = Format(
    "xml", "results", "application/sparql-results+xml", "xml", "SPARQL XML",
    _W3C + "SPARQL_Results_XML", boolean=True, aliases=("application/xml", "text/xml"), names=("srx",),
)  # fmt: skip
CSV = Format("csv", "results", "text/csv", "csv", "CSV", _W3C + "SPARQL_Results_CSV", charset=True)
TSV = Format("tsv", "results", "text/tab-separated-values", "tsv", "TSV", _W3C + "SPARQL_Results_TSV", charset=True)

TURTLE = Format(
    "turtle", "graph", "text/turtle", "ttl", "Turtle", _W3C + "Turtle",
    charset=True, aliases=("application/x-turtle",), names=("n3",),
)  # fmt: skip
JSON_LD = Format(
    "jsonld", "graph", "application/ld+json", "jsonld", "JSON-LD", _W3C + "JSON-LD",
    aliases=("application/json",), names=("json-ld", "json"),
)  # fmt: skip
N_TRIPLES = Format(
    "ntriples", "graph", "application/n-triples", "nt", "N-Triples", _W3C + "N-Triples",
    aliases=("text/plain",), names=("n-triples",),
)  # fmt: skip
RDF_XML = Format(
    "rdfxml", "graph", "application/rdf+xml", "rdf", "RDF/XML", _W3C + "RDF_XML",
    aliases=("application/xml", "text/xml"), names=("rdf+xml", "rdf/xml", "xml"),
)  # fmt: skip
TRIG = Format("trig", "graph", "application/trig", "trig", "TriG", _W3C + "TriG", charset=True)
N_QUADS = Format("nquads", "graph", "application/n-quads", "nq", "N-Quads", _W3C + "N-Quads", names=("n-quads",))

# Lists of our own that are no RDF.
PLAIN_JSON = Format("json", "page", "application/json", "json", "JSON")
HTML = Format("html", "page", "text/html", "html", "HTML", charset=True, aliases=("application/xhtml+xml",))

# The first of each list is the default: what a client gets that accepts anything.
RESULT_FORMATS: tuple[Format, ...] = (JSON, XML, CSV, TSV)
BOOLEAN_FORMATS: tuple[Format, ...] = tuple(f for f in RESULT_FORMATS if f.boolean)
GRAPH_FORMATS: tuple[Format, ...] = (TURTLE, JSON_LD, N_TRIPLES, RDF_XML)
DOCUMENT_FORMATS: tuple[Format, ...] = (*GRAPH_FORMATS, HTML)
# Triples with the graphs that they stand in.
DATASET_FORMATS: tuple[Format, ...] = (TRIG, N_QUADS)
ALL_FORMATS: tuple[Format, ...] = (*RESULT_FORMATS, *DOCUMENT_FORMATS, *DATASET_FORMATS)

BY_SUFFIX: dict[str, Format] = {f.suffix: f for f in ALL_FORMATS}
