"""The JSON-LD context: fresh, only growing, and every thing of ours goes through it and back unchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from pyld import jsonld

from plangraf.publish.context import (
    ContextError,
    as_text,
    build_context,
    lost_terms,
    main,
    read_ontology,
    write_context,
)
from plangraf.rdf.namespaces import PLAN, PREFIXES, SERVICE_PREFIXES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "ontology"
CONTEXT = json.loads((FOLDER / "context.jsonld").read_text(encoding="utf-8"))
TERMS: dict[str, Any] = CONTEXT["@context"]
RDF_TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
STRUCTURE = ox.NamedNode(PREFIXES["qb"] + "structure")

# One thing of each class of ours and of each class that they stand beside, with every property that there is.
EXAMPLES = """
<5001/planning-strategy/2020-2023> a plan:PlanningStrategy , eli:Work ;
    dcterms:title "Planstrategi for Trondheim 2020-2023"@nb ; plan:municipality <5001/municipality/5001> ;
    dcterms:temporal <5001/period/2020-2023> ; eli:basis_for <5001/plan/2020-2023-8> ;
    eli:has_annex <5001/source-document/perspektiver-2020> ;
    plan:hasGoverningDocument <5001/governing-document/byvekstavtalen> .
<5001/plan/2020-2023-8> a plan:Plan , eli:Work ;
    dcterms:title "Plan for helhetlig parkeringspolitikk i Trondheim"@nb ; plan:number 8 ;
    plan:planKind <scheme/document-kind/temaplan> ; plan:printedAsRevision false ;
    plan:startYear "2020"^^xsd:gYear ;
    plan:purpose "Attraktiv byutvikling"@nb , "Attractive urban development"@en ;
    plan:responsibleAsPrinted "Kommunaldirektør Byutvikling"@nb ; plan:citesCase <5001/case/111-20> ;
    plan:responsibleUnit <5001/organizational-unit/byutvikling> , <5001/organizational-unit/oppvekst> ;
    plan:respondsTo <5001/perspective/2020-7> ; plan:primaryPerspective <5001/perspective/2020-7> ;
    plan:becomes <5001/governing-document/byvekstavtalen> ;
    plan:planStatus <scheme/document-status/adopted> ; plan:planNumberAsPrinted "A2" ;
    plan:nationalPlanId "5001_r20200012" ; plan:startAsPrinted "høst 2020"@nb ;
    plan:latestStartYear "2021"^^xsd:gYear ; plan:startSeason <scheme/season/autumn> ;
    plan:completionYear "2022"^^xsd:gYear ; plan:completionAsPrinted "vår 2022"@nb ;
    plan:latestCompletionYear "2023"^^xsd:gYear ; plan:completionSeason <scheme/season/spring> ;
    plan:revisionInterval "P4Y"^^xsd:duration ; plan:revisionIntervalAsPrinted "hvert 4. år"@nb ;
    plan:contact "Plankontoret" ; plan:documentAddress <https://kommune.example/plan.pdf> ;
    plan:addressAsPrinted "Storgata 1" .
<scheme/document-kind/temaplan> plan:usualEvidenceKind <scheme/evidence-kind/summarised> .
<5001/plan-perspective-link/2020-2023-8-1> a plan:PlanPerspectiveLink ;
    plan:linkedPlan <5001/plan/2020-2023-8> ; plan:linkedPerspective <5001/perspective/2020-7> ;
    plan:position 1 ; plan:titleAsPrinted "Grønn mobilitet"@nb .
<5001/perspective/2020-7> a plan:Perspective , skos:Concept ;
    plan:number 7 ; skos:prefLabel "Grønn mobilitet"@nb , "Green mobility"@en ;
    skos:altLabel "Mobilitet"@nb , "Grønn transport"@nb ; skos:inScheme <5001/scheme/perspectives-2020> ;
    dcterms:description "Kort"@nb ; plan:relatesToTarget <http://metadata.un.org/sdg/11.2> ;
    plan:unmatchedNumber "11.3" .
