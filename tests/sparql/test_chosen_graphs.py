"""Explanations of empty answers from selected graphs name these graphs, and others with a match."""

from __future__ import annotations

import asyncio

import pytest
from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QuerySolutions, RdfFormat, Store

from plangraf.errors import QueryTimeoutError
from plangraf.sparql.explain.chosen_graphs import Graphs
from plangraf.sparql.explain.empty_answers import Explanation, why_empty
from plangraf.sparql.safety import Limits, check

PREFIXES = "PREFIX : <http://e/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
IN = {
    "plans": ':p1 a :Plan ; :number 7 ; :about :t1 . :p2 a :Plan ; :number 8 ; :title "Klima"@nb .',
    "more": ":p3 a :Plan ; :number 9 .",
    "third": ":p4 a :Plan . :p5 a :Plan . :t1 :title 'T' .",
    "last": ":p6 a :Plan .",
    "town": ':town a :Town ; :title "Town"@nb . :t1 a :Topic .',
    "empty-one": "",
}
G = "http://g/"
NAMES = tuple(G + name for name in IN)


class Served:
    """A store as in a worker, queried with the graphs that the parameters of a request select."""

    def __init__(self) -> None:
        self.store = Store()
        for name, text in IN.items():
            for target in (None, NamedNode(G + name)):
                self.store.load((PREFIXES + text).encode(), RdfFormat.TURTLE, to_graph=target)
        self.found: list[str] = []
        self.asked = 0
        self.fails = False

    def why(
        self,
        query: str,
        default: tuple[str, ...] | None = None,
        named: tuple[str, ...] | None = None,
        names: tuple[str, ...] = NAMES,
    ) -> Explanation | None:
        self.found.clear()
        self.asked = 0

        async def ask(text: str) -> bool:
            self.asked += 1
            check(text, Limits())
            if default is None and named is None:
                answer = self.store.query(text)
            else:
                chosen: list[NamedNode | DefaultGraph] = [NamedNode(iri) for iri in default or ()]
                answer = self.store.query(
                    text, default_graph=chosen, named_graphs=[NamedNode(iri) for iri in named or ()]
                )
            assert isinstance(answer, QueryBoolean)
            return bool(answer)

        async def find(text: str) -> list[str]:
            self.asked += 1
            self.found.append(text)
            if self.fails:
                raise QueryTimeoutError(1)
            check(text, Limits())
            answer = self.store.query(text)
            assert isinstance(answer, QuerySolutions)
            return [row[0].value for row in answer]  # type: ignore[union-attr]

        explanation = asyncio.run(why_empty(ask, PREFIXES + query, Graphs(names, find, default, named)))
        assert self.asked <= 12
        return explanation


@pytest.fixture
def served() -> Served:
    return Served()


def url(*names: str) -> tuple[str, ...]:
    return tuple(G + name for name in names)


