"""Headers that forbid a browser to do more than display; on every answer, because a browser can open any of them.

https://www.w3.org/TR/CSP3/, https://fetch.spec.whatwg.org/#x-content-type-options-header,
https://www.w3.org/TR/referrer-policy/
"""

from __future__ import annotations

from collections.abc import Mapping

CONTENT_SECURITY_POLICY = "Content-Security-Policy"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)
"""Nothing inline and nothing from another host, so that no text of the data can act as script or style."""
BROWSER_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    CONTENT_SECURITY_POLICY: f"{_POLICY}'self'",
}
"""Set on every answer; an answer that needs more sets its own Content-Security-Policy."""
BROWSER_HEADERS_RAW = tuple((name.lower().encode(), value.encode()) for name, value in BROWSER_HEADERS.items())
EMBEDDABLE: Mapping[str, str] = {CONTENT_SECURITY_POLICY: f"{_POLICY}*"}
"""For an answer that any site may show in a frame, such as a picture."""
