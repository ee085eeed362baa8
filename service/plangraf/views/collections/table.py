"""The one table of collections: which classes are listed where, in which order, with which columns and facets.

A collection lists all things of its classes. Columns are properties of the thing, or of what it points to, so that a
page's table, its CSV and its graph hold the same; facets and orders are graph patterns from `?thing` to `?value`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from plangraf.rdf.namespaces import GRAPH, ID, PLAN, PREFIXES, SCHEME, SDG, SDGO
from plangraf.sparql.named.head import Parameter

_DCTERMS, _DCAT, _RDFS, _SKOS, _ORG, _ELI, _ELI_DL, _QB, _OA, _PROV, _RDF = (
    PREFIXES[prefix]
    for prefix in ("dcterms", "dcat", "rdfs", "skos", "org", "eli", "eli-dl", "qb", "oa", "prov", "rdf")
)
_SDMX = {part: PREFIXES[f"sdmx-{part}"] for part in ("dimension", "measure", "attribute")}
# What the request's reader takes for a code.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_OURS = re.compile(f"<({re.escape(PLAN)}[^>]*)>")
_GRAPH_OF = GRAPH.replace(".", "[.]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` holds one property, or two where the second one's subject is what the first points to.

    An empty path is the thing itself, by the last part of its IRI: for things that nothing names.
    `other` is a property that stands in where the first one is absent; `links` says that its values are things.
    """

    name: str
    nb: str
    en: str
    path: tuple[str, ...]
    other: str | None = None
    links: bool = False

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter: `pattern` binds ?value for ?thing, `property` is what hydra:search calls it.

    Values are texts (`is_text`), or things, which a request names by IRI or in short: by what follows `base`.
    Of many things that share few others, as plans share perspectives, the two steps are asked for apart: `through`
    binds ?step for ?thing, and `pattern` goes on from there.
    """

    name: str
    nb: str
    en: str
    pattern: str
    property: str
    parameter: Parameter
    base: str = ID
    is_text: bool = False
    through: str | None = None

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def short(self, value: str) -> str:
        """How links write a value: as a code where it is one."""
        if self.is_text or not value.startswith(self.base):
            return value
        short = value.removeprefix(self.base)
        return short if _CODE.fullmatch(short) else value

    def exists(self, value: str) -> str | None:
        """The question whether the data know a value at all; None where every well-formed one has a meaning."""
        if self.name == "municipality":
            return f'ASK {{ ?municipality <{PLAN}municipalityNumber> "{value}" }}'
        return None if self.is_text else f"ASK {{ {{ <{value}> ?p ?o }} UNION {{ ?s ?p <{value}> }} }}"

    def thing(self, value: str) -> str | None:
        """The IRI whose label says what a value means; None for one that says it itself."""
        if self.name == "municipality":
            return f"{ID}{value}/municipality/{value}"
        return None if self.is_text else value


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection at `/<path>`; `order` are patterns whose values decide one after the other, then the IRI."""

    path: str
    classes: tuple[str, ...]
    nb: str
    en: str
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    facets: tuple[Facet, ...]

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def usable(self, terms: frozenset[str]) -> Collection:
        """As a version can be asked for it that defines these terms of ours: without what needs others.

        The columns stay, so that a table has the same ones in every version.
        """

        def known(*patterns: str | None) -> bool:
            return all(term in terms for pattern in patterns if pattern for term in _OURS.findall(pattern))

        return replace(
            self,
            classes=tuple(iri for iri in self.classes if known(f"<{iri}>")),
            order=tuple(pattern for pattern in self.order if known(pattern)),
            facets=tuple(facet for facet in self.facets if known(facet.pattern, facet.through)),
        )

    @property
    def members(self) -> str:
        """The graph pattern of all its things, each once for each of its classes."""
        return f"VALUES ?class {{ {' '.join(f'<{iri}>' for iri in self.classes)} }} ?thing a ?class ."


def _column(name: str, nb: str, en: str, *path: str, other: str | None = None) -> Column:
    return Column(name, nb, en, path, other)


def _link(name: str, nb: str, en: str, *path: str) -> Column:
    return Column(name, nb, en, path, links=True)


def _text(name: str, nb: str, en: str, pattern: str, property_: str, form: str, example: str) -> Facet:
    parameter = Parameter(type="code", optional=True, pattern=form, example=example)
    return Facet(name, nb, en, pattern, property_, parameter, is_text=True)


def _things(
    name: str, nb: str, en: str, path: str, property_: str, example: str, *, base: str = ID, pattern: str | None = None
) -> Facet:
    """Values that are things; the path is SPARQL's, from the thing to the value."""
    parameter = Parameter(type="iri-or-code" if base == SDG else "code", optional=True, example=example)
    return Facet(name, nb, en, pattern or f"?thing {path} ?value .", property_, parameter, base)


def _year(pattern: str, property_: str, nb: str = "År", en: str = "Year") -> Facet:
    spoken = f'{pattern} BIND (REPLACE(STR(?date), "^(-?[0-9]{{4}}).*$", "$1") AS ?value)'
    return _text("year", nb, en, spoken, property_, "^[0-9]{4}$", "2020")


def _scheme(name: str, nb: str, en: str, path: str, property_: str, scheme: str, example: str) -> Facet:
    return _things(name, nb, en, path, property_, example, base=f"{SCHEME}{scheme}/")


_OF_NUMBER = f"<{PLAN}municipality>/<{PLAN}municipalityNumber>"
_MUNICIPALITY = _text(
    "municipality", "Kommune", "Municipality", f"?thing {_OF_NUMBER} ?value .", PLAN + "municipality",
    "^[0-9]{4}$", "5001",
)  # fmt: skip
# What several municipalities may name says whose it is by the graph alone.
_NAMED_BY = _text(
    "municipality", "Nevnt av kommune", "Named by municipality",
    f'GRAPH ?graph {{ ?thing a ?class }} FILTER (REGEX(STR(?graph), "^{_GRAPH_OF}[0-9]{{4}}/")) '
    f'BIND (REPLACE(STR(?graph), "^{_GRAPH_OF}([0-9]{{4}})/.*$", "$1") AS ?value)',
    PLAN + "municipality", "^[0-9]{4}$", "5001",
)  # fmt: skip
_IN_GRAPH_OF = replace(_NAMED_BY, nb="Kommune", en="Municipality")
_BODY = _things(
    "body", "Organ", "Body", f"<{_ELI_DL}had_responsible_organization>", _ELI_DL + "had_responsible_organization",
    "5001/political-body/bystyret",
)  # fmt: skip
_PERSPECTIVE = _things(
    "perspective", "Perspektiv", "Perspective", f"<{PLAN}respondsTo>", PLAN + "respondsTo", "5001/perspective/2020-7"
)
_TARGET_EXAMPLE = "11.6"
_TARGET = Parameter(type="iri-or-code", optional=True, example=_TARGET_EXAMPLE)


