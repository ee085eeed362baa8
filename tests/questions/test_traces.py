"""`trace` beside a second implementation: a search in plain Python over the quads of the service's own download."""

from __future__ import annotations

import gzip
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, product

import httpx
import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

PLAN = "https://w3id.org/plangraf/ontology#"
ID = "https://w3id.org/plangraf/id/"
SDG = "http://metadata.un.org/sdg/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
ELI = "http://data.europa.eu/eli/ontology#"
IS_PART_OF = "http://purl.org/dc/terms/isPartOf"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
MOST = 10_000
KINDS = {
    "perspective": PLAN + "Perspective",
    "target": SDG + "ontology#Target",
    "plan": PLAN + "Plan",
    "planning-strategy": PLAN + "PlanningStrategy",
    "governing-document": PLAN + "GoverningDocument",
    "decision": PLAN + "Decision",
    "goal": PLAN + "Goal",
    "sub-goal": PLAN + "SubGoal",
    "community-goal": PLAN + "CommunityGoal",
    "measure": PLAN + "Measure",
    "commitment": PLAN + "Commitment",
    "figure": PLAN + "Figure",
    "indicator": SDG + "ontology#Indicator",
    "table": "http://purl.org/linked-data/cube#DataSet",
}
PRINTED = {
    *(PLAN + name for name in ("respondsTo", "revises", "decidedOn", "documentsPerspective")),
    ELI + "basis_for",
    ELI + "based_on",
    IS_PART_OF,
}
Hop = tuple[str, str, str, str, str]
"""Direction, property, how, confidence, statement."""


@dataclass
class Data:
    """The links of a version: for each ordered pair of things, the hops from the first to the second."""

    hops: dict[tuple[str, str], set[Hop]] = field(default_factory=lambda: defaultdict(set))
    near: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    of_class: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    number: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(
        self, subject: str, property_: str, object_: str, how: str, confidence: str = "", statement: str = ""
    ) -> None:
        self.hops[subject, object_].add(("forward", property_, how, confidence, statement))
        self.hops[object_, subject].add(("backward", property_, how, confidence, statement))
        self.near[subject].add(object_)
        self.near[object_].add(subject)

    def paths(self, starts: set[str], ends: set[str], steps: int) -> Iterator[list[str]]:
        """Breadth first: every path of one length is lengthened before the next length."""
        groupings = self.of_class[PLAN + "PlatformSection"] | self.of_class[PLAN + "PolicyArea"]
        known = [[thing] for thing in starts]
        for _ in range(steps):
            longer = [[*path, thing] for path in known for thing in self.near.get(path[-1], ()) if thing not in path]
            yield from (path for path in longer if path[-1] in ends)
            known = [path for path in longer if path[-1] not in groupings]


@pytest.fixture(scope="module")
def data(made_url: str) -> Data:
    version = httpx.get(f"{made_url}/health/ready").headers["plangraf-version"]
    lines = gzip.decompress(httpx.get(f"{made_url}/dump/{version}/plangraf-{version}.nq.gz").content)
    found = Data()
    about: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    graphs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for quad in parse(lines, RdfFormat.N_QUADS):
        if not isinstance(quad.subject, NamedNode):  # lists of the shapes
            continue
        subject, predicate, value = quad.subject.value, quad.predicate.value, getattr(quad.object, "value", "")
        if value not in about[subject][predicate]:
            about[subject][predicate].append(value)
        if predicate == PLAN + "measuresIndicator":
            assert isinstance(quad.graph_name, NamedNode)
            graphs[subject, value].add(quad.graph_name.value)
    read_links(found, about, graphs)
    return found


