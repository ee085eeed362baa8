"""`read_document`: one thing with its statements and the passages that support them, as Markdown or JSON-LD."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field
from pyoxigraph import NamedNode

from plangraf.errors import ParameterError
from plangraf.http.assistants.document_markdown import passage_members, write_markdown
from plangraf.http.assistants.toolbox import (
    MOST_BYTES,
    Arguments,
    AssistantTool,
    ToolAnswer,
    ToolRequest,
    output_schema,
    size_of,
)
from plangraf.http.routes.documents import describe_thing
from plangraf.http.service import Pinned
from plangraf.rdf.graph import Graph, Statement
from plangraf.rdf.jsonld_documents import NO_FRAME, Frame, compact_document
from plangraf.rdf.namespaces import ALL_PREFIXES, ID, SDG
from plangraf.views.describe import ABOUT, Description, read_passages
from plangraf.views.document_parts import document_path, iri_of_address, replacements

_CODE = re.compile(r"[1-9][0-9]?(\.([1-9][0-9]?|[a-z]))?")
_KEY = re.compile(r"[a-z0-9-]+(/[A-Za-z0-9._~-]+)+")
# Members of a JSON-LD document that stay when it is cut.
_KEPT_MEMBERS = frozenset(("@context", "id", "type"))
_NAME = re.compile(r"([A-Za-z][\w-]*):([\w-]+)")


class DocumentArguments(Arguments):
    tool: ClassVar[str] = "read_document"

    iri: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="IRI of the thing, or its document's address, its key such as 5001/plan/2020-2023-7, a UN code "
        "such as 11.6, or a name of a term such as plan:Plan.",
        examples=[f"{ID}5001/plan/2020-2023-7", "11.6"],
    )
    form: Annotated[str, Field(pattern="^(markdown|json-ld)$")] = Field(
        default="markdown",
        description="markdown: statements with the numbers of the passages that support them. json-ld: the compact "
        "document with what it nests.",
    )
    language: Annotated[str, Field(pattern="^(nb|en)$")] = Field(
        default="nb", description="Language of labels, nb or en; titles stay as printed."
    )
    from_line: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=1, description="First line of the Markdown, for the rest of a document that was cut."
    )


class _EvidenceAlone:
    """Reads what supports the statements about the thing itself, and nothing further."""

    def knows(self, _types: Iterable[NamedNode]) -> bool:
        return True

    def frame(self, _types: Iterable[NamedNode]) -> Frame:
        return NO_FRAME

    def statements(
        self, _types: Iterable[NamedNode], _graph: Graph, _thing: NamedNode
    ) -> set[tuple[NamedNode, NamedNode]]:
        return set()


_EVIDENCE_ALONE = _EvidenceAlone()


def document_tool() -> AssistantTool:
    return AssistantTool(
        "read_document",
        "Read what the data say of a thing",
        "Reads one thing: its statements, each with the passages of public documents that support it, and what links "
        "to it. Follow the IRIs of the answer with the same tool.",
        DocumentArguments.schema_of(),
        _call,
        output_schema(iri={"type": "string"}),
    )


async def _call(asked: ToolRequest, given: Mapping[str, Any]) -> ToolAnswer:
    arguments = DocumentArguments.read(given)
    service = asked.service
    named = resolve_name(service, arguments.iri)
    iri = (await service.snapshot.part(replacements)).get(named, named)
    described = await describe_thing(service, iri, page=_EVIDENCE_ALONE)
    members: dict[str, Any] = {
        "version": service.snapshot.id,
        "address": asked.lasting + document_path(iri),
        "iri": iri,
    }
    if iri != named:
        members["replaces"] = named
    if arguments.form == "json-ld":
        found = compact_document(service.context, described.thing, _without_evidence(described), described.frame)
        passages = [passage_members(passage) for passage in read_passages(described.evidence)]
        return ToolAnswer({**members, **_fit_document(found, passages, members["address"])})
    lines = write_markdown(described, arguments.language, service.pages.labels)
    first = arguments.from_line
    if first > len(lines):
        raise ParameterError("from_line", f"is {first}, and the document has {len(lines)} lines.")
    kept = _count_fitting(lines[first - 1 :])
    text = "\n".join([f"<!-- {iri}, version {service.snapshot.id} -->", *lines[first - 1 : first - 1 + kept]])
    after = first + kept
    cut = None
    if after <= len(lines):
        rest = f"Call read_document again with from_line={after}; the whole document is at {members['address']}."
        cut = {"shown": kept, "of": len(lines), "rest": rest}
        text += f"\n\n(Cut. {rest})"
    return ToolAnswer({**members, "markdown": text, "cut": cut}, text)


def _without_evidence(described: Description) -> Iterator[Statement]:
    """The statements of a document but those of its evidence, which the passages give in short."""
    evidence = {subject for subject, predicate, _ in described.incoming if predicate == ABOUT}
    return (statement for statement in described.graph if statement[0] not in evidence)


def _count_fitting(lines: Sequence[str]) -> int:
    """How many lines fit into an answer, which holds the text twice; at least one."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line.encode()) + 1
        if size > MOST_BYTES * 3 // 4:
            return max(1, number)
    return len(lines)


def _fit_document(document: dict[str, Any], passages: list[dict[str, Any]], address: str) -> dict[str, Any]:
    """The document and its passages without the largest members, when they are too large."""
    left_out: list[str] = []
    while size_of(document) + size_of(passages) > MOST_BYTES:
        sizes = {name: size_of(value) for name, value in document.items() if name not in _KEPT_MEMBERS}
        largest = max(sizes, key=sizes.__getitem__, default=None)
        if size_of(passages) > MOST_BYTES // 2 or largest is None:
            passages = passages[: len(passages) // 2]
            left_out.append("passages")
        else:
            document = {name: value for name, value in document.items() if name != largest}
            left_out.append(largest)
    cut = None
    if left_out:
        rest = f"Left out: {', '.join(dict.fromkeys(left_out))}. Read them with form=markdown, or at {address}."
        cut = {"left_out": list(dict.fromkeys(left_out)), "rest": rest}
    return {"document": document, "passages": passages, "cut": cut}


def resolve_name(service: Pinned, name: str) -> str:
    """The IRI that an assistant means: an IRI, an address of a document here, a key, a UN code or a name of a term.

    Raises:
        ParameterError: it has none of these forms.
    """
    name = name.strip().removeprefix("<").removesuffix(">")
    if (iri := iri_of_address(name, service.settings.base_url)) is not None:
        return iri
    if _CODE.fullmatch(name.lower()):
        return SDG + name.lower()
    if (match := _NAME.fullmatch(name)) and match[1] in ALL_PREFIXES:
        return ALL_PREFIXES[match[1]] + match[2]
    if _KEY.fullmatch(name):
        return ID + name
    try:
        return NamedNode(name).value
    except ValueError as error:
        raise ParameterError(
            "iri", f"{name[:100]!r} is neither an IRI nor a key such as 5001/plan/2020-2023-7. Ask search for it."
        ) from error
