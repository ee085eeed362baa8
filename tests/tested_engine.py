"""The engine behind the served versions of this run: the embedded one, or with `--engine` a server of another program.

The process that pytest was started in starts the server before the first test, and tells the processes that it
starts its address by their environment. `differences.yaml` beside the engines' tests says which tests differ.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import yaml

from plangraf.errors import EngineError
from plangraf.publish.endpoint_loading import Loader, Target
from plangraf.store.versions import VersionStore

_TOLD = "TESTED_ENGINE"
_DIFFERENCES = Path(__file__).resolve().parent / "engines" / "differences.yaml"


@dataclass(frozen=True, slots=True)
class Differences:
    """The tests that an engine fails, with reasons: differences that the service does not promise to hide."""

    reasons: dict[str, str]

    def reason(self, test: str) -> str:
        """Why a test fails; empty when it must pass. `[*]` stands for the cases of a test."""
        found = (reason for pattern, reason in self.reasons.items() if _matches(test, pattern))
        return next(found, "")


def _matches(test: str, pattern: str) -> bool:
    if pattern.endswith("[*]"):
        return test.startswith(pattern[:-2])
    return fnmatch(test, pattern.replace("[", "[[]"))


def differences(engine: str) -> Differences:
    """The table of an engine."""
    kinds = yaml.safe_load(_DIFFERENCES.read_text()) or {}
    found = {test: kind["reason"] for kind in kinds.values() for test in kind["tests"].get(engine, ())}
    return Differences(found)


def tell(name: str, target: Target) -> None:
    """Makes a running server the engine of the versions that are served from now on."""
    addresses = {"query": target.query, "update": target.update, "graph_store": target.graph_store}
    os.environ[_TOLD] = json.dumps({"name": name, **addresses, "secret": target.secret})


def forget() -> None:
    """Makes the embedded engine that of the versions that are served from now on."""
    os.environ.pop(_TOLD, None)


def settings(versions: Path) -> dict[str, str]:
    """The settings of a service over a folder, by name, after its versions are published; none when embedded."""
    if _TOLD not in os.environ:
        return {}
    told = json.loads(os.environ[_TOLD])
    target = Target(told["query"], told["update"], told["graph_store"], told["secret"])
    _publish(versions, target)
    given = {
        "engine": target.query,
        "engine_update": target.update,
        "engine_graph_store": target.graph_store,
        "engine_authorization": target.secret,
    }
    # What differs stands in differences.yaml and in the verdicts of the differential queries.
    return {name: value for name, value in given.items() if value} | {"engine_accept_differences": "true"}


def environment(versions: Path) -> dict[str, str]:
    """`settings` as environment variables."""
    return {f"PLANGRAF_{name.upper()}": value for name, value in settings(versions).items()}


def name() -> str:
    """The name of the engine."""
    return str(json.loads(os.environ[_TOLD])["name"]) if _TOLD in os.environ else "embedded"


def remove_refused(versions: Path) -> frozenset[str]:
    """Removes the versions that the engine cannot hold as they are from a folder; gives their ids."""
    if _TOLD not in os.environ:
        return frozenset()
    told = json.loads(os.environ[_TOLD])
    store = VersionStore(versions)
    loader = Loader(Target(told["query"], told["update"], told["graph_store"], told["secret"]))
    refused = set()
    for version in store.list():
        try:
            loader.load(version)
        except EngineError as error:
            if "It keeps these otherwise" not in str(error):
                raise
            refused.add(version.id)
    loader.close()
    kept = [version.id for version in store.list() if version.id not in refused]
    store.use(kept[-1])
    for version_id in refused:
        shutil.rmtree(versions / version_id)
    return frozenset(refused)


def _publish(versions: Path, target: Target) -> None:
    """Publishes the versions of a folder; one process of the tests at a time, because several have the same version."""
    with (Path(tempfile.gettempdir()) / f"tested-engine-{target.query.split(':')[2].split('/')[0]}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        loader = Loader(target)
        try:
            for version in VersionStore(versions).list():
                loader.load(version)
        finally:
            loader.close()
