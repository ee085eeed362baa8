"""The registry of formats. A new format needs an entry here, and the writer that the entry names.

Negotiation, service description, engine and views look up formats here. Result formats follow SPARQL 1.1, graph
formats their own specifications.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal

from pyoxigraph import QueryResultsFormat, RdfFormat

Kind = Literal["bindings", "table", "cube", "graph", "quads", "list", "picture", "page"]
"""What a format holds: rows of a query as terms, as plain cells or as a statistical data set, triples, triples with
their graphs, a list of the service's own, a picture, a page for people."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `media_type` has no parameters; `content_type` is the header field. `boolean` allows it for ASK.

    `writer` is pyoxigraph's name of the format; a format without one has a writer in this project. `aliases` are
    further media types, and `names` further values of `format=`, that clients use. `iri` names it in descriptions.
    `profile` distinguishes it from another format of the same media type; such a format is chosen by ending or name,
    never by Accept. `package` writes the format where the `extra` is installed; elsewhere the format is not offered.
    """

    name: str
    kind: Kind
    media_type: str
    suffix: str
    label: str
    writer: RdfFormat | QueryResultsFormat | None = field(default=None, compare=False)
    iri: str | None = None
    charset: bool = False
    boolean: bool = False
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    profile: str | None = None
    package: str | None = None
    extra: str | None = None

    @property
    def content_type(self) -> str:
        if self.profile is not None:
            return f'{self.media_type}; profile="{self.profile}"'
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


_W3C = "http://www.w3.org/ns/formats/"

JSON = Format(
    "json",
    "bindings",
    "application/sparql-results+json",
    "json",
    "SPARQL JSON",
    QueryResultsFormat.JSON,
    _W3C + "SPARQL_Results_JSON",
    boolean=True,
    aliases=("application/json",),
    names=("srj",),
)
XML = Format(
    "xml",
    "bindings",
    "application/sparql-results+xml",
    "xml",
    "SPARQL XML",
    QueryResultsFormat.XML,
    _W3C + "SPARQL_Results_XML",
    boolean=True,
    aliases=("application/xml", "text/xml"),
    names=("srx",),
)
CSV = Format(
    "csv", "table", "text/csv", "csv", "CSV", QueryResultsFormat.CSV, _W3C + "SPARQL_Results_CSV", charset=True
)
TSV = Format(
    "tsv",
    "table",
    "text/tab-separated-values",
    "tsv",
    "TSV",
    QueryResultsFormat.TSV,
    _W3C + "SPARQL_Results_TSV",
    charset=True,
)
# Written from SPARQL TSV by `rdf.parquet_rows`.
PARQUET = Format(
    "parquet",
    "table",
    "application/vnd.apache.parquet",
    "parquet",
    "Parquet",
    package="pyarrow",
    extra="parquet",
)
# Statistical offices send JSON-stat as plain JSON, and R and the JSON-stat tools ask for nothing else. The profile
# (RFC 6906) tells it from SPARQL JSON, which a client that accepts application/json must go on getting.
JSON_STAT = Format(
    "json-stat",
    "cube",
    "application/json",
    "json-stat",
    "JSON-stat",
    names=("json-stat2", "jsonstat"),
    profile="https://json-stat.org/full/",
)
TURTLE = Format(
    "turtle",
    "graph",
    "text/turtle",
    "ttl",
    "Turtle",
    RdfFormat.TURTLE,
    _W3C + "Turtle",
    charset=True,
    aliases=("application/x-turtle",),
    names=("n3",),
)
JSON_LD = Format(
    "jsonld",
    "graph",
    "application/ld+json",
    "jsonld",
    "JSON-LD",
    RdfFormat.JSON_LD,
    _W3C + "JSON-LD",
    aliases=("application/json",),
    names=("json-ld", "json"),
)
N_TRIPLES = Format(
    "ntriples",
    "graph",
    "application/n-triples",
    "nt",
    "N-Triples",
    RdfFormat.N_TRIPLES,
    _W3C + "N-Triples",
    aliases=("text/plain",),
    names=("n-triples",),
)
RDF_XML = Format(
    "rdfxml",
    "graph",
    "application/rdf+xml",
    "rdf",
    "RDF/XML",
    RdfFormat.RDF_XML,
    _W3C + "RDF_XML",
    aliases=("application/xml", "text/xml"),
    names=("rdf+xml", "rdf/xml", "xml"),
)
TRIG = Format("trig", "quads", "application/trig", "trig", "TriG", RdfFormat.TRIG, _W3C + "TriG", charset=True)
N_QUADS = Format(
    "nquads", "quads", "application/n-quads", "nq", "N-Quads", RdfFormat.N_QUADS, _W3C + "N-Quads", names=("n-quads",)
)
PLAIN_JSON = Format("json", "list", "application/json", "json", "JSON")
# Not among FORMATS, because only pictures have them.
SVG = Format("svg", "picture", "image/svg+xml", "svg", "SVG", charset=True)
PNG = Format("png", "picture", "image/png", "png", "PNG")
HTML = Format("html", "page", "text/html", "html", "HTML", charset=True, aliases=("application/xhtml+xml",))

# In the order of preference: a client that accepts anything gets the first format that the address offers.
_REGISTERED: tuple[Format, ...] = (
    JSON,
    XML,
    CSV,
    TSV,
    PARQUET,
    JSON_STAT,
    TURTLE,
    JSON_LD,
    N_TRIPLES,
    RDF_XML,
    TRIG,
    N_QUADS,
    PLAIN_JSON,
    HTML,
)
FORMATS = tuple(one for one in _REGISTERED if one.package is None or find_spec(one.package))


def of_kinds(*kinds: Kind) -> tuple[Format, ...]:
    """The formats of the given kinds, kind by kind, in the order of preference."""
    return tuple(format_ for kind in kinds for format_ in FORMATS if format_.kind == kind)


def not_installed(offered: Iterable[Format]) -> tuple[Format, ...]:
    """The formats that an address with tables would offer if their packages were installed."""
    if not any(one.kind == "table" for one in offered):
        return ()
    return tuple(one for one in _REGISTERED if one not in FORMATS)


RESULT_FORMATS = of_kinds("bindings", "table")
BOOLEAN_FORMATS = tuple(format_ for format_ in RESULT_FORMATS if format_.boolean)
GRAPH_FORMATS = of_kinds("graph")
DATASET_FORMATS = of_kinds("quads")
# HTML is last, because a client without a preference should get data.
DOCUMENT_FORMATS = of_kinds("graph", "page")
ALL_FORMATS = of_kinds("bindings", "table", "graph", "page", "quads")