<5001/societal-trend/2020-3> a plan:SocietalTrend , skos:Concept ; plan:number 3 ; skos:prefLabel "Trend"@nb .
<5001/perspective-target-link/2020-7-11.2> a plan:PerspectiveTargetLink ;
    plan:linkedTarget <http://metadata.un.org/sdg/11.2> ; plan:numberAsPrinted "11,2" ;
    plan:targetEvidence <scheme/target-evidence/identified> .
<5001/governing-document/byvekstavtalen> a plan:GoverningDocument , eli:Work ;
    dcterms:title "Byvekstavtalen"@nb ; dcterms:date "2019"^^xsd:gYear ; plan:party <organization/plangraf> ;
    plan:documentKind <scheme/document-kind/agreement> ;
    plan:governanceLevel <scheme/governance-level/local> ;
    plan:treatedInCase <5001/case/bystyret-68-19> ; plan:possiblySame <5001/governing-document/avtale> .
<5001/document-citation/perspective-2020-7-1> a plan:DocumentCitation ;
    plan:citedBy <5001/perspective/2020-7> ; plan:citedDocument <5001/governing-document/byvekstavtalen> ;
    plan:documentStatus <scheme/document-status/adopted> ; plan:statusAsPrinted "vedtatt"@nb ;
    plan:citedCase <5001/case/bystyret-68-19> ; plan:expectedDecision "2020-03"^^xsd:gYearMonth .
<5001/document-citation/commitment-2023-7-4-1> a plan:DocumentCitation ;
    plan:citedThing <5001/initiative/cityxchange> .
<5001/initiative/cityxchange> a plan:Initiative , foaf:Project .
<5001/case/bystyret-68-19> a plan:Case , eli-dl:Process ; plan:caseNumber "68/19" , "19/18054" ;
    eli-dl:process_number "68/19" ; eli-dl:had_responsible_organization <5001/political-body/bystyret> ;
    rdfs:label "Den samskapte kommunen"@nb , "The co-created municipality"@en .
<5001/decision/bystyret-68-19> a plan:Decision , eli-dl:Decision ; plan:inCase <5001/case/bystyret-68-19> ;
    plan:decidedOn <5001/governing-document/byvekstavtalen> ; eli-dl:activity_date "2019-05-14"^^xsd:date ;
    eli-dl:decision_outcome eli-dl:DecisionOutcome-Adopted ; plan:decisionType <scheme/decision-type/hearing> ;
    plan:hearingLength "P28D"^^xsd:duration ; plan:hearingLengthAsPrinted "fire ukers høring"@nb .
<5001/decision/2019> a plan:Decision ; plan:decisionPeriod "2019"^^xsd:gYear .
<5001/foreseen-decision/59-20> a plan:ForeseenDecision , eli-dl:ForeseenActivity ;
    plan:decisionPeriod "2020-09"^^xsd:gYearMonth .
<5001/municipality/5001> a plan:Municipality ; plan:municipalityNumber "5001" ;
    plan:organization <organization/plangraf> .
<5001/political-body/bystyret> a plan:PoliticalBody , org:Organization ; org:unitOf <organization/plangraf> .
<5001/source-document/perspektiver-2020> a plan:SourceDocument , eli:Expression ;
    plan:extractionDigest "e3b0" ; eli:realizes <5001/planning-strategy/2020-2023> .
<5001/passage/perspektiver-2020-l1-2> a plan:Passage , oa:SpecificResource ;
    plan:section "5.3 Lokale føringer" ; oa:hasSource <5001/source-document/perspektiver-2020> ;
    plan:printedItem "Tabell 1, rad 7" ; plan:firstLine 1 ; plan:lastLine 2 .
<5001/evidence/literal> a plan:Evidence ; plan:about <5001/perspective/2020-7> ;
    plan:aboutProperty skos:altLabel , plan:number ; plan:aboutValue "Mobilitet"@nb ; plan:checked true ;
    plan:evidenceKind <scheme/evidence-kind/printed> ; plan:passage <5001/passage/perspektiver-2020-l1-2> .
<5001/evidence/thing> a plan:Evidence ; plan:aboutValue <http://metadata.un.org/sdg/11.2> , 7 , "x" .
<http://metadata.un.org/sdg/11.2> a sdgo:Target , skos:Concept ; skos:notation "11.2"^^sdgo:SDGCodeCompact ;
    sdgo:isTargetOf <http://metadata.un.org/sdg/11> .
