"""SHACL and check queries: results are reported by file and thing, in Bokmål and English."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.constraints import NotCompiledError
from plangraf.checks.shacl.validation import shacl_problems, shapes_of, suspects
from plangraf.diagnostics.diagnostic import as_json, as_text, in_file
from plangraf.rdf.graph import relabelled
from plangraf.sources.files import source_files
from plangraf.sources.turtle import read
from small_home import CASE, make_home, plangraf, write

ID = "https://w3id.org/plangraf/id/5001"
PLANSTRATEGI = "data/5001/planstrategi"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


def report(home: Path) -> str:
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1, run.stderr
    assert run.stdout == ""
    return run.stderr


def test_a_violation_stops_the_build_and_names_file_and_focus_node(home: Path) -> None:
    assert plangraf("build", "--quiet", home=home).returncode == 0
    before = (home / "versions" / "current").readlink()
    write(
        home,
        f"{PLANSTRATEGI}/more.ttl",
        f'<{ID}/case/b> a plan:Case ; rdfs:label "B"@nb .\n<{ID}/case/a> a plan:Case ; plan:caseNumber "17516" .\n',
    )
    assert (
        report(home)
        == f"""\
{PLANSTRATEGI}/cases.ttl
  <{ID}/case/formannskapet-176-20>
    nb  Advarsel, linje 15: Gi saken et navn. [rdfs:label]
    en  Warning, line 15: Name the case. [rdfs:label]
        planshape:CaseShape-label

{PLANSTRATEGI}/more.ttl
  <{ID}/case/b>
    nb  Feil, linje 11: Skriv saksnummeret slik det er trykt. [plan:caseNumber]
    en  Error, line 11: Write the case number as printed. [plan:caseNumber]
        planshape:CaseShape-caseNumber
  <{ID}/case/a>
    nb  Feil, linje 12: Skriv saksnummeret slik det er trykt. [plan:caseNumber "17516"]
    en  Error, line 12: Write the case number as printed. [plan:caseNumber "17516"]
        planshape:CaseShape-caseNumber
    nb  Advarsel, linje 12: Gi saken et navn. [rdfs:label]
    en  Warning, line 12: Name the case. [rdfs:label]
        planshape:CaseShape-label

