"""One thing that is wrong, told in both languages: of which rule, how severe, and where; and how many are told
together.

Builds, imports of sheets and checks of a catalogue make these. They are shown as text in both languages for people, and
as JSON for programs. A few are told one by one, by heading and subject. Many are told by cause: one mistake made sixty
times is told once, with its count, its places and three examples.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar, get_args

from plangraf.errors import PlangrafError

Severity = Literal["Violation", "Warning", "Info"]
"""As SHACL has them: a Violation stops a build, an import or a harvest; a Warning is counted, an Info is advice."""
EXAMPLES = 3
_WORST_FIRST = get_args(Severity)
# Numbers that are listed under one heading; the count says how many there are.
_MOST_PLACES = 12
# What differs from one problem to the next of the same cause: what stood there, and what to write instead.
_COLUMN = re.compile(r"^(?:Kolonne|Column) \d+: ")
_VARYING = re.compile(
    r"«[^»]*»|\"[^\"]*\"(?:@[\w-]+|\^\^\S+)?"
    r"|<[^<>]*[^\x00-\x7f<>][^<>]*>|<(?i:https?://(?:www\.)?w3id\.org/plangraf/id/)(?!scheme/)[^<>]*>|<[0-9]{4}/[^<>]*>"
)
_ADVICE = re.compile(r"(?<=\. )(Skriv|Write) \S+\.?$")
_DETAIL = re.compile(r" \[(.*)\](?= |$)", re.DOTALL)
SEVERITIES: dict[Severity, tuple[str, str]] = {
    "Violation": ("Feil", "Error"),
    "Warning": ("Advarsel", "Warning"),
    "Info": ("Råd", "Advice"),
}
"""What each severity is called in Bokmål and in English, the worst first."""
# So many are read one by one; more are told by cause.
FEW = 5


class Place(Protocol):
    """Where something is wrong. Each kind of place says how it is shown."""

    @property
    def heading(self) -> str:
        """What people open: the file, the sheet, the portal."""

    @property
    def subject(self) -> str | None:
        """What several diagnostics under one heading are about together: a thing, a cell, an item."""

    @property
    def number(self) -> int | None:
        """The line or row under the heading, counted from 1."""

    @property
    def unit(self) -> tuple[str, str]:
        """What `number` counts, in Bokmål and in English."""

    @property
    def numbered(self) -> bool:
        """Whether a message repeats the number, because `subject` does not have it."""

    @property
    def example(self) -> str:
        """The place in one line, as one of many of the same cause."""

    @property
    def order(self) -> tuple[str | int, ...]:
        """A sorting key among places of the same kind."""

    @property
    def members(self) -> Mapping[str, str | int | None]:
        """What a report for programs says of the place."""


P = TypeVar("P", bound=Place, covariant=True)


@dataclass(frozen=True, slots=True)
class Diagnostic(Generic[P]):
    """What is wrong at one place and what to do, in Bokmål and in English.

    `rule` is the IRI of a shape, the name of a check query, or the name of a portal's rule; None for what no rule of
    ours says, such as a syntax error.
    """

    place: P
    nb: str
    en: str
    severity: Severity = "Violation"
    rule: str | None = None


class FilePlace(NamedTuple):
    """A line of a source file: `file` as messages call it, relative to the project; `thing` is an IRI.

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
    """By place, rule and text, each one once."""
    return sorted(set(diagnostics), key=lambda one: (*one.place.order, one.rule or "", one.en))


def stops(diagnostics: Iterable[Diagnostic[P]]) -> bool:
    """Whether any of them is more than a warning."""
    return any(one.severity == "Violation" for one in diagnostics)


@dataclass(frozen=True, slots=True)
class Cause(Generic[P]):
    """One mistake and all diagnostics that it makes; messages without what differs between them."""

    severity: Severity
    rule: str | None
    nb: str
    en: str
    diagnostics: tuple[Diagnostic[P], ...]


def causes(diagnostics: Iterable[Diagnostic[P]]) -> list[Cause[P]]:
    """The diagnostics by cause: errors first, then the cause that makes most of them."""
    groups: dict[tuple[Severity, str], list[Diagnostic[P]]] = {}
    for one in diagnostics:
        groups.setdefault((one.severity, _key(one)), []).append(one)
    found = [
        Cause(
            severity,
            group[0].rule,
            _common([one.nb for one in group]),
            _common([one.en for one in group]),
            tuple(group),
        )
        for (severity, _), group in groups.items()
    ]
    return sorted(found, key=lambda cause: (_WORST_FIRST.index(cause.severity), -len(cause.diagnostics)))


def example_of(one: Diagnostic[P], cause: Cause[P]) -> str:
    """What is particular of one diagnostic of a cause: its place, and what stood there."""
    detail = _DETAIL.search(one.en) if one.rule else None
    if detail is not None and detail[0] in cause.en:
        detail = None
    told = "" if one.rule else _COLUMN.sub("", one.en)
    if told == _COLUMN.sub("", cause.en):
        told = ""
    return "  ".join(part for part in (one.place.example, detail[0].strip() if detail else told) if part)


