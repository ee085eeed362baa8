"""Maps an IRI to the path at which the service describes it. Paths never contain a host."""

from __future__ import annotations

import re
from urllib.parse import quote

from plangraf.rdf.namespaces import ID, ONTOLOGY, SDG, SHAPES

_SDG_CODE = re.compile(re.escape(SDG) + r"([1-9][0-9]?(?:\.[0-9a-z]{1,2})?)")


def sdg_code(iri: str) -> str | None:
    """The code, `11.6` or `11`, of a UN target or goal; None for any other IRI."""
    match = _SDG_CODE.fullmatch(iri)
    return match[1] if match else None


def document_path(iri: str) -> str:
    """The path of the document that describes an IRI. The caller knows whether the data contain it."""
    if iri.startswith(ID):
        return "/doc/" + quote(iri[len(ID) :], safe="/:@!$&'()*+,;=~")
    for start, path in ((ONTOLOGY, "/ontology"), (SHAPES, "/shapes")):
        if iri == start or iri.startswith(start + "#"):
            return path + iri[len(start) :]
    if code := sdg_code(iri):
        return f"/targets/{code}" if "." in code else f"/goals/{code}"
    return "/doc?iri=" + quote(iri, safe="")
