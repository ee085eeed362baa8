// Walks in the neighbourhood of a thing: a graph that grows where a reader opens a thing, the same as rows of the
// table, and an address that keeps what is open. static/walk.js loads it into the page of a neighbourhood.

import { contentOf } from "./content.js";
import { makeGraph } from "./graph.js";
import { makeRows } from "./rows.js";
import { filled } from "./text.js";

const HASH = "#open=";

/**
 * Begins to walk.
 *
 * `words` are the addresses and words that the page gives (http/routes/pictures/neighbourhood.py); `asked` tells that
 * the reader pressed the button, so that the address does not say yet what is open.
 */
export function walk(figure, words, asked) {
  const root = figure.dataset.iri;
  const tools = document.querySelector(".walk-tools");
  const [button, status] = [tools.querySelector(".walk-start"), tools.querySelector("[role=status]")];
  const [canvas, chosen] = [figure.querySelector(".walk-canvas"), figure.querySelector(".walk-chosen")];
  const fetched = new Map(); // IRI → its neighbourhood, or the promise of it
  const rows = makeRows(document.querySelector("table.neighbours"), words, root, toggle);
  let graph = null;
  let walks = false;
  let open = []; // IRIs in the order of their opening
  let wished = open; // what will be open when all of it is fetched
  let asking = 0;

  const known = (iri) => (fetched.get(iri)?.groups ? fetched.get(iri) : undefined);
  const say = (key, thing = "", num = 0) => {
    status.textContent = filled(words[key], { thing, num });
  };

  async function neighbours(iri) {
    if (!fetched.has(iri)) fetched.set(iri, fetchJson(`${words.data}&iri=${encodeURIComponent(iri)}`));
    try {
      const found = await fetched.get(iri);
      fetched.set(iri, found);
      return found;
    } catch (error) {
      fetched.delete(iri);
      throw error;
    }
  }

  /** Shows the graph with these things open; tells whether it does. */
  async function show(wanted) {
    const turn = ++asking;
    wished = wanted;
    figure.setAttribute("aria-busy", "true");
    const all = [root, ...wanted];
    const answers = await Promise.allSettled(all.map(neighbours));
    if (turn !== asking) return false;
    figure.removeAttribute("aria-busy");
    const failed = all.filter((_, at) => answers[at].status === "rejected");
    if (failed.length) {
      wished = open;
      say("failed", labelOf(failed.at(-1)));
      return false;
    }
    enter();
    const [opened, closed] = [wanted.filter((iri) => !open.includes(iri)), open.filter((iri) => !wanted.includes(iri))];
    open = wanted;
    const before = graph.size();
    graph.show(contentOf(root, open, known), open, opened);
    rows.show(open, known);
    canvas.setAttribute("aria-label", filled(words.drawn, { thing: labelOf(root), num: graph.size() - 1 }));
    if (opened.length) say("opened", opened.map(labelOf).join(", "), graph.size() - before);
    else if (closed.length) say("closed", closed.map(labelOf).join(", "));
    tools.querySelector(".walk-close").disabled = !open.length;
    return true;
  }

  async function toggle(iri) {
    const closes = wished.includes(iri);
    if (!(await show(closes ? wished.filter((one) => one !== iri) : [...wished, iri]))) return;
    history.pushState(null, "", addressOf(open));
    choose(iri);
  }

  /** The canvas takes the place of the drawing. */
  function enter() {
    if (walks) return;
    walks = true;
    set(true);
    graph ??= makeGraph(canvas, words, { tap: (iri) => iri !== root && toggle(iri), choose, rest: rows.focusRest });
    choose(root);
    say("walking");
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    canvas.scrollIntoView({ block: "nearest", behavior });
  }

  function leave() {
    asking += 1;
    walks = false;
    [open, wished] = [[], []];
    set(false);
    rows.hide();
    status.textContent = "";
  }

  function set(walking) {
    figure.classList.toggle("walked", walking);
    for (const one of [canvas, chosen, ...document.querySelectorAll(".walk-only")]) one.hidden = !walking;
    for (const one of document.querySelectorAll(".walk-not")) one.hidden = walking;
    button.textContent = walking ? words.leave : words.start;
    figure.removeAttribute("aria-busy");
  }

  /** The line below the graph: the thing that was chosen last, with the pages about it. */
  function choose(iri) {
    const [name, read, around] = chosen.children;
    name.textContent = labelOf(iri);
    read.href = known(iri)?.href ?? known(root).href;
    around.href = `${words.page}&iri=${encodeURIComponent(iri)}`;
    around.hidden = iri === root;
    graph.choose(iri);
  }

  function labelOf(iri) {
    if (known(iri)) return known(iri).label;
    for (const one of fetched.values())
      for (const group of one.groups ?? [])
        for (const neighbour of group.neighbours) if (neighbour.iri === iri) return neighbour.label;
    return iri === root ? figure.getAttribute("aria-label") : iri;
  }

  button.addEventListener("click", async () => {
    if (walks) {
      leave();
      history.pushState(null, "", location.pathname + location.search);
    } else if (await show([])) history.pushState(null, "", addressOf([]));
  });
  tools.querySelector(".walk-close").addEventListener("click", async () => {
    if (wished.length && (await show([]))) history.pushState(null, "", addressOf([]));
  });
  for (const [name, act] of [["larger", "zoomIn"], ["smaller", "zoomOut"], ["fit", "fit"]])
    tools.querySelector(`.walk-${name}`).addEventListener("click", () => graph[act]());
  addEventListener("popstate", () => {
    const wanted = openInAddress();
    if (wanted && (!walks || String(wanted) !== String(wished))) show(wanted);
    else if (!wanted && walks && !location.hash) leave();
  });
  (async () => {
    if ((await show(asked ? [] : openInAddress() ?? [])) && asked) history.pushState(null, "", addressOf([]));
  })();
}

function addressOf(things) {
  return HASH + things.map(encodeURIComponent).join("&");
}

/** What the address says is open; null when it says nothing of that. */
function openInAddress() {
  const { hash } = location;
  if (!hash.startsWith(HASH)) return null;
  try {
    return [...new Set(hash.slice(HASH.length).split("&").filter(Boolean).map(decodeURIComponent))];
  } catch {
    return []; // somebody wrote the address
  }
}

async function fetchJson(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}
