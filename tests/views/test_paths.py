"""Paths over links: bounded work, an order that does not depend on the rows, and what an answer may leave out."""

from __future__ import annotations

import random
from typing import Any

import pytest

from plangraf.errors import AnswerLimitError
from plangraf.rdf.formats import CSV
from plangraf.views.paths import LinkGraph, Path, Sought, find_paths, read_links, write_paths
from processor_time import measured_work

BASE = "https://w3id.org/plangraf/id/5001/"


def link(thing: str, following: str, **more: str) -> dict[str, dict[str, str]]:
    cells = {
        "thing": BASE + thing,
        "property": "http://a.example/p",
        "next": BASE + following,
        "how": "printed",
        **more,
    }
    return {name: {"value": value} for name, value in cells.items()}


def thing(name: str, kind: str, **more: str) -> dict[str, dict[str, str]]:
    return {key: {"value": value} for key, value in {"thing": BASE + name, "kind": kind, **more}.items()}


def sought(start: str, end: str, steps: int, municipality: str | None = None, most: int = 10_000) -> Sought:
    return Sought(start, end, steps, municipality, most, "trace")


def short(paths: list[Path]) -> list[str]:
    return [" ".join(each.removeprefix(BASE) for each in path) for path in paths]


@pytest.fixture(scope="module")
def hub() -> LinkGraph:
    """Six thousand plans and commitments around one perspective, as around a popular target of the whole country."""
    names = [f"{kind}/{n}" for kind in ("plan", "commitment") for n in range(3_000)]
    return read_links([*(link(name, "perspective/1") for name in names), *(thing(n, n.split("/")[0]) for n in names)])


@pytest.mark.parametrize(
    ("start", "end", "steps"),
    [
        ("plan", "commitment", 2),
        ("plan", "plan", 4),
        (BASE + "plan/1", "commitment", 4),
        (BASE + "perspective/1", "plan", 4),
    ],
)
def test_work_is_bounded_whatever_the_links(hub: LinkGraph, start: str, end: str, steps: int) -> None:
    """Two kinds have nine million paths here; a thing has three thousand, and a longer walk comes back to the hub."""
    with measured_work() as work:
        try:
            found = len(find_paths(hub, sought(start, end, steps)))
        except AnswerLimitError as error:
            assert start in ("plan", "commitment")
            found = error.limit
    assert found == (3_000 if ":" in start else 10_000)
    assert work.seconds < 2


def test_what_to_ask_for_instead_is_only_what_helps(hub: LinkGraph) -> None:
    def advice(graph: LinkGraph, wanted: Sought) -> str:
        with pytest.raises(AnswerLimitError) as refused:
            find_paths(graph, wanted)
        return str(refused.value).partition("answers with. ")[2]

    ways = [*(link("plan/1", f"perspective/{n}") for n in range(5)), link("plan/1", "target/1")]
    small = read_links([*ways, *(link(f"perspective/{n}", "target/1") for n in range(5))])
    ends = (BASE + "plan/1", BASE + "target/1")
    assert advice(hub, sought("plan", "commitment", 2)) == "Name one thing in from or to, or give a municipality."
    assert advice(small, sought(*ends, 3, most=3)) == "Take steps=1, which finds 1, or give a municipality."
    municipal = read_links([*ways[:5], thing("plan/1", "plan", municipality="5001")])
    wanted = sought(ends[0], BASE + "plan/1", 1, "5001", most=0)
    assert find_paths(municipal, wanted) == []
    wanted = sought(ends[0], BASE + "perspective/1", 1, "5001", most=0)
    assert advice(municipal, wanted) == "Ask for the paths through one thing at a time."


def test_rows_in_any_order_give_the_same_answer() -> None:
    rows: list[dict[str, Any]] = [
        link("plan/1", "perspective/2", statement=BASE + "link/2"),
        link("plan/1", "perspective/2", statement=BASE + "link/1"),
        link("perspective/2", "plan/1", how="interpreted", confidence="0.9"),
        link("perspective/2", "target/3"),
        link("plan/4", "target/3"),
        thing("plan/1", "plan", label="En", municipality="5001"),
        thing("plan/1", "plan", label="Ett", municipality="5001"),
        thing("plan/4", "plan"),
    ]
    answers = set()
    for seed in range(20):
        random.Random(seed).shuffle(rows)
        graph = read_links(rows)
        paths = find_paths(graph, sought("plan", BASE + "target/3", 4))
        assert short(paths) == ["plan/4 target/3", "plan/1 perspective/2 target/3"]
        answers.add(write_paths(graph, paths, CSV))
    (answer,) = answers
    hops = [line.split(",") for line in answer.decode().splitlines()[2:5]]
    assert [(hop[4], hop[5], hop[9], hop[10], hop[11].rpartition("/")[2]) for hop in hops] == [
        ("En", "backward", "interpreted", "0.9", ""),
        ("En", "forward", "printed", "", "1"),
        ("En", "forward", "printed", "", "2"),
    ]


def test_a_municipality_is_that_of_the_first_or_the_last_thing() -> None:
    graph = read_links(
        [
            link("plan/1", "perspective/2"),
            link("plan/3", "perspective/2"),
            thing("plan/1", "plan", municipality="5001"),
            thing("plan/3", "plan", municipality="5030"),
            thing("perspective/2", "perspective"),
        ]
    )
    assert short(find_paths(graph, sought("plan", "perspective", 4, "5001"))) == ["plan/1 perspective/2"]
    assert short(find_paths(graph, sought("perspective", "plan", 4, "5030"))) == ["perspective/2 plan/3"]
    assert short(find_paths(graph, sought("plan", "plan", 2, "5030"))) == [
        "plan/1 perspective/2 plan/3",
        "plan/3 perspective/2 plan/1",
    ]
    assert find_paths(graph, sought("plan", "plan", 4, "1601")) == []


def test_a_link_from_a_thing_to_itself_is_no_path() -> None:
    graph = read_links(
        [link("plan/1", "plan/1"), link("plan/1", "plan/2"), thing("plan/1", "plan"), thing("plan/2", "plan")]
    )
    assert short(find_paths(graph, sought("plan", "plan", 4))) == ["plan/1 plan/2", "plan/2 plan/1"]
