"""Kinds of literals by predicate: what a version knows of its objects, and that sorting without three keys is right."""

from __future__ import annotations

import random

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from plangraf.rdf.object_kinds import ObjectKinds
from plangraf.sparql.safety import Limits, check

XSD = "http://www.w3.org/2001/XMLSchema#"
V = "http://x/v"
GRAPH = NamedNode("http://x/g")


def kinds_of(*literals: Literal) -> list[str]:
    kinds = ObjectKinds()
    quads = (Quad(NamedNode(f"http://x/{n}"), NamedNode(V), value, GRAPH) for n, value in enumerate(literals))
    lines = [f"{quad} .".encode() for quad in quads]
    assert list(kinds.passing(lines)) == lines
    return kinds.as_json().get(V, [])


def typed(text: str, name: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + name))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([Literal('a "quoted" \\ word\n')], ["string"]),
        ([Literal("bok", language="nb"), Literal("book", language="en")], ["langString"]),
        ([typed("1", "integer"), typed("-2.5", "decimal")], ["number"]),
        ([typed("2020-01-31", "date")], ["date"]),
        ([typed("2020-01-31Z", "date")], ["unsorted"]),
        ([typed("2020-01-31T10:00:00", "dateTime"), typed("2020-01-31T10:00:00+02:00", "dateTime")],
         ["dateTime", "unsorted"]),
        ([typed("9" * 16, "integer")], ["unsorted"]),
        ([typed("x", "integer")], ["unsorted"]),
        ([typed("1.0E0", "double")], ["unsorted"]),
        ([typed("P1D", "duration")], ["unsorted"]),
        ([typed("1", "integer"), Literal("1")], ["number", "string"]),
    ],
)  # fmt: skip
def test_kinds_of_literals(values: list[Literal], expected: list[str]) -> None:
    assert kinds_of(*values) == expected


def test_a_predicate_with_iris_only_has_no_kind() -> None:
    kinds = ObjectKinds()
    list(kinds.passing([b"<http://x/1> <http://x/v> <http://x/2> <http://x/g>", b"_:a <http://x/v> _:b <http://x/g>"]))
    assert kinds.as_json() == {}


SORTED = {
    "string": lambda chosen: Literal("".join(chosen.choices("aåæøzA9 ", k=3))),
    "langString": lambda chosen: Literal(chosen.choice("abcde"), language=chosen.choice(("nb", "en", "se"))),
    "number": lambda chosen: (
        typed(f"{chosen.randint(-9, 9)}.{chosen.randint(1, 99)}".rstrip("0"), "decimal")
        if chosen.random() < 0.5
        else typed(str(chosen.choice((chosen.randint(-9, 9), 10**15 - chosen.randint(1, 3)))), "integer")
    ),
    "boolean": lambda chosen: typed(chosen.choice(("true", "false")), "boolean"),
    "date": lambda chosen: typed(f"20{chosen.randint(10, 30)}-0{chosen.randint(1, 9)}-11", "date"),
    "dateTime": lambda chosen: typed(f"2020-01-0{chosen.randint(1, 9)}T0{chosen.randint(1, 9)}:00:00", "dateTime"),
    "gYear": lambda chosen: typed(str(chosen.randint(1900, 2100)), "gYear"),
}


@pytest.mark.parametrize("kind", SORTED)
@pytest.mark.parametrize("sign", ["ASC", "DESC"])
def test_objects_of_one_kind_sort_the_same_without_the_keys_before(kind: str, sign: str) -> None:
    chosen = random.Random(kind)
    values = [SORTED[kind](chosen) for _ in range(300)]
    assert kinds_of(*values) == [kind]
    store = Store()
    store.extend(Quad(NamedNode(f"http://x/{n}"), NamedNode(V), value) for n, value in enumerate(values))
    query = f"SELECT ?v {{ ?s <{V}> ?v }} ORDER BY {sign}(?v) ?s"
    plain = check(query, Limits(), object_kinds={V: frozenset((kind,))})
    keyed = check(query, Limits())
    assert plain.text == query
    assert keyed.text != query
    assert answer(store, plain.text) == answer(store, keyed.text)


def answer(store: Store, query: str) -> list[str]:
    result = store.query(query)
    assert isinstance(result, QuerySolutions)
    return [str(row["v"]) for row in result]


@pytest.mark.parametrize(
    ("pattern", "is_plain"),
    [
        ("?s <http://x/iris> ?v", True),
        ("?s <http://x/iris>/<http://x/text> ?v", True),
        ("?s <http://x/text> ?v", True),
        ("?s <http://x/text> ?v . ?t <http://x/text> ?v", True),
        ("{ ?s <http://x/text> ?v } UNION { ?s <http://x/number> ?v }", False),
        ("?s <http://x/both> ?v", False),
        ("?s <http://x/double> ?v", False),
        ("?s <http://x/iris>|<http://x/text> ?v", False),
        ("?v ^<http://x/iris> ?s", False),
        ("?s <http://x/text>* ?v", False),
        ("?s ?p ?v", False),
        ("?s <http://x/text> ?w BIND(COALESCE(?w, 1) AS ?v)", False),
    ],
)
def test_only_an_object_that_can_be_of_several_kinds_gets_three_keys(pattern: str, is_plain: bool) -> None:
    kinds = {
        "http://x/text": frozenset(("string",)),
        "http://x/number": frozenset(("number",)),
        "http://x/both": frozenset(("number", "string")),
        "http://x/double": frozenset(("unsorted",)),
    }
    text = f"SELECT ?v {{ {pattern} }} ORDER BY ?v"
    assert ("ISNUMERIC" not in check(text, Limits(), object_kinds=kinds).text) == is_plain
