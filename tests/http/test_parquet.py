"""Parquet of a query, a named query and a list: the same rows as CSV and JSON, typed, tagged and bounded."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plangraf.engines import parquet_answer
from plangraf.engines.interface import QueryRequest
from plangraf.engines.parquet_answer import ParquetWriter
from plangraf.errors import AnswerBrokenError, AnswerLimitError, WorkerCrashedError
from plangraf.rdf.formats import PARQUET

HERE = Path(__file__).resolve().parent
TYPE = "application/vnd.apache.parquet"
QUERY = """PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?thing ?number ?share ?day ?open ?text WHERE {
  VALUES (?thing ?number ?share ?day ?open ?text) {
    (<http://example.org/1> 1 0.5 "2020-02-29"^^xsd:date true "å, \\"b\\"\\nc"@nb)
    (UNDEF 2 UNDEF UNDEF false "")
    (<http://example.org/3> 3 12.25 "2021-01-01"^^xsd:date UNDEF UNDEF) } }"""


def table_of(response: httpx.Response) -> pa.Table:
    assert (response.status_code, response.headers["content-type"]) == (200, TYPE)
    return pq.read_table(io.BytesIO(response.content))


def as_text(value: object) -> str:
    """A value as CSV has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def rows_as_text(table: pa.Table) -> list[list[str]]:
    return [[as_text(value) for value in row.values()] for row in table.to_pylist()]


def rows_of_csv(response: httpx.Response) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.text, newline="")))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_answers_with_typed_columns(client: httpx.Client, method: str) -> None:
    given = {"params" if method == "GET" else "data": {"query": QUERY}}
    response = client.request(method, "/sparql", headers={"Accept": TYPE}, **given)  # type: ignore[arg-type]
    table = table_of(response)
    assert {field.name: str(field.type) for field in table.schema} == {
        "thing": "string",
        "number": "int64",
        "share": "decimal128(38, 12)",
        "day": "date32[day]",
        "open": "bool",
        "text": "string",
    }
    head, *rows = rows_of_csv(client.get("/sparql", params={"query": QUERY, "format": "csv"}))
    assert (table.column_names, rows_as_text(table)) == (head, rows)


def test_an_unbound_cell_is_null_and_an_empty_text_is_not(client: httpx.Client) -> None:
    table = table_of(client.get("/sparql", params={"query": QUERY, "format": "parquet"}))
    found = client.get("/sparql", params={"query": QUERY, "format": "json"}).json()["results"]["bindings"]
    bound = [{name for name, value in row.items() if value is not None} for row in table.to_pylist()]
    assert bound == [set(row) for row in found]
    assert table.column("text").to_pylist()[1] == ""


@pytest.mark.parametrize("path", ["/queries/plans", "/queries/perspectives-by-target", "/plans"])
def test_queries_and_lists_have_the_rows_of_their_csv(client: httpx.Client, path: str) -> None:
    more = "?target=11.6" if "target" in path else "?lang=en"
    response = client.get(f"{path}.parquet{more}")
    table = table_of(response)
    head, *rows = rows_of_csv(client.get(f"{path}.csv{more}"))
    assert rows
    assert (table.column_names, rows_as_text(table)) == (head, rows)
    assert client.get(f"{path}{more}", headers={"Accept": TYPE}).content == response.content


def test_it_is_tagged_named_by_version_and_answers_head(client: httpx.Client) -> None:
    response = client.get("/queries/plans.parquet")
    assert response.headers["plangraf-version"]
    tag = response.headers["etag"]
    assert tag != client.get("/queries/plans.csv").headers["etag"]
    assert client.get("/queries/plans.parquet", headers={"If-None-Match": tag}).status_code == 304
    head = client.head("/queries/plans.parquet", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(response.content))


def test_a_fleeting_query_is_not_kept(client: httpx.Client) -> None:
    response = client.get("/sparql", params={"query": "SELECT (NOW() AS ?now) {}", "format": "parquet"})
    assert table_of(response).num_rows == 1
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


def test_triples_and_answers_to_ask_are_not_tables(client: httpx.Client) -> None:
    for query in ("ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }"):
        response = client.get("/sparql", params={"query": query}, headers={"Accept": TYPE})
        assert (response.status_code, response.json()["code"]) == (406, "not-acceptable")


def test_an_error_of_the_query_is_the_error_of_every_format(client: httpx.Client) -> None:
    response = client.get("/sparql", params={"query": "SELECT ?x { ?x", "format": "parquet"})
    assert (response.status_code, response.json()["code"]) == (400, "query-syntax")


def test_every_address_with_it_documents_it(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/sparql", "/queries/plans", "/plans"):
        assert TYPE in paths[path]["get"]["responses"]["200"]["content"], path
    assert TYPE not in paths["/doc/{path}"]["get"]["responses"]["200"]["content"]


def test_pages_offer_the_download(client: httpx.Client) -> None:
    for path in ("/queries/plans", "/plans"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert f'href="{path}.parquet' in page, path
    page = client.get("/sparql", params={"query": QUERY}, headers={"Accept": "text/html"}).text
    assert "format=parquet" in page
    assert '"parquet"' in page  # of the settings of the editor


class Answer:
    """An answer of the engine of a number of chunks, after which it breaks off."""

    queued_s = evaluated_s = 0.0

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = chunks
        self.sent = 0
        self.closed = False

    @property
    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            self.sent += 1
            yield chunk

    async def aclose(self) -> None:
        self.closed = True


class Engine:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def query(self, request: QueryRequest) -> Answer:
        assert request.format.name == "tsv"
        return self.answer


def converted(answer: Answer) -> bytes:
    async def convert() -> bytes:
        found = await ParquetWriter().query(Engine(answer), QueryRequest("SELECT * {}", PARQUET))  # type: ignore[arg-type]
        return b"".join([chunk async for chunk in found.chunks])

    return asyncio.run(convert())


def test_rows_over_the_bound_are_given_up_while_they_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_answer, "MOST_MIB", 1)
    answer = Answer(b"?a\n", *[b"1\n" * 2**17] * 40)
    with pytest.raises(AnswerLimitError, match="more than 1 MiB of rows for Parquet"):
        converted(answer)
    assert answer.closed
    assert answer.sent == 5


def test_a_broken_answer_is_an_error_and_never_a_shorter_file() -> None:
    answer = Answer(b"?a\n1\n", AnswerBrokenError("the time limit was passed"))
    with pytest.raises(AnswerBrokenError):
        converted(answer)
    assert answer.closed


def test_a_writer_that_ends_early_is_an_error() -> None:
    with pytest.raises(WorkerCrashedError, match="ended with code 1"):
        converted(Answer(b"?a\n<a b\n", b"1\n" * 2**20))


def test_a_long_answer_leaves_in_pieces_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_answer, "_PIECE", 100)
    body = converted(Answer(b"?a\n", b"1\n2\n3\n"))
    assert len(body) > 300
    assert pq.read_table(io.BytesIO(body)).to_pydict() == {"a": [1, 2, 3]}


WITHOUT = """
import json, sys
sys.modules["pyarrow"] = None
from pathlib import Path
import httpx
from frozen import two_versions
from small_server import serving, small_settings
from plangraf.http.app import create_app

folder = Path(sys.argv[1])
two_versions(folder)
TYPE = "application/vnd.apache.parquet"
with serving(lambda port: create_app(small_settings(folder, port))) as url:
    client = httpx.Client(base_url=url, timeout=60)
    told = []
    for path, accept in (("/plans.parquet", "*/*"), ("/queries/plans.parquet", "*/*"), ("/plans?format=parquet", "*/*"),
                         ("/sparql?format=parquet&query=SELECT * {}", "*/*"), ("/plans", TYPE),
                         ("/sparql?query=SELECT * {}", TYPE),
                         ("/queries/plans", TYPE + ", text/csv;q=0.1"), ("/doc/5001/plan/one?format=parquet", "*/*")):
        answer = client.get(path, headers={"Accept": accept})
        body = answer.json() if answer.headers["content-type"].endswith("json") else {}
        told.append([answer.status_code, body.get("code", answer.headers["content-type"]), body.get("detail", "")])
    page = client.get("/plans", headers={"Accept": "text/html"}).text + client.get("/openapi.json").text
    print(json.dumps([told, "parquet" in page.lower()]))
"""


@pytest.mark.slow
def test_without_the_package_it_is_not_offered_and_its_name_says_what_to_install(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(tmp_path / "versions")],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])},
    )
    assert run.returncode == 0, run.stderr
    told, offered = json.loads(run.stdout.splitlines()[-1])
    assert not offered
    assert [(status, code) for status, code, _ in told] == [
        (501, "format-missing"),
        (501, "format-missing"),
        (501, "format-missing"),
        (501, "format-missing"),
        (406, "not-acceptable"),
        (406, "not-acceptable"),
        (200, "text/csv; charset=utf-8"),
        (400, "bad-parameter"),
    ]
    assert "python -m pip install 'plangraf[parquet]'" in told[0][2]
