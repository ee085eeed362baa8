"""Whatever table JSON-stat can hold: its cube gives back its codes, values, statuses and units exactly."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from math import prod
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from json_stat_tables import LICENCE
from pyoxigraph import NamedNode, RdfFormat, parse

from plangraf.rdf.namespaces import terms
from plangraf.sources.statistics.cube.dimension_terms import dimension_terms
from plangraf.sources.statistics.cube.names import TableNames
from plangraf.sources.statistics.cube.norwegian_areas import KnownAreas
from plangraf.sources.statistics.cube.observations import write_observations
from plangraf.sources.statistics.cube.structure import structure_triples, units_of
from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.read.json_stat import read_json_stat

qb, skos, sdmx_measure, sdmx_attribute, plan = map(terms, ("qb", "skos", "sdmx-measure", "sdmx-attribute", "plan"))
_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))
_CODES = st.text(_LETTERS, min_size=1, max_size=6) | st.sampled_from(["A", "B", "A-B", "B-C", "C", "A.B", "a~2DB"])
_NAMES = _CODES | st.just("unit")
_PERIODS = ["2019", "2020", "2020K1", "2020M01", "2020U05", "2018-2019", "2020-01-31", "2020H1", "2020T3"]
_NUMBERS = st.none() | st.decimals(-(10**9), 10**9, places=4) | st.integers(-(10**19), 10**19)
_SYMBOLS = st.sampled_from([".", "..", ":", "*", "p", "🅱", 'a "b" \\ c'])


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A document with a time dimension, one with contents and units, and up to two others, in any form."""
    names = draw(st.lists(_NAMES, min_size=2, max_size=4, unique=True))
    sizes, described = [], {}
    for place, name in enumerate(names):
        codes = draw(st.lists(st.sampled_from(_PERIODS) if place == 0 else _CODES, min_size=1, max_size=3, unique=True))
        sizes.append(len(codes))
        index: Any = codes if draw(st.booleans()) else {code: at for at, code in enumerate(codes)}
        category: dict[str, Any] = {"index": index, "label": {code: f"Navn {code}" for code in codes}}
        if place == 1:
            category["unit"] = {code: {"base": draw(st.sampled_from(["prosent", "personer", "å-b"]))} for code in codes}
        if len(codes) == 1 and draw(st.booleans()):
            del category["index"]
        described[name] = {"label": name, "category": category}
    cells = prod(sizes)
    values = draw(st.lists(_NUMBERS, min_size=cells, max_size=cells))
    symbols = draw(st.lists(st.none() | _SYMBOLS, min_size=cells, max_size=cells))
    sparse, listed = draw(st.booleans()), draw(st.booleans())
    values[draw(st.integers(0, cells - 1))] = 1
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Tabell",
        "id": names,
        "size": sizes,
        "role": {"time": [names[0]], "metric": [names[1]]},
        "dimension": described,
        "value": {str(at): value for at, value in enumerate(values) if value is not None} if sparse else values,
        "status": symbols if listed else {str(at): symbol for at, symbol in enumerate(symbols) if symbol},
        "extension": {"px": {"tableid": "T-1", "language": "no"}, "license": LICENCE},
    }


@settings(deadline=None)
@given(document=tables(), escaped=st.booleans())
def test_a_cube_has_the_codes_values_statuses_and_units_of_its_table(document: dict[str, Any], escaped: bool) -> None:
    content = json.dumps(document, ensure_ascii=escaped, default=_number)
    content = re.sub(r'"@@([-0-9.]+)@@"', r"\1", content)
    table, _ = read_json_stat(content.encode(), "t.json")
    names, known = TableNames("t-1"), KnownAreas()
    dimensions = dimension_terms(table, names, "codes", known, Findings("t.json"))
    units = units_of(table, names)
    file = io.BytesIO()
    write_observations(file, table, dimensions, names, units.terms)
    structure = structure_triples(table, dimensions, names, units, known)

    notations = {triple.subject: triple.object.value for triple in structure if triple.predicate == skos("notation")}
    lists = [triple.subject for triple in structure if triple.predicate == skos("inScheme")]
    assert len(lists) == len(set(lists)), "a code stands in two lists"
    codes_of = [dict(zip(one.values, (code.code for code in one.dimension.codes), strict=True)) for one in dimensions]
    assert all(len(codes) == len(one.dimension.codes) for codes, one in zip(codes_of, dimensions, strict=True))
    for one, codes in zip(dimensions, codes_of, strict=True):
        assert one.dimension.role == "time" or {value: notations[value] for value in codes} == codes

    observations: dict[Any, dict[NamedNode, Any]] = {}
    for quad in parse(file.getvalue(), format=RdfFormat.N_TRIPLES):
        said = observations.setdefault(quad.subject, {})
        assert quad.predicate not in said, quad
        said[quad.predicate] = quad.object
    unit_of = dict(units.own)
    found = {}
    for said in observations.values():
        key = tuple(codes[said[one.predicate]] for one, codes in zip(dimensions, codes_of, strict=True))
        value, symbol = said.get(sdmx_measure("obsValue")), said.get(plan("statusSymbol"))
        unit = said[sdmx_attribute("unitMeasure")]
        found[key] = (
            None if value is None else Decimal(value.value),
            None if symbol is None else symbol.value,
            unit_of.get(unit, "prosent"),
        )
        assert value is not None or sdmx_attribute("obsStatus") in said
    assert found == _expected(document)


def _expected(document: dict[str, Any]) -> dict[tuple[str, ...], tuple[Decimal | None, str | None, str]]:
    """Key → value, symbol and unit, worked out from the document alone."""
    names, sizes = document["id"], document["size"]
    codes = []
    for name in names:
        category = document["dimension"][name]["category"]
        index = category.get("index", list(category["label"]))
        codes.append(sorted(index, key=index.__getitem__) if isinstance(index, dict) else index)
    units = document["dimension"][names[1]]["category"]["unit"]
    values, status = document["value"], document["status"]
    found = {}
    for at in range(prod(sizes)):
        key, rest = [], at
        for number in range(len(sizes)):
            place, rest = divmod(rest, prod(sizes[number + 1 :]))
            key.append(codes[number][place])
        value = values.get(str(at)) if isinstance(values, dict) else values[at]
        symbol = status.get(str(at)) if isinstance(status, dict) else status[at]
        if isinstance(values, dict) and value is None and symbol is None:
            continue
        found[tuple(key)] = (None if value is None else Decimal(value), symbol, units[key[1]]["base"])
    return found


def _number(value: object) -> object:
    """A decimal with its digits as they are; the marks around it are removed afterwards."""
    assert isinstance(value, Decimal)
    return f"@@{value:f}@@"
