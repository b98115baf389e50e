import { buttonRow, foot, radioBox, selectBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed, nice, short } from "../kit/text.js";
import { clean, COSTS, estimate, noise, SLIDERS } from "./model.js";

/** The picture in units of 1000 wide (z from -6.4 to 6.4) and pixels high. */
const HEIGHT = 430;
const REACH = 6.4;
const [EPS, AXIS, WIDTH] = [46, 142, 164];
const COST = { top: 200, bottom: 300, square: [0, 16], cosine: [-1.1, 1.1], step: [-0.05, 1.1] };
const STICK = { zero: 362, half: 42 };
const TICKS = [-6, -4, -2, 0, 2, 4, 6];

export const xOf = (z) => ((z + REACH) / (2 * REACH)) * 1000;
export const zOf = (share) => (share * 2 - 1) * REACH;

const ESTIMATORS = { pathwise: "pathwise", score: "score function" };
const STICKS = { pathwise: "f′(z)", score: "f(z) · (z − μ) / σ²" };

function costY(cost, value) {
  const [low, high] = COST[cost];
  return COST.bottom - ((value - low) / (high - low)) * (COST.bottom - COST.top);
}

/** Whether a sample and its cost fall inside the picture. */
const inside = (cost, z) => Math.abs(z) <= REACH && COSTS[cost].f(z) <= COST[cost][1];

function curve(cost) {
  const grid = Array.from({ length: 201 }, (_, k) => (k / 100 - 1) * REACH);
  const draw = (zs) => line(zs.filter((z) => inside(cost, z)).map((z) => [xOf(z), costY(cost, COSTS[cost].f(z))]));
  // A jump is left open: the cost takes no value between its two sides.
  return cost === "step" ? draw([-REACH, 0]) + draw([1e-9, REACH]) : draw(grid);
}

/** Tangents, shortened where they are steep. */
function tangents(s, r) {
  const pixels = (COST.bottom - COST.top) / (COST[s.cost][1] - COST[s.cost][0]);
  return r.z
    .map((z, i) => {
      if (!inside(s.cost, z)) return "";
      const reach = Math.min(0.32, 15 / (Math.abs(r.slopes[i]) * pixels + 1e-9));
      return line([-reach, reach].map((dz) => [xOf(z + dz), costY(s.cost, r.f[i] + r.slopes[i] * dz)]));
    })
    .join("");
}

/** One row of the interval picture: zero, the exact value, the estimate with its two standard errors. */
function interval(name, { mean, se, exact }) {
  const limit = nice(Math.max(Math.abs(exact), Math.abs(mean) + 2 * se) * 1.02);
  const x = (value) => 500 + (value / limit) * 480;
  return {
    [`${name}-bar`]: { d: `M${at(x(mean - 2 * se))} 15H${at(x(mean + 2 * se))}` },
    [`${name}-dot`]: { d: dots([[x(mean), 15]]) },
    [`${name}-exact`]: { d: `M${at(x(exact))} 3V27` },
    [`${name}-mean`]: { text: `${short(mean)} ± ${short(2 * se)}` },
    [`${name}-truth`]: { text: short(exact) },
    [`${name}-low`]: { text: `−${limit}` },
    [`${name}-high`]: { text: `${limit}` },
  };
}

/** What the numbers say, in a sentence. */
export function verdict(s, r) {
  if (s.estimator === "pathwise" && s.cost === "step") {
    return "Every slope is 0: the pathwise estimate is 0 ± 0, with no variance at all, and it is wrong.";
  }
  if (r.mu.se === 0) return "All gradients for μ are equal here: a bar without width says nothing about the error.";
  const gap = Math.abs(r.mu.mean - r.mu.exact) / r.mu.se;
  return gap <= 2
    ? "For μ, the exact value lies inside the bar of two standard errors."
    : `For μ, the exact value lies ${fixed(gap, 1)} standard errors away; an honest bar misses one time in twenty.`;
}

