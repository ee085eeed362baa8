"""Sweeping removes the metrics folders of killed services, never those of running ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from plangraf.metrics_folder import PREFIX, metrics_folder, sweep

_HOLDING = """
import sys, time
from plangraf.metrics_folder import metrics_folder
with metrics_folder() as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def holder(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDING],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_sweep_removes_the_folder_of_a_killed_service_only(tmp_path: Path) -> None:
    killed, left = holder(tmp_path)
    (left / "counter_1.db").write_bytes(b"x")
    living, used = holder(tmp_path)
    try:
        assert sweep(tmp_path) == []
        assert left.is_dir()
        killed.send_signal(signal.SIGKILL)
        killed.wait(60)
        assert sweep(tmp_path) == [left]
        assert not left.exists()
        assert used.is_dir()
    finally:
        for process in (killed, living):
            process.kill()
            process.communicate(timeout=60)


def test_sweep_removes_a_folder_of_an_earlier_release_an_hour_after_its_processes_end(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(60)
    old = time.time() - 7200
    for name, number, when in (
        ("gone", ended.pid, old),
        ("young", ended.pid, time.time()),
        ("lives", os.getpid(), old),
    ):
        folder = tmp_path / f"{PREFIX}{name}"
        folder.mkdir()
        (folder / f"gauge_livesum_{number}.db").write_bytes(b"x")
        for path in (folder / f"gauge_livesum_{number}.db", folder):
            os.utime(path, (when, when))
    assert sweep(tmp_path) == [tmp_path / f"{PREFIX}gone"]


def test_sweep_leaves_other_folders(tmp_path: Path) -> None:
    kept = tmp_path / "plangraf-other"
    kept.mkdir()
    (tmp_path / f"{PREFIX}file").write_text("x", encoding="utf-8")
    (tmp_path / f"{PREFIX}link").symlink_to(kept)
    assert sweep(tmp_path) == []
    assert sweep(tmp_path / "nowhere") == []
    assert len(list(tmp_path.iterdir())) == 3


def test_the_folder_is_removed_at_exit() -> None:
    with metrics_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()
