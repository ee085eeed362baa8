"""The parts of a snapshot: bounded in bytes, the least recently used goes first and is derived again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from plangraf.engines.parts import Parts, measure


class Derived:
    """Derives texts of a size and counts how often it derived each."""

    def __init__(self, most: int) -> None:
        self.parts = Parts(most)
        self.times: dict[str, int] = {}

    async def get(self, name: str, size: int = 1_000) -> str:
        async def derive() -> str:
            self.times[name] = self.times.get(name, 0) + 1
            return name[0] * (size - sys.getsizeof(""))

        return await self.parts.get(name, derive)


def act(most: int, body: Callable[[Derived], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body(Derived(most)))


def test_parts_never_take_more_than_their_memory() -> None:
    async def body(derived: Derived) -> None:
        for number in range(100):
            await derived.get(f"part {number}")
            assert derived.parts.size <= 10_000
        assert derived.parts.size == 10_000
        assert set(derived.times.values()) == {1}

    act(10_000, body)


def test_the_least_recently_used_part_is_derived_again() -> None:
    async def body(derived: Derived) -> None:
        for name in ("a", "b", "c", "a", "d", "a", "c", "d"):
            await derived.get(name)
        assert derived.times == {"a": 1, "b": 1, "c": 1, "d": 1}
        assert await derived.get("b") == "b" * (1_000 - sys.getsizeof(""))
        assert derived.times == {"a": 1, "b": 2, "c": 1, "d": 1}

    act(3_000, body)


def test_a_part_larger_than_the_memory_is_cached_alone() -> None:
    async def body(derived: Derived) -> None:
        await derived.get("small")
        for _ in range(3):
            await derived.get("large", 50_000)
        assert derived.times == {"small": 1, "large": 1}
        assert derived.parts.size == 50_000
        await derived.get("small")
        assert (derived.times["small"], derived.parts.size) == (2, 1_000)

    act(10_000, body)


@dataclass(frozen=True)
class Pair:
    left: tuple[str, ...]
    right: dict[str, int]


IRIS = tuple(f"https://w3id.org/plangraf/id/5001/plan/{number:06}" for number in range(10_000))


def deep(value: object) -> int:
    """The bytes of a value with all that it contains."""
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(deep(key) + deep(own) for key, own in value.items())
    if isinstance(value, tuple | set | frozenset | list):
        return sys.getsizeof(value) + sum(map(deep, value))
    if isinstance(value, Pair):
        return sys.getsizeof(value) + deep(value.left) + deep(value.right)
    return sys.getsizeof(value)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        b"bytes",
        7,
        (),
        {},
        IRIS,
        frozenset(IRIS),
        {iri: tuple(range(number % 50)) for number, iri in enumerate(IRIS)},
        Pair(IRIS, dict.fromkeys(IRIS, 1)),
    ],
    ids=["text", "bytes", "number", "nothing", "no keys", "order", "terms", "facet", "record"],
)
def test_the_size_of_a_part_is_estimated_within_a_tenth(value: object) -> None:
    assert measure(value) == pytest.approx(deep(value), rel=0.1)
