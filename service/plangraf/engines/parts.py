"""The derived parts of a snapshot, bounded in bytes; evicts the least recently used, which is derived again on demand.

A collection has an order and one part for each facet, and they grow with the data, so a walk through all collections
and filters would fill the memory.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from itertools import chain, islice
from typing import Any, TypeVar, cast

MOST_BYTES = 64 * 1024 * 1024
# Elements of a container that `measure` looks at, evenly spread, because it runs on the event loop.
_SAMPLE = 256

T = TypeVar("T")


class Mapped:
    """What is mapped from files counts as nothing, because processes share it and the kernel can drop it."""


class Parts:
    """Parts by their keys, up to `most` bytes by `measure`; the part that was derived last stays, however large."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.size = 0
        self._most = most
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._flights: dict[Hashable, asyncio.Future[None]] = {}

    async def get(self, key: Hashable, derive: Callable[[], Awaitable[T]]) -> T:
        """Returns the part with this key, derived unless it is cached.

        Concurrent callers share a single flight: one derives, the others wait. When the deriving caller is cancelled,
        another takes over.

        Raises:
            Exception: what `derive` raised, in every caller of the flight; the next caller tries again.
        """
        while key not in self._found:
            flight = self._flights.get(key)
            if flight is None:
                return await self._derive(key, derive)
            await asyncio.shield(flight)
        self._found.move_to_end(key)
        return cast(T, self._found[key][0])

    def clear(self) -> None:
        self._found.clear()
        self.size = 0

    async def _derive(self, key: Hashable, derive: Callable[[], Awaitable[T]]) -> T:
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            part = await derive()
            self._add(key, part)
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # mark as retrieved: a flight without waiters must not warn
            raise
        finally:
            del self._flights[key]
            if not flight.done():
                flight.set_result(None)
        return part

    def _add(self, key: Hashable, part: object) -> None:
        size = measure(part)
        self._found[key] = part, size
        self.size += size
        while self.size > self._most and len(self._found) > 1:
            _, (_, gone) = self._found.popitem(last=False)
            self.size -= gone


def measure(value: object) -> int:
    """Bytes that a value and what it contains take, estimated from a sample of each container."""
    size = sys.getsizeof(value)
    inner: Iterable[object]
    if isinstance(value, Mapped | memoryview | array):  # of an array, this is all of it
        return size
    if isinstance(value, Mapping):
        number, inner = 2 * len(value), chain.from_iterable(_spread(value.items(), len(value)))
    elif isinstance(value, Set) or (isinstance(value, Sequence) and not isinstance(value, str | bytes)):
        number, inner = len(value), _spread(value, len(value))
    elif is_dataclass(value):
        found = [getattr(value, field.name) for field in fields(value)]
        number, inner = len(found), found
    else:
        return size
    sizes = [measure(element) for element in inner]
    return size + (sum(sizes) * number // len(sizes) if sizes else 0)


def _spread(values: Iterable[T], number: int) -> Iterable[T]:
    return islice(values, 0, None, max(1, number // _SAMPLE))
