"""Headers that forbid a browser to do more than display; on every answer, because a browser can open any of them.

https://www.w3.org/TR/CSP3/, https://fetch.spec.whatwg.org/#x-content-type-options-header,
https://www.w3.org/TR/referrer-policy/
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

CONTENT_SECURITY_POLICY = "Content-Security-Policy"
_NO_SCRIPT = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
BROWSER_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    CONTENT_SECURITY_POLICY: _NO_SCRIPT,
}
"""Set on every answer; a page that needs more sets its own Content-Security-Policy."""
BROWSER_HEADERS_RAW = tuple((name.lower().encode(), value.encode()) for name, value in BROWSER_HEADERS.items())

_INLINE = re.compile(rb"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL)
_DATA = re.compile(rb"""type\s*=\s*["']application/""")


def policy_for(page: bytes, *, scripts: bool = False) -> str:
    """The policy of a generated page; it allows the page's inline styles and scripts by their hashes.

    Args:
        page: the HTML as it is sent.
        scripts: whether the page also loads scripts and data from this host.
    """
    hashes: dict[bytes, list[str]] = {b"script": [], b"style": []}
    for kind, attributes, text in _INLINE.findall(page):
        if text.strip() and not _DATA.search(attributes):
            digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
            hashes[kind].append(f"'sha256-{digest}'")
    policy = _NO_SCRIPT.replace("style-src 'self'", " ".join(["style-src 'self'", *hashes[b"style"]]))
    if scripts or hashes[b"script"]:
        policy += "; " + " ".join(["script-src 'self'", *hashes[b"script"]])
    return f"{policy}; connect-src 'self'" if scripts else policy
