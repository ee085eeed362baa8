"""Selects the notice that a page shows about adoption.

A decision has an outcome and a type (plan:decisionType). The outcome says whether the body passed its resolution; the
type says what the resolution does. A page shows a notice because readers take a passed consultation for an adoption.
"""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode

from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.namespaces import ID, PREFIXES
from plangraf.views.describe import Description

_PLAN: Final = PREFIXES["plan"]
_TYPE: Final = NamedNode(_PLAN + "decisionType")
_STATUS: Final = NamedNode(_PLAN + "documentStatus")
_DECIDED_ON: Final = NamedNode(_PLAN + "decidedOn")
_BECOMES: Final = NamedNode(_PLAN + "becomes")
_CITED: Final = NamedNode(_PLAN + "citedDocument")
_FORESEEN: Final = NamedNode(PREFIXES["eli-dl"] + "ForeseenActivity")
_TYPES: Final = ID + "scheme/decision-type/"
_ADOPTED: Final = {NamedNode(_TYPES + "adoption"), NamedNode(ID + "scheme/document-status/adopted")}
_ON_HEARING: Final = {NamedNode(_TYPES + "hearing"), NamedNode(ID + "scheme/document-status/on-hearing")}
_STARTED: Final = {NamedNode(_TYPES + "start-of-work")}


def select_notice(description: Description) -> str | None:
    """The key of the notice about adoption; None when the page needs none.

    The page of a decision describes that decision. The page of a decided plan describes all decisions and citations
    in the sources.
    """
    own = {o for _, p, o in description.own if p == _TYPE}
    if any(p == RDF_TYPE and o == _FORESEEN for _, p, o in description.own):
        return "foreseen"
    if any(p == _STATUS for _, p, _ in description.own):
        return "status_then"
    if own & _ON_HEARING:
        return "decision_hearing"
    if own & _STARTED:
        return "decision_start"
    foreseen = {s for s, p, o in description.graph if p == RDF_TYPE and o == _FORESEEN}
    mentions = {s for s, p, _ in description.incoming if p in (_DECIDED_ON, _CITED)} - foreseen
    statuses = {o for s, p, o in description.graph if s in mentions and p in (_TYPE, _STATUS)}
    if statuses & _ADOPTED:
        return None
    if statuses & _ON_HEARING:
        return "only_hearing"
    if statuses & _STARTED:
        return "only_start"
    return "becomes_reading" if any(p == _BECOMES for _, p, _ in description.own) else None
