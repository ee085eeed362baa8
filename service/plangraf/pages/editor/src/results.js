// The part below the editor: the answer as table, chart, network or text, its downloads, and what went wrong.

import { drawChart } from "./chart.js";
import { element } from "./dom.js";
import { drawNetwork } from "./network.js";
import { drawTable } from "./table.js";

const VIEWS = [
  ["table", (place, result, context) => drawTable(place, result, context)],
  ["chart", drawChart],
  ["network", drawNetwork],
  ["raw", (place, result) => place.replaceChildren(element("pre", { tabindex: "0", class: "raw" }, pretty(result)))],
];
const LONGEST_RAW = 400_000;

/** Shows a result; `view` names the first view. */
export function showResult(section, result, context, view = "table") {
  const { t } = context;
  const panel = element("div", { role: "tabpanel", id: "view", "aria-labelledby": `tab-${view}` });
  const tabs = VIEWS.map(([name]) =>
    element(
      "button",
      { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "view", onclick: () => open(name) },
      t(name),
    ),
  );
  const open = (name, focus = false) => {
    tabs.forEach((tab) => {
      const chosen = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen && focus) tab.focus();
    });
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    VIEWS.find(([one]) => one === name)[1](panel, result, context);
  };
  const list = element("div", { role: "tablist", "aria-label": t("views") }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    open(VIEWS[(at + by + VIEWS.length) % VIEWS.length][0], true);
  });
  section.replaceChildren(
    heading(t("results")),
    element("div", { class: "results-head" }, list, downloads(result, context)),
    panel,
  );
  open(view);
}

const heading = (text) => element("h2", { id: "results-title", tabindex: "-1" }, text);

function downloads(result, { t, formats, endpoint, query }) {
  const offered = result.triples ? formats.triples : result.boolean === undefined ? formats.rows : formats.boolean;
  const links = offered.map(({ name, label, suffix }) => {
    const href = `${endpoint}?${new URLSearchParams({ query, format: name })}`;
    return element("a", { href, download: `plangraf.${suffix}` }, label);
  });
  return element(
    "p",
    { class: "downloads" },
    `${t("download")}: `,
    ...links.flatMap((link, at) => (at ? [" · ", link] : [link])),
  );
}

function pretty({ text, triples }) {
  const shown = triples || text.length > LONGEST_RAW ? text : JSON.stringify(JSON.parse(text), null, 2);
  return shown.length > LONGEST_RAW ? `${shown.slice(0, LONGEST_RAW)}\n…` : shown;
}

/** Says that an answer has no rows, and why as far as the service found out. */
export function showEmpty(section, explanation, { t }) {
  section.replaceChildren(
    heading(t("results")),
    element(
      "div",
      { class: "notice" },
      element("p", {}, t("empty")),
      ...(explanation ? [element("p", {}, ...withCode(explanation))] : []),
    ),
  );
}

/** A text whose parts between backticks are code. */
const withCode = (text) => text.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));

/** Shows what went wrong; `goTo` moves the cursor to the place, when there is one. */
export function showProblem(section, problem, { t }, goTo) {
  const place = problem.line
    ? element(
        "p",
        {},
        element("a", { href: "#editor", onclick: goTo }, t("goToLine", { line: problem.line, column: problem.column })),
      )
    : null;
  section.replaceChildren(
    heading(t("failed")),
    element(
      "div",
      { class: "notice error", role: "alert" },
      ...(problem.title ? [element("p", {}, element("strong", {}, problem.title))] : []),
      element("p", {}, problem.detail ?? ""),
      ...(place ? [place] : []),
    ),
  );
}

/** Says something in place of a result. */
export function showNote(section, text, { t }) {
  section.replaceChildren(heading(t("results")), element("p", { class: "notice" }, text));
}
