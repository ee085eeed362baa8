// Completion by position: prefixes, classes, properties, variables, functions, and things by their names.

import { classesOfVariables, declaredPrefixes, positionAfter, resolve } from "./position.js";
import { isInsideText, tokens } from "./lexer.js";

const KEYWORDS = "SELECT DISTINCT WHERE PREFIX CONSTRUCT ASK DESCRIBE FROM NAMED LIMIT OFFSET VALUES AS ASC DESC"
  .split(" ")
  .concat(["ORDER BY", "GROUP BY", "HAVING"]);
const IN_GROUP = ["OPTIONAL", "FILTER", "FILTER NOT EXISTS", "BIND", "UNION", "MINUS", "GRAPH", "VALUES", "SELECT"];
// prettier-ignore
const FUNCTIONS = [
  "COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT", "BOUND", "COALESCE", "IF", "STR", "LANG",
  "LANGMATCHES", "DATATYPE", "IRI", "CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE", "STRAFTER", "STRLEN", "SUBSTR",
  "UCASE", "LCASE", "REPLACE", "REGEX", "CONCAT", "ABS", "ROUND", "CEIL", "FLOOR", "YEAR", "MONTH", "DAY", "NOW",
  "ISIRI", "ISLITERAL", "ISBLANK", "ISNUMERIC", "SAMETERM", "EXISTS",
];
const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const WORD = /(?:[?$][\p{L}\p{N}_]*|<[^<>\s]*|[\p{L}\p{N}_-]*:?[\p{L}\p{N}_.-]*)$/u;
const MOST_SHOWN = 60;
const SHORTEST_SEARCH = 2;

/** A completion source for CodeMirror, over a promise of the vocabulary and a search for things. */
export function completionSource(vocabulary, search, language) {
  return async (context) => {
    const before = context.state.sliceDoc(0, context.pos);
    if (isInsideText(before)) return null;
    const word = WORD.exec(before)[0];
    if (!word && !context.explicit) return null;
    const known = await vocabulary;
    const all = context.state.doc.toString();
    const start = context.pos - word.length;
    const asked = { word, all, position: positionAfter(before.slice(0, start)), known, language };
    const things = searchesThings(asked) ? await search(word) : [];
    const options = [...found(asked), ...things.map((thing) => thingOption(thing, asked))];
    if (!options.length) return null;
    return { from: start, options: options.slice(0, MOST_SHOWN), filter: false };
  };
}

function searchesThings({ word, position }) {
  const typed = position.predicate === "a";
  return (
    /^\p{L}[\p{L}\p{N} -]+$/u.test(word) &&
    word.length >= SHORTEST_SEARCH &&
    ["subject", "object", "values"].includes(position.place) &&
    !(position.place === "object" && typed)
  );
}

function found(asked) {
  const { word, position, known, all } = asked;
  const prefixes = declaredPrefixes(all);
  switch (position.place) {
    case "prefix":
      return matching(
        word.replace(/:$/, ""),
        Object.keys(known.prefixes).map((prefix) => prefixOption(prefix, known)),
      );
    case "namespace":
    case "end":
      return position.place === "end" ? matching(word, IN_GROUP.map(keywordOption)) : [];
    case "predicate":
      return [...matching(word, [typeOption(asked)]), ...terms(word, properties(asked, prefixes), asked)];
    case "object":
      if (position.predicate && resolve(position.predicate, prefixes) === RDF_TYPE)
        return terms(word, known.classes, asked);
      return [...variables(word, all), ...matching(word, ["VALUES"].map(keywordOption))];
    case "subject":
      return [...variables(word, all), ...matching(word, IN_GROUP.map(keywordOption))];
    case "graph":
      return variables(word, all);
    case "expression":
      return [...variables(word, all), ...matching(word, FUNCTIONS.map(functionOption))];
    case "values":
      return [];
    default:
      return [...variables(word, all), ...matching(word, KEYWORDS.map(keywordOption))];
  }
}

