"""Explanations of empty answers: the first part without a match, its place, and the correction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from pyoxigraph import NamedNode, QueryBoolean, RdfFormat, Store

from plangraf.errors import OverloadedError, QueryTimeoutError, RequestError
from plangraf.rdf.namespaces import PLAN
from plangraf.sparql.explain.empty_answers import Explanation, why_empty
from plangraf.sparql.explain.outline import outline
from plangraf.sparql.safety import Limits, check, read

PREFIXES = """\
PREFIX : <http://e/> PREFIX plan: <https://w3id.org/plangraf/ontology#> PREFIX sdg: <http://metadata.un.org/sdg/>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX schema: <http://schema.org/> PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX dcterms: <http://purl.org/dc/terms/>
"""
DATA = """
:p1 a plan:Plan ; plan:number 7 ; :code "19/1" ; rdfs:label "Barn og unge"@nb , "Children and youth"@en ;
    :start "2020"^^xsd:gYear ; :adopted "2020-03-01"^^xsd:date ; :target sdg:11.6 ; :status :done ; :plain "Grønn" ;
    :home "http://home/1" ; :sami "Bargu"@se .
:p2 a plan:Plan ; plan:number 8 ; :code "19/2" ; rdfs:label "Klima"@nb , "Climate"@en ; :start "2021"^^xsd:gYear ;
    :target sdg:13 ; foaf:name "Two" ; :page <https://page/2> ; :amount 2.50 .
