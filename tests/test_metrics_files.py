"""The numbers of a process outgrow their file, on a disk with room and on a full one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from plangraf.metrics import _ReservedFile


def numbers(file: _ReservedFile) -> dict[str, float]:
    return {key: value for key, value, _ in file.read_all_values()}


@pytest.mark.parametrize("full_from", [None, 0, 1, 2])
def test_numbers_are_kept_when_their_file_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_from: int | None
) -> None:
    """The disk is full from the n-th reservation on."""
    reserve, reservations = os.posix_fallocate, []

    def limited(descriptor: int, offset: int, length: int) -> None:
        if full_from is not None and len(reservations) >= full_from:
            raise OSError(errno.ENOSPC, "No space left on device")
        reservations.append(length)
        reserve(descriptor, offset, length)

    monkeypatch.setattr(os, "posix_fallocate", limited)
    path = tmp_path / "counter_1.db"
    file = _ReservedFile(str(path))
    expected = {}
    for number in range(2_000):
        expected[f"{number:0100d}"] = float(number)
        file.write_value(f"{number:0100d}", float(number), 0.0)
    assert numbers(file) == expected
    assert path.exists() is (full_from != 0)
    if path.exists():
        # What other processes read: all of it, or what came before the disk was full.
        others = {key: value for key, value, _, _ in _ReservedFile.read_all_values_from_file(str(path))}
        assert others == expected if full_from is None else others.items() <= expected.items()
        assert path.stat().st_blocks * 512 >= path.stat().st_size
    file.close()
