"""Problems by their cause: one mistake made sixty times is told once, with its count, its places and three examples.

For files and for spreadsheets alike: a problem is anything with a message in both languages, a severity and a shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

SEVERITIES = {
    "Violation": ("Feil", "Error"),
    "Warning": ("Advarsel", "Warning"),
    "Info": ("Råd", "Advice"),
}
"""What each severity is called in Bokmål and in English, the worst first."""

# So many problems are read one by one; more are told by cause.
FEW = 5
EXAMPLES = 3
# Places of one file that are listed; the count says how many there are.
_MOST_PLACES = 12

_ORDER = list(SEVERITIES)
# What differs from one problem to the next of the same cause: what stood there, and what to write instead.
_COLUMN = re.compile(r"^(?:Kolonne|Column) \d+: ")
_VARYING = re.compile(
    r"«[^»]*»|\"[^\"]*\"(?:@[\w-]+|\^\^\S+)?"
    r"|<[^<>]*[^\x00-\x7f<>][^<>]*>|<(?i:https?://(?:www\.)?w3id\.org/plangraf/id/)(?!scheme/)[^<>]*>|<[0-9]{4}/[^<>]*>"
)
_ADVICE = re.compile(r"(?<=\. )(Skriv|Write) \S+\.?$")
_DETAIL = re.compile(r" \[(.*)\](?= |$)", re.DOTALL)


class Problem(Protocol):
    """What a problem must say of itself."""

    @property
    def message_nb(self) -> str: ...

    @property
    def message_en(self) -> str: ...

    @property
    def severity(self) -> str: ...

    @property
    def shape(self) -> str | None: ...


P = TypeVar("P", bound=Problem)


@dataclass(frozen=True, slots=True)
class Cause(Generic[P]):
    """One mistake and all problems that it makes; messages without what differs between them."""

    severity: str
    shape: str | None
    message_nb: str
    message_en: str
    problems: tuple[P, ...]

    @property
    def examples(self) -> tuple[P, ...]:
        return self.problems[:EXAMPLES]


def causes(problems: Iterable[P]) -> list[Cause[P]]:
    """The problems by cause: errors first, then the cause that makes most of them."""
    groups: dict[tuple[str, str], list[P]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, _key(problem)), []).append(problem)
    found = [
        Cause(
            severity, group[0].shape,
            _common([problem.message_nb for problem in group]), _common([problem.message_en for problem in group]),
            tuple(group),
        )
        for (severity, _), group in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda cause: (_rank(cause.severity), -len(cause.problems)))


def drowning(problems: Sequence[Problem], found: Sequence[Cause[P]]) -> bool:
    """Whether a list of all problems would hide what is wrong."""
    return len(problems) > FEW and len(found) < len(problems)


def cause_lines(
    found: Iterable[Cause[P]],
    place: Callable[[P], tuple[str, int | None]],
    example: Callable[[P], str],
    shape: Callable[[str], str] = str,
    unit: tuple[str, str] = ("linje", "line"),
) -> Iterator[str]:
    """Each cause once: count, message in both languages, places by file, three examples.

    Args:
        found: the causes, in the order in which they are told.
        place: file or sheet of a problem, and its line or row.
        example: what tells one problem from the others, such as a thing's IRI; empty when nothing does.
        shape: what a shape is called.
        unit: what a place is counted by, in Bokmål and in English.
    """
    for cause in found:
        nb, en = SEVERITIES[cause.severity]
        count = f"{len(cause.problems)} × "
        yield f"{count}nb  {nb}: {cause.message_nb}"
        yield f"{' ' * len(count)}en  {en}: {cause.message_en}"
        indent = " " * (len(count) + 4)
        if cause.shape:
            yield f"{indent}{shape(cause.shape)}"
        by_file: dict[str, list[int]] = {}
        for problem in cause.problems:
            file, line = place(problem)
            lines = by_file.setdefault(file, [])
            if line is not None:
                lines.append(line)
        # So few are their own examples.
        for file, lines in by_file.items() if len(cause.problems) > EXAMPLES else ():
            yield f"{indent}{file}" + (f", {unit[0]} · {unit[1]} {_ranges(lines)}" if lines else "")
        shown = dict.fromkeys(filter(None, (_example(problem, cause, example) for problem in cause.problems)))
        for number, text in enumerate(shown):
            if number < EXAMPLES:
                yield f"{indent}  {text}"
        yield ""


def _example(problem: P, cause: Cause[P], example: Callable[[P], str]) -> str:
    """What is particular of one problem: its thing, and what stood there."""
    detail = _DETAIL.search(problem.message_en) if problem.shape else None
    if detail is not None and detail[0] in cause.message_en:
        detail = None
    told = "" if problem.shape else _COLUMN.sub("", problem.message_en)
    if told == _COLUMN.sub("", cause.message_en):
        told = ""
    return "  ".join(part for part in (example(problem), detail[0].strip() if detail else told) if part)


def _rank(severity: str) -> int:
    return _ORDER.index(severity) if severity in _ORDER else len(_ORDER)


def _key(problem: Problem) -> str:
    """The same for all problems of one cause: the shape that they break, else the message less what differs."""
    return problem.shape + "\n" + _plain(problem.message_en) if problem.shape else _plain(problem.message_en)


def _plain(message: str) -> str:
    text = _COLUMN.sub("", message)
    text = _DETAIL.sub("", text)
    return _ADVICE.sub(r"\1 …", _VARYING.sub("…", text))


def _common(messages: Sequence[str]) -> str:
    """The message when all are alike, else what they have in common."""
    if len(set(messages)) == 1:
        return messages[0]
    without = {_DETAIL.sub("", _COLUMN.sub("", message)) for message in messages}
    return without.pop() if len(without) == 1 else _plain(messages[0])


def _ranges(numbers: Sequence[int]) -> str:
    """`11–13, 20`: neighbours drawn together."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:_MOST_PLACES]]
    return ", ".join(shown) + (", …" if len(spans) > _MOST_PLACES else "")
