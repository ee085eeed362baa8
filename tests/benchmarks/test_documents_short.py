"""A short run of the document benchmark: all results are the same graph. It asserts no time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from pyld import jsonld

from benchmarks import document_times
from plangraf.rdf.jsonld_context import Context
from plangraf.views.describe import Description


@pytest.fixture(scope="module")
def found(built: Path) -> list[Description]:
    return asyncio.run(document_times.described(built))


@pytest.mark.slow
def test_ours_and_pyld_s_documents_mean_the_same_where_both_nest(found: list[Description]) -> None:
    context = Context(document_times.CONTEXT, document_times.ADDRESS)
    for description in found:
        assert document_times.meaning(document_times.ours(context, description)) == set(description.graph)
        framed = document_times.meaning(document_times.framed(description))
        assert framed <= set(description.graph)
        # What the thing itself says is there, whatever the frame leaves out.
        assert set(description.own) <= framed


@pytest.mark.slow
def test_pyld_expands_our_documents_without_losing_a_member(found: list[Description]) -> None:
    context = Context(document_times.CONTEXT, document_times.ADDRESS)
    for description in found:
        document = json.loads(document_times.ours(context, description))
        again = jsonld.compact(
            jsonld.expand(document, document_times.OPTIONS), document_times.ADDRESS, document_times.OPTIONS
        )
        assert document_times.meaning(json.dumps(again).encode()) == set(description.graph)


@pytest.mark.slow
def test_the_benchmark_gives_a_line_for_each_document(url: str, found: list[Description]) -> None:
    lines = document_times.compare(url, found[2:4], seconds=0)
    query = document_times.construct(found[2])
    with httpx.Client(base_url=url) as client:
        constructed = document_times.meaning(document_times.by_construct(client, query, 0))
    assert set(found[2].graph) <= constructed
    assert [line.triples for line in lines] == [len(description.graph) for description in found[2:4]]
    assert document_times.table(lines).count("\n") == 3
