"""Follows “Add your municipality” of docs/planners.md from the empty workbook to the service, for an invented one."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from filled_sheets import FIRST_ROW, columns, fill, sheet_of
from forked_python import run_command
from small_home import ROOT

ID = "https://w3id.org/plangraf/id/9999"
SLUG = "planstrategi-2024-2027"
WALK = (
    "plangraf export-sheet --template kommune.xlsx",
    "plangraf export-sheet --template plan.xlsx",
    "plangraf import-sheet kommune.xlsx my-data/9999/kommune",
    f"plangraf import-sheet plan.xlsx my-data/9999/{SLUG}",
    "plangraf validate my-data/9999/*/*.ttl --data my-data",
    "plangraf build --data my-data",
    "make serve DATA=my-data",
)
"""The commands of the section, in its order."""
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

KOMMUNE = {
    "dcat:Dataset": [
        {
            "key": "kommune",
            "dcterms:title@nb": "Fjellvik: kommunen selv",
            "dcterms:title@en": "Fjellvik itself",
            "dcterms:description@nb": "Nummer og navn for Fjellvik kommune, som ikke finnes.",
            "dcterms:description@en": "Number and name of Fjellvik, which does not exist.",
            "dcterms:identifier": "kommune",
            "dcterms:license": LICENCE,
            "dcterms:publisher": "organization/fjellvik",
        },
    ],
    "plan:Municipality": [
        {
            "key": "9999",
            "plan:municipalityNumber": "9999",
            "rdfs:label@nb": "Fjellvik",
            "rdfs:label@en": "Fjellvik",
            "plan:organization": "fjellvik",
        },
        # A neighbour, with which a plan is made together; English texts may be missing.
        {"key": "/9998/municipality/9998", "plan:municipalityNumber": "9998", "rdfs:label@nb": "Nabovik"},
    ],
    "org:Organization": [
        {"key": "fjellvik", "rdfs:label@nb": "Fjellvik kommune", "rdfs:label@en": "Fjellvik Municipality"},
    ],
}


def _lines(first: int, last: int | None = None, **more: object) -> dict[str, object]:
    found: dict[str, object] = {"@evidence plan:firstLine": first}
    return found | ({"@evidence plan:lastLine": last} if last else {}) | more


OURS = {"plan:municipality": "municipality/9999"}
PLANSTRATEGI = {
    "dcat:Dataset": [
        {
            "key": SLUG,
            "dcterms:title@nb": "Planstrategi for Fjellvik 2024–2027",
            "dcterms:title@en": "Planning strategy for Fjellvik 2024–2027",
            "dcterms:description@nb": "Planene som planstrategien foreslår.",
            "dcterms:description@en": "The plans that the planning strategy proposes.",
            "dcterms:identifier": SLUG,
            "dcterms:license": LICENCE,
            "dcterms:publisher": "organization/fjellvik",
            "dcterms:source": f"source-document/{SLUG}",
            "prov:wasDerivedFrom": f"source-document/{SLUG}",
        },
    ],
    "plan:SourceDocument": [
        {
            "key": SLUG,
            "dcterms:title@nb": "Planstrategi for Fjellvik 2024-2027",
            "plan:extractionDigest": "0" * 64,
            "dcterms:date": 2024,
            "dcterms:publisher": "organization/fjellvik",
            "eli:realizes": "planning-strategy/2024-2027",
        },
    ],
    "plan:PlanningStrategy": [
        {
            "key": "2024-2027",
            "dcterms:title@nb": "Planstrategi for Fjellvik 2024-2027",
            "dcterms:temporal": "2024-2027",
            "eli:basis_for": "plan/2024-2027-1\nplan/2024-2027-2\nplan/2024-2027-a2\nplan/kystsoneplan",
            **OURS,
            **_lines(1, 3),
        },
    ],
    "dcterms:PeriodOfTime": [{"key": "2024-2027", "dcat:startDate": 2024, "dcat:endDate": 2027, **_lines(1, 3)}],
    "skos:ConceptScheme": [
        {
            "key": "perspectives-2024",
            "skos:prefLabel@nb": "Perspektivene 2024",
            "skos:prefLabel@en": "The perspectives 2024",
            **_lines(10),
        },
    ],
    "plan:Perspective": [
        {
            "key": "2024-1",
            "plan:number": 1,
            "skos:prefLabel@nb": "Liv i fjorden",
            "skos:prefLabel@en": "Life in the fjord",
            "skos:inScheme": "scheme/perspectives-2024",
            "plan:relatesToTarget": "14.1\n14.2",
            **OURS,
            **_lines(11, 14),
        },
        {
            "key": "2024-2",
            "plan:number": 2,
            "skos:prefLabel@nb": "Trygge veier",
            "skos:prefLabel@en": "Safe roads",
            "skos:inScheme": "scheme/perspectives-2024",
            "plan:relatesToTarget": "3.6",
            **OURS,
            **_lines(15, 18),
        },
    ],
    "plan:PerspectiveTargetLink": [
        {
            "key": f"2024-{perspective}-{target}",
            "plan:linkedPerspective": f"2024-{perspective}",
            "plan:linkedTarget": target,
            "plan:targetEvidence": "printed",
            **_lines(line),
        }
        for perspective, target, line in ((1, "14.1", 12), (1, "14.2", 13), (2, "3.6", 16))
    ],
    "plan:Plan": [
        {
            "key": "2024-2027-1",
            "plan:number": 1,
            "dcterms:title@nb": "Temaplan for fjorden",
            "plan:planKind": "Temaplan",
            "plan:startYear": 2024,
            "plan:printedAsRevision": "nei",
            "plan:respondsTo": "2024-1\n2024-2",
            "plan:primaryPerspective": "perspective/2024-1",
            "plan:responsibleAsPrinted@nb": "Rådmannen",
            "plan:purpose@nb": "Holde fjorden ren.",
            "plan:purpose@en": "Keep the fjord clean.",
            **OURS,
            **_lines(20, 24),
        },
        {
            "key": "2024-2027-2",
            "plan:number": 2,
            "dcterms:title@nb": "Veier og stier",
            "plan:startYear": 2025,
            "plan:printedAsRevision": True,
            "plan:respondsTo": "2024-2",
            "plan:primaryPerspective": "2024-2",
            "plan:responsibleAsPrinted@nb": "Teknisk etat",
            "plan:purpose@nb": "Gjøre veiene trygge.",
            "plan:purpose@en": "Make the roads safe.",
            **OURS,
            **_lines(25, 29, **{"@evidence plan:section": "Planer"}),
        },
        # What a municipality has that Trondheim's strategy does not print; no English.
        {
            "key": "2024-2027-a2",
            "plan:number": "A2",
            "dcterms:title@nb": "Områderegulering for sentrum",
            "plan:startYear": "høst 2023",
            "plan:completionYear": "2025–2026",
            "plan:planStatus": "på høring",
            "plan:nationalPlanId": "9999_r2023004",
            "plan:addressAsPrinted": "Storgata 1",
            "plan:revisionInterval": "hvert fjerde år",
            "plan:contact": "Plankontoret",
            "plan:documentAddress": "https://fjellvik.example/planer/a2.pdf",
            "plan:purpose@nb": "Fornye sentrum.",
            **OURS,
            **_lines(32),
        },
        {
            "key": "kystsoneplan",
            "dcterms:title@nb": "Kystsoneplan",
            "plan:startYear": "løpende",
            "plan:revisionInterval": "4 år",
            "plan:purpose@nb": "Verne og bruke kysten.",
            "plan:municipality": "municipality/9999\n/9998/municipality/9998",
            **_lines(33),
        },
    ],
    "plan:PlanPerspectiveLink": [
        {
            "key": f"2024-2027-{plan}-{position}",
            "plan:linkedPlan": f"2024-2027-{plan}",
            "plan:linkedPerspective": f"2024-{perspective}",
            "plan:position": position,
            **_lines(line),
        }
        for plan, position, perspective, line in ((1, 1, 1, 22), (1, 2, 2, 22), (2, 1, 2, 27))
    ],
    "plan:PoliticalBody": [
        {
            "key": "kommunestyret",
            "rdfs:label@nb": "Kommunestyret",
            "rdfs:label@en": "Municipal council",
            "org:subOrganizationOf": "organization/fjellvik",
            **OURS,
            **_lines(30),
        },
    ],
    "plan:Case": [
        {
            "key": "kommunestyret-12-24",
            "rdfs:label@nb": "Sak 12/24",
            "rdfs:label@en": "Case 12/24",
            "plan:caseNumber": "PS 12/24",
            "eli-dl:had_responsible_organization": "political-body/kommunestyret",
            **OURS,
            **_lines(30),
        },
    ],
    "plan:Decision": [
        {
            "key": "kommunestyret-12-24",
            "rdfs:label@nb": "Vedtak av planstrategien",
            "rdfs:label@en": "Adoption of the planning strategy",
            "plan:inCase": "case/kommunestyret-12-24",
            "eli-dl:had_responsible_organization": "political-body/kommunestyret",
            "eli-dl:activity_date": date(2024, 6, 18),
            "plan:decidedOn": "planning-strategy/2024-2027",
            **OURS,
            **_lines(30, 31),
        },
    ],
}


def plangraf(*arguments: str | Path, cwd: Path, home: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PLANGRAF_HOME": str(home)}
    return run_command(*arguments, env=environment, cwd=cwd, timeout=170)


def done(*arguments: str | Path, cwd: Path, home: Path = ROOT) -> str:
    run = plangraf(*arguments, cwd=cwd, home=home)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def filled(template: Path, path: Path, rows: dict[str, list[dict[str, object]]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(template.read_bytes())
    return fill(path, rows)


@pytest.fixture(scope="module")
def municipality(once: Any, light_home: Path) -> Path:
    """A folder in which these commands were run, the workbooks filled in between, up to the build."""

    def walk(folder: Path) -> None:
        for line in WALK[:-2]:
            _, *arguments = line.split()
            found = [sorted(folder.glob(word)) if "*" in word else [word] for word in arguments]
            printed = done(*(word for words in found for word in words), cwd=folder, home=light_home)
            assert "Feil" not in printed
            if "--template" in arguments:
                fill(folder / arguments[-1], KOMMUNE if arguments[-1] == "kommune.xlsx" else PLANSTRATEGI)

    walked: Path = once("fjellvik", walk)
    return walked


def build(municipality: Path, home: Path) -> Path:
    """Runs the walk's build over the data of a home; returns the folder of versions."""
    versions = municipality / f"versions-of-{home.name}"
    printed = done(*WALK[-2].split()[1:], "--versions", versions, cwd=municipality, home=home)
    assert "Feil" not in printed
    return versions