def _part_of(nb: str, en: str, example: str) -> Facet:
    return _things("partOf", nb, en, f"<{_DCTERMS}isPartOf>", _DCTERMS + "isPartOf", example)


_STATUS = _scheme(
    "status", "Status", "Status", f"<{PLAN}proposalStatus>", PLAN + "proposalStatus", "proposal-status", "preliminary"
)
_INTERPRETED = (
    _things("interpretedPerspective", "Perspektiv, tolket", "Perspective, interpreted", "", PLAN + "linkTo",
            "5001/perspective/2020-5",
            pattern=f"?link <{PLAN}linkFrom> ?thing ; <{PLAN}linkTo> ?value . ?value a <{PLAN}Perspective> ."),
    _things("interpretedTarget", "FNs delmål, tolket", "UN target, interpreted", "", PLAN + "linkTo", "10.2", base=SDG,
            pattern=f"?link <{PLAN}linkFrom> ?thing ; <{PLAN}linkTo> ?value . ?value a <{SDGO}Target> ."),
)  # fmt: skip
_PERIOD = _things(
    "period", "Periode", "Period", f"<{_DCTERMS}temporal>", _DCTERMS + "temporal", "5001/period/2020-2023"
)

_TITLE = _column("title", "Tittel", "Title", _DCTERMS + "title")
# A document without a printed title has our label.
_CALLED = _column("title", "Tittel", "Title", _DCTERMS + "title", other=_RDFS + "label")
_LABEL = _column("label", "Navn", "Name", _RDFS + "label")
_CONCEPT = _column("label", "Navn", "Name", _SKOS + "prefLabel")
_NUMBER = _column("number", "Nr.", "No.", PLAN + "number")
_POSITION = _column("order", "Nr.", "No.", PLAN + "position")
_IN = _link("municipality", "Kommune", "Municipality", PLAN + "municipality")
_PART = _link("partOf", "Del av", "Part of", _DCTERMS + "isPartOf")
_AIM = (
    _column("figure", "Tall", "Figure", PLAN + "aimValue"),
    _link("unit", "Enhet", "Unit", PLAN + "aimUnit"),
    _column("deadline", "Frist", "Deadline", PLAN + "deadline"),
)
_FORCE = _link("force", "Forpliktelsesgrad", "Force", PLAN + "force")
_MORE_AIM = (
    _link("qualifier", "Forbehold", "Qualifier", PLAN + "valueQualifier"),
    _column("baseline", "Basisår", "Baseline year", PLAN + "baselineYear"),
    _link("partners", "Partnere", "Partners", PLAN + "partner"),
    _link("places", "Steder", "Places", _DCTERMS + "spatial"),
)
_BY_PARTNER = _things(
    "partner", "Partner", "Partner", f"<{PLAN}partner>", PLAN + "partner", "no/organization/st-olavs-hospital"
)
_BY_PLACE = _things("place", "Sted", "Place", f"<{_DCTERMS}spatial>", _DCTERMS + "spatial", "5001/place/nyhavna")
_KEY = Column("key", "Nøkkel", "Key", ())
_PRINTED = _column("titleAsPrinted", "Tittel som trykt", "Title as printed", PLAN + "titleAsPrinted")
_DATE = _column("date", "Dato", "Date", _ELI_DL + "activity_date", other=PLAN + "decisionPeriod")

_BY_MUNICIPALITY = f"?thing {_OF_NUMBER} ?value"
_BY_NUMBER = f"?thing <{PLAN}number> ?value"
_BY_POSITION = f"?thing <{PLAN}position> ?value"
_BY_CODE = f"?thing <{_SKOS}notation> ?value"
_BY_TITLE = f"?thing <{_DCTERMS}title> ?value"
_BY_CALLED = f"?thing <{_DCTERMS}title>|<{_RDFS}label> ?value"
_BY_LABEL = f"?thing <{_RDFS}label> ?value"
_BY_CONCEPT = f"?thing <{_SKOS}prefLabel> ?value"
_BY_NAME = f"?thing <{_SKOS}prefLabel>|<{_RDFS}label> ?value"
_BY_PERSPECTIVE = f"?thing <{PLAN}linkedPerspective>/<{PLAN}number> ?value"

