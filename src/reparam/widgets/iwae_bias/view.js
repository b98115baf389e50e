import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, EVIDENCE, measure, SLIDERS, snr, WAYS } from "./model.js";

/** Two panels over K from 1 to 100, logarithmic, in units of 1000 wide and pixels high. */
const HEIGHT = 200;
const [TOP, BOTTOM] = [24, 176];
const TICKS = [1, 3, 10, 30, 100];
const NAMES = { total: "total", path: "path (STL)", dreg: "DReG" };

const LEFT = 140;
const xOf = (k) => LEFT + (Math.log10(k) / 2) * (980 - LEFT);
const tenTo = (power) => `10${String(power).replace(/./g, (c) => ({ "-": "⁻" })[c] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])}`;

/** Three significant digits for numbers of any size. */
export function three(x) {
  const size = Math.abs(x);
  if (size < 1e-9) return "0";
  const power = Math.floor(Math.log10(size));
  return size < 1e-3 ? `${fixed(x / 10 ** power, 1)}·${tenTo(power)}` : fixed(x, Math.min(5, Math.max(0, 2 - power)));
}

const ratio = (moments) => (snr(moments) === null ? "no noise" : three(snr(moments)));

/** What the numbers say, in two sentences. */
export function verdict(s, r) {
  const { total, path } = r.now;
  const off = path.mean - total.mean;
  if (Math.abs(total.mean) < 1e-9 && WAYS.some((way) => snr(r.now[way]) === null))
    return "q is the posterior: the derivative is 0. Path and DReG say so in every draw, the total estimate only on average.";
  if (Math.abs(total.mean) < 1e-9) return "q’s mean is the posterior’s: the derivative in μ is 0, and no estimate is biased.";
  if (s.k === 1) return "With K = 1 the bound is the ELBO: the path estimate is unbiased, and DReG is the same.";
  const times = off / total.mean;
  return `The path estimate is off by ${three(off)}, ${three(Math.abs(times))} times the derivative. Its limit is the wake-phase gradient, ${three(r.wake)}.`;
}

export function speech(s) {
  const r = measure(s);
  const rows = WAYS.map((way) => `${NAMES[way]}: mean ${three(r.now[way].mean)}, signal to noise ${ratio(r.now[way])}`);
  return `With K = ${s.k}: ${rows.join("; ")}. ${verdict(s, r)}`;
}

/** The decades that hold the curves of signal to noise, at most six. */
export function decades(curves) {
  const values = curves.flatMap((row) => WAYS.map((way) => snr(row[way]))).filter((v) => v > 0);
  if (!values.length) return [-1, 1];
  const high = Math.ceil(Math.log10(Math.max(...values)) + 1e-9);
  return [Math.max(high - 6, Math.min(high - 1, Math.floor(Math.log10(Math.min(...values))))), high];
}

/** Every part that moves. */
export function parts(s, r = measure(s)) {
  const means = [...r.curves.flatMap((row) => [row.total.mean, row.path.mean]), r.wake, 0];
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const room = Math.max(1e-6, most - least);
  const yMean = (v) => BOTTOM - ((v - least) / room) * (BOTTOM - TOP);
  const [low, high] = decades(r.curves);
  const ySnr = (v) => BOTTOM - Math.max(-0.02, (Math.log10(v) - low) / (high - low)) * (BOTTOM - TOP);
  const curve = (value, y) =>
    line(r.curves.map((row) => [row.k, value(row)]).filter(([, v]) => v !== null && v !== 0).map(([k, v]) => [xOf(k), y(v)]));
  const always = (value) => line(r.curves.map((row) => [xOf(row.k), yMean(value(row))]));
  const seen = Array.from({ length: 7 }, (_, i) => low + i).filter((p) => p <= high);
  const out = {
    "svg-mean": {
      "aria-label":
        `Mean of each estimate of the derivative in μ against K. At K = ${s.k}: total and DReG ${three(r.now.total.mean)}, ` +
        `path ${three(r.now.path.mean)}. The wake-phase gradient is ${three(r.wake)}.`,
    },
    "svg-snr": {
      "aria-label":
        "Signal to noise against K, both axes logarithmic. " +
        `At K = ${s.k}: ${WAYS.map((way) => `${NAMES[way]} ${ratio(r.now[way])}`).join(", ")}.`,
    },
    truth: { d: always((row) => row.total.mean) },
    "mean-dreg": { d: always((row) => row.dreg.mean) },
    "mean-path": { d: always((row) => row.path.mean) },
    wake: { d: `M${LEFT} ${yMean(r.wake).toFixed(1)}H980` },
    zero: { d: `M${LEFT} ${yMean(0).toFixed(1)}H980` },
    top: { text: three(most) },
    base: { text: three(least) },
    grid: { d: seen.map((p) => `M${LEFT} ${ySnr(10 ** p).toFixed(1)}H980`).join("") },
    now: { d: `M${xOf(s.k).toFixed(1)} ${TOP - 6}V${BOTTOM}` },
    "now-too": { d: `M${xOf(s.k).toFixed(1)} ${TOP - 6}V${BOTTOM}` },
    bound: { text: `K = ${s.k}: bound ${fixed(r.bound, 4)}, log p(x) = ${fixed(EVIDENCE, 4)}, gap ${three(EVIDENCE - r.bound)}` },
    verdict: { text: verdict(s, r) },
  };
  for (let i = 0; i < 7; i += 1) {
    const p = Math.min(low + i, high);
    out[`decade${i}`] = { text: low + i > high ? "" : tenTo(p), style: `top:${((ySnr(10 ** p) / HEIGHT) * 100).toFixed(1)}%` };
  }
  for (const way of WAYS) {
    const here = snr(r.now[way]);
    out[`snr-${way}`] = { d: curve((row) => snr(row[way]), ySnr) };
    out[`spot-${way}`] = { d: here ? dots([[xOf(s.k), ySnr(here)]]) : "" };
    out[`${way}-mean`] = { text: three(r.now[way].mean) };
    out[`${way}-sd`] = { text: three(r.now[way].sd) };
    out[`${way}-ratio`] = { text: ratio(r.now[way]) };
  }
  out["spot-mean"] = { d: dots([[xOf(s.k), yMean(r.now.path.mean)]]) };
  out["spot-truth"] = { d: dots([[xOf(s.k), yMean(r.now.total.mean)]]) };
  return out;
}

