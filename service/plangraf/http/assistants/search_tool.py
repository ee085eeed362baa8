"""`search`: things by words of their names. `Finder` is the interface behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Protocol

import orjson
from pydantic import Field
from pyoxigraph import Literal, NamedNode

from plangraf.errors import ParameterError, ResourceNotFoundError
from plangraf.http.assistants.evidence import find_evidence
from plangraf.http.assistants.toolbox import (
    EVIDENCE_SCHEMA,
    MOST_BYTES,
    Arguments,
    AssistantTool,
    ToolAnswer,
    ToolRequest,
    output_schema,
    size_of,
)
from plangraf.rdf.formats import PLAIN_JSON
from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.namespaces import ID, PREFIXES, compact, short_name
from plangraf.views.declarations import LABELS
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.document_parts import document_path, sdg_code
from plangraf.views.engine_answers import fetch_rows

_MOST = 50
_ADDRESS = "/search.json"
# Bytes of its answer, in which the facets grow with the data.
_MOST_READ = 4 * 1024 * 1024
_NAMES = (*LABELS, NamedNode(PREFIXES["skos"] + "altLabel"), NamedNode(PREFIXES["skos"] + "notation"))


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its IRI, its label and kind in the wanted language, and the path of its document.

    `why` is the text in which it was found, when that is not the label.
    """

    iri: str
    label: str
    kind: str
    path: str
    class_iri: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """The best things; `more` exist. `read_as` tells words that were read as others, or that nothing has."""

    hits: Sequence[Hit]
    more: bool
    read_as: Mapping[str, Any] = field(default_factory=dict)


class Finder(Protocol):
    """Finds things by a text, the best first."""

    async def find(self, asked: ToolRequest, text: str, language: str, limit: int) -> Hits:
        """At most `limit` things.

        Raises:
            PlangrafError: the search failed, as over HTTP.
        """


class SearchFinder:
    """Finds by the full-text search of the service, and by names where it has none or a version has no index."""

    def __init__(self, otherwise: Finder) -> None:
        self._otherwise = otherwise

    async def find(self, asked: ToolRequest, text: str, language: str, limit: int) -> Hits:
        body = bytearray()

        def take(chunk: bytes) -> bool:
            body.extend(chunk)
            return len(body) > _MOST_READ

        parameters = {"q": text, "lang": language, "limit": str(limit)}
        try:
            whole = not (await asked.ask(_ADDRESS, parameters, PLAIN_JSON.media_type, take)).cut
        except ResourceNotFoundError:
            whole = False
        if not whole:
            return await self._otherwise.find(asked, text, language, limit)
        found = orjson.loads(bytes(body))
        read_as = {name: found[name] for name in ("partial", "mended", "unknown") if found.get(name)}
        hits = [_read_hit(hit, asked.service.address) for hit in found["hits"]]
        return Hits(hits, found["total"] > len(hits), read_as)


def _read_hit(hit: Mapping[str, Any], base: str) -> Hit:
    path = hit["address"].removeprefix(base)
    why = hit["why"]["text"] if hit.get("why") else ""
    return Hit(hit["id"], hit["title"]["text"], hit["kind"]["title"], path, why=why)


class LabelFinder:
    """Finds the things with the text in a name, exact names first, then short ones. It compares letters as they are."""

    async def find(self, asked: ToolRequest, text: str, language: str, limit: int) -> Hits:
        engine = asked.service.snapshot.engine
        wanted = Literal(text.lower())
        rows = await fetch_rows(
            engine,
            f"""SELECT ?thing (MIN(STRLEN(STR(?name))) AS ?length) WHERE {{
              VALUES ?property {{ {" ".join(map(str, _NAMES))} }}
              ?thing ?property ?name
              FILTER (ISIRI(?thing) && CONTAINS(LCASE(STR(?name)), {wanted}))
            }} GROUP BY ?thing ORDER BY ?length ?thing LIMIT {limit + 1}""",
            like=asked.query(""),
            bulk=False,
        )
        things = [NamedNode(row["thing"]["value"]) for row in rows[:limit]]
        told = await fetch_labels(engine, things)
        graph, labels = Graph.of(told), Labels(told)
        classes = {thing: graph.named(thing, RDF_TYPE) for thing in things}
        kinds = Labels(await fetch_labels(engine, {one for found in classes.values() for one in found}))
        hits = []
        for thing in things:
            label = labels.best(thing, language)
            # The class that has a label; a thing may have classes of other vocabularies beside ours.
            first = min(classes[thing], key=lambda one: kinds.best(one, language) is None, default=None)
            kind = kinds.best(first, language) if first else None
            hits.append(
                Hit(
                    thing.value,
                    label.value if label else short_name(thing.value),
                    kind.value if kind else compact(first.value) if first else "",
                    document_path(thing.value),
                    first and first.value,
                )
            )
        return Hits(hits, len(rows) > limit)


class SearchArguments(Arguments):
    tool: ClassVar[str] = "search"

    text: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="Words or a code, such as a title, a name, 11.6 or a case number.", examples=["mobilitet", "11.6"]
    )
    language: Annotated[str, Field(pattern="^(nb|en)$")] = Field(
        default="nb", description="Language of labels and kinds, nb or en."
    )
    limit: Annotated[int, Field(ge=1, le=_MOST)] = Field(default=10, description="Most things of the answer.")


def search_tool(finder: Finder) -> AssistantTool:
    async def call(asked: ToolRequest, given: Mapping[str, Any]) -> ToolAnswer:
        arguments = SearchArguments.read(given)
        text = " ".join(arguments.text.split())
        if not text:
            raise ParameterError("text", "is blank. Give a word or a code.")
        found = await finder.find(asked, text, arguments.language, arguments.limit)
        members: dict[str, Any] = {
            "version": asked.service.snapshot.id,
            "address": asked.lasting,
            "things": [_describe(asked, hit) for hit in found.hits],
            **found.read_as,
            "evidence": await find_evidence(asked, [hit.iri for hit in found.hits if hit.iri.startswith(ID)]),
        }
        while members["evidence"] and size_of(members) > MOST_BYTES:
            members["evidence"].pop()
        return ToolAnswer({**members, "cut": _cut(len(found.hits)) if found.more else None})

    return AssistantTool(
        "search",
        "Find things by name",
        "Finds plans, perspectives, goals, targets, documents, cases, terms and everything else that has a name, by a "
        "part of the name or a code. Start here; then read_document with the IRI.",
        SearchArguments.schema_of(),
        call,
        output_schema(things={"type": "array", "items": {"type": "object"}}, evidence=EVIDENCE_SCHEMA),
    )


def _describe(asked: ToolRequest, hit: Hit) -> dict[str, Any]:
    found: dict[str, Any] = {"iri": hit.iri, "label": hit.label, "kind": hit.kind}
    if hit.class_iri:
        found["class"] = compact(hit.class_iri)
    if code := sdg_code(hit.iri):
        found["code"] = code
    if hit.why:
        found["why"] = hit.why
    return found | {"document": asked.lasting + hit.path}


def _cut(limit: int) -> dict[str, Any]:
    rest = f"call search again with a larger limit, at most {_MOST}" if limit < _MOST else "use more of the name"
    return {"shown": limit, "rest": f"More things have this text in a name: {rest}."}
