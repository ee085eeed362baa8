"""The terms of bulk triples, by which a query tells whether it can match any of them.

Bulk triples, such as the observations of a large statistical table, lie beside the dump of a version and in a store of
their own; see plangraf.sources.bulk and plangraf.engines.embedded.stores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

GRAPH_SUFFIX = "/observations"
"""What the graph of bulk triples adds to the graph of their dataset, so that no triple can stand in both."""


@dataclass(frozen=True, slots=True)
class BulkTerms:
    """The terms of some files of triples, as IRIs.

    Attributes:
        subjects: beginnings of subjects; every subject has one of them, and no subject of another triple has.
        predicates: all predicates, each with its number of triples.
        classes: all objects of rdf:type, each with its number of subjects.
        objects: all objects that are IRIs.
        entities: number of different subjects.
    """

    subjects: tuple[str, ...] = ()
    predicates: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()
    entities: int = 0

    def has_subject(self, iri: str) -> bool:
        return iri.startswith(self.subjects)

    @classmethod
    def joined(cls, parts: Iterable[BulkTerms]) -> BulkTerms:
        """The terms of several files together."""
        parts = list(parts)
        return cls(
            tuple(sorted({beginning for part in parts for beginning in part.subjects})),
            sum((Counter(part.predicates) for part in parts), Counter()),
            sum((Counter(part.classes) for part in parts), Counter()),
            frozenset().union(*(part.objects for part in parts)),
            sum(part.entities for part in parts),
        )
