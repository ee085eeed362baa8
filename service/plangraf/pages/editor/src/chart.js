// Results as a chart: bars for names, a line for years and dates; one column against a column of numbers.

import { drawn, element } from "./dom.js";
import { isTime, numberOf } from "./terms.js";

const MOST_BARS = 40;
const MOST_POINTS = 400;
const BAR = 26;
const WIDTH = 720;

/** The columns that a chart can use: `{numbers, names}`, positions of columns. */
export function chartColumns(result) {
  const of = (test) =>
    result.columns
      .map((_, at) => at)
      .filter((at) => {
        const cells = result.rows.map((row) => row[at]).filter(Boolean);
        return cells.length > 0 && cells.every(test);
      });
  const numbers = of((term) => numberOf(term) !== null);
  const names = result.columns.map((_, at) => at).filter((at) => result.rows.some((row) => row[at]));
  return { numbers, names, times: of((term) => isTime(term)) };
}

/** Draws a chart with the choice of its two columns into `place`. */
export function drawChart(place, result, context) {
  const { t } = context;
  const { numbers, names, times } = chartColumns(result);
  if (!numbers.length || names.length < 2) {
    place.replaceChildren(element("p", { class: "note" }, t("noChart")));
    return;
  }
  const value = numbers.at(-1);
  const others = names.filter((at) => at !== value);
  const choice = {
    value,
    name: times.find((at) => at !== value) ?? others.find((at) => !numbers.includes(at)) ?? others[0],
  };
  const figure = element("figure", { class: "chart" });
  const pick = (key, label, columns) => {
    const options = columns.map((at) =>
      element("option", { value: at, selected: at === choice[key] }, result.columns[at]),
    );
    const select = element(
      "select",
      {
        onchange: (event) => {
          choice[key] = Number(event.target.value);
          redraw();
        },
      },
      ...options,
    );
    return element("label", {}, `${label} `, select);
  };
  const redraw = () => figure.replaceChildren(...chart(result, choice, times.includes(choice.name), context));
  place.replaceChildren(
    element("div", { class: "choices" }, pick("name", t("along"), names), pick("value", t("value"), numbers)),
    figure,
  );
  redraw();
}

function chart(result, { name, value }, timed, context) {
  const { t, number } = context;
  const all = result.rows
    .filter((row) => row[name] && row[value])
    .map((row) => ({ text: context.nameOf(row[name]), value: numberOf(row[value]), of: row[name] }));
  const most = timed ? MOST_POINTS : MOST_BARS;
  const points = timed ? all.sort((a, b) => a.of.value.localeCompare(b.of.value)).slice(0, most) : all.slice(0, most);
  const title = t("chartTitle", { value: result.columns[value], name: result.columns[name] });
  const picture = timed ? line(points, title, context) : bars(points, title, context);
  const cut =
    all.length > most
      ? element("p", { class: "note" }, t("firstOnly", { num: number(most), total: number(all.length) }))
      : null;
  return [picture, element("figcaption", {}, title, ". ", t("sameInTable")), cut].filter(Boolean);
}

function bars(points, title, { number }) {
  const height = points.length * BAR + 8;
  const low = Math.min(0, ...points.map((point) => point.value));
  const high = Math.max(0, ...points.map((point) => point.value)) || 1;
  const left = 262;
  const x = (amount) => left + ((amount - low) / (high - low)) * (WIDTH - left - 90);
  const rows = points.map((point, at) => {
    const y = at * BAR + 4;
    const from = Math.min(x(0), x(point.value));
    return drawn(
      "g",
      {},
      drawn("title", {}, `${point.text}: ${number(point.value)}`),
      drawn("text", { x: left - 8, y: y + 16, "text-anchor": "end", class: "name" }, cut(point.text, 34)),
      drawn("rect", {
        x: from,
        y: y + 2,
        width: Math.max(1, Math.abs(x(point.value) - x(0))),
        height: BAR - 6,
        class: "bar",
      }),
      drawn("text", { x: Math.max(x(0), x(point.value)) + 6, y: y + 16, class: "amount" }, number(point.value)),
    );
  });
  return drawn("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title }, ...rows);
}

function line(points, title, { number }) {
  const height = 320;
  const [left, right, top, bottom] = [70, 20, 16, 40];
  const values = points.map((point) => point.value);
  const ticks = scale(Math.min(0, ...values), Math.max(...values, 0) || 1);
  const [low, high] = [ticks[0], ticks.at(-1)];
  const x = (at) => left + (points.length < 2 ? 0 : (at / (points.length - 1)) * (WIDTH - left - right));
  const y = (amount) => height - bottom - ((amount - low) / (high - low)) * (height - top - bottom);
  const every = Math.ceil(points.length / 10);
  return drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title },
    ...ticks.map((tick) =>
      drawn(
        "g",
        {},
        drawn("line", { x1: left, x2: WIDTH - right, y1: y(tick), y2: y(tick), class: "grid" }),
        drawn("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end", class: "amount" }, number(tick)),
      ),
    ),
    drawn("polyline", { points: points.map((point, at) => `${x(at)},${y(point.value)}`).join(" "), class: "line" }),
    ...points.map((point, at) =>
      drawn(
        "g",
        {},
        drawn(
          "circle",
          { cx: x(at), cy: y(point.value), r: 4, class: "point" },
          drawn("title", {}, `${point.text}: ${number(point.value)}`),
        ),
        at % every
          ? null
          : drawn(
              "text",
              { x: x(at), y: height - bottom + 20, "text-anchor": "middle", class: "name" },
              cut(point.text, 12),
            ),
      ),
    ),
  );
}

/** About five round numbers from below the lowest to above the highest. */
function scale(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const found = [];
  for (let tick = Math.floor(low / size) * size; tick < high + size * 0.999; tick += size)
    found.push(Number(tick.toPrecision(12)));
  return found;
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
