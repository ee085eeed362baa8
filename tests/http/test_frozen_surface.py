"""The frozen surface: statuses and headers of every kind of address, and the content of /openapi.json.

`frozen_answers.json` and `frozen_openapi.json` record an earlier state of the service. A deliberate change is edited
there by hand, and named in CHANGELOG.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frozen
import httpx
import pytest
from small_server import serving, small_settings

from plangraf.http.app import create_app
from plangraf.settings import Settings
from plangraf.store.versions import context_digest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ANSWERS: dict[str, dict[str, list[str]]] = json.loads((HERE / "frozen_answers.json").read_text())
EXPECTED = {(path, name): line for path, lines in ANSWERS.items() for line, names in lines.items() for name in names}
OPENAPI: dict[str, dict[str, Any]] = json.loads((HERE / "frozen_openapi.json").read_text())
PATHS = list(dict.fromkeys(path for path, _ in frozen.cases()))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("frozen") / "versions"
    names = frozen.two_versions(folder)
    names["<context>"] = context_digest((HERE / "home" / "ontology" / "context.jsonld").read_bytes())
    return folder, names


@pytest.fixture(scope="module")
def client(versions: tuple[Path, dict[str, str]]) -> Iterator[httpx.Client]:
    def app(port: int) -> Any:
        return create_app(small_settings(versions[0], port, public_url=frozen.PUBLIC))

    with serving(app) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.sampled(4)
@pytest.mark.parametrize("path", PATHS)
def test_status_and_headers_are_as_frozen(
    client: httpx.Client, versions: tuple[Path, dict[str, str]], path: str
) -> None:
    names = [name for other, name in frozen.cases() if other == path]
    found = {name: frozen.answer(client, path, name, versions[1])[0] for name in names}
    assert found == {name: EXPECTED[path, name] for name in names}


@pytest.mark.slow
def test_a_matching_etag_gives_304_with_the_same_headers(
    client: httpx.Client, versions: tuple[Path, dict[str, str]]
) -> None:
    """Sends If-None-Match with the ETag of every frozen GET that has one."""
    compared = 0
    for (path, name), line in EXPECTED.items():
        method, headers, query = frozen.REQUESTS[name]
        if (
            method != "GET"
            or not line.startswith("200 ")
            or "etag: " not in line
            or "if-none-match" in map(str.lower, headers)
        ):
            continue
        for placeholder, value in versions[1].items():
            path = path.replace(placeholder, value)
        address = path + (("&" if "?" in path else "?") + query if query else "")
        first = client.get(address, headers={"Accept": "*/*", **headers})
        again = client.get(address, headers={"Accept": "*/*", **headers, "If-None-Match": first.headers["etag"]})
        assert again.status_code == 304, (path, name)
        for header in ("etag", "vary", "cache-control", "link", "content-location", "plangraf-version"):
            assert again.headers.get(header) == first.headers.get(header), (path, name, header)
        compared += 1
    assert compared > 500


def documented(app: Any) -> dict[str, dict[str, Any]]:
    """Each operation by method and path: its name, parameters, and media types by status."""
    found: dict[str, dict[str, Any]] = {}
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            found[f"{method.upper()} {path}"] = {
                "id": operation["operationId"],
                "tags": operation["tags"],
                "parameters": {
                    f"{parameter['in']} {parameter['name']}": [parameter.get("required", False), parameter["schema"]]
                    for parameter in operation.get("parameters", [])
                },
                "body": list(operation.get("requestBody", {}).get("content", {})),
                "answers": {
                    status: list(answer.get("content", {})) for status, answer in operation["responses"].items()
                },
            }
    return found


def test_openapi_is_as_frozen(versions: tuple[Path, dict[str, str]]) -> None:
    """Operations and parameters may be added, as by a new query or facet; documented ones stay."""
    found = documented(create_app(Settings(home=ROOT, versions=versions[0])))
    for name, frozen_one in OPENAPI.items():
        assert name in found
        expected, given = frozen_one["parameters"], found[name]["parameters"]
        assert {key: value for key, value in given.items() if key in expected} == expected, name
        assert {**found[name], "parameters": None} == {**frozen_one, "parameters": None}, name
