"""A picture of every kind of page in each width, language and colour scheme.

`SCREENSHOTS` names a folder that keeps them, as in `.ci/run`.
"""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest
from kinds_of_pages import Kind
from page_pictures import KINDS, LANGUAGES, SCHEMES, WIDTHS, file_name, missing, take
from served_site import Site
from visits import Visiting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go: what SCREENSHOTS names, as in `.ci/run`, otherwise a temporary folder."""
    named = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    named.mkdir(parents=True, exist_ok=True)
    return named


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_of_page_is_pictured_in_each_variant(visit: Visiting, site: Site, kind: Kind, folder: Path) -> None:
    with visit(reduced_motion="reduce") as tab:
        take(tab, site.pages[kind.name], folder)
        assert not tab.faults
    assert missing(folder, (kind,)) == []


def test_a_picture_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    for kind, variant in product(KINDS, product(WIDTHS, LANGUAGES, SCHEMES)):
        (tmp_path / file_name(kind, *variant)).write_bytes(b"x" * 3_000)
    assert missing(tmp_path) == []
    (tmp_path / "home-390-en-dark.jpg").unlink()
    (tmp_path / "sparql-1440-nb-light.jpg").write_bytes(b"")
    assert missing(tmp_path) == ["home-390-en-dark.jpg", "sparql-1440-nb-light.jpg"]
