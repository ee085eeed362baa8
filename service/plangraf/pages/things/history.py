"""The history of a thing in words: since when it is as it is, and what it was in the versions that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plangraf.pages.words import Words
from plangraf.views.changes.history import Point, ThingHistory


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A kept version: when it was published, the page of the thing in it, what it was there, and what had changed.

    `href` is None where the version lacks the thing, `changes` where it differs in nothing from the version before.
    """

    published: str
    href: str | None
    words: str
    changes: str | None


@dataclass(frozen=True, slots=True)
class HistoryWords:
    """The history as a page shows it: one sentence, and the kept versions, the newest first."""

    sentence: str
    kept: Sequence[KeptRow]


def history_words(history: ThingHistory, words: Words, base: str, path: str) -> HistoryWords:
    """The words of a history.

    Args:
        history: the history; its `kept` are the versions that the page links to.
        words: of the interface.
        base: the path that links to what stands beside the versions begin with.
        path: of the thing's page in a version.
    """
    points = {point.version: point for point in (history.first, history.since, *(one.at for one in history.kept))}
    days = Counter(words.date(point.published) for point in points.values())

    def when(point: Point) -> str:
        day = words.date(point.published)
        # Versions of one day are told apart by the time.
        return f"{day} {point.published:%H:%M} UTC" if days[day] > 1 else day

    states = {
        "new": words.gettext("new"),
        "changed": words.gettext("changed"),
        "same": words.gettext("unchanged"),
        "absent": words.gettext("not in it"),
    }
    kept = [
        KeptRow(
            when(one.at),
            f"{base}/version/{one.at.version}{path}" if one.state != "absent" else None,
            states[one.state] if one.before is not None or one.state == "absent" else "",
            f"{base}/compare/{one.before}..{one.at.version}" if one.before and one.state == "changed" else None,
        )
        for one in history.kept
    ]
    return HistoryWords(_sentence(history, words, when(history.first), when(history.since)), kept)


def _sentence(history: ThingHistory, words: Words, first: str, since: str) -> str:
    if history.first == history.since:
        return words.gettext("In the data since the version of %(first)s, and unchanged since.", first=first)
    return words.gettext(
        "Unchanged since the version of %(since)s. First in the version of %(first)s.", since=since, first=first
    )
