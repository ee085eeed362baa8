// The table beside the graph: the same things, each with its link and a button that opens or closes its neighbours.

import { filled } from "./text.js";

/** The rows of what is open; `toggle` opens or closes a thing. */
export function makeRows(table, words, root, toggle) {
  const first = table?.tBodies[0];
  const bodies = new Map(); // IRI of an opened thing → its rows
  let swapped = []; // links of the page with the buttons that stand in their place
  const escaped = (iri) => CSS.escape(iri);

  /** Makes the rows agree with what is open. */
  function show(open, known) {
    if (!table) return;
    if (!swapped.length) swap();
    for (const [iri, body] of bodies) if (!open.includes(iri)) (body.remove(), bodies.delete(iri));
    for (const iri of open) if (!bodies.has(iri)) add(known(iri));
    for (const button of table.querySelectorAll("button[data-iri]")) {
      const isOpen = open.includes(button.dataset.iri);
      button.setAttribute("aria-expanded", String(isOpen));
      button.firstElementChild.textContent = isOpen ? words.hide : words.show;
    }
  }

  /** Leaves the rows as the page had them. */
  function hide() {
    for (const body of bodies.values()) body.remove();
    bodies.clear();
    for (const [link, button] of swapped) button.replaceWith(link);
    swapped = [];
  }

  /** Moves the reader to the row of a thing that the graph leaves out. */
  function focusRest({ owner, first: iri }) {
    const body = bodies.get(owner) ?? first;
    body.querySelector(`button[data-iri="${escaped(iri)}"]`)?.focus();
  }

  function swap() {
    for (const link of first.querySelectorAll("a[data-iri]")) {
      const button = opener(link.dataset.iri, link.querySelector(".visually-hidden").textContent);
      swapped.push([link, button]);
      link.replaceWith(button);
    }
  }

  function add({ iri, href, label, groups }) {
    const body = document.createElement("tbody");
    const cell = document.createElement("th");
    cell.colSpan = 4;
    cell.scope = "rowgroup";
    cell.append(anchor(href, filled(words.around, { thing: label })), " ", closer(iri, label));
    body.insertRow().append(cell);
    for (const group of groups)
      for (const one of group.neighbours) {
        const cells = [[words[group.direction]], linkOf(group), [anchor(one.href, one.label, one.lang)]];
        if (one.iri !== root) cells.push([opener(one.iri, filled(words.of, { thing: one.label }))]);
        const row = body.insertRow();
        for (const [at, content] of cells.entries()) {
          const cell = row.insertCell();
          cell.dataset.name = table.tHead.rows[0].cells[at].textContent;
          cell.append(...content);
        }
      }
    table.append(body);
    bodies.set(iri, body);
  }

  function linkOf(group) {
    if (!group.interpreted) return [group.label];
    const tag = document.createElement("span");
    tag.className = "tag interpreted";
    tag.textContent = words.reading;
    return [group.label, " ", tag];
  }

  function opener(iri, of) {
    const button = quietButton();
    const [verb, rest] = [document.createElement("span"), document.createElement("span")];
    verb.textContent = words.show;
    rest.className = "visually-hidden";
    rest.textContent = of;
    button.dataset.iri = iri;
    button.setAttribute("aria-expanded", "false");
    button.append(verb, " ", rest);
    button.addEventListener("click", () => toggle(iri));
    return button;
  }

  /** The button beside the name of what was opened; its rows go with it, so that the focus moves to another button. */
  function closer(iri, label) {
    const button = quietButton();
    button.textContent = words.close;
    button.setAttribute("aria-label", `${words.close}: ${label}`);
    button.addEventListener("click", async () => {
      await toggle(iri);
      table.querySelector(`button[data-iri="${escaped(iri)}"]`)?.focus();
    });
    return button;
  }

  return { show, hide, focusRest };
}

function quietButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  return button;
}

function anchor(href, text, lang) {
  const one = document.createElement("a");
  one.href = href;
  one.textContent = text;
  if (lang && lang !== document.documentElement.lang) one.lang = lang;
  return one;
}