<http://metadata.un.org/sdg/11> a sdgo:Goal ; skos:inScheme <http://metadata.un.org/sdg> .
<5001/period/2017-2030> a dcterms:PeriodOfTime ;
    dcat:startDate "2017"^^xsd:gYear ; dcat:endDate "2030"^^xsd:gYear .
<5001/dataset/kommune> a dcat:Dataset ; dcterms:identifier "kommune" ;
    dcterms:license <https://example.org/by> ;
    dcterms:publisher <organization/plangraf> ; dcterms:source <5001/source-document/perspektiver-2020> ;
    prov:wasDerivedFrom <5001/source-document/perspektiver-2020> ;
    prov:wasInfluencedBy <5001/scheme/trends-2020> ; dqv:hasQualityMeasurement <5001/quality-measurement/one> .
<5001/quality-measurement/one> a dqv:QualityMeasurement ; dqv:value "0.9"^^xsd:decimal ; dcterms:subject plan:Plan ;
    dqv:isMeasurementOf <scheme/quality-metric/agreement> ; dqv:computedOn <5001/dataset/perspektiver-2020> .
<scheme/quality-metric/agreement> a dqv:Metric .
<organization/plangraf> a foaf:Agent , org:Organization ; foaf:name "plangraf" .
<5001/organizational-unit/byutvikling> a org:OrganizationalUnit ; org:memberOf <organization/plangraf> ;
    org:subOrganizationOf <organization/plangraf> .
<scheme/document-kind/temaplan> a skos:Concept ; skos:notation "temaplan" ; skos:topConceptOf <scheme/document-kind> ;
    skos:definition "En plan."@nb , "A plan."@en .
<scheme/document-kind> a skos:ConceptScheme ; rdfs:label "Plantype"@nb , "Kind of plan"@en .
<5001/plan/2022-samfunnsplan> a plan:Plan , eli:Work ; dcterms:alternative "Trondheimsløftet"@nb ;
    plan:horizon "P12Y"^^xsd:duration ; plan:horizonYear "2032"^^xsd:gYear ; plan:horizonAsPrinted "12 år"@nb ;
    plan:electionPeriod <5001/period/2017-2030> ;
    plan:revises <5001/governing-document/samfunnsdel> ; eli:based_on <5001/planning-strategy/2020-2023> .
<5001/governing-document/samfunnsdel> a plan:GoverningDocument , eli:Work ;
    plan:signedOn "2010-09-01"^^xsd:date ; plan:signedBy <5001/post/ordfoerer> ;
    skos:exactMatch <https://example.org/samfunnsdel> ; dcterms:replaces <5001/governing-document/byvekstavtalen> ;
    foaf:page <https://example.org/samfunnsdel.pdf> .
<5001/post/ordfoerer> a org:Post ; rdfs:label "Ordfører"@nb ; org:postIn <organization/plangraf> .
<5001/goal/2009-2020-2> a plan:Goal ; plan:goalNumber "2" ; dcterms:title "En bærekraftig by"@nb .
<5001/sub-goal/2009-2020-2.4> a plan:SubGoal ; plan:goalNumber "2.4" ; dcterms:isPartOf <5001/goal/2009-2020-2> .
<5001/measure/2009-2020-2.4-1> a plan:Measure ; plan:position 1 ; plan:aimValue "30"^^xsd:decimal ;
    plan:force <scheme/force/contribute> ;
    plan:aimUnit unit:KiloM-PER-HR ; plan:aimAsPrinted "30 km/t"@nb ; plan:deadline "2020-06"^^xsd:gYearMonth .
<5001/strategic-approach/2009-2020-3> a plan:StrategicApproach , skos:Concept ; plan:number 3 .
<5001/vision/2009-2020> a plan:Vision ; plan:proposalStatus <scheme/proposal-status/adopted> .
<5001/community-goal/2022-1> a plan:CommunityGoal ; plan:number 1 ;
    plan:dimension <scheme/sustainability-dimension/environmental> .
