"""The contract of the named queries: names, columns, order, and results for Trondheim's data."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

COLUMNS = {
    "plans": (
        "plan number title kind startYear revision responsible primaryPerspective perspectives "
        "numberAsPrinted status startAsPrinted completionYear planId documentAddress "
        "revises becomes becomesTitle becomesStatus becomesAsOf becomesConfidence"
    ),
    "perspectives": "perspective number title targets plans",
    "trends": "trend number title",
    "targets-by-perspective": "perspectiveNumber target targetCode targetLabel evidence printedAs",
    "governing-documents-by-perspective": "perspectiveNumber document title caseNumber periodStart periodEnd status "
    "statusAsOf",
    "decisions": "decision caseNumber body date label source type typeLabel hearingLength outcome period",
    "plans-by-target": "plan number title perspectiveNumber primary",
    "goals": "goal number title parent measures",
    "measures": (
        "measure subGoalNumber order label figure unit deadline unitLabel bound printedAs baseline partners places "
        "force"
    ),
    "strategic-approaches": "approach number title description",
    "community-goals": "goal number title dimension status",
    "topics-by-community-goal": "goalNumber topic order title perspectiveNumber",
    "participation-phases": "phase number label months start end activities",
    "figures-by-perspective": (
        "perspectiveNumber figure label value unit period status unitLabel qualifier printedAs area "
        "bound baseline source"
    ),
    "commitments": (
        "commitment areaOrder area section order label figure unit deadline "
        "unitLabel bound printedAs baseline start outcomeYear partners places force"
    ),
    "prose-commitments": (
        "commitment areaOrder area section order label figure unit unitLabel bound printedAs partners places force"
    ),
    "participation-activities": "activity plan planTitle foreseen order label date phase partners places",
    "figures": (
        "figure label value unit unitLabel period area status qualifier bound printedAs baseline source about dataSet"
    ),
    "governing-documents": (
        "document title issuer periodStart periodEnd status citations latestStatus statusAsOf statusHistory adopted"
    ),
    "planning-system": "instrument interval horizon legalBasis title intervalDuration horizonDuration partOf",
    "evidence": "property value kind document section item firstLine lastLine checked evidence graph",
    "coverage": (
        "target targetCode targetLabel perspectives plans goals commitments figures "
        "goalsInterpreted measuresInterpreted commitmentsInterpreted"
    ),
    "gaps": "gap thing label asOf",
    "quality": "dataset metric class value",
    "indicators": "indicator list code number label target targetCode unIndicator discontinued replacedBy",
    "indicators-by-target": "indicator list code number label unIndicator unLabel discontinued replacedBy source",
    "indicator-coverage": ("target targetCode targetLabel unIndicators nationalIndicators lists tables figures plans"),
    "indicator-gaps": "gap municipality target targetCode targetLabel indicators",
    "target-profile": ("kind thing label how perspectives confidence source section item firstLine lastLine passage"),
    "compare-municipalities": (
        "target targetCode targetLabel area areaNumber areaLabel successors perspectives perspectivesPrinted plans "
        "plansPrimary goals commitments figures goalsInterpreted measuresInterpreted commitmentsInterpreted"
    ),
    "edges": "link from fromKind fromLabel to toKind toLabel how confidence position primary times",
    "plan-target-paths": (
        "plan planNumber planTitle perspective perspectiveNumber position target targetCode primary printed weight "
        "paths planPassage targetPassage"
    ),
    "promise-to-decision": (
        "commitment commitmentLabel document documentTitle documentAsPrinted documentStatus documentPassage plan "
        "planNumber planTitle planLink planHow planConfidence planReason planPassage decision decisionLabel "
        "decisionDate decisionPeriod decisionType decidedOn decisionPassage"
    ),
    "trace": "path length step thing thingLabel direction property next nextLabel how confidence statement",
    "observations": (
        "table tableNumber tableLabel area areaNumber areaLabel presentNumber period periodStart periodEnd series "
        "seriesLabel value unit unitLabel status symbol observation"
    ),
    "figures-and-statistics": (
        "figure label status value unit unitLabel bound printedAs area areaLabel period indicator table tableNumber "
        "observation basis seriesValue seriesUnitLabel seriesStatus difference agreement"
    ),
}
ID = "https://w3id.org/plangraf/id/5001/"
XSD = "http://www.w3.org/2001/XMLSchema#"
ROWS = {
    "plans": 26,
    "perspectives": 14,
    "trends": 8,
    "targets-by-perspective": 150,
    "measures": 92,
    "strategic-approaches": 6,
    "community-goals": 5,
    "participation-phases": 4,
    "commitments": 285,
    "coverage": 169,
    "indicator-coverage": 169,
    "prose-commitments": 54,
    "participation-activities": 30,
    "figures": 127,
    "compare-municipalities": 169,
    "plan-target-paths": 1022,
    "promise-to-decision": 19,
    "figures-and-statistics": 127,
}
NEEDED = {
    "plans-by-target": {"target": "11.6"},
    "indicators-by-target": {"target": "11.6"},
    "target-profile": {"target": "11.6"},
    "evidence": {"about": ID + "plan/2020-2023-7"},
    "trace": {"from": ID + "plan/2020-2023-7", "to": "11.6"},
    "observations": {"table": "99001"},
    "compare-municipalities": {"areas": "5001"},
}
LISTS = {"un-sdg-kos": 262, "norske-malepunkter": 459, "u4ssc": 111, "ks-un-indicators": 248}


def rows(url: str, name: str, **parameters: str) -> list[dict[str, str]]:
    response = httpx.get(f"{url}/queries/{name}.csv", params={**NEEDED.get(name, {}), **parameters})
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def bindings(url: str, name: str, **parameters: str) -> list[dict[str, dict[str, str]]]:
    response = httpx.get(f"{url}/queries/{name}", params={**NEEDED.get(name, {}), **parameters})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/sparql-results+json"
    found: list[dict[str, dict[str, str]]] = response.json()["results"]["bindings"]
    return found


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_named_query_has_the_columns_of_the_contract_in_their_order(url: str, name: str) -> None:
    response = httpx.get(f"{url}/queries/{name}", params=NEEDED.get(name, {}))
    assert response.json()["head"]["vars"] == COLUMNS[name].split()
    text = httpx.get(f"{url}/queries/{name}.csv", params=NEEDED.get(name, {})).text
    assert text.split("\r\n", 1)[0] == COLUMNS[name].replace(" ", ",")


@pytest.mark.parametrize("name", COLUMNS)
def test_each_cell_has_the_type_that_the_head_declares(url: str, name: str) -> None:
    """So that years are years, dates are days and numbers are numbers in every tool that reads types or CSV."""
    (described,) = [query for query in httpx.get(f"{url}/queries").json()["queries"] if query["name"] == name]
    types = {column["name"]: column["type"] for column in described["columns"]}
    if name == "evidence":
        del types["value"]  # any term that a statement has
    for row in bindings(url, name):
        for column, declared in types.items():
            if column in row:
                assert fits(row[column], declared), (column, declared, row[column])


def fits(cell: dict[str, str], declared: str) -> bool:
    if declared == "iri":
        return cell["type"] == "uri"
    if declared.startswith("xsd:"):
        return cell.get("datatype") == XSD + declared.removeprefix("xsd:")
    return cell["type"] == "literal" and "datatype" not in cell and not (declared == "code" and "xml:lang" in cell)


@pytest.mark.parametrize(("name", "count"), ROWS.items())
def test_a_named_query_has_as_many_rows_as_the_documents_have_items(url: str, name: str, count: int) -> None:
    assert len(rows(url, name)) == count


def test_every_plan_of_table_1_stands_as_printed(url: str) -> None:
    *plans, topmost = rows(url, "plans")
    assert (topmost["title"], topmost["number"], topmost["revision"]) == ("Samfunnsplanen", "", "true")
    assert topmost["revises"] == ID + "governing-document/kommuneplanens-samfunnsdel-2009-2020"
    assert [plan["number"] for plan in plans] == [str(number) for number in range(1, 26)]
    # Of plans 3 and 6 the text says elsewhere that they are revised.
    revised = ["3", "6", "9", "11", "12", "14", "22"]
    assert [plan["number"] for plan in plans if plan["revision"] == "true"] == revised
    assert {plan["revision"] for plan in plans} == {"true", "false"}
    years = "2020 2020 2022 2023 2022 2020 2020 2020 2020 2021 2021 2021 2021 2021 2021 2021 2020 2021 2020 "
    years += "2021 2020 2020 2020 2020 2020"
    assert [plan["startYear"] for plan in plans] == years.split()
    perspectives = [
        "4,3",
        "3,4",
        "1,6,9",
        "1,2,3,5,6",
        "2,1,5",
        "11,1,2,6,7,8,9,10",
        "11,6,7,8,10",
        "7,6,10,11",
        "11,6,10",
        "7,6,9,10",
        "6,8,10,11",
        "10,7,9",
        "11,6,9,10",
        "6,1,11",
        "7,6",
        "7,1,6",
        "1,3,4,9,11,14",
        "13,9,10",
        "6,1,8,11",
        "8,3,6",
        "8,3,6",
        "3,1,2,5,6,8,12",
        "14,3,10",
        "14,3",
        "14,3,10",
    ]
    assert [plan["perspectives"] for plan in plans] == perspectives
    # In a list sorted by number, the first perspective is not necessarily the primary one.
    in_order = [text == ",".join(sorted(text.split(","), key=int)) for text in perspectives]
    assert [number for number, plain in enumerate(in_order, 1) if plain] == [2, 3, 4, 11, 17]
    expected = ["" if plain else text.split(",")[0] for text, plain in zip(perspectives, in_order, strict=True)]
    assert [plan["primaryPerspective"] for plan in plans] == expected
    assert plans[0]["plan"] == ID + "plan/2020-2023-1"
    assert plans[0]["title"] == "Temaplan; Teknologi og modernisering"
    assert plans[0]["responsible"] == "Organisasjonsdirektøren"
    assert plans[6]["title"] == "Kommunedelplan areal for Sluppen (del 2) med veiledende plan for offentlige rom"
    assert plans[13]["responsible"] == "Kommunaldirektører Byutvikling og Kultur og næring"
    assert plans[21]["title"] == "Temaplan for frivillighet (revisjon)"
    assert [plan["number"] for plan in plans if not plan["kind"]] == ["8", "16", "18", "21"]


def test_the_perspectives_carry_the_titles_of_section_6_1(url: str) -> None:
    assert [row["title"] for row in rows(url, "perspectives")] == [
        "God helse for alle",
        "Barn og unges liv og læring",
        "Samskapt velferd og arbeidsgiverrollen",
        "Digital transformasjon",
        "Inkluderende samfunn",
        "Nærmiljø og stedsutvikling",
        "Grønn mobilitet",
        "Identitet og kultur",
        "Bærekraftig forbruk og produksjon",
        "Grønn konkurransekraft",
        "Byvekst og bevaring av areal- og naturressurser",
        "Lokaldemokrati",
        "Samarbeid og verdiskapning",
        "Kommunens økonomiske handlingsrom",
    ]
    counts = [(int(row["targets"]), int(row["plans"])) for row in rows(url, "perspectives")]
    assert [targets for targets, _ in counts] == [10, 12, 13, 7, 12, 13, 12, 5, 6, 13, 15, 13, 13, 6]
    assert counts[6][1] == 7  # plans 6, 7, 8, 10, 12, 15, 16


def test_a_misprinted_target_number_keeps_what_was_printed(url: str) -> None:
    links = rows(url, "targets-by-perspective")
    printed_as = {
        (row["perspectiveNumber"], row["targetCode"]): (row["evidence"], row["printedAs"])
        for row in links
        if row["printedAs"]
    }
    assert printed_as == {
        ("3", "8.5"): ("identified", "8.4"),
        ("3", "17.17"): ("identified", "17.7"),
        ("6", "11.3"): ("identified", "11.4"),
        ("8", "12.8"): ("identified", "12.3"),
        ("10", "2.4"): ("printed", "2,4"),
        ("12", "5.5"): ("printed", "5,5"),
        ("12", "17.14"): ("identified", "17.4"),
        ("13", "8.3"): ("printed", "8,3"),
        ("14", "11.a"): ("printed", "11-a"),
    }
    assert sum(row["evidence"] == "identified" for row in links) == 19


def test_targets_come_in_the_order_of_the_un(url: str) -> None:
    codes = [row["targetCode"] for row in rows(url, "targets-by-perspective", perspective="12")]
    assert codes == [
        "5.5",
        "5.c",
        "10.2",
        "10.4",
        "11.3",
        "13.2",
        "16.3",
        "16.5",
        "16.6",
        "16.7",
        "16.10",
        "16.b",
        "17.14",
    ]


def test_labels_follow_the_language_and_official_titles_do_not(url: str) -> None:
    def labels(**parameters: str) -> list[str]:
        return [row["targetLabel"] for row in rows(url, "targets-by-perspective", perspective="7", **parameters)]

    assert labels() == labels(lang="nb") != labels(lang="en")
    assert rows(url, "plans") == rows(url, "plans", lang="en")
    assert rows(url, "perspectives") == rows(url, "perspectives", lang="en")


def test_one_case_cited_under_two_numbers_is_found_under_both(url: str) -> None:
    by_number: dict[str, set[str]] = {}
    for row in rows(url, "decisions"):
        by_number.setdefault(row["caseNumber"], set()).add(row["decision"])
    assert by_number["46/19"] == by_number["19/18054"]


@pytest.mark.parametrize(
    ("number", "body", "date"),
    [
        ("175/16", "Bystyret", "2016-12-08"),
        ("176/20", "Formannskapet", "2020-08-11"),
        ("8/21", "Formannskapet", "2021-02-02"),
        ("59/20", "", ""),
        ("111/20", "Bystyret", ""),
        ("68/19", "Bystyret", ""),
        ("202/18", "Bystyret", ""),
        ("211/17", "Formannskapet", ""),
        ("123/19", "Bystyret", ""),
    ],
)
def test_a_case_stands_with_its_body_and_date(url: str, number: str, body: str, date: str) -> None:
    found = {(row["body"].lower(), row["date"]) for row in rows(url, "decisions") if row["caseNumber"] == number}
    assert (body.lower(), date) in found


def test_decisions_without_a_number_are_there(url: str) -> None:
    without = [row for row in rows(url, "decisions") if not row["caseNumber"]]
    assert {"2020-10-27", "2018-10-04", "2019-05-14"} <= {row["date"] for row in without}
    # Where only a month or a year is printed, the row stands in the order of time without a day.
    assert [(row["date"], row["period"]) for row in without if row["period"]] == [("", "2018-01"), ("", "2019")]


def test_a_governing_document_keeps_the_status_that_this_list_prints(url: str) -> None:
    def statuses(perspective: str) -> dict[str, str]:
        listed = rows(url, "governing-documents-by-perspective", perspective=perspective, lang="en")
        return {row["title"]: row["status"] for row in listed}

    title = "Strategi for innovasjonsdistrikt Elgeseter 2030"
    assert statuses("10")[title] != statuses("13")[title] != ""
    listed = {row["title"]: row for row in rows(url, "governing-documents", lang="en")}
    assert (listed[title]["latestStatus"], listed[title]["statusAsOf"]) == ("adopted", "2020")
    later = rows(url, "governing-documents-by-perspective")
    assert {(bool(row["status"]), row["statusAsOf"]) for row in later} == {(True, "2020"), (False, "")}


def test_each_perspective_lists_its_governing_documents_completely(url: str) -> None:
    counts: dict[int, set[str]] = {}
    for row in rows(url, "governing-documents-by-perspective"):
        counts.setdefault(int(row["perspectiveNumber"]), set()).add(row["document"])
    assert {number: len(found) for number, found in counts.items()} == {
        1: 7,
        2: 3,
        3: 5,
        4: 5,
        5: 3,
        6: 6,
        7: 8,
        8: 8,
        9: 4,
        10: 4,
        11: 5,
        12: 4,
        13: 9,
        14: 6,
    }


def test_plans_by_target_takes_a_code_or_an_iri(url: str) -> None:
    by_code = bindings(url, "plans-by-target", target="11.6")
    assert by_code == bindings(url, "plans-by-target", target="http://metadata.un.org/sdg/11.6")
    primary = {(row["number"]["value"], row["perspectiveNumber"]["value"]): row.get("primary") for row in by_code}
    boolean = "http://www.w3.org/2001/XMLSchema#boolean"
    assert primary["8", "7"] == {"type": "literal", "value": "true", "datatype": boolean}
    assert primary["8", "6"] == {"type": "literal", "value": "false", "datatype": boolean}
    unknown = [row for row in bindings(url, "plans-by-target", target="3.4") if row["number"]["value"] == "17"]
    assert unknown
    assert all("primary" not in row for row in unknown)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_municipality_without_data_gives_no_row(url: str, name: str) -> None:
    assert rows(url, name, municipality="9999") == []
    assert rows(url, name, municipality="5001") == rows(url, name)


@pytest.mark.parametrize(
    "query",
    ["perspective=seven", "perspective=1&perspective=2", "persepctive=1", "lang=sv", "municipality=x"],
)
def test_an_invalid_parameter_is_named(url: str, query: str) -> None:
    response = httpx.get(f"{url}/queries/targets-by-perspective?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["code"] == "bad-parameter"
    assert problem["parameter"] == query.split("=", 1)[0]


def test_goals_stand_under_their_main_goals_with_their_measures(url: str) -> None:
    goals = rows(url, "goals")
    numbers = [goal["number"] for goal in goals]
    assert numbers == [
        "1",
        "1.1",
        "1.2",
        "1.3",
        "1.4",
        "1.5",
        "2",
        "2.1",
        "2.2",
        "2.3",
        "2.4",
        "2.5",
        "2.6",
        "3",
        "3.1",
        "3.2",
        "3.3",
        "3.4",
        "3.5",
        "3.6",
        "3.7",
        "3.8",
        "4",
        "4.1",
        "4.2",
        "4.3",
        "4.4",
        "4.5",
        "4.6",
    ]
    by_number = {goal["number"]: goal for goal in goals}
    assert by_number["2.4"]["goal"] == ID + "sub-goal/2009-2020-2.4"
    assert by_number["2.4"]["parent"] == by_number["2"]["goal"] == ID + "goal/2009-2020-2"
    assert by_number["2"]["parent"] == ""
    assert by_number["2.5"]["title"] == ("I 2020 er Trondheim en ren og ryddig kommune der 90 % av avfallet gjenvinnes")
    assert [by_number[number]["measures"] for number in ("1", "2", "3", "4")] == ["17", "20", "30", "25"]
    assert sum(int(goal["measures"]) for goal in goals if goal["parent"]) == 92


def test_measures_stand_in_printed_order_with_the_figure_that_is_printed(url: str) -> None:
    emissions = rows(url, "measures", subGoal="2.6")
    assert [row["order"] for row in emissions] == ["1", "2", "3", "4"]
    assert (emissions[0]["figure"], emissions[0]["unit"], emissions[0]["deadline"]) == (
        "20",
        "http://qudt.org/vocab/unit/PERCENT",
        "2018",
    )
    assert [row["figure"] for row in emissions[1:]] == ["", "", ""]
    assert {row["subGoalNumber"] for row in emissions} == {"2.6"}
    assert rows(url, "measures", subGoal="9.9") == []


def test_the_strategic_approaches_are_the_six_that_are_printed(url: str) -> None:
    assert [row["title"] for row in rows(url, "strategic-approaches")] == [
        "Mestring",
        "Samhandling, samarbeid og samordning",
        "Medvirkning",
        "Kommunikasjon",
        "Ressursstyring",
        "Kompetanseutvikling",
    ]


def test_the_community_goals_have_their_dimension_only_where_it_is_printed(url: str) -> None:
    goals = rows(url, "community-goals")
    assert [goal["title"] for goal in goals[:4]] == [
        "En klimasmart by",
        "En inkluderende by",
        "En skapende by",
        "En attraktiv by",
    ]
    assert [goal["dimension"] for goal in goals] == ["environmental", "social", "economic", "", ""]
    assert {goal["status"] for goal in goals} == {"preliminary"}


def test_a_topic_names_a_perspective_only_where_the_words_do(url: str) -> None:
    named = {row["title"]: row["perspectiveNumber"] for row in rows(url, "topics-by-community-goal")}
    assert named["grønn mobilitet"] == "7"
    assert named["barn og unges liv og læring"] == "2"
    assert named["digitalt utenforskap"] == ""
    assert {row["goalNumber"] for row in rows(url, "topics-by-community-goal", goal="4")} == {"4"}


def test_commitments_can_be_asked_for_by_area(url: str) -> None:
    every = rows(url, "commitments")
    counts = [sum(row["areaOrder"] == str(area) for row in every) for area in range(1, 8)]
    assert counts == [18, 35, 37, 48, 32, 44, 71]
    by_title = rows(url, "commitments", area="Byutvikling")
    assert by_title == rows(url, "commitments", area="6") == [row for row in every if row["area"] == "Byutvikling"]
    homes = next(row for row in by_title if row["order"] == "11")
    assert (homes["section"], homes["figure"]) == ("Bolig- og byutvikling", "1800")
    assert rows(url, "commitments", area="Utenrikspolitikk") == []
    culture = next(row for row in every if row["areaOrder"] == "5" and row["order"] == "7")
    assert (culture["figure"], culture["deadline"]) == ("3", "2027")


def test_two_halves_of_a_broken_bullet_are_one_commitment(url: str) -> None:
    services = [row for row in rows(url, "commitments", area="3") if row["section"].startswith("Bo- og aktivitet")]
    assert len(services) == 4


def test_the_planning_system_leads_down_to_the_paragraph(url: str) -> None:
    system = {row["title"]: row for row in rows(url, "planning-system")}
    budget = system["Økonomiplan, med kommuneplanens handlingsdel"]
    assert budget["horizonDuration"] == "P4Y"
    assert {"Kl § 44", "Pbl § 11.1", "Pbl § 11.3"} == set(budget["legalBasis"].split(", "))
    strategy = system["Kommunal planstrategi"]
    assert (strategy["interval"], strategy["intervalDuration"]) == ("Minst én gang hver valgperiode", "")
    assert system["Lederavtaler"]["legalBasis"] == ""


def test_figures_are_read_as_decimals_or_said_to_be_uncertain(url: str) -> None:
    figures = rows(url, "figures-by-perspective")
    assert {row["status"] for row in figures} <= {"tied", "tied-by-layout", "label-uncertain", "value-missing"}
    for row in figures:
        assert bool(row["value"]) == (row["status"] != "value-missing"), row
        assert bool(row["value"]) == bool(row["unit"]), row
    assert {row["perspectiveNumber"] for row in figures} <= {str(number) for number in range(1, 15)}
    inhabitants = [row for row in figures if row["printedAs"] == "205 000"]
    assert [row["value"] for row in inhabitants] == ["205000"]


def test_evidence_leads_every_statement_to_its_passage(url: str) -> None:
    *found, ours = sorted(rows(url, "evidence"), key=lambda row: row["kind"] == "interpreted")
    assert (ours["kind"], ours["property"].rpartition("#")[2]) == ("interpreted", "becomes")
    assert {row["kind"] for row in found} == {"printed", "identified", "summarised", "structural"}
    title = next(row for row in found if row["property"] == "http://purl.org/dc/terms/title")
    assert (title["kind"], title["item"], title["firstLine"]) == ("printed", "Tabell 1, rad 7", "1133")
    assert all(row["document"] and row["lastLine"] for row in found)
    stated = httpx.get(
        f"{url}/sparql",
        params={"query": f"SELECT (COUNT(*) AS ?n) {{ GRAPH ?g {{ <{ID}plan/2020-2023-7> ?p ?o }} }}", "format": "csv"},
    )
    assert len({(row["property"], row["value"], row["graph"]) for row in [*found, ours]}) == int(stated.text.split()[1])


def test_a_thing_that_is_read_from_no_document_has_statements_without_a_passage(url: str) -> None:
    found = rows(url, "evidence", about="http://metadata.un.org/sdg/11.6")
    assert found
    assert {(row["kind"], row["document"], row["firstLine"]) for row in found} == {("", "", "")}
    assert rows(url, "evidence", about="https://w3id.org/plangraf/id/5001/plan/nothing") == []


def test_coverage_keeps_what_is_stated_apart_from_what_is_interpreted(url: str) -> None:
    coverage = {row["targetCode"]: row for row in rows(url, "coverage")}
    named = {row["targetCode"] for row in rows(url, "targets-by-perspective")}
    assert {code for code, row in coverage.items() if row["perspectives"] != "0"} == named
    assert coverage["11.6"]["plans"] == str(len({row["plan"] for row in rows(url, "plans-by-target")}))
    assert all(row["commitments"] == "0" for row in coverage.values())  # no document ties one to a target
    assert int(coverage["11.2"]["commitmentsInterpreted"]) > 0


def test_gaps_are_what_the_data_leave_open(url: str) -> None:
    gaps: dict[str, set[str]] = {}
    for row in rows(url, "gaps"):
        gaps.setdefault(row["gap"], set()).add(row["thing"].removeprefix(ID))
    assert {"plan-without-decision", "document-in-preparation", "goal-without-measure"} <= set(gaps)
    assert {f"community-goal/2022-{number}" for number in range(1, 6)} == gaps["goal-without-measure"]
    assert gaps["plan-without-decision"] == {f"plan/2020-2023-{number}" for number in range(1, 26)}
    known = {row["thing"].removeprefix(ID): row["asOf"] for row in rows(url, "gaps")}
    assert (known["plan/2020-2023-1"], known["community-goal/2022-1"]) == ("2021", "2022")
    assert gaps["document-in-preparation"] >= {"governing-document/boligpolitisk-handlingsplan"}


def test_what_is_only_on_hearing_lacks_an_adoption(url: str) -> None:
    lacking = {row["thing"]: row["asOf"] for row in rows(url, "gaps") if row["gap"] == "plan-without-adoption"}
    assert {ID + "planning-strategy/2020-2023", ID + "plan/2022-samfunnsplan"} <= set(lacking)
    assert lacking[ID + "planning-strategy/2020-2023"] == "2021"
    assert lacking[ID + "plan/2022-samfunnsplan"] == "2022"  # decided upon in 2016, still a proposal in 2022
    decided = {row["decision"].removeprefix(ID): row for row in rows(url, "decisions", lang="en")}
    hearing = decided["decision/formannskapet-2020-10-27"]
    assert (hearing["type"], hearing["typeLabel"]) == ("hearing", "sent out for consultation")
    assert (hearing["hearingLength"], hearing["outcome"]) == ("P28D", "Adopted")
    assert decided["decision/formannskapet-176-20"]["hearingLength"] == "P42D"
    assert {key for key, row in decided.items() if row["type"] == "hearing"} == {
        "decision/formannskapet-2020-10-27",
        "decision/formannskapet-176-20",
    }
    # The sources name these three decisions, but not their type.
    assert {key for key, row in decided.items() if not row["type"]} == {
        "decision/bystyret-111-20",
        "decision/bystyret-byaastunnelen",
        "foreseen-decision/59-20",
    }


def test_the_way_leads_from_a_proposed_plan_to_the_document_that_it_becomes(url: str) -> None:
    found = {row["number"]: row for row in rows(url, "plans") if row["becomes"]}
    assert {number: row["becomesTitle"] for number, row in found.items()} == {
        "6": "kommuneplanens arealdel (KPA)",
        "7": "Kommunedelplan for Sluppen",
        "10": "plan for bylogistikk",
        "12": "Energi- og klimaplanen",
    }
    assert [found["12"][name] for name in ("becomesStatus", "becomesAsOf")] == ["adopted", "2023"]
    assert [found["7"][name] for name in ("becomesStatus", "becomesAsOf")] == ["in-preparation", "2020"]
    # No source says that the two are one: each is a reading with its confidence.
    assert all(0 < float(row["becomesConfidence"]) < 1 for row in found.values())


def test_a_status_belongs_to_the_year_of_the_source_that_prints_it(url: str) -> None:
    listed = {row["title"]: row for row in rows(url, "governing-documents", lang="en")}
    strategy = listed["Byutviklingsstrategien"]
    assert strategy["statusHistory"] == "in preparation (2020), adopted (2022)"
    assert (strategy["latestStatus"], strategy["statusAsOf"], strategy["adopted"]) == ("adopted", "2022", "true")
    unfinished = [row for row in listed.values() if row["latestStatus"] in ("in preparation", "out for consultation")]
    assert len(unfinished) == 14
    assert {row["adopted"] for row in unfinished} == {"false"}
    assert sum(row["adopted"] == "true" for row in listed.values()) == 25
    for name in ("+CityxChange", "Et enklere NAV", "Raskt i jobb", "Universitetskommune 3.0"):
        assert name not in listed


def test_a_document_that_a_later_source_calls_adopted_is_no_longer_in_preparation(url: str) -> None:
    waiting = {row["thing"]: row["asOf"] for row in rows(url, "gaps") if row["gap"] == "document-in-preparation"}
    assert ID + "governing-document/byutviklingsstrategien" not in waiting  # 2020: under arbeid; 2022: vedtatt
    assert waiting[ID + "governing-document/boligpolitisk-handlingsplan"] == "2020"


def test_quality_counts_what_is_there(url: str) -> None:
    measured = {
        (row["dataset"].removeprefix(ID), row["metric"], row["class"]): row["value"] for row in rows(url, "quality")
    }
    plan = "https://w3id.org/plangraf/ontology#"
    assert measured["dataset/byraadsplattform-2023", "things", plan + "Commitment"] == "285"
    assert measured["dataset/samfunnsdel-2009-2020", "things", plan + "Measure"] == "92"
    assert all(
        0 <= float(value) <= 1 for (_, metric, _), value in measured.items() if metric in {"completeness", "checked"}
    )
    # Evidence is counted for the dataset, and for each class of its subjects.
    told = ("dataset/samfunnsdel-2009-2020", "evidence")
    of = {key[2]: int(value) for key, value in measured.items() if key[:2] == told}
    assert 0 < of[plan + "Measure"] < of[""]
    assert ("dataset/samfunnsdel-2009-2020", "checked", plan + "Measure") in measured
    one = rows(url, "quality", dataset=ID + "dataset/byraadsplattform-2023")
    assert {row["dataset"] for row in one} == {ID + "dataset/byraadsplattform-2023"}


def test_indicators_of_all_lists_meet_at_the_target(url: str) -> None:
    found = rows(url, "indicators-by-target", lang="en")
    un = [row for row in found if row["list"] == "un-sdg-kos"]
    assert [(row["code"], row["number"], row["discontinued"]) for row in un] == [
        ("C110603", "11.6.1", "false"),
        ("C110601", "11.6.1", "true"),
        ("C110602", "11.6.2", "false"),
    ]
    assert un[1]["replacedBy"] == "http://metadata.un.org/sdg/C110603"
    assert un[2]["label"] == "Yearly level of fine dust in cities"
    assert found[: len(un)] == un
    named = {row["unIndicator"] for row in found if row["list"] == "ks-un-indicators"}
    assert named == {f"http://metadata.un.org/sdg/{code}" for code in ("C110602", "C110603")}
    # As grep counts them in the published files.
    assert len({row["indicator"] for row in found if row["list"] == "u4ssc"}) == 8
    assert len({row["indicator"] for row in found if row["list"] == "norske-malepunkter"}) == 8


def test_each_list_has_its_indicators_and_an_indicator_each_of_its_targets(url: str) -> None:
    found = rows(url, "indicators")
    counts = {name: len({row["indicator"] for row in found if row["list"] == name}) for name in LISTS}
    assert counts == LISTS
    several = [row["targetCode"] for row in found if row["code"] == "C200303"]
    assert several == ["1.5", "11.5", "13.1"]
    assert [row["number"] for row in found if row["code"] == "C200303"] == ["1.5.1", "11.5.1", "13.1.1"]
    assert {row["list"] for row in rows(url, "indicators", list="u4ssc")} == {"u4ssc"}
    assert rows(url, "indicators", list="unknown") == []


def test_coverage_and_gaps_of_indicators_agree_with_the_plans(url: str) -> None:
    covered = {row["targetCode"]: row for row in rows(url, "indicator-coverage")}
    plans = {row["targetCode"]: row["plans"] for row in rows(url, "coverage")}
    assert {code: row["plans"] for code, row in covered.items()} == plans
    assert (covered["11.6"]["unIndicators"], covered["11.6"]["nationalIndicators"]) == ("2", "18")
    assert sum(int(row["unIndicators"]) for row in covered.values()) == 248  # one for each printed number
    gaps: dict[str, set[str]] = {}
    for row in rows(url, "indicator-gaps"):
        gaps.setdefault(row["gap"], set()).add(row["targetCode"])
        assert row["municipality"] == "5001"
    unplanned = {code for code, row in covered.items() if row["plans"] == "0" and row["nationalIndicators"] != "0"}
    assert gaps["indicator-without-plan"] == unplanned
    # No statistics come with the project, so nothing is measured.
    assert gaps["plan-without-measurement"] == {code for code, count in plans.items() if count != "0"}
    assert "measurement-without-plan" not in gaps
