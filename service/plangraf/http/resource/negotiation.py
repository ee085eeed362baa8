"""Negotiates format and language by RFC 9110 §12.5, and reads `format=`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from starlette.types import Scope

from plangraf.errors import FormatMissingError, NotAcceptableError, ParameterError
from plangraf.errors.message import N_, Quoted
from plangraf.pages.words import LANGUAGE_NAMES
from plangraf.rdf.formats import HTML, Format, not_installed
from plangraf.sparql.named.binding import LANGUAGES

# Wider than the grammar of RFC 9110: also accepts `.2` and more than three digits, because Java's own client sends
# `*; q=.2`. A weight that is not a number makes its range invalid.
_WEIGHT = re.compile(r"0(\.\d*)?|\.\d+|1(\.0*)?")
# Key of a request's scope: its fields by name, because half a dozen of each are read.
_BY_NAME = "plangraf.fields"
_PARTS = re.compile(r'((?:[^,"]|"(?:[^"\\]|\\.)*"?)+)')
_FIELDS = re.compile(r'((?:[^;"]|"(?:[^"\\]|\\.)*"?)+)')
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_PAGE_TYPES = frozenset({HTML.media_type, *HTML.aliases})
_XHTML = "application/xhtml+xml"
_NORWEGIAN = frozenset({"nb", "no", "nn"})
LANGUAGE_COOKIE = "plangraf-language"
"""The only cookie of the service: the language that a reader chose for pages."""


def fields_of(scope: Scope) -> Mapping[bytes, bytes]:
    """The header fields of a request by name, the lines of each joined into one list (RFC 9110 §5.3)."""
    found: dict[bytes, bytes] | None = scope.get(_BY_NAME)
    if found is None:
        lines = scope["headers"]
        found = dict(lines)
        if len(found) != len(lines):
            found = {name: b", ".join([value for known, value in lines if known == name]) for name in found}
        scope[_BY_NAME] = found
    return found


def field_of(scope: Scope, name: bytes) -> str:
    """One header field of a request; empty when it is absent."""
    return fields_of(scope).get(name, b"").decode("latin-1")


def cookies_of(scope: Scope) -> list[tuple[str, str]]:
    """The cookies of a request in their order (RFC 6265 §4.2.1); a browser sends that of the longest path first."""
    pairs = (pair.strip().partition("=") for pair in field_of(scope, b"cookie").split(";") if pair.strip())
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def remembered_language(scope: Scope, choices: Collection[str] = LANGUAGE_NAMES.keys()) -> str | None:
    """The language that the reader chose earlier; None without a choice or when it is not offered any more."""
    if b"cookie" not in fields_of(scope):
        return None
    chosen = next((value for name, value in cookies_of(scope) if name == LANGUAGE_COOKIE), None)
    return chosen if chosen in choices else None


@dataclass(frozen=True, slots=True)
class _Range:
    main: str
    sub: str
    quality: float


def parse_weights(header: str) -> list[tuple[str, float]]:
    """Parses a list header into (value, quality), in lower case; drops elements that do not parse."""
    found = []
    for part in _PARTS.findall(header):
        fields = [field.strip().lower() for field in _FIELDS.findall(part)]
        quality = 1.0
        for field in fields[1:]:
            name, _, value = field.partition("=")
            if name.strip() == "q":
                weight = value.strip()
                quality = float(weight) if _WEIGHT.fullmatch(weight) else -1.0
                break  # parameters after the weight do not belong to the media type
        if fields and fields[0] and quality >= 0:
            found.append((fields[0], quality))
    return found


def _parse_ranges(accept: str) -> list[_Range]:
    """Parses the media ranges of an Accept header; ignores parameters such as charset and profile."""
    found = []
    for value, quality in parse_weights(accept):
        main, _, sub = ("*", "/", "*") if value == "*" else value.partition("/")
        if _TOKEN.fullmatch(main) and _TOKEN.fullmatch(sub) and (main != "*" or sub == "*"):
            found.append(_Range(main, sub, quality))
    return found


def _quality(media_type: str, ranges: list[_Range]) -> tuple[float, int]:
    """Quality and specificity (2 exact, 1 type/*, 0 */*, -1 none) that the ranges give one media type."""
    main, _, sub = media_type.partition("/")
    best = (0.0, -1)
    for candidate in ranges:
        if (candidate.main, candidate.sub) == (main, sub):
            specificity = 2
        elif (candidate.main, candidate.sub) == (main, "*"):
            specificity = 1
        elif candidate.main == "*":
            specificity = 0
        else:
            continue
        if specificity > best[1]:
            best = (candidate.quality, specificity)
    return best


def choose(accept: str | None, choices: Sequence[Format], spare: Sequence[Format] = ()) -> Format:
    """Chooses the format for an Accept header; the first of `choices` when the header is absent or has no valid range.

    A format with a profile is never chosen, because it shares its media type with another one.

    The highest quality wins; among equals the more specific range, then a format's own type before an alias
    (`application/json` for SPARQL JSON), then the order of `choices`. A client that accepts HTML where none is
    offered is a browser. For browsers aliases count last, because they list `application/xml` without wanting it.

    `spare` are choices that are dropped when the header names another choice by its media type. RFC 9110 §12.1 lets
    a server use such knowledge: a client that reads triples finds none in a named graph.

    Raises:
        NotAcceptableError: the header excludes every choice or names none.
    """
    choices = [choice for choice in choices if choice.profile is None]
    ranges = _parse_ranges(accept) if accept else []
    if accept is None or not ranges:
        return choices[0]
    if spare:
        others = [choice for choice in choices if choice not in spare]
        weights = [_quality(choice.media_type, ranges) for choice in others if choice != HTML]
        if any(quality > 0 and specificity == 2 for quality, specificity in weights):
            choices = others
    browser = any(f"{r.main}/{r.sub}" in _PAGE_TYPES for r in ranges) and HTML not in choices
    best: tuple[tuple[float, ...], Format] | None = None
    for choice in choices:
        own_quality, own_specificity = _quality(choice.media_type, ranges)
        candidates = [(own_quality, own_specificity, 1)]
        if own_specificity < 2:
            for alias in choice.aliases:
                quality, specificity = _quality(alias, ranges)
                if specificity == 2:  # `text/*` must not bring in RDF/XML by its alias `text/xml`
                    candidates.append((quality, specificity, 0))
        for quality, specificity, own in candidates:
            key = (own, quality, specificity) if browser else (quality, specificity, own)
            if quality > 0 and (best is None or key > best[0]):
                best = (key, choice)
    if best is None:
        raise NotAcceptableError(accept, [choice.media_type for choice in choices])
    return best[1]


def reads_pages(accept: str | None) -> bool:
    """Whether a client prefers pages to data, as browsers do: it names HTML, no data as much as HTML, and wants
    nothing more than HTML.

    Java's own client names HTML and pictures, whatever it is used for; a browser names XHTML beside them.
    """
    named = {f"{one.main}/{one.sub}": one.quality for one in _parse_ranges(accept or "") if one.sub != "*"}
    html = max((named.get(name, 0.0) for name in _PAGE_TYPES), default=0.0)
    pictures = any(name.startswith("image/") for name in named)
    others = [name for name in named if name not in (*_PAGE_TYPES, _XHTML) and not name.startswith("image/")]
    data = max((named[name] for name in others), default=0.0)
    anything = max((one.quality for one in _parse_ranges(accept or "") if one.sub == "*"), default=0.0)
    return html > data and html >= anything and (_XHTML in named or not pictures)


def match_media_type(accept: str | None, choice: Format) -> tuple[str, frozenset[str]]:
    """Finds the media type by which an Accept header names the chosen format, and the profiles beside it.

    The media type is the format's own unless the header prefers an alias. The profiles are those of the element
    with the highest quality that names this media type (RFC 6906).
    """
    best: tuple[float, bool] | None = None
    found: tuple[str, frozenset[str]] = (choice.media_type, frozenset())
    for part in _PARTS.findall(accept or ""):
        ((value, quality),) = parse_weights(part) or [("", 0.0)]
        own = value == choice.media_type
        if quality <= 0 or not (own or value in choice.aliases):
            continue
        if best is None or (quality, own) > best:
            best, found = (quality, own), (value, _parse_profiles(part))
    return found


def _parse_profiles(part: str) -> frozenset[str]:
    for field in _FIELDS.findall(part)[1:]:
        name, _, value = field.strip().partition("=")
        if name.strip().lower() == "profile":
            return frozenset(value.strip().strip('"').split())
    return frozenset()


def split_ending(path: str, formats: Sequence[Format]) -> tuple[str, Format | None]:
    """Splits a path into the part before an ending that fixes one of the formats, and that format, None without one."""
    stem, _, ending = path.rpartition(".")
    found = next((format_ for format_ in formats if format_.suffix == ending), None) if stem else None
    return (path, None) if found is None else (stem, found)


def choose_by_name(wanted: Sequence[str], choices: Sequence[Format]) -> Format:
    """Chooses the format that `format=` names, by short name, file ending or media type.

    The first name that is offered counts, because SPARQLWrapper sends several: name and media type.

    Raises:
        ParameterError: no choice has one of these names.
        FormatMissingError: it is the name of a format whose package is not installed.
    """
    missing = not_installed(choices)
    for name in wanted:
        for choice in (*choices, *missing):
            known = (choice.name, choice.suffix, *choice.names, choice.media_type, *choice.aliases)
            if name.strip().lower() in known:
                return check_installed(choice, missing)
    names = ", ".join(choice.name for choice in choices)
    raise ParameterError(
        "format", N_("%(value)s is not offered here; use one of: %(choices)s.", value=Quoted(wanted[0]), choices=names)
    )


def check_installed(choice: Format, missing: Collection[Format]) -> Format:
    """The chosen format.

    Raises:
        FormatMissingError: its package is not installed.
    """
    if choice in missing:
        raise FormatMissingError(choice.label, str(choice.extra), str(choice.package))
    return choice


def choose_language(accept_language: str | None, choices: Sequence[str] = LANGUAGES) -> str:
    """Chooses the language for an Accept-Language header; the first of `choices` when none fits (RFC 4647 §3.4).

    A form of Norwegian that is not offered selects Bokmål. A page is never refused for its language.
    """
    best: tuple[float, str] | None = None
    for value, quality in parse_weights(accept_language or ""):
        primary = value.partition("-")[0]
        known = primary in choices or primary not in _NORWEGIAN
        language = choices[0] if value == "*" else primary if known else "nb"
        if language in choices and quality > 0 and (best is None or quality > best[0]):
            best = (quality, language)
    return best[1] if best else choices[0]