sdg:11.6 skos:notation "11.6"^^sdgo:SDGCodeCompact ; skos:prefLabel "Cities"@en .
sdg:13 skos:notation "13"^^sdgo:SDGCodeCompact ; skos:prefLabel "Climate action"@en .
:k1 a :Kommune . :g1 :has :p1 ; :list (1 2) .
"""
TERMS = frozenset(PLAN + name for name in ("Plan", "number"))
LINE = PREFIXES.count("\n") + 1


class Data:
    """A small store that records its ASK queries."""

    def __init__(self) -> None:
        self.store = Store()
        text = (PREFIXES + DATA).encode()
        self.store.load(text, RdfFormat.TURTLE)
        self.store.load(text, RdfFormat.TURTLE, to_graph=NamedNode("http://g/a"))
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.fails: Iterator[Exception | None] = iter(())

    async def ask(self, query: str) -> bool:
        self.asked.append(query)
        if (failure := next(self.fails, None)) is not None:
            raise failure
        try:
            assert check(query, Limits(), TERMS).form == "ASK"
        except RequestError:
            self.refused.append(query)
            raise
        answer = self.store.query(query)
        assert isinstance(answer, QueryBoolean)
        return bool(answer)

    def why(self, query: str) -> Explanation | None:
        check(PREFIXES + query, Limits())
        self.asked.clear()
        explanation = asyncio.run(why_empty(self.ask, PREFIXES + query))
        assert len(self.asked) <= 12
        assert len(self.asked) == len(set(self.asked))
        return explanation


@pytest.fixture(scope="module")
def shared() -> Data:
    return Data()


@pytest.fixture
def data(shared: Data) -> Data:
    shared.refused.clear()
    shared.fails = iter(())
    return shared


CASES = [
    # The place: the first part that has no match together with those before it.
    ("SELECT * { ?p a plan:Plan ; :status :done ; :nix ?x ; :nax ?y }", 45, "Nothing matches `?p :nix ?x`"),
    ("SELECT * { ?p :code '19/1', '19/2' }", 29, "`?p :code '19/2'` (line 5, column 29) has matches, but none that go"),
    ("SELECT * { ?p plan:number 7 . ?q plan:number 9 . ?r plan:number 10 }", 31, "Nothing matches `?q plan:number 9`"),
    ("SELECT * { ?p :code/:nix ?x }", 21, "no triple has the predicate :nix."),
    ("SELECT * { ?p (:nix|:nax)* ?x . ?x :code 'x' }", 33, "`?x :code 'x'`"),
    ("SELECT * { ?p :target [ skos:notation ?n ; :nix ?x ] }", 44, "Nothing matches `[] :nix ?x`"),
    ("SELECT * { [ :code ?c ; :nix ?x ] a plan:Plan }", 25, "Nothing matches `[] :nix ?x`"),
    ("SELECT * { [] :code ?c ; :nix ?x }", 26, "Nothing matches `[] :nix ?x`"),
    ("SELECT * { ?g :list (1 2) ; :nix (3 4) }", 29, "`?g :nix (3 4)`"),
    ("SELECT * { (1 2) :nix ?x }", 18, "Nothing matches `(1 2) :nix ?x`"),
    ("SELECT * { << ?s ?p ?o >> :nix ?x }", 27, "Nothing matches `<< ?s ?p ?o >> :nix ?x`"),
    ("SELECT * { ?p :code _:c . _:c :nix ?x }", 31, "Nothing matches `_:c :nix ?x`"),
    ("SELECT (?n + 1 AS ?m) { ?p plan:number ?n . ?p :nix ?x } ORDER BY ?m LIMIT 3", 48, "`?p :nix ?x`"),
    ("ASK WHERE { ?p a plan:Plan . ?p :nix ?x }", 33, "`?p :nix ?x`"),
    ("CONSTRUCT { ?p :x ?x } WHERE { ?p :nix ?x }", 35, "`?p :nix ?x`"),
    ("CONSTRUCT WHERE { ?p a plan:Plan ; :nix ?x }", 36, "`?p :nix ?x`"),
    ("CONSTRUCT { ?p :x ?x } FROM <http://g/a> WHERE { ?p :nix ?x }", 53, "`?p :nix ?x`"),
    ("DESCRIBE ?p { ?p :nix ?x }", 18, "`?p :nix ?x`"),
    ("SELECT * { ?p :target ?t OPTIONAL { ?p :nix ?x } ?t :nix ?y }", 53, "`?t :nix ?y`"),
    ("SELECT * { BIND(1 AS ?x) ?t :nix ?y }", 29, "`?t :nix ?y`"),
    ("SELECT * { ?p :code ?c { ?p plan:number ?n . ?p :nix ?x } }", 49, "`?p :nix ?x`"),
    ("SELECT * { ?p :code ?c { ?p plan:number ?n FILTER(?n > 100) } }", 44, "`FILTER(?n > 100)` (line 5, column"),
    ("SELECT * { GRAPH ?g { ?p :code ?c ; :nix ?x } }", 37, "`?p :nix ?x`"),
    ("SELECT * { ?p :code ?c { ?p :nix 1 } UNION { ?p :nax 2 } }", 24, "No branch of `{ ... } UNION { ... }`"),
    ("SELECT * { ?p :code ?c { ?x :list ?l . ?p :x ?x } UNION { ?p plan:number 9 } }", 24, "No branch of"),
    ("SELECT * { ?p :code ?c MINUS { ?p a plan:Plan } ?p :nix ?x }", 24, "column 24) takes away everything"),
    ("SELECT * { ?p a plan:Plan { SELECT ?p { ?p plan:number 9 } } }", 27, "Nothing matches `{ SELECT ... }`"),
    ("SELECT * { { SELECT ?p { ?p plan:number 9 } LIMIT 1 } }", 26, "Nothing matches `?p plan:number 9`"),
    ("SELECT * { { SELECT ?p { ?p plan:number 7 } LIMIT 0 } }", 12, "`{ SELECT ... }` (line 5, column 12) gives"),
    ("SELECT * { ?p plan:number ?n VALUES ?n { 1 2 } }", 30, "No row of `VALUES ?n { ... }`"),
    ("SELECT * { VALUES ?n { } ?p plan:number ?n }", 12, "No row of `VALUES ?n { ... }` (line 5, column 12) has"),
    # Datasets and graphs.
    ("SELECT * { GRAPH <http://g/b> { ?p a plan:Plan } }", 12, "no graph with triples for `GRAPH <http://g/b>"),
    ("SELECT * FROM <http://g/b> { ?p a plan:Plan }", 10, "The graphs that FROM names hold no triple"),
    ("SELECT * FROM NAMED <http://g/a> { ?p a plan:Plan }", 10, "put the patterns into GRAPH ?g { ... }"),
    ("SELECT * FROM <http://g/a> FROM NAMED <http://g/b> { ?p :nix ?x }", 57, "no triple has the predicate :nix"),
    # The clauses after the WHERE part.
    ("SELECT * { ?p a plan:Plan } LIMIT 0", 29, "LIMIT 0 asks for no row."),
    ("SELECT (COUNT(*) AS ?n) { ?p a plan:Plan } LIMIT 0", 44, "LIMIT 0 asks for no row."),
    ("SELECT * { ?p a plan:Plan } LIMIT 5 OFFSET 2", 37, "OFFSET passes over all of them"),
    ("SELECT (COUNT(*) AS ?n) { ?p a plan:Plan } OFFSET 1", 44, "OFFSET passes over all of them"),
    ("SELECT ?p { ?p ?x ?o } GROUP BY ?p HAVING (COUNT(*) > 99)", 36, "HAVING is true for none of the groups"),
    ("SELECT ?p { ?p ?x ?o } GROUP BY ?p HAVING (COUNT(*) > 99) ORDER BY ?p OFFSET 9", 36, "HAVING is true for none"),
    ("SELECT ?p { ?p ?x ?o } GROUP BY ?p HAVING (COUNT(*) > 0) ORDER BY ?p OFFSET 99", 70, "OFFSET passes over"),
    ("SELECT (COUNT(*) AS ?n) { ?p :code ?c } HAVING (?n > 99)", 41, "HAVING is true for none of the groups"),
    ("SELECT * { ?p plan:number ?n } VALUES ?n { 1 2 }", 32, "none goes with a row of the VALUES behind it"),
    ("SELECT * { ?p plan:number ?n } VALUES ?n { '7' }", 44, "the data have it as 7, write that"),
    ("CONSTRUCT { ?n a ?p . ?p :x ?y } { ?p plan:number ?n }", 13, "the template makes no triple of them"),
    # Literals: tag, datatype, capitals.
    ('SELECT * { ?p rdfs:label "Klima"@no }', 26, 'with the language tag @nb, write "Klima"@nb.'),
    ('SELECT * { ?p a plan:Plan ; rdfs:label "Climate" }', 40, 'with the language tag @en, write "Climate"@en.'),
    ('SELECT * { ?p rdfs:label "Climate"@en-GB }', 26, 'the language tag @en, write "Climate"@en.'),
    ('SELECT * { ?p :sami "Bargu"@se-NO }', 21, 'with the language tag @se, write "Bargu"@se.'),
    ('SELECT * { ?p :sami "Bargu" }', 21, 'with another language tag, compare `STR(?x) = "Bargu"`'),
    ('SELECT * { ?p :plain "Grønn"@nb }', 22, 'this text without a language tag, write "Grønn".'),
    ('SELECT * { ?p plan:number "7" }', 27, "the data have it as 7, write that."),
    ("SELECT * { ?p :start 2020 }", 22, 'the data have it as "2020"^^xsd:gYear, write that.'),
    ('SELECT * { ?p :adopted "2020-03-01" }', 24, 'the data have it as "2020-03-01"^^xsd:date'),
    ('SELECT * { ?p plan:number "7"^^xsd:decimal }', 27, "the data have it as 7, write that."),
    ("SELECT * { ?p plan:number 7.0 }", 27, "the data write this number otherwise"),
    ("SELECT * { ?p :code 19 }", 21, "the data have other values than numbers there"),
    ('SELECT * { ?s skos:notation "13" }', 29, 'the data have it as "13"^^sdgo:SDGCodeCompact'),
    ('SELECT * { ?s rdfs:label "klima" }', 26, 'with other capital letters, compare `LCASE(STR(?x)) = LCASE("klima")`'),
    # A text for an IRI, and the reverse.
    (
        'SELECT * { ?p a plan:Plan ; :target "11.6" }',
        37,
        "IRIs there, not texts; write <http://metadata.un.org/sdg/11.6>",
    ),
    ('SELECT * { ?p :target "Cities" }', 23, 'add `?x skos:prefLabel ?text FILTER(STR(?text) = "Cities")`'),
    ('SELECT * { ?p :status "done" }', 23, "the data have IRIs there, not texts."),
    ('SELECT * { ?p :page "https://page/2" }', 21, "the data have an IRI there, write <https://page/2>."),
    ("SELECT * { ?p :code :x }", 21, "the data have texts or numbers there, not IRIs."),
    ("SELECT * { ?p plan:number <http://n/7> }", 27, 'texts or numbers there, such as `FILTER(STR(?x) = "7")`'),
    ("SELECT * { ?p :home <http://home/1> }", 21, 'the data have it as a text, compare `STR(?x) = "http://home/1"`'),
    ("SELECT * { VALUES ?n { '13' } ?s skos:notation ?n }", 48, "FILTER(STR(?other) = STR(?n))"),
    ("SELECT * { VALUES ?t { '13' } ?s :target ?t }", 42, "?t is a text, the data have IRIs here."),
    ("SELECT * { VALUES ?c { :x } ?s :code ?c }", 38, "?c is an IRI, the data have texts or numbers here."),
    # IRIs.
    ("SELECT * { ?p :page <http://page/2> }", 21, "the data have <https://page/2>, write that."),
    ("SELECT * { ?p :page <https://page/2/> }", 21, "the data have <https://page/2>, write that."),
    ("SELECT * { ?p :page <https://Page/2> }", 21, "the data have this IRI with other capital letters."),
    ("SELECT * { ?p :status :undone }", 23, "the data do not know :undone."),
    ("SELECT * { ?p :status :p1 }", 23, "the data have :p1 elsewhere, and never in this place."),
    ("SELECT * { :p9 :status ?x }", 12, "the data do not know :p9."),
    ("SELECT * { :done ?p ?x }", 12, "the data have :done elsewhere, and never in this place."),
    ("SELECT * { :p1 :has :g1 }", 12, "the other way round, write `:g1 :has :p1`."),
    ("SELECT * { ?t a plan:Plan . ?t :has ?g }", 29, "the other way round, write `?g :has ?t`."),
    # Classes and predicates.
    ("SELECT * { ?p a schema:Thing }", 17, "nothing has the class schema:Thing."),
    ("SELECT * { ?p a :Plan }", 17, "nothing has the class :Plan, here the data use plan:Plan."),
    ("SELECT * { ?k a :kommune }", 17, "nothing has the class :kommune, here the data use :Kommune."),
    ("SELECT * { ?p a plan:Plan ; :nix?/:nax ?x }", 29, "Nothing matches `?p :nix?/:nax ?x` (line 5, column 29)."),
    ("SELECT * { ?p a plan:Plan ; schema:name ?n . ?p rdfs:comment ?c }", 29, "here the data use rdfs:label."),
    ("SELECT * { ?p :page ?x ; schema:name 'Two' }", 26, "schema:name, here the data use foaf:name."),
    ("SELECT * { ?p a plan:Plan ; schema:number 7 }", 29, "here the data use plan:number."),
    ("SELECT * { ?p a plan:Plan ; skos:prefLabel ?n }", 29, "?p has no skos:prefLabel, here the data use rdfs:label."),
    # Filters: after all patterns, one after the other.
    ("SELECT * { FILTER(?n > 100) ?p plan:number ?n ; :nix ?x }", 49, "`?p :nix ?x`"),
    ("SELECT * { ?p plan:number ?n FILTER(?n > 7) FILTER(?n > 8) }", 45, "patterns have matches, but `FILTER(?n > 8)`"),
    ("SELECT * { ?p plan:number ?n FILTER(?n > 7 && ?n < 7) }", 47, "`FILTER(?n < 7)`"),
    ("SELECT * { ?p plan:number ?n FILTER(?n > 9 || ?n < 7 && ?n > 1) }", 30, "`FILTER(?n > 9 || ?n < 7 && ?n > 1)`"),
    ("SELECT * { ?p plan:number ?n FILTER NOT EXISTS { ?p a plan:Plan } }", 30, "is true for none of them."),
    ("SELECT * { ?p rdfs:label ?label FILTER(STR(?lable) = 'Klima') }", 44, "?lable a value; did you mean ?label?"),
    ("SELECT * { ?p plan:number ?n { ?p :code ?c FILTER(?n > 1) } }", 51, "nothing in this group gives ?n a value"),
    ("SELECT * { ?p plan:number ?n FILTER(BOUND(?m)) }", 30, "is true for none of them."),
    ('SELECT * { ?p rdfs:label ?l FILTER(LANG(?l) = "no") }', 47, "?l has the language tags @nb and @en here."),
    ('SELECT * { ?p rdfs:label ?l FILTER LANGMATCHES(LANG(?l), "no") }', 58, "?l has the language tags @nb and @en"),
    ('SELECT * { ?p :code ?l FILTER(LANG(?l) = "nb") }', 36, "?l has no language tag here."),
    ('SELECT * { ?p rdfs:label ?l FILTER(?l = "Klima") }', 41, 'with the language tag @nb, write "Klima"@nb.'),
    ('SELECT * { ?p :target ?t FILTER(?t = "13") }', 38, "write <http://metadata.un.org/sdg/13>"),
    ("SELECT * { ?p :page ?t FILTER(<http://page/2> = ?t) }", 31, "the data have <https://page/2>, write that."),
    ('SELECT * { ?p plan:number ?n FILTER(?n > "6") }', 42, "?n is a number, write 6 without quotation marks."),
    ("SELECT * { ?p :start ?y FILTER(?y >= 2019) }", 38, 'xsd:gYear, compare with a value such as "2019"^^xsd'),
    ("SELECT * { ?p :adopted ?y FILTER(2019 < ?y) }", 34, 'compare with a value such as "2019-01-01"^^xsd:date.'),
    ('SELECT * { ?p rdfs:label ?l FILTER CONTAINS(?l, "klima") }', 29, 'CONTAINS(LCASE(STR(?l)), LCASE("klima"))'),
    ('SELECT * { ?p :target ?t FILTER STRENDS(?t, "13") }', 26, 'STRENDS(LCASE(STR(?t)), LCASE("13"))'),
    ('SELECT * { ?p :target ?t FILTER(REGEX(?t, "/13$")) }', 26, 'REGEX(STR(?t), "/13$", "i")'),
]


@pytest.mark.parametrize(("query", "column", "said"), CASES, ids=[case[0] for case in CASES])
def test_the_cause_is_reported_at_its_place(data: Data, query: str, column: int, said: str) -> None:
    explanation = data.why(query)
    assert explanation is not None
    assert said in explanation.message
    assert explanation.place == (LINE, column)
    # The guard refuses an unknown term of ours; all other questions are valid queries.
    assert all(PLAN in query.replace(PREFIXES, "") for query in data.refused)


@pytest.mark.parametrize("query", [case[0] for case in CASES])
def test_the_explained_part_has_no_match_and_the_parts_before_it_have_one(data: Data, query: str) -> None:
    answer = data.store.query(PREFIXES + query)
    assert not (bool(answer) if isinstance(answer, QueryBoolean) else list(answer))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?p a plan:Plan }",
        "ASK { ?p a plan:Plan }",
        "ASK { }",
        "SELECT * { OPTIONAL { ?p :nix ?x } }",
        "CONSTRUCT { ?p a :X } { ?p a plan:Plan }",
        "CONSTRUCT { ?n a :X . ?p :x ?n } { ?p plan:number ?n }",
        "CONSTRUCT { :a :b :c } { ?p plan:number ?n }",
        "CONSTRUCT WHERE { ?p plan:number ?n }",
        "SELECT * { ?p a plan:Plan } OFFSET 1",
        "SELECT (COUNT(*) AS ?n) { ?p a plan:Plann }",
        "SELECT (MAX(?n) AS ?m) (1 AS ?x) { ?p :nix ?n }",
        "SELECT (COUNT(*) AS ?n) { ?p :code ?c } HAVING (COUNT(*) > 1)",
        "SELECT ?p { ?p ?x ?o } GROUP BY ?p HAVING (COUNT(*) > 1)",
        "SELECT * { ?p plan:number ?n } VALUES ?n { 7 }",
        "DESCRIBE :nix",
    ],
)
def test_an_answer_that_is_not_empty_has_no_explanation(data: Data, query: str) -> None:
    assert data.why(query) is None


@pytest.mark.parametrize("text", ["", "SELECT", "SELECT * {", "} SELECT * { ?s ?p ?o }", "INSERT DATA { }", '"'])
def test_an_invalid_query_has_no_explanation(data: Data, text: str) -> None:
    assert asyncio.run(why_empty(data.ask, text)) is None
    assert data.asked == [] or text


def test_a_count_over_no_solutions_needs_no_question(data: Data) -> None:
    data.why("SELECT (COUNT(*) AS ?n) { ?p :nix ?x }")
    assert data.asked == []


def test_each_question_has_the_prologue_and_the_dataset_of_the_query(data: Data) -> None:
    data.why("SELECT ?p FROM <http://g/a> FROM NAMED <http://g/b> WHERE { ?p a plan:Plan ; :nix ?x }")
    assert all(query.startswith(PREFIXES + "ASK FROM <http://g/a> FROM NAMED <http://g/b> {") for query in data.asked)


@pytest.mark.slow
def test_a_long_query_takes_no_more_questions_than_a_short_one(data: Data) -> None:
    good = " . ".join(f"?p{n} plan:number 7" for n in range(100))
    explanation = data.why(f"SELECT * {{ {good} . ?q :nix ?x }}")
    assert explanation is not None
    assert explanation.message.startswith("Nothing matches `?q :nix ?x`")
    for slip in (":target 'Climate action'", "rdfs:label 'x'", "schema:nix ?x"):
        assert data.why(f"SELECT * {{ {good} . ?q {slip} }}") is not None


def test_a_frequent_mistake_takes_few_questions(data: Data) -> None:
    assert data.why("SELECT * { ?p a plan:Plan ; rdfs:label 'Klima'@no }") is not None
    assert len(data.asked) <= 8


def test_a_question_that_takes_too_long_is_skipped(data: Data) -> None:
    query = "SELECT * { ?p a plan:Plan . ?p :code ?c . ?p :target ?t . ?p :nix ?x . ?p :nax ?y }"
    data.fails = iter([QueryTimeoutError(1.0)])
    first = data.why(query)
    assert first is not None
    assert "`?p :nix ?x`" in first.message
    data.fails = iter([QueryTimeoutError(1.0)])
    nested = data.why("SELECT * { ?p :code ?c { ?p :target ?t . ?p :nix ?x } ?p a plan:Plan . ?p plan:number ?n }")
    assert nested is not None
    assert "`?p :nix ?x`" in nested.message
    data.fails = iter([None, OverloadedError(3)])
    second = data.why(query)
    assert second is not None
    assert "`?p :nix ?x`" in second.message


def test_without_answers_only_certain_facts_are_reported(data: Data) -> None:
    query = "SELECT * { ?p a plan:Plan . ?p :nix ?x FILTER(?x > 1) }"
    data.fails = iter([None] + [TimeoutError()] * 100)
    explanation = data.why(query)
    assert explanation is not None
    assert explanation.message == (
        "From `?p a plan:Plan` (line 5, column 12) to `FILTER(?x > 1)` (line 5, column 40) something has no match; "
        "which of them could not be found out in time."
    )
    data.fails = iter([None] + [TimeoutError()] * 100)
    alone = data.why("SELECT * { ?p :nix ?x OPTIONAL { ?p :nax ?y } BIND(1 AS ?z) }")
    assert alone is not None
    assert alone.message == "Nothing matches `?p :nix ?x` (line 5, column 12)."


def test_without_any_answer_there_is_soon_no_explanation(data: Data) -> None:
    many = "SELECT * { ?a :a ?b . ?c :c ?d . ?e :e ?f . ?g :g ?h . ?i :i ?j . ?k :k ?l }"
    for query in (
        many,
        "SELECT * { ?p :nix ?x }",
        "SELECT * { ?p a plan:Plan } OFFSET 9",
        "SELECT * { ?p plan:number ?n } VALUES ?n { 1 }",
    ):
        data.fails = iter([TimeoutError()] * 100)
        assert data.why(query) is None
        assert len(data.asked) <= 2
    # The one question about everything has no answer, those about less have.
    data.fails = iter([TimeoutError()])
    assert data.why("SELECT * { ?p a plan:Plan . ?p :code ?c . ?p :target ?t }") is None


def test_an_unexpected_error_is_not_hidden(data: Data) -> None:
    data.fails = iter([ZeroDivisionError()])
    with pytest.raises(ZeroDivisionError):
        data.why("SELECT * { ?p :nix ?x }")


def test_a_place_is_that_of_the_query_as_it_was_sent(data: Data) -> None:
    # Escapes for characters, comments and lines: all count as they were written.
    query = "SELECT * { # a comment }\n ?\\u0070 a plan:Plan .\n ?p rdfs:label 'Kl\\u0069ma'@no }"
    explanation = data.why(query)
    assert explanation is not None
    assert explanation.place == (LINE + 2, 16)
    assert "@nb" in explanation.message


def test_helper_variables_are_not_in_the_query(data: Data) -> None:
    explanation = data.why("SELECT * { ?any :code ?any1 ; :target [ skos:notation ?any_ ; :nix ?x ] }")
    assert explanation is not None
    assert "`[] :nix ?x`" in explanation.message


def test_the_header_holds_ascii_only_and_reads_back(data: Data) -> None:
    explanation = data.why('SELECT * { ?p rdfs:label "Grønn 100 %"@nb }')
    assert explanation is not None
    assert explanation.header.isascii()
    assert explanation.header.isprintable()
    assert "Gr%C3%B8nn 100 %25" in explanation.header
    assert unquote(explanation.header) == explanation.message
    assert Explanation("a\r\nX: b").header == "a%0D%0AX: b"


def test_every_query_of_the_project_is_divided_into_parts(data: Data) -> None:
    for path in sorted((Path(__file__).resolve().parents[2] / "queries").rglob("*.rq")):
        parsed = outline(read(path.read_text()))
        assert parsed is not None
        assert all(part.kind != "whole" for part in parsed.parts), path
        for part in parsed.parts:
            check(f"{parsed.head} {{ {part.text} }}", Limits())
