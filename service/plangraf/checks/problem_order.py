"""The order in which problems are told."""

from __future__ import annotations

from collections.abc import Iterable

from plangraf.errors import DataProblem


def sort_problems(problems: Iterable[DataProblem]) -> list[DataProblem]:
    """By file, line, focus node and shape, each one once."""
    return sorted(
        set(problems),
        key=lambda problem: (
            problem.file, problem.line or 0, problem.focus_node or "", problem.shape or "", problem.message_en
        ),
    )  # fmt: skip
