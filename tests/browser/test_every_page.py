"""Every kind of page in Chromium: WCAG 2.2 AA, narrow screens and large text, weight, first paint, policy and console.

`kinds_of_pages.py` has the kinds. The short form visits some of them in Bokmål; the longer set all in both languages.
"""

from __future__ import annotations

import pytest
from kinds_of_pages import PAGES, THINGS, Kind
from served_site import Site
from visits import WIDE, Visit, Visiting

KINDS = (*PAGES, *THINGS)
LONGEST_TEXT, NARROWEST = 200, 320
MOST_REQUESTS_BEFORE_PAINT = 2


def each_page(kinds: tuple[Kind, ...]) -> list[object]:
    return [
        pytest.param(
            kind,
            language,
            marks=[] if kind.short and language == "nb" else pytest.mark.slow,
            id=f"{kind.name}, {language}",
        )
        for kind in kinds
        for language in ("nb", "en")
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
    # The editor takes the place of the form, whose height differs a little. The columns of a table still move when the
    # rest of it arrives after the first paint, which a loaded machine does; Web Vitals calls more than 0.25 poor.
    is_table = kind.of == "list" or "list" in kind.name
    most_shift = 0.25 if is_table else 0.02 if kind.path.startswith("/sparql") else 0
    if recorded["shift"] > most_shift:
        found.append(f"the layout shifts by {recorded['shift']:.3f}")
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
