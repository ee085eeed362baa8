// The editor of /sparql. It takes over the form that works without it: the same field, the same addresses.

import { acceptFor, ask, fetchJson, Problem, RESULTS, TooLong } from "./client.js";
import { codeEditor } from "./code.js";
import { completionSource } from "./completion.js";
import { button, element } from "./dom.js";
import { remember } from "./history.js";
import { labelStore } from "./labels.js";
import { tokens } from "./lexer.js";
import { examplesPanel, historyPanel, samplesPanel } from "./panels.js";
import { showEmpty, showNote, showProblem, showResult } from "./results.js";
import { numberOf, readRows, readTriples, shortName, thingOf } from "./terms.js";

const LONGEST_ADDRESS = 6000;
const settings = JSON.parse(document.getElementById("editor-settings").textContent);
const form = document.getElementById("query-form");
const field = document.getElementById("query");
const section = document.getElementById("results");
const { language, endpoint, prefix, limitSeconds } = settings;
const format = new Intl.NumberFormat(language, { maximumFractionDigits: 10 });
const number = (value) => format.format(value);
const t = (key, values = {}) => settings.words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);

const vocabulary = fetchJson(settings.vocabulary).then(
  (found) => found ?? { prefixes: {}, classes: [], properties: [], examples: [] },
);
const { labels, find: findLabels } = labelStore(endpoint, language);
const context = {
  t,
  number,
  language,
  prefix,
  endpoint,
  labels,
  findLabels,
  formats: settings.formats,
  prefixes: {},
  isNumber: (term) => numberOf(term) !== null,
  nameOf: (term) =>
    term.type === "uri" ? (labels.get(term.value)?.text ?? shortName(term.value, context.prefixes)) : term.value,
};

let running = null;
let searchable = true;

/** Things by name, through the search of the site where it has one. */
async function searchThings(words) {
  if (!searchable) return [];
  const found = await fetchJson(`${settings.suggestions}?${new URLSearchParams({ q: words, lang: language })}`).catch(
    () => null,
  );
  if (found === null) searchable = false;
  const things = (found?.suggestions ?? []).map((one) => ({
    iri: thingOf(one.href, prefix),
    label: one.title,
    kind: [one.kind, one.code].filter(Boolean).join(" "),
  }));
  return things.filter((one) => one.iri !== null);
}

const host = element("div", { id: "editor", class: "code-editor" });
const given = new URLSearchParams(location.hash.slice(1)).get("query");
const editor = codeEditor(host, {
  text: given ?? field.value,
  source: completionSource(vocabulary, searchThings, language),
  run: () => run(),
  changed: (text) => {
    field.value = text;
    host.style.height = ""; // as high as its text from now on
    editor.clearErrors();
  },
  words: { label: t("queryLabel") },
});

const runButton = button(t("run"), { id: "run", "aria-keyshortcuts": "Control+Enter", onclick: () => run() });
const stopButton = button(t("stop"), { id: "stop", class: "quiet", disabled: true, onclick: () => stop() });
const shareButton = button(t("share"), { class: "quiet", onclick: () => copy(permalink(), status) });
const status = element("span", { role: "status", class: "run-status" }, t("limit", { seconds: number(limitSeconds) }));

/** Puts the editor, its buttons and panels where the page has room for them, so that nothing moves. */
function takeOver() {
  const plain = form.querySelector("[data-plain]");
  const room = field.closest("p");
  const actions = element("div", { class: "query-actions" }, runButton, stopButton, shareButton, status);
  host.style.height = host.style.minHeight = `${room.offsetHeight}px`;
  actions.style.minHeight = `${plain.offsetHeight}px`;
  field.value = editor.text();
  field.removeAttribute("required");
  room.hidden = plain.hidden = true;
  form.prepend(host);
  form.append(actions);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  const choose = (query) => {
    editor.replace(query);
    editor.focus();
  };
  document.getElementById("panels").append(
    examplesPanel(context, vocabulary, choose),
    historyPanel(context, choose),
    samplesPanel(
      { t, endpoint: settings.publicEndpoint, copy },
      editor.text,
      () => acceptFor(formOf(editor.text())) !== RESULTS,
    ),
  );
  for (const link of document.querySelectorAll("header a[hreflang]"))
    link.addEventListener("click", () => keepQuery(link));
  if (settings.problem) mark(settings.problem);
  else if (settings.answered) keepAnswer();
  if (given) run();
  vocabulary.then((found) => {
    context.prefixes = found.prefixes;
  });
  document.documentElement.dataset.editor = "ready";
}

