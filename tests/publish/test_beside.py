"""Work in a second process of a build: its result, its errors, and its end with the build."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from plangraf.diagnostics.diagnostic import DataError, in_file
from plangraf.publish.beside import EndedEarlyError, beside


def refuse() -> bytes:
    raise DataError([in_file("a.ttl", 3, "Feil.", "Wrong.")])


def test_a_large_result_is_returned_complete() -> None:
    with beside(lambda: b"x" * 3_000_000) as wait:
        assert wait() == b"x" * 3_000_000


def test_problems_are_raised_unchanged() -> None:
    with beside(refuse) as wait, pytest.raises(DataError) as caught:
        wait()
    assert caught.value.problems == [in_file("a.ttl", 3, "Feil.", "Wrong.")]


def test_an_error_of_the_disk_keeps_its_reason(tmp_path: Path) -> None:
    with beside((tmp_path / "no" / "file").read_bytes) as wait, pytest.raises(FileNotFoundError) as caught:
        wait()
    assert caught.value.strerror == "No such file or directory"


def test_killed_work_raises_an_error() -> None:
    with beside(lambda: os.kill(os.getpid(), signal.SIGKILL)) as wait, pytest.raises(EndedEarlyError) as caught:
        wait()
    assert "signal 9" in str(caught.value)


def test_work_ends_with_the_build(tmp_path: Path) -> None:
    def work() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(600)

    deadline = time.monotonic() + 60
    with beside(work):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