COLLECTIONS: Final[dict[str, Collection]] = {
    collection.path: collection
    for collection in (
        Collection(
            "plans", (PLAN + "Plan",), "Planer", "Plans", (_BY_MUNICIPALITY, _BY_NUMBER, _BY_TITLE),
            (
                _NUMBER, _TITLE, _link("kind", "Plantype", "Kind", PLAN + "planKind"),
                _column("startYear", "Oppstart", "Start", PLAN + "startYear"),
                _column("revision", "Revisjon", "Revision", PLAN + "printedAsRevision"),
                _column("responsible", "Ansvarlig", "Responsible", PLAN + "responsibleAsPrinted"),
                _link("primaryPerspective", "Viktigste perspektiv", "Primary perspective",
                        PLAN + "primaryPerspective"),
                _link("perspectives", "Perspektiver", "Perspectives", PLAN + "respondsTo"), _IN,
                _link("revises", "Reviderer", "Revises", PLAN + "revises"),
                _link("becomes", "Blir til (vår lesning)", "Becomes (our reading)", PLAN + "becomes"),
            ),
            (
                _MUNICIPALITY,
                _things("period", "Planperiode", "Plan period", f"^<{_ELI}basis_for>/<{_DCTERMS}temporal>",
                        _DCTERMS + "temporal", "5001/period/2020-2023"),
                _scheme("kind", "Plantype", "Kind", f"<{PLAN}planKind>", PLAN + "planKind",
                        "document-kind", "temaplan"),
                _year(f"?thing <{PLAN}startYear> ?date .", PLAN + "startYear", "Oppstartsår", "Start year"),
                _PERSPECTIVE,
                Facet("target", "FNs delmål", "UN target", f"?step <{PLAN}relatesToTarget> ?value .",
                      PLAN + "relatesToTarget", _TARGET, SDG, through=f"?thing <{PLAN}respondsTo> ?step ."),
            ),
        ),
        Collection(
            "planning-strategies", (PLAN + "PlanningStrategy",), "Planstrategier", "Planning strategies",
            (_BY_MUNICIPALITY, _BY_TITLE),
            (
                _TITLE, _column("periodStart", "Fra", "From", _DCTERMS + "temporal", _DCAT + "startDate"),
                _column("periodEnd", "Til", "Until", _DCTERMS + "temporal", _DCAT + "endDate"), _IN,
            ),
            (_MUNICIPALITY, _PERIOD),
        ),
        Collection(
            "perspectives", (PLAN + "Perspective",), "Perspektiver", "Perspectives",
            (_BY_MUNICIPALITY, _BY_NUMBER, _BY_CONCEPT),
            (
                _NUMBER, _CONCEPT, _column("description", "Beskrivelse", "Description", _DCTERMS + "description"),
                _link("targets", "FNs delmål", "UN targets", PLAN + "relatesToTarget"),
                _link("documents", "Styrende dokumenter", "Governing documents", PLAN + "hasGoverningDocument"),
                _IN,
            ),
            (
                _MUNICIPALITY,
                _things("target", "FNs delmål", "UN target", f"<{PLAN}relatesToTarget>", PLAN + "relatesToTarget",
                        _TARGET_EXAMPLE, base=SDG),
                _things("document", "Styrende dokument", "Governing document", f"<{PLAN}hasGoverningDocument>",
                        PLAN + "hasGoverningDocument", "5001/governing-document/byvekstavtalen"),
            ),
        ),
        Collection(
            "trends", (PLAN + "SocietalTrend",), "Samfunnstrender", "Societal trends",
            (_BY_MUNICIPALITY, _BY_NUMBER, _BY_CONCEPT),
            (_NUMBER, _CONCEPT, _column("description", "Beskrivelse", "Description", _DCTERMS + "description"), _IN),
            (_MUNICIPALITY,),
        ),
        Collection(
            "goals", (SDGO + "Goal",), "FNs bærekraftsmål", "UN Sustainable Development Goals", (_BY_CODE,),
            (_column("code", "Nr.", "No.", _SKOS + "notation"), _LABEL), (),
        ),
        Collection(
            "targets", (SDGO + "Target",), "FNs delmål", "UN targets", (_BY_CODE,),
            (
                _column("code", "Nr.", "No.", _SKOS + "notation"), _LABEL,
                _link("goal", "Bærekraftsmål", "Goal", SDGO + "isTargetOf"),
            ),
            (
                _things("goal", "Bærekraftsmål", "Goal", f"<{SDGO}isTargetOf>", SDGO + "isTargetOf", "11", base=SDG),
                _things("perspective", "Nevnt av perspektiv", "Named by perspective", f"^<{PLAN}relatesToTarget>",
                        PLAN + "relatesToTarget", "5001/perspective/2020-7"),
            ),
        ),
        Collection(
            "municipal-goals", (PLAN + "Goal", PLAN + "SubGoal"), "Kommunens mål og delmål",
            "The municipality's goals and sub-goals",
            (_BY_MUNICIPALITY, f"?thing <{PLAN}goalNumber> ?value", _BY_TITLE),
            (_column("number", "Nr.", "No.", PLAN + "goalNumber"), _TITLE, _PART, _IN),
            (_MUNICIPALITY, _part_of("Del av", "Part of", "5001/goal/2009-2020-2")),
        ),
        Collection(
            "community-goals", (PLAN + "CommunityGoal",), "Samfunnsmål", "Community goals",
            (_BY_MUNICIPALITY, _BY_NUMBER, _BY_TITLE),
            (
                _NUMBER, _TITLE, _link("dimension", "Dimensjon", "Dimension", PLAN + "dimension"),
                _link("status", "Status", "Status", PLAN + "proposalStatus"), _PART, _IN,
            ),
            (
                _MUNICIPALITY,
                _scheme("dimension", "Dimensjon", "Dimension", f"<{PLAN}dimension>", PLAN + "dimension",
                        "sustainability-dimension", "social"),
                _STATUS, *_INTERPRETED,
            ),
        ),
        Collection(
            "topics", (PLAN + "Topic",), "Temaer", "Topics",
            (_BY_MUNICIPALITY, f"?thing <{PLAN}topicOf>/<{PLAN}number> ?value", _BY_POSITION, _BY_CONCEPT),
            (
                _POSITION, _CONCEPT, _link("goal", "Samfunnsmål", "Community goal", PLAN + "topicOf"),
                _link("perspective", "Perspektiv", "Perspective", PLAN + "namesPerspective"), _IN,
            ),
            (
                _MUNICIPALITY,
                _things("goal", "Samfunnsmål", "Community goal", f"<{PLAN}topicOf>", PLAN + "topicOf",
                        "5001/community-goal/2022-1"),
                _things("perspective", "Perspektiv", "Perspective", f"<{PLAN}namesPerspective>",
                        PLAN + "namesPerspective", "5001/perspective/2020-7"),
            ),
        ),
        Collection(
            "visions", (PLAN + "Vision",), "Visjoner", "Visions", (_BY_MUNICIPALITY, _BY_TITLE),
            (_TITLE, _link("status", "Status", "Status", PLAN + "proposalStatus"), _PART, _IN),
            (_MUNICIPALITY, _STATUS),
        ),
        Collection(
            "strategic-approaches", (PLAN + "StrategicApproach",), "Strategiske hovedgrep", "Strategic approaches",
            (_BY_MUNICIPALITY, _BY_NUMBER, _BY_CONCEPT),
            (_NUMBER, _CONCEPT, _column("description", "Beskrivelse", "Description", _DCTERMS + "description"), _IN),
            (_MUNICIPALITY,),
        ),
        Collection(
            "measures", (PLAN + "Measure",), "Strategier (tiltak)", "Strategies (measures)",
            (_BY_MUNICIPALITY, f"?thing <{_DCTERMS}isPartOf>/<{PLAN}goalNumber> ?value", _BY_POSITION, _BY_LABEL),
            (_link("subGoal", "Delmål", "Sub-goal", _DCTERMS + "isPartOf"), _POSITION, _LABEL, *_AIM, _IN, *_MORE_AIM,
             _FORCE),
            (
                _MUNICIPALITY, _part_of("Delmål", "Sub-goal", "5001/sub-goal/2009-2020-2.4"),
                _year(f"?thing <{PLAN}deadline> ?date .", PLAN + "deadline", "Frist, år", "Year of the deadline"),
                _scheme("force", "Forpliktelsesgrad", "Force", f"<{PLAN}force>", PLAN + "force", "force", "contribute"),
                *_INTERPRETED,
            ),
        ),
        Collection(
            "platforms", (PLAN + "PoliticalPlatform",), "Politiske plattformer", "Political platforms",
            (_BY_MUNICIPALITY, _BY_TITLE),
            (_TITLE, _link("body", "Utstedt av", "Issued by", PLAN + "issuedBy"), _IN), (_MUNICIPALITY,),
        ),
        Collection(
            "policy-areas", (PLAN + "PolicyArea",), "Politikkområder", "Policy areas",
            (_BY_MUNICIPALITY, f"?thing <{_DCTERMS}isPartOf>/<{_DCTERMS}title> ?value", _BY_POSITION, _BY_TITLE),
            (_POSITION, _TITLE, _PART, _IN),
            (_MUNICIPALITY, _part_of("Plattform", "Platform", "5001/political-platform/2023")),
        ),
        Collection(
            "commitments", (PLAN + "Commitment",), "Løfter", "Commitments",
            (
                _BY_MUNICIPALITY,
                f"?thing <{_DCTERMS}isPartOf>+ ?area . ?area a <{PLAN}PolicyArea> ; <{PLAN}position> ?value",
                _BY_POSITION, _BY_LABEL,
            ),
            (_POSITION, _LABEL, _PART, *_AIM, _IN, *_MORE_AIM, _FORCE),
            (
                _MUNICIPALITY,
                _things("area", "Politikkområde", "Policy area", "", _DCTERMS + "isPartOf", "5001/policy-area/2023-6",
                        pattern=f"?thing <{_DCTERMS}isPartOf>+ ?value . ?value a <{PLAN}PolicyArea> ."),
                _year(f"?thing <{PLAN}deadline> ?date .", PLAN + "deadline", "Frist, år", "Year of the deadline"),
                _scheme("force", "Forpliktelsesgrad", "Force", f"<{PLAN}force>", PLAN + "force", "force", "contribute"),
                *_INTERPRETED, _BY_PARTNER, _BY_PLACE,
            ),
        ),
        Collection(
            "prose-commitments", (PLAN + "ProseCommitment",), "Løfter i løpende tekst", "Commitments in prose",
            (
                _BY_MUNICIPALITY,
                f"?thing <{_DCTERMS}isPartOf>+ ?area . ?area a <{PLAN}PolicyArea> ; <{PLAN}position> ?value",
                _BY_POSITION, _BY_LABEL,
            ),
            (_POSITION, _LABEL, _PART, *_AIM[:2], _IN, *_MORE_AIM),
            (
                _MUNICIPALITY,
                _things("area", "Politikkområde", "Policy area", "", _DCTERMS + "isPartOf", "5001/policy-area/2023-6",
                        pattern=f"?thing <{_DCTERMS}isPartOf>+ ?value . ?value a <{PLAN}PolicyArea> ."),
                _BY_PARTNER, _BY_PLACE,
            ),
        ),
        Collection(
            "figures", (PLAN + "Figure",), "Tall", "Figures",
            (_BY_MUNICIPALITY, f"?thing <{PLAN}documentsPerspective>/<{PLAN}number> ?value",
             f"?thing <{PLAN}figureKey> ?value", _BY_LABEL),
            (
                _LABEL, _column("value", "Verdi", "Value", _SDMX["measure"] + "obsValue"),
                _link("unit", "Enhet", "Unit", _SDMX["attribute"] + "unitMeasure"),
                _column("period", "Periode", "Period", _SDMX["dimension"] + "refPeriod"),
                _link("area", "Område", "Area", _SDMX["dimension"] + "refArea"),
                _link("status", "Status", "Status", PLAN + "figureStatus"),
                _link("perspective", "Perspektiv", "Perspective", PLAN + "documentsPerspective"), _IN,
                _link("qualifier", "Forbehold", "Qualifier", PLAN + "valueQualifier"),
                _column("baseline", "Basisår", "Baseline year", PLAN + "baselineYear"),
                _link("source", "Kilde", "Source", _DCTERMS + "source"),
                _link("about", "Tall for", "Figure of", PLAN + "figureOf"),
            ),
            (
                _MUNICIPALITY,
                _things("perspective", "Perspektiv", "Perspective", f"<{PLAN}documentsPerspective>",
                        PLAN + "documentsPerspective", "5001/perspective/2020-5"),
                _scheme("status", "Status", "Status", f"<{PLAN}figureStatus>", PLAN + "figureStatus",
                        "figure-status", "tied"),
                _year(f'?thing <{_SDMX["dimension"]}refPeriod> ?date . FILTER (!ISIRI(?date))',
                      _SDMX["dimension"] + "refPeriod"),
            ),
        ),
        Collection(
            "documents", (PLAN + "GoverningDocument",), "Styrende dokumenter", "Governing documents", (_BY_CALLED,),
            (
                _CALLED, _link("kind", "Dokumenttype", "Kind", PLAN + "documentKind"),
                _link("publisher", "Utgiver", "Publisher", _DCTERMS + "publisher"),
                _column("date", "År", "Year", _DCTERMS + "date"),
                _column("periodStart", "Fra", "From", _DCTERMS + "temporal", _DCAT + "startDate"),
                _column("periodEnd", "Til", "Until", _DCTERMS + "temporal", _DCAT + "endDate"),
                _link("cases", "Saker", "Cases", PLAN + "treatedInCase"),
                _link("class", "Klasse", "Class", _RDF + "type"),
            ),
            (
                _NAMED_BY, _PERIOD,
                _things("class", "Klasse", "Class", f"<{_RDF}type>", _RDF + "type", "LegalResource", base=_ELI),
                _scheme("kind", "Dokumenttype", "Kind", f"<{PLAN}documentKind>", PLAN + "documentKind",
                        "document-kind", "agreement"),
                _scheme("status", "Status", "Status", f"^<{PLAN}citedDocument>/<{PLAN}documentStatus>",
                        PLAN + "documentStatus", "document-status", "adopted"),
                _scheme("level", "Forvaltningsnivå", "Level", f"<{PLAN}governanceLevel>", PLAN + "governanceLevel",
                        "governance-level", "regional"),
                _things("perspective", "Perspektiv", "Perspective", f"^<{PLAN}hasGoverningDocument>",
                        PLAN + "hasGoverningDocument", "5001/perspective/2020-7",
                        pattern=f"?value <{PLAN}hasGoverningDocument> ?thing ; a <{PLAN}Perspective> ."),
                _year(f"?thing <{_DCTERMS}date> ?date .", _DCTERMS + "date"),
            ),
        ),
        Collection(
            "initiatives", (PLAN + "Initiative",), "Satsinger", "Initiatives", (_BY_TITLE,), (_TITLE,), (_NAMED_BY,),
        ),
        Collection(
            "source-documents", (PLAN + "SourceDocument",), "Kildedokumenter", "Source documents", (_BY_TITLE,),
            (
                _TITLE, _column("date", "År", "Year", _DCTERMS + "date"),
                _link("publisher", "Utgiver", "Publisher", _DCTERMS + "publisher"),
                _link("realizes", "Gjengir", "Realizes", _ELI + "realizes"),
            ),
            (_NAMED_BY, _year(f"?thing <{_DCTERMS}date> ?date .", _DCTERMS + "date")),
        ),
        Collection(
            "cases", (PLAN + "Case",), "Saker", "Cases",
            (_BY_MUNICIPALITY, f"?thing <{PLAN}caseNumber> ?value", _BY_LABEL),
            (
                _column("caseNumber", "Saksnummer", "Case number", PLAN + "caseNumber"), _LABEL,
                _link("body", "Organ", "Body", _ELI_DL + "had_responsible_organization"), _IN,
            ),
            (_MUNICIPALITY, _BODY),
        ),
        Collection(
            "decisions", (PLAN + "Decision", PLAN + "ForeseenDecision"), "Vedtak", "Decisions",
            (
                _BY_MUNICIPALITY,
                f"?thing <{_ELI_DL}activity_date>|<{PLAN}decisionPeriod> ?date BIND (STR(?date) AS ?value)", _BY_LABEL,
            ),
            (
                _DATE, _LABEL, _link("body", "Organ", "Body", _ELI_DL + "had_responsible_organization"),
                _column("caseNumber", "Saksnummer", "Case number", PLAN + "inCase", PLAN + "caseNumber"),
                _link("outcome", "Utfall", "Outcome", _ELI_DL + "decision_outcome"),
                _link("decidedOn", "Gjelder", "Decided on", PLAN + "decidedOn"), _IN,
                _link("type", "Vedtakstype", "Type", PLAN + "decisionType"),
                _column("hearingLength", "Høringstid", "Consultation", PLAN + "hearingLength"),
            ),
            (
                _NAMED_BY, _BODY,
                _year(f"?thing <{_ELI_DL}activity_date>|<{PLAN}decisionPeriod> ?date .", _ELI_DL + "activity_date"),
                _things("outcome", "Utfall", "Outcome", f"<{_ELI_DL}decision_outcome>", _ELI_DL + "decision_outcome",
                        "DecisionOutcome-Adopted", base=_ELI_DL),
                _scheme("type", "Vedtakstype", "Type", f"<{PLAN}decisionType>", PLAN + "decisionType",
                        "decision-type", "hearing"),
                _things("document", "Dokument", "Document", f"<{PLAN}decidedOn>", PLAN + "decidedOn",
                        "50/governing-document/troendelagsplanen-2019-2030"),
            ),
        ),
        Collection(
            "bodies", (PLAN + "PoliticalBody",), "Politiske organer", "Political bodies",
            (_BY_MUNICIPALITY, _BY_LABEL),
            (_LABEL, _link("partOf", "Underlagt", "Part of", _ORG + "subOrganizationOf"), _IN), (_MUNICIPALITY,),
        ),
        Collection(
            "units", (_ORG + "OrganizationalUnit",), "Enheter", "Organizational units", (_BY_MUNICIPALITY, _BY_LABEL),
            (_LABEL, _link("unitOf", "Enhet i", "Unit of", _ORG + "unitOf"), _IN), (_MUNICIPALITY,),
        ),
        Collection(
            "organizations", (_ORG + "Organization",), "Organisasjoner", "Organizations", (_BY_LABEL,),
            (_LABEL, _link("partOf", "Underlagt", "Part of", _ORG + "subOrganizationOf"), _IN), (_MUNICIPALITY,),
        ),
        Collection(
            "planning-instruments", (PLAN + "PlanningInstrument",), "Plan- og styringssystemet",
            "The planning system", (_BY_MUNICIPALITY, _BY_POSITION, _BY_TITLE),
            (
                _POSITION, _TITLE, _column("horizon", "Tidshorisont", "Horizon", PLAN + "horizonAsPrinted"),
                _column("interval", "Hvor ofte", "Interval", PLAN + "intervalAsPrinted"),
                _link("legalBasis", "Lovgrunnlag", "Legal basis", PLAN + "legalBasis"), _IN,
            ),
            (_MUNICIPALITY,),
        ),
        Collection(
            "legal-provisions", (PLAN + "LegalProvision",), "Lovbestemmelser", "Legal provisions",
            (_BY_MUNICIPALITY, _BY_LABEL),
            (_LABEL, _link("act", "Lov", "Act", PLAN + "provisionOf"), _IN), (_NAMED_BY,),
        ),
        Collection(
            "participation-phases", (PLAN + "ParticipationPhase",), "Faser for medvirkning",
            "Phases of participation", (_BY_MUNICIPALITY, _BY_NUMBER, _BY_LABEL),
            (_NUMBER, _LABEL, _column("months", "Når", "When", PLAN + "monthsAsPrinted"), _PART, _IN),
            (_MUNICIPALITY,),
        ),
        Collection(
            "participation-activities", (PLAN + "ParticipationActivity",), "Medvirkning", "Participation activities",
            (_BY_MUNICIPALITY, _BY_POSITION, _BY_LABEL),
            (
                _POSITION, _LABEL,
                _column("date", "Når", "When", _ELI_DL + "activity_date", other=PLAN + "dateAsPrinted"),
                _link("phase", "Fase", "Phase", PLAN + "inPhase"), _IN,
                _link("plan", "Plan", "Plan", PLAN + "participationIn"),
                _link("partners", "Partnere", "Partners", PLAN + "partner"),
            ),
            (
                _MUNICIPALITY,
                _things("phase", "Fase", "Phase", f"<{PLAN}inPhase>", PLAN + "inPhase",
                        "5001/participation-phase/2022-1"),
                _things("plan", "Plan", "Plan", f"<{PLAN}participationIn>", PLAN + "participationIn",
                        "5001/plan/2022-samfunnsplan"),
                _year(f"?thing <{_ELI_DL}activity_date> ?date .", _ELI_DL + "activity_date"),
            ),
        ),
        Collection(
            "planned-activities", (PLAN + "PlannedActivity",), "Planlagt framdrift", "Planned activities",
            (_BY_MUNICIPALITY, _BY_POSITION, _BY_LABEL),
            (
                _POSITION, _LABEL, _column("when", "Når", "When", PLAN + "dateAsPrinted"),
                _link("body", "Organ", "Body", _ELI_DL + "had_responsible_organization"), _IN,
            ),
            (_MUNICIPALITY, _BODY, _year(f"?thing <{PLAN}plannedStart> ?date .", PLAN + "plannedStart")),
        ),
        Collection(
            "interpreted-links", (PLAN + "InterpretedLink",), "Tolkede koblinger", "Interpreted links",
            (f"?thing <{PLAN}linkFrom>/(<{_RDFS}label>|<{_DCTERMS}title>) ?value",
             f"?thing <{PLAN}linkTo>/<{PLAN}number> ?value", f"?thing <{PLAN}linkTo>/<{_SKOS}notation> ?value"),
            (
                _KEY, _link("from", "Fra", "From", PLAN + "linkFrom"), _link("to", "Til", "To", PLAN + "linkTo"),
                _column("confidence", "Sikkerhet", "Confidence", PLAN + "confidence"),
                _column("reason", "Begrunnelse", "Reason", PLAN + "reason"),
                _link("method", "Metode", "Method", PLAN + "method"),
                _link("attributedTo", "Tolket av", "Interpreted by", _PROV + "wasAttributedTo"),
                _column("restsOn", "Hviler på", "Rests on", PLAN + "restsOn"),
                _link("givenBy", "Gitt av", "Given by", PLAN + "givenBy"),
            ),
            (
                _IN_GRAPH_OF,
                _things("kind", "Fra hva slags", "From what kind", "", _RDF + "type", "Measure", base=PLAN,
                        pattern=f'?thing <{PLAN}linkFrom>/a ?value . FILTER (STRSTARTS(STR(?value), "{PLAN}"))'),
                _things("from", "Fra", "From", f"<{PLAN}linkFrom>", PLAN + "linkFrom", "5001/measure/2009-2020-4.6-3"),
                _things("perspective", "Til perspektiv", "To perspective", "", PLAN + "linkTo",
                        "5001/perspective/2020-5",
                        pattern=f"?thing <{PLAN}linkTo> ?value . ?value a <{PLAN}Perspective> ."),
                _things("target", "Til FNs delmål", "To UN target", "", PLAN + "linkTo", "10.2", base=SDG,
                        pattern=f"?thing <{PLAN}linkTo> ?value . ?value a <{SDGO}Target> ."),
                _things("method", "Metode", "Method", f"<{PLAN}method>", PLAN + "method",
                        "5001/interpretation-method/two-readings-2026-11"),
            ),
        ),
        Collection(
            "unconfirmed-links", (PLAN + "UnconfirmedLink",), "Ubekreftede koblinger", "Unconfirmed links",
            (f"?thing <{PLAN}unconfirmedFrom>/(<{_RDFS}label>|<{_DCTERMS}title>) ?value",
             f"?thing <{PLAN}unconfirmedTo>/<{PLAN}number> ?value",
             f"?thing <{PLAN}unconfirmedTo>/<{_SKOS}notation> ?value"),
            (
                _KEY, _link("from", "Fra", "From", PLAN + "unconfirmedFrom"),
                _link("to", "Til", "To", PLAN + "unconfirmedTo"),
                _column("restsOn", "Hviler på", "Rests on", PLAN + "restsOn"),
                _link("givenBy", "Gitt av", "Given by", PLAN + "givenBy"),
            ),
            (
                _IN_GRAPH_OF,
                _things("from", "Fra", "From", f"<{PLAN}unconfirmedFrom>", PLAN + "unconfirmedFrom",
                        "5001/commitment/2023-6-1"),
                _things("perspective", "Til perspektiv", "To perspective", "", PLAN + "unconfirmedTo",
                        "5001/perspective/2020-5",
                        pattern=f"?thing <{PLAN}unconfirmedTo> ?value . ?value a <{PLAN}Perspective> ."),
                _things("target", "Til FNs delmål", "To UN target", "", PLAN + "unconfirmedTo", "10.2", base=SDG,
                        pattern=f"?thing <{PLAN}unconfirmedTo> ?value . ?value a <{SDGO}Target> ."),
                _things("givenBy", "Gitt av", "Given by", f"<{PLAN}givenBy>", PLAN + "givenBy",
                        "5001/reading/2026-11-a"),
            ),
        ),
        Collection(
            "readings", (PLAN + "Reading",), "Lesninger", "Readings", (_BY_LABEL,),
            (
                _LABEL, _link("readerKind", "Type leser", "Kind of reader", PLAN + "readerKind"),
                _column("date", "Dato", "Date", _DCTERMS + "date"),
                _link("rule", "Regel", "Rule", PLAN + "followsRule"),
            ),
            (_IN_GRAPH_OF,),
        ),
        Collection(
            "interpretation-rules", (PLAN + "InterpretationRule",), "Tolkningsregler", "Rules of interpretation",
            (_BY_LABEL,), (_LABEL, _column("description", "Beskrivelse", "Description", _DCTERMS + "description")),
            (_IN_GRAPH_OF,),
        ),
        Collection(
            "rule-clauses", (PLAN + "RuleClause",), "Regelledd", "Clauses of rules", (_BY_POSITION,),
            (
                _POSITION, _LABEL, _column("text", "Tekst", "Text", _DCTERMS + "description"),
                _link("perspective", "Perspektiv", "Perspective", _DCTERMS + "subject"), _PART,
            ),
            (_IN_GRAPH_OF, _part_of("Regel", "Rule", "5001/interpretation-rule/2026-11")),
        ),
        Collection(
            "interpretation-methods", (PLAN + "InterpretationMethod",), "Tolkningsmetoder", "Methods of interpretation",
            (_BY_LABEL,), (_LABEL, _column("description", "Beskrivelse", "Description", _DCTERMS + "description")),
            (_IN_GRAPH_OF,),
        ),
        Collection(
            "platform-sections", (PLAN + "PlatformSection",), "Avsnitt i plattformer", "Sections of platforms",
            (_BY_MUNICIPALITY, f"?thing <{_DCTERMS}isPartOf>/<{PLAN}position> ?value", _BY_POSITION, _BY_TITLE),
            (_POSITION, _TITLE, _PART, _IN),
            (_MUNICIPALITY, _part_of("Politikkområde", "Policy area", "5001/policy-area/2023-6")),
        ),
        Collection(
            "areas", (PLAN + "Area",), "Områder", "Areas", (_BY_MUNICIPALITY, _BY_LABEL), (_LABEL, _IN),
            (_MUNICIPALITY,),
        ),
        Collection(
            "places", (PLAN + "Place",), "Steder", "Places", (_BY_MUNICIPALITY, _BY_LABEL), (_LABEL, _IN),
            (_MUNICIPALITY,),
        ),
        Collection(
            "actor-groups", (PLAN + "ActorGroup",), "Aktørgrupper", "Groups of actors", (_BY_LABEL,), (_LABEL,),
            (_IN_GRAPH_OF,),
        ),
        Collection(
            "surveys", (PLAN + "Survey",), "Undersøkelser", "Surveys", (_BY_LABEL,), (_LABEL,), (_IN_GRAPH_OF,),
        ),
        Collection(
            "citations", (PLAN + "DocumentCitation",), "Henvisninger til dokumenter", "Citations of documents",
            (_BY_MUNICIPALITY, f"?thing <{PLAN}citedBy> ?value", _BY_POSITION),
            (
                _KEY, _link("citedBy", "Nevnt av", "Cited by", PLAN + "citedBy"), _POSITION, _PRINTED,
                _link("document", "Dokument", "Document", PLAN + "citedDocument"),
                _link("other", "Annet", "Other thing", PLAN + "citedThing"),
                _link("case", "Sak", "Case", PLAN + "citedCase"),
                _link("status", "Status", "Status", PLAN + "documentStatus"),
                _column("statusAsPrinted", "Status som trykt", "Status as printed", PLAN + "statusAsPrinted"),
                _column("expectedDecision", "Ventet vedtak", "Expected decision", PLAN + "expectedDecision"), _IN,
            ),
            (
                _MUNICIPALITY,
                _things("citedBy", "Nevnt av", "Cited by", f"<{PLAN}citedBy>", PLAN + "citedBy",
                        "5001/perspective/2020-7"),
                _things("document", "Dokument", "Document", f"<{PLAN}citedDocument>", PLAN + "citedDocument",
                        "5001/governing-document/byvekstavtalen"),
                _scheme("status", "Status", "Status", f"<{PLAN}documentStatus>", PLAN + "documentStatus",
                        "document-status", "adopted"),
                _things("case", "Sak", "Case", f"<{PLAN}citedCase>", PLAN + "citedCase", "5001/case/8-21"),
            ),
        ),
        Collection(
            "plan-perspective-links", (PLAN + "PlanPerspectiveLink",), "Koblinger fra plan til perspektiv",
            "Links from plan to perspective",
            (f"?thing <{PLAN}linkedPlan>/<{PLAN}number> ?value", f"?thing <{PLAN}linkedPlan> ?value", _BY_POSITION),
            (
                _KEY, _link("plan", "Plan", "Plan", PLAN + "linkedPlan"), _POSITION,
                _link("perspective", "Perspektiv", "Perspective", PLAN + "linkedPerspective"), _PRINTED,
            ),
            (
                _IN_GRAPH_OF,
                _things("plan", "Plan", "Plan", f"<{PLAN}linkedPlan>", PLAN + "linkedPlan", "5001/plan/2020-2023-9"),
                _things("perspective", "Perspektiv", "Perspective", f"<{PLAN}linkedPerspective>",
                        PLAN + "linkedPerspective", "5001/perspective/2020-7"),
            ),
        ),
        Collection(
            "perspective-target-links", (PLAN + "PerspectiveTargetLink",), "Koblinger fra perspektiv til FNs delmål",
            "Links from perspective to UN target",
            (_BY_PERSPECTIVE, f"?thing <{PLAN}linkedPerspective> ?value",
             f"?thing <{PLAN}linkedTarget>/<{_SKOS}notation> ?value"),
            (
                _KEY, _link("perspective", "Perspektiv", "Perspective", PLAN + "linkedPerspective"),
                _link("target", "FNs delmål", "UN target", PLAN + "linkedTarget"),
                _link("evidence", "Belegg", "Evidence", PLAN + "targetEvidence"),
                _column("numberAsPrinted", "Nr. som trykt", "No. as printed", PLAN + "numberAsPrinted"),
            ),
            (
                _IN_GRAPH_OF,
                _things("perspective", "Perspektiv", "Perspective", f"<{PLAN}linkedPerspective>",
                        PLAN + "linkedPerspective", "5001/perspective/2020-7"),
                _things("target", "FNs delmål", "UN target", f"<{PLAN}linkedTarget>", PLAN + "linkedTarget",
                        _TARGET_EXAMPLE, base=SDG),
                _scheme("evidence", "Belegg", "Evidence", f"<{PLAN}targetEvidence>", PLAN + "targetEvidence",
                        "target-evidence", "printed"),
            ),
        ),
        Collection(
            "evidence", (PLAN + "Evidence",), "Belegg", "Evidence",
            (f"?thing <{PLAN}passage>/<{_OA}hasSource> ?value", f"?thing <{PLAN}passage>/<{PLAN}firstLine> ?value",
             f"?thing <{PLAN}about> ?value"),
            (
                _KEY, _link("about", "Om", "About", PLAN + "about"),
                _link("property", "Egenskap", "Property", PLAN + "aboutProperty"),
                _column("value", "Verdi", "Value", PLAN + "aboutValue"),
                _link("kind", "Type belegg", "Kind of evidence", PLAN + "evidenceKind"),
                _link("passage", "Sted", "Passage", PLAN + "passage"),
                _column("checked", "Kontrollert", "Checked", PLAN + "checked"),
            ),
            (
                _IN_GRAPH_OF,
                _scheme("kind", "Type belegg", "Kind of evidence", f"<{PLAN}evidenceKind>", PLAN + "evidenceKind",
                        "evidence-kind", "printed"),
                _things("document", "Kildedokument", "Source document", f"<{PLAN}passage>/<{_OA}hasSource>",
                        _OA + "hasSource", "5001/source-document/samfunnsdel-2009-2020"),
                _text("checked", "Kontrollert", "Checked", f"?thing <{PLAN}checked> ?is BIND (STR(?is) AS ?value)",
                      PLAN + "checked", "^(true|false)$", "true"),
                _things("property", "Egenskap", "Property", f"<{PLAN}aboutProperty>", PLAN + "aboutProperty",
                        _DCTERMS + "title", base=PLAN),
                _things("about", "Om", "About", f"<{PLAN}about>", PLAN + "about", "5001/vision/2009-2020"),
            ),
        ),
        Collection(
            "passages", (PLAN + "Passage",), "Steder i kildene", "Passages of the sources",
            (f"?thing <{_OA}hasSource> ?value", f"?thing <{PLAN}firstLine> ?value",
             f"?thing <{PLAN}lastLine> ?value"),
            (
                _KEY, _link("document", "Kildedokument", "Source document", _OA + "hasSource"),
                _column("section", "Avsnitt", "Section", PLAN + "section"),
                _column("item", "Trykt punkt", "Printed item", PLAN + "printedItem"),
                _column("firstLine", "Fra linje", "From line", PLAN + "firstLine"),
                _column("lastLine", "Til linje", "To line", PLAN + "lastLine"),
            ),
            (
                _IN_GRAPH_OF,
                _things("document", "Kildedokument", "Source document", f"<{_OA}hasSource>", _OA + "hasSource",
                        "5001/source-document/samfunnsdel-2009-2020"),
            ),
        ),
        Collection(
            "periods", (_DCTERMS + "PeriodOfTime",), "Perioder", "Periods",
            (f"?thing <{_DCAT}startDate> ?value", f"?thing <{_DCAT}endDate> ?value"),
            (
                _KEY, _column("start", "Fra", "From", _DCAT + "startDate"),
                _column("end", "Til", "Until", _DCAT + "endDate"),
            ),
            (_IN_GRAPH_OF,),
        ),
        Collection(
            "figure-sets", (_QB + "DataSet",), "Tallsett", "Figure sets", (_BY_LABEL,),
            (_LABEL, _link("structure", "Oppbygning", "Structure", _QB + "structure")), (_IN_GRAPH_OF,),
        ),
        Collection(
            "posts", (_ORG + "Post",), "Verv", "Posts", (_BY_MUNICIPALITY, _BY_LABEL),
            (_LABEL, _link("postIn", "Verv i", "Post in", _ORG + "postIn"), _IN), (_MUNICIPALITY,),
        ),
        Collection(
            "concepts", (_SKOS + "Concept",), "Begreper", "Concepts",
            (f"?thing <{_SKOS}inScheme> ?value", _BY_CODE, _BY_NUMBER, _BY_NAME),
            (
                _column("code", "Kode", "Code", _SKOS + "notation"),
                _column("label", "Navn", "Name", _SKOS + "prefLabel", other=_RDFS + "label"),
                _link("scheme", "Begrepsliste", "Concept scheme", _SKOS + "inScheme"),
                _column("definition", "Definisjon", "Definition", _SKOS + "definition"),
            ),
            (_things("scheme", "Begrepsliste", "Concept scheme", f"<{_SKOS}inScheme>", _SKOS + "inScheme",
                     "document-kind", base=SCHEME),),
        ),
        Collection(
            "concept-schemes", (_SKOS + "ConceptScheme",), "Begrepslister", "Concept schemes", (_BY_NAME,),
            (
                _column("label", "Navn", "Name", _SKOS + "prefLabel", other=_RDFS + "label"),
                _column("definition", "Definisjon", "Definition", _SKOS + "definition"),
                _link("source", "Kilde", "Source", _DCTERMS + "source"),
            ),
            (),
        ),
        Collection(
            "municipalities", (PLAN + "Municipality",), "Kommuner", "Municipalities",
            (_BY_LABEL, f"?thing <{PLAN}municipalityNumber> ?value"),
            (
                _column("number", "Nr.", "No.", PLAN + "municipalityNumber"), _LABEL,
                _link("organization", "Organisasjon", "Organization", PLAN + "organization"),
            ),
            (),
        ),
        Collection(
            "datasets", (_DCAT + "Dataset",), "Datasett", "Datasets", (_BY_TITLE,),
            (
                _TITLE, _column("identifier", "Kode", "Identifier", _DCTERMS + "identifier"),
                _column("description", "Beskrivelse", "Description", _DCTERMS + "description"),
                _link("publisher", "Utgiver", "Publisher", _DCTERMS + "publisher"),
                _link("license", "Lisens", "Licence", _DCTERMS + "license"),
            ),
            (),
        ),
    )
}  # fmt: skip