/** The properties in the order in which they are likely: those of the subject's class, then by use. */
function properties({ position, known, all }, prefixes) {
  const classes = new Set(classesOfVariables(all, prefixes).get((position.subject ?? "").slice(1)) ?? []);
  const names = known.classes.filter((one) => classes.has(one.iri)).map((one) => one.name);
  const use = (property) => Math.max(0, ...names.map((name) => property.of[name] ?? 0));
  const listed = known.properties.map((property) => ({ ...property, likely: use(property) }));
  return listed.sort((a, b) => b.likely - a.likely || b.count - a.count);
}

function terms(word, all, asked) {
  const wanted = fold(word);
  const scored = all.map((term, at) => [score(wanted, term), at, term]).filter(([points]) => points > 0);
  // Of classes the shorter name first, which is the more general one; properties stand by their use.
  const length = (term) => (wanted && !term.of ? term.name.length : 0);
  scored.sort((a, b) => b[0] - a[0] || length(a[2]) - length(b[2]) || a[1] - b[1]);
  return scored.map(([, , term]) => termOption(term, asked));
}

function score(wanted, term) {
  if (!wanted) return 1;
  const name = fold(term.name);
  const local = name.slice(name.indexOf(":") + 1);
  const labels = Object.values(term.label).map(fold);
  if (name.startsWith(wanted)) return 5;
  if (local.startsWith(wanted)) return 4;
  if (labels.some((label) => label.startsWith(wanted))) return 3;
  if (labels.some((label) => label.includes(wanted))) return 2;
  return local.includes(wanted) ? 1 : 0;
}

const fold = (text) => text.toLocaleLowerCase("nb");
const inLanguage = (texts, language) => texts[language] ?? Object.values(texts)[0] ?? "";

function matching(word, options) {
  const wanted = fold(word);
  return options.filter((option) => fold(option.label).startsWith(wanted));
}

function variables(word, all) {
  const names = new Set(
    tokens(all)
      .filter((token) => token.kind === "variable" && token.text !== word)
      .map((one) => one.text),
  );
  return matching(
    word,
    [...names].sort().map((label) => ({ label, type: "variable" })),
  );
}

const keywordOption = (label) => ({ label, type: "keyword" });
const functionOption = (label) => ({ label, type: "function", apply: `${label}(` });

function typeOption({ language }) {
  return { label: "a", type: "keyword", detail: language === "en" ? "is a" : "er en" };
}

function prefixOption(prefix, known) {
  const namespace = known.prefixes[prefix];
  return { label: `${prefix}:`, type: "namespace", detail: namespace, apply: `${prefix}: <${namespace}>\n` };
}

function termOption(term, { known, language }) {
  return {
    label: term.name,
    type: term.of ? "property" : "class",
    detail: inLanguage(term.label, language),
    info: inLanguage(term.text, language) || undefined,
    apply: (view, option, from, to) => insertTerm(view, term.name, from, to, known),
  };
}

function thingOption(thing, { known }) {
  const prefixed = thing.name ?? `<${thing.iri}>`;
  return {
    label: thing.label,
    type: "thing",
    detail: thing.kind,
    apply: (view, option, from, to) => insertTerm(view, prefixed, from, to, known),
  };
}

/** Inserts a prefixed name, and its PREFIX line when the query has none. */
function insertTerm(view, name, from, to, known) {
  const prefix = name.startsWith("<") ? null : name.slice(0, name.indexOf(":"));
  const changes = [{ from, to, insert: name }];
  const needed = prefix !== null && !declaredPrefixes(view.state.doc.toString()).has(prefix) && known.prefixes[prefix];
  const line = needed ? `PREFIX ${prefix}: <${known.prefixes[prefix]}>\n` : "";
  if (line) changes.unshift({ from: 0, insert: line });
  view.dispatch({ changes, selection: { anchor: from + line.length + name.length }, userEvent: "input.complete" });
}
