"""Small parts for tests of single cells and rows; tests/cli imports whole workbooks beside all data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from filled_sheets import shorten

FILLED = (
    "dcat:Dataset",
    "org:Organization",
    "plan:Case",
    "plan:Decision",
    "plan:Evidence",
    "plan:Measure",
    "plan:Municipality",
    "plan:Passage",
    "plan:Perspective",
    "plan:Plan",
    "plan:PlanPerspectiveLink",
    "plan:SourceDocument",
)
"""The classes whose sheets the tests fill in."""


@pytest.fixture
def use_light_home(light_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes commands and settings of the test read `light_home`."""
    monkeypatch.setenv("PLANGRAF_HOME", str(light_home))


@pytest.fixture(scope="session")
def short_template(once: Callable[[str, Callable[[Path], None]], Path], template: Path) -> Path:
    """The template without the sheets that no test fills in: opening all of them would cost a second a test."""
    return once("short-template", lambda folder: shorten(template, FILLED, folder / "template.xlsx")) / "template.xlsx"
