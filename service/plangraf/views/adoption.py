"""What a page says of adoption: a consultation, or work that was started, adopts nothing.

A decision has a type (plan:decisionType) beside its outcome. The outcome says that the body passed its own
resolution, the type what that resolution does. Readers take the one for the other, so a page says it in words.
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


def notice_of(description: Description) -> str | None:
    """The key of the words that a page shows about adoption; None when there is nothing to mistake.

    A decision's own page speaks of that decision; the page of what was decided on speaks of all decisions and
    citations that the sources tell of.
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
    to_come = {s for s, p, o in description.graph if p == RDF_TYPE and o == _FORESEEN}
    tellers = {s for s, p, _ in description.incoming if p in (_DECIDED_ON, _CITED)} - to_come
    said = {o for s, p, o in description.graph if s in tellers and p in (_TYPE, _STATUS)}
    if said & _ADOPTED:
        return None
    if said & _ON_HEARING:
        return "only_hearing"
    if said & _STARTED:
        return "only_start"
    return "becomes_reading" if any(p == _BECOMES for _, p, _ in description.own) else None
