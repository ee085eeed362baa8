"""The benchmark of documents in short: its results mean the same before anything is timed. No time is asserted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from pyld import jsonld

from benchmarks import documents
from plangraf.rdf.jsonld_context import Context
from plangraf.views.describe import Description


@pytest.fixture(scope="module")
def found(built: Path) -> list[Description]:
    return asyncio.run(documents.described(built))


def test_ours_and_pyld_s_documents_mean_the_same_where_both_nest(found: list[Description]) -> None:
    context = Context(documents.CONTEXT, documents.ADDRESS)
    for description in found:
        assert documents.meaning(documents.ours(context, description)) == set(description.graph)
        framed = documents.meaning(documents.framed(description))
        assert framed <= set(description.graph)
        # What the thing itself says is there, whatever the frame leaves out.
        assert set(description.own) <= framed


def test_pyld_expands_our_documents_without_losing_a_member(found: list[Description]) -> None:
    context = Context(documents.CONTEXT, documents.ADDRESS)
    for description in found:
        document = json.loads(documents.ours(context, description))
        again = jsonld.compact(jsonld.expand(document, documents.OPTIONS), documents.ADDRESS, documents.OPTIONS)
        assert documents.meaning(json.dumps(again).encode()) == set(description.graph)


def test_the_benchmark_gives_a_line_for_each_document(
    built: Path, found: list[Description], run_server: Callable[..., AbstractContextManager[object]]
) -> None:
    with run_server(built, "--workers", "1", PLANGRAF_CACHE_MB="0") as server:
        lines = documents.compare(server.url, found[2:4], seconds=0)  # type: ignore[attr-defined]
        query = documents.construct(found[2])
        with httpx.Client(base_url=server.url) as client:  # type: ignore[attr-defined]
            constructed = documents.meaning(documents.by_construct(client, query, 0))
    assert set(found[2].graph) <= constructed
    assert [line.triples for line in lines] == [len(description.graph) for description in found[2:4]]
    assert documents.table(lines).count("\n") == 3
