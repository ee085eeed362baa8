"""`search`: things by words of their names. `Finder` is the interface behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import Field
from pyoxigraph import Literal, NamedNode

from plangraf.errors import ParameterError
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
from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.namespaces import PREFIXES, compact, short_name
from plangraf.views.declarations import LABELS
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.document_parts import document_path, sdg_code
from plangraf.views.engine_answers import fetch_rows

_MOST = 50
_NAMES = (*LABELS, NamedNode(PREFIXES["skos"] + "altLabel"), NamedNode(PREFIXES["skos"] + "notation"))


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its IRI, and its label and kind in the wanted language."""

    iri: str
    label: str
    kind: str
    class_iri: str | None


class Finder(Protocol):
    """Finds things by a text, the best first."""

    async def find(self, asked: ToolRequest, text: str, language: str, limit: int) -> Sequence[Hit]:
        """At most `limit` things.

        Raises:
            PlangrafError: the search failed, as over HTTP.
        """


class LabelFinder:
    """Finds the things with the text in a name, exact names first, then short ones. It compares letters as they are."""

    async def find(self, asked: ToolRequest, text: str, language: str, limit: int) -> Sequence[Hit]:
        engine = asked.service.snapshot.engine
        wanted = Literal(text.lower())
        rows = await fetch_rows(
            engine,
            f"""SELECT ?thing (MIN(STRLEN(STR(?name))) AS ?length) WHERE {{
              VALUES ?property {{ {" ".join(map(str, _NAMES))} }}
              ?thing ?property ?name
              FILTER (ISIRI(?thing) && CONTAINS(LCASE(STR(?name)), {wanted}))
            }} GROUP BY ?thing ORDER BY ?length ?thing LIMIT {limit}""",
            like=asked.query(""),
            bulk=False,
        )
        things = [NamedNode(row["thing"]["value"]) for row in rows]
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
                    first and first.value,
                )
            )
        return hits


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
        # One more than asked for tells whether there are more.
        hits = await finder.find(asked, text, arguments.language, arguments.limit + 1)
        shown = hits[: arguments.limit]
        members: dict[str, Any] = {
            "version": asked.service.snapshot.id,
            "address": asked.lasting,
            "things": [_describe(asked, hit) for hit in shown],
            "evidence": await find_evidence(asked, [hit.iri for hit in shown]),
        }
        while members["evidence"] and size_of(members) > MOST_BYTES:
            members["evidence"].pop()
        return ToolAnswer({**members, "cut": _cut(arguments.limit) if len(hits) > len(shown) else None})

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
    return found | {"document": asked.lasting + document_path(hit.iri)}


def _cut(limit: int) -> dict[str, Any]:
    rest = f"call search again with a larger limit, at most {_MOST}" if limit < _MOST else "use more of the name"
    return {"shown": limit, "rest": f"More things have this text in a name: {rest}."}
