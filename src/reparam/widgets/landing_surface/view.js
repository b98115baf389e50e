import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { CHOICES, clean, height, placeOf, SLIDERS, slopes } from "./model.js";

/** Left the surface over z, right the same surface over t: both 1000 wide and in pixels high. */
const HEIGHT = 220;
const [TOP, FLOOR] = [8, 196];
const REACH = 4;
const ACROSS = { z: 3.3, t: 1.1 };
const PLACES = [-1, -0.5, 0, 0.5, 1];
const DRAWS = [-3, -2, -1, 0, 1, 2, 3];
const LEVELS = [-3, 0, 3];

export const xOf = (axis, value) => (value / ACROSS[axis] + 1) * 500;
export const valueOf = (axis, share) => (2 * share - 1) * ACROSS[axis];
const yOf = (h) => TOP + ((REACH - h) / (2 * REACH)) * (FLOOR - TOP);
const inside = (y) => Math.min(FLOOR, Math.max(TOP, y));

/** A curve cut where it leaves the frame; every piece of it starts afresh. */
function cut(points) {
  const pieces = [[]];
  for (const [x, y] of points) {
    if (y >= TOP && y <= FLOOR) pieces.at(-1).push([x, y]);
    else if (pieces.at(-1).length) pieces.push([]);
  }
  return pieces.map(line).join("");
}

const grid = (axis, n) => Array.from({ length: n + 1 }, (_, k) => ((2 * k) / n - 1) * ACROSS[axis]);
const overZ = (which, t) => cut(grid("z", 132).map((z) => [xOf("z", z), yOf(height(which, t, z))]));
const overT = (which, z) => cut(grid("t", 88).map((t) => [xOf("t", t), yOf(height(which, t, z))]));

/** A tangent through a point, cut to the frame. */
function tangent(axis, value, h, slope) {
  const reach = 0.28 * ACROSS[axis];
  const share = Array.from({ length: 41 }, (_, k) => k / 20 - 1);
  return cut(share.map((u) => [xOf(axis, value + u * reach), yOf(h + slope * u * reach)]));
}

const two = (x) => fixed(x, 2);

/** What the two slopes say, in a sentence. */
export function verdict(s) {
  const r = slopes(s);
  if (Math.abs(s.t) < 1e-9) {
    return `Here q is the posterior. The surface is flat in z and the path derivative is 0 at every z; minus the score is ${two(-r.score)}.`;
  }
  return `One draw gives ${two(r.path)} by the path and ${two(-r.score)} by minus the score, in all ${two(r.path - r.score)}. The mean over draws is ${two(r.exact)}.`;
}

export const speech = (s) => `t ${two(s.t)}, z ${two(s.z)}. ${verdict(s)}`;

/** Every part that moves. */
export function parts(s) {
  const r = slopes(s);
  const q = placeOf(s);
  const y = inside(yOf(r.height));
  const grip = (axis) => ({ style: `left:${at(xOf(axis, s[axis])) / 10}%;top:${at((y / HEIGHT) * 100)}%` });
  return {
    left: {
      "aria-label":
        `The height of log p minus log q over z. At t = ${two(s.t)} its slope in z at z = ${two(s.z)} is ${two(r.in_z)}; ` +
        "at t = 0 the curve is a horizontal line.",
    },
    right: {
      "aria-label": `The same height over the place t, with z = ${two(s.z)} held still. Its slope at t = ${two(s.t)} is minus the score, ${two(-r.score)}.`,
    },
    ...Object.fromEntries(PLACES.map((t, k) => [`slice${k}`, { d: overZ(s.line, t) }])),
    ...Object.fromEntries(DRAWS.map((z, k) => [`level${k}`, { d: overT(s.line, z) }])),
    "over-z": { d: overZ(s.line, s.t) },
    "over-t": { d: overT(s.line, s.z) },
    "slope-z": { d: tangent("z", s.z, r.height, r.in_z) },
    "slope-t": { d: tangent("t", s.t, r.height, -r.score) },
    "grip-z": grip("z"),
    "grip-t": grip("t"),
    q: { text: `N(${two(q.mean)}, ${two(q.sigma)}²)` },
    height: { text: two(r.height) },
    path: { text: two(r.path) },
    score: { text: two(-r.score) },
    total: { text: two(r.path - r.score) },
    exact: { text: two(r.exact) },
    verdict: { text: verdict(s) },
  };
}

function panel(p, axis, name, faint, caption, ticks, live) {
  const path = (part, kind) => `<path class="rp-${kind}" ${place(p, part)}/>`;
  return `<div><p class="rp-caption">${caption}</p>
    <div class="rp-fig rp-surface" data-area="${axis}"><svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" ${place(p, name)}>
      ${faint}<path class="rp-axis" d="M0 ${at(yOf(0))}H1000"/>
      ${path(`over-${axis}`, "curve")}${path(`slope-${axis}`, `slope rp-is-${axis === "z" ? "path" : "score"}`)}
    </svg>${LEVELS.map((v) => tag(fixed(v, 0), 0, (yOf(v) / HEIGHT) * 100, "rp-left")).join("")}
    ${ticks.map((v) => tag(fixed(v, Number.isInteger(v) ? 0 : 1), xOf(axis, v) / 10, ((HEIGHT - 9) / HEIGHT) * 100)).join("")}
    <span class="rp-grip" ${place(p, `grip-${axis}`)} aria-hidden="true"${live && ` data-grip="${axis}"`}><b></b></span></div></div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  const faint = (names) => names.map((name) => `<path class="rp-faint" ${place(p, name)}/>`).join("");
  const row = (name, text) => `<tr><th scope="row">${text}</th><td>${say(p, name)}</td></tr>`;
  return `<div class="rp-widget rp-landing-surface" role="group" aria-label="${escape(title)}">
    <div class="rp-panels">
    ${panel(p, "z", "left", faint(PLACES.map((_, k) => `slice${k}`)), "over the draw z, for this q; faint: other places t", [-2, 0, 2], live)}
    ${panel(p, "t", "right", faint(DRAWS.map((_, k) => `level${k}`)), "over the place t, for this z; faint: other draws", [-1, -0.5, 0, 0.5, 1], live)}</div>
    <p class="rp-verdict">${say(p, "verdict")}</p>
    <div class="rp-controls">${SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
      ${radioBox("line", "along t changes", CHOICES, s.line, live)}
      ${buttonRow([["land", "Go to the posterior"], ["reset", "Reset"]], live)}</div>
    <table><tbody>${row("q", "q at this t")}${row("height", "log p(z|x) − log q(z)")}
      ${row("path", '<i class="rp-key rp-is-path"></i>path derivative')}${row("score", '<i class="rp-key rp-is-score"></i>minus the score')}
      ${row("total", "total, their sum")}${row("exact", "exact mean of path and of total")}</tbody></table>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
