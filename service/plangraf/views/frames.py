"""What a document nests: for each class the links that a reader follows from a thing, and how far.

A frame is a small tree of properties, `^` before one that points to the thing. It says which triples beyond a
thing's neighbours belong into its document, and so is the same for every format, and where JSON-LD nests them:
a JSON-LD frame (https://www.w3.org/TR/json-ld11-framing/) that is worked out once, not matched at each request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pyoxigraph import NamedNode

from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.jsonld.frame import NO_FRAME, Frame
from plangraf.rdf.names import expand

Written = Mapping[str, Any]


def _iri(name: str) -> NamedNode:
    return NamedNode(expand(name))


LABELS = tuple(_iri(name) for name in ("skos:prefLabel", "dcterms:title", "rdfs:label"))

# What every nested thing carries: what it is, what it is called, and the short facts that tell it from others.
SUMMARY = (
    RDF_TYPE,
    *LABELS,
    *(
        _iri(name)
        for name in (
            "skos:notation",
            "plan:number",
            "plan:goalNumber",
            "plan:caseNumber",
            "plan:position",
            "plan:numberAsPrinted",
            "plan:startYear",
            "plan:decisionPeriod",
            "plan:decisionType",
            "plan:documentStatus",
            "plan:figureKey",
            "plan:confidence",
            "plan:firstLine",
            "plan:lastLine",
            "eli-dl:activity_date",
            "dcterms:date",
            "dcterms:identifier",
            "dcat:startDate",
            "dcat:endDate",
            "sdmx-measure:obsValue",
        )
    ),
)

_CASE: Written = {"^plan:inCase": {}}
_DOCUMENT: Written = {"plan:treatedInCase": _CASE}
_READ: Written = {"plan:linkTo": {}}

_FRAMES: Mapping[str, Written] = {
    "plan:Plan": {
        "plan:respondsTo": {"plan:relatesToTarget": {}},
        "plan:citesCase": _CASE,
        "plan:revises": _DOCUMENT,
        "plan:becomes": {"^plan:citedDocument": {"plan:documentStatus": {}}},
        "^plan:linkedPlan": {"plan:linkedPerspective": {}},
        "^plan:decidedOn": {"plan:inCase": {}},
        "^plan:figureOf": {"sdmx-attribute:unitMeasure": {}},
        "^plan:citedBy": {"plan:citedDocument": {}, "plan:citedCase": {}},
    },
    "plan:PlanningStrategy": {
        "eli:basis_for": {"plan:primaryPerspective": {}},
        "plan:hasGoverningDocument": _DOCUMENT,
        "^plan:citedBy": {"plan:citedDocument": {}, "plan:citedCase": {}},
    },
    "plan:Perspective": {
        "plan:relatesToTarget": {"sdgo:isTargetOf": {}},
        "plan:hasGoverningDocument": _DOCUMENT,
        "^plan:linkedPerspective": {"plan:linkedPlan": {}, "plan:linkedTarget": {}, "plan:targetEvidence": {}},
        "^plan:citedBy": {"plan:citedDocument": {}, "plan:citedCase": {}, "plan:documentStatus": {}},
        "^plan:documentsPerspective": {"sdmx-attribute:unitMeasure": {}, "sdmx-dimension:refPeriod": {}},
        "^plan:linkTo": {"plan:linkFrom": {}},
    },
    "sdgo:Target": {
        "^plan:relatesToTarget": {"^plan:respondsTo": {}},
        "^plan:linkedTarget": {"plan:linkedPerspective": {}, "plan:targetEvidence": {}},
        "^plan:linkTo": {"plan:linkFrom": {}},
    },
    "sdgo:Goal": {"^sdgo:isTargetOf": {"^plan:relatesToTarget": {}}},
    "plan:GoverningDocument": {
        "plan:treatedInCase": _CASE,
        "^plan:decidedOn": {"plan:inCase": {}},
        "^plan:citedDocument": {"plan:citedBy": {}},
        "^plan:becomes": {},
    },
    "plan:Initiative": {"^plan:citedThing": {"plan:citedBy": {}}},
    "plan:Case": {
        "^plan:inCase": {"plan:decidedOn": {}, "plan:decisionType": {}, "eli-dl:decision_outcome": {}},
        "^plan:citedCase": {"plan:citedBy": {}, "plan:citedDocument": {}},
    },
    "plan:Decision": {
        "plan:inCase": {"eli-dl:had_responsible_organization": {}},
        "plan:decidedOn": {},
        "plan:decisionType": {},
    },
    "plan:ForeseenDecision": {"plan:inCase": {"eli-dl:had_responsible_organization": {}}, "plan:decisionType": {}},
    "plan:Goal": {"^dcterms:isPartOf": {"^dcterms:isPartOf": {}}},
    "plan:SubGoal": {"dcterms:isPartOf": {}, "^dcterms:isPartOf": {"^plan:linkFrom": _READ}},
    "plan:Measure": {"dcterms:isPartOf": {"dcterms:isPartOf": {}}, "^plan:linkFrom": _READ},
    "plan:CommunityGoal": {"^plan:topicOf": {"plan:namesPerspective": {}}, "^plan:linkFrom": _READ},
    "plan:PoliticalPlatform": {"^dcterms:isPartOf": {"^dcterms:isPartOf": {}}},
    "plan:PolicyArea": {"^dcterms:isPartOf": {"^dcterms:isPartOf": {}}},
    "plan:PlatformSection": {"dcterms:isPartOf": {}, "^dcterms:isPartOf": {"^plan:linkFrom": _READ}},
    "plan:Commitment": {"dcterms:isPartOf": {"dcterms:isPartOf": {}}, "^plan:linkFrom": _READ},
    "plan:InterpretationRule": {"dcterms:hasPart": {"dcterms:subject": {}}},
    "plan:ProseCommitment": {"dcterms:isPartOf": {"dcterms:isPartOf": {}}},
    "plan:Place": {"^dcterms:spatial": {}},
    "plan:ActorGroup": {"^plan:partner": {}},
    "plan:Survey": {"^dcterms:source": {}},
    "plan:ParticipationPhase": {"^plan:inPhase": {}},
    "plan:PlanningInstrument": {"plan:legalBasis": {"plan:provisionOf": {}}},
    "plan:Evidence": {"plan:passage": {"oa:hasSource": {}}},
    "plan:Passage": {"oa:hasSource": {}, "^plan:passage": {"plan:about": {}, "plan:evidenceKind": {}}},
}


def compiled(written: Written) -> Frame:
    """A frame as it is written here, with IRIs."""
    return Frame(
        {_iri(name): compiled(deeper) for name, deeper in written.items() if not name.startswith("^")},
        {_iri(name[1:]): compiled(deeper) for name, deeper in written.items() if name.startswith("^")},
    )


FRAMES: Mapping[NamedNode, Frame] = {_iri(name): compiled(written) for name, written in _FRAMES.items()}


def frame_of(types: Iterable[NamedNode]) -> Frame:
    """The frame of a thing with these types; those of several types stand together."""
    return _together(frozenset(type_ for type_ in types if type_ in FRAMES))


@lru_cache(256)
def _together(types: frozenset[NamedNode]) -> Frame:
    frames = [FRAMES[type_] for type_ in sorted(types, key=str)]
    if len(frames) <= 1:
        return frames[0] if frames else NO_FRAME
    return Frame(
        {name: deeper for frame in frames for name, deeper in frame.forward.items()},
        {name: deeper for frame in frames for name, deeper in frame.reverse.items()},
    )