<5001/topic/2022-1-6> a plan:Topic , skos:Concept ; plan:topicOf <5001/community-goal/2022-1> ;
    plan:namesPerspective <5001/perspective/2020-7> .
<5001/planning-instrument/kommuneplan> a plan:PlanningInstrument ; plan:interval "P4Y"^^xsd:duration ;
    plan:intervalAsPrinted "Vurderes hvert 4. år"@nb ; plan:legalBasis <5001/legal-provision/pbl-11.1> .
<5001/legal-provision/pbl-11.1> a plan:LegalProvision ; plan:paragraph "11.1" ;
    plan:provisionOf <5001/governing-document/plan-og-bygningsloven> .
<5001/participation-phase/2022-1> a plan:ParticipationPhase ; plan:monthsAsPrinted "Februar - 1. mai"@nb ;
    plan:phaseStart "--02"^^xsd:gMonth ; plan:phaseEnd "--05-01"^^xsd:gMonthDay .
<5001/participation-activity/2022-panelet> a plan:ParticipationActivity , eli-dl:Activity ;
    plan:inPhase <5001/participation-phase/2022-1> ; plan:dateAsPrinted "25. november"@nb ;
    eli-dl:activity_date "2021-11-25"^^xsd:date , "2021-12-02"^^xsd:date .
<5001/planned-activity/2022-5> a plan:PlannedActivity , eli-dl:ForeseenActivity ; plan:printedAsUncertain true ;
    plan:participationIn <5001/plan/2022-samfunnsplan> ;
    plan:plannedStart "2022-02-14"^^xsd:date ; plan:plannedEnd "2022-06"^^xsd:gYearMonth .
<5001/figure/2020-7-1> a plan:Figure , qb:Observation ; qb:dataSet <5001/figure-set/perspektiver-2020> ;
    plan:figureKey "7.1" ; plan:figureStatus <scheme/figure-status/tied> ; plan:valueAsPrinted "3,3" ;
    plan:qualifierAsPrinted "over"@nb ; plan:documentsPerspective <5001/perspective/2020-7> ;
    plan:figureOf <5001/plan/2020-2023-8> ; sdmx-measure:obsValue "3.3"^^xsd:decimal ;
    sdmx-attribute:unitMeasure unit:PERCENT ; sdmx-dimension:refArea <5001/area/norge> ;
    sdmx-dimension:refPeriod "2015"^^xsd:gYear , <5001/period/2017-2030> .
<5001/figure-set/perspektiver-2020> a qb:DataSet ; qb:structure plan:figureStructure .
<5001/figure/2020-7-2> a plan:Figure ; plan:valueQualifier <scheme/value-qualifier/about> ;
    plan:baselineYear "2009"^^xsd:gYear ; dcterms:source <survey/hunt> , <organization/plangraf> ;
    dcterms:spatial <5001/place/nyhavna> .
<survey/hunt> a plan:Survey ; rdfs:label "HUNT"@nb , "HUNT"@en .
<5001/place/nyhavna> a plan:Place , dcterms:Location ; rdfs:label "Nyhavna"@nb , "Nyhavna"@en .
<5001/place/old> a plan:Place , dcterms:Location ; owl:deprecated true ; dcterms:isReplacedBy <5001/place/nyhavna> .
<5001/actor-group/naeringslivet> a plan:ActorGroup ; rdfs:label "Næringslivet"@nb , "Business"@en .
<5001/prose-commitment/2023-7-1> a plan:ProseCommitment ; plan:position 1 ;
    plan:partner <5001/actor-group/naeringslivet> , <organization/plangraf> ;
    dcterms:spatial <5001/place/nyhavna> .
<5001/area/norge> a plan:Area ; rdfs:label "Norge"@nb , "Norway"@en .
unit:PERCENT a qudt:Unit ; rdfs:label "prosent"@nb , "per cent"@en .
<5001/political-platform/2023> a plan:PoliticalPlatform , eli:Work ; plan:issuedBy <5001/political-body/bystyret> .
<5001/policy-area/2023-2> a plan:PolicyArea ; dcterms:isPartOf <5001/political-platform/2023> .
<5001/platform-section/2023-2.3> a plan:PlatformSection ; dcterms:isPartOf <5001/policy-area/2023-2> .
<5001/commitment/2023-2-7> a plan:Commitment ; dcterms:isPartOf <5001/platform-section/2023-2.3> ;
    plan:aimYear "2030"^^xsd:gYear ; plan:aimDuration "P4Y"^^xsd:duration ;
    plan:plannedStart "2025-01"^^xsd:gYearMonth .
