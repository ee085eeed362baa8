"""Groups diagnostics by cause: a repeated mistake appears once, with count, places and three examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, get_args

from plangraf.diagnostics.diagnostic import Diagnostic, P, Severity

EXAMPLES = 3
_WORST_FIRST = get_args(Severity)
# The most numbers to list under one heading; the count covers all.
_MOST_PLACES = 12

# The parts that differ between problems of one cause: the present text, and the text to write.
_COLUMN = re.compile(r"^(?:Kolonne|Column) \d+: ")
_VARYING = re.compile(
    r"«[^»]*»|\"[^\"]*\"(?:@[\w-]+|\^\^\S+)?"
    r"|<[^<>]*[^\x00-\x7f<>][^<>]*>|<(?i:https?://(?:www\.)?w3id\.org/plangraf/id/)(?!scheme/)[^<>]*>|<[0-9]{4}/[^<>]*>"
)
_ADVICE = re.compile(r"(?<=\. )(Skriv|Write) \S+\.?$")
_DETAIL = re.compile(r" \[(.*)\](?= |$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cause(Generic[P]):
    """One mistake with all its diagnostics, and their common message."""

    severity: Severity
    rule: str | None
    nb: str
    en: str
    diagnostics: tuple[Diagnostic[P], ...]


def causes(diagnostics: Iterable[Diagnostic[P]]) -> list[Cause[P]]:
    """The diagnostics by cause: errors first, then the most frequent causes."""
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
    """The particulars of one diagnostic of a cause: its place, and the text there."""
    detail = _DETAIL.search(one.en) if one.rule else None
    if detail is not None and detail[0] in cause.en:
        detail = None
    told = "" if one.rule else _COLUMN.sub("", one.en)
    if told == _COLUMN.sub("", cause.en):
        told = ""
    return "  ".join(part for part in (one.place.example, detail[0].strip() if detail else told) if part)


def _key(one: Diagnostic[P]) -> str:
    """The key of a cause: the broken rule, or the message without the parts that differ."""
    return f"{one.rule}\n{_plain(one.en)}" if one.rule else _plain(one.en)


def _plain(message: str) -> str:
    text = _COLUMN.sub("", message)
    text = _DETAIL.sub("", text)
    return _ADVICE.sub(r"\1 …", _VARYING.sub("…", text))


def _common(messages: Sequence[str]) -> str:
    """The message if all are equal, or else their common part."""
    if len(set(messages)) == 1:
        return messages[0]
    without = {_DETAIL.sub("", _COLUMN.sub("", message)) for message in messages}
    return without.pop() if len(without) == 1 else _plain(messages[0])


def ranges(numbers: Sequence[int]) -> str:
    """`11–13, 20`: numbers with ranges for neighbours."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:_MOST_PLACES]]
    return ", ".join(shown) + (", …" if len(spans) > _MOST_PLACES else "")