def _key(one: Diagnostic[P]) -> str:
    """The same for all diagnostics of one cause: the rule that they break, else the message less what differs."""
    return f"{one.rule}\n{_plain(one.en)}" if one.rule else _plain(one.en)


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


def ranges(numbers: Sequence[int]) -> str:
    """`11–13, 20`: neighbours drawn together."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:_MOST_PLACES]]
    return ", ".join(shown) + (", …" if len(spans) > _MOST_PLACES else "")


def as_text(diagnostics: Iterable[Diagnostic[P]], *, every: bool = False) -> str:
    """The diagnostics in Bokmål and in English, with a count at the end.

    Args:
        diagnostics: what is told.
        every: each one by itself, however many there are; else many are told by cause.
    """
    ordered = in_order(diagnostics)
    found = causes(ordered)
    if not every and len(ordered) > FEW and len(found) < len(ordered):
        nb, en = ("årsak", "cause") if len(found) == 1 else ("årsaker", "causes")
        head = [
            f"nb  {len(ordered)} funn med {len(found)} {nb}. «--all» viser hvert av dem.",
            f"en  {len(ordered)} findings with {len(found)} {en}. --all shows each of them.",
            "",
        ]
        return "\n".join([*head, *_cause_lines(found), summary(ordered)])
    lines: list[str] = []
    for heading, under in groupby(ordered, key=lambda one: one.place.heading):
        lines.append(heading)
        for subject, of_subject in _by_subject(under).items():
            lines += [f"  {subject}"] if subject else []
            for one in of_subject:
                lines += message_lines(one, "    " if subject else "  ")
        lines.append("")
    return "\n".join([*lines, summary(ordered)])


def as_json(diagnostics: Iterable[Diagnostic[P]]) -> bytes:
    """The same for programs: `conforms` as SHACL means it for violations."""
    ordered = in_order(diagnostics)
    results = [
        {**one.place.members, "message_nb": one.nb, "message_en": one.en, "severity": one.severity, "shape": one.rule}
        for one in ordered
    ]
    report = {"conforms": not stops(ordered), "results": results}
    return (json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def summary(diagnostics: Iterable[Diagnostic[P]]) -> str:
    """How many errors, warnings and pieces of advice, in both languages."""
    nb, en = counts(diagnostics)
    return f"nb  {', '.join(nb)}\nen  {', '.join(en)}"


def counts(diagnostics: Iterable[Diagnostic[P]]) -> tuple[list[str], list[str]]:
    """`feil: 2` and `error: 2` for each severity that there is."""
    counted = Counter(one.severity for one in diagnostics)
    there = [severity for severity in SEVERITIES if counted[severity]]
    nb, en = (
        [f"{SEVERITIES[severity][number].lower()}: {counted[severity]}" for severity in there] for number in (0, 1)
    )
    return nb, en


def message_lines(one: Diagnostic[P], indent: str) -> Iterator[str]:
    """The message in both languages, and its rule."""
    for code, word, unit in zip(("nb", "en"), SEVERITIES[one.severity], one.place.unit, strict=True):
        where = f", {unit} {one.place.number}" if one.place.numbered else ""
        yield f"{indent}{code}  {word}{where}: {one.nb if code == 'nb' else one.en}"
    if one.rule:
        yield f"{indent}    {_shown_rule(one.rule)}"


def _by_subject(diagnostics: Iterable[Diagnostic[P]]) -> dict[str | None, list[Diagnostic[P]]]:
    """Diagnostics of one subject side by side, in the order in which the subjects first come."""
    groups: dict[str | None, list[Diagnostic[P]]] = {}
    for one in diagnostics:
        groups.setdefault(one.place.subject, []).append(one)
    return groups


def _cause_lines(found: Sequence[Cause[P]]) -> Iterator[str]:
    """Each cause once: count, message in both languages, places by heading, three examples."""
    for cause in found:
        nb, en = SEVERITIES[cause.severity]
        count = f"{len(cause.diagnostics)} × "
        yield f"{count}nb  {nb}: {cause.nb}"
        yield f"{' ' * len(count)}en  {en}: {cause.en}"
        indent = " " * (len(count) + 4)
        if cause.rule:
            yield f"{indent}{_shown_rule(cause.rule)}"
        # So few are their own examples.
        if len(cause.diagnostics) > EXAMPLES:
            yield from (f"{indent}{line}" for line in _places(cause.diagnostics))
        shown = dict.fromkeys(filter(None, (example_of(one, cause) for one in cause.diagnostics)))
        yield from (f"{indent}  {text}" for text in list(shown)[:EXAMPLES])
        yield ""


def _places(diagnostics: Sequence[Diagnostic[P]]) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    nb, en = diagnostics[0].place.unit
    for one in diagnostics:
        listed = numbers.setdefault(one.place.heading, [])
        if one.place.number is not None:
            listed.append(one.place.number)
    for heading, listed in numbers.items():
        yield heading + (f", {nb} · {en} {ranges(listed)}" if listed else "")


def _shown_rule(rule: str) -> str:
    from plangraf.rdf.namespaces import compact  # late, because a command's help needs no pyoxigraph

    return compact(rule) if ":" in rule else rule
