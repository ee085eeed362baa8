"""The report of a build: text in both languages for people, JSON for programs.

A short report lists each problem by file and thing; a long one groups them by cause.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby

from plangraf.checks.problem_order import sort_problems
from plangraf.diagnostics.causes import SEVERITIES, cause_lines, causes, drowning
from plangraf.errors import DataProblem
from plangraf.rdf.names import compact


def as_text(problems: Iterable[DataProblem], *, every: bool = False) -> str:
    """The problems in Bokmål and in English, with a count at the end.

    Args:
        problems: the problems to report.
        every: list each problem, however many there are.
    """
    ordered = sort_problems(problems)
    found = causes(ordered)
    lines: list[str] = []
    if not every and drowning(ordered, found):
        lines += [
            f"nb  {len(ordered)} funn med {_counted(len(found), 'årsak', 'årsaker')}. «--all» viser hvert av dem.",
            f"en  {len(ordered)} findings with {_counted(len(found), 'cause', 'causes')}. --all shows each of them.",
            "",
            *cause_lines(found, lambda one: (one.file, one.line), _focus, _shape),
        ]
        return "\n".join([*lines, summary(ordered)])
    for file, of_file in groupby(ordered, key=lambda problem: problem.file):
        lines.append(file)
        for focus, of_focus in groupby(_by_focus(of_file), key=lambda problem: problem.focus_node):
            if focus:
                lines.append(f"  <{focus}>")
            for problem in of_focus:
                lines += _one(problem, "    " if focus else "  ")
        lines.append("")
    return "\n".join([*lines, summary(ordered)])


def summary(problems: Iterable[DataProblem]) -> str:
    """How many errors, warnings and pieces of advice, in both languages."""
    counts = Counter(problem.severity for problem in problems)
    nb = ", ".join(f"{SEVERITIES[name][0].lower()}: {counts[name]}" for name in SEVERITIES if counts[name])
    en = ", ".join(f"{SEVERITIES[name][1].lower()}: {counts[name]}" for name in SEVERITIES if counts[name])
    return f"nb  {nb}\nen  {en}"


def as_json(problems: Iterable[DataProblem]) -> bytes:
    """The same problems, for report.json: `conforms` as SHACL means it for violations."""
    ordered = sort_problems(problems)
    report = {
        "conforms": all(problem.severity != "Violation" for problem in ordered),
        "results": [asdict(problem) for problem in ordered],
    }
    return (json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _focus(problem: DataProblem) -> str:
    line = f":{problem.line}" if problem.line else ""
    return f"{problem.file}{line}" + (f"  <{problem.focus_node}>" if problem.focus_node else "")


def _by_focus(problems: Iterable[DataProblem]) -> list[DataProblem]:
    """Groups problems by focus node, in the order in which the nodes first occur."""
    groups: dict[str | None, list[DataProblem]] = {}
    for problem in problems:
        groups.setdefault(problem.focus_node, []).append(problem)
    return [problem for group in groups.values() for problem in group]


def _one(problem: DataProblem, indent: str) -> Iterator[str]:
    nb, en = SEVERITIES[problem.severity]
    at_nb = f"linje {problem.line}" if problem.line else ""
    at_en = f"line {problem.line}" if problem.line else ""
    yield f"{indent}nb  {', '.join(part for part in (nb, at_nb) if part)}: {problem.message_nb}"
    yield f"{indent}en  {', '.join(part for part in (en, at_en) if part)}: {problem.message_en}"
    if problem.shape:
        yield f"{indent}    {_shape(problem.shape)}"


def _shape(shape: str) -> str:
    return compact(shape) if ":" in shape else shape
