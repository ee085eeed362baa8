"""The guard: each refusal names mistake, place and advice; valid queries pass unchanged."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from plangraf.errors import QueryLimitError, QuerySyntaxError, ServiceForbiddenError, UpdateRefusedError
from plangraf.rdf.namespaces import PLAN, PLANSHAPE, PREFIXES
from plangraf.settings import Settings
from plangraf.sparql.safety import Limits, check
from plangraf.sparql.suggest import WELL_KNOWN

ROOT = Path(__file__).resolve().parents[2]
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
TERMS = frozenset(
    [PLAN + name for name in ("respondsTo", "Plan", "number", "primaryPerspective")] + [PLANSHAPE + "PlanShape"]
)
PREFIX = f"PREFIX plan: <{PLAN}>\n"
X = "PREFIX : <http://x/>\n"
LIMITS = Limits()


def refusal(query: str, line: int, column: int, token: str, said: str, *, id: str) -> object:
    return pytest.param(query, line, column, token, said, id=id)


@pytest.mark.parametrize(
    ("query", "line", "column", "token", "said"),
    [
        # Brackets: the one that is never closed, or the one that closes nothing.
        refusal("SELECT * WHERE {\n  ?s ?p ?o .", 1, 16, "{", "'}' was expected before the end", id="missing brace"),
        refusal("SELECT * WHERE ?s ?p ?o }", 1, 16, "?s", "expected '{'", id="missing first brace"),
        refusal(
            "ASK { ?s ?p (1 2 }", 1, 13, "(", "')' was expected before the '}' at line 1, column 18", id="wrong closer"
        ),
        refusal("ASK { ?s :p [ ?q ?o }", 1, 10, ":p", "the prefix : is not declared", id="empty prefix"),
        refusal(X + "ASK { ?s :p [ ?q ?o }", 2, 13, "[", "']' was expected", id="missing square bracket"),
        refusal("ASK { ?s ?p ?o } }", 1, 18, "}", "closes nothing", id="closer too many"),
        refusal("ASK { ?s ?p ?o ) }", 1, 16, ")", "closes nothing", id="wrong kind of closer"),
        refusal(
            "SELECT * { ?s ?p << ( ?a ?b ?c >> }",
            1,
            21,
            "(",
            "')' was expected before the '>>'",
            id="wrong closer in a triple term",
        ),
        refusal(
            "SELECT * { FILTER((1 = 1) ?s ?p ?o }",
            1,
            18,
            "(",
            "')' was expected before the '}'",
            id="condition not closed",
        ),
        refusal(
            "SELECT * { VALUES (?a ?b) { (1 2) (UNDEF) } OPTIONAL { ?a ?b ?c } }",
            1,
            35,
            "(",
            "this row has 1 value(s), VALUES has 2 variable(s). Write UNDEF",
            id="row too short",
        ),
        refusal(
            "SELECT * { ?a ?b ?c } VALUES (?a) { ('x'@nb -1) }",
            1,
            37,
            "(",
            "this row has 2 value(s)",
            id="row too long",
        ),
        # Names: prefixes, terms, IRIs, functions.
        refusal(
            "SELECT * {\n  ?s plan:number ?n }",
            2,
            6,
            "plan:number",
            f"Add this line at the top: PREFIX plan: <{PLAN}>",
            id="undeclared prefix of ours",
        ),
        refusal(
            "SELECT * { ?s dct:title ?n }",
            1,
            15,
            "dct:title",
            "Add this line at the top: PREFIX dct: <http://purl.org/dc/terms/>",
            id="undeclared usual prefix",
        ),
        refusal(
            "PREFIX dct: <http://purl.org/dc/terms/> ASK { ?s dcterms:title ?n }",
            1,
            50,
            "dcterms:title",
            "PREFIX dcterms: <http://purl.org/dc/terms/>, or write dct: as declared",
            id="declared otherwise",
        ),
        refusal(
            "SELECT * { ?s dctrms:title ?n }",
            1,
            15,
            "dctrms:title",
            "Did you mean dcterms:? Its line is PREFIX dcterms: <http://purl.org/dc/terms/>",
            id="misspelt usual",
        ),
        refusal("SELECT * { ?s FOAF:name ?n }", 1, 15, "FOAF:name", "Did you mean foaf:?", id="prefix in capitals"),
        refusal(
            "PREFIX kommune: <http://k/> ASK { ?s komune:a ?n }",
            1,
            38,
            "komune:a",
            "Did you mean kommune:?",
            id="misspelt declared prefix",
        ),
        refusal("ASK { ?s ns:a ?n }", 1, 10, "ns:a", "Add a line at the top: PREFIX ns: <…>", id="short prefix"),
        refusal(
            PREFIX + "SELECT * { ?s pln:number ?n }", 2, 15, "pln:number", "Did you mean plan:?", id="misspelt prefix"
        ),
        refusal("SELECT * { ?s zzzz:a ?n }", 1, 15, "zzzz:a", "PREFIX zzzz: <…>", id="prefix of nobody"),
        refusal("ASK { http://x/a ?p ?o }", 1, 7, "http:", "between '<' and '>'", id="IRI without brackets"),
        refusal(
            "PREFIX plan <http://x/> ASK { plan:a ?p ?o }",
            1,
            8,
            "plan",
            "a prefix and a colon",
            id="prefix without colon",
        ),
        refusal(f"@prefix plan: <{PLAN}> . ASK {{}}", 1, 1, "@prefix", "without '@'", id="Turtle's prefix"),
        refusal(
            PREFIX + "SELECT * { ?s plan:respondTo ?o }",
            2,
            15,
            "plan:respondTo",
            "plan:respondTo is not a term of the ontology; did you mean plan:respondsTo?",
            id="misspelt term",
        ),
        refusal(
            f"SELECT * {{ ?s a <{PLAN}Plam> }}",
            1,
            17,
            f"<{PLAN}Plam>",
            f"did you mean <{PLAN}Plan>?",
            id="misspelt term as an IRI",
        ),
        refusal(
            PREFIX + "SELECT * { ?s a plan:plan }",
            2,
            17,
            "plan:plan",
            "did you mean plan:Plan?",
            id="term named as its prefix",
        ),
        refusal(
            "PREFIX p: <https://w3id.org/plangraf/ontology#respondsT> ASK { ?s p:oo ?o }",
            1,
            67,
            "p:oo",
            f"did you mean <{PLAN}respondsTo>?",
            id="term cut by its prefix",
        ),
        refusal(
            "PREFIX plan: <https://w3id.org/plangraf/ontology/> ASK { ?s a plan:Plan }",
            1,
            63,
            "plan:Plan",
            f"the namespace is <{PLAN}>, so did you mean <{PLAN}Plan>?",
            id="slash for the hash",
        ),
        refusal(
            "ASK { ?s a <http://w3id.org/plangraf/ontology#Plan> }",
            1,
            12,
            "<http://w3id.org/plangraf/ontology#Plan>",
            f"did you mean <{PLAN}Plan>?",
            id="http for https",
        ),
        refusal(
            PREFIX + "SELECT * { ?s plan:xyzzyx ?o }",
            2,
            15,
            "plan:xyzzyx",
            "is not a term of the ontology.",
            id="term like no other",
        ),
        refusal(
            f"ASK {{ <{PLANSHAPE}PlanShap> ?p ?o }}",
            1,
            7,
            f"<{PLANSHAPE}PlanShap>",
            "is not a name of the shapes",
            id="misspelt shape",
        ),
        refusal(
            f"BASE <{PLAN}> ASK {{ ?s <#numbr> ?o }}",
            1,
            53,
            "<#numbr>",
            f"did you mean <{PLAN}number>?",
            id="term by BASE",
        ),
        refusal("SELECT * { <plan/7> ?p ?o }", 1, 12, "<plan/7>", "relative", id="relative IRI"),
        refusal("BASE <x/> ASK { <a> ?p ?o }", 1, 6, "<x/>", "relative", id="relative BASE"),
        refusal("PREFIX x: <y#> ASK { x:a ?p ?o }", 1, 11, "<y#>", "relative", id="relative prefix"),
        refusal(
            "ASK { ?s ?p ?o FILTER(?s<?o&&?o>?s) }",
            1,
            25,
            "<?o&&?o>",
            "put spaces around it",
            id="less-than read as an IRI",
        ),
        refusal(
            "SELECT * { ?s ?p ?o FILTER(STRSTART(?o, 'x')) }",
            1,
            28,
            "STRSTART",
            "Did you mean STRSTARTS?",
            id="misspelt function",
        ),
        refusal(
            "SELECT * { ?s ?p ?o FILTER(LENGTH(?o) > 1) }",
            1,
            28,
            "LENGTH",
            "Did you mean STRLEN?",
            id="function of other languages",
        ),
        refusal(
            "SELECT (TOTAL(?o) AS ?t) { ?s ?p ?o }",
            1,
            9,
            "TOTAL",
            "is no function of SPARQL",
            id="unknown function in SELECT",
        ),
        refusal(
            "SELECT * { ?s ?p ?o FILTER(<http://x/f>(?o)) }",
            1,
            28,
            "<http://x/f>",
            "there is no function",
            id="unknown function by IRI",
        ),
        refusal(
            "SELECT (<http://x/f>(?o) AS ?y) { ?s ?p ?o }",
            1,
            9,
            "<http://x/f>",
            "there is no function",
            id="unknown function by IRI in SELECT",
        ),
        refusal(X + "ASK { ?s ?p ?o FILTER :f(?o) }", 2, 23, ":f", "there is no function", id="FILTER by IRI"),
        refusal(
            "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> ASK { FILTER(xsd:integr('1') = 1) }",
            1,
            62,
            "xsd:integr",
            "Did you mean xsd:integer?",
            id="misspelt cast",
        ),
        # The grammar: tokens that are not allowed.
        refusal("SELEC * { ?s ?p ?o }", 1, 1, "SELEC", "Did you mean SELECT?", id="misspelt form"),
        refusal("SELECT * { ?s ?p ?o } ODER BY ?s", 1, 23, "ODER", "Did you mean ORDER?", id="misspelt word"),
        refusal(
            "SELECT * { ?s ?p ?o OPTINAL { ?s ?p ?o } }",
            1,
            21,
            "OPTINAL",
            "Did you mean OPTIONAL?",
            id="misspelt clause",
        ),
        refusal("SELECT * { ?s ?p ?o } ORDER ?s", 1, 29, "?s", "expected BY", id="no BY"),
        refusal("SELECT * { ?s ?p ?o } LIMIT 5 ORDER BY ?s", 1, 31, "ORDER", "The order is GROUP BY", id="order"),
        refusal("SELECT * { ?s ?p ?o } LIMIT ten", 1, 29, "ten", "expected a whole number", id="no number"),
        refusal("SELECT WHERE { ?s ?p ?o }", 1, 8, "WHERE", "a variable", id="nothing selected"),
        refusal("SELECT ?s, ?p { ?s ?p ?o }", 1, 10, ",", "separated by spaces", id="commas in SELECT"),
        refusal("SELECT COUNT(?s) { ?s ?p ?o }", 1, 8, "COUNT", "(COUNT(…) AS ?name)", id="aggregate without AS"),
        refusal("SELECT (COUNT(?s)) { ?s ?p ?o }", 1, 18, ")", "an operator or AS", id="expression without AS"),
        refusal("ASK {\n ?s ?p ?o ?a ?b ?c }", 2, 11, "?a", "expected ',', '.', ';', '}'", id="missing dot"),
        refusal("ASK { ?s ?p . }", 1, 13, ".", "expected a variable, an IRI or a literal", id="missing object"),
        refusal('ASK { ?s "p" ?o }', 1, 10, '"p"', "expected a property", id="literal as property"),
        refusal('ASK { ?s ?p "æøå" ?o }', 1, 19, "?o", "expected ','", id="columns count characters"),
        refusal("ASK { ?s ?p ?o FILTER ?o > 1 }", 1, 23, "?o", "a condition in brackets", id="bare condition"),
        refusal("ASK { ?s ?p ?o FILTER(?o = 1 AND ?o = 2) }", 1, 30, "AND", "'&&'", id="AND"),
        refusal("ASK { ?s ?p ?o FILTER(?o == 1) }", 1, 27, "=", "one '='", id="double equals"),
        refusal("ASK { ?s ?p ?o FILTER(REGEX(?o)) }", 1, 31, ")", "','", id="too few arguments"),
        refusal("ASK { ?s ?p ?o FILTER(STR(?o, ?p)) }", 1, 29, ",", "')'", id="too many arguments"),
        refusal("SELECT * { ?s ?p ?o } ASK { }", 1, 23, "ASK", "exactly one query", id="two queries"),
        refusal("SELECT * { ?s ?p ?o } ;", 1, 23, ";", "the end of the query", id="semicolon after it"),
        refusal(X + "CONSTRUCT { ?s :p/:q ?o } WHERE { ?s ?p ?o }", 2, 18, "/", "expected", id="path in a template"),
        refusal("  # nothing\n", 1, 1, "", "empty", id="empty"),
        refusal(PREFIX, 1, len(PREFIX), "", "SELECT, ASK, CONSTRUCT or DESCRIBE", id="prefixes alone"),
        refusal("ASK { ?s ?p '\ud800' }", 1, 14, "", "surrogate", id="half a surrogate pair"),
    ],
)
def test_an_error_is_reported_at_its_cause(query: str, line: int, column: int, token: str, said: str) -> None:
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
        "SELECT (COUNT(*) AS ?n) ?s { ?s <http://x/p> (1 [ <http://x/q> () ]) } GROUP BY ?s",
        "SELECT ?s { { SELECT ?s (MAX(?o) AS ?m) { ?s <http://x/p> ?o } GROUP BY ?s } ?s <http://x/q> (?m) }",
        "BASE <http://x/> PREFIX : <#> SELECT * { <a> :b 'SERVICE <http://x>' } # SERVICE",
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT (xsd:integer(?o) AS ?n) { ?s ?p ?o }",
        "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> ASK { FILTER(geof:distance(?a, ?b) > 1) }",
        "SELECT ?service ?insert { ?service ?insert <http://x/SERVICE> }",
        "SELECT * { ?s ?p ?o FILTER(?o NOT IN (1, 2) && !EXISTS { ?o ?p ?s }) }",
        "SELECT * { ?s a <http://x/C>, <http://x/D> ; ?p ?o ; . FILTER REGEX(?o, 'x') VALUES (?a ?b) { (1 UNDEF) } }",
        "ASK { ?s ?p ?o FILTER(?a<?b) FILTER(isIRI(?o)) FILTER(?x>2||?y=<http://x/y>) }",
        "SELECT * { ?s ?p ?o FILTER(++1 = - -1 || 1 IN ()) } HAVING (COUNT(?s) > 1) ORDER BY DESC(?s) STR(?o)",
        "ASK { << ?s ?p ?o >> <http://x/q> ?r . ?s ?p ?o {| <http://x/a> 1 |} }",
        f"ASK {{ ?s a <{PLAN}Plan> ; <{PLAN}number> 7 . GRAPH <{PLAN}> {{ }} }}",
    ],
)
def test_a_valid_query_passes(query: str) -> None:
    assert check(query, LIMITS, TERMS).deterministic


@pytest.mark.parametrize("prefix", sorted(WELL_KNOWN))
def test_an_undeclared_well_known_prefix_is_refused_with_its_line(prefix: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        check(f"ASK {{ ?s {prefix}:x ?o }}", LIMITS)
    line = f"PREFIX {prefix}: <{WELL_KNOWN[prefix]}>"
    assert caught.value.hint == f"Add this line at the top: {line}"
    NamedNode(WELL_KNOWN[prefix])
    assert WELL_KNOWN[prefix][-1] in "#/"
    assert check(f"{line} ASK {{ ?s {prefix}:x ?o }}", LIMITS).form == "ASK"


def test_well_known_prefixes_are_known_beside_those_of_the_project() -> None:
    assert PREFIXES.items() <= WELL_KNOWN.items()
    assert len(WELL_KNOWN) - len(PREFIXES) >= 40
    assert {"dct", "dc", "geo", "wd", "wdt", "dbo", "dbr", "sosa", "time", "locn", "vcard"} <= WELL_KNOWN.keys()
    assert {"odrl", "dqv", "sdmx-dimension", "qudt", "unit", "epvoc", "wgs84"} <= WELL_KNOWN.keys()


def test_an_iri_of_ours_that_is_not_a_term_passes() -> None:
    # The declaration of a prefix, the ontology itself, and a name that no term has either.
    for iri in (f"{PLAN[:-1]}/prefix/plan", PLAN[:-1], f"{PLAN[:-1]}/nothing", "http://w3id.org/plangraf/id/x"):
        check(f"ASK {{ <{iri}> ?p ?o }}", LIMITS, TERMS)


def test_the_dataset_clause_is_read_with_prefixes_and_base() -> None:
    checked = check(
        "BASE <http://x/a/> PREFIX g: <http://g/> SELECT * FROM <b> FROM g:c FROM NAMED <http://n/> {}", LIMITS
    )
    assert checked.default_graphs == ("http://x/a/b", "http://g/c")
    assert checked.named_graphs == ("http://n/",)
    assert checked.has_dataset_clause
    assert not check("ASK {}", LIMITS).has_dataset_clause


def test_the_engine_gets_codepoint_escapes_decoded() -> None:
    checked = check("ASK { ?\\u0073 ?p '\\u0022\\u00e6' }", LIMITS)
    assert checked.text == "ASK { ?s ?p '\\u0022æ' }"


@pytest.mark.parametrize(
    "query",
    [
        *(f"SELECT ({call} AS ?x) {{}}" for call in ("NOW()", "rand()", "UUID()", "STRUUID ( )", "BNODE('a')")),
        "CONSTRUCT { _:b ?p ?o } WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p [] } WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p (1) } WHERE { ?s ?p ?o }",
        "CONSTRUCT WHERE { ?s ?p [ ?q ?o ] }",
    ],
)
def test_a_nondeterministic_query_is_recognised(query: str) -> None:
    assert not check(query, LIMITS).deterministic


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("select * {}", "SELECT"),
        ("PREFIX a: <http://a/> ASK {}", "ASK"),
        ("BASE <http://a/> CONSTRUCT WHERE {}", "CONSTRUCT"),
        ("# c\nDESCRIBE <http://a/>", "DESCRIBE"),
    ],
)
def test_the_query_form_is_recognised(query: str, form: str) -> None:
    assert check(query, LIMITS).form == form


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "<http://127.0.0.1/>"),
        ("SELECT * { sErViCe SILENT ?x { ?s ?p ?o } }", "?x"),
        ("SELECT * { \\u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "<http://127.0.0.1/>"),
        ("SELECT * { FILTER EXISTS { SERVICE <http://127.0.0.1/> {} } }", "<http://127.0.0.1/>"),
        ("SELECT * { SERVICE\n#c\n<http://127.0.0.1/> {} ", "<http://127.0.0.1/>"),
        ("SELECT * { ?s ?p 'a\\u0027' SERVICE ?x { ?y ?z 'b' } }", "?x"),
        ("SELECT * { # \\u000A\nSERVICE ?x { } }", "?x"),
        ("SELECT * { # c\rSERVICE ?x { } }", "?x"),
    ],
)
def test_service_is_refused_in_every_spelling(query: str, address: str) -> None:
    with pytest.raises(ServiceForbiddenError) as caught:
        check(query, LIMITS)
    assert f"SERVICE {address} is refused" in str(caught.value)
    assert caught.value.place.token.upper() == "SERVICE"


def test_an_invalid_escape_does_not_hide_service() -> None:
    # An engine that gives up on the long string reads `""`, `"abc"` and then SERVICE.
    query = 'SELECT * { VALUES ?x { """abc" } SERVICE <http://127.0.0.1/> { ?s ?p ?o #\\z"""\n} }'
    with pytest.raises(QuerySyntaxError):
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
def test_an_update_is_refused_as_an_update(query: str) -> None:
    with pytest.raises(UpdateRefusedError):
        check(query, LIMITS)


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ("SELECT * " + "{" * 3000 + "}" * 3000, "nesting depth"),
        ("SELECT * { FILTER(" + "(" * 100 + "1" + ")" * 100 + ") }", "nesting depth"),
        ("SELECT * { FILTER(" + "STR(" * 100 + "1" + ")" * 100 + ") }", "nesting depth"),
        ("SELECT * { ?s " + "[ ?p " * 100 + "?o" + "]" * 100 + " }", "nesting depth"),
        ("SELECT * { ?s ?p " + "<< " * 100 + "?o ?p ?o" + " >>" * 100 + " }", "nesting depth"),
        ("SELECT * { ?s " + "/".join(["<http://x/p>"] * 1000) + " ?o }", "number of steps in one property path"),
        ("SELECT * { ?s " + "|".join(["<http://x/p>"] * 100) + " ?o }", "number of steps in one property path"),
        (
            "SELECT * { ?s (" + ")/(".join(["<http://x/p>/^<http://x/p>"] * 40) + ") ?o }",
            "number of steps in one property path",
        ),
        ("SELECT * { ?s " + "(" * 8 + "<http://x/p>" + ")*" * 8 + " ?o }", "number of repetitions inside each other"),
        ("SELECT * { ?s ?p " + "(" * 3 + " (1)" * 50 + ")" * 3 + " }", "number of patterns joined in one group"),
        ("SELECT * { FILTER(" + "!" * 5000 + "true) }", "number of operators"),
        ("SELECT * { FILTER(" + " + ".join(["?x"] * 3000) + ") }", "number of operators"),
        ("SELECT * { FILTER(" + " || ".join(["?x"] * 3000) + ") }", "number of operators"),
        (
            "SELECT * { " + " . ".join(f"?s ?p{n} ?o{n}" for n in range(300)) + " }",
            "number of patterns joined in one group",
        ),
        (
            "SELECT * { ?s ?p " + ", ".join(f"?o{n}" for n in range(300)) + " }",
            "number of patterns joined in one group",
        ),
        ("SELECT * { ?s ?p (" + " ?o" * 300 + ") }", "number of patterns joined in one group"),
        (
            "SELECT * { " + " ".join(f"OPTIONAL {{ ?s ?p{n} ?o }}" for n in range(300)) + " }",
            "number of patterns joined in one group",
        ),
        ("SELECT * { " + " ".join(f"BIND({n} AS ?x{n})" for n in range(3000)) + " }", "number of clauses"),
        ("SELECT " + " ".join(f"(1 AS ?x{n})" for n in range(3000)) + " {}", "number of clauses"),
        ("DESCRIBE " + " ".join(f"<http://x/{n}>" for n in range(3000)), "number of clauses"),
        ("SELECT * { VALUES ?x { " + "1 " * 30_000 + "} }", "number of tokens"),
        ("SELECT * { } #" + "x" * 300_000, "size in bytes"),
    ],
)
def test_an_exceeded_limit_is_named_with_its_value(query: str, bound: str) -> None:
    with pytest.raises(QueryLimitError) as caught:
        check(query, LIMITS)
    assert caught.value.what == bound
    assert caught.value.found > caught.value.limit


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { FILTER(" + " / ".join(["?x"] * 200) + " > 1) }",
        "SELECT * { ?s (<http://x/a>/(<http://x/b>*|<http://x/c>)+)* ?o }",
        "SELECT * { " + " UNION ".join(["{ ?s ?p ?o ; ?q ?r }"] * 100) + " }",
        "SELECT * { VALUES ?x { " + "1 " * 15_000 + "} }",
        "SELECT * { ?s ?p ?o FILTER(?o IN (" + ", ".join(["1"] * 5_000) + ")) }",
        "CONSTRUCT { " + " . ".join(f"?s ?p ?o{n}" for n in range(500)) + " } WHERE { ?s ?p ?o }",
        "SELECT * { " + " . ".join(f"?s ?p{n} ?o{n}" for n in range(60)) + " }",
        "SELECT * " + " ".join(f"FROM <http://x/{n}>" for n in range(2_000)) + " { ?s ?p ?o }",
    ],
)
def test_a_long_harmless_query_passes(query: str) -> None:
    check(query, LIMITS)


