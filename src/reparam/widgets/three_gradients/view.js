import { buttonRow, foot, radioBox, selectBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed, nice, short } from "../kit/text.js";
import { clean, COSTS, measure, METHODS, noise, SLIDERS, sweep } from "./model.js";

/** The curves in units of 1000 wide (k from 0.1 to 10, logarithmic) and pixels high. */
const HEIGHT = 250;
const [TOP, BOTTOM] = [26, 222];
const TICKS = [0.1, 0.3, 1, 3, 10];
const NAMES = { score: "score function", pathwise: "pathwise", measure: "measure-valued" };
const SUBTRACTED = { none: "none", mean: "mean cost", best: "best constant" };
const TINY = 1e-12;

const xOf = (k) => 70 + ((Math.log10(k) + 1) / 2) * 910;

/** Decades that hold the curves, at most six of them. */
export function decades(curves) {
  const values = curves.flatMap((row) => METHODS.map((name) => row[name])).filter((v) => v > TINY);
  if (!values.length) return [-1, 1];
  const high = Math.ceil(Math.log10(Math.max(...values)) - 1e-9);
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  return [Math.max(high - 6, Math.min(low, high - 1)), high];
}

const tenTo = (power) => `10${String(power).replace(/./g, (c) => ({ "-": "⁻" })[c] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])}`;

/** About three digits for numbers of any size. */
export function size(x) {
  if (Math.abs(x) < TINY) return "0";
  if (Math.abs(x) >= 0.01) return short(x);
  const power = Math.floor(Math.log10(Math.abs(x)));
  return `${fixed(x / 10 ** power, 1)}·${tenTo(power)}`;
}

/** One interval: the estimate with two standard errors, beside the exact value; all three share a scale. */
function interval(name, { mean, se }, exact, limit) {
  const x = (value) => 500 + Math.max(-1.04, Math.min(1.04, value / limit)) * 480;
  return {
    [`${name}-bar`]: { d: `M${at(x(mean - 2 * se))} 15H${at(x(mean + 2 * se))}` },
    [`${name}-dot`]: { d: dots([[x(mean), 15]]) },
    [`${name}-exact`]: { d: `M${at(x(exact))} 3V27` },
    [`${name}-mean`]: { text: `${size(mean)} ± ${size(2 * se)}` },
  };
}

/** What the numbers say, in two sentences. */
export function verdict(s, r) {
  const truth = `The exact gradient is ${size(r.gradient)}.`;
  if (COSTS[s.cost].jump) return `${truth} Pathwise answers 0 ± 0 whatever the draws: no variance, and wrong.`;
  const order = [...METHODS].sort((a, b) => r.variance[a] - r.variance[b]);
  const [low, high] = [r.variance[order[0]], r.variance[order[2]]];
  if (low < TINY) return `${truth} ${NAMES[order[0]]} has no variance here, ${NAMES[order[2]]} the most, ${size(high)}.`;
  return `${truth} To be equally precise, ${NAMES[order[2]]} needs ${short(high / low)} times the draws of ${NAMES[order[0]]}.`;
}

export function speech(state) {
  const r = measure(state, noise(state));
  const rows = METHODS.map((m) => `${NAMES[m]}: variance ${size(r.variance[m])}, estimate ${size(r.live[m].mean)} plus or minus ${size(2 * r.live[m].se)}`);
  return `${rows.join("; ")}. ${verdict(state, r)}`;
}

