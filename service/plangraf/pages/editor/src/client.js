// Requests of the editor to its own service.

const LONGEST_GET = 6000;
const MOST_BYTES = 32 * 1024 * 1024;

/** A problem document of the service, or a failure of the network. */
export class Problem extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The answer is longer than a page should hold. */
export class TooLong extends Error {}

export const RESULTS = "application/sparql-results+json";
export const TRIPLES = "application/n-triples";

/** The media type to ask for: rows or triples. */
export function acceptFor(form) {
  return form === "CONSTRUCT" || form === "DESCRIBE" ? TRIPLES : RESULTS;
}

/**
 * Sends a query; the signal ends the connection and, with it, the query on the server. Problems and explanations are in
 * the language.
 */
export async function ask(endpoint, query, { accept, signal, language, explain = false }) {
  const fields = new URLSearchParams({ query, ...(explain ? { explain: "true" } : {}) });
  const short = fields.toString().length < LONGEST_GET;
  const response = await fetch(short ? `${endpoint}?${fields}` : endpoint, {
    method: short ? "GET" : "POST",
    headers: { Accept: accept, ...(language ? { "Plangraf-Language": language } : {}) },
    body: short ? undefined : fields,
    signal,
  });
  if (!response.ok) throw new Problem(await problemOf(response));
  return {
    text: await readBounded(response),
    explanation: decode(response.headers.get("Plangraf-Explain")),
    version: response.headers.get("Plangraf-Version"),
  };
}

async function problemOf(response) {
  const text = await response.text();
  try {
    const problem = JSON.parse(text);
    return { ...problem, ...problem.localized };
  } catch {
    return { status: response.status, detail: text.slice(0, 500) || response.statusText };
  }
}

async function readBounded(response) {
  const decoder = new TextDecoder();
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return parts.join("") + decoder.decode();
    size += value.length;
    if (size > MOST_BYTES) {
      await reader.cancel();
      throw new TooLong();
    }
    parts.push(decoder.decode(value, { stream: true }));
  }
}

const decode = (header) => (header ? decodeURIComponent(header) : null);

/** Reads JSON of this service; null when there is none. */
export async function fetchJson(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  return response.ok ? response.json() : null;
}
