"""Fetches the answers of an engine as a graph, rows, a boolean or bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import orjson
from pyoxigraph import NamedNode, RdfFormat, parse

from plangraf.engines.interface import Engine, QueryRequest
from plangraf.errors import AnswerBrokenError, QueryTimeoutError
from plangraf.rdf.formats import JSON, N_TRIPLES
from plangraf.rdf.graph import Statements, canonical

# The things of one query.
_BATCH = 400


async def fetch(engine: Engine, query: str) -> Statements:
    """The graph of a CONSTRUCT query, in the order of its N-Triples lines; without bulk triples, see QueryRequest.

    Pages show what has no order of its own in this one, because each engine has another.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    body = await fetch_bytes(engine, QueryRequest(query=query, format=N_TRIPLES, bulk=False))
    lines = b"\n".join(sorted(body.split(b"\n")))
    return canonical(quad.triple for quad in parse(lines, RdfFormat.N_TRIPLES))


async def fetch_properties(engine: Engine, things: Iterable[NamedNode], wanted: Iterable[NamedNode]) -> Statements:
    """The statements of some things with the wanted properties.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    # A FILTER reads only the triples of each thing. A second VALUES, for ?p, would make the engine scan all data.
    properties = ", ".join(str(p) for p in wanted)
    names = sorted(str(thing) for thing in things)
    graph: Statements = []
    for start in range(0, len(names), _BATCH):
        graph += await fetch(
            engine,
            f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
              VALUES ?s {{ {" ".join(names[start : start + _BATCH])} }}
              ?s ?p ?o
              FILTER (?p IN ({properties}))
            }}""",
        )
    return graph


async def fetch_rows(
    engine: Engine, query: str, *, like: QueryRequest | None = None, bulk: bool = True
) -> list[dict[str, dict[str, str]]]:
    """The rows of a SELECT query in the form of SPARQL JSON.

    `like` works as in `fetch_boolean`, `bulk` as in a request.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    body = await fetch_bytes(engine, replace(_request(query, like), bulk=bulk))
    rows: list[dict[str, dict[str, str]]] = orjson.loads(body)["results"]["bindings"]
    return rows


async def fetch_boolean(engine: Engine, query: str, *, like: QueryRequest | None = None) -> bool:
    """The answer of an ASK query. It uses dataset, limit and client of the request `like`, if given.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    body = await fetch_bytes(engine, _request(query, like))
    return bool(orjson.loads(body)["boolean"])


def _request(query: str, like: QueryRequest | None) -> QueryRequest:
    return replace(like, query=query, format=JSON) if like else QueryRequest(query=query, format=JSON)


async def fetch_bytes(engine: Engine, request: QueryRequest) -> bytes:
    """The whole body of an answer.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    answer = await engine.query(request)
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    except AnswerBrokenError as error:
        # Nothing of it was sent, so that the reader can be told the reason and try again.
        if isinstance(error.__cause__, QueryTimeoutError):
            raise error.__cause__ from None
        raise
    finally:
        await answer.aclose()
