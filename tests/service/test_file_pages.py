"""The pages of downloads and of the catalogue: every file stands there once, with what it is and how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from page_tree import read_page


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as client:
        yield client


@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_file_of_a_version_is_linked_once_with_its_size(client: httpx.Client, language: str) -> None:
    version = client.get("/health/live").headers["plangraf-version"]
    listed = client.get(f"/dump/{version}/", headers={"Accept": "application/json"}).json()["files"]
    page = read_page(client.get(f"/dump/{version}/?lang={language}").text)
    for file in listed:
        file["name"] = file["address"].partition(f"/dump/{version}/")[2]
    links = Counter(
        link.attributes["href"] for link in page.one("main").all("a") if "/dump/" in link.attributes["href"]
    )
    assert links == Counter({f"/dump/{version}/{file['name']}": 1 for file in listed})
    for address in list(links)[::20]:
        assert client.head(address).status_code == 200
    text = page.one("main").text
    whole = [file for file in listed if file["name"].startswith("plangraf-")]
    assert len(whole) == 5
    for file in whole:
        assert file["sha256"] in text
        assert str(file["bytes"]) not in text
    sizes = [item.text for item in page.one("main").all("span", "short")]
    assert len(sizes) > 100
    assert all(size.endswith(("byte", "bytes", "kB", "MB")) for size in sizes)
    decimal = "," if language == "nb" else "."
    assert any(f"{decimal}" in size for size in sizes)
    named = [line.text for table in page.all("ul", "files") for line in table.all("span", "what")]
    assert ("Planer" if language == "nb" else "Plans") in named
    assert [name for name in named if "2020–2023" in name]


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_catalogue_has_a_card_for_each_dataset_with_formats_and_sizes(client: httpx.Client, language: str) -> None:
    page = read_page(client.get(f"/catalog.html?lang={language}").text)
    cards = page.all("ul", "datasets")[0].all("li", "card")
    total = client.get("/datasets.jsonld?limit=1").json()["totalItems"]
    assert len(cards) == total + 1
    for card in cards:
        assert card.one("h3").text
        assert [paragraph.text for paragraph in card.all("p")]
        assert "N-Triples" in card.text or "N-Quads" in card.text
        files = [link for link in card.all("a") if "/dump/" in link.attributes["href"]]
        assert len(files) >= 3
        assert len(card.all("span", "short")) == len(files)
    strategy = next(card for card in cards if card.one("h3").one("a").attributes["href"].endswith("-2020-2023"))
    assert strategy.one("p", "kind").text == "2020–2023"
    for link in strategy.all("a"):
        assert client.get(link.attributes["href"], follow_redirects=True).status_code == 200
