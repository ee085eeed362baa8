"""The language of pages: `lang`, then the remembered choice, then Accept-Language; caches never mix them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from small_server import serving, small_settings

from example_counts import examples
from plangraf.http.app import create_app
from plangraf.store.versions import VersionStore

PAGE = {"Accept": "text/html"}
PLAN = "/doc/5001/plan/one"
CHOSEN = {code: {"Cookie": f"plangraf-language={code}"} for code in ("nb", "en")}


def language_of(response: httpx.Response) -> str:
    assert response.status_code == 200
    return response.text.partition('<html lang="')[2][:2]


@pytest.mark.parametrize(
    ("query", "cookie", "header", "language"),
    [
        ("", None, None, "nb"),
        ("", None, "en", "en"),
        ("", "nb", "en", "nb"),
        ("", "en", "nb", "en"),
        ("?lang=nb", "en", "en", "nb"),
        ("?lang=en", "nb", "nb", "en"),
        ("", "sv", "en", "en"),
        ("", "", "en", "en"),
    ],
)
def test_lang_precedes_the_choice_and_the_choice_precedes_accept_language(
    client: httpx.Client, query: str, cookie: str | None, header: str | None, language: str
) -> None:
    headers = {**PAGE, "Accept-Language": header or "*"}
    if cookie is not None:
        headers["Cookie"] = f"plangraf-language={cookie}"
    for path in (PLAN, "/", "/plans", "/queries"):
        assert language_of(client.get(path + query, headers=headers)) == language, path


def test_the_first_of_two_remembered_languages_counts(client: httpx.Client) -> None:
    headers = {**PAGE, "Cookie": "plangraf-language=en; plangraf-language=nb"}
    assert language_of(client.get(PLAN, headers=headers)) == "en"


def test_answers_in_turn_to_readers_with_different_choices_never_mix(direct: httpx.Client) -> None:
    tags: dict[str, set[str]] = {"nb": set(), "en": set()}
    for code in ("nb", "en", "nb", "en", "en", "nb"):
        response = direct.get(PLAN, headers={**PAGE, "Accept-Language": "nb", **CHOSEN[code]})
        assert language_of(response) == code
        tags[code].add(response.headers["etag"])
        without = direct.get(PLAN, headers={**PAGE, "Accept-Language": "nb"})
        assert language_of(without) == "nb"
    assert len(tags["nb"]) == len(tags["en"]) == 1
    assert tags["nb"] != tags["en"]


def test_a_tag_of_the_other_language_does_not_match(direct: httpx.Client) -> None:
    tag = direct.get(PLAN, headers={**PAGE, **CHOSEN["nb"]}).headers["etag"]
    for _ in range(3):
        asked = {**PAGE, "If-None-Match": tag}
        assert direct.get(PLAN, headers={**asked, **CHOSEN["nb"]}).status_code == 304
        assert language_of(direct.get(PLAN, headers={**asked, **CHOSEN["en"]})) == "en"


@pytest.mark.parametrize("cookie", [None, "nb", "en"])
def test_a_page_without_lang_varies_by_the_choice_and_one_with_lang_does_not(
    client: httpx.Client, cookie: str | None
) -> None:
    headers = {**PAGE, **(CHOSEN[cookie] if cookie else {})}
    for path in (PLAN, "/", "/plans", "/queries", "/collections", "/shapes"):
        response = client.get(path, headers=headers)
        assert response.headers["vary"] == "Accept, Accept-Language, Cookie, Accept-Encoding", path
        assert response.headers["cache-control"] == "no-cache"
        assert client.get(f"{path}?lang=en", headers=headers).headers["vary"] == "Accept, Accept-Encoding", path


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "application/n-triples", "text/csv"])
def test_data_formats_ignore_the_choice(client: httpx.Client, accept: str) -> None:
    for path in (PLAN, "/plans", "/collections", "/queries/plans"):
        if (accept == "text/csv" and path == PLAN) or (accept != "text/csv" and path == "/queries/plans"):
            continue
        plain = client.get(path, headers={"Accept": accept})
        chosen = client.get(path, headers={"Accept": accept, **CHOSEN["en"]})
        assert plain.status_code == 200, path
        assert chosen.content == plain.content
        for name in ("etag", "vary", "cache-control", "content-type"):
            assert chosen.headers.get(name) == plain.headers.get(name), (path, name)
        assert "Cookie" not in plain.headers["vary"]


def test_the_choice_beside_another_cookie_counts_and_is_not_shared(client: httpx.Client) -> None:
    headers = {**PAGE, "Cookie": "session=a; plangraf-language=en"}
    for _ in range(2):
        response = client.get(PLAN, headers=headers)
        assert language_of(response) == "en"
        assert response.headers["cache-control"] == "private, no-store"


def test_a_page_of_a_kept_version_is_kept_for_ever_only_with_its_language_in_the_address(
    client: httpx.Client, small_versions: Path
) -> None:
    under = f"/version/{VersionStore(small_versions).current().id}{PLAN}"
    by_choice = client.get(under, headers={**PAGE, **CHOSEN["en"]})
    assert by_choice.headers["cache-control"] == "no-cache"
    assert client.get(f"{under}?lang=en", headers=PAGE).headers["cache-control"].endswith("immutable")
    assert client.get(under, headers={"Accept": "text/turtle"}).headers["cache-control"].endswith("immutable")
    again = client.get(under, headers={**PAGE, **CHOSEN["en"], "If-None-Match": by_choice.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_a_choice_is_remembered_for_a_year_and_the_page_opens_again(small: str) -> None:
    with httpx.Client(base_url=small, headers=PAGE) as reader:
        response = reader.get("/language", params={"to": "en", "back": f"{PLAN}?lang=nb"})
        assert (response.status_code, response.headers["location"]) == (303, PLAN)
        assert response.headers["cache-control"] == "no-store"
        cookie = response.headers["set-cookie"].split("; ")
        assert cookie[0] == "plangraf-language=en"
        assert set(cookie[1:]) == {"HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=lax"}
        for path in (PLAN, "/plans", "/nothing"):
            assert '<html lang="en">' in reader.get(path).text
        reader.get("/language", params={"to": "nb"})
        assert language_of(reader.get(PLAN)) == "nb"


def test_the_switch_of_a_page_keeps_its_address(client: httpx.Client) -> None:
    for path in (
        "/plans?limit=1&page=2",
        PLAN,
        "/doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6",
        "/nothing%20here?a=1",
    ):
        text = client.get(path, headers={**PAGE, **CHOSEN["nb"]}).text
        href = text.partition('href="/language?to=en')[2].partition('"')[0].replace("&amp;", "&")
        response = client.get(f"/language?to=en{href}")
        assert response.headers["location"] == path
        for code in ("nb", "en"):
            alternate = text.partition(f'<link rel="alternate" hreflang="{code}" href="')[2].partition('"')[0]
            found = client.get(alternate.replace("&amp;", "&"), headers=PAGE)
            assert f'<html lang="{code}">' in found.text


def test_the_cookie_of_a_public_address_is_secure_and_of_its_path(small_versions: Path) -> None:
    def make(port: int) -> object:
        return create_app(small_settings(small_versions, port, public_url="https://data.example.no/plans"))

    with serving(make) as address, httpx.Client(base_url=address) as client:  # type: ignore[arg-type]
        response = client.get("/language?to=en")
        assert response.headers["location"] == "/plans/"
        assert {"Secure", "Path=/plans/"} <= set(response.headers["set-cookie"].split("; "))
        assert client.get("/language?to=en&back=/plans/doc").headers["location"] == "/plans/doc"
        refused = client.get("/language?to=en&back=/other/doc")
        assert (refused.status_code, refused.json()["parameter"]) == (400, "back")


REFUSED = (
    "//host", "///host",
    "/\\host", "\\\\host", "https://host/", "javascript:alert(1)", "plans", "", "/a//b", "/\t/host",
    "/a\r\nSet-Cookie: b=c", "/a b", "/\x00", "/a\x7f", "?lang=en", "/a?b=\\",
)  # fmt: skip


@pytest.mark.parametrize("back", REFUSED)
def test_only_a_path_of_the_service_is_returned_to(client: httpx.Client, back: str) -> None:
    response = client.get("/language", params={"to": "en", "back": back})
    assert (response.status_code, response.json()["parameter"]) == (400, "back")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(("query", "name"), [("to=sv", "to"), ("", "to"), ("to=en&to=nb", "to"), ("to=en&x=1", "x")])
def test_a_choice_that_is_not_offered_sets_nothing(client: httpx.Client, query: str, name: str) -> None:
    response = client.get(f"/language?{query}")
    assert (response.status_code, response.json()["parameter"]) == (400, name)
    assert "set-cookie" not in response.headers


@examples(50)
@example(back="/.//host")
@example(back="/%2F/host")
@example(back="/æ?lang=nb&q=ø")
@given(back=st.text(alphabet="/\\:?&=#%.@ \t\r\nahæ0", max_size=12).map(lambda text: f"/{text}") | st.text())
def test_no_text_leads_to_another_host_or_into_a_header(client: httpx.Client, back: str) -> None:
    response = client.get("/language", params={"to": "en", "back": back})
    assert response.status_code in (303, 400)
    if response.status_code == 303:
        location = response.headers["location"]
        assert location.isascii()
        assert location.isprintable()
        assert location[:1] == "/"
        assert location[1:2] not in ("/", "\\")
        base = str(client.base_url)
        assert urlsplit(urljoin(base, location)).netloc == urlsplit(base).netloc