<5001/interpreted-link/commitment-2023-2-7--target-11.2> a plan:InterpretedLink ;
    plan:linkFrom <5001/commitment/2023-2-7> ; plan:linkTo <http://metadata.un.org/sdg/11.2> ;
    plan:reason "Tryggere veier."@nb , "Safer roads."@en ; plan:confidence "0.8"^^xsd:decimal ;
    plan:method <5001/interpretation-method/two-readings-2026> ; prov:wasAttributedTo <organization/plangraf> .
<5001/interpretation-method/two-readings-2026> a plan:InterpretationMethod ; rdfs:label "To lesninger"@nb ;
    plan:followsRule <5001/interpretation-rule/2026-11> .
<5001/interpretation-rule/2026-11> a plan:InterpretationRule ; dcterms:hasPart <5001/rule-clause/2026-11-wording> .
<5001/rule-clause/2026-11-wording> a plan:RuleClause ; dcterms:isPartOf <5001/interpretation-rule/2026-11> .
<5001/reading/2026-11-a> a plan:Reading ; plan:readerKind <scheme/reader-kind/model> .
<5001/unconfirmed-link/commitment-2023-2-7--target-9.1> a plan:UnconfirmedLink ; plan:restsOn "veier" ;
    plan:unconfirmedFrom <5001/commitment/2023-2-7> ; plan:unconfirmedTo <http://metadata.un.org/sdg/9.1> ;
    plan:givenBy <5001/reading/2026-11-a> .
<http://lists.example/u> a plan:PublishedList ; rdfs:label "En liste"@nb ; owl:versionInfo "2026" ;
    dcterms:license <http://lists.example/licence> ; dcterms:source <http://lists.example/u.ttl> ;
    plan:contentDigest "9f86d0" ; plan:readingQuery "SELECT ?thing" ;
    plan:retrievedOn "2026-11-29"^^xsd:date ; plan:listedProperty sdgo:isIndicatorOf ;
    plan:matchedProperty skos:closeMatch ; plan:ownProperty rdfs:label .
<link/list-repair/u-deprecated> a plan:ListRepair ; rdfs:label "Ført til etterfølgeren"@nb ;
    plan:repairOf <http://lists.example/u> ; plan:repairCount 1 ; plan:repairedKey "1: C110601" .
<http://lists.example/u/1> a sdgo:Indicator , skos:Concept ; rdfs:label "Punkt 1"@nb ; skos:notation "1" ;
    skos:inScheme <http://lists.example/u> ; prov:wasDerivedFrom <http://lists.example/u> ; plan:listKey "u/1" ;
    sdgo:isIndicatorOf <http://metadata.un.org/sdg/11.6> ; skos:closeMatch <http://metadata.un.org/sdg/C110603> ;
    dcterms:subject <http://metadata.un.org/sdg/11> ; dcterms:source <http://lists.example/table> ;
    owl:deprecated true ; dcterms:isReplacedBy <http://lists.example/u/2> .
<5001/figure-set/measuring> a qb:DataSet ; plan:measuresIndicator <http://metadata.un.org/sdg/C110603> .
<no/county/50> a plan:County ; plan:countyNumber "50" ; rdfs:label "Trøndelag"@nb .
<5030/municipality/5030> a plan:Municipality ; plan:municipalityNumber "5030" ; rdfs:label "Klæbu"@nb ;
    plan:county <no/county/50> ; plan:validFrom "2018-01-01"^^xsd:date ; plan:validUntil "2020-01-01"^^xsd:date .
<no/area-change/2020-01-01-5030-5001> a plan:AreaChange ; plan:changeDate "2020-01-01"^^xsd:date ;
    plan:changedFrom <5030/municipality/5030> ; plan:changedTo <5001/municipality/5001> .
