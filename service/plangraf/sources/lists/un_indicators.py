"""The UN's own indicators: kept with their codes, the discontinued ones too, with short labels of ours.

A permanent code (C110603) names one indicator for ever; a printed number (11.6.1) passes to the one that replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import Literal, NamedNode

from plangraf.errors import ListError
from plangraf.numbers_in_text import natural_key
from plangraf.rdf.namespaces import PREFIXES, SDG, terms
from plangraf.sources.lists.entries import Entry
from plangraf.sources.lists.facts import Facts
from plangraf.sources.lists.mapping import Text
from plangraf.sources.lists.repairs import Repairs
from plangraf.sources.lists.un_codes import UnCodes, UnIndicator

FILE = "indicators"
_rdf, _skos, _owl, _dcterms, _sdgo, _prov = map(terms, ("rdf", "skos", "owl", "dcterms", "sdgo", "prov"))
_TRUE = Literal("true", datatype=NamedNode(PREFIXES["xsd"] + "boolean"))
_SCHEME = NamedNode(SDG.rstrip("/"))
_CODES = {_sdgo(name) for name in ("SDGCode", "SDGCodeCompact", "SDGCodePerm")}
_PERMANENT, _NUMBER = _sdgo("SDGCodePerm"), _sdgo("SDGCodeCompact")


def un_indicators(
    entries: Sequence[Entry], source: NamedNode, labels: Mapping[str, Text], codes: UnCodes, repairs: Repairs
) -> Facts:
    """The statements about the UN's indicators.

    Args:
        entries: one for each indicator, with its targets, typed codes, and whether it was discontinued.
        source: the list as it is described in the dataset.
        labels: ours, by permanent code.
        codes: the UN's targets; receives the indicators.
        repairs: receives what is mended or left out.
    Raises:
        ListError: an IRI is not its permanent code, or an indicator has no printed number.
    """
    for entry in entries:
        codes.indicators[entry.iri] = _read(entry, codes, repairs)
    facts = Facts()
    for entry in entries:
        one = codes.indicators[entry.iri]
        one.successors = _successors(entry, one, codes, repairs)
        _state(facts, entry, one, codes, source)
        facts.label(FILE, entry.iri, _label(one, labels, repairs))
    return facts


def check_described(found: set[str], codes: UnCodes) -> None:
    """Compares the goals and targets of the list with those that our data describe.

    Raises:
        ListError: one side has some that the other lacks.
    """
    ours = {node.value for node in codes.goals | codes.targets}
    for lacking, where in ((found - ours, "data/sdg"), (ours - found, "the list")):
        if lacking:
            names = ", ".join(sorted((iri.removeprefix(SDG) for iri in lacking), key=natural_key)[:5])
            raise ListError(
                f"{len(lacking)} of the UN's goals and targets are missing in {where}, such as {names}. Is the list "
                "complete, and the release the one that data/sdg was written for?"
            )


def _read(entry: Entry, codes: UnCodes, repairs: Repairs) -> UnIndicator:
    found = UnIndicator(entry.iri, deprecated=entry.one("deprecated") == "true")
    permanent = _codes_of(entry, _PERMANENT)
    if permanent != [entry.iri.value.removeprefix(SDG)]:
        raise ListError(
            f"The indicator {entry.iri.value} has the permanent code {', '.join(permanent) or 'none'}. A code is the "
            "last part of the IRI, as text; a table program may have changed it."
        )
    found.numbers.update(_codes_of(entry, _NUMBER))
    if not found.numbers:
        raise ListError(f"The indicator {entry.short} has no printed number (sdgo:SDGCodeCompact). Correct the query.")
    for written in entry.texts("target"):
        target, _ = codes.target(written)
        if target is None:
            repairs.add("unknown-target", entry.short, written)
        else:
            found.targets.add(target)
    return found


def _codes_of(entry: Entry, datatype: NamedNode) -> list[str]:
    return [term.value for term in entry.all("code") if isinstance(term, Literal) and term.datatype == datatype]


def _successors(entry: Entry, one: UnIndicator, codes: UnCodes, repairs: Repairs) -> set[NamedNode]:
    """What replaced a discontinued indicator: those that the list names, or the current one with all its numbers."""
    if not one.deprecated:
        return set()
    named = set()
    for written in entry.texts("replacement"):
        found = codes.indicator(written)
        if found is None or found is one:
            repairs.add("unknown-replacement", entry.short, written)
        else:
            named.add(found.iri)
    if named:
        return named
    holders = {holder.iri if (holder := codes.by_number(number)) else None for number in one.numbers}
    only = holders.pop() if len(holders) == 1 else None
    repairs.add("successor-by-number" if only else "no-successor", entry.short)
    return {only} if only else set()


def _state(facts: Facts, entry: Entry, one: UnIndicator, codes: UnCodes, source: NamedNode) -> None:
    iri = entry.iri
    facts.count("discontinued indicators" if one.deprecated else "indicators")
    for cls in (_sdgo("Indicator"), _skos("Concept")):
        facts.say(FILE, iri, _rdf("type"), cls)
    facts.say(FILE, iri, _skos("inScheme"), _SCHEME)
    facts.say(FILE, iri, _prov("wasDerivedFrom"), source)
    for term in entry.all("code"):
        if isinstance(term, Literal) and term.datatype in _CODES:
            facts.say(FILE, iri, _skos("notation"), term)
    for target in _sorted(one.targets):
        facts.say(FILE, iri, _sdgo("isIndicatorOf"), target)
    if one.deprecated:
        facts.say(FILE, iri, _owl("deprecated"), _TRUE)
    named = {found.iri for written in entry.texts("replacement") if (found := codes.indicator(written))}
    for successor in _sorted(one.successors):
        facts.say(FILE, iri, _dcterms("isReplacedBy"), successor, "listed" if successor in named else "matched")


def _label(one: UnIndicator, labels: Mapping[str, Text], repairs: Repairs) -> Text:
    code = one.iri.value.removeprefix(SDG)
    if found := labels.get(code):
        return found
    numbers = sorted(one.numbers, key=natural_key)
    nb, en = " og ".join(numbers), " and ".join(numbers)
    if one.deprecated:
        return Text(nb=f"Utgått FN-indikator {nb} ({code})", en=f"Discontinued UN indicator {en} ({code})")
    repairs.add("unlabelled", code)
    return Text(nb=f"FN-indikator {nb}", en=f"UN indicator {en}")


def _sorted(nodes: Iterable[NamedNode]) -> list[NamedNode]:
    return sorted(nodes, key=lambda node: natural_key(node.value))