/** Leaves the answer that the server wrote, with a way to its other views. */
function keepAnswer() {
  const more = ["chart", "network", "raw"].map((view) => button(t(view), { class: "quiet", onclick: () => run(view) }));
  document.getElementById("views")?.append(...more);
}

/** Takes the query along to the page in another language, by way of the address that remembers the language. */
function keepQuery(link) {
  if (editor.text() === settings.example) return;
  const fields = new URLSearchParams({ query: editor.text() }).toString();
  const long = fields.length >= LONGEST_ADDRESS;
  const address = new URL(link.href);
  const back = address.searchParams.get("back");
  if (back !== null) address.searchParams.set("back", `${location.pathname}${long ? "" : `?${fields}`}`);
  else if (!long) address.searchParams.set("query", editor.text());
  else address.searchParams.delete("query");
  address.hash = long ? fields : ""; // a redirect keeps it
  link.href = address;
}

/** SELECT, ASK, CONSTRUCT or DESCRIBE. */
function formOf(text) {
  const found = tokens(text).find(
    (token) => token.kind === "word" && /^(SELECT|ASK|CONSTRUCT|DESCRIBE)$/i.test(token.text),
  );
  return found?.text.toUpperCase() ?? "SELECT";
}

async function run(view = "table") {
  stop();
  const query = editor.text();
  const controller = new AbortController();
  const began = performance.now();
  running = controller;
  editor.clearErrors();
  setRunning(true);
  const elapsed = () => performance.now() - began;
  const seconds = () => number(Math.round(elapsed() / 100) / 10);
  const time = () => (elapsed() < 1000 ? `${number(Math.max(1, Math.round(elapsed())))} ms` : `${seconds()} s`);
  const clock = setInterval(() => {
    status.textContent = t("running", { seconds: seconds(), limit: number(limitSeconds) });
  }, 100);
  try {
    await answer(query, controller.signal, view);
    status.textContent = t("done", { time: time() });
    bringIntoView();
    remember(query);
    history.replaceState(null, "", permalink());
  } catch (error) {
    if (controller.signal.aborted) status.textContent = t("stopped", { time: time() });
    else fail(error);
  } finally {
    clearInterval(clock);
    if (running === controller) {
      running = null;
      setRunning(false);
    }
  }
}

/** Scrolls to the answer when the query fills the window, because somebody new would not look for it below. */
function bringIntoView() {
  const top = section.getBoundingClientRect().top;
  if (top > window.innerHeight - 120) window.scrollBy({ top: top - window.innerHeight / 2 });
}

async function answer(query, signal, view) {
  const accept = acceptFor(formOf(query));
  const { text } = await ask(endpoint, query, { accept, signal, language });
  const result = accept === RESULTS ? readRows(text) : readTriples(text);
  Object.assign(result, { text });
  if (!result.rows.length) {
    const { explanation } = await ask(endpoint, query, { accept, signal, language, explain: true });
    showEmpty(section, explanation, context);
    return;
  }
  showResult(section, result, { ...context, query }, view);
}

function fail(error) {
  status.textContent = t("failed");
  if (error instanceof Problem) mark(error.problem, true);
  else if (error instanceof TooLong) showNote(section, t("tooLong"), context);
  else showNote(section, t("unreachable"), context);
}

function mark(problem, shown = false) {
  const place = { ...problem, message: problem.detail };
  const goTo = (event) => {
    event?.preventDefault();
    editor.mark(place);
    editor.focus();
  };
  if (problem.line) editor.mark(place);
  if (shown) showProblem(section, problem, context, goTo);
}

/** Ends the connection; the service then ends the query. */
function stop() {
  running?.abort();
}

function setRunning(on) {
  stopButton.disabled = !on;
  section.setAttribute("aria-busy", String(on));
  if (on) status.textContent = t("running", { seconds: number(0), limit: number(limitSeconds) });
}

/** An address that shows this query; a long one stays behind the #, because servers and proxies refuse long addresses. */
function permalink() {
  const fields = new URLSearchParams({ query: editor.text() }).toString();
  return location.origin + location.pathname + (fields.length < LONGEST_ADDRESS ? "?" : "#") + fields;
}

async function copy(text, place) {
  try {
    await navigator.clipboard.writeText(text);
    place.textContent = t("copied");
  } catch {
    place.textContent = text; // without permission to copy, the text itself
  }
}

takeOver();