def read_links(found: Data, about: dict[str, dict[str, list[str]]], graphs: dict[tuple[str, str], set[str]]) -> None:
    evidence: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    interpreted: dict[tuple[str, str], str] = {}
    for node, says in about.items():
        for class_ in says.get(TYPE, ()):
            found.of_class[class_].add(node)
        for place in says.get(PLAN + "municipality", ()):
            found.number[node] |= set(about[place].get(PLAN + "municipalityNumber", ()))
        for one, other in product(says.get(PLAN + "linkedPerspective", ()), says.get(PLAN + "linkedTarget", ())):
            (kind,) = (code for each in says[PLAN + "targetEvidence"] for code in about[each][SKOS + "notation"])
            evidence[one, other].append((kind, node))
        if PLAN + "InterpretedLink" in says.get(TYPE, ()):
            ((one, other),) = product(says[PLAN + "linkFrom"], says[PLAN + "linkTo"])
            interpreted[one, other] = node
    for node, says in list(about.items()):
        for property_ in PRINTED & says.keys():
            for value in says[property_]:
                found.add(node, property_, value, "printed")
        for target in says.get(PLAN + "relatesToTarget", ()):
            for kind, statement in evidence.get((node, target), [("printed", "")]):
                found.add(node, PLAN + "relatesToTarget", target, kind, statement=statement)
        for document in says.get(PLAN + "becomes", ()):
            if (node, document) not in interpreted:
                found.add(node, PLAN + "becomes", document, "printed")
        for target in says.get(SDG + "ontology#isIndicatorOf", ()):
            found.add(node, SDG + "ontology#isIndicatorOf", target, "published")
        for one, other in product(says.get(PLAN + "citedBy", ()), says.get(PLAN + "citedDocument", ())):
            found.add(one, PLAN + "citedDocument", other, "printed", statement=node)
        for one, other in product(says.get(PLAN + "topicOf", ()), says.get(PLAN + "namesPerspective", ())):
            found.add(one, PLAN + "namesPerspective", other, "printed", statement=node)
    for (one, other), node in interpreted.items():
        becomes = other in about[one].get(PLAN + "becomes", ())
        (sure,) = about[node][PLAN + "confidence"]
        found.add(one, PLAN + ("becomes" if becomes else "linkTo"), other, "interpreted", sure, node)
    for (one, other), sources in graphs.items():
        for how in {"interpreted" if source.endswith("/tolkninger") else "published" for source in sources}:
            found.add(one, PLAN + "measuresIndicator", other, how)


def named(data: Data, end: str) -> set[str]:
    if end in KINDS:
        return data.of_class[KINDS[end]]
    return {end if ":" in end else SDG + end}


def expected_rows(data: Data, paths: list[list[str]]) -> set[tuple[str, ...]]:
    found = set()
    for path in paths:
        text = re.sub(r"[^ ]*/(id|sdg)/", "", " ".join(path))
        for step, (thing, following) in enumerate(pairwise(path), 1):
            for direction, property_, how, confidence, statement in data.hops[thing, following]:
                found.add(
                    (
                        text,
                        str(len(path) - 1),
                        str(step),
                        thing,
                        direction,
                        property_,
                        following,
                        how,
                        confidence,
                        statement,
                    )
                )
    return found


COMPARED = ["path", "length", "step", "thing", "direction", "property", "next", "how", "confidence", "statement"]


def check(made_url: str, data: Data, start: str, end: str, steps: int, municipality: str = "") -> str:
    """Compares one request with the search; says what came of it."""
    given = {"from": start, "to": end, "steps": str(steps), **({"municipality": municipality} if municipality else {})}
    response = httpx.get(f"{made_url}/queries/trace", params=given)
    paths = [
        path
        for path in data.paths(named(data, start), named(data, end), steps)
        if not municipality or municipality in data.number[path[0]] | data.number[path[-1]]
    ]
    if len(paths) > MOST:
        assert (response.status_code, response.json()["code"]) == (400, "answer-limit"), given
        return "refused"
    assert response.status_code == 200, response.text
    rows = response.json()["results"]["bindings"]
    found = [tuple(row[name]["value"] if name in row else "" for name in COMPARED) for row in rows]
    assert len(set(found)) == len(found), given
    assert set(found) == expected_rows(data, paths), given
    assert found == sorted(found, key=lambda row: (int(row[1]), row[0], int(row[2]), row[4], row[5], row[9], row[7]))
    return "rows" if rows else "empty"


