"""Validates DCAT-AP-NO 2.2 and 3 and DCAT-AP 3.0.1 with the shapes of `dcat-ap-no.ttl`, and reports by item.

It runs in a command and never in the service, because pySHACL changes rdflib for the whole process.
SHACL: https://www.w3.org/TR/shacl/
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import rdflib
from rdflib import SH, BNode, Literal, URIRef
from rdflib.term import Node

from plangraf.diagnostics.diagnostic import Diagnostic, Severity
from plangraf.portals.catalogue_document import Content, name_of
from plangraf.portals.findings import DCAT_AP_NO, Finding, ItemPlace
from plangraf.rdf.namespaces import compact

SHAPES = Path(__file__).with_name("dcat-ap-no.ttl")
_NAMESPACE = "https://w3id.org/plangraf/harvest/dcat-ap-no#"
_MAX_CHARS = 80


@cache
def load_shapes() -> rdflib.Graph:
    """The shapes; the name of a rule is the local part of its shape's IRI."""
    return rdflib.Graph(bind_namespaces="none").parse(SHAPES, format="turtle")


def check_content(content: Content, document: str) -> Iterator[Finding]:
    """Reports each broken rule, once for each item that owns the focus node."""
    import pyshacl

    _, report, text = pyshacl.validate(content.graph, shacl_graph=load_shapes(), inference="none")
    if not isinstance(report, rdflib.Graph):
        raise RuntimeError(f"pySHACL gives no report: {text}")
    for result in report.objects(None, SH.result):
        focus = report.value(result, SH.focusNode)
        assert focus is not None, "every SHACL result has a focus node"
        rule = str(report.value(result, SH.sourceShape)).removeprefix(_NAMESPACE)
        severity = cast(Severity, str(report.value(result, SH.resultSeverity)).removeprefix(str(SH)))
        messages = {
            message.language: str(message)
            for message in load_shapes().objects(URIRef(_NAMESPACE + rule), SH.message)
            if isinstance(message, Literal)
        }
        where = _list_details(report, result, focus)
        owners: list[Node | None] = [*content.owners.get(focus, [])]
        for owner in owners or [None]:
            name = document if owner is None else name_of(owner)
            parts = [_format_term(focus)] if focus != owner else []
            about = " ".join([*parts, *where])
            tail = f" [{about}]" if about else ""
            yield Diagnostic(ItemPlace(DCAT_AP_NO, name), messages["nb"] + tail, messages["en"] + tail, severity, rule)


def _list_details(report: rdflib.Graph, result: Node, focus: Node) -> list[str]:
    path, value = report.value(result, SH.resultPath), report.value(result, SH.value)
    parts = [compact(str(path))] if isinstance(path, URIRef) else []
    if value is not None and value != focus:
        parts.append(_format_term(value))
    return parts


def _format_term(value: Node) -> str:
    if isinstance(value, Literal):
        text = str(value) if len(value) <= _MAX_CHARS else f"{value[: _MAX_CHARS - 1]}…"
        return f'"{text}"' + (f"@{value.language}" if value.language else "")
    return name_of(value) if isinstance(value, BNode) else compact(str(value))
