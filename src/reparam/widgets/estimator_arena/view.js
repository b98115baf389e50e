import { buttonRow, foot, selectBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, say, tag } from "../kit/svg.js";
import { escape, fixed, nice } from "../kit/text.js";
import { clean, COSTS, COUNTS, DRAWS, measure, noise, SLIDERS, WAYS, winner } from "./model.js";

/** Two plots over n, logarithmic. */
const [HEIGHT, TOP, BOTTOM, LEFT] = [230, 28, 200, 140];
const MIDDLE = (TOP + BOTTOM) / 2;
const NAMES = {
  score: "score function", best: "score, best constant", loo: "score, leave-one-out",
  relaxed: "relaxed", through: "straight-through", rebar: "REBAR",
};
const xOf = (n) => LEFT + (Math.log(n / 2) / Math.log(DRAWS / 2)) * (985 - LEFT);

/** Two significant digits. */
export const amount = (x) => String(x < 1e-9 ? 0 : Number(x.toPrecision(2)));

/** The decades that hold the curves, seven at most. */
export function decades(curves) {
  const values = curves.flat().filter((v) => v > 1e-9);
  if (!values.length) return [-1, 1];
  const high = Math.ceil(Math.log10(Math.max(...values)));
  return [Math.max(high - 6, Math.min(high - 1, Math.floor(Math.log10(Math.min(...values))))), high];
}