/** Every part that moves. */
export function parts(s, r, curves) {
  const [low, high] = decades(curves);
  const y = (v) => BOTTOM - Math.max(-0.02, (Math.log10(Math.max(v, 1e-300)) - low) / (high - low)) * (BOTTOM - TOP);
  const limit = nice(1.02 * Math.max(Math.abs(r.gradient), ...METHODS.map((m) => Math.abs(r.live[m].mean) + 2 * r.live[m].se)));
  const shown = Array.from({ length: 7 }, (_, i) => low + i).filter((p) => p <= high);
  const out = {
    svg: {
      "aria-label":
        `Variance of one estimate of the gradient in mu against k, both axes logarithmic, for the cost ${COSTS[s.cost].text}. At k = ${fixed(s.k)}: ` +
        METHODS.map((m) => `${NAMES[m]} ${size(r.variance[m])}`).join(", ") + ".",
    },
    grid: { d: shown.map((p) => `M70 ${at(y(10 ** p))}H980`).join("") },
    now: { d: `M${at(xOf(s.k))} ${TOP - 6}V${BOTTOM}` },
    truth: { text: size(r.gradient) },
    count: { text: `${r.shown}` },
    verdict: { text: verdict(s, r) },
    low: { text: size(-limit) },
    high: { text: size(limit) },
  };
  for (let i = 0; i < 7; i += 1) {
    const p = low + i;
    const text = p > high ? "" : tenTo(p);
    out[`decade${i}`] = { text, style: `top:${at((y(10 ** Math.min(p, high)) / HEIGHT) * 100)}%` };
  }
  for (const m of METHODS) {
    out[`curve-${m}`] = { d: line(curves.map((row) => [xOf(row.k), y(row[m])])) };
    out[`spot-${m}`] = { d: dots([[xOf(s.k), y(r.variance[m])]]) };
    out[`${m}-variance`] = { text: size(r.variance[m]) };
    Object.assign(out, interval(m, r.live[m], r.gradient, limit));
  }
  return out;
}

function picture(p) {
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  const ticks = TICKS.map((k) => tag(String(k), xOf(k) / 10, ((BOTTOM + 16) / HEIGHT) * 100)).join("");
  return `<div class="rp-fig"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      ${path("grid", "rp-grid")}<path class="rp-axis" d="M70 ${BOTTOM}H980"/>${path("now", "rp-now")}
      ${METHODS.map((m) => path(`curve-${m}`, `rp-curve rp-is-${m}`) + path(`spot-${m}`, `rp-spot rp-is-${m}`)).join("")}</svg>
    ${Array.from({ length: 7 }, (_, i) => say(p, `decade${i}`, "rp-tag rp-decade")).join("")}${ticks}
    <span class="rp-tag rp-left" style="top:3%">variance of one draw</span>
    ${tag("k", (xOf(3) + xOf(10)) / 20, ((BOTTOM + 16) / HEIGHT) * 100)}</div>`;
}

function row(p, m) {
  return `<tr class="rp-is-${m}"><th scope="row"><i class="rp-key"></i>${NAMES[m]}</th><td>${say(p, `${m}-variance`)}</td><td>${say(p, `${m}-mean`)}</td>
    <td class="rp-interval"><svg viewBox="0 0 1000 30" preserveAspectRatio="none" aria-hidden="true"><path class="rp-axis" d="M0 15H1000M500 9V21"/>
      <path class="rp-bar" ${place(p, `${m}-bar`)}/><path class="rp-estimate" ${place(p, `${m}-dot`)}/><path class="rp-truth" ${place(p, `${m}-exact`)}/></svg></td></tr>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(state, title, live = "") {
  const p = parts(state, measure(state, noise(state)), sweep(state));
  const costs = Object.fromEntries(Object.entries(COSTS).map(([key, cost]) => [key, cost.text]));
  return `<div class="rp-widget rp-three-gradients" role="group" aria-label="${escape(title)}">
    <div class="rp-top">${selectBox("cost", "cost f(z)", costs, state.cost, live)}
      ${radioBox("baseline", "score’s baseline", SUBTRACTED, state.baseline, live)}</div>
    ${picture(p)}
    <table><thead><tr><th scope="col">d/dμ by</th><th scope="col">variance</th><th scope="col">${say(p, "count")} draws ± 2 se</th>
      <th scope="col" class="rp-scale">${say(p, "low")}<span><i class="rp-dash"></i>exact ${say(p, "truth")}</span>${say(p, "high")}</th></tr></thead>
      <tbody>${METHODS.map((m) => row(p, m)).join("")}</tbody></table>
    <p class="rp-verdict">${say(p, "verdict")}</p>
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, state[slider.key], live)).join("")}
      ${buttonRow([["replay", "Replay"], ["new", "New noise"]], live)}</div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
