"""The garbage collector is paused during a build only."""

from __future__ import annotations

import gc

import pytest

from plangraf.rdf.graph import paused_collector


@paused_collector()
def is_collecting(error: Exception | None = None) -> bool:
    if error is not None:
        raise error
    return gc.isenabled()


def test_the_collector_is_paused_and_runs_again() -> None:
    assert is_collecting() is False
    assert gc.isenabled()


def test_the_collector_runs_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="no"):
        is_collecting(ValueError("no"))
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        is_collecting()
        assert not gc.isenabled()
    finally:
        gc.enable()
