"""One Chromium and one service for all tests of pages; without Chromium the end of the run names what is not proven."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from served_site import Site, running_site, write_site
from visits import CHROMIUM, Visiting, chromium, visiting

# Playwright waits for 5 s, which a machine under load may take.
expect.set_options(timeout=60_000)
_OF_A_CHANGE = ("test_walks.py", "test_language_switch.py")
Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def present() -> None:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; named at the end of the run")


# Of a module and not of the session, because playwright's event loop runs while the browser is open and would
# refuse the `asyncio.run` of other tests.
@pytest.fixture(scope="module")
def browser(present: None) -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def served(built: Path, once: Once) -> Iterator[Site]:
    """The service, for tests that need no browser."""

    def write(folder: Path) -> None:
        (folder / "ids.json").write_text(json.dumps(write_site(built, folder / "versions")))

    folder = once("site", write)
    with running_site(folder / "versions", json.loads((folder / "ids.json").read_text())) as running:
        yield running


@pytest.fixture(scope="session")
def site(present: None, served: Site) -> Site:
    return served


@pytest.fixture
def visit(browser: Browser, site: Site) -> Visiting:
    """`with visit() as tab:` opens a tab; arguments as of playwright's `new_context`."""
    return partial(visiting, browser, site.url)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the walks, and what needs no browser, in the set of a change; the other tests here take long."""
    folder = Path(__file__).parent
    for item in items:
        if item.path.parent == folder and item.path.name not in _OF_A_CHANGE:
            item.add_marker(pytest.mark.slow)
