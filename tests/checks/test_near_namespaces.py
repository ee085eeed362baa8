"""A misspelt namespace is an error that names the right one."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_vocabularies import namespaces, vocabularies

from plangraf.checks.terms_used import Miss
from plangraf.checks.vocabulary import Position
from plangraf.rdf.namespaces import PREFIXES
from small_home import make_home, plangraf, write

W3ID = "https://w3id.org/plangraf/"
THING: Position = "individual-of-namespace"


def _term(namespace: str) -> tuple[str, Position]:
    """A term of a vocabulary, and its possible position."""
    kinds: dict[str, Position] = {"property": "predicate", "class": "class", "datatype": "datatype"}
    for term in sorted(vocabularies().terms(namespace), key=lambda one: one.iri):
        if term.kind in kinds and term.iri[len(namespace) :].isalpha():
            return term.iri[len(namespace) :], kinds[term.kind]
    term = min(vocabularies().terms(namespace), key=lambda one: one.iri)
    return term.iri[len(namespace) :], THING


def _variants(namespace: str) -> list[str]:
    """Misspellings of each kind."""
    scheme, _, rest = namespace.partition("://")
    other = "https" if scheme == "http" else "http"
    bare, sign = namespace[:-1], namespace[-1]
    host, _, path = rest.partition("/")
    found = [f"{other}://{rest}", bare, bare + ("/" if sign == "#" else "#"), f"{scheme}://{rest.upper()}"]
    found.append(f"{scheme}://{host.removeprefix('www.') if host.startswith('www.') else 'www.' + host}/{path}")
    found += [f"{scheme}://{host}//{path}"] if path else []
    if len(bare) > 20:
        found += [bare[:-2] + bare[-1] + sign, bare[:-2] + bare[-1] + bare[-2] + sign, bare + "s" + sign]
    return [one for one in found if one != namespace and one not in vocabularies().namespaces]


def test_every_misspelling_of_every_namespace_is_found_and_corrected() -> None:
    others = [namespace for namespace in vocabularies().namespaces if not namespace.startswith(W3ID)]
    assert len(others) > 20
    for namespace in others:
        local, position = _term(namespace)
        for written in _variants(namespace):
            miss = namespaces().miss(written + local, position)
            assert miss is not None, written
            assert miss.right == namespace, written
        assert namespaces().miss(namespace + local, position) is None, namespace
        assert namespaces().miss(namespace, THING) is None, namespace
        assert namespaces().miss(namespace[:-1], THING) is None, namespace


@pytest.mark.parametrize(
    ("iri", "position", "right"),
    [
        (W3ID + "ontologyPlan", "class", W3ID + "ontology#"),
        (W3ID + "ontology/Plan", "class", W3ID + "ontology#"),
        (W3ID + "ontology/unheardOf", "predicate", W3ID + "ontology#"),
        (W3ID + "ontolgy#Plan", "class", W3ID + "ontology#"),
        (W3ID + "Ontology#Plan", "class", W3ID + "ontology#"),
        (W3ID + "shape#PlanShape", THING, W3ID + "shapes#"),
        (W3ID + "5001/plan/1", THING, W3ID + "id/"),
        (W3ID + "ID/5001/plan/1", THING, W3ID + "id/"),
        ("http://purl.org/dc/elements/1.1/title", "predicate", PREFIXES["dcterms"]),
        ("http://purl.org/dc/title", "predicate", PREFIXES["dcterms"]),
        ("http://purl.org/dcterms/title", "predicate", PREFIXES["dcterms"]),
        ("http://www.w3.org/1999/XMLSchema#gYear", "datatype", PREFIXES["xsd"]),
        ("http://www.w3.org/2000/10/XMLSchema#date", "datatype", PREFIXES["xsd"]),
        ("http://xmlns.com/foaf/2.0/name", "predicate", PREFIXES["foaf"]),
        ("http://xmlns.com/foaf/spec/name", "predicate", PREFIXES["foaf"]),
        ("http://www.w3.org/2008/05/skos#prefLabel", "predicate", PREFIXES["skos"]),
        ("http://www.w3.org/ns/skos#prefLabel", "predicate", PREFIXES["skos"]),
        ("https://metadata.un.org/sdg/11.6", THING, "http://metadata.un.org/sdg/"),
    ],
)
def test_further_misspellings_are_found_and_corrected(iri: str, position: Position, right: str) -> None:
    miss = namespaces().miss(iri, position)
    assert miss is not None
    assert miss.right == right


@pytest.mark.parametrize(
    "iri",
    [
        "http://www.w3.org/ns/duv#Usage",
        "http://www.w3.org/ns/odrl/2/Policy",
        "http://www.w3.org/2006/time#Instant",
        "http://purl.org/dc/dcmitype/Dataset",
        "http://example.org/plan/number",
        "http://creativecommons.org/ns#License",
        "http://www.w3.org/2006/vcard/ns#fn",
        "http://www.w3.org/ns/sosa/Observation",
    ],
)
def test_an_unknown_vocabulary_is_reported_as_unchecked(iri: str) -> None:
    miss = namespaces().miss(iri, "class")
    assert miss == Miss(iri[: len(iri) - len(iri.replace("#", "/").rpartition("/")[2])], None)
    assert namespaces().miss(iri, THING) is None


SLIP = """@prefix plan: <https://w3id.org/plangraf/ontology> .
@prefix dc: <https://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .
<https://w3id.org/plangraf/id/9999/plan/1> a plan:Plan ; dc:title "Veier"@nb ; plan:number 1 ; ex:a 1 ; ex:b 2 .
<https://w3id.org/plangraf/id/9999/plan/2> a plan:Plan ; dc:title "Stier"@nb .
"""


@pytest.mark.slow
def test_validate_and_build_report_a_misspelt_namespace_once_with_its_line(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    file = tmp_path / "my-data" / "9999" / "plan" / "plan.ttl"
    file.parent.mkdir(parents=True)
    file.write_text(SLIP, encoding="utf-8")
    loose = tmp_path / "plan.ttl"
    loose.write_text(SLIP, encoding="utf-8")
    runs = [
        plangraf("build", "--quiet", "--data", tmp_path / "my-data", home=home),
        plangraf("validate", "--quiet", file, home=home),
        plangraf("validate", "--quiet", loose, home=home),
    ]
    for run in runs:
        assert run.returncode == 1
        told = run.stdout + run.stderr
        assert told.count(" en  ") == 3
        assert (
            "  en  Error, line 1: The namespace <https://w3id.org/plangraf/ontology> is nearly "
            "<https://w3id.org/plangraf/ontology#> (plan:). Write the latter. Used 3 times.\n" in told
        )
        assert (
            "  nb  Feil, linje 2: Navnerommet <https://purl.org/dc/terms/> er nesten <http://purl.org/dc/terms/> "
            "(dcterms:). Skriv det siste. Brukt 2 ganger.\n" in told
        )
        assert "  en  Advice, line 3: The namespace <http://example.org/> is not among the vocabularies here" in told
        assert "\nen  error: 2, advice: 1\n" in told


def test_terms_of_another_vocabulary_are_counted_and_do_not_stop_a_build(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    write(
        home, "data/5001/planstrategi/more.ttl", "<https://w3id.org/plangraf/id/5001/x/1> <http://example.org/a> 1 .\n"
    )
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 0
    assert run.stderr.startswith("nb  advarsel: 1, råd: 1\nen  warning: 1, advice: 1\n")


def test_a_misspelt_namespace_in_a_query_stops_the_build(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    check = home / "queries" / "checks" / "number-twice.rq"
    check.write_text(check.read_text(encoding="utf-8").replace("ontology#>", "ontology/>"), encoding="utf-8")
    run = plangraf("build", "--quiet", home=home)
    assert run.returncode == 1
    assert "<https://w3id.org/plangraf/ontology/> is nearly <https://w3id.org/plangraf/ontology#>" in run.stderr
