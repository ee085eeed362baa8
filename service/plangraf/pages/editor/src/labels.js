// The labels of things, asked for once each through the same endpoint.

import { ask, RESULTS } from "./client.js";
import { readRows } from "./terms.js";

const AT_ONCE = 200;

/** A map from IRI to `{text, language}` or null, and a function that fills it for a list of IRIs. */
export function labelStore(endpoint, language) {
  const labels = new Map();
  const find = async (iris) => {
    const wanted = [...new Set(iris)].filter((iri) => !labels.has(iri) && !/[<>"{}|^`\\\s]/.test(iri));
    for (let at = 0; at < wanted.length; at += AT_ONCE) await fetchSome(wanted.slice(at, at + AT_ONCE));
  };
  const fetchSome = async (iris) => {
    const values = iris.map((iri) => `<${iri}>`).join(" ");
    try {
      const { text } = await ask(endpoint, query(values), { accept: RESULTS });
      for (const [thing, label] of readRows(text).rows) {
        const found = { text: label.value, language: label.language };
        const known = labels.get(thing.value);
        if (!known || rank(found.language) < rank(known.language)) labels.set(thing.value, found);
      }
    } catch {
      return; // the answer stands without labels
    }
    for (const iri of iris) if (!labels.has(iri)) labels.set(iri, null);
  };
  const rank = (of) => (of === language ? 0 : of ? 2 : 1);
  return { labels, find };
}

function query(values) {
  return `PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?label WHERE {
  VALUES ?thing { ${values} }
  ?thing skos:prefLabel|dcterms:title|rdfs:label ?label
} ORDER BY ?thing ?label`;
}
