// Texts of the graph and the table.

/** A text of the page with values in its places, such as %(num)s. */
export function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

/** Breaks a text into lines of a width; `measure` gives the width of a text. Ends with … when it has more than `most`. */
export function linesOf(text, width, most, measure) {
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && measure(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(...piecesOf(word, width, measure));
  }
  if (lines.length <= most) return lines.length ? lines : [""];
  let last = lines[most - 1];
  while (measure(`${last} …`) > width) last = last.slice(0, -1);
  return [...lines.slice(0, most - 1), `${last.trimEnd()} …`];
}

/** A word that is wider than a line, in pieces. */
function piecesOf(word, width, measure) {
  if (measure(word) <= width) return [word];
  const pieces = [""];
  for (const letter of word) {
    if (pieces.at(-1) && measure(`${pieces.at(-1)}${letter}-`) > width) pieces.push("");
    pieces[pieces.length - 1] += letter;
  }
  const last = pieces.pop(), before = pieces.pop();
  // One letter alone reads badly.
  const moved = last.length < 3 && before.length > 6 ? before.slice(-3) : "";
  const all = [...pieces, before.slice(0, before.length - moved.length), moved + last];
  return all.map((piece, at) => (at < all.length - 1 ? `${piece}-` : piece));
}
