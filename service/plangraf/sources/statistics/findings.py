"""Collects the defects and repairs of one table, so that an import reports all of them at once.

A defect states its place, what stands there and what is wanted. A repair is counted by kind.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file
from plangraf.errors import PlangrafError

# More defects than this have a common cause, and the first ones show it.
MOST_DEFECTS = 200
_MOST_SHOWN = 60


class Described(str):
    """A description of what was found, in our words. Messages show it without quotation marks."""

    __slots__ = ()


class TableError(DataError):
    """A table that cannot be imported; nothing was written."""

    def __init__(self, problems: list[FileDiagnostic]) -> None:
        first = problems[0]
        PlangrafError.__init__(
            self,
            f"The table has {len(problems)} problem(s), and nothing was written. "
            f"The first is at {first.place.position}: {first.en}",
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Repair:
    """A kind of repair in both languages, and how often it was made."""

    nb: str
    en: str
    count: int


class Findings:
    """The defects and repairs of one file.

    Attributes:
        file: the name of the file in messages.
        problems: the defects so far.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[FileDiagnostic] = []
        self._repairs: Counter[tuple[str, str]] = Counter()

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """The repairs by kind, in the order of their first occurrence."""
        return tuple(Repair(nb, en, count) for (nb, en), count in self._repairs.items())

    def wrong(self, place: str, found: object, nb: str, en: str, line: int | None = None) -> None:
        """Adds a defect.

        Args:
            place: a path such as `dimension.Tid.category.index`, or the name of a column.
            found: what stands there.
            nb: what is wanted instead, in Bokmål.
            en: the same in English.
            line: the line of a CSV file, counted from 1.
        Raises:
            TableError: as many defects are collected as a report has.
        """
        shown = _shown(found)
        self.problems.append(
            in_file(self.file, line, f"{place}: fant {shown}. Ventet {nb}.", f"{place}: found {shown}. Wanted {en}.")
        )
        if len(self.problems) >= MOST_DEFECTS:
            self.stop()

    def repaired(self, nb: str, en: str, count: int = 1) -> None:
        """Counts a repair of one kind."""
        self._repairs[nb, en] += count

    def stop(self) -> None:
        """Ends the import when there is a defect.

        Raises:
            TableError: with all defects so far.
        """
        if self.problems:
            raise TableError(self.problems)


def _shown(found: object) -> str:
    if found is None:
        return "null"
    text = f'"{found}"' if isinstance(found, str) and not isinstance(found, Described) else str(found)
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