nb  feil: 2, advarsel: 2
en  error: 2, warning: 2
"""
    )
    assert (home / "versions" / "current").readlink() == before


def test_warnings_and_advice_do_not_stop_a_build_and_are_in_its_report(home: Path) -> None:
    write(
        home,
        "shapes/advice.ttl",
        "planshape:AdviceShape a sh:NodeShape ; sh:targetClass plan:Case ;\n"
        "    sh:property planshape:AdviceShape-label .\n"
        "planshape:AdviceShape-label a sh:PropertyShape ; sh:path rdfs:label ; sh:minCount 3 ;\n"
        '    sh:severity sh:Info ; sh:message "Add Nynorsk."@en , "Legg til nynorsk."@nb .\n',
    )
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 0
    assert run.stderr.startswith("nb  advarsel: 1, råd: 2\nen  warning: 1, advice: 2\n")
    current = home / "versions" / "current"
    written = json.loads((current / "report.json").read_bytes())
    assert written["conforms"] is True
    assert sorted(result["severity"] for result in written["results"]) == ["Info", "Info", "Warning"]
    manifest = json.loads((current / "manifest.json").read_bytes())
    assert manifest["warnings"] == {"https://w3id.org/plangraf/shapes#CaseShape-label": 1}


def test_a_sparql_constraint_uses_the_prefixes_of_the_ontology(home: Path) -> None:
    write(
        home,
        "ontology/prefixes.ttl",
        "<https://w3id.org/plangraf/ontology> sh:declare [\n"
        '    sh:prefix "plan" ; sh:namespace "https://w3id.org/plangraf/ontology#"^^xsd:anyURI ] .\n',
    )
    write(
        home,
        "shapes/sparql.ttl",
        "planshape:OddShape a sh:NodeShape ; sh:targetClass plan:Case ;\n"
        "    sh:severity sh:Violation ; sh:sparql [\n"
        '    sh:message "Odd."@en , "Rar."@nb ; sh:prefixes <https://w3id.org/plangraf/ontology> ;\n'
        "    sh:select \"SELECT $this WHERE { $this plan:caseNumber '68/19' }\" ] .\n",
    )
    text = report(home)
    assert f"  <{CASE}>\n    nb  Feil, linje 11: Rar.\n    en  Error, line 11: Odd.\n" in text
    assert "planshape:OddShape" in text


def test_an_undefined_term_is_reported_with_its_line_and_the_nearest_term(home: Path) -> None:
    write(
        home,
        f"{PLANSTRATEGI}/more.ttl",
        f'<{ID}/case/a> a plan:Case ;\n    plan:caseNumber "1/20" ;\n    plan:caseNumer "2/20" .\n',
    )
    write(
        home,
        "shapes/more.ttl",
        "planshape:MoreShape a sh:NodeShape ;\n    sh:property [ sh:pathh plan:caseNumber ] .\n",
    )
    (home / "queries" / "wrong.rq").write_text(
        "#+ summary: Cases\n#+ description: Each case.\n#+ tags: [case]\n#+ columns: {a: iri}\n"
        "PREFIX plan: <https://w3id.org/plangraf/ontology#>\nSELECT ?a WHERE {\n  ?a plan:caseNumbr ?b }\n",
        encoding="utf-8",
    )
    text = report(home)
    near = "is not defined in its vocabulary. Did you mean <https://w3id.org/plangraf/ontology#caseNumber>?"
    assert f"{PLANSTRATEGI}/more.ttl\n  <{ID}/case/a>\n    nb  Feil, linje 13: " in text
    assert f"    en  Error, line 13: <https://w3id.org/plangraf/ontology#caseNumer> {near}" in text
    assert "queries/wrong.rq\n  nb  Feil, linje 7: " in text
    assert f"  en  Error, line 7: <https://w3id.org/plangraf/ontology#caseNumbr> {near}" in text
    assert "shapes/more.ttl\n  nb  Feil, linje 12: " in text


def test_an_invalid_query_head_is_reported_together_with_all_other_problems(home: Path) -> None:
    write(home, f"{PLANSTRATEGI}/more.ttl", f"<{ID}/case/a> a plan:Kase .\n")
    (home / "queries" / "wrong.rq").write_text("SELECT ?a WHERE { ?a ?b ?c }\n", encoding="utf-8")
    text = report(home)
    assert "queries/wrong.rq\n  nb  Feil, linje 1: " in text
    assert "ontology#Kase> is not defined in its vocabulary" in text


def test_validate_knows_the_terms_of_our_ontology(home: Path, tmp_path: Path) -> None:
    own = write(tmp_path, "own.ttl", f'<{ID}/case/mine> a plan:Kase ; plan:caseNumber "1/20" .\n')
    wrong = write(tmp_path, "wrong.ttl", f'<{ID}/case/other> a plan:Case ; plan:caseNumber "x" .\n')
    (home / "queries" / "wrong.rq").write_text(
        "SELECT ?a WHERE { ?a <https://w3id.org/plangraf/ontology#caseNumbr> ?b }\n", encoding="utf-8"
    )
    run = plangraf("validate", "--quiet", own, home=home)
    assert run.returncode == 1
    assert "line 11: <https://w3id.org/plangraf/ontology#Kase> is not defined" in run.stdout
    assert "wrong.rq" not in run.stdout
    assert "caseNumber" not in run.stdout
    # An error in one of our queries does not prevent the validation of a user's data.
    assert "line 11: Write the case number" in plangraf("validate", "--quiet", wrong, home=home).stdout


def test_an_invalid_shape_is_reported(home: Path) -> None:
    write(
        home,
        "shapes/broken.ttl",
        'planshape:Broken a sh:PropertyShape ; sh:targetClass plan:Case ; sh:path "x" .\n',
    )
    text = report(home)
    assert text.startswith("shapes/\n  nb  Feil: Formene kan ikke brukes. pySHACL sier: ")
    assert "\n  en  Error: The shapes cannot be used. pySHACL says: " in text


def test_a_row_of_a_check_stops_the_build(home: Path) -> None:
    write(home, f"{PLANSTRATEGI}/more.ttl", f'<{ID}/case/a> a plan:Case ; plan:caseNumber "68/19" .\n')
    text = report(home)
    assert f"{PLANSTRATEGI}/more.ttl\n  <{ID}/case/a>\n" in text
    assert f"line 11: Check number-twice: A case number under two cases [other <{CASE}>]\n" in text
    assert "        queries/checks/number-twice.rq\n" in text


@pytest.mark.parametrize(
    ("query", "line", "message"),
    [
        ("#+ summary: x\n#+ columns: {a: iri}\nSELECT ?a WHERE { ?a ?b }", 3, "The check cannot be run"),
        ("#+ summary: x\n#+ columns: {a: iri}\nASK { ?a ?b ?c }", None, "it is no SELECT query"),
        ("SELECT ?a WHERE { ?a ?b ?c }", 1, "There is no head"),
    ],
)
def test_an_invalid_check_query_is_reported(home: Path, query: str, line: int | None, message: str) -> None:
    (home / "queries" / "checks" / "broken.rq").write_text(query, encoding="utf-8")
    text = report(home)
    assert "queries/checks/broken.rq\n" in text
    assert (f"Error, line {line}: " if line else "Error: ") in text
    assert message in text


# The files of one's own


def test_validate_reports_only_what_the_files_describe(home: Path, tmp_path: Path) -> None:
    own = write(tmp_path, "own.ttl", f'<{ID}/case/mine> a plan:Case ; plan:caseNumber "69/19" .\n')
    run = plangraf("validate", "--quiet", own, home=home)
    assert run.returncode == 0
    assert (
        run.stdout
        == f"""\
{own}
  <{ID}/case/mine>
    nb  Advarsel, linje 11: Gi saken et navn. [rdfs:label]
    en  Warning, line 11: Name the case. [rdfs:label]
        planshape:CaseShape-label

