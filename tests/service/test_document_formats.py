"""Every thing in the data has one document, and all formats of it are the same graph."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pyld import jsonld
from pyoxigraph import NamedNode, QueryResultsFormat, RdfFormat, Store, parse

from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.formats import JSON, N_QUADS, N_TRIPLES, RDF_XML, TRIG, TURTLE, Format
from plangraf.rdf.graph import Statements, canonical, write
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.jsonld_documents import compact_document, compact_graph, dump, expanded_nodes
from plangraf.rdf.namespaces import ID, PREFIXES, SDG
from plangraf.sparql.safety import CheckedQuery, Limits, check
from plangraf.store.contents import Contents
from plangraf.store.versions import Version, VersionStore, context_digest
from plangraf.views.declarations import load_frames
from plangraf.views.describe import Description, describe
from plangraf.views.document_parts import find_graphs, write_placed

CONTEXT = json.loads((Path(__file__).resolve().parents[2] / "ontology" / "context.jsonld").read_bytes())
FRAMES = load_frames(Path(__file__).resolve().parents[2])
ADDRESS = "http://127.0.0.1:8000/context/v1.jsonld"
W3C = "http://www.w3.org/ns/json-ld#"
CASE = "5001/case/bystyret-68-19"
PARSERS = {TURTLE: RdfFormat.TURTLE, N_TRIPLES: RdfFormat.N_TRIPLES, RDF_XML: RdfFormat.RDF_XML}
DATASET_PARSERS = {TRIG: RdfFormat.TRIG, N_QUADS: RdfFormat.N_QUADS}


class InProcess:
    """One version in this process, without workers; see engine.base.Engine."""

    ready = True

    def __init__(self, version: Version) -> None:
        self.snapshot = Snapshot(Contents.read(version), self)
        self._store, self._union = Store(), Store()
        dump = b"".join(version.quads())
        self._store.bulk_load(io.BytesIO(dump), RdfFormat.N_QUADS)
        self._union.extend(type(quad)(*quad.triple) for quad in self._store)

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def check(self, query: str) -> CheckedQuery:
        return check(query, Limits())

    async def query(self, request: QueryRequest) -> QueryAnswer:
        store = self._store if "GRAPH" in request.query else self._union
        result: Any = store.query(request.query)
        body = self._bytes(result, request.format)

        async def chunks() -> AsyncIterator[bytes]:
            yield body

        async def aclose() -> None: ...

        answer: Any = SimpleNamespace(chunks=chunks(), aclose=aclose, format=request.format)
        return answer  # type: ignore[no-any-return]

    @staticmethod
    def _bytes(result: Any, format_: Format) -> bytes:
        wanted = QueryResultsFormat.JSON if format_ == JSON else RdfFormat.N_TRIPLES
        body: bytes = result.serialize(format=wanted)
        return body


@pytest.fixture(scope="module")
def engine(built: Path) -> InProcess:
    return InProcess(VersionStore(built).current())


def things(engine: InProcess) -> list[str]:
    found = {quad.subject.value for quad in engine._union if isinstance(quad.subject, NamedNode)}
    return sorted(iri for iri in found if iri.startswith((ID, SDG)))


def graph_of(body: bytes, format_: RdfFormat) -> set[Any]:
    return set(canonical(quad.triple for quad in parse(body, format_)))


def by_oxigraph(document: object) -> set[Any]:
    text = json.dumps({**document, **CONTEXT} if isinstance(document, dict) else document)
    return graph_of(text.encode(), RdfFormat.JSON_LD)


def by_pyld(document: object) -> set[Any]:
    def load(address: str, _options: Mapping[str, Any]) -> dict[str, Any]:
        assert address == ADDRESS
        return {"contextUrl": None, "documentUrl": address, "document": CONTEXT}

    written = json.loads(dump(document))
    quads = jsonld.to_rdf(written, {"format": "application/n-quads", "documentLoader": load})
    return graph_of(quads.encode(), RdfFormat.N_TRIPLES)


async def assert_one_graph(engine: InProcess, ours: Context, iri: str, *, referee: bool) -> None:
    description = await describe(engine.snapshot, iri, FRAMES)
    assert description is not None, iri
    graph = description.graph
    assert len(set(graph)) == len(graph), iri
    expected = set(graph)
    for format_, parser in PARSERS.items():
        assert graph_of(write(graph, format_, description.thing), parser) == expected, (iri, format_.name)
    found = await find_graphs(engine, graph)
    assert all(names for _, names in found), iri
    for format_, parser in DATASET_PARSERS.items():
        assert graph_of(write_placed(found, format_), parser) == expected, (iri, format_.name)
    compacted = compact_document(ours, description.thing, graph, description.frame)
    assert by_oxigraph(compacted) == expected, iri
    if referee:
        for document in (compacted, compact_graph(ours, graph), expanded_nodes(graph, description.thing)):
            assert by_pyld(document) == expected, iri


def sample(engine: InProcess) -> list[str]:
    """For each class the thing with the most statements; by name if equal."""
    known = set(things(engine))
    sizes = Counter(quad.subject.value for quad in engine._union if isinstance(quad.subject, NamedNode))
    members: dict[str, list[str]] = defaultdict(list)
    for quad in engine._union.quads_for_pattern(None, NamedNode(PREFIXES["rdf"] + "type"), None):
        if isinstance(quad.subject, NamedNode) and quad.subject.value in known:
            members[str(quad.object)].append(quad.subject.value)
    return sorted({max(found, key=lambda iri: (sizes[iri], iri)) for found in members.values()})


async def assert_one_graph_each(engine: InProcess, iris: Sequence[str], *, referee_every: int) -> None:
    ours = Context(CONTEXT, ADDRESS)
    for number, iri in enumerate(iris):
        await assert_one_graph(engine, ours, iri, referee=number % referee_every == 0)


@pytest.mark.slow
def test_every_format_of_the_largest_thing_of_each_class_is_the_same_graph(engine: InProcess) -> None:
    chosen = sample(engine)
    assert len(chosen) > 40
    asyncio.run(assert_one_graph_each(engine, chosen, referee_every=10))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_every_format_of_every_thing_is_the_same_graph(engine: InProcess, part: int) -> None:
    found = things(engine)
    assert len(found) > 4000
    assert set(sample(engine)) < set(found)
    asyncio.run(assert_one_graph_each(engine, found[part::4], referee_every=40))


def described(engine: InProcess, key: str) -> Description:
    found = asyncio.run(describe(engine.snapshot, ID + key, FRAMES))
    assert found is not None
    return found


def document(engine: InProcess, key: str) -> dict[str, Any]:
    found = described(engine, key)
    return compact_document(Context(CONTEXT, ADDRESS), found.thing, found.graph, found.frame)


def test_a_triple_stands_in_exactly_the_graphs_that_hold_it(engine: InProcess) -> None:
    found = described(engine, CASE)
    for triple, names in asyncio.run(find_graphs(engine, found.graph)):
        assert set(names) == {quad.graph_name for quad in engine._store.quads_for_pattern(*triple, None)}
    assert any(len(names) > 1 for _, names in asyncio.run(find_graphs(engine, found.graph)))


def test_a_triple_in_no_named_graph_is_in_the_default_graph(engine: InProcess) -> None:
    graph: Statements = [(NamedNode(ID + CASE), NamedNode(ID + "says"), NamedNode(ID + "nobody"))]
    body = write_placed(asyncio.run(find_graphs(engine, graph)), N_QUADS)
    assert body == f"<{ID}{CASE}> <{ID}says> <{ID}nobody> .\n".encode()


def test_a_plan_nests_its_perspectives_their_targets_and_its_links(engine: InProcess) -> None:
    plan = document(engine, "5001/plan/2020-2023-7")
    assert [perspective["number"] for perspective in plan["respondsTo"]] == [10, 11, 6, 7, 8]
    mobility = plan["respondsTo"][3]
    assert mobility["prefLabel"]["nb"] == "Grønn mobilitet"
    targets = {target["notation"]["@value"]: target for target in mobility["relatesToTarget"]}
    assert len(targets) == 12
    assert set(targets["11.6"]["label"]) == {"nb", "en"}
    assert targets["11.6"] == next(t for t in plan["respondsTo"][0]["relatesToTarget"] if t["id"] == SDG + "11.6")
    links = plan["@reverse"]["linkedPlan"]
    assert [(link["position"], link["linkedPerspective"]["number"]) for link in links] == [
        (1, 11),
        (2, 6),
        (3, 7),
        (4, 8),
        (5, 10),
    ]


def test_a_document_and_a_case_nest_the_decisions_about_them(engine: InProcess) -> None:
    case = document(engine, CASE)
    decision = case["@reverse"]["inCase"]
    assert decision["type"] == ["EliDecision", "Decision"]
    assert decision["decidedOn"]["title"]["nb"]
    about = decision["decidedOn"]["id"].removeprefix(ID)
    governing = document(engine, about)
    assert governing["treatedInCase"]["caseNumber"] == "68/19"
    assert governing["treatedInCase"]["@reverse"]["inCase"]["id"] == decision["id"]


def test_a_target_nests_the_perspectives_that_name_it_and_the_plans_that_respond(engine: InProcess) -> None:
    found = asyncio.run(describe(engine.snapshot, SDG + "11.6", FRAMES))
    assert found is not None
    target = compact_document(Context(CONTEXT, ADDRESS), found.thing, found.graph, found.frame)
    perspectives = {p["number"]: p for p in target["@reverse"]["relatesToTarget"]}
    assert 7 in perspectives
    assert {plan["number"] for plan in perspectives[7]["@reverse"]["respondsTo"]} == {6, 7, 8, 10, 12, 15, 16}


JSON_LD = "application/ld+json"
PROFILES = {
    f'{JSON_LD};profile="{W3C}expanded"': f'{JSON_LD}; profile="{W3C}expanded"',
    f'{JSON_LD};q=0.9;profile="x", {JSON_LD}; profile="{W3C}compacted"': f'{JSON_LD}; profile="{W3C}compacted"',
    f'{JSON_LD};profile="{W3C}flattened"': f'{JSON_LD}; profile="{W3C}flattened"',
    f'{JSON_LD};profile="{W3C}streaming {W3C}expanded"': f'{JSON_LD}; profile="{W3C}expanded {W3C}streaming"',
    f'{JSON_LD};profile="http://example.org/unknown"': JSON_LD,
    f"{JSON_LD}, application/json;q=0.5": JSON_LD,
    "application/json": "application/json",
}


@pytest.mark.parametrize("accept", PROFILES)
def test_json_ld_has_the_form_of_the_requested_profile(url: str, accept: str) -> None:
    response = httpx.get(f"{url}/doc/{CASE}", headers={"Accept": accept})
    assert response.headers["content-type"] == PROFILES[accept]
    assert response.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
    body = response.json()
    assert isinstance(body, list) == ("expanded" in PROFILES[accept])
    assert ("@graph" in body) == ("flattened" in PROFILES[accept])
    context = f"{url}/context/v1.jsonld"
    linked = f'<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    assert (linked in response.headers["link"]) == (accept == "application/json")
    turtle = graph_of(httpx.get(f"{url}/doc/{CASE}.ttl").content, RdfFormat.TURTLE)
    assert by_oxigraph(body) == turtle
    if "expanded" in PROFILES[accept]:
        assert body[0]["@id"] == ID + CASE
        assert body[0].keys().isdisjoint({"id", "type", "@context"})
    again = httpx.get(f"{url}/doc/{CASE}", headers={"Accept": accept, "If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


def keys_in_order(node: object) -> bool:
    if isinstance(node, list):
        return all(map(keys_in_order, node))
    if not isinstance(node, dict):
        return True
    keys = list(node)
    first = [key for key in keys if key == "@context"] + [key for key in keys if key in ("type", "@type")]
    return keys[: len(first)] == first and all(map(keys_in_order, node.values()))


def test_the_streaming_form_has_context_and_types_before_all_else(url: str) -> None:
    plain = httpx.get(f"{url}/doc/{CASE}.jsonld").json()
    streaming = httpx.get(f"{url}/doc/{CASE}", headers={"Accept": f'application/ld+json;profile="{W3C}streaming"'})
    assert streaming.json() == plain
    assert keys_in_order(streaming.json())
    assert not keys_in_order(plain)


@pytest.mark.parametrize(("suffix", "parser"), [("trig", RdfFormat.TRIG), ("nq", RdfFormat.N_QUADS)])
def test_a_document_with_its_graphs_is_the_same_document(url: str, suffix: str, parser: RdfFormat) -> None:
    dataset = "5001/dataset/byraadsplattform-2023"
    for key in (CASE, dataset):
        response = httpx.get(f"{url}/doc/{key}.{suffix}")
        expected = graph_of(httpx.get(f"{url}/doc/{key}.nt").content, RdfFormat.N_TRIPLES)
        assert graph_of(response.content, parser) == expected
        graphs = {str(quad.graph_name) for quad in parse(response.content, parser)}
        # Measurements by the service are in no graph of the data.
        assert ("DEFAULT" in graphs) == (key == dataset)
        assert len(graphs) > 1
    assert (
        httpx.get(f"{url}/doc/{CASE}.{suffix}")
        .headers["content-type"]
        .startswith({"trig": "application/trig", "nq": "application/n-quads"}[suffix])
    )


def test_a_client_that_follows_links_and_reads_both_triples_and_quads_gets_triples(url: str) -> None:
    accept = "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8"
    assert httpx.get(f"{url}/doc/{CASE}", headers={"Accept": accept}).headers["content-type"] == "application/ld+json"


def test_the_context_has_an_immutable_copy(url: str) -> None:
    growing = httpx.get(f"{url}/context/v1.jsonld")
    assert growing.headers["cache-control"] == "public, max-age=86400"
    frozen = httpx.get(url + growing.headers["content-location"])
    assert frozen.content == growing.content
    assert frozen.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert frozen.headers["access-control-allow-origin"] == "*"
    assert frozen.headers["link"] == f'<{url}/context/v1.jsonld>; rel="latest-version"'
    assert httpx.get(f"{url}/context/{'0' * 16}.jsonld").status_code == 404
    assert httpx.get(f"{url}/context/..%2Fmanifest.jsonld").status_code == 404


def test_the_context_of_an_earlier_build_outlives_its_version(url: str, built: Path) -> None:
    assert len(list((built / "context").iterdir())) == 1
    kept = VersionStore(built).context("0123456789abcdef")
    kept.write_bytes(b'{"@context": {}}\n')
    try:
        assert httpx.get(f"{url}/context/0123456789abcdef.jsonld").json() == {"@context": {}}
    finally:
        kept.unlink()


def test_pruning_retains_every_context(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    manifest = {"triples": 1, "quads": 1, "graphs": {}}
    for name in "ab":
        store.write([f'<http://e/{name}> <http://e/p> "1" .'.encode()], manifest)
        store.keep_context(name.encode())
        store.keep_context(name.encode())
    store.prune(0)
    assert store.context(context_digest(b"a")).read_bytes() == b"a"
    assert sorted(path.name for path in store.path.glob(".tmp-*")) == []
