"""Replicas as users meet them: behind a balancer any of them gives the same answers, and none fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from object_server import make_bucket
from replica_fleet import NUMBER, Fleet, ask_during_publications
from replica_servers import Replica, running_replica
from small_publications import publish, write_version

from local_server import free_port
from plangraf.store.versions import VersionStore

# One address of each kind that reads another file of a version or of its neighbours.
ADDRESSES = (
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D&format=csv",
    "/sparql?query=CONSTRUCT%20%7B%3Fs%20%3Fp%20%3Fo%7D%20%7B%3Fs%20%3Fp%20%3Fo%7D&format=ttl",
    "/queries/plans.csv", "/queries/plans.json", "/plans.csv", "/plans.html", "/doc/5001/plan/one.ttl",
    "/doc/5001/plan/one.jsonld", "/doc/5001/plan/one.html", "/", "/ontology.ttl", "/context/v1.jsonld",
    "/catalog.ttl", "/.well-known/void", "/version/", "/version/?lang=en", "/feed.ttl", "/feed", "/sitemap.xml",
    "/openapi.json", "/collections", "/robots.txt",
)  # fmt: skip
# What differs between two answers: an id of the request, times of the clock, and how the bytes are framed, because an
# answer that the engine takes longer to give is sent in pieces.
_OWN = {"date", "x-request-id", "server-timing", "content-length", "transfer-encoding"}


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    write_version(tmp_path / "versions", 1)
    return tmp_path / "versions"


@pytest.fixture(scope="module")
def fleet(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three replicas that have taken over the first publication."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        fleet = Fleet(folder / "versions", make_bucket(s3), [], stack)
        version = fleet.publish_next()
        fleet.replicas += [
            stack.enter_context(running_replica(fleet.bucket, folder / f"replica-{n}")) for n in range(3)
        ]
        fleet.until_serves(version)
        yield fleet


def answers(replica: Replica, prefix: str, download: str) -> dict[str, object]:
    """Headers and body of each address that answers 200, without what must differ."""
    found: dict[str, object] = {}
    with httpx.Client(base_url=replica.url, timeout=60) as client:
        for address in (download, *(prefix + address for address in ADDRESSES)):
            answer = client.get(address, headers={"Accept-Encoding": "gzip"})
            if answer.status_code == 200:
                headers = {name: value for name, value in answer.headers.items() if name not in _OWN}
                found[address] = (headers, answer.content)
    return found


@pytest.mark.slow
def test_replicas_give_the_same_bytes_headers_and_tags(fleet: Fleet) -> None:
    first = VersionStore(fleet.versions).current()
    fleet.until_serves(fleet.publish_next())
    for prefix in ("", f"/version/{first.id}"):
        download = f"/dump/{first.id}/own.bin"
        one, *others = (answers(replica, prefix, download) for replica in fleet.replicas)
        assert len(one) > (11 if prefix else 19), one.keys()
        for other in others:
            assert {address for address in {*one, *other} if one.get(address) != other.get(address)} == set()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("publications", "requests"), [(3, 300), (20, 10_000)])
def test_no_request_fails_while_versions_and_replicas_come_and_go(
    fleet: Fleet, publications: int, requests: int
) -> None:
    outcomes = ask_during_publications(fleet, publications=publications, requests=requests)
    assert set(outcomes) == {"right"}, outcomes
    assert outcomes["right"] >= requests


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_request_fails_behind_the_balancer_of_deploy_while_replicas_are_renewed(
    fleet: Fleet, tmp_path: Path
) -> None:
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy is not here, as the end of the run says; the clients above choose a replica themselves")
    text = (Path(__file__).resolve().parents[2] / "deploy" / "Caddyfile").read_text()
    two, port = fleet.replicas[:2], free_port()
    for name, address in (("replica-1:8000", two[0].url), ("replica-2:8000", two[1].url), (":8080", f"http://:{port}")):
        assert name in text
        text = text.replace(name, address)
    (tmp_path / "Caddyfile").write_text(text)
    command = [program, "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    with (tmp_path / "caddy.log").open("w") as log:
        balancer = subprocess.Popen(command, env={**os.environ, "HOME": str(tmp_path)}, stdout=log, stderr=log)
    front = Replica(f"http://127.0.0.1:{port}", two[0].folder, two[0].log, two[0].process)
    balanced = Fleet(fleet.versions, fleet.bucket, [front], fleet.stack, fleet.number, fleet.numbers)
    try:
        front.until(lambda: front.ready() is not None, "the balancer does not answer")

        def renew(turn: int) -> None:
            fleet.restart(turn % 2, gently=True)
            front.process = fleet.replicas[0].process
            fleet.replicas[turn % 2].until(
                lambda: fleet.replicas[turn % 2].ready() is not None, "it is not ready again"
            )

        outcomes = ask_during_publications(balanced, publications=4, requests=800, disturb=renew)
        fleet.number = balanced.number
        assert set(outcomes) == {"right"}, (outcomes, (tmp_path / "caddy.log").read_text()[-3000:])
        assert outcomes["right"] >= 800
    finally:
        balancer.terminate()
        balancer.wait(60)


@pytest.mark.slow
def test_a_replica_without_a_version_is_alive_and_not_ready(tmp_path: Path, bucket: str, versions: Path) -> None:
    with running_replica(bucket, tmp_path / "replica") as replica:
        replica.until(lambda: _get(replica, "/health/live") is not None, "it does not answer")
        replica.process.send_signal(signal.SIGHUP)
        live = _get(replica, "/health/live")
        assert live is not None
        assert (live.status_code, live.json()) == (200, {"status": "live"})
        replica.until(lambda: "pointer.json" in _detail(replica), "the reason is not told")
        for path in ("/health/ready", "/", "/sparql", "/plans"):
            answer = httpx.get(replica.url + path)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "2"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "not-ready"
        publish(versions, bucket)
        replica.until_serves(VersionStore(versions).current().id)


def test_a_signal_ends_a_replica_that_has_no_version(tmp_path: Path, bucket: str) -> None:
    with running_replica(bucket, tmp_path / "replica") as replica:
        replica.until(lambda: _get(replica, "/health/live") is not None, "it does not answer")


@pytest.mark.slow
def test_a_store_that_is_away_leaves_the_last_version_and_is_named(
    versions: Path, tmp_path: Path, folder_store: str
) -> None:
    publish(versions, folder_store)
    objects = Path(folder_store.removeprefix("file:"))
    first = VersionStore(versions).current()
    with running_replica(folder_store, tmp_path / "replica") as replica:
        replica.until_serves(first.id)
        objects.rename(tmp_path / "away")
        replica.until(lambda: "pointer.json" in str(_replica(replica)["problem"]), "the problem is not told")
        assert httpx.get(f"{replica.url}/sparql", params={"query": NUMBER}).status_code == 200
    # It starts without its store, too.
    with running_replica(folder_store, tmp_path / "replica") as replica:
        replica.until_serves(first.id)
        write_version(versions, 2)
        publish(versions, f"file:{tmp_path / 'away'}")
        (tmp_path / "away").rename(objects)
        replica.until_serves(VersionStore(versions).current().id)
        replica.until(lambda: _replica(replica)["behind"] is False, "it does not tell that it has caught up")
        assert _replica(replica)["problem"] is None


@pytest.mark.slow
def test_a_damaged_object_is_named_in_one_line_and_the_last_version_serves(
    versions: Path, tmp_path: Path, folder_store: str
) -> None:
    publish(versions, folder_store)
    first = VersionStore(versions).current()
    with running_replica(folder_store, tmp_path / "replica") as replica:
        replica.until_serves(first.id)
        second = write_version(versions, 2)
        # Damaged in the folder after it was hashed, as a disk would do it: the object has other bytes than its name.
        publish(versions, folder_store)
        objects = Path(folder_store.removeprefix("file:")) / "objects"
        replica.until_serves(second.id)
        third = write_version(versions, 3)
        damaged = (third.path / "dump" / "own.bin").read_bytes()
        publish_damaged(versions, folder_store, objects, damaged)
        replica.until(lambda: "another SHA-256" in str(_replica(replica)["problem"]), "the problem is not told")
        found = _replica(replica)
        assert found["behind"] is True
        assert found["published"] == {"number": 3, "version": third.id}
        assert (replica.ready() or {})["version"] == second.id
        assert _metrics(replica) == {"behind": 1, "problem": 1}
        lines = [line for line in replica.log.read_text().splitlines() if "publication not taken over" in line]
        assert len(lines) == 1
        assert json.loads(lines[0])["serving"] == second.id
        pinned = httpx.get(f"{replica.url}/version/{third.id}/plans")
        assert pinned.status_code == 404
        assert pinned.json()["code"] == "version-not-here"
        assert pinned.headers["retry-after"] == "5"
        assert pinned.headers["plangraf-version"] == second.id
        assert httpx.get(f"{replica.url}/dump/{third.id}/").json()["code"] == "version-not-here"
        publish(versions, folder_store, again=True)
        replica.until_serves(third.id)
        replica.until(lambda: _metrics(replica) == {"behind": 0, "problem": 0}, "the metrics are not renewed")
        assert httpx.get(f"{replica.url}/version/{third.id}/plans").status_code == 200


def publish_damaged(versions: Path, store: str, objects: Path, content: bytes) -> None:
    """Publishes with an object that stands there with other bytes, so that it is taken for written."""
    from plangraf.replicas.layout import blob_of

    place = objects.parent / blob_of(content).object
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(bytes(len(content)))
    publish(versions, store)


@pytest.mark.slow
def test_a_withdrawn_version_is_410_on_replicas(versions: Path, tmp_path: Path, folder_store: str) -> None:
    store = VersionStore(versions)
    first = store.current().id
    second = write_version(versions, 2).id
    publish(versions, folder_store)
    with running_replica(folder_store, tmp_path / "replica") as replica:
        replica.until_serves(second)
        address = f"{replica.url}/version/{first}/queries/plans.csv"
        assert httpx.get(address).status_code == 200
        store.withdraw(first)
        publish(versions, folder_store)
        replica.until(lambda: httpx.get(address).status_code == 410, "it is still served")
        assert httpx.get(address).json()["code"] == "version-gone"
        assert first not in httpx.get(f"{replica.url}/version/").text


def _get(replica: Replica, path: str) -> httpx.Response | None:
    try:
        return httpx.get(replica.url + path)
    except httpx.HTTPError:
        return None


def _detail(replica: Replica) -> str:
    answer = _get(replica, "/health/ready")
    return "" if answer is None else str(answer.json().get("detail"))


def _replica(replica: Replica) -> dict[str, object]:
    found: dict[str, object] = (replica.ready() or {}).get("replica") or {"problem": None, "behind": None}
    return found


def _metrics(replica: Replica) -> dict[str, float]:
    lines = [line for line in httpx.get(f"{replica.url}/metrics").text.splitlines() if "plangraf_replica_" in line]
    values = [line.rpartition(" ")[::2] for line in lines if not line.startswith("#")]
    return {name.removeprefix("plangraf_replica_"): float(value) for name, value in values}
