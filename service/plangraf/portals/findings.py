"""Items of a catalogue, findings about them, and the verdict of each portal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from plangraf.diagnostics.diagnostic import Diagnostic, Severity, stops

DATA_NORGE = "data.norge.no"
CKAN = "CKAN"
DCAT_AP_NO = "DCAT-AP-NO"

Kind = Literal["document", "catalogue", "dataset", "series", "service"]


@dataclass(frozen=True, slots=True)
class Item:
    """The document, or a thing in it, that a portal accepts or rejects; `name` is its IRI, `_:…` for a blank node."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """The item that a finding is about; `item` is `Item.name`."""

    portal: str
    item: str

    @property
    def heading(self) -> str:
        return self.portal

    @property
    def subject(self) -> str | None:
        return self.item if self.item.startswith("_:") else f"<{self.item}>"

    @property
    def number(self) -> int | None:
        return None

    @property
    def unit(self) -> tuple[str, str]:
        return "", ""

    @property
    def numbered(self) -> bool:
        return False

    @property
    def example(self) -> str:
        return f"{self.portal}: {self.subject}"

    @property
    def order(self) -> tuple[str | int, ...]:
        return self.portal, self.item

    @property
    def members(self) -> Mapping[str, str | int | None]:
        return {"portal": self.portal, "item": self.item}


Finding = Diagnostic[ItemPlace]
"""A finding of one portal about one item; `rule` is unique within the portal.

A Violation rejects the item; about the document it rejects all items. A Warning is a loss or a risk, an Info is advice.
"""


def portal_finding(portal: str, rule: str, severity: Severity, item: str, nb: str, en: str) -> Finding:
    return Diagnostic(ItemPlace(portal, item), nb, en, severity, rule)


@dataclass(frozen=True, slots=True)
class Score:
    """Points of metadata quality of one dataset: `given` of `most`.

    Attributes:
        lacking: points by metric that the dataset does not get.
        untried: points by metric that cannot be decided without requests to other hosts.
    """

    dataset: str
    given: int
    most: int
    lacking: Mapping[str, int]
    untried: Mapping[str, int]


_WORST_FIRST = get_args(Severity)


@dataclass(frozen=True)
class Verdict:
    """The result of one check; `items` are by portal, the document first."""

    source: str
    items: Mapping[str, Sequence[Item]]
    findings: Sequence[Finding]
    scores: Sequence[Score] = ()

    def of(self, portal: str, item: Item) -> list[Finding]:
        """The findings of one item, violations first."""
        found = self._by_item.get((portal, item.name), ())
        return sorted(found, key=lambda finding: (_WORST_FIRST.index(finding.severity), finding.rule or "", finding.en))

    def document_refused(self, portal: str) -> bool:
        return self._is_refused(portal, self.items[portal][0])

    def accepted(self, portal: str, item: Item) -> bool:
        return not self.document_refused(portal) and not self._is_refused(portal, item)

    def _is_refused(self, portal: str, item: Item) -> bool:
        return stops(self._by_item.get((portal, item.name), ()))

    @cached_property
    def _by_item(self) -> Mapping[tuple[str, str], set[Finding]]:
        found: dict[tuple[str, str], set[Finding]] = {}
        for finding in self.findings:
            found.setdefault((finding.place.portal, finding.place.item), set()).add(finding)
        return found

    @property
    def accepted_everywhere(self) -> bool:
        return all(self.accepted(portal, item) for portal, items in self.items.items() for item in items)
