"""The Link header (RFC 8288) that descriptions of all kinds have alike."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from plangraf.pages.html import Alternate
from plangraf.rdf.namespaces import ONTOLOGY

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
_IRI_CHARACTERS = ":/?#[]@!$&'()*+,;=%~"


def links(canonical: str, alternates: Iterable[Alternate] = (), thing: str | None = None) -> str:
    """Where a document is, its vocabulary, its licence, the thing that it describes, its other formats.

    Args:
        canonical: the document's own public address, the one that the sitemap names.
        alternates: the same document in other formats.
        thing: IRI of what the document is about (RFC 6892); None when it describes several.
    """
    found = [
        f'<{quote(canonical, safe=_IRI_CHARACTERS)}>; rel="canonical"',
        *([f'<{quote(thing, safe=_IRI_CHARACTERS)}>; rel="describes"'] if thing else []),
        f'<{ONTOLOGY}>; rel="describedby"',
        f'<{LICENSE}>; rel="license"',
        *(f'<{other.href}>; rel="alternate"; type="{other.format.media_type}"' for other in alternates),
    ]
    return ", ".join(found)
