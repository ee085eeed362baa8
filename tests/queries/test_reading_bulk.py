"""The short form of `benchmarks.beside_statistics`: plan queries and collections never read a table of observations."""

from __future__ import annotations

from pathlib import Path

from benchmarks.beside_statistics import TERMS, reading_bulk

ROOT = Path(__file__).resolve().parents[2]


def test_only_queries_about_observations_read_bulk_triples() -> None:
    """`quality` counts things of all classes, and an interpreted link may start at an observation.

    Any other query would be slower beside millions of observations.
    """
    assert reading_bulk(ROOT, TERMS) == {"figures-and-statistics", "observations", "quality", "/interpreted-links"}
