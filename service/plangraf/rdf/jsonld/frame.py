"""The frame of a document: a tree of the properties whose values it nests, compiled once for all requests.

https://www.w3.org/TR/json-ld11-framing/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyoxigraph import NamedNode


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The properties to follow from a thing, forward and reverse, each with the frame of the next level."""

    forward: Mapping[NamedNode, Frame] = field(default_factory=dict)
    reverse: Mapping[NamedNode, Frame] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.forward or self.reverse)


NO_FRAME = Frame()
