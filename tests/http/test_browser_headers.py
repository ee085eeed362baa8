"""The headers for browsers on every answer, and the cache bypass for requests with credentials."""

from __future__ import annotations

import httpx
import pytest

from plangraf.http.pipeline.browser_headers import BROWSER_HEADERS, EMBEDDABLE

QUERY = "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%201"
ADDRESSES = {
    "/": 200,
    "/docs": 200,
    "/ontology": 200,
    "/shapes": 200,
    "/sparql": 200,
    "/sparql/vocabulary": 200,
    "/static/style.css": 200,
    "/static/search.js": 200,
    "/plans.csv": 200,
    "/health/live": 200,
    "/openapi.json": 200,
    QUERY: 200,
    "/sparql?query=SELECT": 400,
    "/nothing": 404,
}


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.1", "*/*"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_allows_a_browser_only_to_display_it(client: httpx.Client, address: str, accept: str) -> None:
    # The third one comes by the bytes of the request.
    for _ in range(3):
        answer = client.get(address, headers={"Accept": accept})
        assert answer.status_code == ADDRESSES[address]
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert answer.headers.get_list("referrer-policy") == ["strict-origin-when-cross-origin"]
        (policy,) = answer.headers.get_list("content-security-policy")
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy


def test_a_304_has_the_same_browser_headers(client: httpx.Client) -> None:
    tag = client.get("/plans.csv").headers["etag"]
    unchanged = client.get("/plans.csv", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.headers["x-content-type-options"]) == (304, "nosniff")


def test_a_policy_allows_scripts_and_styles_of_this_host_only() -> None:
    allowed = dict(part.split(" ", 1) for part in BROWSER_HEADERS["Content-Security-Policy"].split("; "))
    assert allowed == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    framed = dict(part.split(" ", 1) for part in EMBEDDABLE["Content-Security-Policy"].split("; "))
    assert framed == {**allowed, "frame-ancestors": "*"}


@pytest.mark.parametrize("credentials", [{"Authorization": "Bearer a"}, {"Cookie": "session=a"}])
@pytest.mark.parametrize("address", [QUERY, "/plans.csv", "/"])
def test_a_request_with_credentials_bypasses_the_cache(
    client: httpx.Client, address: str, credentials: dict[str, str]
) -> None:
    for _ in range(3):
        anyone = client.get(address)
    timing = anyone.headers["server-timing"]
    assert timing == "cache;desc=hit"
    for _ in range(3):
        answer = client.get(address, headers=credentials)
        assert answer.content == anyone.content
        assert answer.headers.get("server-timing") != "cache;desc=hit"
        assert answer.headers["cache-control"] == "private, no-store"


def test_an_answer_to_a_request_with_credentials_is_not_shared(client: httpx.Client) -> None:
    address = QUERY + "%20%23%20only%20with%20credentials"
    for _ in range(3):
        client.get(address, headers={"Authorization": "Bearer a"})
    assert client.get(address).headers["server-timing"].startswith("queue;")
    assert client.get(address).headers["server-timing"] == "cache;desc=hit"
