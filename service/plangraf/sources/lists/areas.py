"""Areas over time: municipality and county numbers with their validity, and what each passed to on which day.

After Statistics Norway's Klass, whose members this reads: `codes` (a number, its name, from when to when) and
`codeChanges` (old and new number, and the day). https://data.ssb.no/api/klass/v1/api-guide.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from plangraf.errors import ListError
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES, terms
from plangraf.sources.lists.facts import Facts
from plangraf.sources.lists.loading import Content
from plangraf.sources.lists.mapping import Mapping as ListMapping
from plangraf.sources.lists.mapping import Text
from plangraf.sources.lists.repairs import Repairs
from plangraf.sources.lists.table_entries import table_rows

_rdf, _rdfs, _skos, _dcterms, _prov, _plan = map(terms, ("rdf", "rdfs", "skos", "dcterms", "prov", "plan"))
_DATE = NamedNode(PREFIXES["xsd"] + "date")
_NUMBER = re.compile(r"[0-9]{4}|[0-9]{2}")
_BEGINS, _CLIPPED = "validFromInRequestedRange", "validToInRequestedRange"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGES_BETWEEN = re.compile(r"\s+[-–/]\s+")


Validity = tuple[date | None, date | None]
"""First day of a number and the first on which it was not valid; None when the one is not known, or not yet there."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A number with one name, valid from a day until another, the first on which it was not.

    `start` is None when the list does not say it, `end` when the number is valid.
    """

    code: str
    name: str
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """The replacement of one number by another on a day; `old_name` is that of the old number, if it is given."""

    day: date
    old: str
    new: str
    old_name: str | None = field(default=None, compare=False)


def read_areas(contents: Sequence[Content], mapping: ListMapping) -> tuple[list[Spell], list[Change]]:
    """The numbers and changes of all files.

    Raises:
        ListError: a file is of another kind, has a malformed number or day, or has no entry.
    """
    spells: set[Spell] = set()
    changes: set[Change] = set()
    for content in contents:
        read = _klass_rows(content) if mapping.read.format == "klass" else table_rows(content, mapping)
        before = len(spells) + len(changes)
        for place, row in read:
            where = f"{content.name}: {'entry' if mapping.read.format == 'klass' else 'line'} {place}"
            if row.get("oldCode") or row.get("newCode"):
                changes.add(_change(row, where))
            else:
                spells.add(_spell(row, where))
        if len(spells) + len(changes) == before:
            raise ListError(f"{content.name} has no code and no change that is new. Is the selection empty?")
    if not spells:
        raise ListError("No file has numbers with their validity, only changes. Name the answer of /codes too.")
    if not any(one.start or one.end for one in spells):
        spells |= _ended(spells, changes)
    in_order = sorted(spells, key=lambda one: (one.code, one.start or date.min, one.name))
    return in_order, sorted(changes, key=lambda one: (one.day, one.old, one.new))


def _ended(listed: set[Spell], changes: set[Change]) -> set[Spell]:
    """The numbers that ended before the day of a list without days (/codesAt), each with its name by its changes."""
    current = {one.code for one in listed}
    last: dict[str, Change] = {}
    for change in sorted(changes, key=lambda one: one.day):
        if change.old not in current and change.old_name and change.old != change.new:
            last[change.old] = change
    return {Spell(code, change.old_name or code, None, change.day) for code, change in last.items()}


def read_matches(path: Path) -> dict[str, list[NamedNode]]:
    """The IRIs that others, such as Wikidata, give the areas, from a TSV of ours with the columns code and iri.

    Raises:
        ListError: it cannot be read, or a line has no number or no IRI.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f"The matches {path} cannot be read ({error}). The mapping names them as `matches`.") from error
    if not lines or lines[0] != "code\tiri":
        raise ListError(f"{path.name} is to begin with the columns code and iri, with a tab between them.")
    found: dict[str, list[NamedNode]] = {}
    for number, line in enumerate(lines[1:], 2):
        code, _, iri = line.partition("\t")
        place = f"{path.name}: line {number}"
        try:
            node = NamedNode(iri)
        except ValueError as error:
            raise ListError(f'{place}: "{iri}" is not an IRI. Write code and IRI with a tab between them.') from error
        found.setdefault(_number(code, place), []).append(node)
    return found


def areas(
    spells: Sequence[Spell],
    changes: Sequence[Change],
    source: NamedNode,
    repairs: Repairs,
    matches: Mapping[str, Sequence[NamedNode]],
) -> Facts:
    """The statements about areas and their changes.

    Raises:
        ListError: a number has two names on one day, or the matches name one that the list does not have.
    """
    facts = Facts()
    by_code: dict[str, list[Spell]] = {}
    for spell in spells:
        by_code.setdefault(spell.code, []).append(spell)
    names = {code: _label(found) for code, found in by_code.items()}
    validity = {code: _validity(code, found, repairs) for code, found in by_code.items()}
    if unknown := sorted(matches.keys() - by_code.keys()):
        raise ListError(f"The matches name {unknown[0]}, which the list does not have. Correct the number, or drop it.")
    for code, found in by_code.items():
        _state_area(facts, code, found, validity[code], names, source)
        for same in matches.get(code, ()):
            facts.say("areas", area_iri(code), _skos("exactMatch"), same, "own")
    for change in changes:
        if change.old == change.new:
            repairs.add("same-number", f"{change.day} {change.old}")
        elif change.old not in by_code or change.new not in by_code:
            repairs.add("unknown-area", f"{change.day}", f"{change.old} → {change.new}")
        elif not _possible(change.day, validity[change.old], validity[change.new]):
            repairs.add("impossible-change", f"{change.day}", f"{change.old} → {change.new}")
        else:
            end = validity[change.old][1]
            _state_change(facts, change, names, source, ended=end is not None and end <= change.day)
    return facts


def _possible(day: date, old: Validity, new: Validity) -> bool:
    """Whether the old number was valid until a day, and the new one from it on.

    Lists that name the last day of a number end it one day before it passes to another.
    """
    began = (old[0] is None or old[0] < day) and (new[0] is None or new[0] <= day)
    return began and (old[1] is None or old[1] + timedelta(days=1) >= day) and (new[1] is None or day < new[1])


def area_iri(code: str) -> NamedNode:
    """The IRI of a municipality (four digits) or a county (two)."""
    return NamedNode(f"{ID}{code}/municipality/{code}" if len(code) == 4 else f"{ID}no/county/{code}")


def _state_area(
    facts: Facts, code: str, spells: Sequence[Spell], validity: Validity, names: dict[str, str], source: NamedNode
) -> None:
    iri, municipal = area_iri(code), len(code) == 4
    facts.count("municipalities" if municipal else "counties")
    facts.say("areas", iri, _rdf("type"), NamedNode(PLAN + ("Municipality" if municipal else "County")))
    facts.say("areas", iri, _plan("municipalityNumber" if municipal else "countyNumber"), Literal(code))
    facts.label("areas", iri, Text(nb=names[code], en=names[code]), "listed")
    for other in sorted({spell.name for spell in spells} - {names[code]}):
        facts.say("areas", iri, _skos("altLabel"), Literal(other))
    start, end = validity
    if start is not None:
        facts.say("areas", iri, _plan("validFrom"), _day(start))
    if end is not None:
        facts.say("areas", iri, _plan("validUntil"), _day(end))
    if municipal and code[:2] in names:
        facts.say("areas", iri, _plan("county"), area_iri(code[:2]), "matched")
    facts.say("areas", iri, _prov("wasDerivedFrom"), source)


def _state_change(facts: Facts, change: Change, names: dict[str, str], source: NamedNode, *, ended: bool) -> None:
    iri = NamedNode(f"{ID}no/area-change/{change.day}-{change.old}-{change.new}")
    old, new = (f"{names[code]} ({code})" for code in (change.old, change.new))
    day_nb = f"{change.day.day}.{change.day.month}.{change.day.year}"
    text = (
        Text(nb=f"{old} ble {new} {day_nb}", en=f"{old} became {new} on {change.day}")
        if ended
        else Text(nb=f"En del av {old} ble {new} {day_nb}", en=f"A part of {old} became {new} on {change.day}")
    )
    facts.count("changes")
    facts.say("changes", iri, _rdf("type"), _plan("AreaChange"))
    facts.label("changes", iri, text)
    facts.say("changes", iri, _plan("changeDate"), _day(change.day))
    facts.say("changes", iri, _plan("changedFrom"), area_iri(change.old))
    facts.say("changes", iri, _plan("changedTo"), area_iri(change.new))
    facts.say("changes", iri, _prov("wasDerivedFrom"), source)
    if ended:
        facts.say("areas", area_iri(change.old), _dcterms("isReplacedBy"), area_iri(change.new), "matched")