export function speech(state) {
  const r = estimate(state, noise(state));
  const part = (name, e) => `gradient for ${name} ${short(e.mean)} plus or minus ${short(2 * e.se)}, exact ${short(e.exact)}`;
  return `${ESTIMATORS[state.estimator]}: ${part("mu", r.mu)}; ${part("sigma", r.sigma)}. ${verdict(state, r)}`;
}

/** Every part that moves; `t` from 0 to 1 lets the noise fall onto the z axis. */
export function parts(s, r, t = 1) {
  const limit = nice(Math.max(...r.gradMu.map(Math.abs), Math.abs(r.mu.exact)));
  const height = (g) => STICK.zero - (g / limit) * STICK.half;
  const fall = r.z.map((z, i) => r.eps[i] + (z - r.eps[i]) * t);
  const landed = t === 1 ? r.z : [];
  const hidden = r.z.filter((z) => !inside(s.cost, z)).length;
  const x = { mu: xOf(s.mu), edge: xOf(s.mu + s.sigma) };
  return {
    svg: {
      "aria-label":
        `${s.n} noise draws on top are carried by straight lines to z = ${fixed(s.mu)} + ${fixed(s.sigma)} ε; below, the cost ` +
        `${COSTS[s.cost].text} with the samples on it, and one ${ESTIMATORS[s.estimator]} gradient per sample as a stick.`,
    },
    noise: { d: Array.from(r.eps, (e) => `M${at(xOf(e))} ${EPS - 9}V${EPS + 3}`).join("") },
    fan: {
      d: fall.map((z, i) => `M${at(xOf(r.eps[i]))} ${EPS + 3}L${at(xOf(z))} ${at(EPS + 3 + (AXIS - EPS - 3) * t)}`).join(""),
      class: `rp-fan rp-is-${s.estimator}`,
    },
    samples: { d: dots(fall.map((z) => [xOf(z), EPS + 3 + (AXIS - EPS - 3) * t])), class: `rp-sample rp-is-${s.estimator}` },
    width: { d: `M${at(x.mu)} ${WIDTH}H${at(x.edge)}` },
    stem: { d: `M${at(x.mu)} ${AXIS}V${WIDTH}` },
    "grip-mu": { style: `left:${at(x.mu) / 10}%;top:${(AXIS / HEIGHT) * 100}%` },
    "grip-sigma": { style: `left:${at(x.edge) / 10}%;top:${(WIDTH / HEIGHT) * 100}%` },
    curve: { d: curve(s.cost) },
    slopes: { d: s.estimator === "pathwise" && t === 1 ? tangents(s, r) : "" },
    points: { d: dots(landed.filter((z) => inside(s.cost, z)).map((z) => [xOf(z), costY(s.cost, COSTS[s.cost].f(z))])), class: `rp-point rp-is-${s.estimator}` },
    sticks: { d: landed.map((z, i) => `M${at(xOf(z))} ${STICK.zero}V${at(height(r.gradMu[i]))}`).join(""), class: `rp-stick rp-is-${s.estimator}` },
    heads: { d: dots(landed.map((z, i) => [xOf(z), height(r.gradMu[i])])), class: `rp-head rp-is-${s.estimator}` },
    mean: { d: t === 1 ? `M0 ${at(height(r.mu.mean))}H1000` : "", class: `rp-mean rp-is-${s.estimator}` },
    exact: { d: `M0 ${at(height(r.mu.exact))}H1000` },
    "cost-label": { text: `cost f(z) = ${COSTS[s.cost].text}` },
    "stick-label": { text: `each sample’s gradient for μ: ${STICKS[s.estimator]}` },
    "stick-high": { text: `${limit}` },
    "stick-low": { text: `−${limit}` },
    hidden: { text: hidden ? `${hidden} outside, counted` : "" },
    verdict: { text: verdict(s, r) },
    rows: { class: `rp-rows rp-is-${s.estimator}` },
    ...interval("mu", r.mu),
    ...interval("sigma", r.sigma),
  };
}

