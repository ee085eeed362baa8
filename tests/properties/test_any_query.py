"""Any text as a query is quickly refused with a reason, or evaluated without a crash."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_apart import EngineApart
from hypothesis import example, given
from hypothesis import strategies as st

from example_counts import examples
from plangraf.errors import RequestError
from plangraf.rdf.namespaces import PLAN
from plangraf.sparql.explain.chosen_graphs import Graphs
from plangraf.sparql.explain.empty_answers import why_empty
from plangraf.sparql.explain.refusals import explain_engine_error
from plangraf.sparql.lexer import FUNCTIONS, tokenize
from plangraf.sparql.safety import CheckedQuery, Limits, check
from processor_time import measured_work
from sparql_grammar import grammar

ROOT = Path(__file__).resolve().parents[2]
QUERIES = [path.read_text() for path in sorted((ROOT / "queries").rglob("*.rq"))]
TERMS = frozenset(PLAN + name for text in QUERIES for name in re.findall(r"\bplan:(\w+)", text))
LIMITS = Limits()
MOST_SECONDS = 2.0
MOST_ENGINE_SECONDS = 20.0

WORDS = (
    *re.findall(
        r"\S+",
        r"""?s ?p ?o ?x $y _:b :a plan:Plan x: <http://x/> <> 1 2.5 1e3 'a' "b"@nb 'c'^^:d true a { } ( ) [ ] . , ; * /
        | ^ ! + - = < > && || @nb ^^ << >> {| |} ~ SELECT ASK CONSTRUCT DESCRIBE PREFIX BASE FROM NAMED WHERE FILTER
        OPTIONAL UNION MINUS GRAPH SERVICE BIND VALUES UNDEF AS GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET DISTINCT
        REDUCED COUNT NOT EXISTS IN STR REGEX IF COALESCE LATERAL INSERT LOAD # \u0041 \u0022 \ " ' """,
    ),
    '"""',
    "æ",
    "\0",
    "\ufeff",
    "\n",
)
XSD = "http://www.w3.org/2001/XMLSchema#"
LINES = ["PREFIX : <http://x/>", "PREFIX plan: <https://w3id.org/plangraf/ontology#>", "BASE <http://b/>"]


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineApart]:
    with EngineApart() as apart:
        yield apart


def guarded(text: str) -> CheckedQuery | None:
    """The query that the guard passes, or None after a quick refusal with a request error."""
    checked, refusal = None, None
    with measured_work() as work:
        try:
            checked = check(text, LIMITS, TERMS)
        except RequestError as error:
            refusal = error
    assert work.seconds < MOST_SECONDS
    assert checked is not None or str(refusal)
    return checked


def explained(text: str) -> None:
    """Explains an empty answer over data without any match."""
    asked = []

    async def ask(query: str) -> bool:
        asked.append(query)
        if (checked := guarded(query)) is None or checked.form != "ASK":
            raise RequestError("refused")
        return False

    async def find(query: str) -> list[str]:
        asked.append(query)
        if (checked := guarded(query)) is None or checked.form != "SELECT":
            raise RequestError("refused")
        return ["http://x/g"]

    for chosen in (None, ("http://x/g",)):
        asked.clear()
        asyncio.run(why_empty(ask, text, Graphs(("http://x/g", "http://x/h"), find, chosen, chosen)))
        assert len(asked) <= 12


