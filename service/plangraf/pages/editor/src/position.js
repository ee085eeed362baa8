// What may stand at the cursor: a keyword, a prefix, a subject, a property, a class, a value or an expression.

import { tokens } from "./lexer.js";

const TERMS = new Set(["iri", "string", "variable", "blank", "name", "number"]);
const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const EXPRESSIONS = new Set(["FILTER", "BIND", "HAVING", "BY", "SELECT", "EXISTS"]);

/** The prefixes that a query declares: a map from prefix to namespace. */
export function declaredPrefixes(text) {
  const found = new Map();
  const all = tokens(text);
  all.forEach((token, at) => {
    const [name, iri] = all.slice(at + 1);
    if (
      token.kind === "word" &&
      token.text.toUpperCase() === "PREFIX" &&
      name?.kind === "name" &&
      iri?.kind === "iri"
    ) {
      found.set(name.text.slice(0, -1), iri.text.slice(1, -1));
    }
  });
  return found;
}

/** The IRI that a token names, by the prefixes; null when it names none. */
export function resolve(text, prefixes) {
  if (text === "a") return RDF_TYPE;
  if (text.startsWith("<")) return text.slice(1, -1);
  const colon = text.indexOf(":");
  const start = colon < 0 ? undefined : prefixes.get(text.slice(0, colon));
  return start === undefined ? null : start + text.slice(colon + 1).replace(/\\(.)/g, "$1");
}

/** The classes that a query states of its variables: a map from variable to IRIs. */
export function classesOfVariables(text, prefixes) {
  const found = new Map();
  const all = tokens(text);
  let subject = null;
  all.forEach((token, at) => {
    const before = all[at - 1]?.text;
    if (TERMS.has(token.kind) && (before === undefined || /^[{.}]$/.test(before))) subject = token.text;
    const next = all[at + 1];
    const isType = token.text === "a" || (token.kind === "name" && resolve(token.text, prefixes) === RDF_TYPE);
    if (!isType || !next || !subject?.match(/^[?$]/)) return;
    const iri = next.kind === "name" || next.kind === "iri" ? resolve(next.text, prefixes) : null;
    if (iri) found.set(subject.slice(1), [...(found.get(subject.slice(1)) ?? []), iri]);
  });
  return found;
}

/**
 * The position after a text: `{place, subject, predicate}`.
 * `place` is "keyword", "prefix", "namespace", "subject", "predicate", "object", "graph", "expression" or "values".
 */
export function positionAfter(text) {
  const frames = [{ kind: "top", place: "keyword" }];
  const top = () => frames.at(-1);
  const all = tokens(text);
  all.forEach((token, at) => step(frames, top(), token, all[at - 1]));
  const { place, subject, predicate } = top();
  return { place, subject, predicate };
}

function step(frames, frame, token, before) {
  if (openOrClose(frames, frame, token, before)) return;
  if (frame.kind === "expression" || frame.kind === "values") return;
  if (frame.place === "prefix" && token.kind === "name") frame.place = "namespace";
  else if (frame.place === "namespace" && token.kind === "iri") frame.place = "keyword";
  else if (frame.place === "graph" && TERMS.has(token.kind)) frame.place = frame.kind === "top" ? "keyword" : "subject";
  else if (token.kind === "word" && !(token.text === "a" && frame.place === "predicate")) keyword(frame, token);
  else if (frame.kind === "group" || frame.kind === "node") pattern(frame, token);
}

function openOrClose(frames, frame, token, before) {
  switch (token.text) {
    case "{": {
      const values = frame.place === "values";
      if (values) frame.place = "subject";
      frames.push({ kind: values ? "values" : "group", place: values ? "values" : "subject" });
      return true;
    }
    case "[":
      frames.push({ kind: "node", place: "predicate", subject: "[]" });
      return true;
    case "(":
      if (frame.kind === "group" && frame.place === "predicate") return true; // a path in brackets
      if (frame.place === "values") return true; // the variables of VALUES
      frames.push({
        kind: frame.place === "object" && before?.text !== "BIND" ? "list" : "expression",
        place: "expression",
      });
      if (top(frames).kind === "list") top(frames).place = "object";
      return true;
    case "}":
    case "]":
    case ")":
      close(frames, token.text);
      return true;
    default:
      return false;
  }
}

const top = (frames) => frames.at(-1);

function close(frames, sign) {
  const kinds = { "}": ["group", "values"], "]": ["node"], ")": ["expression", "list"] }[sign];
  if (frames.length < 2 || !kinds.includes(top(frames).kind)) return;
  const { kind } = frames.pop();
  const outer = top(frames);
  if (kind === "group") outer.place = outer.kind === "top" ? "keyword" : "subject";
  else if (kind === "node" || kind === "list") term(outer, "[]");
  else if (kind === "expression" && outer.kind === "group") outer.place = "subject";
}

function keyword(frame, token) {
  const word = token.text.toUpperCase();
  if (word === "PREFIX") frame.place = "prefix";
  else if (word === "VALUES") frame.place = "values";
  else if (["GRAPH", "SERVICE", "FROM", "NAMED", "DESCRIBE"].includes(word)) frame.place = "graph";
  else if (EXPRESSIONS.has(word)) frame.place = "expression";
  else if (["WHERE", "CONSTRUCT", "ASK"].includes(word)) frame.place = "keyword";
  else if (["OPTIONAL", "UNION", "MINUS"].includes(word)) frame.place = "subject";
}

function pattern(frame, token) {
  if (token.text === ".") Object.assign(frame, { place: frame.kind === "node" ? "predicate" : "subject" });
  else if (token.text === ";") frame.place = "predicate";
  else if (token.text === ",") frame.place = "object";
  else if ((token.text === "/" || token.text === "|") && frame.place === "object") frame.place = "predicate";
  else if (TERMS.has(token.kind) || token.text === "a") term(frame, token.text);
}

function term(frame, text) {
  if (frame.place === "subject") Object.assign(frame, { subject: text, predicate: undefined, place: "predicate" });
  else if (frame.place === "predicate") Object.assign(frame, { predicate: text, place: "object" });
  else if (frame.place === "object") frame.place = "end";
}