def turtle_files(folder: Path) -> list[Path]:
    return sorted((folder / "my-data").glob("*/*/*.ttl"))


@pytest.mark.slow
def test_trondheim_is_as_it_was_beside_a_new_municipality(municipality: Path, run_server: Any) -> None:
    """With all data of this checkout; the next test, without Trondheim's, is the short form."""
    with run_server(build(municipality, ROOT)) as server:
        trondheim = get(f"{server.url}/queries/plans.csv?municipality=5001")
        assert len(trondheim.splitlines()) == 27
        assert get(f"{server.url}/queries/plans.csv").count("Kystsoneplan") == 1
        # The catalogue places both in time and in a series.
        catalogue = get(f"{server.url}/catalog", "text/turtle")
        for number, years in (("9999", "2024-2027"), ("5001", "2020-2023")):
            assert f"/catalog/series/{number}/{years}>" in catalogue


@pytest.mark.slow
def test_the_service_answers_for_the_municipality(municipality: Path, core_home: Path, run_server: Any) -> None:
    with run_server(build(municipality, core_home)) as server:
        plans = csv.DictReader(io.StringIO(get(f"{server.url}/queries/plans.csv?municipality=9999")))
        found = list(plans)
        assert [(row["plan"], row["number"], row["title"], row["perspectives"]) for row in found] == [
            (f"{ID}/plan/2024-2027-1", "1", "Temaplan for fjorden", "1,2"),
            (f"{ID}/plan/2024-2027-2", "2", "Veier og stier", "2"),
            (f"{ID}/plan/kystsoneplan", "", "Kystsoneplan", ""),
            (f"{ID}/plan/2024-2027-a2", "", "Områderegulering for sentrum", ""),
        ]
        columns = ("numberAsPrinted", "startYear", "startAsPrinted", "completionYear", "planId", "documentAddress")
        assert [found[3][name] for name in columns] == [
            "A2",
            "2023",
            "høst 2023",
            "2025",
            "9999_r2023004",
            "https://fjellvik.example/planer/a2.pdf",
        ]
        assert found[3]["status"].endswith("/document-status/on-hearing")
        # A plan of two municipalities is in the list of each, and once in the list of all.
        shared = get(f"{server.url}/queries/plans.csv?municipality=9998")
        assert [line.partition(",")[0] for line in shared.splitlines()[1:]] == [f"{ID}/plan/kystsoneplan"]
        assert get(f"{server.url}/queries/plans.csv").count("Kystsoneplan") == 1
        assert '"PS 12/24"' in get(f"{server.url}/doc/9999/case/kommunestyret-12-24.ttl")
        page = get(f"{server.url}/doc/9999/plan/2024-2027-a2", "text/html")
        assert "høst 2023" in page
        # What has no English is counted.
        quality = csv.DictReader(io.StringIO(get(f"{server.url}/queries/quality.csv?municipality=9999")))
        english = {row["class"].rpartition("#")[2]: row["value"] for row in quality if row["metric"] == "english"}
        assert english["Plan"] == "0.5"
        assert english["Case"] == "1"
        decisions = json.loads(get(f"{server.url}/queries/decisions?municipality=9999"))
        assert [row["date"]["value"] for row in decisions["results"]["bindings"]] == ["2024-06-18"]
        # The planner wrote the codes; the UN's own IRIs lead from its target to our plan.
        targets = get(f"{server.url}/queries/plans-by-target.csv?municipality=9999&target=3.6")
        assert targets.count(f"{ID}/plan/") == 2
        page = get(f"{server.url}/doc/9999/plan/2024-2027-1", "text/html")
        assert "Temaplan for fjorden" in page
        assert f"{SLUG}-l20-24" in page
        assert "Temaplan" in get(f"{server.url}/doc/9999/plan/2024-2027-1.ttl")
        # Its catalogue has the same properties as Trondheim's: period, series, sources, dates.
        catalogue = get(f"{server.url}/catalog.nt", "application/n-triples")
        dataset = f"<{ID}/dataset/{SLUG}>"
        for predicate, value in (
            ("http://purl.org/dc/terms/temporal", f"<{ID}/dataset/{SLUG}#temporal>"),
            ("http://www.w3.org/ns/dcat#inSeries", "<https://w3id.org/plangraf/id/catalog/series/9999/2024-2027>"),
            ("http://www.w3.org/ns/prov#wasDerivedFrom", f"<{ID}/source-document/{SLUG}>"),
        ):
            assert f"{dataset} <{predicate}> {value} ." in catalogue
        assert f"{dataset} <http://purl.org/dc/terms/issued> " in catalogue
        catalogue = get(f"{server.url}/catalog", "text/turtle")
        assert '"2024-01-01"' in catalogue
        assert '"2027-12-31"' in catalogue


