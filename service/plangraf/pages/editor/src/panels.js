// The folded parts beside the editor: examples, history, and the query in programs.

import { button, element } from "./dom.js";
import { forget, remembered } from "./history.js";
import { SAMPLES } from "./samples.js";

/** A folded part that is filled when it is first opened. */
function folded(title, fill, again = false) {
  const body = element("div", { class: "folded" });
  let filled = false;
  const part = element("details", {}, element("summary", {}, title), body);
  part.addEventListener("toggle", () => {
    if (!part.open || (filled && !again)) return;
    filled = true;
    fill(body, part);
  });
  return part;
}

/** The examples with a search through titles and descriptions; `choose` takes the query of one. */
export function examplesPanel({ t, language }, vocabulary, choose) {
  return folded(t("examples"), async (body, part) => {
    const { examples } = await vocabulary;
    const list = element("ul", { class: "choices-list" });
    const show = (wanted) => {
      const words = wanted.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      const fit = examples.filter((one) => words.every((word) => one.text.includes(word)));
      list.replaceChildren(
        ...fit.map((one) =>
          exampleItem(one, language, () => {
            part.open = false;
            choose(one.query);
          }),
        ),
      );
      if (!fit.length) list.append(element("li", {}, t("noExample")));
    };
    examples.forEach((one) => {
      one.text = `${one.name} ${Object.values(one.title).join(" ")} ${one.description}`.toLocaleLowerCase();
    });
    const input = element("input", {
      type: "search",
      "aria-label": t("findExample"),
      placeholder: t("findExample"),
      oninput: (event) => show(event.target.value),
    });
    body.replaceChildren(input, list);
    show("");
    input.focus();
  });
}

function exampleItem({ title: titles, description }, language, choose) {
  const lang = language in titles ? language : Object.keys(titles)[0];
  const title = titles[lang];
  return element(
    "li",
    {},
    button(title, { class: "link", lang: lang === language ? null : lang, onclick: choose }),
    description === title ? null : element("p", { lang: language === "en" ? null : "en" }, description),
  );
}

/** The queries that ran in this browser; `choose` takes one. */
export function historyPanel({ t, language }, choose) {
  const fill = (body, part) => {
    const all = remembered();
    const items = all.map(({ query, at }) => {
      const when = new Date(at).toLocaleString(language);
      const line = query
        .split("\n")
        .filter((one) => !/^\s*(PREFIX|BASE|#|$)/i.test(one))
        .join(" ")
        .replace(/\s+/g, " ")
        .slice(0, 140);
      return element(
        "li",
        {},
        button(line || query.slice(0, 140), {
          class: "link code",
          onclick: () => {
            part.open = false;
            choose(query);
          },
        }),
        element("p", {}, when),
      );
    });
    const clear = button(t("forget"), {
      class: "quiet",
      onclick: () => {
        forget();
        fill(body, part);
      },
    });
    body.replaceChildren(
      element("p", { class: "note" }, all.length ? t("historyHere") : t("historyEmpty")),
      element("ul", { class: "choices-list" }, ...items),
      ...(all.length ? [clear] : []),
    );
  };
  return folded(t("history"), fill, true);
}

/** The present query in programs; `query` gives its text, `isTriples` says whether it answers with triples. */
export function samplesPanel({ t, endpoint, copy }, query, isTriples) {
  const fill = (body) => {
    const shown = element("pre", { tabindex: "0" });
    const select = element(
      "select",
      { "aria-label": t("language"), onchange: () => show() },
      ...SAMPLES.map(([name], at) => element("option", { value: at }, name)),
    );
    const show = () => {
      shown.textContent = SAMPLES[select.value][1](endpoint, query(), isTriples());
    };
    const done = element("span", { role: "status" });
    body.replaceChildren(
      element(
        "div",
        { class: "choices" },
        select,
        button(t("copy"), { class: "quiet", onclick: () => copy(shown.textContent, done) }),
        done,
      ),
      shown,
    );
    show();
  };
  return folded(t("programs"), fill, true);
}
