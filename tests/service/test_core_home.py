"""The core without Trondheim's data: ontology, shapes, queries and the UN's goals build and serve."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from plangraf.settings import default_home
from plangraf.sparql.named.binding import load_queries
from plangraf.sparql.named.collection_files import load_collections
from plangraf.store.versions import VersionStore
from small_home import ROOT, plangraf

COLLECTIONS = load_collections(default_home() / "queries")
BROWSER = {"Accept": "text/html"}
PAGES = (
    "/",
    "/catalog",
    "/collections",
    "/ontology",
    "/shapes",
    "/sparql",
    "/queries",
    "/version/",
    "/docs",
    "/targets/11.6",
    *(f"/{name}" for name in COLLECTIONS),
)
DATA = (
    "/catalog.ttl",
    "/collections.csv",
    "/.well-known/void",
    "/feed",
    "/feed/1",
    "/sitemap.xml",
    "/sitemap-0.xml",
    "/sitemap-1.xml",
    "/llms.txt",
    "/robots.txt",
    "/openapi.json",
    "/metrics",
    "/dump/",
    "/queries/plans-by-target.csv?target=11.6",
    *(f"/{name}.{ending}" for name in COLLECTIONS for ending in ("csv", "jsonld", "ttl")),
)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built home without any municipality."""
    home = tmp_path_factory.mktemp("core") / "home"
    for name in ("ontology", "shapes", "queries"):
        shutil.copytree(ROOT / name, home / name)
    shutil.copytree(ROOT / "data" / "sdg", home / "data" / "sdg")
    run = plangraf("build", "--quiet", home=home)
    assert (run.returncode, run.stderr) == (0, "")
    return home


@pytest.fixture(scope="module")
def core_url(core: Path, run_server: Any) -> Iterator[str]:
    with run_server(core / "versions", PLANGRAF_HOME=str(core)) as server:
        yield server.url


@pytest.mark.slow
def test_the_version_has_no_data_of_a_municipality(core: Path) -> None:
    version = VersionStore(core / "versions").current()
    assert set(version.manifest["graphs"]) == {
        f"https://w3id.org/plangraf/graph/{name}" for name in ("ontology", "shapes", "queries", "sdg")
    }
    assert not any(line.startswith(b"<https://w3id.org/plangraf/id/5001/") for line in version.lines())


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages(core_url: str, path: str) -> None:
    for language in ("nb", "en"):
        response = httpx.get(f"{core_url}{path}", headers=BROWSER, params={"lang": language}, timeout=60)
        assert response.status_code == 200, response.text[:300]
        assert response.headers["content-type"].startswith("text/html")


@pytest.mark.slow
@pytest.mark.parametrize("path", DATA)
def test_every_list_and_description_answers(core_url: str, path: str) -> None:
    response = httpx.get(f"{core_url}{path}", timeout=60, follow_redirects=True)
    assert response.status_code == 200, response.text[:300]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "queries").glob("*.rq")))
def test_every_named_query_answers(core_url: str, name: str) -> None:
    example = load_queries(ROOT / "queries")[name].example
    for address in (f"{name}.csv", f"{name}.html"):
        response = httpx.get(f"{core_url}/queries/{address}", params=example, timeout=60)
        assert response.status_code == 200, response.text[:300]


@pytest.mark.slow
def test_its_catalogue_is_accepted_by_every_portal(core_url: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "plangraf.cli", "check-harvest", core_url], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout
