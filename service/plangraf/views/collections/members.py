"""Computes the order of a collection and its filters once per version.

The service sorts, because SPARQL sorts by code point. One query fetches the sort values of a whole collection, and
`collation_key` turns them into keys. The order is a part of the snapshot, as are the values of each facet once
requested.

Comparing two keys with `<` compares their texts in Norwegian alphabetical order. The keys follow CLDR's rules for
Norwegian (https://cldr.unicode.org, collation/no.xml): a to z, then æ (and ä), ø (and ö), å. `aa` sorts right after å,
because names use it for å. ü sorts as y, đ and ð sort as d. Other accents, and then case (small before capital), decide
only between texts that are otherwise equal. Two rules are ours: numbers sort by value (2.4 before 2.10), and all
punctuation sorts alike, because the kind of dash in a title should not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import orjson
from starlette.concurrency import run_in_threadpool

from plangraf.engines.interface import QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.formats import JSON
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.views.describe import defined_terms
from plangraf.views.engine_answers import fetch_bytes

_NUMBER = re.compile("[0-9]+")
# Characters above z, in the order of the last Norwegian letters. They occur in keys only.
_END = {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"}
_AS_LETTER = {"ü": "y", "đ": "d", "ð": "d", "þ": "th", "ŋ": "n", "ŧ": "t", "ł": "l", "œ": "|", **_END}
_BLANK, _SIGN = "\x02", "\x03"
# Sorts after all other characters of a key, so that aa follows å, and missing texts follow present ones.
_LAST = "\U0010ffff"
LAST_KEY = _LAST
"""The key of a missing text. It sorts after all others."""
_LANGUAGES = ("nb", "nn", "se", "en")
_OWN_VARIABLE = re.compile(r"\?(value|step)\b")
_Row = dict[str, dict[str, str]]


def collation_key(text: str) -> str:
    """The sort key of a text. Texts with equal keys differ in nothing that a reader would sort by."""
    composed = unicodedata.normalize("NFC", text)
    small = composed.casefold()
    first = _NUMBER.sub(_number_key, "".join(map(_primary, small.replace("aa", "å"))))
    return "\0".join((first, small.replace("aa", "å" + _LAST), composed.swapcase()))


def _number_key(match: re.Match[str]) -> str:
    """A key for a number that sorts by value and before every letter."""
    digits = match[0].lstrip("0") or "0"
    return f"0{chr(0x30 + min(len(digits), 0xA000))}{digits}"


def _primary_weight(character: str) -> str:
    if "a" <= character <= "z" or "0" <= character <= "9":
        return character
    if character in _AS_LETTER:
        return _AS_LETTER[character]
    if character.isspace():
        return _BLANK
    base = unicodedata.normalize("NFKD", character)[0]
    if base != character:
        return _primary_weight(base)
    return character if character.isalnum() else _SIGN


class _Primary(dict[str, str]):
    """The primary sort weight of each character, memoised."""

    def __missing__(self, character: str) -> str:
        found = self[character] = _primary_weight(character)
        return found


_PRIMARY = _Primary()
_primary = _PRIMARY.__getitem__


async def order(snapshot: Snapshot, collection: Collection) -> tuple[str, ...]:
    """The things of a collection in order; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    usable = collection.usable(await snapshot.part(defined_terms))
    rows = await fetch_sort_rows(snapshot, order_query(usable)) if usable.classes else []
    return await run_in_threadpool(in_order, rows, len(usable.order))


async def facet_places(snapshot: Snapshot, collection: Collection, facet: Facet) -> Mapping[str, tuple[int, ...]]:
    """For each value of a facet, the ascending places of its things in the order; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    things = await snapshot.part(order, collection)
    usable = collection.usable(await snapshot.part(defined_terms))
    queries = facet_queries(usable, facet) if usable.classes and facet in usable.facets else []
    return await run_in_threadpool(_places, things, [await fetch_sort_rows(snapshot, query) for query in queries])


async def select(snapshot: Snapshot, collection: Collection, filters: Mapping[Facet, str]) -> Sequence[int]:
    """The ascending places of the things that match all filters; all places without a filter.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    left: set[int] | None = None
    for facet, value in filters.items():
        places = (await snapshot.part(facet_places, collection, facet)).get(value, ())
        left = set(places) if left is None else left.intersection(places)
    return range(len(await snapshot.part(order, collection))) if left is None else sorted(left)


async def counts(
    snapshot: Snapshot, collection: Collection, facet: Facet, places: Sequence[int]
) -> list[tuple[str, int]]:
    """The number of selected things per value of a facet, the most frequent first, without zeros.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    values = await snapshot.part(facet_places, collection, facet)
    if len(places) == len(await snapshot.part(order, collection)):
        found = [(value, len(those)) for value, those in values.items()]
    else:
        selected = set(places)
        found = [(value, len(selected.intersection(those))) for value, those in values.items()]
    return sorted(
        ((value, number) for value, number in found if number), key=lambda pair: (-pair[1], collation_key(pair[0]))
    )


def order_query(collection: Collection) -> str:
    """The query for the sort values, one column `k0`, `k1`, … for each pattern of the order."""
    keys = range(len(collection.order))
    optional = " ".join(
        f"OPTIONAL {{ {_OWN_VARIABLE.sub(lambda match, n=n: f'?{match[1]}{n}', pattern)} }}"  # type: ignore[misc]
        for n, pattern in enumerate(collection.order)
    )
    columns = " ".join(f"(?value{n} AS ?k{n})" for n in keys)
    return f"SELECT ?thing {columns} WHERE {{ {collection.members} {optional} }}"


def facet_queries(collection: Collection, facet: Facet) -> list[str]:
    """The queries for the values of each thing: one query, or one for the steps and one for the values of the steps."""
    if facet.through is None:
        return [f"SELECT DISTINCT ?thing ?value WHERE {{ {collection.members} {facet.pattern} }}"]
    return [
        f"SELECT DISTINCT ?thing (?step AS ?value) WHERE {{ {collection.members} {facet.through} }}",
        f"SELECT DISTINCT (?step AS ?thing) ?value WHERE {{ {facet.pattern} }}",
    ]


async def fetch_sort_rows(snapshot: Snapshot, query: str) -> list[_Row]:
    """The rows of a query over a whole collection, parsed off the event loop.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    body = await fetch_bytes(snapshot.engine, QueryRequest(query=query, format=JSON))
    parsed = await run_in_threadpool(orjson.loads, body)
    rows: list[_Row] = parsed["results"]["bindings"]
    return rows


def in_order(rows: Sequence[_Row], keys: int) -> tuple[str, ...]:
    """Sorts the things in the rows of the order query; each thing appears once.

    The text in Bokmål decides, else in Nynorsk, Northern Sámi, English. Of several values the first in order decides.
    Things without a value follow those with one; equal things are sorted by IRI.
    """
    names = [f"k{n}" for n in range(keys)]
    best: dict[str, list[tuple[int, str]]] = {}
    missing = (len(_LANGUAGES) + 1, LAST_KEY)
    # Memoised, because numbers and municipalities repeat often.
    keys_of: dict[str, str] = {}
    for row in rows:
        thing = row["thing"]["value"]
        known = best.get(thing)
        if known is None:
            known = best[thing] = [missing] * keys
        for n, name in enumerate(names):
            value = row.get(name)
            if value is None:
                continue
            text = value["value"]
            if (key := keys_of.get(text)) is None:
                key = keys_of[text] = collation_key(text)
            candidate = (language_rank(value.get("xml:lang")), key)
            known[n] = min(known[n], candidate)
    decided = {thing: [text for _, text in found] for thing, found in best.items()}
    return tuple(sorted(decided, key=lambda thing: (decided[thing], thing)))


def language_rank(language: str | None) -> int:
    """The preference for a text in one language when a collection is sorted; 0 is the best."""
    if language is None:
        return 0
    return _LANGUAGES.index(language) if language in _LANGUAGES else len(_LANGUAGES)


def _places(things: Sequence[str], steps: Sequence[Sequence[_Row]]) -> dict[str, tuple[int, ...]]:
    """The places of the things of each value, from the rows of `facet_queries`."""
    place = {thing: number for number, thing in enumerate(things)}
    found: dict[str, set[int]] = {}
    for row in steps[0] if steps else ():
        if "value" in row:
            found.setdefault(row["value"]["value"], set()).add(place[row["thing"]["value"]])
    for rows in steps[1:]:
        before, found = found, {}
        for row in rows:
            if (places := before.get(row["thing"]["value"])) is not None:
                found.setdefault(row["value"]["value"], set()).update(places)
    return {value: tuple(sorted(places)) for value, places in found.items()}
