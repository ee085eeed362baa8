"""Parameters of named queries: any text from a client becomes exactly one term of the query."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from example_counts import examples
from plangraf.errors import ParameterError
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.safety import Limits, check

HEAD = """#+ summary: What comes back
#+ parameters:
#+   text: {type: string, optional: true}
#+   iri: {type: iri, optional: true}
#+   either: {type: iri-or-code, optional: true}
#+   code: {type: code, optional: true}
#+   number: {type: integer, optional: true}
#+ columns: {text: string, iri: iri, either: iri, code: code, number: xsd:integer, lang: code}
SELECT ?text ?iri ?either ?code ?number ?lang WHERE { }
"""
SIGNS = "\"'\\<>{}()[]#?$^`@:;,.&|%\t\n\r æø\u00a0\u2028\ufeff\U0001f600"
PIECES = ['"""', "'''", "\\u0022", "\\u003E", "} #", "<http://a>", "?text", '"@en', '"^^<http://x>', "//", "%3E", "%"]

# A backslash and then `u0022` as text: rdflib decodes codepoint escapes (§19.2) without looking at what is before.
RDFLIB_READS_OTHERWISE = re.compile(r"\\\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})")

texts = st.one_of(
    st.text(), st.text(alphabet=SIGNS), st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)
)
addresses = st.builds("{}:{}".format, st.sampled_from(["http", "urn", "https", "a"]), texts) | texts
targets = st.from_regex(r"[1-9][0-9]?\.[1-9a-dA-D]", fullmatch=True)
codes = st.text(alphabet="0123456789.abAB/_-æ ") | texts
numbers = st.integers().map(str) | st.text(alphabet="0123456789+-. e٧")
VALUES = {
    "text": texts,
    "iri": addresses,
    "either": st.one_of(targets, codes, addresses),
    "code": codes,
    "number": numbers,
}


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> NamedQuery:
    folder = tmp_path_factory.mktemp("queries")
    (folder / "echo.rq").write_text(HEAD)
    return load_queries(folder)["echo"]


def by_pyoxigraph(query: str) -> dict[str, str]:
    answer = Store().query(query)
    assert isinstance(answer, QuerySolutions)
    (row,) = answer
    found = {}
    for variable in answer.variables:
        term = row[variable.value]
        assert isinstance(term, NamedNode | Literal | None)
        if term is not None:
            found[variable.value] = f"{type(term).__name__} {term.value}"
    return found


def by_rdflib(query: str) -> dict[str, str]:
    (row,) = rdflib.Graph().query(query)
    assert isinstance(row, rdflib.query.ResultRow)
    kinds = {rdflib.URIRef: "NamedNode", rdflib.Literal: "Literal"}
    return {name: f"{kinds[type(value)]} {value}" for name, value in row.asdict().items()}


@given(st.data())
@examples(100)
def test_any_text_becomes_the_term_that_it_means_or_is_refused(query: NamedQuery, data: st.DataObject) -> None:
    given_values: dict[str, str] = {}
    for name in data.draw(st.sets(st.sampled_from(sorted(VALUES)), min_size=1)):
        value = data.draw(VALUES[name], label=name)
        with suppress(ParameterError):
            query.bind({name: [value]})
            given_values[name] = value
    bound = query.bind({name: [value] for name, value in given_values.items()})
    expected = {
        name: f"{'NamedNode' if name in ('iri', 'either') else 'Literal'} {value}"
        for name, value in given_values.items()
    }
    expected["lang"] = "Literal nb"
    found = by_pyoxigraph(bound)
    if ":" not in given_values.get("either", ":"):
        assert found["either"] == f"NamedNode http://metadata.un.org/sdg/{given_values['either'].lower()}"
        expected["either"] = found["either"]
    assert found == expected
    if not RDFLIB_READS_OTHERWISE.search(bound):
        assert by_rdflib(bound) == expected
    assert check(bound, Limits()).form == "SELECT"


@given(texts)
@examples(100)
@example('"} } SELECT * { ?s ?p ?o } #')
@example("a\\")
@example("\\u0022 } #")
def test_any_string_is_returned_unchanged(query: NamedQuery, text: str) -> None:
    try:
        bound = query.bind({"text": [text]})
    except ParameterError:
        assert len(text) > 1000 or any(
            ord(sign) < 32 or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text
        )
        return
    expected = {"text": f"Literal {text}", "lang": "Literal nb"}
    assert by_pyoxigraph(bound) == expected
    if not RDFLIB_READS_OTHERWISE.search(bound):
        assert by_rdflib(bound) == expected
