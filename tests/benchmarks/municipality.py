"""Generates the things of one invented municipality, block by block, up to the requested size.

Terms and IRIs follow `ontology/`; texts are invented. The data need not pass the checks of a build, because the
benchmarks measure the service and not the data.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from benchmarks.names import MUNICIPALITIES, PROMISES, TARGETS, THEMES, place

GRAPH = "https://w3id.org/plangraf/graph/"
ID = "https://w3id.org/plangraf/id/"
_ORGANIZATION = "https://organization-catalog.fellesdatakatalog.digdir.no/organizations/"

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "eli-dl": "http://data.europa.eu/eli/eli-draft-legislation-ontology#",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "plan": "https://w3id.org/plangraf/ontology#",
    "qb": "http://purl.org/linked-data/cube#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "scheme": f"{ID}scheme/",
    "sdg": "http://metadata.un.org/sdg/",
    "sdmx-attribute": "http://purl.org/linked-data/sdmx/2009/attribute#",
    "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
    "sdmx-measure": "http://purl.org/linked-data/sdmx/2009/measure#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "unit": "http://qudt.org/vocab/unit/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
PLAN_KINDS = ("temaplan", "kommunedelplan", "strategy", "risk-analysis", "kommuneplanens-arealdel")
UNITS = ("PERCENT", "NUM", "TON_Metric", "KiloW-HR", "MilliGM-PER-M3")
_DOCUMENT_KINDS = ("plan", "temaplan", "strategy", "law", "report", "guideline", "programme")
_LEVELS = ("local", "regional", "national")
_OUTCOMES = ("Adopted", "Adopted", "Adopted", "Rejected")
_EVIDENCE_KINDS = ("printed", "identified", "structural", "summarised")
_PERSPECTIVES = 14
# Popularity of targets, independent of their number.
_LIKED = sorted(TARGETS, key=lambda target: Random(target).random())


@dataclass(frozen=True, slots=True)
class Block:
    """N-Quads lines, and the terms that queries may use, each with the kind of its parameter."""

    lines: list[str]
    named: list[tuple[str, str]]


@lru_cache(maxsize=1024)
def iri(name: str) -> str:
    """`plan:number` as `<https://…#number>`."""
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


def literal(value: object, datatype: str) -> str:
    return f'"{value}"^^{iri(f"xsd:{datatype}")}'


def bilingual(nb: str, en: str) -> tuple[str, str]:
    return f'"{nb}"@nb', f'"{en}"@en'


def shared_lines() -> Iterator[str]:
    """The lines at every size: each municipality, its organisation and its council."""
    for index, number in enumerate(MUNICIPALITIES):
        name = place(index)
        graph = f"<{GRAPH}{number}/kommune>"
        municipality, council = f"<{ID}{number}/municipality/{number}>", f"<{ID}{number}/political-body/kommunestyret>"
        organization = f"<{_ORGANIZATION}9{index:03d}00{number[:3]}>"
        for subject, predicate, value in (
            (municipality, "rdf:type", iri("plan:Municipality")),
            (municipality, "rdfs:label", f'"{name}"@nb'),
            (municipality, "rdfs:label", f'"{name}"@en'),
            (municipality, "plan:municipalityNumber", f'"{number}"'),
            (municipality, "plan:organization", organization),
            (organization, "rdf:type", iri("org:Organization")),
            (organization, "rdfs:label", f'"{name} kommune"@nb'),
            (organization, "rdfs:label", f'"{name} Municipality"@en'),
            (council, "rdf:type", iri("plan:PoliticalBody")),
            (council, "rdfs:label", '"Kommunestyret"@nb'),
            (council, "rdfs:label", '"Municipal Council"@en'),
            (council, "org:subOrganizationOf", organization),
        ):
            yield f"{subject} {iri(predicate)} {value} {graph} ."


class Blocks:
    """The things of one municipality."""

    def __init__(self, number: str, chance: Random) -> None:
        self._number = number
        self._chance = chance
        self._municipality = f"<{ID}{number}/municipality/{number}>"
        self._council = f"<{ID}{number}/political-body/kommunestyret>"
        self._documents: list[str] = []
        # Each municipality ranks the targets differently, but the popular ones are high in most rankings.
        liked = {target: rank + 60 * chance.random() for rank, target in enumerate(_LIKED)}
        self._favourites = sorted(TARGETS, key=lambda target: liked[target])
        self._named: list[tuple[str, str]] = []
        self._lines: list[str] = []
        self._graph = ""

    def all(self) -> Iterator[Block]:
        """Yields blocks without end, each of at most 100 lines; no line repeats."""
        for round_ in itertools.count():
            year = 2020 - 4 * (round_ % 8)
            self._series = str(year) if round_ < 8 else f"{year}-{round_ // 8 + 1}"
            self._slug = f"planstrategi-{self._series}"
            self._graph = f"<{GRAPH}{self._number}/{self._slug}>"
            self._year, self._line, self._counts = year, 1, dict.fromkeys(("plan", "case", "figure", "promise"), 0)
            self._strategy()
            yield self._taken()
            for number in range(1, _PERSPECTIVES + 1):
                yield from self._around_perspective(number)

    def _around_perspective(self, number: int) -> Iterator[Block]:
        chance = self._chance
        perspective = self._perspective(number)
        yield self._taken()
        for target in self._targets(self._fan(9)):
            self._target_link(perspective, number, target)
            yield self._taken()
        for _ in range(self._fan(5) - (chance.random() < 0.3)):
            plan = self._plan(number)
            yield self._taken()
            if chance.random() < 0.7:
                for _ in range(self._fan(4)):
                    self._decision(plan)
                    yield self._taken()
        for document in sorted({self._document() for _ in range(self._fan(6))}):
            self._name("citing", f'"{self._number}"')
            self._add(perspective, ("plan:hasGoverningDocument", document))
            yield self._taken()
        for _ in range(self._fan(8)):
            self._figure(perspective)
            yield self._taken()
        for _ in range(self._fan(8) - 1):
            self._commitment()
            yield self._taken()

    def _strategy(self) -> None:
        theme = f"planstrategi {self._year}–{self._year + 3}"
        dataset, source, strategy = self._of("dataset"), self._of("source-document"), self._of("planning-strategy")
        self._add(
            dataset,
            ("rdf:type", iri("dcat:Dataset")),
            ("dcterms:identifier", f'"{self._slug}"'),
            *(("dcterms:title", text) for text in bilingual(theme.capitalize(), f"Planning strategy {self._year}")),
            ("dcterms:source", source),
        )
        self._add(source, ("rdf:type", iri("plan:SourceDocument")), ("dcterms:date", literal(self._year, "gYear")))
        self._add(
            strategy,
            ("rdf:type", iri("plan:PlanningStrategy")),
            ("dcterms:title", f'"{theme.capitalize()}"@nb'),
            ("plan:municipality", self._municipality),
        )

    def _perspective(self, number: int) -> str:
        nb, en = self._chance.choice(THEMES)
        perspective = self._key("perspective", number)
        self._add(
            perspective,
            ("rdf:type", iri("plan:Perspective")),
            ("rdf:type", iri("skos:Concept")),
            ("plan:municipality", self._municipality),
            ("plan:number", literal(number, "integer")),
            *(("skos:prefLabel", text) for text in bilingual(f"Gode liv med {nb}", f"Good lives with {en}")),
        )
        self._evidence(perspective, "plan:number", "skos:prefLabel")
        return perspective

    def _target_link(self, perspective: str, number: int, target: str) -> None:
        link = self._key("perspective-target-link", f"{number}-{target}")
        kind = self._chance.choice(("printed", "identified"))
        self._add(perspective, ("plan:relatesToTarget", iri(f"sdg:{target}")))
        self._add(
            link,
            ("rdf:type", iri("plan:PerspectiveTargetLink")),
            ("plan:linkedPerspective", perspective),
            ("plan:linkedTarget", iri(f"sdg:{target}")),
            ("plan:targetEvidence", iri(f"scheme:target-evidence/{kind}")),
        )
        self._evidence(link, "plan:linkedPerspective", "plan:linkedTarget", "plan:targetEvidence")

    def _plan(self, perspective: int) -> str:
        chance = self._chance
        number = self._next("plan")
        nb, en = chance.choice(THEMES)
        kind = PLAN_KINDS[self._fan(len(PLAN_KINDS)) - 1]
        plan = self._key("plan", number)
        self._name("plan", plan)
        others = [other for other in range(1, perspective) if chance.random() < 1 / perspective][:3]
        self._add(
            plan,
            ("rdf:type", iri("plan:Plan")),
            ("rdf:type", iri("eli:Work")),
            ("plan:municipality", self._municipality),
            ("plan:number", literal(number, "integer")),
            ("dcterms:title", f'"Plan for {nb} i {place(MUNICIPALITIES.index(self._number))} {self._year}"@nb'),
            ("plan:planKind", iri(f"scheme:document-kind/{kind}")),
            ("plan:printedAsRevision", literal(str(chance.random() < 0.4).lower(), "boolean")),
            *(("plan:purpose", text) for text in bilingual(f"Avklare behovet for {nb}.", f"Settle the need for {en}.")),
            ("plan:startYear", literal(self._year + chance.randrange(4), "gYear")),
            ("plan:primaryPerspective", self._key("perspective", perspective)),
        )
        self._add(self._of("planning-strategy"), ("eli:basis_for", plan))
        for position, named in enumerate((perspective, *others), start=1):
            link = self._key("plan-perspective-link", f"{number}-{position}")
            self._add(plan, ("plan:respondsTo", self._key("perspective", named)))
            self._add(
                link,
                ("rdf:type", iri("plan:PlanPerspectiveLink")),
                ("plan:linkedPlan", plan),
                ("plan:position", literal(position, "integer")),
                ("plan:linkedPerspective", self._key("perspective", named)),
            )
            self._evidence(link, "plan:linkedPlan", "plan:linkedPerspective", "plan:position")
        self._evidence(plan, "plan:number", "dcterms:title", "plan:respondsTo")
        return plan

    def _decision(self, plan: str) -> None:
        chance = self._chance
        number = self._next("case")
        case, decision = self._key("case", number), self._key("decision", number)
        printed = f"{number}/{(self._year + chance.randrange(4)) % 100:02d}"
        date = f"{self._year + chance.randrange(4)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        self._name("municipality", f'"{self._number}"')
        self._add(
            case,
            ("rdf:type", iri("plan:Case")),
            ("rdf:type", iri("eli-dl:Process")),
            *(("rdfs:label", text) for text in bilingual(f"Sak {printed}", f"Case {printed}")),
            ("plan:caseNumber", f'"{printed}"'),
            ("plan:municipality", self._municipality),
        )
        self._evidence(case, "plan:caseNumber", "rdfs:label")
        self._add(
            decision,
            ("rdf:type", iri("plan:Decision")),
            ("rdf:type", iri("eli-dl:Decision")),
            *(("rdfs:label", text) for text in bilingual(f"Vedtak i sak {printed}", f"Decision in case {printed}")),
            ("plan:inCase", case),
            ("eli-dl:had_responsible_organization", self._council),
            ("eli-dl:activity_date", literal(date, "date")),
            ("plan:decidedOn", plan),
            ("eli-dl:decision_outcome", iri(f"eli-dl:DecisionOutcome-{chance.choice(_OUTCOMES)}")),
            ("plan:municipality", self._municipality),
        )
        self._evidence(decision, "plan:decidedOn", "eli-dl:activity_date")

    def _document(self) -> str:
        """A governing document: an already cited one, or a new one that often lacks optional fields."""
        chance = self._chance
        if self._documents and chance.random() < 0.5:
            # The first documents are cited most often.
            return self._documents[self._fan(len(self._documents)) - 1]
        nb, _ = chance.choice(THEMES)
        document = f"<{ID}{self._number}/governing-document/{len(self._documents) + 1}>"
        self._documents.append(document)
        self._add(
            document,
            ("rdf:type", iri("plan:GoverningDocument")),
            ("rdf:type", iri("eli:Work")),
            ("dcterms:title", f'"Føringer for {nb}"@nb'),
            ("plan:municipality", self._municipality),
        )
        if chance.random() < 0.6:
            self._add(document, ("plan:documentKind", iri(f"scheme:document-kind/{chance.choice(_DOCUMENT_KINDS)}")))
        if chance.random() < 0.4:
            self._add(document, ("plan:governanceLevel", iri(f"scheme:governance-level/{chance.choice(_LEVELS)}")))
        if chance.random() < 0.5:
            self._add(document, ("dcterms:date", literal(chance.randint(1995, 2022), "gYear")))
        self._evidence(document, "dcterms:title", "plan:documentKind")
        return document

    def _figure(self, perspective: str) -> None:
        chance = self._chance
        number = self._next("figure")
        nb, en = chance.choice(THEMES)
        figure = self._key("figure", number)
        # The last digit is never 0: literals stand in canonical form.
        value = f"{int(1000 ** chance.random())}.{chance.randint(1, 9)}"
        self._add(
            figure,
            ("rdf:type", iri("plan:Figure")),
            ("rdf:type", iri("qb:Observation")),
            *(("rdfs:label", text) for text in bilingual(f"Nøkkeltall for {nb}", f"Key figure for {en}")),
            ("plan:figureKey", f'"{self._series}.{number}"'),
            ("plan:documentsPerspective", perspective),
            ("plan:municipality", self._municipality),
            ("qb:dataSet", self._of("dataset")),
            ("sdmx-measure:obsValue", literal(value, "decimal")),
            ("sdmx-attribute:unitMeasure", iri(f"unit:{UNITS[self._fan(len(UNITS)) - 1]}")),
            ("sdmx-dimension:refPeriod", literal(self._year + chance.randrange(4), "gYear")),
        )
        self._evidence(figure, "sdmx-measure:obsValue", "rdfs:label")

    def _commitment(self) -> None:
        chance = self._chance
        number = self._next("promise")
        (do_nb, do_en), (nb, en) = chance.choice(PROMISES), chance.choice(THEMES)
        commitment = self._key("commitment", number)
        self._name("word", f'"{nb.split()[0]}"')
        self._add(
            commitment,
            ("rdf:type", iri("plan:Commitment")),
            *(("rdfs:label", text) for text in bilingual(f"{do_nb} {nb}", f"{do_en} {en}")),
            ("plan:municipality", self._municipality),
            ("plan:position", literal(number, "integer")),
        )
        if chance.random() < 0.3:
            self._add(commitment, ("plan:deadline", literal(self._year + chance.randint(1, 10), "gYear")))
        self._evidence(commitment, "rdfs:label")

    def _evidence(self, thing: str, *properties: str) -> None:
        """Adds the evidence of a thing. Three pieces of evidence share one passage."""
        kind = self._chance.choice(_EVIDENCE_KINDS)
        name = thing[1:-1].removeprefix(f"{ID}{self._number}/").replace("/", "-")
        first = self._line // 3 * 5 + 1
        passage = f"<{ID}{self._number}/passage/{self._slug}-l{first}-{first + 4}>"
        self._add(
            f"<{ID}{self._number}/evidence/{self._slug}-{name}>",
            ("rdf:type", iri("plan:Evidence")),
            ("plan:about", thing),
            *(("plan:aboutProperty", iri(name)) for name in properties),
            ("plan:evidenceKind", iri(f"scheme:evidence-kind/{kind}")),
            ("plan:passage", passage),
            ("plan:checked", literal(str(self._chance.random() < 0.5).lower(), "boolean")),
        )
        if self._line % 3 == 0 or self._line == 1:
            self._add(
                passage,
                ("rdf:type", iri("plan:Passage")),
                ("rdf:type", iri("oa:SpecificResource")),
                ("oa:hasSource", self._of("source-document")),
                ("plan:firstLine", literal(first, "integer")),
                ("plan:lastLine", literal(first + 4, "integer")),
            )
        self._line += 1

    def _targets(self, count: int) -> list[str]:
        return sorted({self._favourites[self._fan(len(self._favourites)) - 1] for _ in range(count)})

    def _fan(self, most: int) -> int:
        """A random number from 1 to `most`; n occurs about 1/n as often as 1."""
        return int((most + 1) ** self._chance.random())

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    def _key(self, kind: str, key: object) -> str:
        return f"<{ID}{self._number}/{kind}/{self._series}-{key}>"

    def _of(self, kind: str) -> str:
        return f"<{ID}{self._number}/{kind}/{self._slug}>"

    def _add(self, subject: str, *pairs: tuple[str, str]) -> None:
        self._lines += [f"{subject} {iri(predicate)} {value} {self._graph} ." for predicate, value in pairs]

    def _name(self, kind: str, term: str) -> None:
        self._named.append((kind, term))

    def _taken(self) -> Block:
        block = Block(self._lines, self._named)
        self._lines, self._named = [], []
        return block
