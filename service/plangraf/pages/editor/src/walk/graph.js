// The graph on a canvas, by cytoscape: nodes that stand keep their places, new ones come beside what was opened.

import cytoscape from "cytoscape";
import { isFree, placeColumn } from "./places.js";
import { styleOf } from "./style.js";
import { filled, linesOf } from "./text.js";

const [LEAST_ZOOM, MOST_ZOOM, STEP, MARGIN] = [0.2, 2.5, 1.3, 16];
// Text below this part of its size is not readable; the reader moves the graph instead.
const READABLE = 0.83;
const [MOST_LINES, MOST_OF_ROOT, LINE, ASIDE, ABOVE] = [3, 5, 1.3, 10, 7];
// Between a node and its neighbours, and the width of a text: on a wide canvas and on a phone.
const [WIDE, NARROW, NARROWEST_WIDE] = [{ room: 140, text: 180 }, { room: 90, text: 150 }, 600];
const MOVE_MS = 250;

/** An empty graph in `canvas`; `acts` are {tap, choose, rest}, what a touch of a node does. */
export function makeGraph(canvas, words, acts) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const { room, text: textWidth } = canvas.clientWidth < NARROWEST_WIDE ? NARROW : WIDE;
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.875;
  const pen = document.createElement("canvas").getContext("2d");
  const measured = (weight) => (text) => {
    pen.font = `${weight} ${size}px ${getComputedStyle(canvas).fontFamily}`;
    return pen.measureText(text).width;
  };
  const left = new Map(); // id → where a node stood when it went
  let root = null;

  keepPolicy();
  const style = () => styleOf(canvas, size, room);
  const cy = cytoscape({
    container: canvas,
    minZoom: LEAST_ZOOM,
    maxZoom: MOST_ZOOM,
    autounselectify: true,
    boxSelectionEnabled: false,
    style: style(),
  });

  /** Makes the graph agree with its content; `opened` are the things that were opened just now. */
  function show({ items, edges }, open, opened) {
    const begins = cy.nodes().empty();
    root = items[0].id;
    const ids = new Set(items.map((item) => item.id));
    for (const node of cy.nodes().filter((one) => !ids.has(one.id()))) {
      left.set(node.id(), { ...node.position() });
      node.remove();
    }
    for (const edge of cy.edges().filter((one) => !edges.has(one.id()))) edge.remove();
    const added = addNodes(items.filter((item) => cy.getElementById(item.id).empty()));
    for (const { id, num } of items) if (num) cy.getElementById(id).data("text", restText(num));
    const owners = new Map(items.map((item) => [item.id, item.owner]));
    for (const edge of edges.values()) addEdge(edge, owners, edges);
    for (const node of cy.nodes("[iri]")) {
      const isOpen = open.includes(node.id());
      node.toggleClass("open", isOpen);
      if (node.id() !== root) node.data("text", `${node.data("name")} ${isOpen ? "−" : "+"}`);
    }
    if (begins) look();
    if (opened.length) reveal(opened.at(-1));
    if (!begins && !still.matches) for (const one of added) come(one);
  }

  function addNodes(items) {
    const placed = new Map(cy.nodes().map((one) => [one.id(), { ...one.position(), width: one.width(), height: one.height() }]));
    const sizes = new Map(items.map((item) => [item.id, sizeOf(item)]));
    const columns = new Map();
    for (const item of items) {
      const box = { id: item.id, group: item.group, ...sizes.get(item.id) };
      const known = left.has(item.id) && { ...left.get(item.id), ...sizes.get(item.id) };
      if (item.id === root) placed.set(root, { x: 0, y: 0, ...sizes.get(root) });
      else if (known && isFree(known, placed)) placed.set(item.id, known);
      else {
        const key = `${item.owner} ${item.owner === root && item.direction}`;
        columns.set(key, { item, boxes: [...(columns.get(key)?.boxes ?? []), box] });
      }
    }
    for (const { item, boxes } of columns.values()) {
      const home = placed.get(item.owner) ?? placed.get(root);
      const side = item.owner && item.owner !== root ? Math.sign(home.x - placed.get(root).x) || 1 : item.direction === "in" ? -1 : 1;
      placeColumn(boxes, home.x + side * (home.width / 2 + room), side, home.y, placed);
    }
    return items.map(({ id, iri, owner, num, first }) => {
      const { width, height, name } = sizes.get(id);
      const { x, y } = placed.get(id);
      const classes = [id === root ? "root" : "", iri ? "" : "rest"];
      const data = { id, width, height, name, text: iri ? name : restText(num), owner, ...(iri ? { iri } : { first }) };
      return cy.add({ group: "nodes", data, position: { x, y }, classes });
    });
  }

  function restText(num) {
    return num === 1 ? words.one : filled(words.more, { num });
  }

  function sizeOf({ id, label, num }) {
    const measure = measured(id === root ? "bold" : "normal");
    const sign = id === root || num ? 0 : measure(" +");
    const lines = num ? [restText(num)] : linesOf(label, textWidth - sign, id === root ? MOST_OF_ROOT : MOST_LINES, measure);
    const width = Math.ceil(Math.max(...lines.map(measure)) + sign) + 2 * ASIDE;
    return { width, height: Math.ceil(lines.length * size * LINE) + 2 * ABOVE, name: lines.join("\n") };
  }

  /** An edge bends beside the owner of its other end, and has its words beside that; one between others is curved. */
  function addEdge({ id, source, target, labels, interpreted }, owners, edges) {
    const outward = owners.get(target) === source, inward = owners.get(source) === target;
    const back = inward && edges.has(`edge ${target} ${source}`);
    const classes = [interpreted ? "interpreted" : "", outward ? "outward" : inward && !back ? "inward" : "across"];
    const old = cy.getElementById(id);
    const data = { id, source, target, label: labels.join(", ") };
    if (old.empty()) cy.add({ group: "edges", data, classes });
    else old.data(data).classes(classes);
  }

  /** A new node or edge comes in. */
  function come(node) {
    const parts = node.union(node.connectedEdges());
    parts.style("opacity", 0).animate({ style: { opacity: 1 } }, { duration: MOVE_MS, complete: () => parts.removeStyle("opacity") });
  }

  // The view

  /** All of the graph, but never so small that it cannot be read. */
  function look() {
    cy.fit(undefined, MARGIN);
    cy.zoom(Math.min(1, Math.max(READABLE, cy.zoom())));
    cy.center(cy.zoom() > READABLE ? undefined : cy.getElementById(root));
    // On a phone the fuller side is shown whole, as far as the middle stays.
    const { x1, x2 } = cy.nodes().renderedBoundingBox(), middle = cy.getElementById(root).renderedBoundingBox();
    const isRight = cy.nodes().filter((one) => one.position("x") > 0).length * 2 > cy.nodes().length;
    if (isRight && x2 > cy.width() - MARGIN) cy.panBy({ x: -Math.min(x2 - cy.width() + MARGIN, middle.x1 - MARGIN), y: 0 });
    if (!isRight && x1 < MARGIN) cy.panBy({ x: Math.min(MARGIN - x1, cy.width() - MARGIN - middle.x2), y: 0 });
  }

  /** Moves the view as little as shows a node with its neighbours; what does not fit begins at the node. */
  function reveal(id) {
    const node = cy.getElementById(id), own = node.renderedBoundingBox();
    const all = node.union(cy.nodes().filter((one) => one.data("owner") === id)).renderedBoundingBox();
    const shift = (low, high, from, to, length) => {
      if (to - from > length - 2 * MARGIN)
        // Too long: from the node outwards.
        [from, to] = high - from < to - low ? [Math.max(from, high - length + 2 * MARGIN), high] : [low, Math.min(to, low + length - 2 * MARGIN)];
      return from < MARGIN ? MARGIN - from : to > length - MARGIN ? length - MARGIN - to : 0;
    };
    const by = {
      x: shift(own.x1, own.x2, all.x1, all.x2, cy.width()),
      y: shift(own.y1, own.y2, all.y1, all.y2, cy.height()),
    };
    if (still.matches) cy.panBy(by);
    else cy.animate({ panBy: by, duration: MOVE_MS });
  }

  function zoom(factor) {
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
  }

  // What the reader does

  cy.on("tap", "node", ({ target }) => {
    const { iri, owner, first } = target.data();
    if (!iri) acts.rest({ owner, first });
    else if (iri === root) acts.choose(iri);
    else acts.tap(iri);
  });
  cy.on("tap", "edge", ({ target }) => target.toggleClass("near"));
  for (const [kind, near] of [["mouseover", true], ["mouseout", false]]) {
    cy.on(kind, "node", ({ target }) => {
      canvas.classList.toggle("walk-over", near);
      target.connectedEdges().toggleClass("near", near);
    });
    cy.on(kind, "edge", ({ target }) => target.toggleClass("near", near));
  }
  // The wheel alone scrolls the page.
  canvas.parentElement.addEventListener(
    "wheel",
    (event) => canvas.contains(event.target) && !event.ctrlKey && !event.metaKey && event.stopPropagation(),
    { capture: true },
  );
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"])
    matchMedia(query).addEventListener("change", () => cy.style(style()));

  return {
    show,
    size: () => cy.nodes("[iri]").length,
    fit: () => cy.fit(undefined, MARGIN),
    zoomIn: () => zoom(STEP),
    zoomOut: () => zoom(1 / STEP),
    choose: (iri) => cy.nodes().forEach((node) => node.toggleClass("chosen", node.id() === iri)),
    resize: () => cy.resize(),
  };
}

/**
 * cytoscape writes a style sheet into the page, which the Content-Security-Policy forbids, unless an element has the
 * id of it; styles/pictures.css has that rule.
 */
function keepPolicy() {
  const id = "__________cytoscape_stylesheet";
  if (document.getElementById(id)) return;
  const mark = document.createElement("template");
  mark.id = id;
  document.head.append(mark);
}