def _validity(code: str, spells: Sequence[Spell], repairs: Repairs) -> Validity:
    """First day and end of a number. A new name does not end it; a gap is reported."""
    if not any(spell.start or spell.end for spell in spells):
        return None, None
    for before, after in pairwise(spells):
        if before.end is None or after.start is None or after.start < before.end:
            raise ListError(
                f"The number {code} has two names on {after.start or after.end}: {before.name} and {after.name}. "
                "Correct the list."
            )
        if after.start > before.end:
            repairs.add("broken-validity", code, f"{before.end} – {after.start}")
    return spells[0].start, spells[-1].end


def _label(spells: Sequence[Spell]) -> str:
    """The name of a number. Of a name in several languages, the part that was its only name at another time."""
    whole = [spell.name for spell in spells]
    parts = set(_LANGUAGES_BETWEEN.split(whole[-1]))
    if len(parts) > 1:
        for name in reversed(whole):
            if name in parts:
                return name
    return whole[-1]


def _klass_rows(content: Content) -> Iterator[tuple[int, dict[str, str]]]:
    """The entries of an answer of Klass, counted from 1."""
    try:
        found = json.loads(content.content)
    except (ValueError, RecursionError) as error:
        raise ListError(f"{content.name} is not complete JSON ({error}). Fetch it again.") from error
    members = [found.get(name) for name in ("codes", "codeChanges")] if isinstance(found, dict) else []
    rows = [row for member in members if isinstance(member, list) for row in member]
    if not any(isinstance(member, list) for member in members):
        raise ListError(
            f"{content.name} is not an answer of Klass: it has neither `codes` nor `codeChanges`. Ask for "
            "/classifications/131/codes or /changes with from and to."
        )
    wrong = next((number for number, row in enumerate(rows, 1) if not isinstance(row, dict)), None)
    if wrong is not None:
        raise ListError(f"{content.name}: entry {wrong} is not an object. Fetch it again.")
    first, last = _requested(rows)
    for number, row in enumerate(rows, 1):
        # A number that is not text has lost its zeros, which the check of codes tells.
        values = {name: str(value) for name, value in row.items() if isinstance(value, str | int)}
        values = {name: value for name, value in values.items() if value.strip()}
        if values.get(_CLIPPED) == last:
            values.pop(_CLIPPED, None)
        if values.get(_BEGINS) == first:
            values.pop(_BEGINS, None)
        yield number, values


def _requested(rows: Sequence[Mapping[str, object]]) -> tuple[str | None, str | None]:
    """First and last requested day: a number that is valid beyond them seems to begin and end with them."""

    def days(name: str) -> list[str]:
        return [day for row in rows if isinstance(day := row.get(name), str) and _DAY.fullmatch(day)]

    return min(days(_BEGINS), default=None), max(days(_CLIPPED), default=None)


def _spell(row: dict[str, str], place: str) -> Spell:
    code = _number(row.get("code"), place)
    name = row.get("name")
    if not name:
        raise ListError(f"{place}: the number {code} has no name. Correct the list.")
    beginning, ending = row.get("validFrom") or row.get(_BEGINS), row.get("validTo") or row.get(_CLIPPED)
    start = _parse_day(beginning, f"{place}: {code}") if beginning else None
    end = _parse_day(ending, f"{place}: {code}") if ending else None
    if start is not None and end is not None and end <= start:
        raise ListError(f"{place}: the number {code} ends on {end}, before it begins on {start}. Correct the list.")
    return Spell(code, name, start, end)


def _change(row: dict[str, str], place: str) -> Change:
    day = _parse_day(row.get("changeOccurred"), place)
    old, new = _number(row.get("oldCode"), place), _number(row.get("newCode"), place)
    if len(old) != len(new):
        raise ListError(f"{place}: {old} → {new} makes a municipality a county, or the reverse. Correct the list.")
    return Change(day, old, new, row.get("oldName"))


def _number(written: str | None, place: str) -> str:
    if written is None or not _NUMBER.fullmatch(written):
        lost = (
            " It may have lost its zero in a table program." if written and re.fullmatch("[0-9]{1,3}", written) else ""
        )
        raise ListError(
            f"{place}: {written or 'nothing'} is not the number of an area: four digits for a municipality, two for a "
            f"county.{lost}"
        )
    return written


def _parse_day(written: str | None, place: str) -> date:
    day = (written or "").strip()
    try:
        if not _DAY.fullmatch(day):
            raise ValueError(day)
        return date.fromisoformat(day)
    except ValueError:
        raise ListError(f'{place}: "{written or ""}" is not a day. Write it as 2020-01-01.') from None


def _day(day: date) -> Literal:
    return Literal(day.isoformat(), datatype=_DATE)