@pytest.mark.slow
def test_evidence_of_a_row_is_of_the_kind_that_each_statement_has_in_trondheims_data(
    municipality: Path,
) -> None:
    evidence = (municipality / "my-data" / "9999" / SLUG / "evidence-plan.ttl").read_text(encoding="utf-8")
    assert (
        f"""\
<9999/evidence/{SLUG}-plan-2024-2027-2-structural> a plan:Evidence ;
    plan:about <9999/plan/2024-2027-2> ;
    plan:aboutProperty rdf:type , plan:municipality ;
    plan:checked false ;
    plan:evidenceKind <scheme/evidence-kind/structural> ;
    plan:passage <9999/passage/{SLUG}-l25-29> .
"""
        in evidence
    )
    assert f"<9999/evidence/{SLUG}-plan-2024-2027-2-printed> a plan:Evidence ;" in evidence
    assert (
        f"""\
<9999/evidence/{SLUG}-plan-2024-2027-2-summarised> a plan:Evidence ;
    plan:about <9999/plan/2024-2027-2> ;
    plan:aboutProperty plan:purpose ;
    plan:checked false ;
    plan:evidenceKind <scheme/evidence-kind/summarised> ;
"""
        in evidence
    )
    passages = (municipality / "my-data" / "9999" / SLUG / "passage.ttl").read_text(encoding="utf-8")
    assert (
        f"""\
<9999/passage/{SLUG}-l25-29> a plan:Passage , oa:SpecificResource ;
    oa:hasSource <9999/source-document/{SLUG}> ;
    plan:firstLine 25 ;
    plan:lastLine 29 ;
    plan:section "Planer" .
"""
        in passages
    )


