"""Content codings by RFC 9110 §12.5.3: only on request, each with its own ETag."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import httpx
import pytest
import zstandard

import plangraf.pages
from plangraf.errors import CodingNotAcceptableError
from plangraf.http.pipeline.coding import CODINGS, IDENTITY, SMALLEST, choose_coding, encode, encoder, tag_of

DECODED = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}
PLANS = "/queries/plans.csv"


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, IDENTITY),
        ("", IDENTITY),
        ("identity", IDENTITY),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("br;q=0", IDENTITY),
        ("deflate", IDENTITY),
        ("*", "zstd"),
        ("*;q=0.1, gzip;q=0.5", "gzip"),
        ("gzip;q=0.2, identity", IDENTITY),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("zstd;q=0, br;q=0, *", "gzip"),
        ("gzip;q=0, *;q=0, identity", IDENTITY),
        ("identity;q=0, br", "br"),
    ],
)
def test_the_coding_follows_the_header(header: str | None, coding: str) -> None:
    assert choose_coding(header).name == coding


@pytest.mark.parametrize("header", ["identity;q=0", "*;q=0", "deflate, identity;q=0", "gzip;q=0, *;q=0"])
def test_a_header_that_excludes_every_coding_is_refused_with_the_choices(header: str) -> None:
    with pytest.raises(CodingNotAcceptableError) as caught:
        choose_coding(header)
    assert caught.value.choices == [*CODINGS, IDENTITY]


@pytest.mark.parametrize(
    ("header", "small"),
    [
        (None, IDENTITY),
        ("gzip", IDENTITY),
        ("gzip, *;q=0.5", IDENTITY),
        ("gzip, identity;q=0.1", IDENTITY),
        ("identity;q=0, gzip", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("br, identity;q=0.0, gzip;q=0.5", "br"),
        ("gzip, *;q=0, identity;q=0.1", IDENTITY),
    ],
)
def test_a_small_body_is_compressed_only_if_identity_is_excluded(header: str | None, small: str) -> None:
    assert choose_coding(header).of(SMALLEST - 1) == small
    assert choose_coding(header).of(SMALLEST) == choose_coding(header).name


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "path",
    [
        "/sparql?query=ASK%7B%7D",
        "/sparql?query=SELECT%20(NOW()%20AS%20%3Fn)%20%7B%7D",
        "/context/v1.jsonld",
        "/sparql?query=ASK%7B%7D&explain=true",
        "/robots.txt",
        "/queries/plans.csv",
        "/ontology.nt",
        "/version/",
        "/static/style.css",
        "/catalog",
        "/collections.csv",
        "/doc/5001/plan/one.ttl",
        "/openapi.json",
    ],
)
def test_identity_q0_forces_compression(client: httpx.Client, path: str, coding: str) -> None:
    for _ in range(3):  # the second time from the cache, the third by its bytes
        response = client.get(path, headers={"Accept-Encoding": f"identity;q=0, {coding}"})
        assert response.status_code == 200, response.text
        assert response.headers["content-encoding"] == coding
        assert "Accept-Encoding" in response.headers["vary"]
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    if "etag" in plain.headers:
        assert response.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_decodes_to_the_original_also_in_pieces(coding: str) -> None:
    body = "Kommunedelplan for grønn by, æøå\r\n".encode() * 500
    assert DECODED[coding](encode(coding, body)) == body
    coder, pieces = encoder(coding), []
    for start in range(0, len(body), 999):
        pieces += [coder.write(body[start : start + 999]), coder.flush()]
    assert all(pieces[1:2])  # what is let out can be read before the end
    assert DECODED[coding](b"".join([*pieces, coder.finish()])) == body


def test_each_coding_has_its_own_etag() -> None:
    assert tag_of('"a"', IDENTITY) == '"a"'
    assert len({tag_of('"a"', coding) for coding in (IDENTITY, *CODINGS)}) == 4


@pytest.mark.parametrize("path", ["/ontology.ttl", "/static/style.css", "/sparql", "/shapes.nt"])
@pytest.mark.parametrize("coding", CODINGS)
def test_an_answer_has_the_requested_coding(client: httpx.Client, path: str, coding: str) -> None:
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for _ in range(2):  # the second time from the cache
        response = client.get(path, headers={"Accept-Encoding": coding})
        assert "Accept-Encoding" in response.headers["vary"]
        if len(plain.content) >= 860:
            assert response.headers["content-encoding"] == coding
            assert response.headers["etag"] != plain.headers["etag"]
            assert int(response.headers["content-length"]) < len(plain.content)
        assert response.content == plain.content


def test_the_etag_of_any_coding_gives_304(client: httpx.Client) -> None:
    tag = client.get("/ontology.ttl", headers={"Accept-Encoding": "br"}).headers["etag"]
    assert tag.endswith('-br"')
    for accepted in ("br", "gzip", "identity"):
        again = client.get("/ontology.ttl", headers={"Accept-Encoding": accepted, "If-None-Match": tag})
        assert (again.status_code, again.headers["etag"], again.content) == (304, tag, b"")


def test_no_coding_at_all_is_406_with_the_choices(client: httpx.Client) -> None:
    response = client.get(PLANS, headers={"Accept-Encoding": "identity;q=0"})
    assert (response.status_code, response.json()["code"]) == (406, "coding-not-acceptable")
    assert response.json()["choices"] == [*CODINGS, IDENTITY]


def test_a_repeated_request_is_a_cache_hit_with_the_same_bytes(client: httpx.Client) -> None:
    query = "SELECT (7 AS ?seven) { }"
    first, second = (client.get("/sparql", params={"query": query}) for _ in range(2))
    assert "eval;dur=" in first.headers["server-timing"]
    assert second.headers["server-timing"] == "cache;desc=hit"
    assert second.content == first.content
    changing = {"date", "server-timing", "x-request-id"}
    assert {k: v for k, v in first.headers.items() if k not in changing} == {
        k: v for k, v in second.headers.items() if k not in changing
    }
    posted = client.post("/sparql", data={"query": query})
    assert posted.headers["server-timing"] == "cache;desc=hit"
    assert "etag" not in posted.headers
    asked = client.request("QUERY", "/sparql", content=query, headers={"Content-Type": "application/sparql-query"})
    assert asked.headers["server-timing"] == "cache;desc=hit"
    assert asked.headers["etag"] == first.headers["etag"]
    known = {"Content-Type": "application/sparql-query", "If-None-Match": first.headers["etag"]}
    assert client.request("QUERY", "/sparql", content=query, headers=known).status_code == 304


def test_head_is_get_without_its_body_also_on_a_cache_hit(client: httpx.Client) -> None:
    get = client.get(PLANS)
    head = client.head(PLANS)
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["etag"] == get.headers["etag"]


def test_a_requested_time_limit_is_a_number_of_seconds(client: httpx.Client) -> None:
    assert client.get("/sparql", params={"query": "ASK {}", "timeout": "0.5"}).status_code == 200
    for text in ("0", "-1", "soon", "1e3", "", "nan"):
        response = client.get("/sparql", params={"query": "ASK {}", "timeout": text})
        assert (response.status_code, response.json()["parameter"]) == (400, "timeout"), text


def test_a_short_body_that_is_whole_is_coded_harder_than_a_stream() -> None:
    styles = Path(plangraf.pages.__file__).parent / "styles"
    body = b"".join(path.read_bytes() for path in sorted(styles.glob("*.css")))
    coder = encoder("zstd")
    assert len(encode("zstd", body)) < 0.95 * len(coder.write(body) + coder.finish())
