"""The indicators of a national list: links to the UN's targets and indicators, and a mechanical label of ours.

Code, printed number and target of an entry each imply an indicator. Two that agree outweigh the third. When an entry
has only two and they disagree, it gets no link to the UN's indicator. Each case is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from plangraf.errors import ListError
from plangraf.numbers_in_text import natural_key
from plangraf.rdf.namespaces import PLAN, SDG, terms
from plangraf.sources.lists.entries import Entry, ascii_iri
from plangraf.sources.lists.facts import Facts, How
from plangraf.sources.lists.mapping import Mapping
from plangraf.sources.lists.own_labels import mechanical_label
from plangraf.sources.lists.repairs import Repairs
from plangraf.sources.lists.un_codes import UnCodes, UnIndicator, targets_of

FILE = "indicators"
_rdf, _skos, _dcterms, _sdgo, _prov = map(terms, ("rdf", "skos", "dcterms", "sdgo", "prov"))
_ADDRESS = re.compile(r"https?://(?:(?![,;]?https?://)[^\s<>\"])+")
_LIST_KEY = NamedNode(PLAN + "listKey")


@dataclass(slots=True)
class _Links:
    """The links of one entry, each with how it follows from the list."""

    targets: dict[NamedNode, How] = field(default_factory=dict)
    goals: set[NamedNode] = field(default_factory=set)
    indicators: dict[NamedNode, How] = field(default_factory=dict)


def national_indicators(
    entries: Sequence[Entry], mapping: Mapping, source: NamedNode, codes: UnCodes, repairs: Repairs
) -> Facts:
    """The statements about the indicators of a list.

    Raises:
        ListError: an entry has two codes, no label pattern fits an entry, or the UN's indicators are not linked yet.
    """
    if not codes.indicators and any(entry.all("indicator") or entry.all("number") for entry in entries):
        raise ListError(
            "The list names indicators of the UN, and our data have none. Link the UN's list first: "
            "plangraf link data/link/un-sdg-kos/list.yaml <its file or address>."
        )
    facts = Facts()
    positions: Counter[str] = Counter()
    for entry in entries:
        links = _links(entry, codes, repairs)
        _state(facts, entry, links, source)
        _add_sources(facts, entry, repairs)
        names = _names(entry, links, positions)
        label = mechanical_label(mapping.label, names["nb"], names["en"])
        if label is None:
            raise ListError(
                f"No label of the mapping fits the entry {entry.key}: each names something that it lacks. Add a last "
                "one with {key} only."
            )
        facts.label(FILE, entry.iri, label)
    return facts


def _links(entry: Entry, codes: UnCodes, repairs: Repairs) -> _Links:
    links = _Links()
    for written in entry.texts("target"):
        target, mended = codes.target(written)
        if target is None:
            repairs.add("unknown-target", entry.short, written)
            continue
        links.targets[target] = "listed"
        if mended:
            repairs.add("spelling", entry.short, written)
    for written in entry.texts("goal"):
        goal, mended = codes.goal(written)
        if goal is None:
            repairs.add("unknown-goal", entry.short, written)
        else:
            links.goals.add(goal)
            if mended:
                repairs.add("spelling", entry.short, written)
    _link_indicators(entry, links, codes, repairs)
    # A goal is stated only when no target leads to it.
    links.goals -= {NamedNode(target.value.rpartition(".")[0]) for target in links.targets}
    if not links.targets and not links.indicators:
        repairs.add("without-target", entry.short)
    return links


def _link_indicators(entry: Entry, links: _Links, codes: UnCodes, repairs: Repairs) -> None:
    numbers = set(entry.texts("number"))
    written = entry.texts("indicator")
    if not written:
        for number in sorted(numbers, key=natural_key):
            if found := codes.by_number(number):
                links.indicators[found.iri] = "matched"
        return
    for code in written:
        one = codes.indicator(code)
        if one is None:
            repairs.add("unknown-indicator", entry.short, code)
            continue
        if code not in (one.iri.value, _code(one.iri)):
            repairs.add("spelling", entry.short, code)
        chosen = _agreed(entry, one, numbers, links, codes, repairs)
        if chosen is not None:
            _link(entry, chosen, links, codes, repairs, "listed" if chosen is one else "matched")


def _agreed(
    entry: Entry, one: UnIndicator, numbers: set[str], links: _Links, codes: UnCodes, repairs: Repairs
) -> UnIndicator | None:
    """The indicator on which two of code, printed number and target agree; None when they do not."""
    said, targets = _shown(entry), set(links.targets)
    if numbers and not numbers & one.numbers:
        holders = [holder for number in numbers if (holder := codes.by_number(number))]
        if len(holders) == 1 and targets & targets_of(numbers):
            repairs.add("code-against-number", entry.short, said)
            return holders[0]
        if not targets & one.targets:
            repairs.add("contradiction", entry.short, said)
            return None
        return one
    if targets and not targets & one.targets:
        if not numbers:
            repairs.add("contradiction", entry.short, said)
            return None
        repairs.add("target-against-code", entry.short, said)
        links.targets = dict.fromkeys(targets_of(numbers & one.numbers), "matched")
    elif not targets and (numbers or len(one.targets) == 1):
        repairs.add("target-from-code", entry.short, said)
        links.targets = dict.fromkeys(targets_of(numbers & one.numbers) or one.targets, "matched")
    return one


def _link(entry: Entry, one: UnIndicator, links: _Links, codes: UnCodes, repairs: Repairs, how: How) -> None:
    """Links to an indicator, or to those that replaced it."""
    if not one.deprecated:
        links.indicators[one.iri] = how
    elif successors := codes.current(one):
        shown = ", ".join(_code(successor.iri) for successor in successors)
        repairs.add("discontinued", entry.short, f"{_code(one.iri)} → {shown}")
        links.indicators.update({successor.iri: "matched" for successor in successors})
    else:
        repairs.add("discontinued-without-successor", entry.short, _code(one.iri))
        links.indicators[one.iri] = how


def _state(facts: Facts, entry: Entry, links: _Links, source: NamedNode) -> None:
    iri = entry.iri
    facts.count("indicators")
    for cls in (_sdgo("Indicator"), _skos("Concept")):
        facts.say(FILE, iri, _rdf("type"), cls)
    facts.say(FILE, iri, _skos("inScheme"), source)
    facts.say(FILE, iri, _prov("wasDerivedFrom"), source)
    if entry.key != iri.value:
        facts.say(FILE, iri, _LIST_KEY, Literal(entry.key))
    if code := entry.one("code"):
        facts.say(FILE, iri, _skos("notation"), Literal(code))
    for target in sorted(links.targets, key=lambda node: natural_key(node.value)):
        facts.say(FILE, iri, _sdgo("isIndicatorOf"), target, links.targets[target])
        facts.count("links to targets")
    for goal in sorted(links.goals, key=lambda node: natural_key(node.value)):
        facts.say(FILE, iri, _dcterms("subject"), goal)
        facts.count("links to goals only")
    for indicator in sorted(links.indicators, key=lambda node: node.value):
        facts.say(FILE, iri, _skos("closeMatch"), indicator, links.indicators[indicator])
        facts.count("links to UN indicators")


def _add_sources(facts: Facts, entry: Entry, repairs: Repairs) -> None:
    """Adds the addresses where the figures are published, according to the list."""
    for written in entry.texts("source"):
        found = [address for match in _ADDRESS.findall(written) if (address := _address(match)) is not None]
        if not found:
            repairs.add("bad-address", entry.short)
        elif found[0].value != ascii_iri(written):
            repairs.add("address-in-text", entry.short)
        for address in found:
            facts.say(FILE, entry.iri, _dcterms("source"), address)
            facts.count("addresses of figures")


def _address(written: str) -> NamedNode | None:
    try:
        return NamedNode(ascii_iri(_without_end(written)))
    except ValueError:
        return None


def _without_end(address: str) -> str:
    """An address without the signs that end a sentence, a quotation or a bracket; `…/Tall_(2020)` keeps its bracket."""
    plain = address.rstrip(".,;:'\"]}")
    return _without_end(plain[:-1]) if plain.endswith(")") and plain.count(")") > plain.count("(") else plain


def _names(entry: Entry, links: _Links, positions: Counter[str]) -> dict[str, dict[str, str]]:
    """The names that a label's pattern may use, by language; `n` numbers the entries of a target."""
    targets = sorted((_code(target) for target in links.targets), key=natural_key)
    goals = sorted((_code(goal) for goal in links.goals), key=natural_key)
    numbers = sorted(entry.texts("number"), key=natural_key)
    first = targets[0] if targets else ""
    positions[first] += 1
    found = {}
    for language, between in (("nb", " og "), ("en", " and ")):
        found[language] = {
            "key": entry.short,
            "code": entry.one("code") or "",
            "number": between.join(numbers),
            "target": between.join(targets),
            "goal": between.join(goals),
            "n": str(positions[first]),
        }
    return found


def _shown(entry: Entry) -> str:
    """What the entry says: code, number and target."""
    said = [*entry.texts("indicator"), *entry.texts("number"), *entry.texts("target")]
    return ", ".join(text.removeprefix(SDG) for text in said)


def _code(iri: NamedNode) -> str:
    return iri.value.removeprefix(SDG)
