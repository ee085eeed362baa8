"""Renews the stored answers of Jena ARQ: `python tests/differential/renew.py`; `--check` only compares.

Exits with 1 when a stored answer differs from ARQ's present answer, so that answers are not edited by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import arq
import sparql_answers
from sparql_answers import Answer
from sparql_cases import EXPECTED, Case, features, read_cases


def load(feature: str) -> dict[str, dict[str, object]]:
    """The stored answers of one feature, by case."""
    path = EXPECTED / f"{feature}.jsonl"
    if not path.exists():
        return {}
    stored = (json.loads(line) for line in path.read_text().splitlines())
    return {str(one["case"]): one for one in stored}


def as_answer(one: dict[str, object]) -> Answer:
    rows = one.get("rows", [])
    assert isinstance(rows, list)
    columns = one.get("columns", [])
    assert isinstance(columns, list)
    return Answer(str(one["kind"]), tuple(columns), tuple(map(tuple, rows)), code=str(one.get("code", "")))


def as_stored(case: Case, answer: Answer) -> dict[str, object]:
    one: dict[str, object] = {"case": case.name, "of": case.digest, "kind": answer.kind}
    if answer.kind == "error":
        return {**one, "code": answer.code}
    if answer.kind == "rows":
        one["columns"] = list(answer.columns)
    return {**one, "rows": list(map(list, answer.rows if case.ordered else sorted(answer.rows)))}


def renewed(path: Path, known: dict[str, dict[str, object]], new: dict[str, Answer]) -> tuple[list[str], list[str]]:
    """The new lines of one feature's file, and the cases whose answer changed."""
    lines, changed = [], []
    for case in read_cases(path):
        stored = known.get(case.name)
        one = as_stored(case, new[case.id])
        same = (
            stored is not None
            and stored["of"] == case.digest
            and not sparql_answers.compare(
                as_answer(stored), new[case.id], ordered=case.ordered, concat=case.concat
            ).text
        )
        if same:
            assert stored is not None
            one = stored
        else:
            changed.append(case.id)
        lines.append(json.dumps(one, ensure_ascii=False))
    changed += sorted(
        f"{path.stem}/{name}" for name in known if name not in {json.loads(line)["case"] for line in lines}
    )
    return lines, changed


def main() -> None:
    parser = argparse.ArgumentParser(description="Renews the stored answers of Jena ARQ.")
    parser.add_argument("--check", action="store_true", help="write nothing, tell what would change")
    check = parser.parse_args().check
    paths = features()
    new = {case.id: answer for case, answer in arq.answers(case for path in paths for case in read_cases(path))}
    changed: list[str] = []
    for path in paths:
        lines, found = renewed(path, load(path.stem), new)
        changed += found
        if not check:
            EXPECTED.mkdir(exist_ok=True)
            (EXPECTED / f"{path.stem}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    print(f"{len(new)} queries asked of Jena ARQ, {len(changed)} answers {'differ' if check else 'renewed'}")
    if check and changed:
        sys.exit("not as stored: " + ", ".join(changed))


if __name__ == "__main__":
    main()