@pytest.mark.parametrize("steps", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_all_pairs_of_kinds_have_exactly_the_paths_of_the_search(made_url: str, data: Data, steps: int) -> None:
    came = [check(made_url, data, start, end, steps) for start, end in product(KINDS, KINDS)]
    assert came.count("rows") > 20 * steps
    assert came.count("refused") == steps - 1  # indicators with indicators have no such path, commitments have


@pytest.mark.parametrize("steps", [3, 4])
def test_single_things_have_exactly_the_paths_of_the_search(made_url: str, data: Data, steps: int) -> None:
    chance = random.Random(steps)
    things = {kind: sorted(data.of_class[class_] & data.near.keys()) for kind, class_ in KINDS.items()}
    came = []
    for kind in KINDS:
        start = chance.choice(things[kind] or ["https://example.org/absent"])
        other = chance.choice(sorted(things))
        end = other if steps == 3 else chance.choice(things[other] or ["11.6"])
        came.append(check(made_url, data, start, end, steps))
        came.append(check(made_url, data, start, "11.6", steps, "5001"))
        came.append(check(made_url, data, "8.10", start, steps, "9999"))
    assert came.count("rows") > 10


@pytest.mark.parametrize(
    ("start", "end", "steps"),
    [("perspective", "target", 3), ("plan", "decision", 3), ("goal", "target", 4), ("community-goal", "11.6", 4)],
)
def test_larger_answers_are_exactly_those_of_the_search(
    made_url: str, data: Data, start: str, end: str, steps: int
) -> None:
    check(made_url, data, start, end, steps)
    check(made_url, data, start, end, steps, "5001")


def test_a_section_of_the_platform_is_an_end_and_never_between(made_url: str, data: Data) -> None:
    section = min(data.of_class[PLAN + "PlatformSection"] & data.near.keys())
    assert check(made_url, data, section, "commitment", 1) == "rows"
    assert check(made_url, data, "commitment", section, 2) == "rows"
    assert check(made_url, data, section, section, 4) == "empty"


def test_too_many_paths_are_refused_with_what_to_ask_for_instead(made_url: str, data: Data) -> None:
    def refusal(**given: str) -> str:
        response = httpx.get(f"{made_url}/queries/trace", params=given)
        problem = response.json()
        assert (response.status_code, problem["code"]) == (400, "answer-limit")
        assert (problem["bound"], problem["limit"]) == ("paths", MOST)
        detail: str = problem["detail"]
        return detail.removeprefix(f"trace finds more than {MOST} paths, the most that it answers with. ")

    ends = {"from": "commitment", "to": "target"}
    fewer = sum(1 for _ in data.paths(named(data, "commitment"), named(data, "target"), 2))
    assert refusal(**ends) == (
        f"Take steps=2, which finds {fewer}, or name one thing in from or to, or give a municipality."
    )
    asked = httpx.get(f"{made_url}/queries/trace.csv", params={**ends, "steps": "2"})
    assert len({line.partition(",")[0] for line in asked.text.splitlines()[1:]}) == fewer
    assert refusal(**ends, municipality="5001").endswith(f"which finds {fewer}, or name one thing in from or to.")
    assert refusal(**{"from": "commitment", "to": "10.2", "steps": "4"}).endswith(
        "or name one thing in from, or give a municipality."
    )


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("nb", ("Sette ned fartsgrensen i Midtbyen til 30 km/t", "bedre luft")),
        ("en", ("Lower the speed limit in Midtbyen to 30 km/h", "air")),
    ],
)
def test_labels_are_in_the_language_of_the_request(made_url: str, language: str, labels: tuple[str, str]) -> None:
    asked = {"from": "commitment", "to": "11.6", "steps": "1", "lang": language}
    rows = httpx.get(f"{made_url}/queries/trace", params=asked).json()["results"]["bindings"]
    assert labels[0] in {row["thingLabel"]["value"] for row in rows}
    (target,) = {row["nextLabel"]["value"] for row in rows}
    assert labels[1] in target


def test_each_format_has_the_same_rows(made_url: str) -> None:
    asked = {"from": ID + "5001/plan/2020-2023-7", "to": "11.6", "steps": "3"}
    counts = {
        name: httpx.get(f"{made_url}/queries/trace.{name}", params=asked).text.count(mark) - less
        for name, mark, less in (("csv", "\r\n", 1), ("tsv", "\n", 1), ("json", '"step":', 0), ("xml", "<result>", 0))
    }
    assert len(set(counts.values())) == 1
    assert counts["csv"] > 8
