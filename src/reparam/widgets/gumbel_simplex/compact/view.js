import { buttonRow, foot, sliderBox } from "../../kit/controls.js";
import { place } from "../../kit/svg.js";
import { clamp, escape } from "../../kit/text.js";
import { clean, journey, K, noise, relax, TAU } from "../model.js";
import { caption, crowd, spot, triangle } from "../triangle.js";

/** A wide picture with the temperature alone, which breathes until touched. */

/** A slow breath between warm and cold: `phase` counts breaths. */
const [WARM, COLD] = [Math.log(6), Math.log(0.07)];
export const breath = (phase) => Math.exp(WARM + (COLD - WARM) * (0.5 - 0.5 * Math.cos(2 * Math.PI * phase)));

/** The phase at which a breath passes `tau` on its way down. */
export function phaseOf(tau) {
  const depth = clamp((Math.log(tau) - WARM) / (COLD - WARM), 0, 1, 0);
  return Math.acos(1 - 2 * depth) / (2 * Math.PI);
}

/** A path in whole relative steps, points at least `gap` apart: short to send, smooth to see. */
function thin(points, gap) {
  let last = points[0].map(Math.round);
  let d = `M${last}`;
  points.forEach((point, i) => {
    const next = point.map(Math.round);
    if (i < points.length - 1 && Math.hypot(next[0] - last[0], next[1] - last[1]) < gap) return;
    d += `l${next[0] - last[0]} ${next[1] - last[1]}`;
    last = next;
  });
  return d;
}

/** The paths of many samples over all temperatures (they do not depend on tau). */
export function trails(r) {
  const groups = Array.from({ length: K }, () => "");
  r.scores.slice(0, 150).forEach((row, i) => (groups[r.winners[i]] += thin(journey(row, 240).map(spot), 20)));
  return Object.fromEntries(groups.map((d, k) => [`trail${k}`, { d }]));
}

export const parts = (s, r) => ({ svg: caption(s, r), ...crowd(r) });

export function speech(s) {
  const r = relax(s.logits, noise(s), s.tau);
  return `${caption(s, r)["aria-label"]} Winners changed by tau: ${r.changed}.`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const r = relax(s.logits, noise(s), s.tau);
  const t = trails(r);
  const under = [0, 1, 2].map((k) => `<path class="rp-trail rp-k${k}" ${place(t, `trail${k}`)}/>`).join("");
  const name = (k) => [0, 1, 2].map((j) => Number(j === k)).join(" ");
  return `<div class="rp-widget rp-gumbel-simplex rp-compact" role="group" aria-label="${escape(title)}">
    ${triangle(parts(s, r), name, under, "")}
    <div class="rp-bar-row">${buttonRow([["play", "Pause"]], live)}${sliderBox(TAU, s.tau, live)}</div>${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
