"""One problem in Bokmål and English, with its rule, severity and place.

Builds, imports of sheets and checks of a catalogue create diagnostics; `rendering` writes them, `causes` groups them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from plangraf.errors import PlangrafError

Severity = Literal["Violation", "Warning", "Info"]
"""As SHACL has them: a Violation stops a build, an import or a harvest; a Warning is counted, an Info is advice."""


class Place(Protocol):
    """The place of a problem. Each kind of place defines its parts in a report."""

    @property
    def heading(self) -> str:
        """The file, sheet or portal."""

    @property
    def subject(self) -> str | None:
        """The common subject of several diagnostics under one heading: a thing, a cell, an item."""

    @property
    def number(self) -> int | None:
        """The line or row under the heading, counted from 1."""

    @property
    def unit(self) -> tuple[str, str]:
        """The unit of `number`, in Bokmål and English."""

    @property
    def numbered(self) -> bool:
        """Whether a message repeats the number, because `subject` does not have it."""

    @property
    def example(self) -> str:
        """The place in one line, for an example of a cause."""

    @property
    def order(self) -> tuple[str | int, ...]:
        """A sorting key among places of the same kind."""

    @property
    def members(self) -> Mapping[str, str | int | None]:
        """The fields of the place in a report for programs."""


P = TypeVar("P", bound=Place, covariant=True)


@dataclass(frozen=True, slots=True)
class Diagnostic(Generic[P]):
    """A problem at one place and the advice, in Bokmål and English.

    `rule` is the IRI of a shape, the name of a check query, or the name of a portal's rule; None for a problem without
    a rule of ours, such as a syntax error.
    """

    place: P
    nb: str
    en: str
    severity: Severity = "Violation"
    rule: str | None = None


class FilePlace(NamedTuple):
    """A line of a source file. `file` is its name in messages, relative to the project; `thing` is an IRI.

    `line` counts from 1 and is None when it is not known.
    """

    file: str
    line: int | None = None
    thing: str | None = None

    @property
    def heading(self) -> str:
        return self.file

    @property
    def subject(self) -> str | None:
        return f"<{self.thing}>" if self.thing else None

    @property
    def number(self) -> int | None:
        return self.line

    @property
    def unit(self) -> tuple[str, str]:
        return "linje", "line"

    @property
    def numbered(self) -> bool:
        return bool(self.line)

    @property
    def position(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def example(self) -> str:
        return "  ".join(filter(None, (self.position, self.subject)))

    @property
    def order(self) -> tuple[str | int, ...]:
        return self.file, self.line or 0, self.thing or ""

    @property
    def members(self) -> Mapping[str, str | int | None]:
        return {"file": self.file, "line": self.line, "focus_node": self.thing}


FileDiagnostic = Diagnostic[FilePlace]


def in_file(
    file: str,
    line: int | None,
    nb: str,
    en: str,
    thing: str | None = None,
    rule: str | None = None,
    severity: Severity = "Violation",
) -> FileDiagnostic:
    """A diagnostic about a source file."""
    return Diagnostic(FilePlace(file, line, thing), nb, en, severity, rule)


class DataError(PlangrafError):
    code = "bad-data"
    title = "The source files cannot become a version"

    def __init__(self, problems: list[FileDiagnostic]) -> None:
        first = problems[0]
        super().__init__(
            f"{len(problems)} problem(s) in the source files; the current version is unchanged. "
            f"The first is at {first.place.position}: {first.en}"
        )
        self.problems = problems


def in_order(diagnostics: Iterable[Diagnostic[P]]) -> list[Diagnostic[P]]:
    """The unique diagnostics, sorted by place, rule and text."""
    return sorted(set(diagnostics), key=lambda one: (*one.place.order, one.rule or "", one.en))


def stops(diagnostics: Iterable[Diagnostic[P]]) -> bool:
    """Whether any diagnostic is a violation."""
    return any(one.severity == "Violation" for one in diagnostics)
