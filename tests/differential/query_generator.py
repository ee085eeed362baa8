"""Generates random queries over random data: `python tests/differential/query_generator.py` rewrites the files.

Each query joins patterns, OPTIONAL, UNION, MINUS, EXISTS, BIND, VALUES, sub-SELECT, GRAPH and paths over few names, so
that variables meet in many scopes. It generates only queries with one right answer: no LIMIT without a total order, no
SAMPLE, no text that joins several values.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator

import arq
import sparql_answers
from sparql_cases import CASES, DATA, Case

SEED = 2026
HOW_MANY = 300
_MOST_ROWS = 40
_NODES = ("a", "b", "c", "d")
_PREDICATES = ("p", "q", "r", "n")
_VALUES = ("1", "2", "3", "2.5", '"t"', '"t"@en', "true")
_GRAPHS = ("g", "h")
_VARIABLES = ("x", "y", "z", "w", "v")
_PROLOGUE = "PREFIX : <http://example.org/>"


def data(seed: int = SEED) -> str:
    """Two graphs over four nodes: some edges in both, loops, numbers, texts, a blank node."""
    random_ = random.Random(seed)
    lines = [_PROLOGUE, "# Written by query_generator.py."]
    shared = [_edge(random_) for _ in range(4)]
    for graph in _GRAPHS:
        edges = sorted({*shared, *(_edge(random_) for _ in range(12))})
        lines.append(f"GRAPH :{graph} {{\n  " + "\n  ".join(edges) + "\n}")
    return "\n".join(lines) + "\n"


def _edge(random_: random.Random) -> str:
    subject = random_.choice((*_NODES, "_"))
    subject = "_:b" if subject == "_" else f":{subject}"
    predicate = random_.choice(_PREDICATES)
    if predicate == "n":
        return f"{subject} :n {random_.choice(_VALUES)} ."
    return f"{subject} :{predicate} :{random_.choice(_NODES)} ."


class Composer:
    """One query; `depth` limits the nesting of groups."""

    def __init__(self, random_: random.Random) -> None:
        self._random = random_
        self._used: list[str] = []
        self._fresh = 0

    def query(self) -> str:
        """A whole query."""
        body = self._focused() if self._random.random() < 0.4 else self.group(2)
        kind = self._random.random()
        if kind < 0.08:
            return f"ASK {body}"
        if kind < 0.16:
            template = f"{self._node()} :made {self._object()} . {self._variable()} :of {self._variable()} ."
            return f"CONSTRUCT {{ {template} }} WHERE {body}"
        if kind < 0.34:
            return self._aggregated(body)
        names = sorted(set(self._used)) or ["?x"]
        chosen = [name for name in names if self._random.random() < 0.8] or names[:1]
        distinct = "DISTINCT " if self._random.random() < 0.2 else ""
        # Jena puts the column of GRAPH after those of its group.
        every = self._random.random() < 0.15 and "GRAPH" not in body
        columns = "*" if every else " ".join(chosen)
        return f"SELECT {distinct}{columns} {body}{self._values_at_end()}"

    def _values_at_end(self) -> str:
        return f" {self._values()}" if self._random.random() < 0.06 else ""

    def _aggregated(self, body: str) -> str:
        key, value = self._variable(), self._variable()
        distinct = self._pick("", "", "DISTINCT ")
        aggregate = self._pick(
            "COUNT(*)",
            f"COUNT({distinct}{value})",
            f"SUM({distinct}{value})",
            f"COUNT({distinct}{value} + 1)",
            f"COUNT({distinct}IF(BOUND({value}), {value}, 1/0))",
            f"SUM(COALESCE({value} + 0, 0))",
            f"MAX(IF(ISNUMERIC({value}), {value}, 0))",
        )
        shape = self._random.random()
        if shape < 0.3:
            return f"SELECT ({aggregate} AS ?agg) {body}"
        having = self._pick("", "", " HAVING(COUNT(*) > 1)", " HAVING(?agg > 1)", f" HAVING(BOUND({key}))")
        later = self._pick("", "", " (?agg * 2 AS ?twice)")
        return f"SELECT {key} ({aggregate} AS ?agg){later} {body} GROUP BY {key}{having}"

    def _focused(self) -> str:
        """A clause whose group sees few variables, between other patterns: engines often get its scope wrong."""
        inner = self._pick(
            f"MINUS {{ {self._triple()} }}",
            f"FILTER({self._condition()})",
            f"OPTIONAL {{ {self._triple()} }}",
            f"OPTIONAL {{ {self._triple()} FILTER({self._condition()}) }}",
            f"{{ {self._filter(0)} }}",
            self._bind(0),
            f"MINUS {{ {self._triple()} {self._filter(0)} }}",
            self._values(),
            self._sub_select(0),
            f"{{ {self._triple()} {self._filter(0)} }}",
            f"FILTER NOT EXISTS {{ {self._triple()} {self._filter(0)} }}",
        )
        clause = self._pick("OPTIONAL", "OPTIONAL", "OPTIONAL", "MINUS", "", "FILTER EXISTS", "GRAPH ?g", "GRAPH :g")
        if clause == "GRAPH ?g":
            self._used.append("?g")
        middle = f"{clause} {{ {self._triple()} {inner} }}"
        around = self._random.random()
        if around < 0.2:
            middle = f"{{ {self._triple()} {middle} }}"
        elif around < 0.3:
            middle = f"{{ {middle} }} UNION {{ {self._triple()} }}"
        elif around < 0.4:
            middle = f"{self._pick('OPTIONAL', 'GRAPH :h')} {{ {self._triple()} {middle} }}"
        behind = self._pick("", self._triple(), self._triple(), self._values(), f"OPTIONAL {{ {self._triple()} }}")
        return f"{{ {self._triple()} {middle} {behind} }}"

    def group(self, depth: int) -> str:
        """`{ … }` with a few elements."""
        parts = [self._triples()] if self._random.random() < 0.85 else []
        makers: list[Callable[[int], str]] = [self._plain, self._filter]
        if depth:
            makers += [
                self._optional,
                self._optional,
                self._union,
                self._minus,
                self._minus,
                self._nested,
                self._graph,
                self._sub_select,
                self._bind,
                self._values_in,
                self._exists,
            ]
        for _ in range(self._random.choice((0, 1, 1, 2, 2, 3))):
            parts.append(self._random.choice(makers)(depth - 1))
        return "{ " + " ".join(parts) + " }"

    def _plain(self, depth: int) -> str:
        del depth
        return self._triples()

    def _triples(self) -> str:
        return " ".join(self._triple() for _ in range(self._random.choice((1, 1, 2))))

    def _triple(self) -> str:
        if self._random.random() < 0.15:
            return f"{self._node()} {self._path()} {self._node()} ."
        if self._random.random() < 0.12:
            return f"{self._variable()} {self._variable()} {self._object()} ."
        predicate = self._random.choice(_PREDICATES)
        target = self._object() if predicate == "n" else self._node()
        return f"{self._node()} :{predicate} {target} ."

    def _path(self) -> str:
        first, second = (f":{self._random.choice(_PREDICATES[:3])}" for _ in range(2))
        return self._pick(
            f"{first}/{second}",
            f"({first}|{second})",
            f"^{first}",
            f"{first}+",
            f"{first}*",
            f"{first}?",
            f"!({first}|^{second})",
            f"({first}/{second})*",
            f"({first}|^{second})+",
            f"({first}?)/{second}",
        )

    def _filter(self, depth: int) -> str:
        del depth
        return f"FILTER({self._condition()})"

    def _condition(self) -> str:
        one, other = self._variable(), self._variable()
        number = self._random.choice(("1", "2", "2.5"))
        return self._pick(
            f"{one} = {other}",
            f"{one} != {other}",
            f"{one} > {number}",
            f"!BOUND({one})",
            f"BOUND({one})",
            f"{one} = :a || {other} > {number}",
            f"!({one} = {number}) && {other} != :b",
            f"ISLITERAL({one})",
            f"{one} IN (:a, :b, {number})",
            f"{one} NOT IN (:c, {number})",
            f"COALESCE({one} + 1, {other}) != {number}",
            f"SAMETERM({one}, {other})",
            f"IF(BOUND({one}), {one} = {other}, true)",
        )

    def _optional(self, depth: int) -> str:
        # A pattern first, because Jena takes an OPTIONAL that holds a FILTER alone for that FILTER.
        return f"OPTIONAL {{ {self._triple()} {self.group(depth)[2:]}"

    def _union(self, depth: int) -> str:
        return f"{self.group(depth)} UNION {self.group(depth)}"

    def _minus(self, depth: int) -> str:
        used = list(self._used)
        text = f"MINUS {self.group(depth)}"
        self._used = used
        return text

    def _nested(self, depth: int) -> str:
        return self.group(depth)

    def _graph(self, depth: int) -> str:
        name = self._pick(":g", ":h", ":none", "?g", "?g", "?g2")
        if name.startswith("?"):
            self._used.append(name)
        return f"GRAPH {name} {self.group(depth)}"

    def _sub_select(self, depth: int) -> str:
        used, self._used = self._used, []
        body = self.group(depth)
        inner, self._used = self._used, used
        names = sorted(set(inner)) or ["?x"]
        chosen = [name for name in names if self._random.random() < 0.6] or names[:1]
        if self._random.random() < 0.4:
            self._fresh += 1
            count = f"?c{self._fresh}"
            return f"{{ SELECT {chosen[0]} (COUNT(*) AS {count}) {body} GROUP BY {chosen[0]} }}"
        self._used += chosen
        return f"{{ SELECT {self._pick('', 'DISTINCT ')}{' '.join(chosen)} {body} }}"

    def _bind(self, depth: int) -> str:
        del depth
        self._fresh += 1
        one = self._variable()
        value = self._pick(one, f"{one} + 1", "2", f"ISIRI({one})", f"IF(BOUND({one}), 1, 0)", f"COALESCE({one}, :a)")
        self._used.append(f"?b{self._fresh}")
        return f"BIND({value} AS ?b{self._fresh})"

    def _values(self) -> str:
        one, other = self._random.sample(_VARIABLES, 2)
        self._used += [f"?{one}", f"?{other}"]
        rows = " ".join(f"({self._value()} {self._value()})" for _ in range(self._random.choice((1, 2, 3))))
        return f"VALUES (?{one} ?{other}) {{ {rows} }}"

    def _values_in(self, depth: int) -> str:
        del depth
        return self._values()

    def _exists(self, depth: int) -> str:
        used = list(self._used)
        text = f"FILTER {self._pick('EXISTS', 'NOT EXISTS')} {self.group(min(depth, 0))}"
        self._used = used
        return text

    def _value(self) -> str:
        return self._pick(":a", ":b", ":c", "1", "2", "UNDEF")

    def _variable(self) -> str:
        name = f"?{self._random.choice(_VARIABLES)}"
        self._used.append(name)
        return name

    def _node(self) -> str:
        return self._variable() if self._random.random() < 0.75 else f":{self._random.choice(_NODES)}"

    def _object(self) -> str:
        return self._variable() if self._random.random() < 0.7 else self._pick("1", "2", ":a", '"t"')

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)


def query(seed: int) -> str:
    return Composer(random.Random(seed)).query()


def as_cases(seeds: Iterable[int], doubtful: Collection[int] = ()) -> str:
    """A file of cases, each named by its seed; the doubtful are those about which Jena's two engines differ."""
    lines = ["# Written by query_generator.py; each case is named by its seed.", _PROLOGUE, "#: data generated", ""]
    for seed in seeds:
        lines += [f"## {seed}", *(["#: reference"] if seed in doubtful else []), query(seed)]
    return "\n".join(lines) + "\n"


def choose(how_many: int) -> tuple[list[int], set[int]]:
    """The first seeds whose query has a useful answer, neither empty nor huge; and the doubtful ones among them."""
    chosen, doubtful = [], set()
    seeds = range(6 * how_many)
    optimized, exact = (
        {case.id: answer for case, answer in arq.answers(cases(seeds, reference=reference))}
        for reference in (False, True)
    )
    for seed, (case, answer) in zip(seeds, exact.items(), strict=True):
        if answer.kind != "error" and 0 < len(answer.rows) <= _MOST_ROWS and len(chosen) < how_many:
            chosen.append(seed)
            if sparql_answers.compare(answer, optimized[case]).text:
                doubtful.add(seed)
    return chosen, doubtful


def cases(seeds: Iterable[int], *, reference: bool) -> Iterator[Case]:
    for seed in seeds:
        text = f"{_PROLOGUE}\n{query(seed)}"
        yield Case("generated", str(seed), text, "generated", reference=reference)


if __name__ == "__main__":
    (DATA / "generated.trig").write_text(data())
    (CASES / "generated.rq").write_text(as_cases(*choose(HOW_MANY)))