nb  advarsel: 1
en  warning: 1
nb  Ingen feil.
en  No errors.
"""
    )
    assert not (home / "versions").exists()


def test_validate_replaces_our_file_by_an_edited_copy(home: Path, tmp_path: Path) -> None:
    """Otherwise our own statements would supply those that the copy lacks."""
    ours = (home / PLANSTRATEGI / "cases.ttl").read_text(encoding="utf-8")
    copy = tmp_path / "copy.ttl"
    copy.write_text(ours.replace('plan:caseNumber "68/19" ;', ""), encoding="utf-8")
    run = plangraf("validate", "--quiet", copy, home=home)
    assert run.returncode == 1
    assert f"{copy}\n  <{CASE}>\n    nb  Feil, linje 11: Skriv saksnummeret slik det er trykt." in run.stdout


def test_validate_adds_statements_about_our_things_to_our_files(home: Path, tmp_path: Path) -> None:
    own = write(tmp_path, "own.ttl", f'<{CASE}> rdfs:label "Samanslåing"@nn .\n')
    run = plangraf("validate", "--quiet", own, home=home)
    assert (run.returncode, run.stdout) == (0, "nb  Ingen feil.\nen  No errors.\n")
    own = write(tmp_path, "own.ttl", f'<{CASE}> plan:caseNumber "6819" .\n')
    assert plangraf("validate", "--quiet", own, home=home).returncode == 1


def test_validate_reports_syntax_errors_and_non_canonical_literals(home: Path, tmp_path: Path) -> None:
    broken = write(tmp_path, "broken.ttl", f"<{ID}/case/mine> a plan:Case\n")
    odd = write(tmp_path, "odd.ttl", f'<{ID}/case/odd> a plan:Case ; plan:caseNumber "1/20" , 007 .\n')
    run = plangraf("validate", "--quiet", broken, odd, home=home)
    assert run.returncode == 1
    assert f"{broken}\n  nb  Feil, linje 12: " in run.stdout
    assert f"{odd}\n  <{ID}/case/odd>\n    nb  Feil, linje 11: plan:caseNumber: «007» er ikke kanonisk" in run.stdout
    assert "Write 7\n" in run.stdout


def test_validate_of_one_of_our_files_reports_nothing_about_the_others(home: Path) -> None:
    write(home, f"{PLANSTRATEGI}/wrong.ttl", f"<{ID}/case/wrong> a plan:Case .\n")
    right = plangraf("validate", "--quiet", home / PLANSTRATEGI / "cases.ttl", home=home)
    wrong = plangraf("validate", "--quiet", home / PLANSTRATEGI / "wrong.ttl", home=home)
    assert (right.returncode, wrong.returncode) == (0, 1)
    assert "case/wrong" not in right.stdout


def test_chosen_focus_nodes_have_the_same_results_as_in_a_full_run(home: Path) -> None:
    write(home, f"{PLANSTRATEGI}/wrong.ttl", "".join(f"<{ID}/case/{n}> a plan:Case .\n" for n in range(9)))
    data = DataGraph(relabelled(read(source_files(home)).quads))
    chosen = {f"{ID}/case/{n}" for n in (2, 5, 7)}
    results = shacl_problems(data, lambda _: None, chosen)
    assert {(one.place.thing, one.severity) for one in results} == {
        (node, severity) for node in chosen for severity in ("Violation", "Warning")
    }
    every = shacl_problems(data, lambda _: None)
    assert [one for one in every if one.place.thing in chosen] == results
    assert len(every) > len(results)
    assert shacl_problems(data, lambda _: None, set()) == []


NESTED = """
planshape:NestedShape a sh:NodeShape ; sh:targetClass plan:Case ; sh:property planshape:NestedShape-label .
planshape:NestedShape-label a sh:PropertyShape ; sh:path rdfs:label ;
    sh:qualifiedValueShape [ sh:languageIn ( "nn" ) ] ; sh:qualifiedMinCount 1 ;
    sh:severity sh:Violation ; sh:message "Add Nynorsk."@en , "Legg til nynorsk."@nb .
