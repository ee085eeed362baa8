"""`versions`: the kept versions of the data, and how to ask one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.concurrency import run_in_threadpool

from plangraf.http.assistants.toolbox import Arguments, AssistantTool, ToolAnswer, ToolRequest, output_schema
from plangraf.http.routes.kept_versions import list_versions


class VersionsArguments(Arguments):
    tool: ClassVar[str] = "versions"


def versions_tool() -> AssistantTool:
    return AssistantTool(
        "versions",
        "The versions of the data",
        "Lists the versions of the data that are kept, the newest first, with the address of this protocol over each, "
        "and the address of what changed from the version before. Cite the id of the version with every statement.",
        VersionsArguments.schema_of(),
        _call,
        output_schema(versions={"type": "array", "items": {"type": "object"}}),
    )


async def _call(asked: ToolRequest, given: Mapping[str, Any]) -> ToolAnswer:
    VersionsArguments.read(given)
    service = asked.service
    base, current = service.settings.base_url, service.snapshots.current.id
    listed = await run_in_threadpool(list_versions, service.snapshots.store, current, "")
    versions = [
        {
            "id": one.id,
            "current": one.current,
            "answers_here": one.id == service.snapshot.id,
            "triples": one.triples,
            "written": one.written,
            "address": base + one.address,
            "mcp": f"{base}{one.address}mcp",
            "changes": base + one.changes if one.changes else None,
        }
        for one in listed
    ]
    return ToolAnswer(
        {"version": service.snapshot.id, "address": f"{base}/version/", "versions": versions, "cut": None}
    )
