// Tokens of a SPARQL query up to the cursor. It accepts unfinished text, which a grammar would refuse.

const TOKEN = new RegExp(
  [
    "(?<comment>#[^\\n]*)",
    '(?<iri><[^<>"{}|^`\\\\\\s]*>)',
    "(?<string>\"\"\"[\\s\\S]*?\"\"\"|'''[\\s\\S]*?'''|\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*')",
    "(?<variable>[?$][\\p{L}\\p{N}_]+)",
    "(?<blank>_:[\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]*)",
    "(?<name>(?:[\\p{L}][\\p{L}\\p{N}_-]*(?:\\.[\\p{L}\\p{N}_-]+)*)?:(?:[\\p{L}\\p{N}_:%-]|\\\\.|\\.(?=[\\p{L}\\p{N}_:%-]))*)",
    "(?<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)",
    "(?<number>[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)",
    "(?<word>[\\p{L}_][\\p{L}\\p{N}_]*)",
    "(?<sign>\\^\\^|&&|\\|\\||!=|<=|>=|[^\\s])",
  ].join("|"),
  "gu",
);

/** The tokens of a text: `{kind, text, start, end}`, without comments. */
export function tokens(text) {
  const found = [];
  for (const match of text.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    if (kind !== "comment")
      found.push({ kind, text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return found;
}

/** Whether the end of a text stands inside a comment or an unfinished string. */
export function isInsideText(text) {
  const line = text.slice(text.lastIndexOf("\n") + 1);
  let quote = "";
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at];
    if (quote) {
      if (sign === "\\") at += 1;
      else if (sign === quote) quote = "";
    } else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === "<") {
      const end = /^<[^<>"{}|^`\\\s]*>/.exec(line.slice(at));
      if (end) at += end[0].length - 1;
    } else if (sign === "#") return true;
  }
  return quote !== "";
}