/** The n from which `other` has less error than the biased `row`, or null. */
export function overtaken(row, other) {
  const ahead = (n) => row.mse(n) < other.mse(n);
  let [low, high] = [2, 1e7];
  if (!ahead(low) || ahead(high)) return null;
  for (let i = 0; i < 60; i += 1) {
    const middle = Math.sqrt(low * high);
    if (ahead(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** What the numbers say. */
export function verdict(s, r) {
  const error = (way) => r.rows[way].mse(s.n);
  const said = (way) => `${amount(error(way))} (${NAMES[way]})`;
  const last = s.ways.reduce((worst, way) => (error(way) > error(worst) ? way : worst));
  const times = error(last) / error(winner(s, r));
  const row = r.rows[winner(s, r)];
  const rivals = s.ways.filter((way) => !r.rows[way].biasSe).map((way) => overtaken(row, r.rows[way]) ?? 1e7);
  const soon = Math.min(...rivals, 1e7);
  const doomed = row.bias > 2 * row.biasSe && soon < 1e7;
  return `With n = ${s.n} the least mean squared error is ${said(winner(s, r))}` +
    (times > 1.05 && times < 1e9 ? `, the largest ${said(last)}: ${amount(times)} times as much.` : ".") +
    (doomed ? ` Its bias stays: from n of about ${Math.ceil(soon)} on an unbiased one is better.` : "");
}

export const speech = (state) => verdict(state, measure(state, noise(state)));

/** One plot; `levels` are `[text, value]`. */
function plot(label, title, levels, y, paths, s) {
  const marks = levels.map(([text, v]) => tag(text, 13, (y(v) / HEIGHT) * 100, "rp-mark"));
  const ticks = [2, 10, 100, 1000].map((n) => tag(String(n), xOf(n) / 10, 94)).join("");
  return `<div class="rp-fig"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${escape(label)}">
    <path class="rp-grid" d="${levels.map(([, v]) => `M${LEFT} ${at(y(v))}H985`).join("")}"/><path class="rp-axis" d="M${LEFT} ${BOTTOM}H985"/>
    <path class="rp-now" d="M${at(xOf(s.n))} ${TOP - 6}V${BOTTOM}"/>${paths}</svg>
    ${marks.join("")}${ticks}${tag("n", xOf(320) / 10, 94)}<span class="rp-tag rp-left" style="top:4%">${title}</span></div>`;
}

/** Both plots; `share` of the draws have come in. */
export function plots(s, r, share = 1) {
  const rows = s.ways.map((way) => r.rows[way]);
  const errors = rows.map((row) => COUNTS.map(row.mse));
  const [low, high] = decades(errors);
  const yMse = (v) => BOTTOM - Math.max(-0.02, (Math.log10(Math.max(v, 1e-99)) - low) / (high - low)) * (BOTTOM - TOP);
  const far = rows.flatMap((row) => row.mean.slice(20).map((m) => Math.abs(m - r.truth)));
  const limit = nice(Math.max(...far, 0.2 * Math.abs(r.truth)));
  const yMean = (m) => MIDDLE - Math.max(-1.04, Math.min(1.04, (m - r.truth) / limit)) * (MIDDLE - TOP);
  const now = COUNTS.findLastIndex((n) => n <= s.n);
  const [means, curves] = [[], []];
  rows.forEach((row, i) => {
    const path = (kind, d) => `<path class="${kind} rp-is-${s.ways[i]}" d="${d}"/>`;
    const x = at(xOf(s.n) + (i - (rows.length - 1) / 2) * 8);
    const [m, bar] = [row.mean[now], 2 * row.se(s.n)];
    means.push(path("rp-curve", line(row.mean.slice(0, 2 + Math.round(share * COUNTS.length)).map((v, j) => [xOf(COUNTS[j]), yMean(v)]))), path("rp-bar", `M${x} ${at(yMean(m - bar))}V${at(yMean(m + bar))}`));
    curves.push(path("rp-curve", line(COUNTS.map((n, j) => [xOf(n), yMse(errors[i][j])]))), path("rp-spot", dots([[xOf(s.n), yMse(row.mse(s.n))]])));
  });
  means.push(`<path class="rp-truth" d="M${LEFT} ${MIDDLE}H985"/>`);
  const title = `mean of n draws, logit ${r.component}`;
  return plot(`${title}; exact ${fixed(r.truth, 3)}`, title,
    [-limit, 0, limit].map((d) => [fixed(r.truth + d, 3), r.truth + d]), yMean, means.join(""), s) +
    plot(`Mean squared error against n. ${verdict(s, r)}`, "mean squared error",
      Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`)).map((v) => [v < 0.01 ? v.toExponential() : String(v), v]), yMse, curves.join(""), s);
}

export function parts(s, r) {
  const out = { count: { text: `${s.n}` }, verdict: { text: verdict(s, r) } };
  const best = winner(s, r);
  for (const way of WAYS) {
    const row = r.rows[way];
    const cell = (name, text) => (out[`${name}-${way}`] = { text: s.ways.includes(way) ? text : "" });
    cell("bias", row.biasSe ? `${fixed(row.bias, 3)} ± ${fixed(2 * row.biasSe, 3)}` : "0");
    cell("variance", amount(row.variance(s.n)));
    cell("mse", amount(row.mse(s.n)) + (way === best ? ", least" : ""));
  }
  return out;
}

function row(p, way, state, live) {
  const on = state.ways.includes(way);
  const box = live ? `<input type="checkbox" data-way="${way}"${on ? " checked" : ""}>` : `<i class="rp-box">${on ? "☑" : "☐"}</i>`;
  const cells = ["bias", "variance", "mse"].map((name) => `<td>${say(p, `${name}-${way}`)}</td>`).join("");
  return `<tr class="rp-is-${way}"><th scope="row"><label>${box}<i class="rp-key"></i>${NAMES[way]}</label></th>${cells}</tr>`;
}

/** The whole widget; `live` as in the controls. */
export function markup(state, title, live = "") {
  const r = measure(state, noise(state));
  const p = parts(state, r);
  const costs = Object.fromEntries(Object.entries(COSTS).map(([key, cost]) => [key, cost.text]));
  return `<div class="rp-widget rp-estimator-arena" role="group" aria-label="${escape(title)}">
    ${selectBox("cost", "cost f(z)", costs, state.cost, live)}<div class="rp-plots">${plots(state, r)}</div>
    <table><thead><tr><th scope="col">estimator</th><th scope="col">bias ± 2 se</th><th scope="col">variance, n = ${say(p, "count")}</th><th scope="col">mean sq. error</th></tr></thead>
      <tbody>${WAYS.map((way) => row(p, way, state, live)).join("")}</tbody></table>
    <p class="rp-verdict">${say(p, "verdict")}</p>
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, state[slider.key], live)).join("")}
      ${buttonRow([["replay", "Replay"], ["noise", "New noise"], ["problem", "New problem"]], live)}</div>${foot(live)}</div>`;
}

/** The first picture, without controls. */
export const still = (state) => markup(clean(state), state.title ?? "");