function panel(p, name, title, drawn, labels) {
  const ticks = TICKS.map((k) => tag(String(k), xOf(k) / 10, ((BOTTOM + 14) / HEIGHT) * 100)).join("");
  return `<div class="rp-fig"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, `svg-${name}`)}>
    <path class="rp-axis" d="M${LEFT} ${BOTTOM}H980"/>${drawn}</svg>${labels}${ticks}
    <span class="rp-tag rp-left" style="top:4%">${title}</span></div>`;
}

function pictures(p) {
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  const side = (name, y) => `<span class="rp-tag rp-decade" style="top:${(y / HEIGHT) * 100}%">${say(p, name)}</span>`;
  const means =
    path("zero", "rp-grid") + path("wake", "rp-wake") + path("now", "rp-now") + path("mean-dreg", "rp-curve rp-is-dreg") +
    path("truth", "rp-truth") + path("mean-path", "rp-curve rp-is-path") + path("spot-truth", "rp-spot rp-is-truth") + path("spot-mean", "rp-spot rp-is-path");
  const ratios =
    path("grid", "rp-grid") + path("now-too", "rp-now") +
    WAYS.map((way) => path(`snr-${way}`, `rp-curve rp-is-${way}`) + path(`spot-${way}`, `rp-spot rp-is-${way}`)).join("");
  const decadeTags = Array.from({ length: 7 }, (_, i) => say(p, `decade${i}`, "rp-tag rp-decade")).join("");
  return `<div class="rp-panels">${panel(p, "mean", "mean of d/dμ, over K", means, side("top", TOP) + side("base", BOTTOM))}
    ${panel(p, "snr", "signal / noise, over K", ratios, decadeTags)}</div>`;
}

const row = (p, way) => `<tr class="rp-is-${way}"><th scope="row"><i class="rp-key"></i>${NAMES[way]}</th>
    ${["mean", "sd", "ratio"].map((what) => `<td>${say(p, `${way}-${what}`)}</td>`).join("")}</tr>`;

/** The whole widget as markup; `live` as in the controls. */
export function markup(state, title, live = "") {
  const p = parts(state);
  return `<div class="rp-widget rp-iwae-bias" role="group" aria-label="${escape(title)}">
    <ul class="rp-legend"><li><i class="rp-dash"></i>derivative of the bound</li><li><i class="rp-dotted"></i>wake-phase gradient</li></ul>
    ${pictures(p)}
    <table><thead><tr><th scope="col">d/dμ by</th><th scope="col">mean</th><th scope="col">deviation</th><th scope="col">signal / noise</th></tr></thead>
      <tbody>${WAYS.map((way) => row(p, way)).join("")}</tbody></table>
    <p class="rp-sum">${say(p, "bound")}</p>
    <p class="rp-verdict">${say(p, "verdict")}</p>
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, state[slider.key], live)).join("")}
      ${buttonRow([["exact", "Set q to the posterior"], ["reset", "Reset"]], live)}</div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
