"""A build that is killed at any moment leaves the previous version current, complete and readable."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ending_early import run
from plangraf.store.versions import Version, VersionStore
from small_home import command, environ, make_home, plangraf, write

LINES = [b'<http://example.org/a> <http://example.org/p> "%06d" .' % number for number in range(30_000)]
MANIFEST = {"triples": len(LINES), "quads": len(LINES), "graphs": {}, "warnings": {}}


def assert_complete(version: Version) -> None:
    digest = hashlib.sha256(b"".join(version.quads())).hexdigest()
    assert digest[:16] == version.id == version.manifest["version"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_a_build_killed_at_random_moments_leaves_the_old_version_current(tmp_path: Path, kills: int) -> None:
    home = make_home(tmp_path / "home")
    assert plangraf("build", "--quiet", home=home).returncode == 0
    store = VersionStore(home / "versions")
    old = store.current()
    write(home, "data/5001/planstrategi/more.ttl", "<http://metadata.un.org/sdg/11.6> rdfs:label 'By'@nn .\n")
    # Runs that are thrown away tell how long a build of the changed files takes; the quickest counts, since one
    # beside other work would put the later kills after the end.
    other, durations = tmp_path / "measured", []
    for _ in range(3):
        begin = time.monotonic()
        assert plangraf("build", "--quiet", "--force", home=home, PLANGRAF_VERSIONS=str(other)).returncode == 0
        durations.append(time.monotonic() - begin)
    duration = min(durations)
    new = VersionStore(other).current().id
    moments = random.Random(5001)
    untouched = 0
    for number in range(kills):
        # One kill in each part of the duration, at a random moment of it.
        moment = duration * (number + moments.random()) / kills
        begin = time.monotonic()
        build = subprocess.Popen(
            command("build", "--quiet", "--force"),
            env=environ(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            build.wait(timeout=moment)
            # Quicker than any before, since less runs beside it.
            duration = time.monotonic() - begin
        except subprocess.TimeoutExpired:
            os.killpg(build.pid, signal.SIGKILL)
        build.wait(timeout=30)
        # The new one only when the kill came after its last step: it is then as whole as the old one.
        assert store.current().id in (old.id, new)
        untouched += store.current().id == old.id
        for version in store.list():
            assert_complete(version)
        store.use(old.id)
    assert untouched >= kills // 2, f"only {untouched} of {kills} builds were killed before they were done"
    run = plangraf("build", "--force", home=home)
    assert run.returncode == 0, run.stderr
    assert store.current().id == new
    assert not list(store.path.glob(".tmp-*"))


WRITER = """
lines = [b'<http://example.org/a> <http://example.org/p> "%06d" .' % number for number in range(500)]
manifest = {"triples": 500, "quads": 500, "graphs": {}, "warnings": {}}
version = store.write(lines, manifest, {"report.json": b"{}"})
store.record_inputs("0" * 64, version.id)
"""


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_a_write_interrupted_at_any_step_leaves_a_complete_version_current(tmp_path: Path, every: int) -> None:
    """Interrupts after every call that changes the folder, so no moment between two calls is left out.

    The short form interrupts after each eighth and after the last.
    """

    steps = int(run(WRITER, tmp_path / "measured", 0).stdout)
    assert steps > 15
    new = VersionStore(tmp_path / "measured").current().id
    seen = set()
    for moment in {*range(1, steps + 1, every), steps}:
        store = VersionStore(tmp_path / f"versions-{moment}")
        old = store.write(LINES[:100], MANIFEST)
        assert run(WRITER, store.path, moment).returncode == 137
        assert store.current().id in (old.id, new)
        seen.add(store.current().id)
        for version in store.list():
            assert_complete(version)
        assert run(WRITER, store.path, 0).returncode == 0
        assert store.current().id == new
        assert store.inputs() == ("0" * 64, new)
        assert not list(store.path.glob(".tmp-*"))
    assert seen == {old.id, new}


def test_a_write_killed_during_a_large_dump_leaves_the_old_version(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    old = store.write(LINES, MANIFEST)
    script = (
        "import pathlib, sys\nfrom plangraf.store.versions import VersionStore\n"
        "lines = (b'<http://example.org/b> <http://example.org/p> \"%09d\" .' % n for n in range(10**8))\n"
        "VersionStore(pathlib.Path(sys.argv[1])).write(lines, {'triples': 0})\n"
    )
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", script, str(store.path)])
        dump: list[Path] = []
        while not (dump and dump[0].stat().st_size > 10_000):
            assert writer.poll() is None
            time.sleep(0.01)
            dump = list(store.path.glob(".tmp-*/data.nq.zst"))
        writer.kill()
        writer.wait()
        assert store.current() == old
        assert_complete(store.current())
    with store.lock():
        assert not list(store.path.glob(".tmp-*"))
