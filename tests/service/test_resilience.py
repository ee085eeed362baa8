"""One bad query costs one error: runaways, killed workers and crashes do not affect others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

pytestmark = pytest.mark.embedded("kills workers and the loader")

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
POINT = "ASK { <https://w3id.org/plangraf/id/5001/plan/2020-2023-7> ?p ?o }"


def ask(url: str, query: str, timeout: float = 30) -> httpx.Response:
    return httpx.get(f"{url}/sparql", params={"query": query}, timeout=timeout)


def workers(server: Any) -> list[psutil.Process]:
    """The query workers: children of a loader without children of their own."""
    found = []
    for process in psutil.Process(server.process.pid).children(recursive=True):
        # One that was replaced just now may be gone, or wait to be reaped.
        with suppress(psutil.Error):
            if "plangraf.engines.embedded.loader" in " ".join(process.cmdline()) and not process.children():
                found.append(process)
    return found


def loaders(server: Any) -> list[psutil.Process]:
    found = []
    for process in psutil.Process(server.process.pid).children():
        with suppress(psutil.Error):
            if "plangraf.engines.embedded.loader" in process.cmdline():
                found.append(process)
    return found


def until_quiet(server: Any) -> None:
    """Waits until the named queries are precomputed and every worker is idle."""
    deadline, in_a_row = time.monotonic() + 120, 0
    while in_a_row < 5:
        told = httpx.get(f"{server.url}/metrics").text
        # One process computes ahead at a time; the others wait for their turn.
        quiet = "plangraf_queries_running 0.0" in told and "plangraf_queries_waiting 0.0" in told
        in_a_row = in_a_row + 1 if quiet else 0
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_runaway_query_ends_at_its_limit_while_others_get_answers(start_light_server: Callable[..., Any]) -> None:
    with start_light_server("--workers", "1", PLANGRAF_QUERY_TIMEOUT_S="2") as server:
        began = time.monotonic()
        outcome: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: outcome.append(ask(server.url, RUNAWAY)))
        thread.start()
        time.sleep(0.3)
        answered = 0
        while thread.is_alive():
            response = ask(server.url, POINT)
            assert response.status_code == 200
            assert response.json()["boolean"] is True
            answered += 1
        taken = time.monotonic() - began
        assert outcome[0].status_code == 503
        assert outcome[0].json()["code"] == "query-timeout"
        assert int(outcome[0].headers["retry-after"]) >= 1
        assert taken >= 2
        assert answered >= 1
        assert all(ask(server.url, POINT).status_code == 200 for _ in range(20))


def test_a_worker_killed_by_hand_costs_one_error_and_nothing_else(start_light_server: Callable[..., Any]) -> None:
    with start_light_server("--workers", "1", PLANGRAF_QUERY_WORKERS="2") as server:
        until_quiet(server)
        before = workers(server)
        assert len(before) == 2
        outcome: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: outcome.append(ask(server.url, RUNAWAY)))
        thread.start()
        used = {worker: worker.cpu_times().user for worker in before}
        busy, deadline = None, time.monotonic() + 60
        while busy is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
            busy = next((worker for worker in before if worker.cpu_times().user > used[worker] + 0.2), None)
        os.kill(busy.pid, signal.SIGKILL)
        thread.join()
        assert (outcome[0].status_code, outcome[0].json()["code"]) == (500, "worker-crashed")
        assert all(ask(server.url, POINT).status_code == 200 for _ in range(40))
        # The one that is replaced may still be on its way out.
        deadline = time.monotonic() + 60
        while len(after := workers(server)) != 2 or busy in after:
            assert time.monotonic() < deadline, after
            time.sleep(0.05)


@pytest.mark.slow
def test_http_processes_share_one_loader_and_survive_its_death(start_light_server: Callable[..., Any]) -> None:
    with start_light_server("--workers", "2", PLANGRAF_QUERY_WORKERS="1") as server:
        until_quiet(server)
        (loader,) = loaders(server)
        before = workers(server)
        assert len(before) == 2  # one for each HTTP process
        os.kill(loader.pid, signal.SIGKILL)
        asked, deadline = 0, time.monotonic() + 60
        while loaders(server) in ([], [loader]) or len(workers(server)) != 2 or any(w.is_running() for w in before):
            # The prefix makes each query one that was not asked before.
            response = ask(server.url, f"PREFIX unseen{asked}: <urn:unseen> {POINT}")
            assert response.status_code == 200, response.text
            asked += 1
            assert time.monotonic() < deadline
        assert asked > 0
        assert len(loaders(server)) == 1


def test_3000_nested_braces_cost_one_error_and_nothing_else(server: Any) -> None:
    until_quiet(server)
    before = {worker.pid for worker in workers(server)}
    response = httpx.post(f"{server.url}/sparql", data={"query": "SELECT * " + "{" * 3000 + "}" * 3000})
    assert (response.status_code, response.json()["code"]) == (400, "query-limit")
    assert all(ask(server.url, POINT).status_code == 200 for _ in range(10))
    assert {worker.pid for worker in workers(server)} == before


@pytest.mark.slow
def test_a_memory_blow_up_behind_the_guard_is_one_503_that_says_so(start_light_server: Callable[..., Any]) -> None:
    # A memory blow-up is what no guard can see in the text.
    text = "x" * 1000
    grow = "".join(f"BIND (CONCAT(?v{i}, ?v{i}, ?v{i}, ?v{i}) AS ?v{i + 1}) " for i in range(14))
    query = f"SELECT (STRLEN(?v14) AS ?n) WHERE {{ BIND ('{text}' AS ?v0) {grow} }}"
    with start_light_server("--workers", "1", PLANGRAF_WORKER_MEMORY_MB="256") as server:
        response = ask(server.url, query)
        assert (response.status_code, response.json()["code"]) == (503, "query-memory")
        assert response.json()["limitMiB"] == 256
        assert all(ask(server.url, POINT).status_code == 200 for _ in range(10))


def test_service_is_refused_and_no_address_is_called(url: str) -> None:
    for call in ("SERVICE", "SERVICE SILENT", "\\u0053ERVICE"):
        response = ask(url, f"SELECT * {{ {call} <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}")
        assert (response.status_code, response.json()["code"]) == (403, "service-forbidden")


@pytest.mark.slow
def test_no_process_outlives_a_server_that_was_killed(light_versions: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "plangraf.cli", "serve", "--no-build", "--port", "0", "--versions", str(light_versions)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("plangraf http://")
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive


def test_the_server_leaves_no_process_behind(start_light_server: Callable[..., Any]) -> None:
    with start_light_server() as server:
        deadline = time.monotonic() + 60
        while len(family := psutil.Process(server.process.pid).children(recursive=True)) < 6:
            assert time.monotonic() < deadline  # an HTTP process, its loader and four workers
            time.sleep(0.05)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
