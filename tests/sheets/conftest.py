"""Small parts for tests of single cells and rows; tests/cli imports whole workbooks beside all data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from filled_sheets import HEADING_ROW

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
    """The template without the sheets that no test fills in, because opening all would take a second per test."""

    def shorten(folder: Path) -> None:
        workbook = load_workbook(template)
        keys = {f"@id {name}" for name in FILLED} | {"@subject"}
        for sheet in workbook.worksheets:
            if sheet.cell(HEADING_ROW, 1).value not in keys and sheet.sheet_state == "visible":
                workbook.remove(sheet)
        workbook.save(folder / "template.xlsx")

    return once("short-template", shorten) / "template.xlsx"
