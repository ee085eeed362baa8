"""The runner of W3C's tests reads every kind of entry and detects every kind of wrong answer, in a few own entries."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "differential"))

import differences
import w3c
from w3c_tests import Folder

SHORT = Path(__file__).resolve().parent / "short"
WRONG = {"rows-wrong", "column-missing", "order-wrong", "graph-wrong", "refused-wrong"}


@pytest.fixture(scope="module")
def outcomes() -> list[w3c.Outcome]:
    folder = Folder(SHORT)
    return w3c.run_all(folder, w3c.manifests(SHORT))


def test_right_entries_pass_and_wrong_ones_fail(outcomes: list[w3c.Outcome]) -> None:
    verdicts = {outcome.test.name: (outcome.verdict, outcome.reason) for outcome in outcomes}
    assert len(verdicts) == 17
    assert {name for name, (verdict, _) in verdicts.items() if verdict == "failed"} == WRONG, verdicts
    assert {name for name, (verdict, _) in verdicts.items() if verdict == "refused"} == {"accepted-wrong"}, verdicts


def test_the_report_lists_failures_and_marks_those_of_unknown_cause(outcomes: list[w3c.Outcome]) -> None:
    text = w3c.report(outcomes, "0123456")
    assert "11 of 17 pass, 5 fail, 1 are refused" in text
    assert "| sparql11/own | 17 | 11 | 5 | 1 |" in text
    assert "| sparql11/own/rows-wrong | failed | not known: expected" in text
    assert "| sparql11/own/refused-wrong | failed | not known: was not refused but answered with 200 |" in text
    assert set(w3c.unexplained(outcomes)) == {f"sparql11/own/{name}" for name in (*WRONG, "accepted-wrong")}


def test_each_kind_of_failure_has_cases_and_is_in_the_report() -> None:
    kinds = {kind.name: kind for kind in differences.kinds()}
    report = w3c.REPORT.read_text()
    for name, tests in yaml.safe_load(w3c.REASONS.read_text()).items():
        assert kinds[name].cases
        for test in tests:
            assert f"| {test} | " in report, f"{test} does not fail any more: run w3c.py and edit reasons.yaml"
    assert "not known:" not in report
