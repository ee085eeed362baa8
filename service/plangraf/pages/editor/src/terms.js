// RDF terms of an answer: reading them, naming them shortly, and the page that describes one.

const ID = "https://w3id.org/plangraf/id/";
const OWN = [
  ["https://w3id.org/plangraf/ontology", "/ontology"],
  ["https://w3id.org/plangraf/shapes", "/shapes"],
];
const SDG = /^http:\/\/metadata\.un\.org\/sdg\/([0-9]+(?:\.[0-9a-z]+)?)$/;
const XSD = "http://www.w3.org/2001/XMLSchema#";
const NUMBERS = new Set(
  ["integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger"].map((name) => XSD + name),
);
const TIMES = new Set(["gYear", "gYearMonth", "date", "dateTime"].map((name) => XSD + name));
const TRIPLE =
  /^(<[^>]*>|_:\S+) <([^>]*)> (?:<([^>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?) \.$/gm;

/** The rows of SPARQL JSON: `{columns, rows}`, each row a list of terms or null; an ASK gives one cell. */
export function readRows(text) {
  const answer = JSON.parse(text);
  if ("boolean" in answer) {
    return {
      columns: ["ask"],
      rows: [[{ type: "literal", value: String(answer.boolean), datatype: `${XSD}boolean` }]],
      boolean: answer.boolean,
    };
  }
  const columns = answer.head.vars;
  const rows = answer.results.bindings.map((row) => columns.map((column) => termOf(row[column])));
  return { columns, rows };
}

function termOf(cell) {
  return cell ? { type: cell.type, value: cell.value, datatype: cell.datatype, language: cell["xml:lang"] } : null;
}

/** The triples of N-Triples as rows of three. */
export function readTriples(text) {
  const rows = [];
  for (const [, subject, predicate, iri, blank, value, language, datatype] of text.matchAll(TRIPLE)) {
    const object =
      iri !== undefined
        ? uri(iri)
        : blank
          ? node(blank)
          : { type: "literal", value: unescape(value), language, datatype };
    rows.push([subject.startsWith("<") ? uri(subject.slice(1, -1)) : node(subject), uri(predicate), object]);
  }
  return { columns: ["subject", "predicate", "object"], rows, triples: true };
}

const uri = (value) => ({ type: "uri", value: unescape(value) });
const node = (value) => ({ type: "bnode", value: value.slice(2) });

function unescape(text) {
  const signs = { t: "\t", n: "\n", r: "\r", b: "\b", f: "\f", '"': '"', "'": "'", "\\": "\\" };
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, four, eight, sign) =>
    sign ? (signs[sign] ?? sign) : String.fromCodePoint(Number.parseInt(four ?? eight, 16)),
  );
}

/** A prefixed name for an IRI where a prefix fits, else the IRI. */
export function shortName(iri, prefixes) {
  for (const [prefix, start] of Object.entries(prefixes)) {
    if (start && iri.startsWith(start) && /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.test(iri.slice(start.length)))
      return `${prefix}:${iri.slice(start.length)}`;
  }
  return iri;
}

/** The address of the page that describes an IRI: ours where the data have it, else its own; null for other schemes. */
export function pageOf(iri, prefix, known) {
  if (iri.startsWith(ID))
    return `${prefix}/doc/${encodeURI(iri.slice(ID.length)).replace(/[?#]/g, encodeURIComponent)}`;
  for (const [start, path] of OWN) {
    if (iri === start || iri.startsWith(`${start}#`)) return prefix + path + iri.slice(start.length);
  }
  const code = SDG.exec(iri)?.[1];
  if (code) return `${prefix}/${code.includes(".") ? "targets" : "goals"}/${code}`;
  if (known) return `${prefix}/doc?iri=${encodeURIComponent(iri)}`;
  return /^https?:/.test(iri) ? iri : null;
}

/** The IRI of the thing that a page of ours describes; null for a page about no thing, such as a list. */
export function thingOf(href, prefix) {
  const address = new URL(href, location.origin);
  const path = address.pathname.startsWith(prefix) ? address.pathname.slice(prefix.length) : address.pathname;
  if (path === "/doc") return address.searchParams.get("iri");
  if (path.startsWith("/doc/")) return ID + decodeURI(path.slice("/doc/".length));
  const code = /^\/(?:goals|targets)\/([0-9a-z.]+)$/.exec(path)?.[1];
  if (code) return `http://metadata.un.org/sdg/${code}`;
  const own = OWN.find(([, start]) => path === start);
  return own && address.hash ? own[0] + address.hash : null;
}

/** The number of a term for a chart; null when it is none. */
export function numberOf(term) {
  if (!term || term.type !== "literal" || !NUMBERS.has(term.datatype ?? "")) return null;
  const value = Number(term.value);
  return Number.isFinite(value) ? value : null;
}

/** Whether a term is a year or a date. */
export const isTime = (term) => term?.type === "literal" && TIMES.has(term.datatype ?? "");
