"""Which format a client gets: proactive negotiation by RFC 9110 §12.5.1, with `format=` beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plangraf.errors import NotAcceptableError, ParameterError
from plangraf.formats import Format

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    """The (type, subtype, quality) of each media range; a range that does not parse is left out."""
    found = []
    for part in accept.split(","):
        fields = [field.strip().lower() for field in part.split(";")]
        main, slash, sub = fields[0].partition("/")
        if not (main and slash and sub) or (main == "*" and sub != "*"):
            continue
        quality = 1.0
        for field in fields[1:]:
            name, _, value = field.partition("=")
            if name.strip() == "q":
                quality = float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
        found.append((main, sub, quality))
    return found


def _quality(media_type: str, ranges: list[tuple[str, str, float]]) -> tuple[float, int]:
    """Quality and specificity (2 exact, 1 type/*, 0 */*, -1 none) that the ranges give one media type."""
    main, _, sub = media_type.partition("/")
    best = (0.0, -1)
    for range_main, range_sub, quality in ranges:
        if (range_main, range_sub) == (main, sub):
            specificity = 2
        elif (range_main, range_sub) == (main, "*"):
            specificity = 1
        elif range_main == "*":
            specificity = 0
        else:
            continue
        if specificity > best[1]:
            best = (quality, specificity)
    return best


def choose(accept: str | None, choices: Sequence[Format]) -> Format:
    """The format for an Accept header; the first of `choices` when the client has no wish.

    The highest quality wins, among equals the more specific range, then the order of `choices`.
    An alias (`application/json` for SPARQL JSON) counts a little less than the format's own type.

    Raises:
        NotAcceptableError: every choice has quality 0 or is not named.
    """
    if accept is None or not accept.strip():
        return choices[0]
    ranges = _ranges(accept)
    best: tuple[tuple[float, int, int], Format] | None = None
    for choice in choices:
        quality, specificity = _quality(choice.media_type, ranges)
        own = 1
        for alias in choice.aliases:
            # An alias counts only by its own name: `text/*` must not bring in RDF/XML by `text/xml`.
            alias_quality, alias_specificity = _quality(alias, ranges)
            if alias_specificity == 2 and (specificity < 2 or alias_quality > quality):
                quality, specificity, own = alias_quality, alias_specificity, 0
        if quality > 0 and (best is None or (quality, specificity, own) > best[0]):
            best = ((quality, specificity, own), choice)
    if best is None:
        raise NotAcceptableError(accept, [choice.media_type for choice in choices])
    return best[1]


def by_name(name: str, choices: Sequence[Format]) -> Format:
    """The format that `format=` asks for, by short name, file ending or media type.

    Raises:
        ParameterError: no choice has this name.
    """
    wanted = name.strip().lower()
    for choice in choices:
        if wanted in (choice.name, choice.suffix, choice.media_type, *choice.aliases):
            return choice
    names = ", ".join(choice.name for choice in choices)
    raise ParameterError("format", f"{name!r} is not offered here; use one of: {names}.")
