"""The version switches during requests: none fails, and each names its version."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks import switching
from plangraf.store.versions import VersionStore

pytestmark = pytest.mark.embedded("switches versions under the service, which nobody publishes")

# Under load on a shared machine; alone it is a second.
_TAKEN_UP_S = 20


@pytest.fixture
def two_versions(light_versions: Path, tmp_path: Path) -> VersionStore:
    """The version of two plans, and a current one with one triple more."""
    return switching.two_versions(light_versions, tmp_path / "versions")


def until_served(url: str, version: str, processes: int = 1) -> None:
    """Waits until the version answers many times in a row, which shows that every process serves it."""
    deadline = time.monotonic() + _TAKEN_UP_S
    in_a_row = 0
    while in_a_row < 12 * processes:
        served = httpx.get(f"{url}/health/ready").json()["version"]
        in_a_row = in_a_row + 1 if served == version else 0
        assert time.monotonic() < deadline, f"{version} is not served"


def test_no_request_fails_while_versions_are_switched(two_versions: VersionStore) -> None:
    outcomes = switching.run(two_versions, requests=400, switches=4)
    assert set(outcomes) == {"right"}, outcomes
    assert outcomes["right"] >= 400


@pytest.mark.slow
def test_a_new_version_is_noticed_without_a_signal_by_every_process(
    two_versions: VersionStore, run_server: Any
) -> None:
    store = two_versions
    old = next(version.id for version in store.list() if version.id != store.current().id)
    with run_server(store.path, "--workers", "2", PLANGRAF_WATCH_S="0.2") as server:
        command = [sys.executable, "-m", "plangraf.cli", "versions", "use", old, "--versions", str(store.path)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        until_served(server.url, old, processes=2)
        tag = httpx.get(f"{server.url}/queries/plans.csv").headers["etag"]
        assert httpx.get(f"{server.url}/ontology.html").status_code == 200
        store.use(next(version.id for version in store.list() if version.id != old))
        until_served(server.url, store.current().id, processes=2)
        assert httpx.get(f"{server.url}/queries/plans.csv").headers["etag"] != tag


def test_a_version_that_cannot_be_opened_leaves_the_old_one_serving(
    two_versions: VersionStore, run_server: Any
) -> None:
    store = two_versions
    good = next(version for version in store.list() if version.id != store.current().id)
    bad = store.current()
    store.use(good.id)
    with run_server(store.path, "--workers", "1", PLANGRAF_WATCH_S="0") as server:
        (bad.path / "data.nq.zst").chmod(0o644)
        (bad.path / "data.nq.zst").write_bytes(b"not a dump")
        store.use(bad.id)
        server.process.send_signal(signal.SIGHUP)
        for _ in range(20):
            response = httpx.get(f"{server.url}/sparql", params={"query": switching.COUNT, "format": "csv"})
            assert response.status_code == 200
            assert response.headers["plangraf-version"] == good.id
            time.sleep(0.1)
