"""Portals accept the catalogue: by our check of their rules, and by CKAN's reader if `make portals` installed it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from rdflib import RDF, Graph, Namespace

ROOT = Path(__file__).resolve().parents[2]
CKAN = ROOT / ".portals" / "ckan" / "bin" / "python"
GOOD = ROOT / "tests" / "portals" / "good.ttl"
DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")

needs_ckan = pytest.mark.skipif(not CKAN.exists(), reason="`make portals` was not run; named at the end of the run")


def read_by_ckan(file: Path) -> dict[str, dict[str, Any]]:
    """CKAN's datasets by their IRI."""
    run = subprocess.run(
        [str(CKAN), str(ROOT / "tests" / "service" / "ckan_reads.py"), str(file)],
        capture_output=True,
        text=True,
        timeout=120,
        env={},
    )
    assert run.returncode == 0, run.stderr[-4000:]
    found = {}
    for dataset in json.loads(run.stdout)["datasets"]:
        extras = {extra["key"]: extra["value"] for extra in dataset["extras"]}
        found[extras["uri"]] = {**dataset, **extras}
    return found


def assert_recovered(file: Path) -> None:
    """The reader recovers every dataset with a title, its publisher, its distributions, and their licences."""
    graph = Graph().parse(file, format="turtle")
    expected = set(graph.subjects(RDF.type, DCAT.Dataset))
    read = read_by_ckan(file)
    assert read.keys() == {str(dataset) for dataset in expected}
    assert read
    for dataset in expected:
        found = read[str(dataset)]
        assert found["title"] in {str(title) for title in graph.objects(dataset, DCT.title)}
        assert found["notes"] in {str(text) for text in graph.objects(dataset, DCT.description)}
        assert found["publisher_uri"] == str(graph.value(dataset, DCT.publisher))
        resources = {resource["uri"]: resource for resource in found["resources"]}
        distributions = set(graph.objects(dataset, DCAT.distribution))
        assert resources.keys() == {str(distribution) for distribution in distributions}
        for distribution in distributions:
            assert resources[str(distribution)]["access_url"] == str(graph.value(distribution, DCAT.accessURL))
            licence = graph.value(distribution, DCT.license)
            assert resources[str(distribution)].get("license") == (str(licence) if licence else None)


@needs_ckan
def test_ckan_recovers_the_dataset_of_the_good_catalogue() -> None:
    assert_recovered(GOOD)


@needs_ckan
def test_ckan_recovers_every_dataset_title_and_licence_of_our_catalogue(url: str, tmp_path: Path) -> None:
    file = tmp_path / "catalog.ttl"
    file.write_text(httpx.get(f"{url}/catalog.ttl").raise_for_status().text, encoding="utf-8")
    assert_recovered(file)


@pytest.mark.slow
def test_every_portal_accepts_the_catalogue_at_our_address(url: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "plangraf.cli", "check-harvest", url, "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    refused = {
        (portal["portal"], item["item"]): [finding["en"] for finding in item["findings"]]
        for portal in json.loads(run.stdout)["portals"]
        for item in portal["items"]
        if not item["accepted"]
    }
    assert refused == {}
    assert run.returncode == 0, run.stderr