@pytest.mark.parametrize(
    ("query", "default", "named", "said"),
    [
        (
            "SELECT * { GRAPH <http://g/town> { ?p :number ?n } }",
            None,
            None,
            "Nothing matches `?p :number ?n` (line 2, column 36) in <http://g/town>; there are matches in "
            "<http://g/more> and <http://g/plans>: choose one of these, or no graph.",
        ),
        (
            "SELECT * { GRAPH <http://g/town> { ?p a :Plan } }",
            None,
            None,
            "Nothing matches `?p a :Plan` (line 2, column 36) in <http://g/town>; there are matches in "
            "<http://g/last>, <http://g/more> and <http://g/plans>, among others: choose one of these, or no graph.",
        ),
        (
            "SELECT * { GRAPH <http://g/town> { ?p a :Plan ; :number 8 FILTER(?p != :p9) } }",
            None,
            None,
            "Nothing matches `?p a :Plan` (line 2, column 36) in <http://g/town>; all of the patterns match in "
            "<http://g/plans>: choose that graph, or none.",
        ),
        ("SELECT * { GRAPH <http://g/town> { ?p a :Plan ; :number 8 ; :nix ?x } }", None, None, "<http://g/more> and"),
        (
            "SELECT * FROM <http://g/town> { ?p :number 8 }",
            None,
            None,
            "Nothing matches `?p :number 8` (line 2, column 33) in <http://g/town>; there are matches in "
            "<http://g/plans>: choose that graph, or none.",
        ),
        (
            "SELECT * FROM <http://g/town> FROM <http://g/more> { ?p a :Plan ; :number 8 }",
            None,
            None,
            "Nothing matches `?p :number 8` (line 2, column 67) in the graphs that the query chose; all of the "
            "patterns match in <http://g/plans>: choose that graph, or none.",
        ),
        (
            "SELECT * { ?p :number 8 }",
            url("town"),
            (),
            "Nothing matches `?p :number 8` (line 2, column 12) in <http://g/town>; there are matches in ",
        ),
        (
            "SELECT * FROM <http://g/plans> { ?p :number 8 }",
            url("town", "more"),
            None,
            " in the graphs that the request chose; there are matches in <http://g/plans>: ",
        ),
        (
            "SELECT * FROM NAMED <http://g/town> { GRAPH ?g { ?p :number 8 } }",
            None,
            None,
            " in <http://g/town>; there are matches in <http://g/plans>: ",
        ),
        (
            "SELECT * FROM NAMED <http://g/town> FROM NAMED <http://g/last> { GRAPH ?g { ?p :number 8 } }",
            None,
            None,
            " in the graphs that the query chose; there are matches in <http://g/plans>: ",
        ),
        (
            "SELECT * { GRAPH ?g { ?p :number 8 } }",
            None,
            url("town"),
            " in <http://g/town>; there are matches in <http://g/plans>: ",
        ),
        (
            "SELECT * { GRAPH <http://g/town> { { ?p a :Plan } UNION { ?p :number 8 } } }",
            None,
            None,
            "No branch of `{ ... } UNION { ... }` (line 2, column 36) has a match in <http://g/town>; there are "
            "matches",
        ),
        (
            "SELECT * { GRAPH <http://g/town> { ?p :about/:title ?n } }",
            None,
            None,
            "no triple has the predicate :about in <http://g/town>.",
        ),
        # Without a match in any graph, the message names the selected graph.
        (
            "SELECT * { GRAPH <http://g/town> { ?p a :Plam } }",
            None,
            None,
            "nothing has the class :Plam in <http://g/town>.",
        ),
        (
            "SELECT * FROM <http://g/town> { ?p :nummer 8 }",
            None,
            None,
            "no triple has the predicate :nummer in <http://g/town>.",
        ),
        (
            "SELECT * FROM <http://g/town> { ?p a :Town ; :nummer ?n }",
            None,
            None,
            "no triple has the predicate :nummer in <http://g/town>.",
        ),
        (
            "SELECT * { GRAPH <http://g/town> { :town a :p1 } }",
            None,
            None,
            "nothing has the class :p1 in <http://g/town>.",
        ),
        ("SELECT * { GRAPH <http://g/town> { :p1 :title :none } }", None, None, "in <http://g/town>"),
        (
            "SELECT * FROM <http://g/plans> { ?p :about :town }",
            None,
            None,
            "the data in <http://g/plans> do not know :town.",
        ),
        ('SELECT * { GRAPH <http://g/plans> { ?p a :Plan ; :title "Klima"@no } }', None, None, "the language tag @nb"),
        # Everything is looked at: nothing is said of graphs.
        ("SELECT * { ?p a :Plam }", None, None, "nothing has the class :Plam."),
        ("SELECT * { GRAPH ?g { ?p a :Plam } }", None, None, "nothing has the class :Plam."),
        # In another graph than the patterns before it.
        (
            "SELECT * { GRAPH <http://g/plans> { ?p :about ?t . ?t a :Topic } }",
            None,
            None,
            "Nothing matches `?t a :Topic` (line 2, column 52) in <http://g/plans>; there are matches in "
            "<http://g/town>: ",
        ),
        (
            "SELECT * { GRAPH <http://g/plans> { ?p :about ?t . ?t :title ?n } }",
            None,
            None,
            "Nothing matches `?t :title ?n` (line 2, column 52) together with what stands before it in "
            "<http://g/plans>; there are matches in <http://g/third>: write it outside of GRAPH, or into one of its "
            "own.",
        ),
        (
            "SELECT * { GRAPH ?g { ?p :about ?t . ?t :title ?n } }",
            None,
            None,
            "together with what stands before it in one graph; there are matches in <http://g/third>: write it outside",
        ),
        (
            "SELECT * FROM <http://g/plans> { ?p :about ?t . ?t :title ?n }",
            None,
            None,
            "together with what stands before it in <http://g/plans>; there are matches in <http://g/third>: choose "
            "that graph too, or none.",
        ),
        # Graphs that there are not, or that were not chosen.
        (
            "SELECT * { GRAPH <http://g/plams> { ?p a :Plan } }",
            None,
            None,
            "There is no graph <http://g/plams> (line 2, column 18); did you mean <http://g/plans>? The graphs are "
            "listed in the service description, at /sparql.",
        ),
        (
            "SELECT * { GRAPH :town { ?p a :Plan } }",
            None,
            None,
            "There is no graph <http://e/town> (line 2, column 18); did you mean <http://g/town>? The graphs are "
            "listed",
        ),
        (
            "SELECT * { GRAPH <http://g/empty-one> { ?p a :Plan } }",
            None,
            None,
            "There is no graph with triples for `GRAPH",
        ),
        (
            "SELECT * FROM <http://nowhere/> { ?p a :Plan }",
            None,
            None,
            "There is no graph <http://nowhere/> (line 2, column 10). The graphs are listed",
        ),
        (
            "SELECT * FROM <http://g/town> FROM <http://nowhere/> { ?p a :Plan }",
            None,
            None,
            "among others: choose one of these, or no graph. There is no graph <http://nowhere/>.",
        ),
        ("SELECT * { ?p a :Plan }", url("nowhere"), (), "There is no graph <http://g/nowhere>. The graphs are listed"),
        (
            "SELECT * FROM NAMED <http://nowhere/> { GRAPH ?g { ?p a :Plan } }",
            None,
            None,
            "There is no graph <http://nowhere/> (line 2, column 10). The graphs are listed",
        ),
        (
            "SELECT * FROM NAMED <http://g/town> { GRAPH <http://g/plans> { ?p a :Plan } }",
            None,
            None,
            "<http://g/plans> (line 2, column 45) is none of the named graphs that the query chose: add FROM NAMED "
            "<http://g/plans>.",
        ),
        (
            "SELECT * FROM <http://g/plans> { GRAPH <http://g/plans> { ?p a :Plan } }",
            None,
            None,
            "add FROM NAMED <http",
        ),
        (
            "SELECT * { GRAPH <http://g/plans> { ?p a :Plan } }",
            url("town"),
            None,
            "named graphs that the request chose: add named-graph-uri=http://g/plans.",
        ),
        (
            "SELECT * FROM <http://g/plans> { GRAPH ?g { ?p a :Plan } }",
            None,
            None,
            "The query chose no named graph, so GRAPH ?g (line 2, column 40) has none: add FROM NAMED <…>.",
        ),
        ("SELECT * { GRAPH ?g { ?p a :Plan } }", url("town"), None, "The request chose no named graph, so GRAPH ?g"),
        (
            "SELECT * { ?p a :Plan }",
            None,
            url("plans"),
            "With named-graph-uri alone the default graph is empty: put the patterns into GRAPH ?g { ... }, or send "
            "default-graph-uri.",
        ),
        ("SELECT * FROM NAMED <http://g/plans> { ?p a :Plan }", None, None, "With FROM NAMED alone the default graph"),
        ("SELECT * FROM <http://g/empty-one> { ?p a :Plan }", None, None, "The graphs that FROM names hold no triple"),
        ("SELECT * { ?p a :Plan }", url("empty-one"), None, "The graphs that default-graph-uri names hold no triple."),
    ],
)
def test_an_explanation_refers_to_the_selected_graphs(
    served: Served, query: str, default: tuple[str, ...] | None, named: tuple[str, ...] | None, said: str
) -> None:
    explanation = served.why(query, default, named)
    assert explanation is not None
    assert said in explanation.message