@pytest.mark.parametrize(
    "pattern",
    [
        " . ".join("?s ?p ?o" for _ in range(128)),
        "{ ?s ?p ?o ; ?q ?r }" * 64,
        "?s ?p (" + "1 " * 63 + ") ; ?q ?r",
        "?s " + "/".join(["<http://x/p>"] * 64) + " ?o ; " + "?p 1 ; " * 64,
        "OPTIONAL { } " * 128,
        "MINUS { ?s ?p ?o . ?s ?q ?r } " * 128,
        " UNION ".join(["{ ?s ?p ?o . ?s ?q ?r }"] * 128),
    ],
)
def test_each_pattern_counts_once_for_the_bound_on_joins(pattern: str) -> None:
    check(f"SELECT * {{ {pattern} }}", LIMITS)
    with pytest.raises(QueryLimitError) as caught:
        check(f"SELECT * {{ ?one ?more ?pattern . {pattern} }}", LIMITS)
    assert (caught.value.what, caught.value.found) == ("number of patterns joined in one group", 129)


@pytest.mark.parametrize(
    "path",
    [
        "/".join(["a"] * 65),
        "|".join(["a"] * 66),
        "!(" + "|".join(["^a"] * 33) + ")",
        "(" + ")/^(".join(["a|a"] * 22) + ")",
    ],
)
def test_the_operators_of_a_path_count_as_its_steps(path: str) -> None:
    query = f"SELECT * {{ ?s {path} ?o }}"
    counted = sum(path.count(sign) for sign in "/|^")
    check(query, Limits(max_path=counted))
    with pytest.raises(QueryLimitError) as caught:
        check(query, Limits(max_path=counted - 1))
    assert caught.value.found == counted


def test_brackets_deeper_than_the_interpreter_can_recurse_are_a_limit() -> None:
    limits = Limits(max_nesting=2_000)
    with pytest.raises(QueryLimitError) as caught:
        check("SELECT * { FILTER(" + "(" * 1_900 + "1" + ")" * 1_900 + ") }", limits)
    assert caught.value.what == "nesting depth"


def test_the_limits_come_from_the_settings() -> None:
    settings = Settings(home=ROOT, query_max_bytes=2000, query_max_tokens=100, query_max_nesting=5, query_max_path=6)
    assert Limits.of(settings) == Limits(2000, 100, 5, 6)


def test_a_stored_query_needs_little_more_memory_than_its_text() -> None:
    text = "SELECT * { " + " UNION ".join(f"{{ ?s <http://example.org/{n:020d}> ?o }}" for n in range(60)) + " }"
    tracemalloc.start()
    try:
        kept = [check(f"{text} # {number}", Limits()) for number in range(20)]
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 3 * sum(len(one.text) for one in kept)
