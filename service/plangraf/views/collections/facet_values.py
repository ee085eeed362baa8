"""The values of one filter of a list, with the places of their things: as arrays, which a file can hold as they are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import accumulate, chain

from plangraf.views.collections.collation import collation_key

MOST_FREQUENT = 100
"""A reader is offered so many values of a filter."""
Numbers = Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class FacetValues:
    """The values of a facet. Its length is the number of things of the list, with a value or without.

    Attributes:
        values: in Norwegian order, then by code point. The number of a value is its place here.
        starts: of each value, where its places begin; one more than values.
        places: of the things of each value, ascending: their places in the list.
        firsts: of each thing, where the numbers of its values begin; one more than things.
        numbers: of the values of each thing, ascending.
        frequent: numbers of values, those of the most things first, at most MOST_FREQUENT.
    """

    values: Sequence[str]
    starts: Numbers
    places: Numbers
    firsts: Numbers
    numbers: Numbers
    frequent: Numbers

    @classmethod
    def of(cls, found: Mapping[str, Collection[int]], things: int) -> FacetValues:
        """The values with the places of their things.

        Args:
            found: the places by value.
            things: how many the list has.
        """
        values = sorted(found, key=lambda value: (collation_key(value), value))
        starts = array("I", accumulate((len(found[value]) for value in values), initial=0))
        places = array("I")
        by_thing: list[list[int]] = [[] for _ in range(things)]
        for number, value in enumerate(values):
            ascending = sorted(found[value])
            places.extend(ascending)
            for place in ascending:
                by_thing[place].append(number)
        firsts = array("I", accumulate(map(len, by_thing), initial=0))
        numbers = array("I", chain.from_iterable(by_thing))
        sizes = [len(found[value]) for value in values]
        frequent = nsmallest(MOST_FREQUENT, range(len(values)), key=lambda number: (-sizes[number], number))
        return cls(values, starts, places, firsts, numbers, array("I", frequent))

    def __len__(self) -> int:
        return len(self.firsts) - 1

    def __contains__(self, value: str) -> bool:
        return self._number(value) is not None

    def places_of(self, value: str) -> Numbers:
        """The ascending places of the things that have a value; none for a value that no thing has."""
        number = self._number(value)
        return () if number is None else self.places[self.starts[number] : self.starts[number + 1]]

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Each value with the number of its things, in the order of the values."""
        for number, value in enumerate(self.values):
            yield value, self._size(number)

    def most_frequent(self, places: Numbers) -> tuple[list[tuple[str, int]], int]:
        """The values that the most of these things have, each with their number; and how many values they have."""
        if len(places) == len(self):
            return [(self.values[number], self._size(number)) for number in self.frequent], len(self.values)
        firsts, numbers = self.firsts, self.numbers
        counted = Counter(chain.from_iterable(numbers[firsts[place] : firsts[place + 1]] for place in places))
        found = nsmallest(MOST_FREQUENT, counted.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(self.values[number], things) for number, things in found], len(counted)

    def number_of(self, value: str, places: Numbers) -> int:
        """How many of these things have a value."""
        return len(set(places).intersection(self.places_of(value)))

    def _size(self, number: int) -> int:
        return self.starts[number + 1] - self.starts[number]

    def _number(self, value: str) -> int | None:
        wanted = (collation_key(value), value)
        number = bisect_left(self.values, wanted, key=lambda known: (collation_key(known), known))
        return number if number < len(self.values) and self.values[number] == value else None
