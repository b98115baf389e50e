import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { at, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed, nice } from "../kit/text.js";
import { clean, density, draw, evaluation, masses, noise, SLIDERS } from "./model.js";

/** The axis of z in a box of 1000 by 260, and the heights of its ground and its top. */
const [LOW, HIGH] = [-0.33, 1.33];
const [GROUND, TOP] = [236, 26];
export const xOf = (z) => (1000 * (z - LOW)) / (HIGH - LOW);
const yOf = (share) => GROUND - (GROUND - TOP) * share;

const KINDS = { zero: "exactly 0", open: "between", one: "exactly 1" };
const chance = (p) => (p > 0 && p < 0.0005 ? "< 0.001" : p < 1 && p > 0.9995 ? "> 0.999" : fixed(p, 3));

export function speech(s) {
  const [p, d] = [masses(s), draw(s, noise(s))];
  return `A gate is 0 with probability ${chance(p.zero)}, between with ${chance(p.open)}, 1 with ${chance(p.one)}. ` +
    `Of ${s.n} gates drawn ${d.counts.zero} are 0, ${d.counts.open} between and ${d.counts.one} are 1. ` +
    `At evaluation the gate is ${fixed(evaluation(s), 3)}.`;
}

/** The curve from a to b, finer towards the ends; these may be poles, so the grid stays inside. */
function curve(s, a, b, scale) {
  const steps = 60;
  return Array.from({ length: steps + 1 }, (_, k) => {
    const x = a + (b - a) * (0.5 - 0.4995 * Math.cos((Math.PI * k) / steps));
    return [xOf(x), Math.max(-400, yOf(density(s, x) * scale))];
  });
}

const area = (points) => line([[points[0][0], GROUND], ...points, [points.at(-1)[0], GROUND]]);

/** The largest density between 0 and 1, rounded up: the height of the picture. */
function roof(s) {
  const inside = Array.from({ length: 101 }, (_, k) => density(s, k / 100));
  return nice(Math.max(0.5, ...inside));
}

/** A gate is a pipe, filled as far as it is open; `shown` of them have been drawn so far. */
function pipes(z, shown) {
  const out = { frames: "", open: "", zero: "", one: "" };
  z.forEach((v, i) => {
    const x = at(10 + ((i + 0.16) * 980) / z.length);
    const width = at((0.68 * 980) / z.length);
    const box = (height) => `M${x} 94h${width}v${at(-height)}h${-width}z`;
    out.frames += box(88);
    if (i >= shown) return;
    if (v === 0) out.zero += `M${x} 94h${width}`;
    else out[v === 1 ? "one" : "open"] += box(88 * v);
  });
  return out;
}

/** Every part that moves; `t` from 0 to 1 says how many of the gates have been drawn. */
export function parts(s, u, t = 1) {
  const p = masses(s);
  const d = draw(s, u);
  const shown = Math.round(t * s.n);
  const top = roof(s);
  const pipe = pipes(d.z, shown);
  const middle = curve(s, 0, 1, 1 / top);
  const still = xOf(evaluation(s));
  const rug = d.z.slice(0, shown).filter((v) => v > 0 && v < 1);
  const out = {
    svg: {
      "aria-label": `Density of the gate between 0 and 1, with probability ${chance(p.zero)} on 0 itself and ${chance(p.one)} on 1 itself.`,
    },
    left: { d: area(curve(s, s.gamma, 0, 1 / top)) },
    right: { d: area(curve(s, 1, s.zeta, 1 / top)) },
    body: { d: area(middle) },
    edge: { d: line(middle) },
    "atom-zero": { d: `M${at(xOf(0))} ${GROUND}V${at(yOf(p.zero))}` },
    "atom-one": { d: `M${at(xOf(1))} ${GROUND}V${at(yOf(p.one))}` },
    rug: { d: rug.map((v) => `M${at(xOf(v))} ${GROUND + 2}v11`).join("") },
    ends: { d: `M${at(xOf(s.gamma))} ${GROUND + 4}v-8M${at(xOf(s.zeta))} ${GROUND + 4}v-8` },
    fixed: { d: `M${at(still)} ${TOP - 10}V${GROUND}` },
    "fixed-tag": { text: `evaluation ${fixed(evaluation(s))}`, style: `left:${Math.min(84, Math.max(16, still / 10))}%` },
    height: { text: fixed(top, top < 10 ? 1 : 0) },
    gates: { "aria-label": `${s.n} gates drawn: ${d.counts.zero} shut, ${d.counts.open} partly open, ${d.counts.one} fully open.` },
    frames: { d: pipe.frames }, "pipe-open": { d: pipe.open }, "pipe-zero": { d: pipe.zero }, "pipe-one": { d: pipe.one },
    penalty: { text: chance(p.open + p.one) },
    final: { text: fixed(evaluation(s), 3) },
  };
  for (const [kind, mass] of [["zero", p.zero], ["one", p.one]]) {
    const high = mass > 0.8;
    out[`mass-${kind}`] = { text: chance(mass), style: `left:${at(xOf(kind === "zero" ? 0 : 1) / 10)}%;top:${at((yOf(mass) + (high ? 12 : -9)) / 2.6)}%` };
  }
  for (const kind of Object.keys(KINDS)) {
    out[`p-${kind}`] = { text: chance(p[kind]) };
    out[`n-${kind}`] = { text: t === 1 ? `${d.counts[kind]} of ${s.n}` : "…" };
    out[`mean-${kind}`] = { text: fixed(p[kind] * s.n, 1) };
  }
  return out;
}

