"""The report on a build: problems as text in both languages for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from plangraf.build.parsing import compact
from plangraf.build.validation import sort_problems
from plangraf.errors import DataProblem

# One mistake in a template can break a shape thousands of times: the first ones say it.
_MOST_OF_A_KIND = 25

_SEVERITIES = {
    "Violation": ("Feil", "Error"),
    "Warning": ("Advarsel", "Warning"),
    "Info": ("Råd", "Advice"),
}


def as_text(problems: Iterable[DataProblem], *, most_of_a_kind: int = _MOST_OF_A_KIND) -> str:
    """The problems grouped by file and focus node, each in Bokmål and in English, with a count at the end."""
    ordered = sort_problems(problems)
    shown, left_out = _limited(ordered, most_of_a_kind)
    lines: list[str] = []
    for file, of_file in groupby(shown, key=lambda problem: problem.file):
        lines.append(file)
        for focus, of_focus in groupby(_by_focus(of_file), key=lambda problem: problem.focus_node):
            if focus:
                lines.append(f"  <{focus}>")
            for problem in of_focus:
                lines += _one(problem, "    " if focus else "  ")
        lines.append("")
    for kind, count in left_out.items():
        lines.append(f"{kind}: {count} til av samme slag · {count} more of the same kind")
    return "\n".join([*lines, summary(ordered)])


def summary(problems: Iterable[DataProblem]) -> str:
    """How many errors, warnings and pieces of advice, in both languages."""
    counts = Counter(problem.severity for problem in problems)
    nb = ", ".join(f"{_SEVERITIES[name][0].lower()}: {counts[name]}" for name in _SEVERITIES if counts[name])
    en = ", ".join(f"{_SEVERITIES[name][1].lower()}: {counts[name]}" for name in _SEVERITIES if counts[name])
    return f"nb  {nb}\nen  {en}"


def as_json(problems: Iterable[DataProblem]) -> bytes:
    """The same problems, for report.json: `conforms` as SHACL means it for violations."""
    ordered = sort_problems(problems)
    report = {
        "conforms": all(problem.severity != "Violation" for problem in ordered),
        "results": [asdict(problem) for problem in ordered],
    }
    return (json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _limited(problems: Sequence[DataProblem], most: int) -> tuple[list[DataProblem], dict[str, int]]:
    """The first `most` problems of each shape, and how many more each shape has."""
    seen: Counter[str] = Counter()
    shown = []
    for problem in problems:
        kind = problem.shape or ""
        seen[kind] += 1
        if not kind or seen[kind] <= most:
            shown.append(problem)
    return shown, {_shape(kind): seen[kind] - most for kind in sorted(seen) if kind and seen[kind] > most}


def _by_focus(problems: Iterable[DataProblem]) -> list[DataProblem]:
    """Problems of one focus node side by side, in the order in which the nodes first come."""
    groups: dict[str | None, list[DataProblem]] = {}
    for problem in problems:
        groups.setdefault(problem.focus_node, []).append(problem)
    return [problem for group in groups.values() for problem in group]


def _one(problem: DataProblem, indent: str) -> Iterator[str]:
    nb, en = _SEVERITIES[problem.severity]
    at_nb = f"linje {problem.line}" if problem.line else ""
    at_en = f"line {problem.line}" if problem.line else ""
    yield f"{indent}nb  {', '.join(part for part in (nb, at_nb) if part)}: {problem.message_nb}"
    yield f"{indent}en  {', '.join(part for part in (en, at_en) if part)}: {problem.message_en}"
    if problem.shape:
        yield f"{indent}    {_shape(problem.shape)}"


def _shape(shape: str) -> str:
    return compact(shape) if ":" in shape else shape
