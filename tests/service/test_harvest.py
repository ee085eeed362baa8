"""A second harvest over real HTTP gets only 304s, or the same bytes without ETags."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from rdflib import DCAT, Graph, URIRef

CKAN_ACCEPT = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8, */*;q=0.1"


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60, follow_redirects=True, headers={"Accept": "*/*"}) as client:
        yield client


def walk(client: httpx.Client, address: str) -> Iterator[str]:
    """Addresses of a collection or stream, by rel=next."""
    following: str | None = address
    while following:
        yield following
        response = client.head(following)
        following = response.links.get("next", {}).get("url")


def harvest(client: httpx.Client, url: str) -> set[tuple[str, str]]:
    """The requests of portals, crawlers and researchers: pairs of address and Accept."""
    taken = {(f"/catalog{suffix}", "*/*") for suffix in (".ttl", ".jsonld", ".rdf")}
    taken |= {("/catalog", "text/turtle"), ("/catalog", CKAN_ACCEPT), ("/.well-known/void", "text/turtle")}
    taken |= {(path, "*/*") for path in ("/robots.txt", "/llms.txt", "/sitemap.xml", "/ontology.ttl", "/shapes.ttl")}
    catalog = Graph().parse(data=client.get("/catalog.ttl").text, format="turtle")
    for predicate in (DCAT.downloadURL, DCAT.endpointDescription, DCAT.landingPage):
        for address in catalog.objects(None, predicate):
            assert isinstance(address, URIRef)
            if address.startswith(f"{url}/"):
                taken.add((str(address), "*/*"))
    for collection in ("/plans.jsonld?limit=10", "/perspectives.csv", "/documents.ttl?limit=50", "/collections.jsonld"):
        taken |= {(page, "*/*") for page in walk(client, collection)}
    taken |= {("/feed", "text/turtle"), ("/feed/1", "application/trig"), ("/feed/2", "application/n-quads")}
    pages = re.findall("<loc>([^<]+)</loc>", client.get("/sitemap.xml").text)
    for page in pages:
        things = re.findall("<loc>([^<]+)</loc>", client.get(page).text)
        taken.add((page, "*/*"))
        taken |= {(thing, "text/html") for thing in things[::40]}
        taken |= {(thing, "application/ld+json") for thing in things[::40]}
    return taken


@pytest.mark.slow
def test_the_second_harvest_costs_only_304s(client: httpx.Client, url: str) -> None:
    taken = sorted(harvest(client, url))
    assert len(taken) > 200
    first = {}
    for address, accept in taken:
        response = client.get(address, headers={"Accept": accept})
        assert response.status_code == 200, (address, accept)
        first[address, accept] = response
    for (address, accept), before in first.items():
        tag = before.headers["etag"]
        again = client.get(address, headers={"Accept": accept, "If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), (address, accept)
        assert again.headers["etag"] == tag


@pytest.mark.slow
def test_a_request_without_an_etag_gets_the_same_bytes(client: httpx.Client, url: str) -> None:
    for address, accept in sorted(harvest(client, url))[::7]:
        bodies = {client.get(address, headers={"Accept": accept}).content for _ in range(2)}
        assert len(bodies) == 1, (address, accept)
