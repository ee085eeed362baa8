"""The table of known differences from Jena ARQ, each with the present answer.

`python tests/differential/differences.py --write` renews the table of docs/conformance/differences.md.
See differences.yaml.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import yaml
from sparql_answers import Answer
from sparql_cases import FOLDER

PAGE = FOLDER.parent.parent / "docs" / "conformance" / "differences.md"
PINNED = FOLDER / "pinned.jsonl"
SPELLINGS = FOLDER / "spellings.tsv"
BEGIN, END = "<!-- differences:begin -->\n", "<!-- differences:end -->"
_RIGHT = {"service": "ours", "others": "the others'", "open": "left open"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of difference; `refused` is the status and code of a deliberate refusal."""

    name: str
    form: str
    others: str
    ours: str
    right: str
    reason: str
    cases: tuple[str, ...]
    refused: str = ""


def kinds() -> list[Kind]:
    read = yaml.safe_load((FOLDER / "differences.yaml").read_text())
    return [Kind(name, **{**kind, "cases": tuple(kind["cases"])}) for name, kind in read.items()]


def known() -> dict[str, Kind]:
    """The kind of each case that is known to differ.

    Raises:
        ValueError: a case stands in two kinds.
    """
    found: dict[str, Kind] = {}
    for kind in kinds():
        for case in kind.cases:
            if case in found:
                raise ValueError(f"{case} stands in {found[case].name} and in {kind.name}")
            found[case] = kind
    return found


def table() -> str:
    """The table of the page."""
    rows = ["| form | what others answer | what we answer | right | reason |", "|---|---|---|---|---|"]
    for kind in kinds():
        cells = (kind.form, kind.others, kind.ours, _RIGHT[kind.right], kind.reason)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def pinned() -> dict[str, Answer]:
    """The present answer of the service for each case with a difference, so that it cannot change unnoticed."""
    found: dict[str, Answer] = {}
    if not PINNED.exists():
        return found
    for line in PINNED.read_text().splitlines():
        one = json.loads(line)
        found[one["case"]] = Answer(
            one["kind"], tuple(one.get("columns", ())), tuple(map(tuple, one.get("rows", ()))), one.get("code", "")
        )
    return found


def pin(answers: dict[str, Answer]) -> None:
    lines = []
    for case, answer in sorted(answers.items()):
        one: dict[str, object] = {"case": case, "kind": answer.kind}
        if answer.kind == "error":
            one["code"] = answer.code
        else:
            one |= {"columns": answer.columns, "rows": answer.rows}
        lines.append(json.dumps(one, ensure_ascii=False))
    PINNED.write_text("".join(f"{line}\n" for line in lines))


def spellings() -> dict[str, frozenset[tuple[str, str]]]:
    """The numbers with another form in the service's answer than in ARQ's, but equal value and datatype."""
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for line in SPELLINGS.read_text().splitlines():
        case, theirs, ours = line.split("\t")
        found[case] = found.get(case, frozenset()) | {(theirs, ours)}
    return found


def write_spellings(found: dict[str, frozenset[tuple[str, str]]]) -> None:
    lines = sorted("\t".join((case, *pair)) for case, pairs in found.items() for pair in pairs)
    SPELLINGS.write_text("".join(f"{line}\n" for line in lines))


def with_table(text: str) -> str:
    """The page with today's table between its markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    PAGE.write_text(with_table(PAGE.read_text()))
