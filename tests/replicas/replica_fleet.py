"""A publisher with several replicas, and clients that ask them as a balancer lets them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from replica_servers import Replica, running_replica
from small_publications import publish, write_version

from plangraf.store.versions import Version, VersionStore

NUMBER = "SELECT ?n WHERE { <http://example.org/number> <http://purl.org/dc/terms/identifier> ?n }"


@dataclass
class Fleet:
    """A publisher and three replicas, of which some may be killed and started again."""

    versions: Path
    bucket: str
    replicas: list[Replica]
    stack: ExitStack
    number: int = 1
    numbers: dict[str, int] = field(default_factory=dict)
    interrupted: int = 0
    asked_anew: list[str] = field(default_factory=list)

    def publish_next(self) -> Version:
        """Publishes a version that differs from all before."""
        version = write_version(self.versions, self.number)
        self.numbers[version.id] = self.number
        self.number += 1
        VersionStore(self.versions).prune(2)
        publish(self.versions, self.bucket)
        return version

    def restart(self, which: int, *, gently: bool = False) -> None:
        """Kills a replica, or ends it with SIGTERM, and starts another one over its folder."""
        victim = self.replicas[which]
        self.interrupted += 1
        if gently:
            victim.process.terminate()
            assert victim.process.wait(60) == 0
        else:
            victim.kill()
        port = int(victim.url.rpartition(":")[2])
        self.replicas[which] = self.stack.enter_context(running_replica(self.bucket, victim.folder, port=port))

    def until_serves(self, version: Version) -> None:
        for replica in self.replicas:
            if not replica.cut_off:
                replica.until_serves(version.id)


def ask_during_publications(
    fleet: Fleet, *, publications: int, requests: int, disturb: Callable[[int], None] | None = None
) -> Counter[str]:
    """Asks while versions are published.

    Args:
        fleet: the replicas.
        publications: how many are published, one after the other.
        requests: how many requests are answered at least in that time.
        disturb: called with the number of each publication after it; by default a replica is killed and started again
            at every second one.
    Returns:
        The number of requests by outcome: "right", or what was wrong.
    """
    outcomes: Counter[str] = Counter()
    done, lock = threading.Event(), threading.Lock()

    def ask() -> None:
        number = 0
        with httpx.Client(timeout=httpx.Timeout(60, connect=5)) as client:
            while not done.is_set():
                number += 1
                outcome = ask_balanced(client, fleet, number)
                with lock:
                    outcomes[outcome] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(publications):
            version = fleet.publish_next()
            if disturb is not None:
                disturb(turn)
            elif turn % 2 == 0:
                fleet.restart(turn // 2 % len(fleet.replicas))
            fleet.until_serves(version)
            wanted = requests * (turn + 1) / publications
            fleet.replicas[0].until(lambda wanted=wanted: outcomes.total() >= wanted, "too few requests")  # type: ignore[misc]
    finally:
        done.set()
        for thread in threads:
            thread.join(120)
    assert len(fleet.asked_anew) <= len(threads) * fleet.interrupted, fleet.asked_anew
    return outcomes


def ask_balanced(client: httpx.Client, fleet: Fleet, number: int) -> str:
    """Asks one replica after the other until one takes the request, as a balancer does.

    A request goes on to the next replica when one does not accept the connection, is not ready, or was killed. An
    answer that breaks off while its replica lives, or is not that of the version that it names, is a failure; but each
    kept connection to a replica that was killed may end once.
    """
    for turn in range(len(fleet.replicas)):
        replica = fleet.replicas[(number + turn) % len(fleet.replicas)]
        try:
            answer = client.get(f"{replica.url}/sparql", params={"query": NUMBER, "format": "csv"})
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
        except httpx.HTTPError as error:
            if replica.killed or replica.cut_off:
                continue
            # A kept connection to the one that was killed or cut off before may end only now.
            if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError) and fleet.interrupted:
                fleet.asked_anew.append(str(error))
                continue
            return f"{type(error).__name__}: {error}"
        if answer.status_code == 503 and answer.json()["code"] == "not-ready":
            continue
        version = answer.headers.get("plangraf-version", "")
        if answer.status_code == 200 and answer.text.split()[1:] == [str(fleet.numbers.get(version))]:
            return "right"
        return f"{answer.status_code} {version} {answer.text[:200]}"
    return "no replica answered"
