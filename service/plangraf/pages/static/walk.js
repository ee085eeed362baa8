// Offers to walk in the picture of a thing's neighbours: loads the script for it (editor/src/walk/, built with
// cytoscape) when a reader asks, or when the address says what is open. Without it each name leads to a page.

const HASH = "#open=";

const figure = document.querySelector("figure[data-walk]");
if (figure) offer(figure, JSON.parse(figure.dataset.walk));

function offer(figure, words) {
  const button = document.querySelector(".walk-start"), status = document.querySelector(".walk-tools [role=status]");
  let attempts = 0, started = false;

  async function start(asked) {
    if (started) return;
    started = true;
    figure.setAttribute("aria-busy", "true");
    try {
      // A browser may keep the failure of an address.
      const { walk } = await import(words.script + (attempts ? `?again=${attempts}` : ""));
      walk(figure, words, asked);
    } catch {
      attempts += 1;
      started = false;
      figure.removeAttribute("aria-busy");
      status.textContent = words.unloaded;
    }
  }

  button.addEventListener("click", () => start(true));
  addEventListener("popstate", () => location.hash.startsWith(HASH) && start(false));
  if (location.hash.startsWith(HASH)) start(false);
}
