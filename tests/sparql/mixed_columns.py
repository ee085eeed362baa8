"""Sorts columns of mixed values by the engine, three input orders of each."""

from __future__ import annotations

import random

from pyoxigraph import QuerySolutions, RdfFormat, Store

XSD = "http://www.w3.org/2001/XMLSchema#"
PARTS = {
    "dates": ["2024-01-0{a}{z}^date"],
    "times": ["0{a}:30:00{z}^time", "0{a}:{b}0:00^time"],
    "date-times": ["2024-01-01T0{a}:3{b}:00{z}^dateTime", "2024-01-0{a}T0{b}:00:00^dateTime"],
    "days": ["---0{a}{z}^gDay", "---1{b}^gDay"],
    "durations": ["P{a}M^duration", "P{a}{b}D^duration", "P{a}M{b}D^duration", "-P{b}{a}DT{a}H^duration"],
    "malformed": [
        "P{a}{b}D^dayTimeDuration",
        "P{a}x{b}^dayTimeDuration",
        "2024-01-01T0{a}:x^dateTime",
        "2024-01-01T0{a}:00:00{z}^dateTime",
    ],
    "numbers": [
        "900719925474099{a}^integer",
        "900719925474099{b}^double",
        "900719925474099{a}.{b}^decimal",
        "0.{a}^float",
        "0.{a}^double",
        "0.{a}000000{b}^decimal",
        "NaN^double",
        "INF^float",
    ],
    "kinds": ["{a}{b}^integer", "{a}{b}^string", "2024-0{a}-0{b}^date", "{b}{a}^unknown"],
}
HOW_MANY = 400


def sort(part: str, query: str) -> int:
    """Sorts values of one part in three input orders; returns the number of results."""
    chosen = random.Random(part)
    found = 0
    for _ in range(3):
        lines = []
        for number in range(HOW_MANY):
            zone = chosen.choice(("Z", "+02:00", "-11:00", "+13:00", "-14:00", ""))
            text = chosen.choice(PARTS[part]).format(a=chosen.randint(1, 9), b=chosen.randint(1, 5), z=zone)
            value, _, datatype = text.partition("^")
            lines.append(f'<http://x/{number}> <http://x/v> "{value}"^^<{XSD}{datatype}> .')
        store = Store()
        store.load("\n".join(lines).encode(), RdfFormat.N_TRIPLES)
        result = store.query(query)
        assert isinstance(result, QuerySolutions)
        found += sum(1 for _ in result)
    return found