"""
PREFIX_LINES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
TRIPLES = list(ox.parse(PREFIX_LINES + EXAMPLES, format=ox.RdfFormat.TURTLE, base_iri="https://w3id.org/plangraf/id/"))
THINGS = sorted({str(triple.subject.value) for triple in TRIPLES})


def short(thing: str) -> str:
    return thing.removeprefix("https://w3id.org/plangraf/id/")


def no_network(url: str, options: object) -> None:
    raise AssertionError(f"{url} must not be loaded")


def described(thing: str) -> str:
    found = [quad for quad in TRIPLES if quad.subject == ox.NamedNode(thing)]
    return (ox.serialize(found, format=ox.RdfFormat.N_TRIPLES) or b"").decode()


def compacted(thing: str, *, native: bool) -> dict[str, Any]:
    expanded = jsonld.from_rdf(described(thing), {"format": "application/n-quads", "useNativeTypes": native})
    document = jsonld.compact(expanded, CONTEXT, {"documentLoader": no_network})
    assert isinstance(document, dict)
    return document


def lines(nquads: str) -> list[str]:
    return sorted(nquads.splitlines())


@pytest.mark.parametrize("native", [True, False], ids=["numbers as JSON numbers", "numbers as strings"])
@pytest.mark.parametrize("thing", THINGS, ids=short)
def test_a_thing_comes_back_from_json_ld_as_the_same_graph(thing: str, native: bool) -> None:
    document = json.loads(json.dumps(compacted(thing, native=native)))
    back = jsonld.to_rdf(document, {"format": "application/n-quads", "documentLoader": no_network})
    assert lines(back) == lines(described(thing))


@pytest.mark.parametrize("thing", THINGS, ids=short)
def test_a_document_of_ours_has_short_names_only(thing: str) -> None:
    document = compacted(thing, native=False)
    types = document["type"] if isinstance(document["type"], list) else [document["type"]]
    names = [*document, *types]
    assert [name for name in names if ":" in name] == []


def test_the_examples_show_every_term_of_the_ontology() -> None:
    used = {quad.predicate for quad in TRIPLES} | {q.object for q in TRIPLES if q.predicate in (RDF_TYPE, STRUCTURE)}
    ours = {q.subject for q in read_ontology(FOLDER) if q.predicate == RDF_TYPE}
    ours = {term for term in ours if isinstance(term, ox.NamedNode) and term.value.startswith(PLAN)}
    assert ours - used == set()


def test_values_are_written_as_a_program_would_like_to_read_them() -> None:
    document = {
        "@context": TERMS,
        "id": "https://w3id.org/plangraf/id/5001/plan/2020-2023-8",
        "type": ["Plan", "Work"],
        "number": 8,
        "printedAsRevision": False,
        "startYear": "2020",
        "title": {"nb": "Plan for helhetlig parkeringspolitikk i Trondheim"},
        "purpose": {"en": "Attractive urban development", "nb": ["Attraktiv byutvikling", "Klima"]},
        "primaryPerspective": "https://w3id.org/plangraf/id/5001/perspective/2020-7",
        "respondsTo": ["https://example.org/7", "https://example.org/10"],
        "activityDate": "2019-05-14",
        "caseNumber": ["68/19", "19/18054"],
        "goalNumber": "2.10",
        "aimUnit": "unit:PERCENT",
        "aimValue": "30",
        "notation": {"type": "sdgo:SDGCodeCompact", "@value": "11.2"},
    }
    expanded = jsonld.expand(document, {"documentLoader": no_network})
    assert jsonld.compact(expanded, CONTEXT, {"documentLoader": no_network}) == document


def test_plain_json_written_by_hand_becomes_typed_triples() -> None:
    document = {
        "@context": TERMS,
        "id": "https://example.org/plan",
        "type": "Plan",
        "number": 8,
        "printedAsRevision": True,
        "startYear": "2020",
        "planKind": "https://example.org/kind",
    }
    graph = jsonld.to_rdf(document, {"format": "application/n-quads", "documentLoader": no_network})
    expected = """
        <https://example.org/plan> a plan:Plan ; plan:number 8 ; plan:printedAsRevision true ;
            plan:startYear "2020"^^xsd:gYear ; plan:planKind <https://example.org/kind> ."""
    parsed = ox.parse(PREFIX_LINES + expected, format=ox.RdfFormat.TURTLE)
    assert lines(graph) == lines((ox.serialize(parsed, format=ox.RdfFormat.N_TRIPLES) or b"").decode())


