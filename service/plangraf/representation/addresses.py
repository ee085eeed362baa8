"""Where the service answers for an IRI: paths of its own, never with a host (DESIGN §2)."""

from __future__ import annotations

import re
from urllib.parse import quote

from plangraf.namespaces import ID, ONTOLOGY, SDG, SHAPES

_SDG_PATHS = (
    (re.compile(re.escape(SDG) + r"([1-9][0-9]?\.[0-9a-z]{1,2})"), "/targets/"),
    (re.compile(re.escape(SDG) + r"([1-9][0-9]?)"), "/goals/"),
)


def document_path(iri: str) -> str:
    """The path of the document that describes an IRI; whether the data know it, the caller knows."""
    if iri.startswith(ID):
        return "/doc/" + quote(iri[len(ID) :], safe="/:@!$&'()*+,;=~")
    for start, path in ((ONTOLOGY, "/ontology"), (SHAPES, "/shapes")):
        if iri == start or iri.startswith(start + "#"):
            return path + iri[len(start) :]
    for pattern, path in _SDG_PATHS:
        if match := pattern.fullmatch(iri):
            return path + match[1]
    return "/doc?iri=" + quote(iri, safe="")
