"""Ten questions of researchers against a real service, each answered by one query, with rows worked out by hand.

A number in brackets is that of the question in docs/researchers.md, which has the query; what a test says of a document
was read there: the sections are named. Statistics are made for the tests.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from made_statistics import FACTORS

from doc_pages import ROOT

Rows = Callable[..., list[dict[str, str]]]
ID = "https://w3id.org/plangraf/id/5001/"
SDG = "http://metadata.un.org/sdg/"
CUBE = "http://purl.org/linked-data/cube#"
AREA = "http://purl.org/linked-data/sdmx/2009/dimension#refArea"
PAGE = (ROOT / "docs" / "researchers.md").read_text(encoding="utf-8")

# Perspektiver for Trondheim, “Relevante globale mål og delmål fra FN” of each perspective. A star: number and text do
# not both stand there; the target was recognised by one of them (perspective 3 prints 8.4 and 17.7 beside the texts of
# 8.5 and 17.17, perspective 6 prints 11.4 twice, once beside the text of 11.3, perspective 12 prints 17.4 for 17.14).
TARGETS = {
    1: "1.3 2.1* 3.4* 3.5* 3.7* 3.8* 11.6* 11.7* 16.1* 16.2*",
    2: "1.2 4.1 4.2 4.4 4.5 4.6 4.7 4.a 8.6 8.b 12.8* 13.3*",
    3: "3.8 4.1 4.4 5.5 8.2 8.5* 10.2 11.3 12.8 13.3 16.6 16.7 17.17*",
    4: "5.b 8.2 9.1 9.4 9.5 9.b 9.c",
    5: "1.2 1.3 1.b 3.5 4.5 4.a 5.1 5.5 5.c 10.7 11.1 16.1",
    6: "7.2 11.1 11.2 11.3* 11.4 11.6 11.7 11.a 11.b 12.2 12.5 12.b 13.1",
    7: "3.6 4.7 7.2 7.3 7.a 9.1 9.4 11.2 11.6 11.7 12.8 12.b",
    8: "1.b 10.2 11.4 12.8* 17.17",
    9: "2.4 12.1 12.3 12.5 12.8 13.3",
    10: "2.4 6.3 7.2 7.3 7.a 8.4 9.4 11.6 12.7 12.8 13.1 13.2 13.3",
    11: "6.4 6.5 6.6 11.3 11.6 11.a 11.b 12.2 14.2 14.5 15.1 15.2 15.3 15.5 15.9",
    12: "5.5 5.c 10.2 10.4 11.3 13.2 16.3* 16.5 16.6 16.7 16.10* 16.b* 17.14*",
    13: "8.2 8.3 9.1 9.2 9.4 9.5 12.6 12.b 14.a 17.14 17.16 17.17 17.19",
    14: "8.1 8.2 8.3 11.a 16.6 17.17",
}
# Planstrategi 2020–2023, table 1, column “Perspektiv”, rows 1 to 25; a list out of the order of numbers begins with the
# most important one, the others do not tell it.
PLANS = (
    "4,3|3,4|1,6,9|1,2,3,5,6|2,1,5|11,1,2,6,7,8,9,10|11,6,7,8,10|7,6,10,11|11,6,10|7,6,9,10|6,8,10,11|10,7,9|11,6,9,10|"
    "6,1,11|7,6|7,1,6|1,3,4,9,11,14|13,9,10|6,1,8,11|8,3,6|8,3,6|3,1,2,5,6,8,12|14,3,10|14,3|14,3,10"
)
# The same table, column “Oppstart”.
STARTS = "2020 2020 2022 2023 2022 2020 2020 2020 2020 2021 2021 2021 2021 2021 2021 2021 2020 2021 2020 2021 2020 2020"
STARTS += " 2020 2020 2020"
# Orientering om samfunnsplanen, “Foreløpige retninger på nye samfunnsmål”: the perspectives that a topic of the goal
# names. Goals 4 and 5 name none.
GOALS = {1: (7, 9), 2: (1, 2, 5, 6, 8, 12), 3: (3, 4)}

PRINTED = {number: {code for code in text.split() if "*" not in code} for number, text in TARGETS.items()}
ALL = {number: {code.strip("*") for code in text.split()} for number, text in TARGETS.items()}


def sparql(question: int) -> str:
    """The SPARQL text of a question in the docs."""
    section = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    (text,) = [part for part in section if part.startswith(f"{question}. ")]
    (query,) = re.findall(r"^```sparql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(query)


def read_links(kind: str) -> Counter[str]:
    """How many interpreted links lead from things of a kind to each target, by the data files themselves."""
    found: Counter[str] = Counter()
    for path in sorted((ROOT / "data" / "5001" / "tolkninger").glob("links-*.ttl")):
        pattern = rf"linkFrom <5001/{kind}/\S+> ;\s+plan:linkTo <{re.escape(SDG)}([0-9]+\.[0-9a-z]+)>"
        found.update(re.findall(pattern, path.read_text(encoding="utf-8")))
    return found


def count(things: dict[int, set[int]], code: str) -> int:
    """How many things lead to a target through one of their perspectives."""
    return sum(any(code in ALL[number] for number in perspectives) for perspectives in things.values())


def test_targets_by_what_reaches_them_printed_and_interpreted_apart(rows: Rows) -> None:
    """(1)"""
    listed = [[int(number) for number in text.split(",")] for text in PLANS.split("|")]
    plans = {number: set(perspectives) for number, perspectives in enumerate(listed, 1)}
    primary = {number: {each[0]} for number, each in enumerate(listed, 1) if each != sorted(each)}
    goals = {number: set(perspectives) for number, perspectives in GOALS.items()}
    interpreted = {kind: read_links(kind) for kind in ("community-goal", "measure", "commitment")}
    found = {row["targetCode"]: row for row in rows("compare-municipalities", areas="5001")}
    assert len(found) == 169
    for code, row in found.items():
        assert {name: int(row[name]) for name in list(row)[7:] if name != "figures"} == {
            "perspectives": sum(code in each for each in ALL.values()),
            "perspectivesPrinted": sum(code in each for each in PRINTED.values()),
            "plans": count(plans, code),
            "plansPrimary": count(primary, code),
            "goals": count(goals, code),
            "commitments": 0,  # the platform names no UN target
            "goalsInterpreted": interpreted["community-goal"][code],
            "measuresInterpreted": interpreted["measure"][code],
            "commitmentsInterpreted": interpreted["commitment"][code],
        }, code
    # Perspectives 1, 6, 7, 10 and 11 name target 11.6, perspective 1 without its number; the plans of table 1 with one
    # of them are all but 1, 2 and 24.
    assert [found["11.6"][name] for name in ("perspectives", "perspectivesPrinted", "plans")] == ["5", "4", "22"]


def test_national_indicators_for_targets_that_no_plan_serves(rows: Rows) -> None:
    """(2) Of the made list, food is of 2.2, which no perspective names, and dust of 11.6, which 22 plans serve."""
    listed = [row for row in rows(sparql(2)) if row["indicator"].startswith("https://example.org/list/")]
    assert [(row["code"], row["indicator"]) for row in listed] == [("2.2", "https://example.org/list/food")]
    served = {code for text in PLANS.split("|") for number in text.split(",") for code in ALL[int(number)]}
    assert {row["code"] for row in rows(sparql(2))} & served == set()


def test_all_tied_figures_beside_the_statistics(rows: Rows) -> None:
    """(3) 49 tied figures of the perspectives, 14 of the planning strategy, 4 of the social element: 67."""
    found = [
        row
        for row in rows("figures-and-statistics", status="tied", assume="document", tolerance="1")
        if row["tableNumber"] == "99003"
    ]
    assert len(found) == 67
    ordered = sorted(found, key=lambda row: row["figure"])
    agreements = ("equal", "within", "differs")
    for number, row in enumerate(ordered):
        value, series = Decimal(row["value"]), Decimal(row["seriesValue"])
        assert series == value * FACTORS[number % 3], row["figure"]
        assert Decimal(row["difference"]) == value - series
        kept = number % 3 == 2 and any(word in row["bound"] for word in ("at-least", "more-than"))
        # “Nullvekst” in perspective 7 is 0, and stays 0.
        expected = "equal" if value == 0 else "bound" if kept else agreements[number % 3]
        assert row["agreement"] == expected, row["figure"]


def test_a_figure_is_compared_by_the_area_and_period_that_are_printed(rows: Rows) -> None:
    """(3) Each figure that is printed with both: “16 prosent … i 2015” in perspective 1, and so on."""
    strict = [row for row in rows("figures-and-statistics", status="tied") if row["seriesValue"]]
    assert {(row["figure"].removeprefix(ID), row["period"], row["value"], row["basis"]) for row in strict} == {
        ("figure/2020-1.1", "2015", "16", "printed"),
        ("figure/2020-5.2", "2017", "8", "printed"),
        ("figure/2020-9.1", "2018", "26", "printed"),
        ("figure/2020-9.6", "2017", "23", "printed"),
        ("figure/2020-14.1", "2020", "900000000", "printed"),
        ("figure/2020-14.2", "2025/2040", "3000000000", "printed"),
        ("figure/2020-14.3", "2025/2040", "5000000000", "printed"),
        ("figure/2020-14.4", "2029", "1000000000", "printed"),
    }
    assert len(rows("figures-and-statistics")) == 127


def test_a_figure_of_norway_or_of_klaebu_meets_the_series_of_the_same_area(rows: Rows) -> None:
    """(3) Both are under the IRI of statistics: “16 prosent av befolkningen i Norge”, “Klæbu består av 2%”."""
    observed = rows(f"SELECT ?o ?area {{ ?o a <{CUBE}Observation> ; <{AREA}> ?area }}")
    of_series = {row["o"]: row["area"] for row in observed}
    compared = rows("figures-and-statistics", status="tied", assume="document")
    areas: dict[str, set[str]] = defaultdict(set)
    for row in compared:
        areas[row["area"]].add(of_series.get(row["observation"], ""))
    base = "https://w3id.org/plangraf/id/"
    assert areas[f"{base}no/country/NO"] == {f"{base}no/country/NO"}
    assert areas[f"{base}5030/municipality/5030"] == {f"{base}5030/municipality/5030"}
    old = [row for row in compared if row["area"] in (f"{base}no/area/norge", f"{base}5001/area/klaebu")]
    assert old == []


CHAINS = [
    # “følge opp den lokale handlingsplanen mot æresrelatert vold … som er vedtatt av bystyret”, Politikkområde 3: the
    # document is adopted, no plan of table 1 is it, and no source dates the decision.
    ("2023-3-21", "handlingsplanen-mot-aeresrelatert-vold-og-negativ-sosial-kontroll", "adopted", "", "", "", ""),
    # “kommuneplanens arealdel (KPA)”, Politikkområde 6: plan 6 of table 1. Plans of the strategy went on hearing with
    # it, “Formannskapet vedtok 27.10.20 å legge Planstrategi 2020-2023 ut på fire ukers høring”.
    ("2023-6-4", "kommuneplanens-arealdel-kpa", "", "6", "becomes", "0.8", "2020-10-27"),
    # “klimaløftene i Energi- og klimaplanen”, Politikkområde 7: plan 12, by the subject alone.
    ("2023-7-1", "energi-og-klimaplanen", "", "12", "becomes", "0.6", "2020-10-27"),
    # “inngå klimakontrakt med EU … i tråd med vedtatt energi- og klimaplan”: two documents, one of them adopted.
    ("2023-7-2", "klimakontrakt-med-eu-og-samfunnsaktoerer", "", "", "", "", ""),
    ("2023-7-2", "energi-og-klimaplanen", "adopted", "12", "becomes", "0.6", "2020-10-27"),
    # “utarbeide en plan for bylogistikk”: plan 10.
    ("2023-7-65", "plan-for-bylogistikk", "", "10", "becomes", "0.9", "2020-10-27"),
]


def test_the_chains_of_five_commitments(rows: Rows) -> None:
    """(4)"""
    asked = {chain[0] for chain in CHAINS}
    found = [
        (
            row["commitment"].removeprefix(ID + "commitment/"),
            row["document"].removeprefix(ID + "governing-document/"),
            row["documentStatus"],
            row["planNumber"],
            row["planLink"],
            row["planConfidence"],
            row["decisionDate"],
        )
        for row in rows("promise-to-decision")
    ]
    assert [chain for chain in found if chain[0] in asked] == CHAINS
    assert len(found) == 19
    one = rows("promise-to-decision", commitment=ID + "commitment/2023-7-65", lang="en")
    assert [(row["planHow"], row["decidedOn"], row["decisionType"]) for row in one] == [
        ("interpreted", "planning-strategy", "hearing")
    ]
    assert one[0]["documentPassage"] == ID + "passage/byraadsplattform-2023-l2047"
    assert one[0]["decisionPassage"] == ID + "passage/planstrategi-2020-2023-l352-354"


def test_goals_whose_targets_have_no_measure(rows: Rows) -> None:
    """(5) The perspectives that a goal names lead to its targets; measures are those of the social element."""
    measured = set(read_links("measure"))
    stated = {
        (str(goal), code, "stated")
        for goal, perspectives in GOALS.items()
        for number in perspectives
        for code in ALL[number] - measured
    }
    read: set[tuple[str, str, str]] = set()
    path = ROOT / "data" / "5001" / "tolkninger" / "links-community-goals.ttl"
    pattern = rf"linkFrom <5001/community-goal/2022-(\d)> ;\s+plan:linkTo <{re.escape(SDG)}([0-9]+\.[0-9a-z]+)>"
    for goal, code in re.findall(pattern, path.read_text(encoding="utf-8")):
        if code not in measured:
            read.add((goal, code, "interpreted"))
    found = [(row["goal"], row["code"], row["basis"]) for row in rows(sparql(5))]
    assert set(found) == stated | read
    assert len(found) == len(set(found))
    # Goal 3 names “digital transformasjon”, whose target 5.b (technology for women) no measure of 2009 bears on.
    assert ("3", "5.b", "stated") in found


def test_decisions_by_year_against_the_start_years_of_plans(rows: Rows) -> None:
    """(6) Decisions with a printed date: adoptions of 2008 and of the social element in 2010 (its foreword); 175/16 on
    8.12.2016, which adopted one thing and started another; the ROS analysis on 4.10.2018, Trøndelagsplanen in January
    2018; the royal resolution of 14.5.2019 and the government of 2019; 19.5., 11.8. and 27.10.2020; 8/21 on 2.2.2021.
    """
    starts = Counter(STARTS.split())
    decisions = {"2008": "1", "2010": "1", "2016": "2", "2018": "2", "2019": "2", "2020": "3", "2021": "1"}
    adoptions = {"2008": "1", "2010": "1", "2016": "1", "2018": "1", "2019": "1", "2020": "1", "2021": "1"}
    years = sorted({*decisions, *starts})
    assert [tuple(row.values()) for row in rows(sparql(6))] == [
        (year, decisions.get(year, "0"), adoptions.get(year, "0"), str(starts[year])) for year in years
    ]
    assert starts == {"2020": 13, "2021": 9, "2022": 2, "2023": 1}


def test_commitments_with_a_measurable_aim(rows: Rows) -> None:
    """(7) Each bullet of the platform with a figure that somebody could measure, in the order of the platform."""
    assert [tuple(row.values())[1:] for row in rows(sparql(7))] == [
        # value, unit, bound, deadline, start, duration, baseline
        ("1", "prosentpoeng per år", "at-least", "", "", "P4Y", ""),  # sykefravær
        ("3", "prosent", "", "2027", "", "", ""),  # kulturbudsjettet, innen 2027
        ("2000", "norske kroner", "", "", "2025-01", "", ""),  # fritidskort, fra januar 2025
        ("3000", "dekar", "", "", "", "", ""),  # næringsareal
        ("1800", "antall per år", "on-average", "", "", "", ""),  # nye boliger
        ("100", "antall per år", "at-least", "", "", "", ""),  # tredje boligsektor
        ("55", "prosent", "at-least", "", "", "", "2009"),  # lavere utslipp enn i 2009
        ("30", "prosent", "at-least", "", "", "", ""),  # restaurert natur
        ("2", "antall per time", "", "", "", "", ""),  # tog på Trønderbanen
        ("20", "prosent", "", "", "", "", ""),  # personbiltrafikk
        ("300", "antall", "", "", "", "", ""),  # bildelingsplasser
        ("30", "kilometer per time", "", "", "", "", ""),  # fartsgrensen i Midtbyen
    ]


def test_the_join_with_u4ssc_by_target(rows: Rows) -> None:
    """(8) Perspectives and plans that share a target with a made U4SSC indicator: 11.6 has two of them, 2.2 one."""
    found = {row["code"]: row for row in rows(sparql(8))}
    assert int(found["11.6"]["indicators"]) >= 2
    assert (found["11.6"]["perspectives"], found["11.6"]["plans"]) == ("5", "22")
    assert int(found["2.2"]["indicators"]) >= 1
    assert (found["2.2"]["perspectives"], found["2.2"]["plans"]) == ("0", "0")


def test_the_network_of_perspectives_and_targets(rows: Rows) -> None:
    """(9) Degrees by hand from the lists; the pairs of perspectives that share most targets, ties by number."""
    edges = [row for row in rows("edges") if row["link"] == "perspective-target"]
    neighbours: dict[str, set[str]] = defaultdict(set)
    for row in edges:
        neighbours[row["from"]].add(row["to"])
        neighbours[row["to"]].add(row["from"])
    perspectives = [f"{ID}perspective/2020-{number}" for number in TARGETS]
    degrees = [len(neighbours[iri]) for iri in perspectives]
    assert degrees == [10, 12, 13, 7, 12, 13, 12, 5, 6, 13, 15, 13, 13, 6]
    targets = Counter({iri.removeprefix(SDG): len(n) for iri, n in neighbours.items() if iri.startswith(SDG)})
    assert (len(targets), sum(targets.values())) == (83, 150)
    assert targets.most_common(2) == [("12.8", 6), ("11.6", 5)]
    assert components(neighbours) == [97]
    shared = {
        (a, b): len(neighbours[perspectives[a - 1]] & neighbours[perspectives[b - 1]])
        for a, b in itertools.combinations(TARGETS, 2)
    }
    heaviest = sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))[:8]
    assert heaviest == [
        ((7, 10), 6),  # 7.2 7.3 7.a 9.4 11.6 12.8
        ((3, 12), 5),  # 5.5 10.2 11.3 16.6 16.7
        ((6, 7), 5),  # 7.2 11.2 11.6 11.7 12.b
        ((6, 11), 5),  # 11.3 11.6 11.a 11.b 12.2
        ((2, 3), 4),  # 4.1 4.4 12.8 13.3
        ((4, 13), 4),  # 8.2 9.1 9.4 9.5
        ((1, 5), 3),  # 1.3 3.5 16.1
        ((2, 5), 3),  # 1.2 4.5 4.a
    ]


def components(neighbours: dict[str, set[str]]) -> list[int]:
    """The sizes of the connected components, the largest first."""
    left, sizes = set(neighbours), []
    while left:
        reached, waiting = set(), {next(iter(left))}
        while waiting:
            node = waiting.pop()
            reached.add(node)
            waiting |= neighbours[node] - reached
        left -= reached
        sizes.append(len(reached))
    return sorted(sizes, reverse=True)


def test_one_table_for_two_municipalities_across_a_reform(rows: Rows) -> None:
    """(10) Klæbu (1662, from 2018 5030) became part of Trondheim (1601, from 2018 5001) in 2020, Hemne (1612, from 2018
    5011) of Heim (5055). Snillfjord was divided among three, so that it is a part of Heim and its number leads nowhere.
    """
    found = rows("observations", table="99001", area="5001,5055")
    assert [
        (row["presentNumber"], row["areaNumber"], row["areaLabel"], row["period"], row["value"], row["symbol"])
        for row in found
        if row["series"] == "ContentsCode=Dager;Kilde=Alle"
    ] == [
        ("5001", "1601", "Trondheim", "2016", "31", ""),
        ("5001", "1601", "Trondheim", "2017", "28", ""),
        ("5001", "1662", "Klæbu", "2017", "", ":"),
        ("5001", "5001", "Trondheim", "2018", "27", ""),
        ("5001", "5001", "Trondheim", "2020", "22", ""),
        ("5001", "5030", "Klæbu", "2018", "3", ""),
        ("5012", "5012", "Snillfjord", "2018", "1", ""),
        ("5055", "1612", "Hemne", "2017", "5", ""),
        ("5055", "5011", "Hemne", "2018", "4", ""),
        ("5055", "5055", "Heim", "2020", "2", ""),
    ]


@pytest.mark.parametrize("question", range(1, 11))
def test_each_question_has_its_section_and_its_query(question: int) -> None:
    assert len(re.findall(rf"^### {question}\. ", PAGE, re.MULTILINE)) == 1


def test_the_named_queries_of_the_page_exist(made_url: str) -> None:
    known = {query["name"] for query in httpx.get(f"{made_url}/queries").json()["queries"]}
    assert set(re.findall(r"/queries/([a-z-]+)", PAGE)) <= known
    assert Path(ROOT / "docs" / "researchers.md").stat().st_size < 64 * 1024
