// Results as a table: a label beside each IRI, a hundred rows at a time.

import { button, element } from "./dom.js";
import { pageOf, shortName } from "./terms.js";

const ROWS = 100;

/** Draws one page of the table into `place`; `context` has words, labels, prefixes, prefix, language. */
export function drawTable(place, result, context, page = 1) {
  const { t, number } = context;
  const last = Math.max(1, Math.ceil(result.rows.length / ROWS));
  const first = (page - 1) * ROWS;
  const shown = result.rows.slice(first, first + ROWS);
  const body = element("tbody", {}, ...shown.map((row) => rowOf(row, context)));
  const heads = result.columns.map((column, at) =>
    element("th", { scope: "col", class: isNumeric(shown, at, context) ? "number" : null }, column),
  );
  const table = element("table", { class: "results" }, element("thead", {}, element("tr", {}, ...heads)), body);
  const wide = element("div", { class: "wide", role: "region", "aria-label": t("table"), tabindex: "0" }, table);
  const turn = (text, to) =>
    button(text, {
      class: "quiet",
      disabled: to < 1 || to > last,
      onclick: () => drawTable(place, result, context, to),
    });
  const pager = element(
    "nav",
    { class: "pager", "aria-label": t("pages") },
    turn(t("previous"), page - 1),
    element(
      "span",
      {},
      t("rowsShown", {
        first: number(first + 1),
        last: number(first + shown.length),
        total: number(result.rows.length),
      }),
    ),
    turn(t("next"), page + 1),
  );
  place.replaceChildren(wide, ...(last > 1 ? [pager] : []));
  nameThings(body, shown, context);
}

const isNumeric = (rows, at, { isNumber }) =>
  rows.some((row) => row[at]) && rows.every((row) => !row[at] || isNumber(row[at]));

function rowOf(row, context) {
  return element(
    "tr",
    {},
    ...row.map((term) =>
      element("td", term && context.isNumber(term) ? { class: "number" } : {}, cellOf(term, context)),
    ),
  );
}

function cellOf(term, { prefix, prefixes, language, labels }) {
  if (term === null) return "";
  if (term.type === "uri") return thing(term.value, labels.get(term.value), { prefix, prefixes, language });
  if (term.type === "bnode") return element("code", {}, `_:${term.value}`);
  const text = element("span", term.language && term.language !== language ? { lang: term.language } : {}, term.value);
  return term.language && term.language !== language
    ? element("span", {}, text, " ", element("abbr", { class: "tag" }, term.language))
    : text;
}

function thing(iri, label, { prefix, prefixes, language }) {
  const short = shortName(iri, prefixes);
  const href = pageOf(iri, prefix, Boolean(label));
  const name = label?.text ?? short;
  const lang = label?.language && label.language !== language ? label.language : null;
  const link = href ? element("a", { href, lang, title: iri }, name) : element("span", { lang, title: iri }, name);
  return element(
    "span",
    { "data-iri": iri },
    link,
    ...(label ? [" ", element("code", { class: "iri" }, short.startsWith("http") ? `<${short}>` : short)] : []),
  );
}

/** Asks for the labels of the shown things, and puts them beside the IRIs when they come. */
async function nameThings(body, rows, context) {
  const iris = new Set(
    rows
      .flat()
      .filter((term) => term?.type === "uri" && !context.labels.has(term.value))
      .map((term) => term.value),
  );
  if (!iris.size) return;
  await context.findLabels([...iris]);
  for (const cell of body.querySelectorAll("[data-iri]")) {
    const iri = cell.getAttribute("data-iri");
    if (context.labels.get(iri)) cell.replaceWith(thing(iri, context.labels.get(iri), context));
  }
}