function picture(p, live) {
  const bell = line(Array.from({ length: 61 }, (_, k) => (k / 60) * 7 - 3.5).map((e) => [xOf(e), EPS - 34 * Math.exp(-e * e / 2)]));
  const grid = TICKS.map((z) => `M${at(xOf(z))} ${EPS}V${HEIGHT - 22}`).join("");
  const ticks = TICKS.map((z) => tag(fixed(z, 0), xOf(z) / 10, ((HEIGHT - 9) / HEIGHT) * 100)).join("");
  const label = (y, body) => `<span class="rp-tag rp-left" style="top:${at((y / HEIGHT) * 100)}%">${body}</span>`;
  const right = (y, body) => `<span class="rp-tag rp-right" style="top:${at((y / HEIGHT) * 100)}%">${body}</span>`;
  const path = (name, kind = "") => `<path ${kind && `class="${kind}"`} ${place(p, name)}/>`;
  return `<div class="rp-fig" data-area>
    <svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-grid" d="${grid}"/><path class="rp-bell" d="${bell}Z"/>
      <path class="rp-axis" d="M0 ${EPS}H1000M0 ${AXIS}H1000M0 ${STICK.zero}H1000"/>
      ${path("fan")}${path("noise", "rp-noise")}${path("samples")}${path("stem", "rp-width")}${path("width", "rp-width")}
      ${path("curve", "rp-curve")}${path("slopes", "rp-slope")}${path("points")}
      ${path("sticks")}${path("heads")}${path("mean")}${path("exact", "rp-truth")}
    </svg>
    ${label(12, "noise ε")}${label(AXIS - 12, "z = μ + σ ε")}${label(COST.top - 12, say(p, "cost-label"))}${right(COST.top - 12, say(p, "hidden"))}
    ${label(STICK.zero - STICK.half - 10, say(p, "stick-label"))}
    ${right(STICK.zero - STICK.half + 6, say(p, "stick-high"))}${right(STICK.zero + STICK.half - 4, say(p, "stick-low"))}
    ${ticks}
    <span class="rp-grip" ${place(p, "grip-mu")} aria-hidden="true"${live && ' data-grip="mu"'}><b>μ</b></span>
    <span class="rp-grip rp-grip-width" ${place(p, "grip-sigma")} aria-hidden="true"${live && ' data-grip="sigma"'}><b>σ</b></span>
  </div>`;
}

function row(p, name, symbol) {
  return `<tr><th scope="row">d/d${symbol}</th>
    <td>${say(p, `${name}-mean`)}</td><td>${say(p, `${name}-truth`)}</td>
    <td class="rp-interval"><svg viewBox="0 0 1000 30" preserveAspectRatio="none" aria-hidden="true">
      <path class="rp-axis" d="M0 15H1000M500 9V21"/><path class="rp-bar" ${place(p, `${name}-bar`)}/>
      <path class="rp-estimate" ${place(p, `${name}-dot`)}/><path class="rp-truth" ${place(p, `${name}-exact`)}/></svg>
      <span class="rp-ends">${say(p, `${name}-low`)}<span>0</span>${say(p, `${name}-high`)}</span></td></tr>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(state, title, live = "") {
  const r = estimate(state, noise(state));
  const p = parts(state, r);
  const costs = Object.fromEntries(Object.entries(COSTS).map(([key, cost]) => [key, cost.text]));
  return `<div class="rp-widget rp-gaussian-node" role="group" aria-label="${escape(title)}">
    <div class="rp-top">${selectBox("cost", "cost f(z)", costs, state.cost, live)}
      ${radioBox("estimator", "estimator", ESTIMATORS, state.estimator, live)}</div>
    ${picture(p, live)}
    <div class="rp-below"><div class="rp-controls">
        ${SLIDERS.map((slider) => sliderBox(slider, state[slider.key], live)).join("")}
        ${buttonRow([["replay", "Replay"], ["new", "New noise"]], live)}</div>
      <div><table ${place(p, "rows")}><thead><tr><th scope="col">gradient</th>
        <th scope="col">estimate ± 2 se</th><th scope="col"><i class="rp-dash"></i>exact</th><th scope="col">picture</th></tr></thead>
        <tbody>${row(p, "mu", "μ")}${row(p, "sigma", "σ")}</tbody></table>
      <p class="rp-verdict">${say(p, "verdict")}</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
