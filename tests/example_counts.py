"""The number of examples that a property test tries.

The profiles of conftest.py set how many: `make search-faults` tries twenty times as many as `make test`.
"""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
"""Examples of a test that names no number, in the profile `repeatable`."""


def examples(number: int) -> settings:
    """Decorates a property test: `number` examples, or the multiple of it that the profile searches."""
    return settings(max_examples=number * settings.default.max_examples // USUAL)
