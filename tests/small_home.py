"""A small valid home, which tests copy and then break in one place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from forked_python import run_command

ROOT = Path(__file__).resolve().parent.parent
CASE = "https://w3id.org/plangraf/id/5001/case/bystyret-68-19"

_PREFIXES = """\
@prefix plan: <https://w3id.org/plangraf/ontology#> .
@prefix planshape: <https://w3id.org/plangraf/shapes#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .

"""

_FILES = {
    "ontology/ontology.ttl": """\
<https://w3id.org/plangraf/ontology> a owl:Ontology ;
    dcterms:title "A small ontology"@en , "En liten ontologi"@nb ;
    dcterms:description "For tests."@en , "Til tester."@nb .

plan:Case a owl:Class ;
    rdfs:subClassOf [ a owl:Restriction ; owl:onProperty plan:caseNumber ; owl:someValuesFrom xsd:string ] ;
    rdfs:label "Case"@en , "Sak"@nb ;
    skos:definition "A case of a political body."@en , "En sak i et politisk organ."@nb ;
    rdfs:isDefinedBy <https://w3id.org/plangraf/ontology> .

plan:caseNumber a owl:DatatypeProperty ;
    rdfs:label "case number"@en , "saksnummer"@nb ;
    skos:definition "The number as printed."@en , "Nummeret slik det er trykt."@nb ;
    rdfs:isDefinedBy <https://w3id.org/plangraf/ontology> .
""",
    "shapes/case.ttl": """\
planshape:CaseShape a sh:NodeShape ;
    sh:targetClass plan:Case ;
    sh:property planshape:CaseShape-caseNumber , planshape:CaseShape-label .

planshape:CaseShape-caseNumber a sh:PropertyShape ;
    sh:path plan:caseNumber ;
    sh:minCount 1 ; sh:pattern "^[0-9]{1,4}/[0-9]{2,6}$" ;
    sh:severity sh:Violation ;
    sh:message "Write the case number as printed."@en , "Skriv saksnummeret slik det er trykt."@nb .

planshape:CaseShape-label a sh:PropertyShape ;
    sh:path rdfs:label ;
    sh:minCount 1 ;
    sh:severity sh:Warning ;
    sh:message "Name the case."@en , "Gi saken et navn."@nb .
""",
    "data/5001/planstrategi/cases.ttl": f"""\
<{CASE}> a plan:Case ;
    plan:caseNumber "68/19" ;
    rdfs:label "Municipal merger"@en , "Kommunesammenslåing"@nb .

<https://w3id.org/plangraf/id/5001/case/formannskapet-176-20> a plan:Case ;
    plan:caseNumber "176/20" .
""",
    "data/sdg/targets.ttl": """\
<http://metadata.un.org/sdg/11.6> rdfs:label "Byers miljø"@nb , "Cities' environment"@en .
""",
}
_CHECK = """\
#+ summary: A case number under two cases
#+ columns: {case: iri, other: iri}
PREFIX plan: <https://w3id.org/plangraf/ontology#>
SELECT ?case ?other WHERE {
  ?case plan:caseNumber ?number .
  ?other plan:caseNumber ?number
  FILTER(STR(?case) < STR(?other))
} ORDER BY ?case ?other
"""


def make_home(folder: Path) -> Path:
    """Writes the home; it uses the checkout's vocabularies of others."""
    for name, text in _FILES.items():
        write(folder, name, text)
    checks = folder / "queries" / "checks"
    checks.mkdir(parents=True)
    (checks / "number-twice.rq").write_text(_CHECK, encoding="utf-8")
    shutil.copytree(ROOT / "ontology" / "vocabularies", folder / "ontology" / "vocabularies")
    return folder


def write(home: Path, name: str, text: str) -> Path:
    """Writes one Turtle file with all prefixes before it; line 11 is the first line of `text`."""
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_PREFIXES + text, encoding="utf-8")
    return path


def plangraf(*arguments: str | Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with versions in the home's own folder."""
    return run_command(*arguments, env=environ(home, **environment))


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "plangraf.cli", *map(str, arguments)]


def environ(home: Path, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PLANGRAF_")},
        "PLANGRAF_HOME": str(home),
        "PLANGRAF_VERSIONS": str(home / "versions"),
        **more,
    }
