"""Downloads over HTTP: complete and by ranges, immutable, with `latest` as redirect to the current ones."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from plangraf.store.versions import VersionStore

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def version_id(built: Path) -> str:
    return VersionStore(built).current().id


@pytest.fixture(scope="module")
def folder(built: Path, version_id: str) -> Path:
    return built / version_id / "dump"


@pytest.fixture(scope="module")
def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=30)


def listed(client: httpx.Client, version_id: str) -> list[dict[str, Any]]:
    response = client.get(f"/dump/{version_id}/", headers={"Accept": "application/json"})
    assert response.json()["version"] == version_id
    files: list[dict[str, Any]] = response.json()["files"]
    return files


def test_every_file_that_is_listed_arrives_as_it_is_on_disk(
    client: httpx.Client, version_id: str, folder: Path
) -> None:
    files = listed(client, version_id)
    assert len(files) > 30
    for file in files:
        path = "/dump/" + file["address"].partition("/dump/")[2]
        with client.stream("GET", path) as response:
            body = b"".join(response.iter_raw())
        name = path.removeprefix(f"/dump/{version_id}/")
        assert response.status_code == 200, path
        assert body == (folder / name).read_bytes()
        digest = hashlib.sha256(body)
        assert response.headers["etag"] == f'"{digest.hexdigest()}"'
        assert response.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        assert response.headers["cache-control"] == FOR_EVER
        assert response.headers["accept-ranges"] == "bytes"
        assert response.headers["content-length"] == str(len(body)) == str(file["bytes"])
        assert response.headers["plangraf-version"] == version_id
        assert response.headers["content-type"].split(";")[0] == (file["compression"] or file["mediaType"])
        assert "content-encoding" not in response.headers


def test_latest_leads_to_the_current_version_by_either_name(client: httpx.Client, version_id: str) -> None:
    for ending in ("nq.gz", "nq.zst", "trig.gz", "trig.zst", "jsonld.gz"):
        for name in (f"plangraf.{ending}", f"plangraf-{version_id}.{ending}"):
            response = client.get(f"/dump/latest/{name}")
            assert response.status_code == 302
            assert response.headers["location"] == f"/dump/{version_id}/plangraf-{version_id}.{ending}"
            assert response.headers["cache-control"] == "no-cache"
            assert client.head(response.headers["location"]).status_code == 200
    assert client.get("/dump/latest/csv/Plan.csv").headers["location"] == f"/dump/{version_id}/csv/Plan.csv"
    for path in ("/dump", "/dump/", "/dump/latest", "/dump/latest/"):
        assert client.get(path).headers["location"] == f"/dump/{version_id}/"
    kept = client.get(f"/version/{version_id}/dump/csv/Plan.csv")
    assert (kept.status_code, kept.headers["location"]) == (302, f"/dump/{version_id}/csv/Plan.csv")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999999", 5, None),
        ("bytes=-99999999999", 0, None),
        ("BYTES=1-2", 1, 2),
    ],
)
def test_a_range_request_gets_its_part(
    client: httpx.Client, version_id: str, folder: Path, asked: str, first: int, last: int | None
) -> None:
    whole = (folder / "csv" / "Plan.csv").read_bytes()
    part = whole[first : len(whole) if last is None else last + 1]
    response = client.get(f"/dump/{version_id}/csv/Plan.csv", headers={"Range": asked, "Accept-Encoding": "gzip"})
    start = first % len(whole)
    assert response.status_code == 206
    assert response.content == part
    assert response.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(whole)}"
    assert response.headers["content-length"] == str(len(part))
    assert response.headers["etag"] == f'"{hashlib.sha256(whole).hexdigest()}"'


@pytest.mark.parametrize(
    "asked", ["bytes=9-3", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes 0-1", "bytes=0-1,5-6", "bytes=1-2-3"]
)
def test_an_invalid_range_or_several_ranges_give_the_complete_file(
    client: httpx.Client, version_id: str, folder: Path, asked: str
) -> None:
    response = client.get(f"/dump/{version_id}/csv/Plan.csv", headers={"Range": asked})
    assert response.status_code == 200
    assert response.content == (folder / "csv" / "Plan.csv").read_bytes()


def test_a_range_past_the_end_is_416(client: httpx.Client, version_id: str, folder: Path) -> None:
    size = (folder / "csv" / "Plan.csv").stat().st_size
    for asked in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
        response = client.get(f"/dump/{version_id}/csv/Plan.csv", headers={"Range": asked})
        assert response.status_code == 416
        assert response.headers["content-range"] == f"bytes */{size}"
        assert response.json()["code"] == "range-not-satisfiable"
        assert str(size) in response.json()["detail"]


def test_an_interrupted_download_goes_on_only_when_the_file_is_the_same(
    client: httpx.Client, version_id: str, folder: Path
) -> None:
    path = f"/dump/{version_id}/plangraf-{version_id}.nq.gz"
    whole = (folder / f"plangraf-{version_id}.nq.gz").read_bytes()
    tag = client.head(path).headers["etag"]
    first = client.get(path, headers={"Range": "bytes=0-99999"}).content
    rest = client.get(path, headers={"Range": f"bytes={len(first)}-", "If-Range": tag})
    assert rest.status_code == 206
    assert first + rest.content == whole
    for other in ('"other"', f"W/{tag}", "Sat, 21 Nov 2026 00:00:00 GMT"):
        again = client.get(path, headers={"Range": "bytes=0-9", "If-Range": other})
        assert (again.status_code, again.content) == (200, whole), other
    beyond = client.get(path, headers={"Range": f"bytes={len(whole)}-", "If-Range": '"other"'})
    assert beyond.status_code == 200


def test_head_has_no_body_and_a_matching_etag_gives_304(client: httpx.Client, version_id: str) -> None:
    path = f"/dump/{version_id}/plangraf-{version_id}.trig.gz"
    got, told = client.get(path), client.head(path)
    for name in ("content-length", "content-type", "etag", "cache-control", "accept-ranges", "repr-digest"):
        assert told.headers[name] == got.headers[name]
    assert told.content == b""
    ranged = client.head(path, headers={"Range": "bytes=0-1"})
    assert (ranged.status_code, ranged.headers["content-length"]) == (200, got.headers["content-length"])
    again = client.get(path, headers={"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == FOR_EVER
    part = client.get(path, headers={"If-None-Match": got.headers["etag"], "Range": "bytes=0-1"})
    assert part.status_code == 304


def test_a_table_links_to_the_description_of_its_columns(client: httpx.Client, version_id: str) -> None:
    response = client.get(f"/dump/{version_id}/csv/Plan.csv")
    assert response.headers["link"] == '<Plan.csv-metadata.json>; rel="describedby"; type="application/csvm+json"'
    described = client.get(f"/dump/{version_id}/csv/Plan.csv-metadata.json")
    assert described.headers["content-type"] == "application/csvm+json"
    assert described.json()["url"] == "Plan.csv"


@pytest.mark.parametrize(
    "path",
    [
        "/dump/{}/none.nq.gz",
        "/dump/{}/index.json",
        "/dump/{}/../manifest.json",
        "/dump/{}/%2e%2e/manifest.json",
        "/dump/{}/csv",
        "/dump/0000000000000000/",
        "/dump/0000000000000000/x",
        "/dump/latest/none",
        "/dump/{}//csv/Plan.csv",
        "/version/0000000000000000/dump/x",
    ],
)
def test_an_unknown_file_is_404_and_names_the_list(client: httpx.Client, version_id: str, path: str) -> None:
    response = client.get(path.format(version_id), headers={"Accept": "*/*"})
    assert response.status_code == 404, response.text
    assert response.json()["code"] == "not-found"


def test_the_list_is_a_page_in_both_languages_and_revalidates(client: httpx.Client, version_id: str) -> None:
    for language, title in (("nb", "Filer til nedlasting"), ("en", "Downloads")):
        page = client.get(f"/dump/{version_id}/?lang={language}", headers={"Accept": "text/html"})
        assert f"<h1>{title}</h1>" in page.text
        assert f'href="/dump/{version_id}/plangraf-{version_id}.nq.gz"' in page.text
        tag = page.headers["etag"]
        again = client.get(
            f"/dump/{version_id}/?lang={language}", headers={"Accept": "text/html", "If-None-Match": tag}
        )
        assert again.status_code == 304
    assert client.post(f"/dump/{version_id}/").status_code == 405


@pytest.mark.slow
def test_pruned_versions_are_gone_and_a_version_without_downloads_says_so(
    light_versions: Path, tmp_path: Path, run_server: Callable[..., AbstractContextManager[Any]]
) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(light_versions, versions, symlinks=True)
    store = VersionStore(versions)
    first = store.current()
    bare = store.write(list(first.lines())[:-1], first.manifest)
    gone = store.write(list(first.lines())[:-2], first.manifest)
    store.use(first.id)
    assert set(store.prune(0)) == {bare.id, gone.id}
    bare = store.write(list(first.lines())[:-1], first.manifest)
    with run_server(versions, "--workers", "1") as server:
        response = httpx.get(f"{server.url}/dump/{gone.id}/x", headers={"Accept": "*/*"})
        assert (response.status_code, response.json()["code"]) == (410, "version-gone")
        response = httpx.get(f"{server.url}/dump/{bare.id}/", headers={"Accept": "*/*"})
        assert response.status_code == 404
        assert "plangraf build --force" in response.json()["detail"]


def test_if_match_gets_the_named_representation_or_412(url: str, version_id: str) -> None:
    for path, given in (
        (f"/dump/{version_id}/plangraf-{version_id}.nq.gz", {"Range": "bytes=0-3"}),
        ("/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D", {}),
        ("/sparql?query=ASK%20%7B%7D", {}),
        ("/doc/5001/plan/2020-2023-7.ttl", {}),
    ):
        for _ in range(2):  # made anew, and kept
            with httpx.stream("GET", url + path, headers=given) as response:
                tag, status = response.headers["etag"], response.status_code
        for right in (tag, f'"x", {tag}', "*"):
            with httpx.stream("GET", url + path, headers={**given, "If-Match": right}) as response:
                assert response.status_code == status, (path, right)
        for wrong in ('"x"', f"W/{tag}"):
            refused = httpx.get(url + path, headers={**given, "If-Match": wrong})
            assert (refused.status_code, refused.json()["code"]) == (412, "precondition-failed"), (path, wrong)
            assert httpx.head(url + path, headers={**given, "If-Match": wrong}).status_code == 412
    assert httpx.get(f"{url}/doc/nothing", headers={"If-Match": '"x"'}).status_code == 404
