// Draws blocks of neighbours for walk.js, as pages/neighbourhood_svg.py draws the first ones.

// The measures of the first drawing: width, from the middle to a line, from a line to its texts, and of texts.
export const WIDTH = 388;
const GAP = 10, TEXT = 18, LINE = 14, PAD = 5, PITCH = 212, BESIDE = 16;
const CHARACTERS = 28, BOLD_CHARACTERS = 25, MOST_LINES = 3;
const SVG = "http://www.w3.org/2000/svg";

// A block of neighbours in a column: 1, 2, … to the right of the thing of the page, -1, -2, … to its left.
// `groups` have `own`, the names to draw, and `left`, how many more there are; `read` is the address of a document and
// `rest` that of all names. Returns the drawing in its order, whose names are in `links`, and what else it needs.
export function drawBlock(words, column, top, groups, { read, rest }) {
  const side = Math.sign(column), shift = (Math.abs(column) - 1) * PITCH;
  const spine = WIDTH / 2 + side * (GAP + shift), text = spine + side * TEXT;
  const edge = WIDTH / 2 + side * (WIDTH / 2 - 1 + shift);
  const block = element("g", { class: "walk-new" }), line = element("path", { class: "walk-line" }), links = [];
  block.append(line);
  let y = top, first = top + 16, last = first;

  function write(parent, content, className) {
    const one = element("text", { x: text, y, "text-anchor": side < 0 ? "end" : "start", class: className });
    one.textContent = content;
    parent.append(one);
  }
  function link(href, parts, className, given = {}) {
    const one = element("a", { href, ...given });
    const area = { x: Math.min(text - 4 * side, edge), width: Math.abs(edge - text) + 4, rx: 3, class: "walk-target" };
    one.append(element("rect", { ...area, y: y + 1, height: parts.length * LINE + 2 * PAD }));
    y += PAD;
    for (const part of parts) {
      y += LINE;
      write(one, part, className);
    }
    y += PAD;
    return one;
  }
  if (read) block.append(link(read, [words.read], "fill-ink walk-read"));
  for (const group of groups) {
    if (group.heading) {
      y += LINE + 2;
      write(block, group.heading, "fill-soft walk-heading");
    }
    for (const [at, part] of wrapped(group.label, BOLD_CHARACTERS).entries()) {
      y += at ? LINE : 20;
      write(block, part, "fill-soft walk-label");
    }
    y += 2;
    for (const one of group.own) {
      last = y + PAD + LINE - 4;
      if (!read) first = last;
      block.append(...tick(spine, side, last, group.direction));
      const given = { "data-iri": one.iri, "data-column": column, class: "walk-new", ...(one.lang && { lang: one.lang }) };
      const name = link(`${words.page}&iri=${encodeURIComponent(one.iri)}`, wrapped(one.label, CHARACTERS), "fill-ink", given);
      const title = element("title", {});
      title.textContent = group.label ? `${group.label}: ${one.label}` : one.label;
      name.prepend(title);
      links.push(name);
    }
    if (group.left)
      links.push(link(rest, [group.left === 1 ? words.one : filled(words.more, { num: group.left })], "fill-soft"));
  }
  const connect = (x, from) => {
    const bend = (x + spine) / 2;
    line.setAttribute("d", `M${x},${from}C${bend},${from} ${bend},${first} ${spine},${first}V${Math.max(first, last)}`);
  };
  return { block, links, height: y + 8 - top, left: edge - BESIDE, right: edge + BESIDE, connect };
}

// From a line to a name, with an arrow to what is linked to.
function tick(spine, side, y, direction) {
  const near = spine + side, far = spine + side * 14;
  const [tip, back] = direction === "in" ? [near, near + side * 6] : [far, far - side * 6];
  return [
    element("path", { class: "walk-line", d: `M${near},${y}H${far}` }),
    element("path", { class: direction === "in" ? "fill-orange" : "fill-blue", d: `M${tip},${y}L${back},${y - 3.5}V${y + 3.5}Z` }),
  ];
}

export function element(name, attributes) {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  return one;
}

export function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

// As the drawing of the page wraps its texts; a word that is longer than a line is cut.
function wrapped(text, width) {
  const lines = [];
  for (let word of text.split(/\s+/).filter(Boolean))
    do {
      const last = lines.length - 1, fits = lines.length && lines[last].length + 1 + word.length <= width;
      if (fits) lines[last] += ` ${word}`;
      else lines.push(word.slice(0, width));
      word = fits ? "" : word.slice(width);
    } while (word);
  if (lines.length <= MOST_LINES) return lines;
  const kept = lines.slice(0, MOST_LINES);
  kept.push(`${kept.pop().slice(0, width - 2)} …`);
  return kept;
}
