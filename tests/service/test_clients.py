"""Real clients against the real server: curl lines and programs of README and docs, SPARQLWrapper, SPARQLStore."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from rdflib import Graph, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, RDFXML, TURTLE, XML, SPARQLWrapper

from doc_pages import PAGES, README, blocks, shell_lines

CURL_LINES = [line for page in PAGES for line in shell_lines(page) if line.startswith("curl ")]
# What the answer to each holds, by a part of its address.
EXPECTED = {
    "/search?q=parkeringspolitikk": "Plan for helhetlig parkeringspolitikk i Trondheim",
    "/search.jsonld?q=": "5001/case/",
    "/search?q=klimaplan": "5001/plan/2020-2023-12",
    "/search/suggestions": "Grønn mobilitet".encode().decode("latin-1"),
    "/pictures/matrix.png": "\x89PNG",
    "/pictures/coverage.csv": "kind",
    "/queries/plans.csv": "plan,number,title,kind,startYear",
    "/queries/plans-by-target": '"primary"',
    "/queries/coverage.csv": "target,targetCode,targetLabel",
    ":8000/id/5001/plan/2020-2023-7": "Kommunedelplan areal for Sluppen",
    ":8000/doc/5001/perspective": '"@context"',
    "/queries/compare-municipalities.csv": "perspectivesPrinted",
    "/queries/target-profile.csv": "community-goal,",
    "/queries/figures-and-statistics.csv": ",basis,",
    "/queries/promise-to-decision.csv": "governing-document/energi-og-klimaplanen",
    "/queries/trace.csv": "5001/commitment/2023-7-65 11.6,1,1,",
    "/queries/edges.csv": "plan-perspective,",
    "/queries/plan-target-paths.csv": "11.6,true,true,3,",
    "/queries/indicators-by-target.csv": "C110602",
    "/queries/indicators.csv": "U4SSC",
    "/queries/indicator-coverage.csv": "nationalIndicators",
    "/queries/indicator-gaps.csv": "gap,municipality,target",
    "?target (COUNT(?perspective)": "target,named",
    "/collections.csv": "Plans",
    "/plans.csv?kind": "Temaplan",
    "/documents.jsonld": '"totalItems"',
    "/commitments.csv": "5001/commitment/",
    '/version/"': '"versions"',
    "/version/0123456789abcdef/doc": "Kommunedelplan areal for Sluppen",
    "/compare/": "TX .",
    "/mcp": '"structuredContent"',
    '/feed"': "tree:view",
    "/feed/1": "activitystreams#Create",
    "plangraf.nq.gz": "\x1f\x8b",
    "csv/Plan.csv": "Kommunedelplan areal for Sluppen",
    "Plan.parquet": "PAR1",
    "/queries/plans.parquet": "PAR1",
}
PLAN_7 = "https://w3id.org/plangraf/id/5001/plan/2020-2023-7"


@pytest.mark.parametrize("part", EXPECTED)
def test_each_expectation_is_that_of_one_curl_line(part: str) -> None:
    assert sum(part in line for line in CURL_LINES) == 1


@pytest.mark.sampled(3)
@pytest.mark.parametrize("line", CURL_LINES)
def test_a_curl_line_of_the_docs_answers_as_printed(url: str, line: str, tmp_path: Path) -> None:
    (expected,) = [expected for part, expected in EXPECTED.items() if part in line]
    version = httpx.get(f"{url}/health/ready").headers["plangraf-version"]
    for placeholder in ("0123456789abcdef", "fedcba9876543210"):
        line = line.replace(placeholder, version)
    words = [word.replace("http://127.0.0.1:8000", url) for word in shlex.split(line, comments=True)]
    run = subprocess.run([*words, "--silent", "--show-error", "--fail"], capture_output=True, timeout=120, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    answer = run.stdout + b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert expected.encode("latin-1") in answer


def test_the_python_example_prints_the_plans_of_perspective_7(url: str) -> None:
    (program,) = blocks(README, "python")
    program = program.replace("http://127.0.0.1:8000", url)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert [line.split(" ", 1)[0] for line in run.stdout.splitlines()] == ["8", "10", "15", "16"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper_reads_every_result_format(url: str, method: str) -> None:
    wrapper = SPARQLWrapper(f"{url}/sparql")
    wrapper.setMethod(method)
    wrapper.setQuery(f"SELECT ?title WHERE {{ <{PLAN_7}> <http://purl.org/dc/terms/title> ?title }}")
    title = "Kommunedelplan areal for Sluppen (del 2) med veiledende plan for offentlige rom"
    wrapper.setReturnFormat(JSON)
    assert [row["title"]["value"] for row in wrapper.queryAndConvert()["results"]["bindings"]] == [title]
    wrapper.setReturnFormat(XML)
    assert title in wrapper.queryAndConvert().toxml()
    wrapper.setReturnFormat(CSV)
    assert wrapper.queryAndConvert().decode() == f"title\r\n{title}\r\n"


@pytest.mark.parametrize("return_format", [TURTLE, RDFXML, JSONLD])
def test_sparqlwrapper_reads_every_graph_format(url: str, return_format: str) -> None:
    wrapper = SPARQLWrapper(f"{url}/sparql", returnFormat=return_format)
    wrapper.setQuery(f"CONSTRUCT WHERE {{ <{PLAN_7}> ?p ?o }}")
    answer = wrapper.queryAndConvert()
    graph = answer if isinstance(answer, Graph) else Graph().parse(data=answer, format="turtle")
    assert len(set(graph.subjects())) == 1
    assert URIRef(PLAN_7) in set(graph.subjects())


def test_sparqlwrapper_posts_a_query_as_its_own_media_type(url: str) -> None:
    wrapper = SPARQLWrapper(f"{url}/sparql", returnFormat=JSON)
    wrapper.setMethod("POST")
    wrapper.setRequestMethod("postdirectly")
    wrapper.setQuery("ASK { ?s <http://purl.org/dc/terms/title> 'Grønn mobilitet æøå' }")
    assert wrapper.queryAndConvert()["boolean"] is False


def test_rdflib_joins_through_its_sparql_store(url: str) -> None:
    graph = Graph(SPARQLStore(f"{url}/sparql"))
    plan = "https://w3id.org/plangraf/ontology#"
    rows = list(graph.query(f"SELECT ?n WHERE {{ <{PLAN_7}> <{plan}respondsTo>/<{plan}number> ?n }} ORDER BY ?n"))
    assert [int(row[0]) for row in rows] == [6, 7, 8, 10, 11]
    perspective = URIRef("https://w3id.org/plangraf/id/5001/perspective/2020-11")
    assert (URIRef(PLAN_7), URIRef(plan + "primaryPerspective"), perspective) in graph
