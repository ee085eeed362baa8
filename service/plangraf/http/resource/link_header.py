"""The Link header (RFC 8288) of all descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from plangraf.pages.html import Alternate
from plangraf.rdf.namespaces import ONTOLOGY

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
_IRI_CHARACTERS = ":/?#[]@!$&'()*+,;=%~"


def link_header(canonical: str, alternates: Iterable[Alternate] = (), thing: str | None = None) -> str:
    """Links a document to its address, its vocabulary, its licence, the thing that it describes, its other formats.

    Args:
        canonical: the document's public address, as in the sitemap.
        alternates: the same document in other formats.
        thing: IRI of the thing that the document describes (RFC 6892); None when it describes several.
    """
    found = [
        f'<{quote(canonical, safe=_IRI_CHARACTERS)}>; rel="canonical"',
        *([f'<{quote(thing, safe=_IRI_CHARACTERS)}>; rel="describes"'] if thing else []),
        f'<{ONTOLOGY}>; rel="describedby"',
        f'<{LICENSE}>; rel="license"',
        *(f'<{other.href}>; rel="alternate"; type="{other.format.media_type}"' for other in alternates),
    ]
    return ", ".join(found)
