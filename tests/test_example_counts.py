"""A run tries the same examples as the one before; `make search-faults` tries others, and more of them."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import USUAL, examples
from small_home import ROOT


def tried() -> list[int]:
    """The examples of one run of a property test."""
    found: list[int] = []

    @settings(settings.get_profile("repeatable"), max_examples=20)
    @given(st.integers())
    def test(number: int) -> None:
        found.append(number)

    test()
    return found


def test_two_runs_try_the_same_examples() -> None:
    first = tried()
    assert len(set(first)) > 10
    assert tried() == first


def test_the_profiles_scale_the_number_that_a_test_names() -> None:
    share = settings.default.max_examples / USUAL
    assert examples(50).max_examples == 50 * share
    assert settings.get_profile("repeatable").max_examples == USUAL
    search = settings.get_profile("search")
    assert search.max_examples == 20 * USUAL
    assert not search.derandomize


def test_make_search_faults_runs_each_property_test_at_random() -> None:
    run = subprocess.run(["make", "-n", "search-faults"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    (line,) = [line for line in run.stdout.splitlines() if "-m pytest" in line]
    assert "-m hypothesis --hypothesis-profile search" in line
