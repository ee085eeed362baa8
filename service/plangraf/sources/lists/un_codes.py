"""The UN's goals, targets and indicators as our data know them, and what a list writes for them.

IRIs and codes: https://metadata.un.org/sdg
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from plangraf.errors import ListError
from plangraf.rdf.namespaces import GRAPH, SDG, SDG_GRAPH, terms
from plangraf.settings import Settings
from plangraf.sources.files import SourceFile, data_around, source_files

_rdf, _skos, _owl, _dcterms, _sdgo = map(terms, ("rdf", "skos", "owl", "dcterms", "sdgo"))
_PERMANENT = re.compile(r"C[0-9]{3}[0-9a-z][0-9]{2}")
# As people write them: https, a word before the code, a zero before the goal, 11-a, a slash at the end.
_CODE = re.compile(
    r"(?:https?://(?:www\.)?metadata\.un\.org/sdg/|(?:fn|un)?-?(?:sdg|delmål|mål|target|goal)-?)?"
    r"0?([1-9][0-9]*)(?:\.([1-9][0-9]*)|[.-]([a-z]))?[/#]?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class UnIndicator:
    """One of the UN's indicators: its printed numbers such as 1.5.1, its targets, and those that replaced it."""

    iri: NamedNode
    numbers: set[str] = field(default_factory=set)
    targets: set[NamedNode] = field(default_factory=set)
    deprecated: bool = False
    successors: set[NamedNode] = field(default_factory=set)


@dataclass(slots=True)
class UnCodes:
    """The UN's goals, targets and indicators. `targets` and `goals` are IRIs."""

    goals: set[NamedNode] = field(default_factory=set)
    targets: set[NamedNode] = field(default_factory=set)
    indicators: dict[NamedNode, UnIndicator] = field(default_factory=dict)

    def by_number(self, number: str) -> UnIndicator | None:
        """The current indicator with a printed number."""
        found = [one for one in self.indicators.values() if number in one.numbers and not one.deprecated]
        return found[0] if len(found) == 1 else None

    def target(self, written: str) -> tuple[NamedNode | None, bool]:
        """The target that a code or IRI means, and whether its spelling was mended."""
        return self._find(written, self.targets)

    def goal(self, written: str) -> tuple[NamedNode | None, bool]:
        """The goal that a code or IRI means, and whether its spelling was mended."""
        return self._find(written, self.goals)

    def indicator(self, written: str) -> UnIndicator | None:
        """The indicator that a permanent code or an IRI means."""
        code = re.sub(r"\s", "", written).rstrip("/#").rpartition("/")[2]
        code = code[:1].upper() + code[1:].lower()
        return self.indicators.get(NamedNode(SDG + code)) if _PERMANENT.fullmatch(code) else None

    def current(self, one: UnIndicator) -> list[UnIndicator]:
        """The current indicators that took the place of a discontinued one, over as many steps as there are."""
        found: dict[NamedNode, UnIndicator] = {}
        seen, open_ = {one.iri}, [one]
        while open_:
            for successor in sorted(open_.pop().successors - seen, key=lambda node: node.value):
                seen.add(successor)
                known = self.indicators.get(successor)
                if known is not None and known.deprecated:
                    open_.append(known)
                elif known is not None:
                    found[successor] = known
        return [found[iri] for iri in sorted(found, key=lambda node: node.value)]

    @staticmethod
    def _find(written: str, among: set[NamedNode]) -> tuple[NamedNode | None, bool]:
        plain = re.sub(r"\s", "", written).rstrip(".").replace(",", ".")
        match = _CODE.fullmatch(plain)
        if match is None:
            return None, False
        code = ".".join(part.lower() for part in match.groups() if part)
        found = NamedNode(SDG + code)
        return (found, written not in (found.value, code)) if found in among else (None, False)


def known_codes(settings: Settings, folder: Path) -> UnCodes:
    """The UN's goals and targets from data/sdg, and its indicators from the linked lists.

    Args:
        settings: `home` and `data` name the data.
        folder: that of the list that is being linked, which is not read; other lists of its data folder are.
    Raises:
        ListError: a file cannot be parsed, or the UN's targets are missing.
    """
    found = UnCodes()
    own = f"{GRAPH}link/{folder.name}"
    for file in source_files(settings.home, data_around(settings.home, settings.data, folder)):
        if file.graph == SDG_GRAPH or (file.graph.startswith(f"{GRAPH}link/") and file.graph != own):
            _add(found, file)
    if not found.targets:
        raise ListError("The UN's targets are missing in data/sdg, so no code can be checked. Restore the folder.")
    return found


def _add(codes: UnCodes, file: SourceFile) -> None:
    indicators = codes.indicators
    try:
        quads = list(parse(file.path.read_bytes(), format=RdfFormat.TURTLE))
    except (OSError, SyntaxError) as error:
        raise ListError(f"{file.name} cannot be read ({error}). Correct it first; a build shows where.") from error
    for quad in quads:
        subject, value = quad.subject, quad.object
        if not isinstance(subject, NamedNode) or not subject.value.startswith(SDG):
            continue
        if quad.predicate == _rdf("type"):
            if value == _sdgo("Goal"):
                codes.goals.add(subject)
            elif value == _sdgo("Target"):
                codes.targets.add(subject)
    wanted = {quad.subject for quad in quads if quad.object == _sdgo("Indicator")}
    for quad in quads:
        subject, value = quad.subject, quad.object
        if not isinstance(subject, NamedNode) or subject not in wanted or not subject.value.startswith(SDG):
            continue
        one = indicators.setdefault(subject, UnIndicator(subject))
        if isinstance(value, Literal):
            if quad.predicate == _skos("notation") and value.datatype == _sdgo("SDGCodeCompact"):
                one.numbers.add(value.value)
            elif quad.predicate == _owl("deprecated"):
                one.deprecated = value.value == "true"
        elif isinstance(value, NamedNode):
            if quad.predicate == _sdgo("isIndicatorOf"):
                one.targets.add(value)
            elif quad.predicate == _dcterms("isReplacedBy"):
                one.successors.add(value)


def targets_of(numbers: Iterable[str]) -> set[NamedNode]:
    """The targets of printed indicator numbers: 11.6 of 11.6.1."""
    return {NamedNode(SDG + number.rpartition(".")[0]) for number in numbers}
