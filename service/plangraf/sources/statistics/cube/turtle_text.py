"""Turtle text for files that an import writes: the same bytes for the same triples in the same order."""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from plangraf.rdf.namespaces import PREFIXES, used_prefixes


def turtle_text(triples: Sequence[Triple], comment: str) -> bytes:
    """The triples with the prefixes that they need, under a line that says what the file holds."""
    iris = {term.value for triple in triples for term in triple if isinstance(term, NamedNode)}
    iris |= {term.datatype.value for triple in triples for term in triple if hasattr(term, "datatype")}
    body = serialize(list(dict.fromkeys(triples)), format=RdfFormat.TURTLE, prefixes=used_prefixes(iris, PREFIXES))
    assert body is not None
    return f"# {comment}\n".encode() + body
