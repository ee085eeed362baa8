"""Visits pages in Chromium and records what they load, print to the console, shift and are refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# The shell opens a tab in a quarter of the processor time, because it prepares no window.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
WIDE, NARROW = 1440, 390
_FLAGS = ("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-gpu")
# Records before the first byte of the page arrives, because the observers see only what comes later.
_RECORDER = """
window.recorded = {refused: [], shift: 0, moved: []};
document.addEventListener('securitypolicyviolation', event =>
  window.recorded.refused.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile));
const named = node => !node ? 'a removed element'
  : node.nodeType === Node.TEXT_NODE ? node.data.trim().slice(0, 40)
  : `${node.localName}.${[...node.classList].join('.')} ${node.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40)}`;
const placed = box => ['x', 'y', 'width', 'height'].map(side => Math.round(box[side])).join(' ');
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.recorded.shift += entry.value;
    for (const {node, previousRect, currentRect} of entry.sources)
      window.recorded.moved.push(
        `${entry.value.toFixed(4)} ${named(node)}: ${placed(previousRect)} to ${placed(currentRect)}`);
  }
}).observe({type: 'layout-shift', buffered: true});
"""
_LOADED = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const files = performance.getEntriesByType('resource').map(entry => ({
    name: entry.name, bytes: entry.encodedBodySize, blocking: entry.renderBlockingStatus === 'blocking'}));
  return [{name: page.name, bytes: page.encodedBodySize, blocking: true}, ...files];
}"""
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Rules whose verdict depends on colours; the others have the same verdict in light and dark.
_COLOURS = ["color-contrast", "link-in-text-block"]


@dataclass(frozen=True, slots=True)
class File:
    """A file that a page loaded: address, bytes of its compressed body, and whether the first paint waited for it."""

    name: str
    bytes: int
    blocking: bool


@dataclass(slots=True)
class Visit:
    """One page in a tab, and the faults that were seen while it was open."""

    page: Page
    host: str
    faults: list[str] = field(default_factory=list)

    def address(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def open(self, path: str, *, status: int = 200) -> None:
        """Goes to an address of the service; another status is a fault."""
        answer = self.page.goto(self.address(path), wait_until="load")
        if answer is None or answer.status != status:
            self.faults.append(f"{path}: status {answer and answer.status}, not {status}")

    def slow_down(self, *, bytes_per_s: int, processor: int) -> None:
        """From now on the network gives so many bytes in a second, and the processor is so many times slower."""
        session = self.page.context.new_cdp_session(self.page)
        network = {"offline": False, "latency": 100, "downloadThroughput": bytes_per_s, "uploadThroughput": bytes_per_s}
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", network)
        session.send("Emulation.setCPUThrottlingRate", {"rate": processor})

    def watch(self) -> None:
        """Records each message of the console, exception, failed request and request to another host."""
        self.page.on("console", lambda message: self._on_console(message.type, message.text, message.location))
        self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        self.page.on("requestfailed", lambda request: self._on_failure(request.url, str(request.failure)))
        self.page.on("request", lambda request: self._on_request(request.url))

    def _on_console(self, kind: str, text: str, location: Any) -> None:
        # Chromium prints a page's own status of 404 as an error; `open` compares the status.
        if kind in ("error", "warning") and not (
            text.startswith("Failed to load resource") and location["url"] == self.page.url
        ):
            self.faults.append(f"console: {text}")

    def _on_failure(self, address: str, reason: str) -> None:
        # The reader went on before all of the page had come.
        if "ERR_ABORTED" not in reason:
            self.faults.append(f"failed: {address} {reason}")

    def _on_request(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.faults.append(f"request to another host: {address}")

    def loaded(self) -> list[File]:
        """The page itself and the files that it has loaded."""
        return [File(**one) for one in self.page.evaluate(_LOADED)]

    def recorded(self) -> dict[str, Any]:
        """What the browser refused by the page's policy, the sum of the layout shifts, and what they moved."""
        found: dict[str, Any] = self.page.evaluate("window.recorded")
        return found

    def violations(self, *, only_colours: bool = False) -> list[str]:
        """Violations of WCAG 2.2 AA that axe-core finds, each with its rule, place and reason."""
        self.page.evaluate(AXE_SCRIPT)
        # axe-core gives no verdict on the contrast of a text over a gradient, such as the shade of a wide table.
        self.page.evaluate("for (const wide of document.querySelectorAll('.wide')) wide.style.backgroundImage = 'none'")
        chosen = {"type": "rule", "values": _COLOURS} if only_colours else {"type": "tag", "values": _WCAG}
        result = self.page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], "runOnly": chosen})
        return [
            f"{found['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for found in result["violations"]
            for node in found["nodes"]
        ]

    def sideways(self, width: int, *, text_size: int = 100) -> list[str]:
        """Elements that reach past the right edge at a width in CSS pixels, when the page scrolls sideways."""
        self.page.set_viewport_size({"width": width, "height": 800})
        found: list[str] = self.page.evaluate(_SIDEWAYS, text_size)
        return found


_SIDEWAYS = """size => {
  const root = document.documentElement;
  root.style.fontSize = size + '%';
  const edge = root.clientWidth, found = [];
  if (root.scrollWidth > edge) {
    for (const element of document.body.querySelectorAll('*')) {
      const box = element.getBoundingClientRect();
      if (box.right > edge + 1 && box.width > 0)
        found.push(`${element.tagName.toLowerCase()}.${element.className} to ${Math.round(box.right)} of ${edge}`);
    }
    if (!found.length) found.push(`something to ${root.scrollWidth} of ${edge}`);
  }
  root.style.fontSize = '';
  return found.slice(0, 5);
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS), chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, url: str, *, width: int = WIDE, **options: Any) -> Iterator[Visit]:
    """A tab in a context of its own; `options` are those of playwright's `new_context`."""
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": "light", "locale": "nb-NO", **options}
    context: BrowserContext = browser.new_context(**options)
    context.set_default_timeout(60_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(_RECORDER)
    try:
        visit = Visit(context.new_page(), urlsplit(url).netloc)
        visit.watch()
        yield visit
    finally:
        context.close()


Visiting = Callable[..., AbstractContextManager[Visit]]
"""Opens a tab on the service of the tests; arguments as of playwright's `new_context`."""
