"""The runbook has what an operator can see: each alert, and each line of the service and its commands."""

from __future__ import annotations

import re

import pytest

from doc_pages import ROOT, code_spans
from operator_lines import GAP, operator_lines

RUNBOOK = ROOT / "docs" / "runbook.md"
LINES = sorted({text: place for place, text in operator_lines()}.items())
# Lines that only pass on what another one says.
_PASSED_ON = {f"plangraf: {GAP}", f"plangraf: {GAP}:{GAP}: {GAP}"}


def test_the_lines_of_the_code_are_found() -> None:
    texts = {text for text, _ in LINES}
    assert len(texts) > 50
    assert {"version not opened", "loader not started", *_PASSED_ON} <= texts


@pytest.mark.parametrize("text", [text for text, _ in LINES if text not in _PASSED_ON])
def test_each_line_that_an_operator_can_see_is_in_the_runbook(text: str) -> None:
    spans = [span for span in code_spans(RUNBOOK) if len(span) > 6 or span == text]
    plain = text.replace("`", "")
    assert any(span.rstrip(f" {GAP}") in plain for span in spans), text


def test_no_entry_of_the_runbook_is_left_over() -> None:
    tables = RUNBOOK.read_text("utf-8").partition("## Lines of the service")[2].partition("## Other symptoms")[0]
    for cell in re.findall(r"^\| (`[^|]*) \|", tables, re.MULTILINE):
        quoted = re.findall(r"`([^`]+)`", cell)[0].rstrip(f" {GAP}")
        assert quoted == "a setting cannot be used" or any(quoted in text.replace("`", "") for text, _ in LINES), cell
