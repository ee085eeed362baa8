// Results as a network: triples as arrows, or two columns of things as links. Laid out once, without movement.

import { drawn, element } from "./dom.js";
import { pageOf, shortName } from "./terms.js";

const MOST_NODES = 120;
const MOST_NAMED = 60;
const STEPS = 260;
const [WIDTH, HEIGHT] = [1000, 640];
// The frame of the nodes, with room for their names.
const ACROSS = [105, WIDTH - 105];
const DOWN = [32, HEIGHT - 18];
const NAME = [110, 15];

/** The columns that hold things. */
function thingColumns(result) {
  return result.columns
    .map((_, at) => at)
    .filter((at) => result.rows.some((row) => row[at]?.type === "uri" || row[at]?.type === "bnode"));
}

/** Draws the network with the choice of its columns into `place`. */
export async function drawNetwork(place, result, context) {
  const { t } = context;
  const columns = thingColumns(result);
  if (columns.length < 2) {
    place.replaceChildren(element("p", { class: "note" }, t("noNetwork")));
    return;
  }
  const choice = result.triples ? { from: 0, to: 2 } : { from: columns[0], to: columns[1] };
  const figure = element("figure", { class: "network" });
  const redraw = async () => figure.replaceChildren(...(await network(result, choice, context)));
  const pick = (key, label) => {
    const options = columns.map((at) =>
      element("option", { value: at, selected: at === choice[key] }, result.columns[at]),
    );
    return element(
      "label",
      {},
      `${label} `,
      element(
        "select",
        {
          onchange: (event) => {
            choice[key] = Number(event.target.value);
            redraw();
          },
        },
        ...options,
      ),
    );
  };
  const choices = result.triples
    ? []
    : [element("div", { class: "choices" }, pick("from", t("from")), pick("to", t("to")))];
  place.replaceChildren(...choices, figure);
  await redraw();
}

async function network(result, choice, context) {
  const { t, number } = context;
  const { nodes, edges, all } = collect(result, choice);
  await context.findLabels(
    [...nodes.keys(), ...edges.map((edge) => edge.property)].filter((iri) => iri && !iri.startsWith("_:")),
  );
  nameMost(nodes);
  layOut(nodes, edges);
  const title = t("networkTitle", { nodes: number(nodes.size), edges: number(edges.length) });
  const picture = drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": title },
    arrowHead(),
    ...edges.map((edge) => arrow(edge, context)),
    ...[...nodes.values()].map((node) => dot(node, context)),
  );
  const cut =
    all > nodes.size
      ? element("p", { class: "note" }, t("firstThings", { num: number(nodes.size), total: number(all) }))
      : null;
  return [picture, element("figcaption", {}, title, ". ", t("sameInTable")), cut].filter(Boolean);
}

function collect(result, { from, to }) {
  const nodes = new Map();
  const edges = [];
  const seen = new Set();
  const names = new Set();
  const key = (term) => (term.type === "uri" ? term.value : `_:${term.value}`);
  const add = (term) => {
    names.add(key(term));
    if (!nodes.has(key(term)) && nodes.size >= MOST_NODES) return null;
    if (!nodes.has(key(term))) nodes.set(key(term), { key: key(term), degree: 0 });
    return nodes.get(key(term));
  };
  for (const row of result.rows) {
    const ends = [row[from], row[to]];
    if (ends.some((term) => !term || term.type === "literal")) continue;
    const [source, target] = ends.map(add);
    const property = result.triples ? row[1].value : "";
    const id = `${key(ends[0])} ${property} ${key(ends[1])}`;
    if (!source || !target || source === target || seen.has(id)) continue;
    seen.add(id);
    source.degree += 1;
    target.degree += 1;
    edges.push({ source, target, property });
  }
  return { nodes, edges, all: names.size };
}

/** Chooses the things whose names are always shown: all of a few, else those with the most links. */
function nameMost(nodes) {
  const all = [...nodes.values()].sort((a, b) => b.degree - a.degree);
  const few = all.length <= MOST_NAMED;
  all.forEach((node, at) => {
    node.named = few || at < MOST_NAMED / 2;
  });
}

