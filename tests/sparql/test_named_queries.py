"""Named queries: errors of heads have file and line, and parameters become terms, never text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from plangraf.diagnostics.diagnostic import DataError
from plangraf.errors import ParameterError
from plangraf.sparql.named.binding import NamedQuery, load_queries, read_term
from plangraf.sparql.named.head import Parameter, parse_head

ROOT = Path(__file__).resolve().parents[2]
SDG = "http://metadata.un.org/sdg/"

HEAD = """#+ summary: Things by number
#+ description: One row per thing.
#+ tags: [thing]
#+ parameters:
#+   number: {type: integer, optional: true, example: "7"}
#+   target: {type: iri-or-code, is: sdgo:Target, optional: true, example: "11.6"}
#+   text: {type: string, optional: true}
#+   key: {type: code, optional: true, pattern: "^[a-z]+$"}
#+   thing: {type: iri, optional: true, is: plan:Plan}
#+ columns: {thing: iri, number: xsd:integer}
"""
BODY = """PREFIX ex: <http://example.org/>
# A comment with a { brace
SELECT ?thing (IF(EXISTS { ?thing ?p "a { b" }, ?n, 0) AS ?number)
WHERE { ?thing <http://example.org/number> ?n . FILTER (?n > 0) }
ORDER BY ?thing
"""


def parameter(type_: str, **more: Any) -> Parameter:
    return Parameter.model_validate({"type": type_, **more})


def load_one(folder: Path, text: str) -> NamedQuery:
    (folder / "things.rq").write_text(text)
    return load_queries(folder)["things"]


@pytest.fixture
def query(tmp_path: Path) -> NamedQuery:
    return load_one(tmp_path, HEAD + BODY)


# Heads


def test_a_head_declares_parameters_and_columns() -> None:
    head = parse_head(HEAD + BODY, "queries/things.rq")
    assert head.summary == "Things by number"
    assert head.tags == ("thing",)
    assert list(head.parameters) == ["number", "target", "text", "key", "thing"]
    assert head.parameters["target"].is_ == "sdgo:Target"
    assert head.columns == {"thing": "iri", "number": "xsd:integer"}


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("SELECT * {}", 1, "no head"),
        ("#+ columns: {a: iri}\n", 1, "summary"),
        ("#+ summary: x\n", 1, "columns"),
        ("#+ summary: x\n#+ colums: {a: iri}\n#+ columns: {a: iri}\n", 2, "colums"),
        ("# first a comment\n\n#+ summary: x\n#+ columns:\n#+   a: iri\n#+   b: float\n", 6, "columns.b"),
        (
            "#+ summary: x\n#+ parameters:\n#+   a: {type: text}\n#+ columns: {a: iri}\n",
            3,
            "parameters.a.type",
        ),
        (
            "#+ summary: x\n#+ parameters:\n#+   a: {optional: true}\n#+ columns: {a: iri}\n",
            3,
            "parameters.a.type",
        ),
        (
            "#+ summary: x\n#+ parameters:\n#+   a: {type: code, pattern: '['}\n#+ columns: {a: iri}\n",
            3,
            "pattern",
        ),
        ("#+ summary: x\n#+ parameters:\n#+   a: {type: code, dflt: 1}\n#+ columns: {a: iri}\n", 3, "dflt"),
        ("#+ summary: x\n#+ parameters:\n#+   a-b: {type: code}\n#+ columns: {a: iri}\n", 2, "a-b"),
        ("#+ summary: x\n#+ columns: {a: iri\n", 2, "not YAML"),
        ("#+ summary: 'x\n#+ columns: {a: iri}\n", 2, "not YAML"),
        ("#+ summary: [x]\n#+ columns: {a: iri}\n", 1, "summary"),
        ("#+ summary: x\n#+ columns: {}\n", 2, "columns"),
        ("#+ only a sentence\n", 1, "key: value"),
        ("#+ summary: x\n#+ either: [a, b]\n#+ columns: {c: iri}\n", 1, "'a' is not an optional parameter"),
        (
            "#+ summary: x\n#+ either: [a]\n#+ parameters: {a: {type: code, optional: true}}\n#+ columns: {c: iri}\n",
            1,
            "'a' is not an optional parameter with an example",
        ),
        (
            "#+ summary: x\n#+ columns: {c: iri}\n#+ json-stat: {value: v, dimensions: {c: {}}}\n",
            1,
            "'v' is not a column",
        ),
        (
            "#+ summary: x\n#+ columns: {c: iri, v: xsd:decimal}\n#+ json-stat: {value: v, dimensions: {}}\n",
            3,
            "json-stat.dimensions",
        ),
        (
            "#+ summary: x\n#+ columns: {c: iri}\n#+ walk: {links: {nb: x, en: y}, steps: 3, most: 9}\n",
            1,
            "walk: the parameters are from, to, steps, the columns path, length",
        ),
        ("#+ summary: x\n#+ columns: {c: iri}\n#+ walk: {links: {nb: x, en: y}, steps: 0, most: 9}\n", 3, "walk.steps"),
    ],
)
def test_an_invalid_head_is_reported_with_file_and_line(text: str, line: int, part: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_head(text, "queries/x.rq")
    (found,) = caught.value.problems
    assert (found.place.file, found.place.line) == ("queries/x.rq", line)
    assert part in found.en
    assert found.nb != found.en
    assert f"queries/x.rq:{line}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (HEAD + "ASK { ?s ?p ?o }", "is a SELECT"),
        (HEAD + "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "is a SELECT"),
        (HEAD + "SELECT ?thing", "expected .* or WHERE"),
        (HEAD + "SELECT ?number ?thing WHERE { ?thing ?p ?number }", "columns are thing, number"),
        (HEAD + "SELECT * WHERE { ?thing ?p ?number }", r"gives \*"),
        (HEAD.replace('example: "7"', 'example: "seven"') + BODY, "seven"),
        (HEAD + "SELECT ?thing ?number WHERE { ?thing ?p 'unclosed }", "line 11|Line 11|:11"),
    ],
)
def test_a_query_that_does_not_fit_its_head_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(DataError, match=part):
        load_one(tmp_path, text)


def test_the_queries_of_the_project_load() -> None:
    queries = load_queries(ROOT / "queries")
    assert len(queries) >= 7
    for query in queries.values():
        assert query.head.description
        assert set(query.example) >= {name for name, p in query.head.parameters.items() if not p.optional}
        Store().query(query.bind({name: [value] for name, value in query.example.items()}))


# Binding


def test_parameters_stand_in_one_values_block_after_the_first_brace_of_the_outermost_where(
    query: NamedQuery,
) -> None:
    bound = query.bind({"number": ["7"], "target": ["11.A"], "text": ['"} # \\ æ'], "lang": ["en"]})
    block = (
        "VALUES (?number ?target ?text ?lang) "
        f'{{ ("7"^^<http://www.w3.org/2001/XMLSchema#integer> <{SDG}11.a> '
        '"\\"} # \\\\ æ" "en") }'
    )
    assert bound == (HEAD + BODY).replace("WHERE {", f"WHERE {{ {block}")


def test_an_absent_optional_parameter_is_not_bound_and_the_language_is_bokmal(query: NamedQuery) -> None:
    assert 'WHERE { VALUES (?lang) { ("nb") } ?thing' in query.bind({})
    assert '(?lang ?municipality) { ("nb" "5001") }' in query.bind({"municipality": ["5001"]})


@pytest.mark.parametrize(
    ("given", "name", "part"),
    [
        ({"number": ["seven"]}, "number", "whole number"),
        ({"number": ["7", "8"]}, "number", "2 times"),
        ({"number": ["7", "7"]}, "number", "2 times"),
        ({"nummer": ["7"]}, "nummer", "takes: key, lang, municipality, number, target, text, thing"),
        ({"lang": ["sv"]}, "lang", "nb, en"),
        ({"lang": ["NB"]}, "lang", "nb, en"),
        ({"municipality": ["501"]}, "municipality", "5001"),
        ({"municipality": ["50010"]}, "municipality", "5001"),
        ({"municipality": [""]}, "municipality", ""),
        ({"key": ["A1"]}, "key", "form"),
        ({"text": ["a\x00b"]}, "text", "control"),
        ({"text": ["x" * 2000]}, "text", "limit"),
        ({"thing": ["plan/1"]}, "thing", "IRI"),
    ],
)
def test_an_invalid_parameter_is_named(query: NamedQuery, given: dict[str, list[str]], name: str, part: str) -> None:
    with pytest.raises(ParameterError) as caught:
        query.bind(given)
    assert caught.value.name == name
    assert caught.value.extra() == {"parameter": name}
    assert part in str(caught.value)


def test_a_missing_parameter_is_named_with_its_example() -> None:
    with pytest.raises(ParameterError, match=r"needed.*target=11\.6"):
        load_queries(ROOT / "queries")["plans-by-target"].bind({})


def test_one_of_several_parameters_may_be_needed() -> None:
    query = load_queries(ROOT / "queries")["observations"]
    with pytest.raises(
        ParameterError, match=r"'table': or indicator is needed by observations, .* Such as table="
    ) as found:
        query.bind({"area": ["5001"]})
    assert found.value.name == "table"
    assert '"07459"' in query.bind({"table": ["07459"]})
    assert "<http://a/b>" in query.bind({"indicator": ["http://a/b"]})
    assert query.example == {"table": "07459"}


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("integer", "7", Literal(7)),
        ("integer", "0", Literal(0)),
        ("integer", "-12", Literal(-12)),
        ("iri-or-code", "11.6", NamedNode(SDG + "11.6")),
        ("iri-or-code", "11.a", NamedNode(SDG + "11.a")),
        ("iri-or-code", "11.A", NamedNode(SDG + "11.a")),
        ("iri-or-code", "16.10", NamedNode(SDG + "16.10")),
        ("iri-or-code", "11", NamedNode(SDG + "11")),
        ("iri-or-code", "99.99", NamedNode(SDG + "99.99")),
        ("iri-or-code", SDG + "11.6", NamedNode(SDG + "11.6")),
        ("iri", "http://example.org/æøå", NamedNode("http://example.org/æøå")),
        ("code", "19/18054", Literal("19/18054")),
        ("lang", "en", Literal("en")),
        ("string", "Grønn mobilitet", Literal("Grønn mobilitet")),
        ("string", "", Literal("")),
    ],
)
def test_text_becomes_a_term_of_its_type(type_: str, text: str, expected: object) -> None:
    assert read_term("x", parameter(type_), text) == expected


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("integer", ""),
        ("integer", "07"),
        ("integer", "7.0"),
        ("integer", "+7"),
        ("integer", " 7"),
        ("integer", "7 "),
        ("integer", "٧"),
        ("integer", "9" * 30),
        ("integer", "1e3"),
        ("integer", "-0"),
        ("iri-or-code", ""),
        ("iri-or-code", "11-6"),
        ("iri-or-code", "11.6.1"),
        ("iri-or-code", "0.1"),
        ("iri-or-code", "11.æ"),
        ("iri-or-code", "eleven"),
        ("iri-or-code", "11. 6"),
        ("iri-or-code", "http://a/> } #"),
        ("iri", "http://example.org/a b"),
        ("iri", "http://example.org/<x>"),
        ("iri", "//example.org"),
        ("iri", 'http://example.org/"'),
        ("iri", "http://example.org/{}"),
        ("iri", "http://example.org/\n"),
        ("code", ""),
        ("code", "a b"),
        ("code", "æ"),
        ("code", '"'),
        ("lang", ""),
        ("lang", "nn"),
        ("string", "\n"),
        ("string", "\ud800"),
    ],
)
def test_malformed_text_is_refused(type_: str, text: str) -> None:
    with pytest.raises(ParameterError):
        read_term("x", parameter(type_), text)


HOSTILE = [
    '" } SELECT * { ?s ?p ?o } #',
    "\\",
    '\\"',
    "'",
    '"""',
    "?x",
    "${x}",
    "<http://a>",
    "\\u0022",
    "} #",
    "%22",
    "a\u2028b",
    "🏙",
    "e\u0301",
    '"@en',
    '"^^<http://a>',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_bound_as_one_literal(tmp_path: Path, text: str) -> None:
    head = "#+ summary: x\n#+ parameters:\n#+   text: {type: string}\n#+ columns: {text: string, lang: code}\n"
    query = load_one(tmp_path, head + "SELECT ?text ?lang WHERE { }")
    answer = Store().query(query.bind({"text": [text]}))
    assert isinstance(answer, QuerySolutions)
    assert [list(row) for row in answer] == [[Literal(text), Literal("nb")]]


def test_a_bound_query_finds_what_its_parameter_means(query: NamedQuery) -> None:
    store = Store()
    store.update("PREFIX : <http://example.org/> INSERT DATA { :a :number 7 ; :x 'a { b' . :b :number 8 }")
    answer = store.query(query.bind({"thing": ["http://example.org/a"]}))
    assert isinstance(answer, QuerySolutions)
    assert [row["number"] for row in answer] == [Literal(7)]
    unknown = store.query(query.bind({"thing": ["http://example.org/c"]}))
    assert isinstance(unknown, QuerySolutions)
    assert list(unknown) == []


def test_a_parameter_may_have_another_name_in_the_query_than_in_the_address(tmp_path: Path) -> None:
    head = HEAD.replace(
        "#+   text: {type: string, optional: true}", "#+   text: {type: string, variable: said, optional: true}"
    )
    query = load_one(tmp_path, head + BODY)
    assert 'VALUES (?said ?lang) { ("x" "nb") }' in query.bind({"text": ["x"]})


def test_a_branch_of_a_union_gets_the_parameters_too(tmp_path: Path) -> None:
    body = """SELECT ?thing ?number
WHERE {
  {
    #@ parameters
    ?thing <http://example.org/number> ?number }
  UNION { ?thing <http://example.org/old> ?number }
}
"""
    query = load_one(tmp_path, HEAD + body)
    bound = query.bind({"number": ["7"]})
    assert bound.count("VALUES (?number ?lang) {") == 2
    assert "#@" not in bound
    Store().query(bound)
