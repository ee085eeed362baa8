"""RDF/XML of other catalogues: entities are read, but never expanded without a limit."""

from __future__ import annotations

import pyoxigraph
import pytest

from plangraf.portals.catalogue_document import UnreadableError, parse_document

_DOCUMENT = """<?xml version="1.0"?><!DOCTYPE rdf:RDF [{entities}]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">
<rdf:Description rdf:about="http://example.org/x"><e:p>{text}</e:p></rdf:Description></rdf:RDF>"""
_NESTED = '<!ENTITY a "0123456789">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def read(entities: str, text: str) -> list[pyoxigraph.Quad]:
    body = _DOCUMENT.format(entities=entities, text=text).encode()
    return parse_document(body, pyoxigraph.RdfFormat.RDF_XML)


@pytest.mark.parametrize(
    ("entities", "text"),
    [(_NESTED, "&i;"), (f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 2_000)],
    ids=["nested", "repeated"],
)
def test_entities_that_expand_to_many_times_the_document_are_refused(entities: str, text: str) -> None:
    with pytest.raises(UnreadableError, match="XML entities expand to many times its size"):
        read(entities, text)


def test_an_entity_that_shortens_an_iri_is_read() -> None:
    (quad,) = read('<!ENTITY e "http://example.org/">', "&e;y")
    assert quad.object == pyoxigraph.Literal("http://example.org/y")


def test_an_entity_that_names_a_file_is_refused() -> None:
    with pytest.raises(UnreadableError):
        read('<!ENTITY e SYSTEM "file:///etc/hostname">', "&e;")