@pytest.mark.slow
def test_the_same_workbook_gives_the_same_files(municipality: Path, light_home: Path, tmp_path: Path) -> None:
    for name, slug in (("kommune", "kommune"), ("plan", SLUG)):
        done("import-sheet", municipality / f"{name}.xlsx", f"my-data/9999/{slug}", cwd=tmp_path, home=light_home)
    assert {path.name: path.read_bytes() for path in turtle_files(tmp_path)} == {
        path.name: path.read_bytes() for path in turtle_files(municipality)
    }


@pytest.mark.slow
def test_a_mistake_in_a_turtle_file_is_reported_for_its_municipality_only(municipality: Path, tmp_path: Path) -> None:
    plans = municipality / "my-data" / "9999" / SLUG / "plan.ttl"
    wrong = tmp_path / "my-data" / "9999" / SLUG / "plan.ttl"
    wrong.parent.mkdir(parents=True)
    wrong.write_text(plans.read_text(encoding="utf-8").replace("plan:number 2", "plan:number 0"), encoding="utf-8")
    run = plangraf("validate", "--quiet", "--all", wrong, "--data", municipality / "my-data", cwd=tmp_path)
    assert run.returncode == 1
    assert "Feil, linje" in run.stdout
    assert "planshape:PlanShape-number" in run.stdout
    assert f"<{ID}/plan/2024-2027-2>" in run.stdout
    assert "/5001/" not in run.stdout


