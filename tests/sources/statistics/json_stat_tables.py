"""Small tables in JSON-stat 2.0 that the tests change in one place."""

from __future__ import annotations

import copy
import json
from typing import Any

_TABLE: dict[str, Any] = {
    "version": "2.0",
    "class": "dataset",
    "label": "Ledige, etter region, innhold og år",
    "source": "Statistisk sentralbyrå",
    "updated": "2026-01-31T07:00:00Z",
    "role": {"geo": ["Region"], "metric": ["Innhold"], "time": ["Tid"]},
    "id": ["Region", "Innhold", "Tid"],
    "size": [2, 2, 2],
    "dimension": {
        "Region": {
            "label": "region",
            "category": {"index": {"5001": 0, "0301": 1}, "label": {"5001": "Trondheim", "0301": "Oslo"}},
        },
        "Innhold": {
            "label": "statistikkvariabel",
            "category": {
                "index": ["Antall", "Andel"],
                "label": {"Antall": "Ledige", "Andel": "Andel ledige"},
                "unit": {"Antall": {"base": "personer", "decimals": 0}, "Andel": {"base": "prosent", "decimals": 1}},
            },
            "extension": {
                "refperiod": {"Antall": "31.12."},
                "measuringType": {"Antall": "Stock"},
                "priceType": {"Antall": "NotApplicable"},
            },
        },
        "Tid": {
            "label": "år",
            "category": {"index": {"2019": 0, "2020": 1}, "label": {"2019": "2019", "2020": "2020"}},
        },
    },
    "extension": {"px": {"tableid": "05111", "language": "no"}},
    "value": [1500, None, 2.1, 2.25, 7, 8, 9.0, 0],
    "status": {"1": ".."},
}
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def table(**changes: Any) -> dict[str, Any]:
    """The table with members replaced; None removes one, and a name such as `dimension__Tid__label` goes inside."""
    made = copy.deepcopy(_TABLE)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = made
        for name in way:
            place = place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return made


def written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