/** Places the nodes: they repel each other, links pull, all is drawn to the middle (Fruchterman and Reingold). */
function layOut(nodes, edges) {
  const all = [...nodes.values()];
  const room = Math.sqrt((WIDTH * HEIGHT) / Math.max(1, all.length)) * 0.6;
  all.forEach((node, at) => {
    const angle = at * 2.399963; // the golden angle spreads them evenly
    const radius = 18 * Math.sqrt(at + 1);
    Object.assign(node, { x: radius * Math.cos(angle), y: radius * Math.sin(angle) });
  });
  for (let step = 0; step < STEPS; step += 1) {
    const most = 40 * (1 - step / STEPS) + 0.5;
    for (const node of all) Object.assign(node, { dx: -node.x * 0.06, dy: -node.y * 0.09 });
    all.forEach((a, at) => all.slice(at + 1).forEach((b) => push(a, b, room)));
    for (const { source, target } of edges) pull(source, target, room);
    for (const node of all) {
      const length = Math.hypot(node.dx, node.dy) || 1;
      const by = Math.min(length, most) / length;
      node.x += node.dx * by;
      node.y += node.dy * by;
    }
  }
  fit(all, "x", ...ACROSS);
  fit(all, "y", ...DOWN);
  for (let step = 0; step < 80; step += 1) all.forEach((a, at) => all.slice(at + 1).forEach((b) => part(a, b)));
  fit(all, "y", ...DOWN);
}

/** Moves two nodes apart whose names would overlap. */
function part(a, b) {
  const [x, y] = [Math.abs(a.x - b.x), a.y - b.y];
  if (!a.named || !b.named || x > NAME[0] || Math.abs(y) > NAME[1]) return;
  const by = (y < 0 ? -1 : 1) * 1.5;
  a.y += by;
  b.y -= by;
}

/** Stretches one coordinate of the nodes to the frame. */
function fit(all, name, low, high) {
  const values = all.map((node) => node[name]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  for (const node of all)
    node[name] = most > least ? low + ((node[name] - least) / (most - least)) * (high - low) : (low + high) / 2;
}

function push(a, b, room) {
  const [x, y] = [a.x - b.x || 0.1, a.y - b.y || 0.1];
  const force = (room * room) / Math.max(60, x * x + y * y);
  a.dx += x * force;
  a.dy += y * force;
  b.dx -= x * force;
  b.dy -= y * force;
}

function pull(a, b, room) {
  const [x, y] = [a.x - b.x, a.y - b.y];
  const force = (Math.hypot(x, y) / room) * 0.25;
  a.dx -= x * force;
  a.dy -= y * force;
  b.dx += x * force;
  b.dy += y * force;
}

function arrowHead() {
  const tip = drawn("path", { d: "M0 0 L8 4 L0 8 z", class: "tip" });
  return drawn(
    "defs",
    {},
    drawn(
      "marker",
      { id: "arrow", viewBox: "0 0 8 8", refX: 16, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      tip,
    ),
  );
}

function arrow({ source, target, property }, context) {
  const shape = drawn("line", {
    x1: source.x,
    y1: source.y,
    x2: target.x,
    y2: target.y,
    class: "edge",
    "marker-end": "url(#arrow)",
  });
  if (!property) return shape;
  return drawn("g", {}, shape, drawn("title", {}, context.nameOf({ type: "uri", value: property })));
}

function dot(node, context) {
  const blank = node.key.startsWith("_:");
  const label = blank ? node.key : (context.labels.get(node.key)?.text ?? shortName(node.key, context.prefixes));
  const href = blank ? null : pageOf(node.key, context.prefix, Boolean(context.labels.get(node.key)));
  const shown = label.length > 30 ? `${label.slice(0, 29)}…` : label;
  const inside = [
    drawn("title", {}, blank ? label : `${label}\n${node.key}`),
    drawn("circle", { cx: node.x, cy: node.y, r: Math.min(11, 5 + Math.sqrt(node.degree)), class: "node" }),
    drawn("text", { x: node.x, y: node.y - 12, "text-anchor": "middle", class: "name" }, shown),
  ];
  const kind = node.named ? null : "minor";
  return href ? drawn("a", { href, class: kind }, ...inside) : drawn("g", { class: kind }, ...inside);
}