@pytest.mark.slow
def test_mistakes_in_the_workbook_are_reported_together_by_cell_and_nothing_is_written(
    template: Path, municipality: Path, light_home: Path, tmp_path: Path
) -> None:
    path = filled(template, tmp_path / "plan.xlsx", PLANSTRATEGI)
    workbook, sheet = sheet_of(path, "plan:Plan")
    named = columns(sheet)
    sheet.cell(FIRST_ROW, named["plan:number"]).value = "første"
    sheet.cell(FIRST_ROW, named["plan:planKind"]).value = "Temapln"
    sheet.cell(FIRST_ROW, named["dcterms:title@nb"]).value = "Temaplan for fjorden."
    sheet.cell(FIRST_ROW + 1, named["plan:municipality"]).value = None
    sheet.cell(FIRST_ROW + 1, named["@evidence plan:firstLine"]).value = None
    sheet.cell(FIRST_ROW + 1, named["@evidence plan:lastLine"]).value = None
    sheet.cell(FIRST_ROW + 1, named["@evidence plan:section"]).value = None
    workbook.save(path)  # type: ignore[attr-defined]
    before = {file: file.read_bytes() for file in turtle_files(municipality)}
    run = plangraf(
        "import-sheet", path, f"my-data/9999/{SLUG}", "--replace", "--all", cwd=municipality, home=light_home
    )
    assert run.returncode == 1
    assert {file: file.read_bytes() for file in turtle_files(municipality)} == before
    report = run.stderr
    assert "ark «Plan» · sheet «Plan»" in report
    at = letter(named["plan:number"])
    number = f"  rad 4, kolonne {at} · row 4, column {at} (nummer): «første»\n"
    assert f"{number}    nb  Feil: Her står teksten. Skriv et heltall, bare sifre, som 25. Gi planen nummeret" in report
    assert "«Temapln» står ikke i listen. Mente du «temaplan»?" in report
    assert "(tittel (nb) (*)): «Temaplan for fjorden.»\n    nb  Feil: Skriv den offisielle tittelen på planen" in report
    assert f"rad 5, kolonne {letter(named['plan:municipality'])}" in report
    assert "en  Error: Link the plan to its municipality, a plan:Municipality;" in report
    assert "Fyll ut de grønne kolonnene på raden" in report
    assert "en  Error: Check numbers-without-holes: " in report
    assert "(May come from the cells that could not be read.)" in report
    assert "nb  feil: 6, " in report
    assert "/5001/" not in report
    assert "nb  Ingenting er skrevet.\nen  Nothing was written.\n" in report


def letter(number: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number - 1]


@pytest.mark.slow
def test_an_existing_workbook_is_not_overwritten(municipality: Path) -> None:
    run = plangraf("export-sheet", "--template", "plan.xlsx", cwd=municipality)
    assert run.returncode == 2
    assert "plan.xlsx is there already." in run.stderr
    run = plangraf("import-sheet", "plan.xlsx", f"my-data/9999/{SLUG}", cwd=municipality)
    assert run.returncode == 2
    assert "Give --replace" in run.stderr


def test_the_template_has_a_sheet_for_every_class_that_a_municipality_can_have(template: Path) -> None:
    workbook = load_workbook(template)
    keys = {str(sheet.cell(3, 1).value) for sheet in workbook.worksheets}
    assert {"@id plan:Plan", "@id plan:Evidence", "@id dcat:Dataset", "@subject"} <= keys
    assert "@id sdgo:Target" not in keys
    assert workbook.sheetnames[0] == "Les meg · Read me"


def get(url: str, accept: str = "*/*") -> str:
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as response:
        return str(response.read().decode())


def test_make_serve_hands_the_folder_on() -> None:
    run = subprocess.run(["make", "-n", "serve", "DATA=my-data"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    # Beside the command, a make that was called by make says where it works.
    assert any(line.endswith("plangraf serve --port 8000 --data my-data") for line in run.stdout.splitlines())


def test_the_steps_are_those_of_the_docs() -> None:
    section = (ROOT / "docs" / "planners.md").read_text(encoding="utf-8").partition("## Add your municipality\n")[2]
    block = section.partition("\n## ")[0].partition("```sh\n")[2].partition("```")[0]
    assert tuple(line.partition("  #")[0].rstrip() for line in block.splitlines()) == WALK
