import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, MOST, N, SLIDERS, solve } from "./model.js";

const NOISE = { off: "none", on: "Gumbel" };
const EACH = Array.from({ length: N }, (_, i) => i);

/** The errors in a box of 1000 by 100, from 10 down to 1e-9 on a log scale. */
const [HIGH, LOW] = [1, -9];
const xOf = (k) => 30 + (940 * (k - 1)) / (MOST - 1);
const yOf = (error) => 6 + (88 * (HIGH - Math.max(LOW, Math.log10(Math.max(error, 1e-30))))) / (HIGH - LOW);

/** A number between 0 and 1 in few characters; what is not quite 0 or 1 does not look like it. */
const share = (p) => (p > 0 && p < 0.005 ? "<.01" : p < 1 && p > 0.995 && p < 0.99999 ? ">.99" : fixed(p));

/** An error: three decimals, or its power of ten. */
export function small(e) {
  if (e >= 0.0005) return fixed(e, 3);
  return e < 1e-9 ? "below 10⁻⁹" : `about 10⁻${"⁰¹²³⁴⁵⁶⁷⁸⁹"[Math.round(-Math.log10(e))]}`;
}

const pairs = (columns) => columns.map((j, i) => `${i}→${j}`).join(", ");

/** What the matrix says, in a sentence. */
export function verdict(s, r) {
  if (!s.n_iters) return "Before the first iteration: the exponentials, divided by the largest of them. Rows and columns sum to anything.";
  const rounding = r.agrees
    ? "The largest entry of each row is the best matching."
    : r.collides
      ? "The largest entries of the rows collide: they are no matching."
      : "The largest entries of the rows are a matching, but not the best one.";
  return `${fixed(100 * r.mass, 0)} % of the matrix lies on the best matching. ${rounding}`;
}

const sums = (s, r) =>
  s.n_iters ? `Row sums miss 1 by at most ${small(r.errors[s.n_iters - 1])}; column sums, made last, are 1.` : "";

export function speech(s) {
  const r = solve(s);
  return `${s.n_iters} iterations at temperature ${fixed(s.tau, 3)}. Best matching ${pairs(r.match.columns)}. ${verdict(s, r)} ${sums(s, r)}`;
}

/** Every part that moves. */
export function parts(s, r) {
  const k = Math.max(1, s.n_iters);
  const out = {
    best: { text: pairs(r.match.columns) },
    total: { text: fixed(r.match.total) },
    lead: { text: fixed(r.match.lead) },
    verdict: { text: verdict(s, r) },
    sums: { text: sums(s, r) },
    chart: { "aria-label": `The largest error of a row sum over ${MOST} iterations, on a log scale: ${small(r.errors[0])} after one, ${small(r.errors.at(-1))} after ${MOST}.` },
    curve: { d: line(r.errors.map((e, i) => [xOf(i + 1), yOf(e)])) },
    here: { d: s.n_iters ? dots([[xOf(k), yOf(r.errors[k - 1])]]) : "" },
    now: { d: s.n_iters ? `M${at(xOf(k))} 6V94` : "" },
  };
  for (const i of EACH) {
    out[`row${i}`] = { text: fixed(r.rowSums[i], 3), class: Math.abs(r.rowSums[i] - 1) > 0.0005 ? "rp-off" : "" };
    out[`column${i}`] = { text: fixed(r.columnSums[i]), class: Math.abs(r.columnSums[i] - 1) > 0.0005 ? "rp-off" : "" };
    for (const j of EACH) {
      const side = at(100 * Math.sqrt(r.y[i][j]));
      out[`cell${i}${j}`] = { class: r.match.columns[i] === j ? "rp-cell rp-best" : "rp-cell" };
      out[`square${i}${j}`] = { style: `width:${side}%;height:${side}%` };
      out[`y${i}${j}`] = { text: share(r.y[i][j]) };
      out[`x${i}${j}`] = { text: fixed(r.x[i][j], 1) };
    }
  }
  return out;
}

const cell = (p, i, j) => `<td ${place(p, `cell${i}${j}`)}><span class="rp-box"><i ${place(p, `square${i}${j}`)}></i></span>${say(p, `y${i}${j}`, "rp-y")}${say(p, `x${i}${j}`, "rp-x")}</td>`;
const sum = (p, name) => `<td><span ${place(p, name)}>${escape(p[name].text)}</span></td>`;

const map = (p) => `<table><thead><tr><td></td>${EACH.map((j) => `<th scope="col">col ${j}</th>`).join("")}<th scope="col">sum</th></tr></thead>
    <tbody>${EACH.map((i) => `<tr><th scope="row">row ${i}</th>${EACH.map((j) => cell(p, i, j)).join("")}${sum(p, `row${i}`)}</tr>`).join("")}
    <tr class="rp-sums"><th scope="row">sum</th>${EACH.map((j) => sum(p, `column${j}`)).join("")}<td></td></tr></tbody></table>
  <p class="rp-verdict rp-legend"><i class="rp-full"></i>area: the entry <i class="rp-frame"></i>best matching <span class="rp-x">small: the score</span></p>`;

const chart = (p) => `<p class="rp-name">largest error of a row sum, by iteration</p>
  <div class="rp-fig rp-chart"><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" ${place(p, "chart")}>
    <path class="rp-grid" d="M0 ${at(yOf(1))}H1000M0 ${at(yOf(1e-4))}H1000M0 ${at(yOf(1e-8))}H1000"/><path class="rp-now" ${place(p, "now")}/>
    <path class="rp-curve" ${place(p, "curve")}/><path class="rp-here" ${place(p, "here")}/></svg>
    ${[["1", 1], ["10⁻⁴", 1e-4], ["10⁻⁸", 1e-8]].map(([text, e]) => tag(text, 0, yOf(e), "rp-left")).join("")}</div>`;

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s, solve(s));
  const buttons = [["replay", "Replay"], ["cool", "Cool down"], ["new", "New noise"]];
  return `<div class="rp-widget rp-sinkhorn" role="group" aria-label="${escape(title)}">
    <div class="rp-split"><div>${map(p)}</div>
      <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
        ${radioBox("noise", "noise", NOISE, s.noise, live)}${buttonRow(buttons, live)}
        ${chart(p)}
        <p class="rp-verdict">${say(p, "verdict")} ${say(p, "sums")}</p>
        <p class="rp-verdict">Best of the 120 matchings: <strong>${say(p, "best")}</strong>, total ${say(p, "total")}; the next is ${say(p, "lead")} behind.</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
