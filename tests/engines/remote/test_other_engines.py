"""The short form of `make test ENGINE=…`: the version of this checkout over each engine that is present; takes long.

The named queries, lists, documents and pages of a service over another engine are compared byte by byte with those over
the embedded one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

import tested_engine
from engine_servers import absent, running_engine
from plangraf.sparql.named.binding import load_queries
from running_server import Server
from small_home import ROOT

pytestmark = [pytest.mark.embedded("starts the other engines itself"), pytest.mark.slow]
# Different in each answer: ids of requests, tags, labels of blank nodes.
_VARYING = re.compile(rb'"[0-9a-f]{32}"|"instance":"[0-9a-f]+"|_:\w+|127\.0\.0\.1:\d+')
_GRAPHS = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
_COUNT = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?m) { ?s ?p ?o }"
ADDRESSES = (
    "/",
    "/catalog.ttl",
    "/collections.csv",
    "/doc/5001/plan/2020-2023-7.html",
    "/doc/5001/plan/2020-2023-7.jsonld",
    "/doc/5001/plan/2020-2023-7.ttl",
    "/doc/5001/perspective/2020-7.html?lang=en",
    "/goals/11",
    "/targets/11.6.html",
    "/plans.csv",
    "/plans.html",
    "/plans.ttl",
    "/perspectives.jsonld",
    "/ontology.html",
    "/shapes/theme/plan",
    "/sparql/vocabulary",
    f"/sparql?query={quote(_COUNT)}&format=csv",
    f"/sparql?query={quote(_GRAPHS)}&format=json",
    f"/sparql?query={quote('SELECT (1/4 AS ?a) (10.0 AS ?b) (1e3 AS ?c) (true AS ?d) { }')}&format=json",
    f"/sparql?query={quote('ASK { ?s ?p ?o }')}&format=xml",
)


def asked() -> list[str]:
    """The addresses, and each named query with its examples."""
    found = [*ADDRESSES]
    for name, query in sorted(load_queries(ROOT / "queries").items()):
        given = {parameter: spec.example for parameter, spec in query.head.parameters.items() if not spec.optional}
        found.append(f"/queries/{name}.csv?" + "&".join(f"{key}={quote(str(value))}" for key, value in given.items()))
    return found


@pytest.fixture(scope="module", params=["oxigraph", "fuseki"])
def beside(
    request: pytest.FixtureRequest,
    built: Path,
    tmp_path_factory: pytest.TempPathFactory,
    run_server: Callable[..., AbstractContextManager[Server]],
) -> Iterator[tuple[str, str]]:
    """An engine's name, and the address of a service over it."""
    engine = request.param
    if why := absent(engine):
        pytest.skip(f"absent: {why}")
    with running_engine(engine, tmp_path_factory.mktemp(engine)) as running:
        tested_engine.tell(engine, running.target)
        try:
            with run_server(built) as server:
                tested_engine.forget()
                yield engine, server.url
        finally:
            tested_engine.forget()


def test_every_answer_is_that_of_the_embedded_engine(beside: tuple[str, str], url: str) -> None:
    _, other = beside
    different = []
    for address in asked():
        answers = [httpx.get(base + address, timeout=120) for base in (url, other)]
        bodies = [_VARYING.sub(b"", answer.content) for answer in answers]
        # A named query may need one of several parameters, or a table of statistics; then both say so.
        wanted = (200,) if address in ADDRESSES else (200, 400)
        same = answers[0].status_code == answers[1].status_code and bodies[0] == bodies[1]
        if not same or answers[0].status_code not in wanted:
            different.append((address, *(answer.status_code for answer in answers), bodies[1][:60]))
    assert not different


def test_virtuoso_holds_the_version_whole_and_serves_those_who_accept_its_answers(
    built: Path,
    tmp_path: Path,
    run_server: Callable[..., AbstractContextManager[Server]],
    url: str,
) -> None:
    if why := absent("virtuoso"):
        pytest.skip(f"absent: {why}")
    with running_engine("virtuoso", tmp_path) as running:
        tested_engine.tell("virtuoso", running.target)
        try:
            refused = {"PLANGRAF_ENGINE_ACCEPT_DIFFERENCES": "false"}
            with pytest.raises(AssertionError, match="answers standard queries wrongly"), run_server(built, **refused):
                pass
            with run_server(built) as server:
                for address in ("/queries/plans.csv", "/plans.csv", f"/sparql?query={quote(_COUNT)}&format=csv"):
                    answers = [httpx.get(base + address, timeout=120) for base in (url, server.url)]
                    assert answers[0].status_code == answers[1].status_code == 200, answers[1].text
                    assert answers[0].content == answers[1].content
        finally:
            tested_engine.forget()
