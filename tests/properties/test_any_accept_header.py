"""Negotiation for any Accept header equals a plain implementation of RFC 9110 §12.5.1."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from example_counts import examples
from plangraf.errors import NotAcceptableError
from plangraf.http.resource.negotiation import choose, choose_language, parse_weights
from plangraf.rdf.formats import BOOLEAN_FORMATS, DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, RESULT_FORMATS, Format
from processor_time import measured_work

CHOICES = (RESULT_FORMATS, GRAPH_FORMATS, DOCUMENT_FORMATS, BOOLEAN_FORMATS)
MOST_SECONDS = 1.0


@dataclass(frozen=True)
class Range:
    """One media range of a header; `quality` in thousandths."""

    media_range: str
    quality: int

    def matches(self, media_type: str) -> bool:
        main, sub = self.media_range.split("/")
        own_main, own_sub = media_type.split("/")
        return main in ("*", own_main) and sub in ("*", own_sub)

    @property
    def specificity(self) -> int:
        return 2 - self.media_range.count("*")


def quality_of(media_type: str, ranges: list[Range]) -> tuple[int, int]:
    """§12.5.1: "the media type quality factor … is determined by finding the media range with the highest
    precedence that matches the type"; nothing matches: not acceptable. Among equal ranges the first one counts."""
    matching = [one for one in ranges if one.matches(media_type)]
    if not matching:
        return 0, -1
    most_specific = max(one.specificity for one in matching)
    first = next(one for one in matching if one.specificity == most_specific)
    return first.quality, most_specific


def reference(ranges: list[Range], choices: tuple[Format, ...]) -> Format | None:
    """The format with the highest quality; then our own rules: the more specific range, a format's own type before
    an alias, the order of the choices. An alias is what a client must name exactly, and the last resort of a
    browser that is given no page. None: nothing is acceptable."""
    browser = HTML not in choices and any(one.media_range in (HTML.media_type, *HTML.aliases) for one in ranges)
    offers = []
    for position, choice in enumerate(choices):
        quality, specificity = quality_of(choice.media_type, ranges)
        offers.append((quality, specificity, True, -position, choice))
        if specificity == 2:
            continue  # the client has said what it thinks of this format
        for alias in choice.aliases:
            quality, specificity = quality_of(alias, ranges)
            if specificity == 2:
                offers.append((quality, specificity, False, -position, choice))
    offers = [offer for offer in offers if offer[0] > 0]
    if not offers:
        return None
    if browser:
        return max(offers, key=lambda offer: (offer[2], offer[0], offer[1], offer[3]))[4]
    return max(offers, key=lambda offer: offer[:4])[4]


spaces = st.sampled_from(["", " ", "  ", "\t"])
wildcards = st.sampled_from(["*/*", "text/*", "application/*", "image/*", "image/png", "text/x", "text/html"])
qualities = st.one_of(st.sampled_from([0, 1, 500, 900, 1000]), st.integers(0, 1000))
parameters = st.sampled_from(["", ";charset=utf-8", '; profile="a,b;q=0"', "; v=1", ';x="\\""'])
nothing = st.sampled_from(["", " ", "text", "text/csv;q=2", "text/csv;q=x", "*/html", "a/b/c", "/", "text/;q=1"])


@st.composite
def headers(draw: st.DrawFn) -> tuple[str, list[Range], tuple[Format, ...]]:
    """A header, the ranges that it says, and what there is to choose from.

    Letters in any case, blanks, parameters, elements that are no range, and often several names of one format.
    """
    choices = draw(st.sampled_from(CHOICES))
    names = st.sampled_from(choices).flatmap(lambda choice: st.sampled_from((choice.media_type, *choice.aliases)))
    media_ranges = st.one_of(names, names, wildcards)
    ranges = draw(st.lists(st.builds(Range, media_ranges, qualities), min_size=1, max_size=6))
    parts = []
    for one in ranges:
        name = draw(st.sampled_from([one.media_range, one.media_range.upper(), one.media_range.title()]))
        weight = f"{one.quality / 1000:.3f}"
        written = draw(st.sampled_from([weight, weight.rstrip("0")]))
        quality = f"{draw(spaces)};{draw(spaces)}{draw(st.sampled_from('qQ'))}={written}"
        plain = one.quality == 1000 and draw(st.booleans())
        parts.append(f"{draw(spaces)}{name}{draw(parameters)}{'' if plain else quality}{draw(spaces)}")
        parts += draw(st.lists(nothing, max_size=1))
    return ",".join(parts), ranges, choices


@given(headers())
@examples(250)
@example(
    (
        "text/*;q=0.3, text/csv;q=0.7, */*;q=0.5",
        [Range("text/*", 300), Range("text/csv", 700), Range("*/*", 500)],
        RESULT_FORMATS,
    )
)
def test_any_header_gets_what_the_rfc_says(said: tuple[str, list[Range], tuple[Format, ...]]) -> None:
    header, ranges, choices = said
    expected = reference(ranges, choices)
    if expected is None:
        with pytest.raises(NotAcceptableError) as refused:
            choose(header, choices)
        assert refused.value.choices == [choice.media_type for choice in choices]
    else:
        assert choose(header, choices) == expected


@given(st.text(alphabet=st.characters(max_codepoint=0x17F)) | st.text(alphabet='a*/;,=q"\\ .019+-'))
@examples(160)
def test_any_text_as_a_header_gets_a_format_or_a_406(header: str) -> None:
    for choices in CHOICES:
        with suppress(NotAcceptableError):
            assert choose(header, choices) in choices
    assert choose_language(header) in ("nb", "en")


@given(st.text(alphabet='a*/;,=q"\\ .019', min_size=1, max_size=12), st.integers(1, 20_000))
@examples(60)
def test_a_long_header_is_parsed_quickly(piece: str, times: int) -> None:
    header = (piece * times)[:60_000]
    with measured_work() as work:
        parse_weights(header)
        choose_language(header)
        with suppress(NotAcceptableError):
            choose(header, RESULT_FORMATS)
    assert work.seconds < MOST_SECONDS
