"""Faults under a service and beside a build: nothing is lost, a whole version serves, one line says what is wrong.

`make faults` does many rounds, with other moments in each run; `FAULT_ROUNDS` and `FAULT_SEED` choose them. Other files
have the faults of one step: an interrupted write (tests/store/test_crash_safety.py), an interrupted restore and damaged
backups (tests/maintenance/test_backup.py), processes that end (tests/service/test_process_ends.py).
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from asking_clients import AskingClients
from forked_python import run_command, start_command
from plangraf.errors import VersionsError
from plangraf.maintenance.examined_data import check_contexts, check_feed, check_versions
from plangraf.settings import load_settings
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, Version, VersionStore
from plangraf.store.versions import folder as versions_folder
from running_server import Server, running_server
from small_home import command, environ, make_home, plangraf, write

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or (
    5001 if "FAULT_ROUNDS" not in os.environ else random.randrange(1, 2**31)
)
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ONE_MORE = b"<http://example.org/%d> <http://example.org/more> <http://example.org/triple> <http://example.org/graph> ."
_DEADLINE_S = 120
_OF_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small or read-only disk")
EXAMINED = (check_versions, check_feed, check_contexts)


@pytest.fixture
def store(light_versions: Path, tmp_path: Path) -> VersionStore:
    """A good version, and a current one with a triple more."""
    print(f"FAULT_SEED={SEED}")
    shutil.copytree(light_versions, tmp_path / "versions", symlinks=True)
    store = VersionStore(tmp_path / "versions")
    add_version(store, 1)
    return store


def add_version(store: VersionStore, number: int) -> Version:
    version = min(store.list(), key=lambda one: one.triples)
    lines = sorted({*version.lines(), *(ONE_MORE % one for one in range(number))})
    return store.write(lines, {**version.manifest, "triples": version.triples + number})


def assert_nothing_is_lost(store: VersionStore, kept: set[str]) -> None:
    """Every version is there and whole, the log too, and the log can be completed."""
    assert {version.id for version in store.list()} >= kept
    store.catch_up()
    settings = load_settings(versions=store.path)
    findings = [finding for check in EXAMINED for finding in check(settings)]
    assert [finding for finding in findings if finding.state == "broken"] == []


class Clients(AskingClients):
    """Readers who compare each answer with the version that it names."""

    def __init__(self, url: str, store: VersionStore) -> None:
        super().__init__(keeping=0, closing=2)
        self._url, self._store = url, store
        self._triples: dict[str, str] = {}

    def ask(self, client: httpx.Client) -> Iterator[str]:
        query = f"{COUNT} # {os.urandom(4).hex()}"
        answer = client.get(f"{self._url}/sparql", params={"query": query, "format": "csv"})
        version = answer.headers.get("plangraf-version", "")
        right = answer.status_code == 200 and answer.text.split()[1] == self._triples_of(version)
        yield "right" if right else f"{answer.status_code} {answer.text[:200]}"

    def _triples_of(self, version: str) -> str:
        if version not in self._triples:
            self._triples[version] = str(self._store.get(version).triples)
        return self._triples[version]

    def until_right(self, more: int = 20) -> None:
        self.until(more, "right")


def log_of(store: VersionStore) -> str:
    return "".join(path.read_text() for path in store.path.parent.glob("serve-*.log"))


def until_logged(store: VersionStore, text: str) -> str:
    deadline = time.monotonic() + _DEADLINE_S
    while text not in log_of(store):
        assert time.monotonic() < deadline, log_of(store)[-3000:]
        time.sleep(0.05)
    return log_of(store)


# Killed at random


WRITER = """
import pathlib, sys
from plangraf.store.versions import VersionStore
store, number = VersionStore(pathlib.Path(sys.argv[1])), int(sys.argv[2])
more = b"<http://example.org/%d> <http://example.org/more> <http://example.org/triple> <http://example.org/graph> ."
version = min(store.list(), key=lambda one: one.triples)
print("ready", flush=True)
lines = sorted({*version.lines(), *(more % one for one in range(number))})
made = store.write(lines, {**version.manifest, "triples": version.triples + number})
store.use(version.id)
store.use(made.id)
store.record_inputs("0" * 64, made.id)
"""


@pytest.mark.slow
def test_publishing_and_switching_killed_at_random_under_readers(store: VersionStore) -> None:
    moments = random.Random(SEED)
    kept = {version.id for version in store.list()}
    with running_server(store.path, PLANGRAF_WATCH_S="0.05") as server, Clients(server.url, store) as clients:
        clients.until_right()
        for number in range(2, 2 + 3 * ROUNDS):
            with subprocess.Popen(
                [sys.executable, "-c", WRITER, str(store.path), str(number)], stdout=subprocess.PIPE
            ) as writer:
                assert writer.stdout is not None
                writer.stdout.readline()
                with suppress(subprocess.TimeoutExpired):
                    writer.wait(moments.random() * 0.5)
                writer.kill()
            clients.until_right()
            assert_nothing_is_lost(store, kept)
            kept |= {version.id for version in store.list()}
        newest = add_version(store, 1000).id
        deadline = time.monotonic() + _DEADLINE_S
        while httpx.get(f"{server.url}/health/ready").json()["version"] != newest:
            assert time.monotonic() < deadline
    assert set(clients.outcomes) == {"right"}, clients.outcomes
    assert not list(store.path.glob(".tmp-*"))


def processes(server: Server) -> dict[str, list[psutil.Process]]:
    found: dict[str, list[psutil.Process]] = {"http": [], "loader": [], "worker": []}
    for process in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            loads = "plangraf.engines.embedded.loader" in process.cmdline()
            kind = "http" if not loads else "worker" if process.ppid() != server.process.pid else "loader"
            found[kind].append(process)
    return found


@pytest.mark.slow
def test_each_kind_of_process_killed_at_random_is_replaced_and_told(store: VersionStore) -> None:
    moments = random.Random(SEED)
    with running_server(store.path, "--workers", "2") as server, Clients(server.url, store) as clients:
        for kind in ("http", "loader", "worker") * ROUNDS:
            clients.until_right()
            deadline = time.monotonic() + _DEADLINE_S
            while not (found := processes(server)[kind]):
                assert time.monotonic() < deadline, f"no {kind} runs"
                time.sleep(0.02)
            victim = moments.choice(found)
            with suppress(psutil.NoSuchProcess):
                victim.kill()
            time.sleep(moments.random() * 0.2)
            clients.until_right()
        until_logged(store, "ended with status -9; another one starts.")
        until_logged(store, '"event":"loader replaced"')
    failed = clients.outcomes.total() - clients.outcomes["right"]
    # Only what the killed process was just answering, of two clients.
    assert failed <= 4 * ROUNDS * 3, clients.outcomes
    assert_nothing_is_lost(store, {version.id for version in store.list()})


@pytest.mark.slow
def test_a_service_killed_as_a_whole_starts_again_over_the_same_folder(store: VersionStore) -> None:
    kept = {version.id for version in store.list()}
    for _ in range(ROUNDS):
        server = subprocess.Popen(
            command("serve", "--no-build", "--port", "0", "--workers", "1", "--versions", store.path),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        assert server.stdout is not None
        assert store.current().id in server.stdout.readline()
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()
        assert_nothing_is_lost(store, kept)


# Damages


def damage_dump(version: Version) -> None:
    (version.path / "data.nq.zst").chmod(0o644)
    (version.path / "data.nq.zst").write_bytes((version.path / "data.nq.zst").read_bytes()[:-9])


def damage_manifest(version: Version) -> None:
    (version.path / "manifest.json").write_bytes(b"{")


def remove_manifest(version: Version) -> None:
    (version.path / "manifest.json").unlink()


def damage_bulk(version: Version) -> None:
    (version.path / "bulk.json").write_bytes(b"{")


def damage_link(version: Version) -> None:
    (version.path.parent / "current").unlink()
    (version.path.parent / "current").symlink_to("0" * 16)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        damage_dump,
        damage_manifest,
        remove_manifest,
        damage_bulk,
        damage_link,
    ],
)
def test_a_damaged_version_leaves_an_older_one_serving_and_is_told_once(
    store: VersionStore, damage: Callable[[Version], None]
) -> None:
    """Under a running service, and at a start."""
    bad = store.current()
    good = next(version for version in store.list() if version.id != bad.id)
    store.use(good.id)
    with running_server(store.path, PLANGRAF_WATCH_S="0.05") as server, Clients(server.url, store) as clients:
        clients.until_right()
        link = store.path / "current"
        damage(bad)
        if damage is not damage_link:
            link.unlink()
            link.symlink_to(bad.id)
        until_logged(store, '"event":"version not ')
        clients.until_right(100)
        assert httpx.get(f"{server.url}/health/ready").json()["version"] == good.id
    assert set(clients.outcomes) == {"right"}
    lines = [line for line in log_of(store).splitlines() if '"event":"version not ' in line]
    assert len(lines) == 1, lines
    with running_server(store.path, PLANGRAF_WATCH_S="0.05") as server:
        served = httpx.get(f"{server.url}/health/ready").json()["version"]
        assert served in server.line
        # Without a link that leads somewhere, the newest version is served.
        assert served == (store.list()[-1].id if damage is damage_link else good.id)
    lines = [line for line in log_of(store).splitlines() if '"event":"version not ' in line]
    assert len(lines) == 2, lines


def test_a_damaged_old_version_stops_neither_builds_nor_lists_and_is_not_removed(store: VersionStore) -> None:
    old = store.list()[0]
    damage_manifest(old)
    made = [add_version(store, number).id for number in (3, 4, 5)]
    assert store.damaged() == [old.id]
    store.prune(0)
    assert [version.id for version in store.list()] == made[-1:]
    assert (old.path / "data.nq.zst").is_file()
    listed = run_command("versions", "--versions", store.path)
    assert (listed.returncode, listed.stdout.count("triples")) == (0, 1)
    assert listed.stderr == f"plangraf: version {old.id} is damaged; `plangraf doctor` says how.\n"
    with running_server(store.path) as server:
        assert httpx.get(f"{server.url}/version/").status_code == 200


@pytest.mark.slow
def test_a_service_without_any_whole_version_ends_with_clear_lines(store: VersionStore) -> None:
    for version in store.list():
        damage_dump(version)
    run = subprocess.run(
        command("serve", "--no-build", "--port", "0", "--workers", "1", "--versions", store.path),
        capture_output=True, text=True, timeout=_DEADLINE_S,
    )  # fmt: skip
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    for version in store.list():
        assert f"plangraf: Version {version.id} in {store.path} is damaged" in run.stderr
    assert run.stderr.endswith("say why, `plangraf doctor` more.\n")


def test_a_damaged_log_of_changes_is_told_and_data_are_served(store: VersionStore) -> None:
    first = store.path / FEED / "000000000001.zst"
    first.write_bytes(b"no log" + first.read_bytes())
    with running_server(store.path) as server, Clients(server.url, store) as clients:
        clients.until_right()
        answer = httpx.get(f"{server.url}/feed/1", headers={"Accept": "application/ld+json"})
        assert (answer.status_code, answer.json()["code"]) == (500, "feed-damaged")
    assert set(clients.outcomes) == {"right"}
    with pytest.raises(VersionsError, match="The log of changes in"):
        add_version(store, 5)


@pytest.mark.slow
def test_a_damaged_index_of_the_search_is_told_and_data_are_served(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "versions", symlinks=True)
    store = VersionStore(tmp_path / "versions")
    files = (path for path in sorted((store.current().path / "search").rglob("*")) if path.is_file())
    changed = next(path for path in files if path.suffix not in (".json", ".lock"))
    changed.chmod(0o644)
    changed.write_bytes(b"no index")
    with running_server(store.path) as server:
        answer = httpx.get(f"{server.url}/search", params={"q": "klima", "format": "json"})
        assert (answer.status_code, answer.json()["code"]) == (404, "search-unavailable")
        assert changed.name in answer.json()["detail"]
        assert httpx.get(f"{server.url}/sparql", params={"query": COUNT, "format": "csv"}).status_code == 200


# The disk


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@_OF_ROOT
def test_a_full_disk_stops_a_build_with_one_line_and_the_old_version_serves(
    store: VersionStore, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        shutil.copytree(store.path, disk / "versions", symlinks=True)
        small = VersionStore(disk / "versions")
        kept = {version.id for version in small.list()}
        with running_server(small.path) as server, Clients(server.url, small) as clients:
            clients.until_right()
            (disk / "filler").write_bytes(
                bytes(shutil.disk_usage(disk).free - 4096 * random.Random(SEED).randrange(8, 30))
            )
            with pytest.raises(VersionsError, match=r"the disk is full; free some space\. The current version is unch"):
                small.write(sorted(store.current().lines()), {"triples": 1}, {"large.bin": os.urandom(1_000_000)})
            with suppress(OSError):
                (disk / "filler-2").write_bytes(bytes(1 << 20))
            with pytest.raises(VersionsError, match="the disk is full"):
                small.use(next(iter(kept - {small.current().id})))
            clients.until_right()
            for path in disk.glob("filler*"):
                path.unlink()
            assert_nothing_is_lost(small, kept)
            small.use(next(iter(kept - {small.current().id})))
        assert set(clients.outcomes) == {"right"}


def test_a_limit_of_file_sizes_stops_a_build_with_one_line(store: VersionStore) -> None:
    script = "import pathlib, resource, sys\nfrom plangraf.store.versions import VersionStore\n"
    script += (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\nstore = VersionStore(pathlib.Path(sys.argv[1]))\n"
    )
    script += "store.write(list(store.current().lines())[:-9], {'triples': 1})"
    before = store.current().id
    run = subprocess.run([sys.executable, "-c", script, str(store.path)], capture_output=True, text=True)
    assert run.stderr.splitlines()[-1].endswith("cannot be written: File too large. The current version is unchanged.")
    assert store.current().id == before
    assert_nothing_is_lost(store, {before})


@_OF_ROOT
def test_a_read_only_disk_is_served_from_and_builds_say_so(store: VersionStore) -> None:
    for path in sorted((store.path / FEED).glob("0*"))[-2:]:
        path.unlink()  # the log lags, so that a start would want to write
    with mounted(store.path, "--bind", str(store.path)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(store.path)], check=True)
        with running_server(store.path) as server, Clients(server.url, store) as clients:
            clients.until_right()
        assert set(clients.outcomes) == {"right"}
        told = [line for line in log_of(store).splitlines() if line.startswith("plangraf: /feed does not have")]
        assert len(told) == 1
        assert "it is read-only" in told[0]
        with pytest.raises(VersionsError, match="it is read-only; name another folder"):
            add_version(store, 7)
    assert_nothing_is_lost(store, {version.id for version in store.list()})


@pytest.mark.slow
@_OF_ROOT
def test_a_full_disk_of_temporary_files_ends_no_process(store: VersionStore, tmp_path: Path) -> None:
    """The metrics of the processes lie there."""
    disk = tmp_path / "temporary"
    with mounted(disk, "-t", "tmpfs", "-o", "size=3m", "tmpfs"), running_server(store.path, TMPDIR=str(disk)) as server:
        assert "plangraf_ready 1.0" in httpx.get(f"{server.url}/metrics").text
        with pytest.raises(OSError, match="No space left"):
            (disk / "filler").write_bytes(bytes(4 << 20))
        before = processes(server)["http"]
        with Clients(server.url, store) as clients:
            clients.until_right()
            for kind in ("doc", "id", "queries", "dump", "feed", "version", "nothing"):
                for method in ("GET", "POST", "QUERY", "PUT"):
                    assert httpx.request(method, f"{server.url}/{kind}").status_code
            clients.until_right()
            assert processes(server)["http"] == before
            before[0].kill()
            clients.until_right()
            assert httpx.get(f"{server.url}/metrics").status_code == 200
            log = log_of(store)
    assert log.count("another one starts") == 1
    assert clients.outcomes.total() - clients.outcomes["right"] <= 4, clients.outcomes


# The clock


def test_a_clock_that_is_set_back_neither_disorders_nor_prunes_what_is_new(
    store: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (version.id for version in store.list())

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - timedelta(days=400)

    monkeypatch.setattr(versions_folder, "datetime", Earlier)
    for version in store.list():
        ahead = time.time_ns() + 400 * 86_400 * 10**9 + version.path.stat().st_mtime_ns % 10**9
        os.utime(version.path, ns=(ahead, ahead))
    order = [version.id for version in store.list()]
    third, fourth = add_version(store, 3).id, add_version(store, 4).id
    assert [version.id for version in store.list()] == [*order, third, fourth]
    assert store.prune(1) == order
    assert {version.id for version in store.list()} == {third, fourth}
    times = [publication.published for publication in FeedLog(store.path / FEED).publications()]
    assert times == sorted(times)
    assert len(set(times)) == len(times)
    assert {first, second} == set(order)


# Descriptors and memory


def limited(kind: int, limit: int, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=_DEADLINE_S, env={**os.environ, **environment},
        preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
    )  # fmt: skip


def test_too_few_descriptors_are_told_at_the_start(store: VersionStore) -> None:
    run = limited(resource.RLIMIT_NOFILE, 100, "serve", "--no-build", "--port", "0", "--versions", store.path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "plangraf: ulimit -n: each process may open 100 files, and the service needs 188. Raise the limit, in a unit "
        "of systemd with LimitNOFILE=65536.\n"
    )


@pytest.mark.slow
def test_a_service_raises_a_low_limit_of_descriptors(store: VersionStore) -> None:
    """Most systems give a shell 1024, and allow more."""

    def start(*arguments: str, **named: object) -> object:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (120, before[1]))
        try:
            return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True, **named)  # type: ignore[call-overload]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    with running_server(store.path, start=start) as server:
        for process in processes(server)["http"]:
            assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0] >= 188


def test_connections_beyond_the_descriptors_wait_and_the_service_recovers(store: VersionStore) -> None:
    with running_server(store.path) as server:
        (process,) = processes(server)["http"]
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (200, 200))
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        held = []
        for _ in range(300):
            held.append(socket.create_connection(address, timeout=10))
        time.sleep(0.5)
        for one in held:
            one.close()
        with Clients(server.url, store) as clients:
            clients.until_right()
    assert set(clients.outcomes) == {"right"}, clients.outcomes


@pytest.mark.slow
def test_too_little_memory_is_told_at_the_start_without_a_traceback(store: VersionStore) -> None:
    run = limited(
        resource.RLIMIT_AS, 300 << 20, "serve", "--no-build", "--port", "0", "--workers", "1", "--versions", store.path,
        RUST_BACKTRACE="0",
    )  # fmt: skip
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert run.stderr.endswith(
        "plangraf: the HTTP processes could not start; the lines above say why, `plangraf doctor` more.\n"
    )


# Two at once


def test_of_two_builds_at_once_one_builds_and_the_other_says_so(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    assert plangraf("build", "--quiet", home=home).returncode == 0
    store = VersionStore(home / "versions")
    before = store.current().id
    write(home, "data/5001/planstrategi/more.ttl", "<http://metadata.un.org/sdg/11.6> rdfs:label 'By'@nn .\n")
    for _ in range(ROUNDS):
        with (home / "err").open("w+") as errors:
            builds = [
                start_command("build", "--quiet", "--force", env=environ(home), cwd=home, stderr=errors)
                for _ in range(2)
            ]
            codes = sorted(build.wait(_DEADLINE_S) for build in builds)
            errors.seek(0)
            said = [line for line in errors.read().splitlines() if line.startswith("plangraf: ")]
        assert codes in ([0, 0], [0, 1])
        assert len(said) == codes[1]
        assert all("Another build is writing to" in line for line in said)
        for build in builds:
            if build.stdout is not None:
                build.stdout.close()
    assert store.current().id != before
    assert_nothing_is_lost(store, {before})
    assert json.loads((store.path / "inputs.json").read_bytes())["version"] == store.current().id
