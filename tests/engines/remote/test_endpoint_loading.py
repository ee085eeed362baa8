"""Loading versions into a real endpoint: whole or not there, beside others, and served like the embedded engine's."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from placed_store import ONE, TWO, E, write_small_version

from engine_servers import running_engine
from local_server import free_port
from plangraf.engines.remote.placement import Placement, placement_of
from plangraf.errors import EngineError, EngineUnavailableError, PublicationConflictError
from plangraf.publish import endpoint_claims, endpoint_loading
from plangraf.publish.endpoint_claims import _HELD, _RENEWED
from plangraf.publish.endpoint_loading import Loader, Target, _connected
from plangraf.rdf.namespaces import GRAPH
from plangraf.store.versions import Version, VersionStore
from running_server import Server
from written_version import manifest_of


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_engine("oxigraph", tmp_path_factory.mktemp("oxigraph")) as running:
        yield running.target


@pytest.fixture
def version(tmp_path: Path) -> Version:
    # Of each test its own, because the endpoint is shared.
    return write_small_version(tmp_path / "versions", (f'<{E}1> <{E}name> "{tmp_path.name}" <{TWO}> .'.encode(),))


def counts(target: Target, placement: Placement) -> dict[str, int]:
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows = httpx.post(target.query, data={"query": query}, headers={"Accept": "text/csv"}).text.splitlines()[1:]
    found = dict(row.rsplit(",", 1) for row in rows)
    return {graph: int(count) for graph, count in found.items() if placement.version in graph}


@pytest.mark.parametrize("way", ["graph store", "update"])
def test_a_version_is_loaded_once_and_whole(target: Target, version: Version, way: str) -> None:
    used = target if way == "graph store" else dataclasses.replace(target, graph_store="")
    sent: list[int] = []
    loader, placement = Loader(used, sent.append), placement_of(version)
    assert loader.load(version) is True
    found = counts(target, placement)
    assert found.pop(placement.record) == 1
    assert found.pop(placement.union) == version.triples
    assert sum(found.values()) == sum(1 for _ in version.lines())
    assert sent == sorted(sent)
    assert loader.load(version) is False
    loader.drop(version.id)
    assert counts(target, placement) == {}


def test_small_graphs_travel_and_leave_together(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = sorted(f'<{E}1> <{E}name> "{n}" <{GRAPH}50{n:02}/small> .'.encode() for n in range(60))
    version = VersionStore(tmp_path / "versions").write(lines, manifest_of(lines))
    requests: list[str] = []
    request = Loader._request

    def noted(self: Loader, method: str, address: str, **what: object) -> httpx.Response:
        requests.append(address)
        return request(self, method, address, **what)

    monkeypatch.setattr(Loader, "_request", noted)
    loader = Loader(target)
    assert loader.load(version) is True
    # The claim and its end, both removals, the statements and their union, the record.
    assert len(requests) <= 7
    assert len(counts(target, placement_of(version))) == 60 + 2
    requests.clear()
    loader.drop(version.id)
    assert (len(requests), counts(target, placement_of(version))) == (2, {})


def test_statements_that_a_store_changes_are_named(
    target: Target, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Loader._send

    def changed(self: Loader, parts: list[tuple[str, list[bytes]]]) -> None:
        send(self, [(graph, [line.replace(b'"1.50"', b'"1.5000001"') for line in lines]) for graph, lines in parts])

    monkeypatch.setattr(Loader, "_send", changed)
    with pytest.raises(EngineError, match=r"keeps these otherwise: 1 of <.*#decimal>, such as .*/2> .*size> \"1.50?\""):
        Loader(target).load(version)
    assert placement_of(version).record not in counts(target, placement_of(version))


def test_versions_that_were_pruned_leave_the_endpoint_and_others_stay(target: Target, tmp_path: Path) -> None:
    versions = [
        write_small_version(tmp_path / "versions", (f'<{E}1> <{E}name> "{tmp_path.name} {n}" <{TWO}> .'.encode(),))
        for n in range(3)
    ]
    loader = Loader(target)
    for one in versions:
        loader.load(one)
    gone = VersionStore(tmp_path / "versions").prune(1)
    assert loader.remove_pruned(gone) == sorted(gone) == [versions[0].id]
    assert counts(target, placement_of(versions[0])) == {}
    assert {one.id for one in versions[1:]} <= set(loader.held())
    assert loader.remove_pruned(gone) == []


@pytest.mark.slow
def test_a_publication_that_is_killed_leaves_the_old_version_and_can_be_run_again(
    target: Target, built: Path, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "PLANGRAF_ENGINE": target.query,
        "PLANGRAF_ENGINE_UPDATE": target.update,
    }
    command = [sys.executable, "-m", "plangraf.cli", "publish", "--versions", str(built)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    version = VersionStore(built).current()
    placement, deadline = placement_of(version), time.monotonic() + 120
    while sum(counts(target, placement).values()) < 2_000:
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.kill()
    assert process.wait() == -signal.SIGKILL
    # An update that the endpoint had received may still end.
    assert placement.record not in counts(target, placement)
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert again.stdout == f"{version.id} is at {target.query}: {version.triples} triples.\n", again.stderr
    Loader(target).drop(version.id)


def test_a_load_that_dies_is_no_version_and_the_next_one_completes_it(target: Target, version: Version) -> None:
    class DiedError(Exception):
        pass

    def die(_sent: int) -> None:
        raise DiedError

    placement = placement_of(version)
    with pytest.raises(DiedError):
        Loader(target, die).load(version)
    assert counts(target, placement)
    assert placement.record not in counts(target, placement)
    assert Loader(target).load(version) is True
    assert counts(target, placement)[placement.union] == version.triples


def write_claim(target: Target, placement: Placement, holder: str) -> None:
    """Claims a version in the name of another process."""
    statements = f'<urn:other> <{_HELD}> "{holder}" . <urn:other> <{_RENEWED}> "0"'
    httpx.post(target.update, data={"update": f"INSERT DATA {{ GRAPH <{placement.claim}> {{ {statements} }} }}"})


def test_a_second_publication_of_a_version_is_refused_and_the_first_one_completes(
    target: Target, version: Version
) -> None:
    refused: list[str] = []

    def publish_too(_sent: int) -> None:
        if not refused:
            with pytest.raises(PublicationConflictError) as caught:
                Loader(target).load(version)
            refused.append(str(caught.value))

    assert Loader(target, publish_too).load(version) is True
    assert refused[0].startswith(f"Version {version.id} is being loaded into {target.query} by another process (")
    assert f"({os.getpid()} on " in refused[0]
    assert counts(target, placement_of(version))[placement_of(version).union] == version.triples
    assert placement_of(version).claim not in counts(target, placement_of(version))


def test_a_publication_of_another_machine_that_goes_on_is_left_alone(
    target: Target, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    placement, renewals = placement_of(version), iter(range(1, 100))

    def renew(_seconds: float) -> None:
        where = f"GRAPH <{placement.claim}> {{ <urn:other> <{_RENEWED}>"
        text = f'DELETE WHERE {{ {where} ?n }} }} ; INSERT DATA {{ {where} "{next(renewals)}" }} }}'
        httpx.post(target.update, data={"update": text})

    write_claim(target, placement, "another|space|17|3|far.example.org")
    monkeypatch.setattr(endpoint_claims.time, "sleep", renew)
    with pytest.raises(PublicationConflictError, match=r"by another process \(17 on far.example.org\)"):
        Loader(target).load(version)
    assert counts(target, placement) == {placement.claim: 2}


def test_a_claim_that_another_machine_left_behind_is_taken_over(
    target: Target, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_claim(target, placement_of(version), "another|space|17|3|far.example.org")
    monkeypatch.setattr(endpoint_claims, "PATIENCE_S", 0.1)
    assert Loader(target).load(version) is True
    assert placement_of(version).claim not in counts(target, placement_of(version))


def test_a_claim_of_a_process_of_this_machine_that_ended_is_taken_over_at_once(
    target: Target, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "from plangraf.publish import endpoint_claims as c; print(c._this_process(), end='')"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    write_claim(target, placement_of(version), ended.stdout)
    monkeypatch.setattr(endpoint_claims.time, "sleep", None)
    assert Loader(target).load(version) is True


def test_a_publication_whose_claim_is_gone_writes_no_record(target: Target, version: Version) -> None:
    placement = placement_of(version)

    def remove(_sent: int) -> None:
        httpx.post(target.update, data={"update": f"DROP SILENT GRAPH <{placement.claim}>"})

    with pytest.raises(PublicationConflictError, match=r"was removed from .*, or loaded by another process"):
        Loader(target, remove).load(version)
    assert placement.record not in counts(target, placement)


def test_a_long_publication_renews_its_claim(target: Target, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def look(_sent: int) -> None:
        query = f"SELECT ?n {{ GRAPH <{placement_of(version).claim}> {{ ?claim <{_RENEWED}> ?n }} }}"
        seen.append(httpx.post(target.query, data={"query": query}, headers={"Accept": "text/csv"}).text.split()[1])

    monkeypatch.setattr(endpoint_claims, "RENEWAL_S", 0.0)
    monkeypatch.setattr(endpoint_loading, "_LINES_OF_GRAPH", 20)
    assert Loader(target, look).load(version) is True
    assert list(map(int, seen)) == sorted(set(map(int, seen)))
    assert len(seen) > 2


def test_an_endpoint_that_lost_statements_holds_no_version(
    target: Target, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Loader._send
    monkeypatch.setattr(
        Loader, "_send", lambda self, parts: send(self, [(graph, lines[1:] or lines) for graph, lines in parts])
    )
    with pytest.raises(EngineError, match=r"holds \d+ statements of .* and \d+ were sent"):
        Loader(target).load(version)
    assert placement_of(version).record not in counts(target, placement_of(version))


def test_a_graph_that_the_manifest_lacks_is_no_empty_answer_later(target: Target, version: Version) -> None:
    damaged = dataclasses.replace(version, manifest={**version.manifest, "graphs": {ONE: 62}})
    with pytest.raises(EngineError, match="statements in 5001/two, which its manifest lacks"):
        Loader(target).load(damaged)


def test_an_endpoint_that_is_away_or_refuses_is_named(target: Target, version: Version) -> None:
    away = f"http://127.0.0.1:{free_port()}/query"
    with pytest.raises(EngineUnavailableError, match=away):
        Loader(dataclasses.replace(target, query=away)).load(version)
    with pytest.raises(EngineError, match=r"/none answered with status 404"):
        Loader(dataclasses.replace(target, update=target.update.replace("/update", "/none"))).load(version)


@pytest.mark.slow
def test_the_command_loads_and_the_service_answers_as_with_the_embedded_engine(
    target: Target,
    light_versions: Path,
    run_server: Callable[..., AbstractContextManager[Server]],
    start_light_server: Callable[..., AbstractContextManager[Server]],
) -> None:
    environment = {
        "PLANGRAF_ENGINE": target.query,
        "PLANGRAF_ENGINE_UPDATE": target.update,
        "PLANGRAF_ENGINE_GRAPH_STORE": target.graph_store,
    }

    def publish(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "plangraf.cli", "publish", "--versions", str(light_versions), *options],
            env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    version = VersionStore(light_versions).current()
    assert publish().stdout == f"{version.id} is at {target.query}: {version.triples} triples.\n"
    assert publish().stdout == f"{version.id} is at {target.query} already.\n"
    paths = (
        "/doc/5001/plan/2020-2023-7.ttl",
        "/doc/5001/plan/2020-2023-7.html",
        "/doc/5001/municipality/5001.jsonld",
        "/plans.csv",
        "/catalog.ttl",
        "/queries/plans.csv",
        f"/version/{version.id}/plans.csv",
        "/sparql?query=SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
        "/sparql?query=SELECT * { ?s ?p",
    )
    with run_server(light_versions, **environment) as remote, start_light_server() as embedded:
        for path in paths:
            answers = [httpx.get(server.url + path, headers={"Accept": "*/*"}) for server in (embedded, remote)]
            one, other = (
                answer.text.replace(server.url, "") for answer, server in zip(answers, (embedded, remote), strict=True)
            )
            assert answers[0].status_code == answers[1].status_code, path
            if path.endswith(".html") or answers[0].status_code != 200:
                continue
            assert sorted(one.splitlines()) == sorted(other.splitlines()), path
    assert publish("--drop").stdout == f"{version.id} is removed from {target.query}.\n"
    assert counts(target, placement_of(version)) == {}


def test_the_command_says_which_address_is_missing(light_versions: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "plangraf.cli", "publish", "--versions", str(light_versions)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr == (
        "plangraf: PLANGRAF_ENGINE: give the address of the endpoint, so that a version can be loaded into it.\n"
    )


def test_all_statements_of_a_blank_node_are_in_one_update() -> None:
    lines = [f"_:n{n} <{E}rest> _:n{n + 1} ." for n in range(5)] + [f"<{E}a> <{E}b> _:m .", f'_:m <{E}b> "not _:n1" .']
    parts = list(_connected([(line, TWO) for line in reversed(lines)], 5))
    assert sorted(map(len, parts)) == [2, 5]
    assert sorted(line for part in parts for line in part) == sorted((line, TWO) for line in lines)
