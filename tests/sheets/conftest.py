"""Imports of spreadsheets are checked beside little data; tests/cli imports beside all that there are."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def beside_little(light_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and settings of the test read `light_home`."""
    monkeypatch.setenv("PLANGRAF_HOME", str(light_home))
