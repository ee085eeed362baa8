"""Every kind of page in Chromium: WCAG 2.2 AA, narrow screens and large text, weight, first paint, policy and console.

`kinds_of_pages.py` has the kinds. The short form visits some of them in Bokmål; the longer set all in both languages.
"""

from __future__ import annotations

import pytest
from kinds_of_pages import PAGES, THINGS, Kind
from served_site import Site
from visits import NARROW, WIDE, Visit, Visiting

KINDS = (*PAGES, *THINGS)
LONGEST_TEXT, NARROWEST = 200, 320
MOST_REQUESTS_BEFORE_PAINT = 2
# A line may grow a little when the rest of it arrives. Web Vitals calls up to 0.1 good.
MOST_SHIFT = 0.01
# The text of a page arrives in some seconds, in dozens of pieces.
SLOW_NETWORK, SLOW_PROCESSOR = 40 * 1024, 6
# A text that a packet cuts grows by a line when its rest arrives: 0.011 was seen.
MOST_SLOW_SHIFT = 0.02


def each_page(kinds: tuple[Kind, ...]) -> list[object]:
    return [
        pytest.param(
            kind,
            language,
            marks=[] if kind.short and language == "nb" else pytest.mark.slow,
            id=f"{kind.name}, {language}",
        )
        for at, kind in enumerate(kinds)
        # A page has the same form in each language, and each costs seconds of the processor.
        for language in (("nb", "en") if at % 3 == 0 else ("nb",))
    ]


def loading_faults(tab: Visit, kind: Kind) -> list[str]:
    """What a reader waits for or sees move, beside the faults that the visit has recorded."""
    found = [*tab.faults]
    files, recorded = tab.loaded(), tab.recorded()
    weight = sum(file.bytes for file in files)
    if kind.most_bytes is not None and weight > kind.most_bytes:
        found.append(f"{weight} bytes compressed, over {kind.most_bytes}")
    blocking = [file.name for file in files if file.blocking]
    if len(blocking) > MOST_REQUESTS_BEFORE_PAINT:
        found.append(f"the first paint waits for {blocking}")
    if recorded["shift"] > MOST_SHIFT:
        found.append(f"the layout shifts by {recorded['shift']:.4f}: {'; '.join(recorded['moved'])}")
    return [*found, *(f"refused by the policy: {refused}" for refused in recorded["refused"])]


def looking_faults(tab: Visit) -> list[str]:
    """What some readers could not read or reach: in light and dark, on a narrow screen, with large text."""
    found = [f"light: {violation}" for violation in tab.violations()]
    tab.page.emulate_media(color_scheme="dark")
    found += [f"dark: {violation}" for violation in tab.violations(only_colours=True)]
    found += [f"sideways at {NARROWEST} px: {element}" for element in tab.sideways(NARROWEST)]
    found += [f"sideways with large text: {element}" for element in tab.sideways(WIDE, text_size=LONGEST_TEXT)]
    return found


@pytest.mark.parametrize(("kind", "language"), each_page(KINDS))
def test_each_kind_of_page_is_quick_quiet_and_readable_for_all(
    visit: Visiting, site: Site, kind: Kind, language: str
) -> None:
    with visit(reduced_motion="reduce") as tab:
        tab.open(site.pages[kind.name].in_language(language), status=kind.status)
        found = loading_faults(tab, kind)
        assert tab.page.evaluate("document.getAnimations().length") == 0
        assert tab.page.locator("html").get_attribute("lang") == language
        assert tab.page.locator("h1").count() == 1
        found += looking_faults(tab)
    assert not found, "\n".join(found)


# Each kind at one width, and of the pages of things, which have one form, every third: each costs ten seconds of the
# processor.
WIDTHS = [(kind, NARROW if at % 2 else WIDE) for at, kind in enumerate((*PAGES, *THINGS[::3]))]


@pytest.mark.parametrize(("kind", "width"), WIDTHS, ids=lambda part: getattr(part, "name", part))
def test_nothing_moves_while_a_page_arrives_slowly(visit: Visiting, site: Site, kind: Kind, width: int) -> None:
    # Uncompressed, because a piece of a coding may be the whole page. The style is cached, so that nothing else delays
    # the first paint.
    with visit(width=width, extra_http_headers={"Accept-Encoding": "identity"}) as tab:
        tab.open(site.path("empty search"))
        tab.slow_down(bytes_per_s=SLOW_NETWORK, processor=SLOW_PROCESSOR)
        tab.open(site.pages[kind.name].in_language("nb"), status=kind.status)
        tab.page.wait_for_timeout(500)  # the scripts have run, and what they did is painted
        recorded = tab.recorded()
        assert recorded["shift"] <= MOST_SLOW_SHIFT, "\n".join(recorded["moved"])
        assert not tab.faults
