"""What a document nests: a tree of properties, compiled once instead of matched at each request.

https://www.w3.org/TR/json-ld11-framing/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyoxigraph import NamedNode


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What is nested under a thing: by property, those that it has and those that point to it."""

    forward: Mapping[NamedNode, Frame] = field(default_factory=dict)
    reverse: Mapping[NamedNode, Frame] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.forward or self.reverse)


NO_FRAME = Frame()
