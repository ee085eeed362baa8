"""Formats the verdict as text in both languages, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from plangraf.diagnostics.rendering import counts, message_lines
from plangraf.portals.data_norge import portal_id
from plangraf.portals.findings import DATA_NORGE, Item, Score, Verdict

_KINDS = {
    "document": ("dokumentet", "the document"),
    "catalogue": ("katalog", "catalogue"),
    "dataset": ("datasett", "dataset"),
    "series": ("datasettserie", "dataset series"),
    "service": ("datatjeneste", "data service"),
}


def as_text(verdict: Verdict) -> str:
    """Formats the verdict by portal and item, in Bokmål and English, with counts at the end."""
    lines = [verdict.source, ""]
    for portal, items in verdict.items.items():
        lines.append(portal)
        for item in items:
            lines += _item_lines(verdict, portal, item)
        lines.append("")
    if verdict.scores:
        lines.append("Metadatakvalitet · metadata quality (MQA)")
        for score in verdict.scores:
            lines += _score_lines(score)
        lines.append("")
    return "\n".join([*lines, *_summary_lines(verdict)])


def as_json(verdict: Verdict) -> str:
    """Formats the verdict as JSON; `id` is the identifier of the item at data.norge.no."""
    portals = []
    for portal, items in verdict.items.items():
        entries = []
        for item in items:
            entry: dict[str, Any] = {"kind": item.kind, "item": item.name, "accepted": verdict.accepted(portal, item)}
            if portal == DATA_NORGE and item.kind != "document":
                entry["id"] = portal_id(item.name)
            entry["findings"] = [
                {"rule": finding.rule, "severity": finding.severity, "nb": finding.nb, "en": finding.en}
                for finding in verdict.of(portal, item)
            ]
            entries.append(entry)
        portals.append(
            {
                "portal": portal,
                "accepted": all(verdict.accepted(portal, item) for item in items),
                "items": entries,
            }
        )
    report = {
        "source": verdict.source,
        "accepted": verdict.accepted_everywhere,
        "portals": portals,
        "scores": [asdict(score) for score in verdict.scores],
    }
    return json.dumps(report, ensure_ascii=False, indent=1)


def _item_lines(verdict: Verdict, portal: str, item: Item) -> Iterator[str]:
    nb, en = _KINDS[item.kind]
    state = "godtatt · accepted" if verdict.accepted(portal, item) else "avvist · rejected"
    name = item.name if item.kind == "document" or item.name.startswith("_:") else f"<{item.name}>"
    yield f"  {nb} · {en} {name}  {state}"
    if item.kind != "document" and verdict.document_refused(portal):
        yield "    nb  Fordi dokumentet er avvist."
        yield "    en  Because the document is rejected."
    for finding in verdict.of(portal, item):
        yield from message_lines(finding, "    ")


def _score_lines(score: Score) -> Iterator[str]:
    yield f"  <{score.dataset}>  {score.given} av {score.most} poeng · {score.given} of {score.most} points"
    for nb, en, metrics in (("mangler", "missing", score.lacking), ("ikke prøvd", "not tried", score.untried)):
        if metrics:
            yield f"    {nb} · {en}: " + ", ".join(f"{metric} {points}" for metric, points in metrics.items())


def _summary_lines(verdict: Verdict) -> Iterator[str]:
    for portal, items in verdict.items.items():
        things = [item for item in items if item.kind != "document"]
        taken = sum(verdict.accepted(portal, item) for item in things)
        nb, en = counts(finding for item in items for finding in verdict.of(portal, item))
        nb = [f"godtatt: {taken}", f"avvist: {len(things) - taken}", *nb]
        en = [f"accepted: {taken}", f"rejected: {len(things) - taken}", *en]
        yield f"nb  {portal}  {', '.join(nb)}"
        yield f"en  {portal}  {', '.join(en)}"
