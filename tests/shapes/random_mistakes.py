"""Random mistakes in data: odd values, exchanged subjects and predicates, missing and double statements."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, Quad

from plangraf.rdf.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
ODD_VALUES = [
    Literal(""),
    Literal("x"),
    Literal("Ny tekst.", language="nb"),
    Literal("New", language="en"),
    Literal("Ođđa", language="se"),
    Literal("Tekst", language="nb-NO"),
    Literal("7"),
    *(
        Literal(text, datatype=NamedNode(XSD + name))
        for text, name in (
            ("0", "integer"),
            ("-3", "integer"),
            ("007", "integer"),
            ("x", "integer"),
            ("1.5", "decimal"),
            ("2020", "gYear"),
            ("0000", "gYear"),
            ("20", "gYear"),
            ("2020-13", "gYearMonth"),
            ("2020-02-30", "date"),
            ("2021-05-01", "date"),
            ("2021-05-01Z", "date"),
            ("true", "boolean"),
            ("1", "boolean"),
            ("P", "duration"),
            ("P2Y", "duration"),
            ("1E3", "double"),
            ("--13", "gMonth"),
            ("--02-30", "gMonthDay"),
            ("x", "unheardOf"),
        )
    ),
    NamedNode("https://w3id.org/plangraf/id/9999/plan/nowhere"),
    NamedNode("http://metadata.un.org/sdg/11.6"),
    NamedNode("https://w3id.org/plangraf/id/scheme/document-kind/temaplan"),
]


def mutated(quads: list[Quad], chance: random.Random) -> Iterator[Quad]:
    """The statements with some dropped, some given another value, predicate or subject, and some said twice."""
    for quad in quads:
        what = chance.random()
        if what > 0.12:
            yield quad
        if what < 0.03:
            yield Quad(quad.subject, quad.predicate, chance.choice(ODD_VALUES), quad.graph_name)
        elif what < 0.05:
            yield Quad(quad.subject, quad.predicate, chance.choice(quads).object, quad.graph_name)
        elif what < 0.07:
            yield Quad(quad.subject, chance.choice(quads).predicate, quad.object, quad.graph_name)
        elif what < 0.09:
            yield Quad(chance.choice(quads).subject, quad.predicate, quad.object, quad.graph_name)
        elif what > 0.97:
            yield Quad(quad.subject, quad.predicate, chance.choice(ODD_VALUES), quad.graph_name)
