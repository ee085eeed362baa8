"""The credentials of an endpoint: the value of Authorization, or the name and password of a Digest.

https://www.rfc-editor.org/rfc/rfc7616
"""

from __future__ import annotations

import re

import httpx

# A ready value of a Digest has `name="…"` first, which is of no use, because each holds for one request.
_DIGEST = re.compile(r"digest +([^:=\"\s]+):(.*)", re.IGNORECASE | re.DOTALL)


def headers_of(secret: str) -> dict[str, str]:
    """The field of each request; empty for none, and for a Digest, which answers a challenge."""
    return {"Authorization": secret} if secret and not _DIGEST.fullmatch(secret) else {}


def digest_of(secret: str) -> httpx.Auth | None:
    """What answers the challenges of an endpoint that wants a Digest: `Digest name:password`."""
    found = _DIGEST.fullmatch(secret)
    return httpx.DigestAuth(found[1], found[2]) if found else None
