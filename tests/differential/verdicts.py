"""What the service answers behind other engines: for each query, whether the answer is the expected one.

`verdicts.json` has, for each engine, the queries with another verdict than `equal`. It is written by
`python tests/differential/compatibility.py ENGINE…`; a run with `--engine` compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import sparql_answers
from sparql_answers import Answer
from sparql_cases import FOLDER, Case, features, read_cases

PATH = FOLDER / "verdicts.json"
PAGE = FOLDER.parent.parent / "docs" / "operators.md"
_BEGIN, _END = "<!-- verdicts:begin -->\n", "<!-- verdicts:end -->"
EQUAL, REFUSED, FAILED, DIFFERS = "equal", "refused", "failed", "differs"


def verdict(case: Case, expected: Iterable[Answer | None], found: Answer) -> str:
    """`equal` to one of the expected answers; else `refused` with a reason, `failed` with an error, or `differs`."""
    for answer in expected:
        if answer is None or (answer.kind == "error") != (found.kind == "error"):
            continue
        if not sparql_answers.compare(answer, found, ordered=case.ordered, concat=case.concat).text:
            return EQUAL
    if found.kind == "error":
        return REFUSED if found.code.startswith("4") else FAILED
    return DIFFERS


def read(engine: str) -> Mapping[str, str]:
    """The known verdicts of an engine that are not `equal`, by case."""
    known: dict[str, dict[str, str]] = json.loads(PATH.read_text()) if PATH.exists() else {}
    return known.get(engine, {})


def write(engine: str, found: Mapping[str, str]) -> None:
    """Keeps the verdicts of an engine."""
    known = json.loads(PATH.read_text()) if PATH.exists() else {}
    known[engine] = {case: one for case, one in sorted(found.items()) if one != EQUAL}
    PATH.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def table() -> str:
    """The table of docs/operators.md: how many answers of each engine are what."""
    known: dict[str, dict[str, str]] = json.loads(PATH.read_text())
    total = sum(len(read_cases(path)) for path in features())
    lines = ["| engine | equal | refused | error | otherwise |", "|---|---:|---:|---:|---:|"]
    for engine, other in known.items():
        counts = [sum(one == kind for one in other.values()) for kind in (REFUSED, FAILED, DIFFERS)]
        lines.append(f"| {engine.capitalize()} | {total - len(other)} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """The page with today's table between its markers."""
    before, _, rest = text.partition(_BEGIN)
    return before + _BEGIN + table() + _END + rest.partition(_END)[2]
