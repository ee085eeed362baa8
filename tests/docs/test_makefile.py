"""The Makefile's two sets of tests, and what CI runs."""

from __future__ import annotations

import subprocess

import pytest

from doc_pages import ROOT


@pytest.mark.parametrize(("target", "selects"), [("test", True), ("test-all", False)])
def test_make_test_leaves_out_the_slow_tests_and_make_test_all_runs_everything(target: str, selects: bool) -> None:
    run = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, timeout=60)
    (line,) = [line for line in run.stdout.splitlines() if "-m pytest" in line]
    assert ('-m "not slow"' in line) is selects


def test_ci_runs_the_longer_set_and_asks_for_each_picture_of_a_page() -> None:
    _, longer, after = (ROOT / ".ci" / "run").read_text().partition('\nSCREENSHOTS="$PWD/screenshots" make test-all\n')
    assert longer
    assert "tests/browser/page_pictures.py screenshots\n" in after
