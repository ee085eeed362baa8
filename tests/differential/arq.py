"""Runs queries in Jena ARQ. It needs Java 17 and Maven, which downloads the libraries once."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import sparql_answers
from sparql_answers import Answer
from sparql_cases import BASE, DATA, FOLDER, Case

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from maven_libraries import libraries_of

ROOT = FOLDER.parent.parent
LIBRARIES = ROOT / ".jena"
LOCK = FOLDER / "jena.lock"


def libraries() -> Path:
    """The folder with ARQ and what it needs; see `libraries_of`."""
    return libraries_of(FOLDER / "pom.xml", LOCK, LIBRARIES)


def answers(cases: Iterable[Case]) -> Iterator[tuple[Case, Answer]]:
    """Each case with the answer of ARQ."""
    asked = list(cases)
    lines = "".join(json.dumps(_as_line(case)) + "\n" for case in asked)
    with tempfile.TemporaryFile() as log:
        run = subprocess.run(
            ["java", "-cp", f"{libraries()}/*", str(FOLDER / "Arq.java")],
            input=lines,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=True,
        )
    told = [json.loads(line) for line in run.stdout.splitlines()]
    assert [one["id"] for one in told] == [case.id for case in asked]
    for case, one in zip(asked, told, strict=True):
        yield case, _answer(one, case)


def _as_line(case: Case) -> dict[str, object]:
    line: dict[str, object] = {
        "id": case.id,
        "query": case.query,
        "union": True,
        "base": BASE,
        "data": [str(DATA / f"{case.data}.trig")],
    }
    if case.default or case.named:
        line |= {"default": case.default, "named": case.named}
    return line


def _answer(one: dict[str, object], case: Case) -> Answer:
    found = _read(one)
    reference = one.get("reference")
    if not isinstance(reference, dict):
        return found
    exact = _read(reference)
    if case.reference or (found.kind == "error" and exact.kind != "error"):
        return exact
    if sparql_answers.compare(exact, found, ordered=case.ordered, concat=case.concat).text:
        print(f"{case.id}: Jena's reference engine answers otherwise than its optimized one")
    return found


def _read(one: Mapping[str, object]) -> Answer:
    if "error" in one:
        return Answer("error", code=str(one["error"]), message=str(one["message"]))
    if "graph" in one:
        return sparql_answers.from_triples(str(one["graph"]))
    results = one["results"]
    assert isinstance(results, dict)
    return sparql_answers.from_json(results)
