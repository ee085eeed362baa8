"""Three replicas as hosts of a network of their own: one is killed, one cut off, one has a slow disk.

`test_no_request_fails_while_versions_and_replicas_come_and_go` is the short form, on ports.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from object_server import make_bucket, object_server, variables
from replica_fleet import Fleet, ask_during_publications
from replica_servers import running_replica

NETWORK = "10.231.77"
_SLOW_DISK = Path(__file__).resolve().parent / "slow_disk"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=30)


@contextmanager
def hosts(number: int) -> Iterator[list[str]]:
    """Network namespaces, each with one address on a bridge of this machine; yields their names."""
    mark = f"pg{os.urandom(3).hex()}"
    names = [f"{mark}{n}" for n in range(number)]
    with ExitStack() as stack:
        ip("link", "add", mark, "type", "bridge")
        stack.callback(ip, "link", "del", mark)
        ip("addr", "add", f"{NETWORK}.1/24", "dev", mark)
        ip("link", "set", mark, "up")
        for n, name in enumerate(names):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("link", "add", f"v{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"v{name}", "master", mark, "up")
            ip("-n", name, "addr", "add", f"{NETWORK}.{n + 11}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                ip("-n", name, "link", "set", device, "up")
        yield names


def may_make_hosts() -> bool:
    try:
        with hosts(1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_request_fails_while_hosts_are_killed_cut_off_and_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not may_make_hosts():
        pytest.skip("network namespaces need root; the short form runs on ports")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    with ExitStack() as stack:
        names = stack.enter_context(hosts(3))
        server = stack.enter_context(object_server(f"{NETWORK}.1"))
        for name, value in variables(server).items():
            monkeypatch.setenv(name, value)
        fleet = Fleet(tmp_path / "versions", make_bucket(server), [], stack)
        version = fleet.publish_next()
        slow = {"PYTHONPATH": f"{_SLOW_DISK}:{os.environ.get('PYTHONPATH', '')}"}
        for n, name in enumerate(names):
            inside = ("ip", "netns", "exec", name)
            own, host = slow if n == 2 else {}, f"{NETWORK}.{n + 11}"
            replica = running_replica(
                fleet.bucket, tmp_path / f"replica-{n}", before=inside, host=host, port=8000, **own
            )
            fleet.replicas.append(stack.enter_context(replica))
        fleet.until_serves(version)

        def disturb(turn: int) -> None:
            cut = fleet.replicas[1]
            if turn == 1:
                cut.cut_off = True
                fleet.interrupted += 1
                ip("link", "set", f"v{names[1]}", "down")
            if turn == 3:
                fleet.interrupted += 1
                fleet.replicas[0].kill()
                fleet.replicas[0].cut_off = True
            if turn == 4:
                ip("link", "set", f"v{names[1]}", "up")
                cut.until(lambda: cut.ready() is not None, "it is not reached again")
                cut.cut_off = False

        outcomes = ask_during_publications(fleet, publications=6, requests=1_000, disturb=disturb)
        assert set(outcomes) == {"right"}, outcomes
        assert outcomes["right"] >= 1_000