def test_every_property_and_class_of_the_data_has_a_short_name() -> None:
    named = {iri(definition) for definition in TERMS.values()}
    for path in sorted((ROOT / "data").rglob("*.ttl")):
        for quad in ox.parse(path=str(path)):
            term = quad.object if quad.predicate == RDF_TYPE else quad.predicate
            assert isinstance(term, ox.NamedNode)
            assert term.value in named, (path.name, term.value)


def iri(definition: Any) -> str:
    """The full IRI of a term's definition, by the prefixes of the service."""
    compact = str(definition["@id"] if isinstance(definition, dict) else definition)
    prefix, _, name = compact.partition(":")
    known = {**PREFIXES, **SERVICE_PREFIXES}
    return known[prefix] + name if prefix in known else PREFIXES["rdf"] + "type" * (compact == "@type")


def test_a_term_has_one_name_and_a_name_one_term() -> None:
    others = {"@version", "id", *PREFIXES, *SERVICE_PREFIXES}
    named = [iri(definition) for name, definition in TERMS.items() if name not in others]
    assert len(named) == len(set(named))


def test_the_context_declares_the_prefixes_and_the_aliases() -> None:
    assert TERMS["@version"] == 1.1
    assert (TERMS["id"], TERMS["type"]) == ("@id", "@type")
    declared = {**PREFIXES, **SERVICE_PREFIXES}
    assert {name: TERMS[name] for name in declared} == declared


def test_the_committed_context_is_what_the_ontology_gives() -> None:
    fresh = as_text(build_context(read_ontology(FOLDER)))
    assert (FOLDER / "context.jsonld").read_text(encoding="utf-8") == fresh, "run python -m plangraf.publish.context"


@pytest.fixture
def ontology(tmp_path: Path) -> Path:
    """A copy of the ontology's own files and its context, to be changed."""
    for path in [*FOLDER.glob("*.ttl"), FOLDER / "context.jsonld"]:
        shutil.copy(path, tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def add(ontology: Path, turtle: str) -> None:
    with (ontology / "plan.ttl").open("a", encoding="utf-8") as module:
        module.write(f"\n{turtle}\n")


def test_a_new_term_gets_its_name_and_the_others_stay(ontology: Path) -> None:
    add(ontology, "plan:endYear a owl:DatatypeProperty .")
    assert main([str(ontology)]) == 0
    grown = json.loads((ontology / "context.jsonld").read_text(encoding="utf-8"))
    assert grown["@context"]["endYear"] == "plan:endYear"
    assert lost_terms(CONTEXT, grown) == []


def test_a_published_name_cannot_go(ontology: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (ontology / "context.jsonld").read_bytes()
    replace(ontology / "plan.ttl", "plan:startYear", "plan:beginYear")
    assert main([str(ontology)]) == 1
    assert "would go or change: startYear." in capsys.readouterr().err
    assert (ontology / "context.jsonld").read_bytes() == before


def test_a_published_name_cannot_change_its_meaning(ontology: Path) -> None:
    replace(ontology / "plan.ttl", "rdfs:range xsd:gYear ;", "rdfs:range xsd:string ;")
    with pytest.raises(ContextError, match="startYear"):
        write_context(ontology)


def test_a_name_that_a_reused_term_has_already_is_refused(ontology: Path) -> None:
    add(ontology, "plan:title a owl:DatatypeProperty .")
    with pytest.raises(ContextError, match=r"'title' would mean both .*dcterms:title.* and plan:title"):
        write_context(ontology)


def test_a_name_that_a_prefix_has_already_is_refused(ontology: Path) -> None:
    add(ontology, "plan:org a owl:ObjectProperty .")
    with pytest.raises(ContextError, match="'org'"):
        write_context(ontology)
