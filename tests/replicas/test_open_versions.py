"""A version that a service has open is known to be open, in whatever process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from small_publications import write_version

from plangraf.engines.snapshots import Snapshots
from plangraf.store.versions import VersionStore
from plangraf.store.versions.holding import is_held


class _Engine:
    """An engine that is never asked."""

    ready = True

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass


def _make_engine(*_: object, **__: object) -> Any:
    return _Engine()


def test_a_snapshot_holds_its_version_until_it_closes(tmp_path: Path) -> None:
    first, second = (write_version(tmp_path / "versions", number).path for number in (1, 2))

    async def run() -> None:
        snapshots = Snapshots(VersionStore(tmp_path / "versions"), _make_engine, idle_s=0)
        await snapshots.start()
        assert (is_held(first), is_held(second)) == (False, True)
        async with snapshots.lease(first.name):
            assert is_held(first)
            VersionStore(tmp_path / "versions").use(first.name)
            async with snapshots.lease() as old:
                await snapshots.refresh()
                assert old.id == second.name
                assert is_held(second)
        await snapshots.close()

    asyncio.run(run())
    assert (is_held(first), is_held(second)) == (False, False)


def test_the_hold_of_a_process_that_was_killed_is_gone(tmp_path: Path) -> None:
    version = write_version(tmp_path / "versions", 1).path
    code = (
        "import sys, time; from pathlib import Path; from plangraf.store.versions.holding import Hold; "
        "kept = Hold(Path(sys.argv[1])); print('held', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(version)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "held\n"
        assert is_held(version)
        process.kill()
        process.wait()
    assert not is_held(version)


def test_a_version_that_does_not_exist_is_not_held(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "0123456789abcdef")
