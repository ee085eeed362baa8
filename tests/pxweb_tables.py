"""Small made-up tables, and what PxWebApi 2 answers about them; written from its OpenAPI document (PxAPI-2.yml).

Nothing here imports plangraf, so that the client is tested against another reading of the document. The value of a cell
follows from its codes, so that a test can tell each cell from every other.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Problem = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with problem details."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        self.status = status


def bad_request(detail: str) -> RefusedError:
    return RefusedError(400, "Bad Request", detail)


@dataclass
class Codelist:
    """Groups of codes: each value has a label and the codes that it is made of."""

    id: str
    label: str
    values: dict[str, tuple[str, list[str]]]
    kind: str = "Aggregation"


@dataclass
class Axis:
    """A dimension; `labels` are in the table's order."""

    code: str
    label: str
    labels: dict[str, str]
    elimination: bool = False
    role: str | None = None
    codelists: list[Codelist] = field(default_factory=list)


@dataclass
class Table:
    id: str
    label: str
    updated: str | None
    axes: list[Axis]

    def axis(self, code: str) -> Axis | None:
        return next((axis for axis in self.axes if axis.code.lower() == code.lower()), None)


def cell(codes: Mapping[str, str]) -> int:
    """The value of one cell of a table, by the code of each of its dimensions."""
    key = "|".join(f"{name}={code}" for name, code in sorted(codes.items()))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:3])


def population() -> Table:
    """A table as Statistics Norway has them: regions, sexes, contents and years; 8 × 2 × 2 × 6 = 192 cells."""
    regions = {"1601": "Trondheim (-2017)", "5001": "Trondheim", "5030": "Klæbu (-2019)", "5031": "Malvik"}
    regions |= {"0301": "Oslo", "1103": "Stavanger", "4601": "Bergen", "4204": "Kristiansand"}
    mid_norway = Codelist(
        "agg_Counties",
        "counties",
        {"50": ("Trøndelag", ["1601", "5001", "5030", "5031"]), "03": ("Oslo", ["0301"])},
    )
    current = Codelist("vs_Current", "today's", {"5001": ("Trondheim", ["5001"])}, kind="Valueset")
    return Table(
        "07459",
        "Population, by region, sex, contents and year",
        "2026-02-19T07:00:00Z",
        [
            Axis("Region", "region", regions, codelists=[mid_norway, current]),
            Axis("Kjonn", "sex", {"1": "Males", "2": "Females"}, elimination=True),
            Axis("ContentsCode", "contents", {"Personer1": "Persons", "Andel": "Share"}, role="metric"),
            Axis("Tid", "year", {str(year): str(year) for year in range(2020, 2026)}, role="time"),
        ],
    )


Selection = dict[str, tuple[list[str], str | None]]
"""Value codes or expressions, and the code list, by dimension."""


def expand(axis: Axis, codes: Sequence[str], items: Sequence[str]) -> list[str]:
    """The codes that items mean, each once."""
    found: list[str] = []
    for item in items:
        exact = [code for code in codes if code.lower() == item.lower()]
        chosen = exact or _evaluate(axis, list(codes), item)
        found += [code for code in chosen if code not in found]
    return found


def _evaluate(axis: Axis, codes: list[str], item: str) -> list[str]:
    lower = [code.lower() for code in codes]
    function = re.fullmatch(r"(\w+)\((.*)\)", item)
    word, arguments = (function[1].lower(), function[2].split(",")) if function else ("", [])
    if word in ("top", "bottom") and all(one.isdecimal() for one in arguments):
        count, skipped = (*map(int, arguments), 0)[:2]
        from_end = (word == "top") == (axis.role == "time")
        turned = list(reversed(codes)) if from_end else codes
        taken = turned[skipped : skipped + count]
        return list(reversed(taken)) if from_end else taken
    if word in ("from", "to", "range"):
        bounds = [lower.index(one.lower()) if one.lower() in lower else -1 for one in arguments]
        if -1 in bounds or len(bounds) != (2 if word == "range" else 1):
            raise bad_request(f"Value, {item} is not a valid value code for variable {axis.code}")
        first = 0 if word == "to" else min(bounds)
        return codes[first:] if word == "from" else codes[first : max(bounds) + 1]
    if "*" in item or "?" in item:
        pattern = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in item.lower())
        return [code for code in codes if re.fullmatch(pattern, code.lower())]
    raise bad_request(f"Value, {item} is not a valid value code for variable {axis.code}")


def metadata(table: Table, language: str) -> dict[str, Any]:
    """`/tables/{id}/metadata`."""
    codes = {axis.code: list(axis.labels) for axis in table.axes}
    return {**_dataset(table, language, codes, {}), "value": []}


