import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, reading, SLIDERS, step } from "./model.js";

/** The picture in units of 1000 wide (x from -4 to 4) and pixels high. */
const HEIGHT = 400;
const REACH = 4;
const HILL = { base: 118, height: 84, most: 1.25 };
const SHIFT = 146;
const PLOT = { zero: 284, half: 84, limit: 3.2 };
const TICKS = [-3, -2, -1, 0, 1, 2, 3];
const CLEAN = 40;

export const xOf = (x) => ((x + REACH) / (2 * REACH)) * 1000;
export const valueOf = (share) => (share * 2 - 1) * REACH;
const held = (value) => Math.max(-PLOT.limit, Math.min(PLOT.limit, value));
const yOf = (value) => PLOT.zero - (held(value) / PLOT.limit) * PLOT.half;

const GRID = Array.from({ length: 241 }, (_, k) => (k / 120 - 1) * REACH);

function hill(level) {
  const top = (x) => HILL.base - Math.min(1, reading(x, level).density / HILL.most) * HILL.height;
  return line([[0, HILL.base], ...GRID.map((x) => [xOf(x), top(x)]), [1000, HILL.base]]);
}

/** The best guess against the noisy point; left out where it leaves the picture. */
function curve(level) {
  const runs = [];
  let open = false;
  for (const x of GRID) {
    const { guess } = reading(x, level);
    const inside = Math.abs(guess) <= PLOT.limit;
    if (inside && !open) runs.push([]);
    if (inside) runs.at(-1).push([xOf(x), yOf(guess)]);
    open = inside;
  }
  return runs.map(line).join("");
}

/** What the numbers say. */
export function verdict(s, r) {
  const share = r.floor < 0.1 ? "Nearly all the noise can be read off x at this level" : r.floor > 0.9 ? "Hardly any noise can be told from data at this level" : "Part of the noise can be read off x at this level";
  return (
    `The best guess is ${fixed(r.guess)}, the noise was ${fixed(s.eps)}: squared error ${fixed(r.error)}. ` +
    `${share}: averaged over data and noise, no network gets below ${fixed(r.floor, 3)}.`
  );
}

export function speech(s) {
  const r = step(s);
  return `level ${fixed(s.log_snr, 1)}, data ${fixed(s.x0)}, noise ${fixed(s.eps)}: noisy point ${fixed(r.x)}. ${verdict(s, r)}`;
}

/** Every part that moves. */
export function parts(s, r) {
  const [x0, shrunk, x] = [s.x0, r.alpha * s.x0, r.x].map((v) => at(xOf(v)));
  const [truth, guess] = [s.eps, r.guess].map((v) => at(yOf(v)));
  return {
    svg: {
      "aria-label":
        `Above, the density of the noisy point, with that of the data in grey. The point ${fixed(s.x0)} shrinks to ${fixed(r.alpha * s.x0)} and is pushed ` +
        `by the noise to ${fixed(r.x)}. Below, the best guess of the noise as a curve over the noisy point: here ${fixed(r.guess)}, while the noise was ${fixed(s.eps)}.`,
    },
    hill: { d: hill(s.log_snr) },
    shrink: { d: `M${x0} ${HILL.base}L${shrunk} ${SHIFT}` },
    push: { d: `M${shrunk} ${SHIFT}H${x}` },
    data: { d: dots([[x0, HILL.base]]) },
    noisy: { d: dots([[x, SHIFT]]) },
    drop: { d: `M${x} ${SHIFT}V${Math.min(truth, guess)}` },
    curve: { d: curve(s.log_snr) },
    error: { d: `M${x} ${truth}V${guess}` },
    truth: { d: dots([[x, truth]]) },
    guess: { d: dots([[x, guess]]) },
    "grip-x0": { style: `left:${x0 / 10}%;top:${at((HILL.base / HEIGHT) * 100)}%` },
    "grip-x": { style: `left:${x / 10}%;top:${at((SHIFT / HEIGHT) * 100)}%` },
    alpha: { text: fixed(r.alpha, 3) },
    sigma: { text: fixed(r.sigma, 3) },
    x: { text: fixed(r.x) },
    best: { text: fixed(r.guess) },
    loss: { text: fixed(r.error) },
    floor: { text: fixed(r.floor, 3) },
    back: { text: fixed(r.back) },
    verdict: { text: verdict(s, r) },
  };
}

function picture(p, live) {
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  const label = (y, text) => `<span class="rp-tag rp-left" style="top:${at((y / HEIGHT) * 100)}%">${text}</span>`;
  const bottom = PLOT.zero + PLOT.half;
  const ticks = TICKS.map((x) => tag(fixed(x, 0), xOf(x) / 10, ((HEIGHT - 14) / HEIGHT) * 100)).join("");
  const values = [-3, 3].map((v) => `<span class="rp-tag rp-right" style="top:${at((yOf(v) / HEIGHT) * 100)}%">${fixed(v, 0)}</span>`).join("");
  return `<div class="rp-fig" data-area>
    <svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-grid" d="${TICKS.map((x) => `M${at(xOf(x))} ${HILL.base}V${bottom}`).join("")}"/>
      <path class="rp-clean" d="${hill(CLEAN)}"/>${path("hill", "rp-hill")}
      <path class="rp-axis" d="M0 ${HILL.base}H1000M0 ${PLOT.zero}H1000"/>
      ${path("shrink", "rp-shrink")}${path("push", "rp-push")}${path("drop", "rp-shrink")}
      ${path("curve", "rp-curve")}${path("error", "rp-error")}
      ${path("truth", "rp-eps")}${path("guess", "rp-guess")}${path("data", "rp-data")}${path("noisy", "rp-eps")}
    </svg>
    ${label(12, "density of xₜ")}${label(PLOT.zero - PLOT.half - 8, "noise ε, and its best guess")}${values}${ticks}
    <span class="rp-grip" ${place(p, "grip-x0")} aria-hidden="true"${live && ' data-grip="x0"'}><b>x₀</b></span>
    <span class="rp-grip rp-grip-noise" ${place(p, "grip-x")} aria-hidden="true"${live && ' data-grip="x"'}><b>xₜ</b></span>
  </div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(state, title, live = "") {
  const p = parts(state, step(state));
  const cell = (head, name) => `<div><dt>${head}</dt><dd>${say(p, name)}</dd></div>`;
  return `<div class="rp-widget rp-diffusion-step" role="group" aria-label="${escape(title)}">
    ${picture(p, live)}
    <div class="rp-below"><div class="rp-controls">
        ${SLIDERS.map((slider) => sliderBox(slider, state[slider.key], live)).join("")}
        ${buttonRow([["sweep", "Drown it"], ["new", "New noise"]], live)}</div>
      <div><dl>${cell("α", "alpha")}${cell("σ", "sigma")}${cell("xₜ", "x")}${cell("guess of ε", "best")}
        ${cell("guess of x₀", "back")}${cell("squared error", "loss")}${cell("floor", "floor")}</dl>
      <p class="rp-verdict">${say(p, "verdict")}</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
