import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed, short } from "../kit/text.js";
import { areas, clean, crossings, density, DIRECTIONS, divergence, integrand, pair, SLIDERS } from "./model.js";

/** Densities above, the integrand below, in units of 1000 wide (z from -8 to 8) and pixels high. */
const REACH = 8;
const [TOP, AXIS, LOW, HIGH, HEIGHT] = [10, 120, 140, 270, 292];
const TICKS = [-8, -6, -4, -2, 0, 2, 4, 6, 8];

export const xOf = (z) => ((z + REACH) / (2 * REACH)) * 1000;
export const zOf = (share) => (share * 2 - 1) * REACH;

/** A grid that is fine where either normal is, with the points where they cross. */
function grid(...normals) {
  const near = normals.flatMap(({ mean, sd }) => Array.from({ length: 65 }, (_, k) => mean + sd * (k / 8 - 4)));
  const all = [-REACH, ...near, ...crossings(...normals), REACH].filter((z) => Math.abs(z) <= REACH);
  return all.sort((x, y) => x - y);
}

const normal = ({ mean, sd }) => `N(${fixed(mean)}, ${fixed(sd)}²)`;
const names = (s) => (s.direction === "p-q" ? ["p", "q"] : ["q", "p"]);
const nats = (value) => fixed(value, value < 100 ? 3 : 1);

/** What the divergence is made of, in a sentence. */
export function verdict(s) {
  const [a, b] = names(s);
  const { byMean, byWidth, kl } = divergence(...pair(s));
  if (kl < 5e-4) return "q and p agree, and both divergences are 0.";
  const width = `${a} is too ${s[a === "q" ? "sigma" : "sigma_p"] < s[b === "q" ? "sigma" : "sigma_p"] ? "narrow" : "wide"}`;
  if (byWidth < 5e-4) return `All of it comes from the distance of the means, in units of ${b}’s deviation.`;
  if (byMean < 5e-4) return `All of it comes from the widths: ${width} for ${b}.`;
  return `${nats(byMean)} from the distance of the means, ${nats(byWidth)} because ${width} for ${b}.`;
}

/** The two areas as shown: what is subtracted closes the sum in its last digit. */
function shown(s) {
  const [a, b] = pair(s);
  const [above, kl] = [nats(areas(a, b).above), nats(divergence(a, b).kl)];
  return { above, kl, below: nats(Math.max(0, Number(above) - Number(kl))) };
}

export function speech(s) {
  const [a, b] = pair(s);
  const { above, below } = shown(s);
  return `KL of ${names(s).join(" from ")}: ${nats(divergence(a, b).kl)} nats, ${above} above zero minus ${below} below. The other way round: ${nats(divergence(b, a).kl)}. ${verdict(s)}`;
}

/** Every part that moves. */
export function parts(s) {
  const [a, b] = pair(s);
  const [q, p] = s.direction === "p-q" ? [b, a] : [a, b];
  const points = grid(q, p);
  const tall = (AXIS - TOP) / Math.max(density(0, { mean: 0, sd: q.sd }), density(0, { mean: 0, sd: p.sd }));
  const bell = (one) => line([[0, AXIS], ...points.map((z) => [xOf(z), AXIS - tall * density(z, one)]), [1000, AXIS]]);
  const values = points.map((z) => integrand(z, a, b));
  const [most, least] = [Math.max(0, ...values), Math.min(0, ...values)];
  const flat = most - least < 1e-9;
  const scale = flat ? 0 : (HIGH - LOW) / (most - least);
  const zero = flat ? (LOW + HIGH) / 2 : LOW + most * scale;
  const shade = (keep) =>
    line([[0, zero], ...points.map((z, k) => [xOf(z), zero - scale * keep(values[k], 0)]), [1000, zero]]);
  const { above, below, kl } = shown(s);
  const grip = (mean) => ({ style: `left:${at(xOf(mean)) / 10}%;top:${at((AXIS / HEIGHT) * 100)}%` });
  return {
    svg: {
      "aria-label":
        `Above, the densities of q, ${normal(q)}, and p, ${normal(p)}. Below, the integrand ${names(s)[0]} times log ` +
        `${names(s).join(" over ")}: its area above zero is ${above}, its area below zero ${below}.`,
    },
    q: { d: bell(q) },
    p: { d: bell(p) },
    above: { d: shade(Math.max) },
    below: { d: shade(Math.min) },
    curve: { d: line(points.map((z, k) => [xOf(z), zero - scale * values[k]])) },
    zero: { d: `M0 ${at(zero)}H1000` },
    "grip-q": grip(q.mean),
    "grip-p": grip(p.mean),
    peak: { text: flat ? "" : `highest ${short(most)}, lowest ${short(least)}` },
    "name-q": { text: normal(q) },
    "name-p": { text: normal(p) },
    rule: { text: `integrand ${names(s)[0]}(z) · log(${names(s)[0]}(z) / ${names(s)[1]}(z))` },
    sum: { text: `${above} − ${below} = ${kl}` },
    qp: { text: nats(divergence(q, p).kl) },
    pq: { text: nats(divergence(p, q).kl) },
    verdict: { text: verdict(s) },
  };
}

function picture(p, live) {
  const ticks = TICKS.map((z) => tag(fixed(z, 0), xOf(z) / 10, ((HEIGHT - 8) / HEIGHT) * 100));
  const lines = TICKS.map((z) => `M${at(xOf(z))} ${TOP}V${HEIGHT - 18}`).join("");
  const path = (name) => `<path class="rp-${name}" ${place(p, name)}/>`;
  const grip = (name) => `<span class="rp-grip rp-grip-${name}" ${place(p, `grip-${name}`)} aria-hidden="true"${live && ` data-grip="${name}"`}><b>${name}</b></span>`;
  return `<ul class="rp-legend">
      <li><i class="rp-key rp-key-q"></i>q = ${say(p, "name-q")}</li>
      <li><i class="rp-key rp-key-p"></i>p = ${say(p, "name-p")}</li></ul>
    <div class="rp-fig rp-curves" data-area>
    <svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-grid" d="${lines}"/>${path("p")}${path("q")}<path class="rp-axis" d="M0 ${AXIS}H1000"/>
      ${path("above")}${path("below")}${path("curve")}<path class="rp-axis" ${place(p, "zero")}/>
    </svg>${ticks.slice(1, -1).join("")}${grip("p")}${grip("q")}</div>
    <p class="rp-caption">${say(p, "rule")} <span class="rp-peak">${say(p, "peak")}</span></p>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  const row = (name, text) => `<tr><th scope="row">${text}</th><td>${say(p, name)} nats</td></tr>`;
  return `<div class="rp-widget rp-kl-explorer" role="group" aria-label="${escape(title)}">
    ${radioBox("direction", "shade", DIRECTIONS, s.direction, live)}
    ${picture(p, live)}
    <table><tbody>${row("sum", '<i class="rp-key rp-key-above"></i>above − <i class="rp-key rp-key-below"></i>below')}
      ${row("qp", "KL(q ‖ p)")}${row("pq", "KL(p ‖ q)")}</tbody></table>
    <p class="rp-verdict">${say(p, "verdict")}</p>
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
      ${buttonRow([["swap", "Swap q and p"], ["match", "Set q to p"], ["reset", "Reset"]], live)}</div>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
