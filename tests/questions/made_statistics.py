"""A statistics table made for the tests: one indicator and one observation for each tied figure of three documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from pyoxigraph import Literal, NamedNode, Quad

BASE = "https://w3id.org/plangraf/"
ID = BASE + "id/"
PLAN = BASE + "ontology#"
SDMX = "http://purl.org/linked-data/sdmx/2009/"
QB = "http://purl.org/linked-data/cube#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
YEAR = NamedNode("http://www.w3.org/2001/XMLSchema#gYear")
DECIMAL = NamedNode("http://www.w3.org/2001/XMLSchema#decimal")
DOCUMENTS = {"planstrategi-2020-2023": "2021", "perspektiver-2020": "2020", "samfunnsdel-2009-2020": "2010"}
"""The documents whose figures are compared, with the year that each was published."""
FACTORS = (Decimal("1"), Decimal("0.995"), Decimal("1.1"))
"""What the statistics say of the first, second, third figure and so on, times what is printed."""
TABLE = NamedNode(ID + "no/cube/t99003")
_GRAPH = NamedNode(BASE + "graph/no/t99003")
_READ = NamedNode(BASE + "graph/5001/tolkninger")
_CONTENTS = NamedNode(ID + "no/dimension/t99003-ContentsCode")
_CODES = NamedNode(ID + "no/code-list/t99003-ContentsCode")


def tied_figures(quads: Iterable[Quad]) -> dict[str, dict[str, NamedNode | Literal]]:
    """The tied figures of the three documents by IRI, each with its statements, in the order of their IRIs."""
    graphs = {f"{BASE}graph/5001/{name}" for name in DOCUMENTS}
    found: dict[str, dict[str, NamedNode | Literal]] = {}
    for quad in quads:
        if isinstance(quad.graph_name, NamedNode) and quad.graph_name.value in graphs:
            assert isinstance(quad.subject, NamedNode)
            about = found.setdefault(quad.subject.value, {"graph": quad.graph_name})
            about[quad.predicate.value] = quad.object  # type: ignore[assignment]  # data hold no blank nodes
    tied = NamedNode(ID + "scheme/figure-status/tied")
    return {iri: about for iri, about in sorted(found.items()) if about.get(PLAN + "figureStatus") == tied}


def comparison_quads(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The table. Area and period are those that are printed, else the municipality and the year of the document."""
    yield from _structure()
    for number, (iri, about) in enumerate(tied_figures(quads).items()):
        key = iri.rpartition("/")[2]
        indicator = NamedNode(f"https://example.org/indicator/{key}")
        code = NamedNode(f"{ID}no/code/t99003-ContentsCode-{key}")
        graph = about["graph"]
        assert isinstance(graph, NamedNode)
        printed = about[SDMX + "measure#obsValue"]
        area = about.get(SDMX + "dimension#refArea", NamedNode(ID + "5001/municipality/5001"))
        period = about.get(
            SDMX + "dimension#refPeriod", Literal(DOCUMENTS[graph.value.rpartition("/")[2]], datatype=YEAR)
        )
        value = (Decimal(printed.value) * FACTORS[number % 3]).normalize()
        yield Quad(indicator, TYPE, NamedNode("http://metadata.un.org/sdg/ontology#Indicator"), _GRAPH)
        yield Quad(NamedNode(iri), NamedNode(PLAN + "measuresIndicator"), indicator, _READ)
        yield Quad(code, NamedNode(PLAN + "measuresIndicator"), indicator, _READ)
        yield Quad(code, NamedNode(SKOS + "inScheme"), _CODES, _GRAPH)
        yield Quad(code, NamedNode(SKOS + "notation"), Literal(key), _GRAPH)
        yield Quad(code, NamedNode(SKOS + "prefLabel"), Literal(key, language="nb"), _GRAPH)
        observation = NamedNode(f"{ID}no/observation/t99003-{key}")
        for predicate, term in (
            (TYPE, NamedNode(QB + "Observation")),
            (NamedNode(QB + "dataSet"), TABLE),
            (_CONTENTS, code),
            (NamedNode(SDMX + "dimension#refArea"), area),
            (NamedNode(SDMX + "dimension#refPeriod"), period),
            (NamedNode(SDMX + "measure#obsValue"), Literal(format(value, "f"), datatype=DECIMAL)),
            (NamedNode(SDMX + "attribute#unitMeasure"), about[SDMX + "attribute#unitMeasure"]),
        ):
            yield Quad(observation, predicate, term, _GRAPH)


def _structure() -> Iterator[Quad]:
    structure, component = NamedNode(ID + "no/structure/t99003"), NamedNode(ID + "no/component/t99003-ContentsCode")
    integer = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
    for subject, predicate, term in (
        (TABLE, TYPE, NamedNode(PLAN + "StatisticsTable")),
        (TABLE, NamedNode(PLAN + "tableNumber"), Literal("99003")),
        (TABLE, NamedNode(QB + "structure"), structure),
        (structure, NamedNode(QB + "component"), component),
        (component, NamedNode(QB + "dimension"), _CONTENTS),
        (component, NamedNode(QB + "order"), Literal("1", datatype=integer)),
        (_CONTENTS, NamedNode(QB + "codeList"), _CODES),
    ):
        yield Quad(subject, predicate, term, _GRAPH)
