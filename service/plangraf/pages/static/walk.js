// Opens neighbours in the picture of a thing's neighbours (pages/neighbourhood_svg.py), beside the thing that they are
// neighbours of. What stands keeps its place, also when something between is closed. The address keeps what is open, so
// back, forward and a bookmark work. The table below the picture gets the same rows. Without this script each name
// leads to the page of its neighbours, as it still does in a new tab.
//
// It is a module of our own and not a library for graphs, because those draw on a canvas: names would be no links, the
// places would move with each step, and the page would weigh three times as much.

import { WIDTH, drawBlock, element, filled } from "./walk-drawing.js";

const HASH = "#open=";

const figure = document.querySelector("figure[data-walk]");
if (figure?.querySelector("svg")) walk(figure);

function walk(figure) {
  const words = JSON.parse(figure.dataset.walk);
  const root = figure.dataset.iri;
  const svg = figure.querySelector("svg");
  const frame = svg.parentElement;
  const table = document.querySelector("table.neighbours");
  const tools = document.querySelector(".walk-tools");
  const status = tools.querySelector("[role=status]");
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const fetched = new Map();  // IRI → the neighbourhood, or the promise of it
  const names = new Map();  // IRI → its links in the picture; the first is where lines lead to
  const owners = new Map();  // IRI → the thing beside whose neighbours its name stands
  const ends = new Map();  // IRI → where lines to its name end, which a hidden name would not tell
  const blocks = new Map();  // IRI of an opened thing → what is drawn with its neighbours: headings, lines
  const across = [];  // lines to names that stand elsewhere: {from, to, path}
  const taken = new Map();  // number of a column → the stretches of it that are taken, open things or not
  const bodies = new Map();  // IRI of an opened thing → its rows of the table
  const view = { left: 0, right: WIDTH, bottom: svg.viewBox.baseVal.height, scale: 0, margin: 0 };
  let open = [];
  let wished = open;  // what will be open when all of it is fetched
  let asked = 0;

  ends.set(root, [WIDTH / 2, Number(svg.dataset.top), 0]);  // below the thing of the page
  for (const link of svg.querySelectorAll("a[data-iri]")) adopt(link, root);
  for (const column of [-1, 1]) taken.set(column, [[0, view.bottom]]);
  svg.removeAttribute("aria-hidden");
  svg.removeAttribute("focusable");
  svg.setAttribute("role", "group");
  document.querySelector(".walk-help").hidden = false;

  function adopt(link, owner) {
    const iri = link.dataset.iri;
    link.removeAttribute("tabindex");
    link.setAttribute("aria-expanded", "false");
    if (names.has(iri)) return void names.get(iri).push(link);
    names.set(iri, [link]);
    owners.set(iri, owner);
    ends.set(iri, endOf(link));
  }

  // What is open

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

  async function show(wanted) {
    const turn = ++asked;
    wished = wanted;
    const missing = wanted.filter((iri) => !open.includes(iri));
    figure.setAttribute("aria-busy", "true");
    const answers = await Promise.allSettled([root, ...wanted].map(neighbours));
    if (turn !== asked) return false;
    figure.removeAttribute("aria-busy");
    tools.hidden = false;
    const failed = [root, ...wanted].filter((_, at) => answers[at].status === "rejected");
    if (failed.length) {
      wished = open;
      say("failed", labelOf(failed.at(-1)));
      return false;
    }
    const gone = open.filter((iri) => !wanted.includes(iri));
    const before = shown().size;
    if (!view.scale) {
      const { x, width } = svg.getBoundingClientRect(), inner = parseFloat(getComputedStyle(frame).paddingLeft);
      view.scale = width / WIDTH;
      view.margin = Math.max(0, x - frame.getBoundingClientRect().x - frame.clientLeft - inner);
    }
    figure.classList.add("walked");
    for (const iri of missing) if (!blocks.has(iri)) place(iri);
    open = wanted;
    render();
    if (missing.length) say("opened", missing.map(labelOf).join(", "), shown().size - before);
    else if (gone.length) say("closed", gone.map(labelOf).join(", "));
    tools.querySelector("button").disabled = !open.length;
    return true;
  }

  async function toggle(iri) {
    const closes = wished.includes(iri);
    const wanted = closes ? wished.filter((one) => one !== iri) : [...wished, iri];
    if (!(await show(wanted))) return;
    history.pushState(null, "", wanted.length ? addressOf(wanted) : location.pathname + location.search);
    if (!closes) reveal(iri);
  }

  function addressOf(things) {
    return HASH + things.map(encodeURIComponent).join("&");
  }

  function openInAddress() {
    const { hash } = location;
    if (hash && !hash.startsWith(HASH)) return null;  // another place of the page
    try {
      return [...new Set(hash.slice(HASH.length).split("&").filter(Boolean).map(decodeURIComponent))];
    } catch {
      return [];  // somebody wrote the address
    }
  }

  function labelOf(iri) {
    if (fetched.get(iri)?.label) return fetched.get(iri).label;
    for (const one of fetched.values())
      for (const group of one.groups ?? [])
        for (const neighbour of group.neighbours) if (neighbour.iri === iri) return neighbour.label;
    if (iri === root) return figure.getAttribute("aria-label");
    return [...(names.get(iri)?.[0].querySelectorAll("text") ?? [])].map((one) => one.textContent).join(" ") || iri;
  }

  function say(key, thing, num = 0) {
    status.textContent = filled(words[key], { thing, num });
  }

  // Which names are in the picture: the first ones, what is open, and the neighbours of what is open.
  function shown() {
    const found = new Set([root, ...open.filter((iri) => names.has(iri))]);
    for (const owner of [root, ...open])
      for (const group of fetched.get(owner)?.groups ?? [])
        for (const one of group.neighbours.slice(0, group.drawn)) found.add(one.iri);
    return found;
  }

  function render() {
    const visible = shown();
    for (const [iri, links] of names)
      for (const link of links) {
        if (link.dataset.column) link.classList.toggle("gone", !visible.has(iri));
        link.setAttribute("aria-expanded", String(open.includes(iri)));
      }
    for (const { parts, owner, needed } of blocks.values()) {
      const there = (owner === root || open.includes(owner)) && needed(visible);
      for (const part of parts) part.classList.toggle("gone", !there);
    }
    for (const { from, to, path } of across)
      path.classList.toggle("gone", !open.includes(from) || !visible.has(to));
    for (const [iri, body] of bodies) if (!open.includes(iri)) (body.remove(), bodies.delete(iri));
    for (const iri of open) if (!bodies.has(iri)) addRows(iri);
    for (const link of table?.querySelectorAll("a[data-iri]") ?? []) {
      const isOpen = open.includes(link.dataset.iri);
      link.setAttribute("aria-expanded", String(isOpen));
      link.firstElementChild.textContent = isOpen ? words.hide : words.show;
    }
    stretch();
  }

  // The drawing grows to all sides, and what was seen stays where it was on the screen.
  function stretch() {
    const before = svg.viewBox.baseVal.x;
    const { left, right, bottom, scale } = view;
    svg.setAttribute("viewBox", `${left} 0 ${right - left} ${bottom}`);
    svg.style.width = `${(right - left) * scale}px`;
    svg.style.height = `${bottom * scale}px`;
    // To the left it takes the margin first; then the frame scrolls.
    const grown = (before - left) * scale, margin = Math.max(0, view.margin - grown);
    svg.style.marginLeft = `${margin}px`;
    frame.scrollLeft += grown - (view.margin - margin);
    view.margin = margin;
  }

  function reveal(iri) {
    const behavior = still.matches ? "instant" : "smooth";
    blocks.get(iri)?.parts[0].scrollIntoView({ behavior, block: "nearest", inline: "nearest" });
  }

  // Drawing

  function place(iri) {
    if (!names.has(iri)) placeName(iri);
    const link = names.get(iri)[0], found = fetched.get(iri);
    const column = columnOf(link) + sideOf(link);
    const groups = ["in", "out"].flatMap((direction) => {
      const own = found.groups.filter((group) => group.direction === direction).map((group) => ({
        ...group,
        own: group.neighbours.slice(0, group.drawn).filter((one) => one.iri !== root && !names.has(one.iri)),
        left: group.neighbours.length - group.drawn,
      })).filter((group) => group.own.length || group.left);
      return own.map((group, at) => (at ? group : { ...group, heading: words[direction] }));
    });
    const draw = (top) => drawBlock(words, column, top, groups, { read: found.href, rest: `#${bodyId(iri)}` });
    addBlock(iri, iri, column, link, draw);
    for (const group of found.groups)
      for (const one of group.neighbours.slice(0, group.drawn))
        if (owners.get(one.iri) !== iri && owners.get(iri) !== one.iri) cross(iri, one.iri, group.label);
  }

  // A name that the picture left out, chosen in the table: beside the thing that it is a neighbour of.
  function placeName(iri) {
    const has = (group) => group.neighbours.some((one) => one.iri === iri);
    const owner = [root, ...open, ...blocks.keys()].find((one) => fetched.get(one)?.groups.some(has)) ?? root;
    const group = fetched.get(owner).groups.find(has) ?? { label: "", direction: "out", neighbours: [] };
    const one = group.neighbours.find((neighbour) => neighbour.iri === iri) ?? { iri, label: labelOf(iri) };
    const home = owner === root ? null : names.get(owner)[0];
    const side = home ? sideOf(home) : group.direction === "in" ? -1 : 1;
    const column = (home ? columnOf(home) : side) + side;
    const draw = (top) => drawBlock(words, column, top, [{ ...group, own: [one], left: 0 }], {});
    addBlock(`name ${iri}`, owner, column, home, draw, (visible) => visible.has(iri));
  }

  // Draws a block twice, because its height decides its place.
  function addBlock(key, owner, column, link, draw, needed = () => true) {
    const box = link ? areaOf(link) : { x: column > 0 ? WIDTH : 0, width: 0, y: view.bottom, height: 0 };
    const top = free(column, box.y, draw(0).height);
    const { block, links, left, right, connect } = draw(top);
    connect(column > 0 ? box.x + box.width : box.x, box.y + box.height / 2);
    (link ?? svg.lastElementChild).after(block, ...links);
    for (const one of links) if (one.dataset.iri) adopt(one, owner);
    blocks.set(key, { parts: [block, ...links.filter((one) => !one.dataset.iri)], owner, needed });
    view.left = Math.min(view.left, left);
    view.right = Math.max(view.right, right);
  }

  function cross(from, to, label) {
    const path = element("path", { class: "walk-across" });
    const title = element("title", {});
    title.textContent = label;
    const [x, y, out] = ends.get(from), [toX, toY, toOut] = ends.get(to);
    path.setAttribute("d", `M${x},${y}C${x + out * 40},${y} ${toX + toOut * 40},${toY} ${toX},${toY}`);
    path.append(title);
    svg.prepend(path);
    across.push({ from, to, path });
  }

  // Where lines to a name end: at the outer side of its text.
  function endOf(link) {
    const boxes = [...link.querySelectorAll("text")].map((one) => one.getBBox()), side = sideOf(link);
    const outer = boxes.map((one) => (side > 0 ? one.x + one.width + 4 : one.x - 4));
    const area = areaOf(link);
    return [side > 0 ? Math.max(...outer) : Math.min(...outer), area.y + area.height / 2, side];
  }

  // The free stretch of a column that is nearest to a height.
  function free(column, wanted, height) {
    const stretches = taken.get(column) ?? [];
    const places = [wanted, ...stretches.map(([, end]) => end), ...stretches.map(([start]) => start - height)]
      .filter((top) => top >= 0 && stretches.every(([start, end]) => top >= end || top + height <= start));
    const top = places.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    taken.set(column, [...stretches, [top, top + height]]);
    view.bottom = Math.max(view.bottom, top + height);
    return top;
  }

  // The table

  function bodyId(iri) {
    return `around-${encodeURIComponent(iri)}`;
  }

  function addRows(iri) {
    const found = fetched.get(iri);
    const body = document.createElement("tbody");
    body.id = bodyId(iri);
    const head = body.insertRow(), cell = document.createElement("th");
    cell.colSpan = 4;
    cell.scope = "rowgroup";
    const link = anchor(found.href, filled(words.around, { thing: found.label }));
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = words.close;
    button.setAttribute("aria-label", `${words.close}: ${found.label}`);
    button.addEventListener("click", async () => {
      await toggle(iri);
      (table.querySelector(`a[data-iri="${CSS.escape(iri)}"]`) ?? names.get(iri)[0]).focus();
    });
    cell.append(link, " ", button);
    head.append(cell);
    for (const group of found.groups)
      for (const one of group.neighbours) {
        const row = body.insertRow();
        const cells = [words[group.direction], group.label, anchor(one.href, one.label, one.lang)];
        if (one.iri !== root) cells.push(opener(one));
        for (const [at, content] of cells.entries()) {
          const cell = row.insertCell();
          cell.dataset.name = table.tHead.rows[0].cells[at].textContent;
          cell.append(content);
        }
      }
    table.append(body);
    bodies.set(iri, body);
  }

  function opener(one) {
    const link = anchor(`${words.page}&iri=${encodeURIComponent(one.iri)}`, "");
    const verb = document.createElement("span"), rest = document.createElement("span");
    verb.textContent = words.show;
    rest.className = "visually-hidden";
    rest.textContent = filled(words.of, { thing: one.label });
    link.dataset.iri = one.iri;
    link.append(verb, " ", rest);
    return link;
  }

  // What the reader does

  function clicked(event) {
    const link = event.target.closest("a[data-iri]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    if (link.dataset.iri !== root) toggle(link.dataset.iri);
  }

  svg.addEventListener("click", clicked);
  table?.addEventListener("click", clicked);
  svg.addEventListener("keydown", (event) => {
    const link = event.target.closest("a");
    const iri = link?.dataset.iri;
    if (event.key === "Escape" && open.includes(iri)) toggle(iri);
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const next = link && step && nearest(link, step);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  for (const [kind, near] of [["focusin", true], ["focusout", false], ["pointerover", true], ["pointerout", false]])
    svg.addEventListener(kind, (event) => {
      const iri = event.target.closest("a")?.dataset.iri;
      for (const { from, to, path } of across) if (from === iri || to === iri) path.classList.toggle("near", near);
    });
  tools.querySelector("button").addEventListener("click", async () => {
    if (wished.length && (await show([]))) history.pushState(null, "", location.pathname + location.search);
  });
  addEventListener("popstate", () => {
    const wanted = openInAddress();
    if (wanted && String(wanted) !== String(wished)) show(wanted);
  });
  if (location.hash.startsWith(HASH)) show(openInAddress());

  // A mouse drags the drawing; a finger does so by itself.
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button || event.target.closest("a")) return;
    let x = event.clientX;
    const drag = (moved) => {
      frame.scrollLeft -= moved.clientX - x;
      x = moved.clientX;
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", () => removeEventListener("pointermove", drag), { once: true });
  });

  // The nearest name in a direction; what lies aside counts double.
  function nearest(link, [right, down]) {
    const { x, y } = middle(link);
    let best = null, least = Infinity;
    for (const other of svg.querySelectorAll("a")) {
      const to = middle(other);
      const along = (to.x - x) * right + (to.y - y) * down;
      const aside = Math.abs((to.x - x) * down) + Math.abs((to.y - y) * right);
      if (other !== link && to.width && along > 4 && along + 2 * aside < least) [best, least] = [other, along + 2 * aside];
    }
    return best;
  }

  function middle(link) {
    const { left, top, width, height } = link.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2, width };
  }
}

function columnOf(link) {
  return Number(link.dataset.column ?? link.dataset.side);
}

function sideOf(link) {
  return Math.sign(columnOf(link));
}

function anchor(href, text, lang) {
  const one = document.createElement("a");
  one.href = href;
  one.textContent = text;
  if (lang && lang !== document.documentElement.lang) one.lang = lang;
  return one;
}

async function fetchJson(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

// The area of a name that takes a click.
function areaOf(link) {
  const area = link.querySelector("rect");
  return Object.fromEntries(["x", "y", "width", "height"].map((name) => [name, Number(area.getAttribute(name))]));
}