def test_a_query_over_all_graphs_needs_no_search_of_other_graphs(served: Served) -> None:
    assert served.why("SELECT * { ?p a :Plan ; :nix ?n }")
    assert served.why("SELECT * { ?p a :Plan ; :number 8 ; :number 9 }")
    assert served.found == []


def test_a_search_that_takes_too_long_is_skipped(served: Served) -> None:
    served.fails = True
    explanation = served.why("SELECT * { GRAPH <http://g/town> { ?p a :Plan } }")
    assert explanation is not None
    assert explanation.message.endswith("nothing has the class :Plan in <http://g/town>.")
    assert len(served.found) == 1


def test_without_a_list_of_graphs_no_graph_is_called_unknown(served: Served) -> None:
    explanation = served.why("SELECT * { GRAPH <http://g/none> { ?p a :Plan } }", names=())
    assert explanation is not None
    assert explanation.message.startswith("There is no graph with triples for `GRAPH <http://g/none>")


def test_a_long_name_of_a_graph_is_cut(served: Served) -> None:
    for query in (
        "SELECT * {{ GRAPH <{}> {{ ?p a :Plan }} }}",
        "SELECT * FROM <{}> FROM <http://g/town> {{ ?p a :Plan }}",
    ):
        explanation = served.why(query.format("http://g/" + "x" * 5000))
        assert explanation is not None
        assert "xxx…>" in explanation.message
        assert len(explanation.message) < 600
