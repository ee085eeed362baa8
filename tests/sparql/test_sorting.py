"""Sorts mixed columns in a separate process, because an inconsistent order would end the process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from mixed_columns import HOW_MANY, PARTS

from forked_python import run_code
from plangraf.sparql.safety import Limits, check

_SORTING = "import sys; sys.path.append(sys.argv[1])\nfrom mixed_columns import sort\nprint(sort(*sys.argv[2:]))"
PATTERNS = ("?s <http://x/v> ?v", "?v ^<http://x/v> ?s", "?s <http://x/v> ?w BIND(COALESCE(?w, 1) AS ?v)")


def sorted_in_a_process(part: str, query: str) -> subprocess.CompletedProcess[str]:
    return run_code(_SORTING, Path(__file__).parent, part, query)


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_every_value_comes_back(part: str) -> None:
    for pattern in PATTERNS:
        for sign in ("ASC", "DESC"):
            text = check(f"SELECT ?v {{ {pattern} }} ORDER BY {sign}(?v)", Limits()).text
            run = sorted_in_a_process(part, text)
            assert run.stdout.strip() == str(3 * HOW_MANY), (pattern, sign, run.stderr[-300:])


@pytest.mark.parametrize("part", ["date-times", "numbers"])
def test_the_engine_alone_gives_up(part: str) -> None:
    assert sorted_in_a_process(part, "SELECT ?v { ?s <http://x/v> ?v } ORDER BY ?v").returncode != 0