def data(table: Table, language: str, selection: Selection, most_cells: int) -> dict[str, Any]:
    """`/tables/{id}/data` as json-stat2."""
    chosen: dict[str, list[str]] = {}
    lists: dict[str, Codelist] = {}
    for name, (items, list_id) in selection.items():
        axis = table.axis(name)
        if axis is None:
            raise bad_request(f"Variable, {name} is not in the table")
        codes: Sequence[str] = list(axis.labels)
        if list_id is not None:
            found = [one for one in axis.codelists if one.id == list_id]
            if not found:
                raise bad_request(f"Non-existent codelist {list_id}")
            lists[axis.code], codes = found[0], list(found[0].values)
        chosen[axis.code] = expand(axis, codes, items)
    if not selection:  # the default selection
        chosen = {axis.code: list(axis.labels)[-1:] for axis in table.axes}
    for axis in table.axes:
        if not axis.elimination and not chosen.get(axis.code):
            raise bad_request(f"Missing selection for mandatory variable {axis.code}")
    ordered = {axis.code: chosen[axis.code] for axis in table.axes if chosen.get(axis.code)}
    if math.prod(map(len, ordered.values())) > most_cells:
        raise RefusedError(403, "Forbidden", "The query resulted in cell that exceeds the number of allowed.")
    values = []
    for codes in itertools.product(*ordered.values()):
        values.append(_total(table, dict(zip(ordered, codes, strict=True)), lists))
    return {**_dataset(table, language, ordered, lists), "value": values}


def _total(table: Table, codes: Mapping[str, str], lists: Mapping[str, Codelist]) -> int:
    """A cell; summed over eliminated dimensions and over the codes of a group."""
    single = []
    for axis in table.axes:
        code = codes.get(axis.code)
        if code is None:
            single.append(list(axis.labels))
        else:
            single.append(lists[axis.code].values[code][1] if axis.code in lists else [code])
    names = [axis.code for axis in table.axes]
    return sum(cell(dict(zip(names, one, strict=True))) for one in itertools.product(*single))


def _dataset(
    table: Table, language: str, codes: Mapping[str, list[str]], lists: Mapping[str, Codelist]
) -> dict[str, Any]:
    axes = [axis for axis in table.axes if axis.code in codes]
    roles: dict[str, list[str]] = {}
    for axis in axes:
        if axis.role:
            roles.setdefault(axis.role, []).append(axis.code)
    return {
        "version": "2.0",
        "class": "dataset",
        "label": table.label,
        "source": "Made up for tests",
        "updated": table.updated,
        "role": roles,
        "id": [axis.code for axis in axes],
        "size": [len(codes[axis.code]) for axis in axes],
        "dimension": {axis.code: _dimension(axis, codes[axis.code], lists.get(axis.code), language) for axis in axes},
        "extension": {"px": {"tableid": table.id, "language": language, "decimals": 0}},
    }


def _dimension(axis: Axis, codes: Sequence[str], used: Codelist | None, language: str) -> dict[str, Any]:
    labels = {code: used.values[code][0] if used else axis.labels[code] for code in codes}
    category: dict[str, Any] = {"index": {code: place for place, code in enumerate(codes)}, "label": labels}
    extension: dict[str, Any] = {"elimination": axis.elimination, "show": "value"}
    extension["codelists"] = [
        {
            "id": one.id,
            "label": one.label,
            "type": one.kind,
            "links": [
                {"rel": "metadata", "hreflang": language, "href": f"https://statistics.example/codelists/{one.id}"}
            ],
        }
        for one in axis.codelists
    ]
    if axis.role == "metric":
        category["unit"] = {code: {"base": "persons", "decimals": 0} for code in codes}
        extension["measuringType"] = dict.fromkeys(codes, "Stock")
    return {"label": axis.label, "category": category, "extension": extension}


def codelist(found: Codelist, language: str, languages: Sequence[str]) -> dict[str, Any]:
    """`/codelists/{id}`."""
    return {
        "id": found.id,
        "label": found.label,
        "language": language,
        "languages": list(languages),
        "type": found.kind,
        "elimination": False,
        "values": [{"code": code, "label": label, "valueMap": codes} for code, (label, codes) in found.values.items()],
        "links": [],
    }


def entry(table: Table, url: str, language: str) -> dict[str, Any]:
    """A table as `/tables` and `/tables/{id}` list it."""
    periods = next((list(axis.labels) for axis in table.axes if axis.role == "time"), [""])
    here = f"{url}/tables/{table.id}"
    return {
        "id": table.id,
        "label": table.label,
        "description": "",
        "updated": table.updated,
        "firstPeriod": periods[0],
        "lastPeriod": periods[-1],
        "category": "public",
        "variableNames": [axis.label for axis in table.axes],
        "discontinued": False,
        "source": "Made up for tests",
        "timeUnit": "Annual",
        "links": [
            {"rel": rel, "hreflang": language, "href": f"{here}{end}?lang={language}"}
            for rel, end in (("self", ""), ("metadata", "/metadata"), ("data", "/data"))
        ],
    }