function picture(p) {
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  const ticks = [0, 0.5, 1].map((z) => tag(z === 0.5 ? "0.5" : z, xOf(z) / 10, 97.5));
  return `<div class="rp-fig rp-law"><svg viewBox="0 0 1000 260" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      ${path("left", "rp-lost")}${path("right", "rp-lost")}${path("body", "rp-body")}${path("edge", "rp-edge")}
      ${path("fixed", "rp-fixed")}${path("atom-zero", "rp-atom")}${path("atom-one", "rp-atom")}
      <path class="rp-axis" d="M0 ${GROUND}H1000"/>${path("ends", "rp-axis")}${path("rug", "rp-rug")}</svg>
    ${ticks.join("")}
    <span class="rp-tag rp-mass" ${place(p, "mass-zero")}>${escape(p["mass-zero"].text)}</span>
    <span class="rp-tag rp-mass" ${place(p, "mass-one")}>${escape(p["mass-one"].text)}</span>
    <span class="rp-tag rp-fixed-tag" ${place(p, "fixed-tag")}>${escape(p["fixed-tag"].text)}</span></div>`;
}

function gauges(p) {
  const path = (name, kind) => `<path class="${kind}" ${place(p, name)}/>`;
  return `<div class="rp-fig rp-gates"><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" ${place(p, "gates")}>
    ${path("frames", "rp-frame")}${path("pipe-open", "rp-half")}${path("pipe-one", "rp-full")}${path("pipe-zero", "rp-shut")}</svg></div>`;
}

const row = (p, kind) => `<tr><th scope="row"><i class="rp-key rp-is-${kind}" aria-hidden="true"></i>${KINDS[kind]}</th>
  <td>${say(p, `p-${kind}`)}</td><td>${say(p, `n-${kind}`)}</td><td>${say(p, `mean-${kind}`)}</td></tr>`;

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s, noise(s));
  return `<div class="rp-widget rp-hard-concrete-gate" role="group" aria-label="${escape(title)}">
    ${picture(p)}${gauges(p)}
    <div class="rp-below"><div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
        ${buttonRow([["replay", "Replay"], ["new", "New noise"]], live)}</div>
      <div><table><thead><tr><th scope="col">gate</th><th scope="col">exact</th><th scope="col">drawn</th><th scope="col">expected</th></tr></thead>
        <tbody>${Object.keys(KINDS).map((kind) => row(p, kind)).join("")}</tbody></table>
      <p class="rp-verdict">Probability that the gate is open, the L0 penalty: <strong>${say(p, "penalty")}</strong>.
        At evaluation, without noise: z = <strong>${say(p, "final")}</strong>.</p>
      <p class="rp-verdict">The dotted tails lie outside 0 to 1 and are folded onto its ends. A thick bar of full height is probability 1; the curve at full height is density ${say(p, "height")}.</p></div></div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
