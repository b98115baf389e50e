import { buttonRow, foot, selectBox, sliderBox } from "../kit/controls.js";
import { at, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed, short } from "../kit/text.js";
import { best, clean, DATA, elbo, ESTIMATORS, NAMES, NOISE, SLIDERS, STEPS, train } from "./model.js";

/** Left the exact bound over the steps, right the data with the model's density: 1000 wide, pixels high. */
const HEIGHT = 190;
const [TOP, FLOOR] = [8, 168];
const [LOW, HIGH] = [-7, -1.5];
const REACH = { low: -6, high: 7 };
const KINDS = Object.keys(ESTIMATORS);

const yOf = (nats) => TOP + ((HIGH - Math.max(LOW - 1, nats)) / (HIGH - LOW)) * (FLOOR - TOP);
const xOf = (x) => ((x - REACH.low) / (REACH.high - REACH.low)) * 1000;
const density = (x, mean, sd) => Math.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI));

let kept = { key: "" };
/** The four runs of a rate and a seed; an animation asks for the same ones at every frame. */
function runs({ lr, seed }) {
  const key = `${lr} ${seed}`;
  if (kept.key !== key) {
    const paths = Object.fromEntries(KINDS.map((kind) => [kind, train(kind, lr, seed)]));
    const bounds = Object.fromEntries(KINDS.map((kind) => [kind, paths[kind].map(elbo)]));
    kept = { key, paths, bounds };
  }
  return kept;
}

/** What the chosen run has reached, in a sentence. */
export function verdict(s) {
  const value = runs(s).bounds[s.estimator][s.step];
  return `After ${s.step} steps the ELBO is ${short(value)} nats, ${short(best().value - value)} below the best.`;
}

export const speech = (s) => `${ESTIMATORS[s.estimator]}. ${verdict(s)}`;

/** Every part that moves. */
export function parts(s) {
  const { paths, bounds } = runs(s);
  const p = paths[s.estimator][s.step];
  const sd = Math.hypot(p.w, NOISE);
  const top = best();
  const curve = (kind, end) => line(bounds[kind].slice(0, end + 1).map((value, n) => [(n / STEPS) * 1000, yOf(value)]));
  const tall = (FLOOR - TOP) / Math.max(density(0, 0, sd), density(0, 0, top.sd)) / 1.05;
  const bell = (mean, width) =>
    line(Array.from({ length: 131 }, (_, k) => REACH.low + k / 10).map((x) => [xOf(x), FLOOR - tall * density(x, mean, width)]));
  const value = bounds[s.estimator][s.step];
  return {
    bound: {
      "aria-label": `The exact ELBO over ${STEPS} steps for four estimators. At step ${s.step} they stand at ` +
        `${KINDS.map((kind) => `${short(bounds[kind][s.step])}, ${ESTIMATORS[kind]}`).join("; ")}. The best is ${short(top.value)}.`,
    },
    ...Object.fromEntries(KINDS.map((kind) => [`run-${kind}`, { d: curve(kind, s.step), class: `rp-run rp-is-${kind}${kind === s.estimator ? " rp-chosen" : ""}` }])),
    now: { style: `left:${at((s.step / STEPS) * 100)}%;top:${at((Math.min(FLOOR, yOf(value)) / HEIGHT) * 100)}%`, class: `rp-now rp-is-${s.estimator}` },
    model: {
      "aria-label": `The data, ${DATA.length} ticks, and the model’s density of x, normal with mean ${fixed(p.k)} and deviation ${fixed(sd)}; the best has ${fixed(top.mean)} and ${fixed(top.sd)}.`,
    },
    density: { d: bell(p.k, sd), class: `rp-density rp-is-${s.estimator}` },
    wanted: { d: bell(top.mean, top.sd) },
    ...Object.fromEntries(NAMES.map((name) => [`value-${name}`, { text: fixed(p[name]) }])),
    ...Object.fromEntries(KINDS.map((kind) => [`end-${kind}`, { text: short(bounds[kind][s.step]) }])),
    verdict: { text: verdict(s) },
  };
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  const levels = [-6, -5, -4, -3, -2];
  const grid = levels.map((v) => `M0 ${at(yOf(v))}H1000`).join("");
  const data = DATA.map((x) => `M${at(xOf(x))} ${FLOOR}v9`).join("");
  const rows = KINDS.map((kind) =>
    `<tr><th scope="row"><i class="rp-key rp-is-${kind}"></i>${ESTIMATORS[kind]}</th><td>${say(p, `end-${kind}`)}</td></tr>`);
  const values = NAMES.map((name) => `<li>${name} = ${say(p, `value-${name}`)}</li>`);
  return `<div class="rp-widget rp-tiny-vae" role="group" aria-label="${escape(title)}">
    <div class="rp-panels">
    <div><p class="rp-caption">ELBO, nats per datum, over ${STEPS} steps; dashed the best</p>
    <div class="rp-fig rp-bound"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "bound")}>
      <path class="rp-grid" d="${grid}"/><path class="rp-axis" d="M0 ${FLOOR}H1000"/>
      <path class="rp-truth" d="M0 ${at(yOf(best().value))}H1000"/>${KINDS.map((kind) => `<path ${place(p, `run-${kind}`)}/>`).join("")}
    </svg>${levels.map((v) => tag(fixed(v, 0), 0, (yOf(v) / HEIGHT) * 100, "rp-left")).join("")}
    <span ${place(p, "now")} aria-hidden="true"></span></div></div>
    <div><p class="rp-caption">the data, and the density p(x) of the model; dashed the best</p>
    <div class="rp-fig rp-bound"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "model")}>
      <path class="rp-axis" d="M0 ${FLOOR}H1000"/><path class="rp-data" d="${data}"/>
      <path ${place(p, "density")}/><path class="rp-truth" ${place(p, "wanted")}/></svg></div></div></div>
    <p class="rp-verdict"><strong>${say(p, "verdict")}</strong></p>
    <div class="rp-controls">${selectBox("estimator", "gradient", ESTIMATORS, s.estimator, live)}
      ${buttonRow([["replay", "Train"], ["new", "New noise"]], live)}
      ${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}</div>
    <ul class="rp-values">${values.join("")}</ul>
    <table><thead><tr><th scope="col">gradient</th><th scope="col">ELBO at this step</th></tr></thead><tbody>${rows.join("")}</tbody></table>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