@st.composite
def derived(draw: st.DrawFn) -> str:
    """A random sequence of tokens that follows the grammar and ends after some time."""
    table = grammar()
    rules = random.Random(draw(st.integers(0, 2**32)))
    # Names that are functions too, so that a bracket after one is valid.
    known = {
        "IRI": [f"<{XSD}string>"],
        "PNAME": ["xsd:string", "xsd:integer"],
        "PNAME_NS": [":"],
        "BNODE": ["_:b"],
        "VAR": ["?x", "?y", "?z"],
        "STRING": ["'a'", '"b"'],
        "LANGTAG": ["@nb"],
        "INTEGER": ["1"],
        "NUMBER": ["2.5"],
        "BOOLEAN": ["true"],
        "F0": ["NOW"],
        "F1": ["STR"],
        "F2": ["CONTAINS"],
        "F3": ["IF"],
        "F23": ["SUBSTR"],
        "FN": ["CONCAT"],
        "AGGREGATE": ["MAX"],
        "BNODE_CALL": ["BNODE"],
    }
    stack, words = ["Query"], [LINES[0], f"PREFIX xsd: <{XSD}>"]
    while stack and len(words) < 400:
        top = stack.pop()
        row = table.choices.get(top)
        if row is None:
            words.append(rules.choice(known.get(top, [top.strip("'")])))
            continue
        productions = sorted(set(row.values()), key=lambda production: (len(production), production))
        productions = [production for production in productions if "SERVICE" not in production]
        short = len(words) + len(stack) > 60
        stack += productions[0] if short else rules.choice(productions)
    return " ".join(words)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A query of the project with some tokens removed, doubled, moved or replaced."""
    text = draw(st.sampled_from(QUERIES))
    parts = [text[token.start : token.end] for token in tokenize(text)]
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(parts) - 1))
        change = draw(st.sampled_from(["leave out", "double", "replace", "move"]))
        if change == "leave out":
            del parts[at]
        elif change == "double":
            parts.insert(at, parts[at])
        elif change == "replace":
            parts[at] = draw(st.sampled_from(WORDS))
        else:
            parts.insert(draw(st.integers(0, len(parts) - 1)), parts.pop(at))
    return " ".join(parts)


heaps = st.lists(st.sampled_from(WORDS) | st.sampled_from(sorted(FUNCTIONS)), max_size=30).map(" ".join)
queries = st.one_of(
    st.text(st.characters()),
    heaps,
    st.builds("{}\nSELECT * {{ {} }}".format, st.sampled_from(LINES), heaps),
    st.builds("{}\nASK {{ ?s ?p ?o FILTER({}) }}".format, st.sampled_from(LINES), heaps),
    damaged(),
    derived(),
    derived(),
    derived(),
)


@given(queries)
@examples(350)
@example("ASK { '\ud800' }")
def test_any_text_is_refused_with_a_reason_or_does_not_crash_the_engine(engine: EngineApart, text: str) -> None:
    checked = guarded(text)
    if checked is None:
        return
    became, message = engine.tried(checked.text, MOST_ENGINE_SECONDS)
    assert became in ("read", "SyntaxError", "RuntimeError")
    if became != "read":
        error = explain_engine_error(message, text)
        assert 1 <= error.place.line <= text.count("\n") + 1
    explained(text)


REPEATED = [
    "{",
    "(",
    "[",
    "<<",
    "OPTIONAL { ?s ?p ?o ",
    "FILTER(",
    "FILTER(!",
    "STR(",
    "?s ?p ?o . ",
    "?s ?p ?o ; ?q ?r . ",
    "{ ?s ?p ?o } UNION ",
    "?s :p/:p ?o . ",
    "/:p",
    "|:p",
    "(:p)*",
    "^",
    "!",
    " - ",
    " + 1",
    " && true",
    " IN (",
    "1 ",
    "BIND(1 AS ?x) ",
    "VALUES ?x { 1 } ",
    "'",
    '"""',
    "#",
    "\\u0041",
    "<http://x/>",
    "@nb",
    "_:b ",
    "(1 2) ",
    "[ :p ",
    "MINUS { ",
    "EXISTS { ",
    "GRAPH ?g { ",
    "SELECT * { ",
    "{ SELECT * ",
    "COUNT(",
    "a",
    ".",
    "a.",
    "a:",
    "\\",
    "?",
]


@given(
    st.sampled_from(["", "ASK { ", "ASK { ?s ?p ?o FILTER(", "ASK { ?s :p", "SELECT ", "SELECT * { ?s ?p "]),
    st.sampled_from(REPEATED),
    st.sampled_from([10, 100, 3_000, 9_000, 60_000]),
    st.sampled_from(["", "1", "true", "?x", "?s ?p ?o"]),
    st.sampled_from(["", "}", ") }", " ?o }"]),
)
@examples(100)
@example("SELECT * ", "{", 9_000, "", "")
@example("ASK { ?s ?p ?o FILTER(", "(", 9_000, "1", ") }")
@example("ASK { ?s ?p ?o FILTER(", "STR(", 6_000, "1", ") }")
@example("ASK { ?s ?p ?o FILTER(", "!", 19_000, "true", ") }")
@example("ASK { ?s ?p ?o FILTER(1", " + 1", 9_000, "", ") }")
@example("ASK { ?s ?p ", "[ :p ", 6_000, "?x", "}")
@example("SELECT * { ?s ?p ", "(", 9_000, "1", "}")
@example("SELECT * { ?s ", "(", 9, ":p", " ?o }")
@example("ASK { ", "MINUS { ?s ?p ?o } ", 3_000, "", "}")
@example("ASK { ", "?s :p/:p ?o . ", 1_000, "", "}")
def test_long_repetitions_are_handled_quickly(
    engine: EngineApart, before: str, piece: str, times: int, core: str, after: str
) -> None:
    closing = {"{": "}", "(": ")", "[": "]"}
    opened = [closing[sign] for sign in piece if sign in closing and closing[sign] not in piece]
    times = min(times, 250_000 // len(piece + "".join(opened)))
    for ending in (core + after, core + "".join(opened) * times + after):
        text = f"{LINES[0]}\n{before}{piece * times}{ending}"
        if (checked := guarded(text)) is not None:
            assert engine.tried(checked.text, MOST_ENGINE_SECONDS)[0] in ("read", "SyntaxError", "RuntimeError")
            with measured_work() as work:
                explained(text)
            assert work.seconds < 6 * MOST_SECONDS


def test_the_separate_process_reports_the_outcome_of_a_query() -> None:
    with EngineApart() as apart:
        tried = [apart.tried(query, 10)[0] for query in ("ASK { }", "ASK {", "SELECT * " + "{" * 100_000, "ASK { }")]
    assert tried == ["read", "SyntaxError", "died", "died"]
