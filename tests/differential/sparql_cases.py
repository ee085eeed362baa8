"""Reads the cases of the differential tests: one file of queries for each feature of SPARQL, with its data.

A file starts with the prologue of all its queries. `## name` starts a case; lines with `#:` have its options:

    #: data NAME          the data set, data/NAME.trig; before the first case, that of the whole file
    #: ordered            the order of the rows is total, so it is compared
    #: concat SEPARATOR   texts with this separator are bags, because GROUP_CONCAT has no order of its own
    #: reference          the answer is from Jena's reference engine, because Jena's optimizer is wrong about it
    #: default IRI, #: named IRI   the request's parameters default-graph-uri and named-graph-uri
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CASES = FOLDER / "cases"
DATA = FOLDER / "data"
EXPECTED = FOLDER / "expected"
# The address of the service in the tests: relative IRIs are resolved against its endpoint.
PUBLIC_URL = "http://example.org"
BASE = f"{PUBLIC_URL}/sparql"


@dataclass(slots=True)
class Case:
    """One query over one data set, with the kind of comparison; `number` is its position in the file."""

    feature: str
    name: str
    query: str = ""
    data: str = ""
    ordered: bool = False
    reference: bool = False
    concat: str | None = None
    number: int = 0
    default: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.feature}/{self.name}"

    @property
    def digest(self) -> str:
        """A digest of the inputs of the stored answer, so that a change of query or data is noticed."""
        asked = json.dumps([self.query, self.default, self.named, self.reference]).encode()
        return hashlib.sha256(asked + (DATA / f"{self.data}.trig").read_bytes()).hexdigest()[:12]


def read_cases(path: Path) -> list[Case]:
    """The cases of one file, in their order.

    Raises:
        ValueError: a name stands twice, or a line that says more is not understood.
    """
    cases: list[Case] = []
    prologue: list[str] = []
    data = ""
    lines: list[str] = prologue
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            cases.append(Case(path.stem, line[3:].strip(), data=data, number=len(cases)))
            lines = list(prologue)
        elif line.startswith("#:"):
            word, _, value = line[2:].strip().partition(" ")
            if not cases and word == "data":
                data = value
            else:
                _note(cases[-1], word, value)
        elif line.strip() and not line.startswith("# "):
            lines.append(line)
        if cases:
            cases[-1].query = "\n".join(lines)
    names = [case.name for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path.name} has {', '.join(sorted(twice))} twice")
    return cases


def _note(case: Case, word: str, value: str) -> None:
    if word == "data":
        case.data = value
    elif word == "ordered":
        case.ordered = True
    elif word == "reference":
        case.reference = True
    elif word == "concat":
        case.concat = json.loads(value)
    elif word == "default":
        case.default.append(value)
    elif word == "named":
        case.named.append(value)
    else:
        raise ValueError(f"{case.id}: {word!r} is not understood")


def features() -> list[Path]:
    return sorted(CASES.glob("*.rq"))