"""


def test_the_values_of_a_chosen_node_are_validated_too(home: Path, tmp_path: Path) -> None:
    write(home, "shapes/nested.ttl", NESTED)
    own = write(tmp_path, "own.ttl", f'<{ID}/case/mine> a plan:Case ; plan:caseNumber "69/19" ; rdfs:label "A"@nb .\n')
    run = plangraf("validate", "--quiet", own, home=home)
    assert (run.returncode, "Error, line 11: Add Nynorsk." in run.stdout) == (1, True)


def test_shapes_that_are_not_compiled_are_left_to_pyshacl(home: Path) -> None:
    write(
        home,
        "shapes/rule.ttl",
        "planshape:RuleShape a sh:NodeShape ; sh:targetClass plan:Case ; sh:rule [\n"
        "    a sh:TripleRule ; sh:subject sh:this ; sh:predicate rdfs:label ; sh:object 'Sak'@nb ] .\n",
    )
    data = DataGraph(relabelled(read(source_files(home)).quads))
    with pytest.raises(NotCompiledError):
        suspects(shapes_of(data), data)
    # The rule gives each case a label, so that none lacks one.
    assert shacl_problems(data, lambda _: None) == []


# The report's text


def test_a_thousand_equal_problems_are_reported_once_with_count_and_three_examples() -> None:
    number = "https://w3id.org/plangraf/shapes#PlanShape-number"
    problems = [
        in_file(
            "data/a.ttl",
            line,
            f'Feil tall. [plan:number "{line}x"]',
            f'Wrong number. [plan:number "{line}x"]',
            f"{ID}/plan/{line}",
            number,
        )
        for line in range(1, 1001)
    ]
    problems += [
        in_file(
            "data/b.ttl",
            line,
            f"a: «0{line}» er ikke kanonisk. Skriv {line}",
            f'a: "0{line}" is not canonical. Write {line}',
        )
        for line in (4, 5, 9, 11)
    ]
    problems.append(in_file("data/b.ttl", 7, "Råd.", "Advice.", severity="Info"))
    text = as_text(problems)
    assert text.startswith("nb  1005 funn med 3 årsaker.")
    assert (
        f"""
1000 × nb  Feil: Feil tall.
       en  Error: Wrong number.
           planshape:PlanShape-number
           data/a.ttl, linje · line 1–1000
             data/a.ttl:1  <{ID}/plan/1>  [plan:number "1x"]
             data/a.ttl:2  <{ID}/plan/2>  [plan:number "2x"]
             data/a.ttl:3  <{ID}/plan/3>  [plan:number "3x"]

4 × nb  Feil: a: … er ikke kanonisk. Skriv …
    en  Error: a: … is not canonical. Write …
        data/b.ttl, linje · line 4–5, 9, 11
          data/b.ttl:4  a: "04" is not canonical. Write 4
"""
        in text
    )
    assert text.endswith("nb  feil: 1004, råd: 1\nen  error: 1004, advice: 1")
    assert as_text(problems, every=True).count("Wrong number.") == 1000
    assert len(json.loads(as_json(problems))["results"]) == 1005


def test_a_few_problems_are_reported_one_by_one() -> None:
    problems = [in_file("data/a.ttl", line, "Feil.", "Wrong.") for line in range(5)]
    assert "×" not in as_text(problems)
    assert as_text(problems).count("Wrong.") == 5
    different = [in_file("data/a.ttl", line, f"Feil {line}.", f"Wrong {line}.") for line in range(9)]
    assert "×" not in as_text(different)
