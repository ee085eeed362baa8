// The queries that were run, in this browser alone.

const KEY = "plangraf.queries";
const MOST = 50;

/** The queries, the newest first: `{query, at}`; empty where the browser keeps nothing. */
export function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.query === "string") : [];
  } catch {
    return [];
  }
}

export function remember(query) {
  write([{ query, at: new Date().toISOString() }, ...remembered().filter((one) => one.query !== query)].slice(0, MOST));
}

export function forget() {
  write([]);
}

function write(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // A browser that keeps nothing runs queries all the same.
  }
}
