"""What reads the folder of versions without its lock finds it whole, while another process writes and prunes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plangraf.cli.versions import versions_app
from plangraf.http.routes.kept_versions import list_versions
from plangraf.maintenance.examined_data import check_disk, check_feed, check_versions
from plangraf.maintenance.examined_machine import check_clock
from plangraf.settings import load_settings
from plangraf.store.versions import VersionStore
from version_writer import version_writer


def _faults_of_doctor(store: VersionStore) -> Iterable[object]:
    settings = load_settings(versions=store.path)
    for check in (check_disk, check_versions, check_clock, check_feed):
        yield from (finding for finding in check(settings) if finding.state == "broken")


def _faults_of_the_command(store: VersionStore) -> Iterable[object]:
    answer = CliRunner().invoke(versions_app, ["--versions", str(store.path)])
    if answer.exit_code or answer.stderr or "*" not in answer.stdout:
        yield answer.output


def _faults_of_the_list(store: VersionStore) -> Iterable[object]:
    if not (listed := list_versions(store, "", "")):
        yield "no version"
    yield from (one for one in listed if one.written < "2026")


def _faults_of_the_store(store: VersionStore) -> Iterable[object]:
    yield from store.damaged(dumps=True)
    if not store.has_current() or not store.readable():
        yield "no version"
    store.current()


@pytest.mark.parametrize(
    "faults",
    [_faults_of_doctor, _faults_of_the_command, _faults_of_the_list, _faults_of_the_store],
    ids=lambda function: function.__name__.removeprefix("_faults_of_"),
)
@pytest.mark.parametrize("versions", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_readers_find_no_fault(
    tmp_path: Path, faults: Callable[[VersionStore], Iterable[object]], versions: int
) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write([], {"triples": 0, "quads": 0, "graphs": {}, "warnings": {}})
    seen = set()
    with version_writer(store, keep=0) as writer:
        while len(seen) < versions:
            assert writer.poll() is None
            assert list(faults(store)) == []
            seen.add(store.current().id)
