"""The results of the last build, and which of them a change of the data leaves as they are.

A result of a shape stands when the change does not concern its focus node, see `plangraf.checks.shacl.reach`; the rows
of a check query stand when it can match none of the changed statements. A query that looks only some links far from the
thing of a row is asked again about the things that the change concerns. A result is told at the present place of its
thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from plangraf.checks.cube_keys import RULE
from plangraf.checks.data_graph import DataGraph, check_problems
from plangraf.checks.shacl.reach import UnboundedError, always_needed, around, concerned, lines_of, reach
from plangraf.checks.shacl.validation import shacl_problems, shapes_of
from plangraf.diagnostics.diagnostic import FileDiagnostic, Severity, in_file, in_order
from plangraf.errors import RequestError
from plangraf.rdf.namespaces import PREFIXES
from plangraf.rdf.quad_lines import QuadLines
from plangraf.sources.turtle import Locate
from plangraf.sparql.matched_terms import Links, first_column, links_from, matched_predicates

# Where a result is told whose thing no file describes.
_ELSEWHERE = "data/"
KEYS = RULE
"""The name of the check of the keys of data cubes."""
_CUBE = PREFIXES["qb"].encode()
_SUBCLASS = f" <{PREFIXES['rdfs']}subClassOf> ".encode()
# A change that concerns more of the data than this share is checked as all data are.
_SHARE = 0.2
Told = tuple[str | None, str, str, Severity, str | None]
"""A result without its place: thing, both texts, severity, rule."""


@dataclass(frozen=True, slots=True)
class Results:
    """The results of shapes, and of each check by its name."""

    shapes: Sequence[Told] = ()
    checks: Mapping[str, Sequence[Told]] = field(default_factory=dict)

    @classmethod
    def of(cls, shapes: Iterable[FileDiagnostic], checks: Mapping[str, Iterable[FileDiagnostic]]) -> Results:
        return cls([_told(one) for one in shapes], {name: [_told(one) for one in own] for name, own in checks.items()})

    @classmethod
    def from_json(cls, content: Any) -> Results:
        """Reads what `as_json` returned.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is something else.
        """
        return cls(
            [_read(one) for one in content["shapes"]],
            {str(name): [_read(one) for one in own] for name, own in content["checks"].items()},
        )

    def as_json(self) -> Any:
        return {"shapes": self.shapes, "checks": self.checks}


@dataclass(frozen=True, slots=True)
class Change:
    """What a build changes, in the same ontology and by the same shapes, checks and code.

    Attributes:
        before: the results before it.
        changed: the lines that were added and removed.
    """

    before: Results
    changed: Sequence[bytes]
    _parts: dict[Links, tuple[frozenset[str], DataGraph]] = field(default_factory=dict, compare=False, repr=False)
    _always: set[bytes] = field(default_factory=set, compare=False, repr=False)

    def shapes(self, data: DataGraph, locate: Locate) -> tuple[list[FileDiagnostic], str]:
        """The results of all shapes, and how many things were validated.

        Raises:
            UnboundedError: all things must be validated, for a reason that it gives.
        """
        if any(one[0] is None for one in self.before.shapes):
            raise UnboundedError("a result names no thing")
        if any(_SUBCLASS in line for line in self.changed):
            raise UnboundedError("a class changed")
        names, part = self._part(data, reach(shapes_of(data)))
        found = shacl_problems(part, locate, names)
        kept = [_placed(one, _ELSEWHERE, locate) for one in self.before.shapes if one[0] not in names]
        return in_order([*kept, *found]), f"{len(names)} things that the change concerns"

    def rows(self, check: Path, locate: Locate) -> list[FileDiagnostic] | None:
        """The rows of a check as they were; None when it must be asked again."""
        known = self.before.checks.get(check.name)
        if known is None:
            return None
        try:
            predicates = matched_predicates(check.read_text(encoding="utf-8"))
        except RequestError:
            return None
        if predicates is None or not predicates.isdisjoint(self.predicates):
            return None
        return in_order(_placed(one, one[4] or check.name, locate) for one in known)

    def rows_of_part(self, check: Path, data: DataGraph, locate: Locate) -> list[FileDiagnostic] | None:
        """The rows of a check that is asked about what the change concerns; None when it must be asked about all."""
        known = self.before.checks.get(check.name)
        if known is None or any(one[0] is None for one in known):
            return None
        query = check.read_text(encoding="utf-8")
        try:
            column = first_column(query)
            links = links_from(query, column) if column else None
            if links is None:
                return None
            names, part = self._part(data, links)
        except (RequestError, UnboundedError):
            return None
        found = check_problems(part, [check], locate)
        if any(one.place.thing is None for one in found):
            return None
        kept = [_placed(one, one[4] or check.name, locate) for one in known if one[0] not in names]
        return in_order([*kept, *(one for one in found if one.place.thing in names)])

    def _part(self, data: DataGraph, links: Links) -> tuple[frozenset[str], DataGraph]:
        """The IRIs of the things that the change concerns, and the statements that lie so many links from them.

        Raises:
            UnboundedError: these are no small part of the data.
        """
        if links not in self._parts:
            if any(line.startswith(b"_:") or b" _:" in line for line in self.changed):
                raise UnboundedError("a changed statement may have a blank node")
            assert isinstance(data.quads, QuadLines)
            things = concerned(data, self.changed, links)
            near = around(data, things, links)
            if len(near) > _SHARE * len(data.quads):
                raise UnboundedError("it concerns many things")
            if not self._always:
                self._always.update(always_needed(data))
            part = DataGraph(QuadLines(sorted({*near, *self._always})))
            self._parts[links] = frozenset(thing[1:-1].decode() for thing in things), part
        return self._parts[links]

    @property
    def predicates(self) -> frozenset[str]:
        """The properties of the changed statements."""
        return frozenset(line.split(b" ", 2)[1][1:-1].decode() for line in self.changed)

    def keys(self, data: QuadLines, locate: Locate) -> list[FileDiagnostic] | None:
        """What the check of the keys of data cubes found; None when a statement of a cube changed."""
        known = self.before.checks.get(KEYS)
        subjects = {line[: line.index(b" ")] for line in self.changed}
        now = (line for subject in subjects for line in lines_of(data.lines, subject))
        if known is None or any(_CUBE in line for line in (*self.changed, *now)):
            return None
        return in_order(_placed(one, _ELSEWHERE, locate) for one in known)


def _told(one: FileDiagnostic) -> Told:
    return one.place.thing, one.nb, one.en, one.severity, one.rule


def _read(content: Sequence[Any]) -> Told:
    thing, nb, en, severity, rule = content
    return thing, str(nb), str(en), cast(Severity, severity), rule


def _placed(told: Told, elsewhere: str, locate: Locate) -> FileDiagnostic:
    thing, nb, en, severity, rule = told
    place = locate(thing) if thing is not None else None
    file, line = (place.file, place.line) if place is not None else (elsewhere, None)
    return in_file(file, line, nb, en, thing, rule, severity)
