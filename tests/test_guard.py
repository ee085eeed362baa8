"""The guard: each refusal names what is wrong, where, and what to do; good queries pass untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from plangraf.engine.guard import Limits, check
from plangraf.errors import QueryLimitError, QuerySyntaxError, ServiceForbiddenError, UpdateRefusedError
from plangraf.namespaces import PLAN

QUERIES = sorted((Path(__file__).resolve().parents[1] / "queries").rglob("*.rq"))
TERMS = frozenset(PLAN + name for name in ("respondsTo", "Plan", "number", "primaryPerspective"))
PREFIX = f"PREFIX plan: <{PLAN}>\n"
LIMITS = Limits()


@pytest.mark.parametrize(
    ("query", "line", "column", "token", "said"),
    [
        pytest.param("SELECT * WHERE {\n  ?s ?p ?o .", 1, 16, "{", "'}' is missing", id="missing brace"),
        pytest.param("ASK { ?s ?p (1 2 }", 1, 18, "}", "expected ')' here, for the '(' of line 1, column 13",
                     id="wrong closer"),
        pytest.param("ASK { ?s ?p ?o } }", 1, 18, "}", "closes nothing", id="closer too many"),
        pytest.param("SELECT * {\n  ?s plan:number ?n }", 2, 6, "plan:number",
                     f"Add the line PREFIX plan: <{PLAN}>", id="undeclared prefix of ours"),
        pytest.param(PREFIX + "SELECT * { ?s pln:number ?n }", 2, 15, "pln:number", "Did you mean plan:?",
                     id="misspelt prefix"),
        pytest.param("SELECT * { ?s ?p ?o FILTER(STRSTART(?o, 'x')) }", 1, 28, "STRSTART",
                     "Did you mean STRSTARTS?", id="unknown function"),
        pytest.param("SELECT * { ?s ?p ?o FILTER(<http://x/f>(?o)) }", 1, 28, "<http://x/f>",
                     "no function has this IRI", id="unknown function by IRI"),
        pytest.param("SELECT (<http://x/f>(?o) AS ?y) { ?s ?p ?o }", 1, 9, "<http://x/f>",
                     "no function has this IRI", id="unknown function in SELECT"),
        pytest.param(PREFIX + "SELECT * { ?s plan:respondTo ?o }", 2, 15, "plan:respondTo",
                     "Did you mean plan:respondsTo?", id="misspelt term"),
        pytest.param(f"SELECT * {{ ?s a <{PLAN}Plam> }}", 1, 17, f"<{PLAN}Plam>", "Did you mean plan:Plan?",
                     id="misspelt term as an IRI"),
        pytest.param("SELECT * { <plan/7> ?p ?o }", 1, 12, "<plan/7>", "relative", id="relative IRI"),
        pytest.param("SELEC * { ?s ?p ?o }", 1, 1, "SELEC", "Did you mean SELECT?", id="misspelt form"),
        pytest.param("SELECT * { ?s ?p ?o } ODER BY ?s", 1, 23, "ODER", "Did you mean ORDER?", id="misspelt word"),
        pytest.param("SELECT * { ?s ?p ?o } ORDER ?s", 1, 29, "?s", "expected BY after ORDER", id="no BY"),
        pytest.param("SELECT * { ?s ?p ?o } ASK { }", 1, 23, "ASK", "one query at a time", id="two queries"),
        pytest.param("  # nothing\n", 1, 1, "", "empty", id="empty"),
    ],
)  # fmt: skip
def test_an_error_stands_at_its_culprit(query: str, line: int, column: int, token: str, said: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        check(query, LIMITS, TERMS)
    place = caught.value.place
    assert (place.line, place.column, place.token) == (line, column, token)
    assert said in str(caught.value)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_the_project_s_own_queries_pass(path: Path) -> None:
    assert check(path.read_text(), LIMITS).form == "SELECT"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s <http://x/p> (1 2) }",
        "SELECT * { ?s <http://x/p>/(<http://x/q>|^<http://x/r>)* ?o }",
        "BASE <http://x/> PREFIX : <#> SELECT * { <a> :b 'SERVICE <http://x>' } # SERVICE",
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT (xsd:integer(?o) AS ?n) { ?s ?p ?o }",
        "SELECT ?service ?insert { ?service ?insert <http://x/SERVICE> }",
        "SELECT * { ?s ?p ?o FILTER(?o NOT IN (1, 2) && !EXISTS { ?o ?p ?s }) }",
        "ASK { ?s ?p ?o FILTER(?a<?b) FILTER(isIRI(?o)) FILTER(?x>2||?y=<http://x/y>) }",
    ],
)
def test_a_good_query_passes(query: str) -> None:
    assert check(query, LIMITS, TERMS).deterministic


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_a_query_that_may_differ_each_time_is_known(function: str) -> None:
    assert not check(f"SELECT ({function} AS ?x) {{}}", LIMITS).deterministic


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { sErViCe SILENT ?x { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { FILTER EXISTS { SERVICE <http://127.0.0.1/> {} } }",
        "SELECT * { SERVICE\n#c\n<http://127.0.0.1/> {} ",
    ],
)
def test_service_is_refused_however_it_is_written(query: str) -> None:
    with pytest.raises(ServiceForbiddenError):
        check(query, LIMITS)


@pytest.mark.parametrize(
    "query",
    [
        "INSERT DATA { <http://a> <http://b> 1 }",
        "PREFIX x: <http://x/> DELETE WHERE { ?s ?p ?o }",
        "LOAD <http://127.0.0.1/>",
        "CLEAR ALL",
        "drop silent graph <http://x>",
        "WITH <http://x> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } ; INSERT DATA {}",
    ],
)
def test_an_update_is_refused_as_one(query: str) -> None:
    with pytest.raises(UpdateRefusedError):
        check(query, LIMITS)


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ("SELECT * " + "{" * 3000 + "}" * 3000, "nesting depth"),
        ("SELECT * { FILTER(" + "(" * 100 + "1" + ")" * 100 + ") }", "nesting depth"),
        ("SELECT * { ?s " + "[ ?p " * 100 + "?o" + "]" * 100 + " }", "nesting depth"),
        ("SELECT * { ?s " + "/".join(["<http://x/p>"] * 1000) + " ?o }", "longest property path"),
        ("SELECT * { ?s " + "|".join(["<http://x/p>"] * 100) + " ?o }", "longest property path"),
        ("SELECT * { FILTER(" + "!" * 5000 + "true) }", "longest chain of operators"),
        ("SELECT * { FILTER(" + " + ".join(["?x"] * 3000) + ") }", "longest chain of operators"),
        ("SELECT * { VALUES ?x { " + "1 " * 30_000 + "} }", "number of tokens"),
        ("SELECT * { } #" + "x" * 300_000, "size in bytes"),
    ],
)
def test_a_bound_is_named_with_its_limit(query: str, bound: str) -> None:
    with pytest.raises(QueryLimitError) as caught:
        check(query, LIMITS)
    assert caught.value.what == bound
    assert caught.value.found > caught.value.limit


def test_division_is_no_property_path() -> None:
    check("SELECT * { FILTER(" + " / ".join(["?x"] * 200) + " > 1) }", LIMITS)
