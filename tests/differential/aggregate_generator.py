"""Generates random queries with aggregates: GROUP BY, HAVING, reused aliases, DISTINCT, errors, nesting.

`python tests/differential/aggregate_generator.py` rewrites the files; each case is named by its seed. The data have no
blank nodes and no doubles, because their texts differ between engines, and no query divides.
"""

from __future__ import annotations

import random
from typing import TypeVar

from sparql_cases import CASES

HOW_MANY = 120
_T = TypeVar("_T")
PROLOGUE = "PREFIX : <http://example.org/>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"
_BODIES = (
    "?s :k ?k ; :x ?x",
    "?s :k ?k OPTIONAL { ?s :x ?x }",
    "?s :x ?x OPTIONAL { ?s :k ?k }",
    "?s :k ?k OPTIONAL { ?s :x ?x } OPTIONAL { ?s :y ?y }",
    "{ ?s :k ?k } UNION { ?s :x ?x ; :k ?k }",
    "?s :k ?k . ?s (:x|:y) ?x",
    'VALUES ?k { "a" "b" "c" "d" } ?s :k ?k OPTIONAL { ?s :x ?x }',
)
_INNER = (
    "{v}",
    "{v}",
    "{v}",
    "{v} + 1",
    "STR({v})",
    "IF({v} > 1, {v}, 1/0)",
    'COALESCE({v}, "none")',
    "DATATYPE({v})",
    "{v} > 1",
    "ISNUMERIC({v})",
    "STRLEN(STR({v}))",
    "1",
    "IF(BOUND({v}), 1, 0)",
    "LANG({v})",
    "{v} * 2",
    "xsd:integer({v})",
    "{v} IN (1, 2)",
    "UCASE({v})",
    'IRI(CONCAT("http://e/", {v}))',
)
_SIZES = ("STRLEN(STR(?s))", "IF(ISNUMERIC(?x), ?x, 0)", "?k", "STR(?k)")
_AROUND = ("{a}", "{a}", "{a}", "{a} + 1", 'COALESCE({a}, "err")', "STR({a})", "{a} > 1")
_LATER = (
    "{n} + 1",
    "STR({n})",
    "IF(BOUND({n}), 1, 0)",
    "COALESCE({n}, 0)",
    "{n}",
    "COALESCE({n}, {a})",
    "STRLEN(STR({n}))",
)
_HAVING = (
    "{n} > 1",
    "BOUND({n})",
    "COUNT(*) > 1",
    "STRLEN(STR({n})) > 1 && COUNT(*) > 0",
    "{n} IN (1, 2, 3)",
    "!BOUND({n})",
    "COALESCE({n}, 0) != 1",
    "{n} > 1 || COUNT(?x) > 1",
    'CONTAINS(STR({n}), "1")',
    "EXISTS {{ ?q :y 5 }}",
)
_KEYS = {
    "?k": "?k",
    "?y": "?y",
    "?k ?y": "?k ?y",
    "(STRLEN(?k) AS ?l)": "?l",
    "(DATATYPE(?x) AS ?l)": "?l",
    "STRLEN(?k)": "",
}


class Composer:
    """One query from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def query(self) -> str:
        key = self._pick(*_KEYS) if self._random.random() < 0.75 else None
        names = [f"?a{number}" for number in range(self._pick(1, 1, 2, 3))]
        columns = [_KEYS[key]] if key else []
        for number, name in enumerate(names):
            later = number > 0 and self._random.random() < 0.5
            text = self._later(names[:number]) if later else self._pick(*_AROUND).format(a=self._aggregate())
            columns.append(f"({text} AS {name})")
        group = f" GROUP BY {key}" if key else ""
        having = ""
        if self._random.random() < 0.5:
            having = f" HAVING({self._pick(*_HAVING).format(n=self._pick(*names))})"
        head = f"SELECT {self._pick('', '', 'DISTINCT ')}{' '.join(filter(None, columns))}"
        return self._around(f"{head} {{ {self._pick(*_BODIES)} }}{group}{having}", names)

    def _around(self, query: str, names: list[str]) -> str:
        shape = self._random.random()
        if shape < 0.15:
            return f"SELECT * {{ {{ {query} }} }}"
        if shape < 0.25:
            return f"SELECT {self._pick(*names)} {{ ?other :y 5 . {{ {query} }} }}"
        if shape < 0.3:
            return f"ASK {{ {{ {query} }} FILTER(BOUND({self._pick(*names)})) }}"
        return query

    def _later(self, names: list[str]) -> str:
        return self._pick(*_LATER).format(n=self._pick(*names), a=self._aggregate())

    def _aggregate(self) -> str:
        distinct = self._pick("", "", "DISTINCT ")
        inner = self._pick(*_INNER).format(v=self._pick("?x", "?x", "?y", "?k", "?s"))
        return self._pick(
            "COUNT(*)",
            f"COUNT({distinct}{inner})",
            f"COUNT({distinct}{inner})",
            f"SUM({distinct}{inner})",
            f'GROUP_CONCAT({distinct}{inner}; SEPARATOR="|")',
            f'GROUP_CONCAT({distinct}{inner}; SEPARATOR="|")',
            f"STRLEN(GROUP_CONCAT({distinct}{inner}))",
            f"MIN({distinct}{self._pick(*_SIZES)})",
            f"MAX({distinct}{self._pick(*_SIZES)})",
        )

    def _pick(self, *choices: _T) -> _T:
        return self._random.choice(choices)


def as_cases(first: int, last: int) -> str:
    """A file of cases."""
    lines = ["# Written by aggregate_generator.py; each case is named by its seed.", PROLOGUE, "#: data aggregated", ""]
    for seed in range(first, last):
        lines += [f"## {seed}", '#: concat "|"', Composer(seed).query()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (CASES / "generated-aggregates.rq").write_text(as_cases(0, HOW_MANY))
