import { buttonRow, foot, sliderBox } from "../shared/controls.js";
import { at, dots, line, place, say } from "../shared/svg.js";
import { escape, fixed } from "../shared/text.js";
import { clean, journey, K, noise, relax, sliders } from "./model.js";

/** The triangle in a box of 1000 by 1000: classes 0 and 1 at the bottom, 2 on top. */
const CORNERS = [[40, 920], [960, 920], [500, 60]];
const SHAPES = ["●", "■", "◆"];
const LAYERS = 6;

/** A point of the simplex on the picture, and back. */
export const spot = (y) => [0, 1].map((axis) => y.reduce((sum, p, k) => sum + p * CORNERS[k][axis], 0));
export function weights([x, y]) {
  const top = (920 - y) / 860;
  const right = (x - 40 - top * 460) / 920;
  return [1 - top - right, right, top];
}

/** The sample that lies nearest to a point of the picture. */
export function nearest(r, [x, y]) {
  const far = (i) => spot(r.y[i]).reduce((sum, v, axis) => sum + (v - [x, y][axis]) ** 2, 0);
  return r.y.reduce((best, _, i) => (far(i) < far(best) ? i : best), 0);
}

const names = ({ tau, n }) => `${n} Gumbel-Softmax samples on the triangle of three classes at temperature ${fixed(tau, 3)}`;

export function speech(state) {
  const r = relax(state.logits, noise(state), state.tau);
  const list = (values) => values.map((p) => fixed(p)).join(", ");
  return `Temperature ${fixed(state.tau, 3)}: mean largest entry ${fixed(r.sharpness)}; winners' shares ${list(r.share)}; ` +
    `softmax ${list(r.exact)}; mean of y ${list(r.mean)}; winners changed by tau: ${r.changed} of ${state.n}.`;
}

/** The samples in a few strokes: shapes by winner, layers so that crowds look denser. */
function crowd(r) {
  const groups = Array.from({ length: K * LAYERS }, () => []);
  r.y.forEach((y, i) => groups[r.winners[i] * LAYERS + (i % LAYERS)].push(spot(y)));
  return Object.fromEntries(groups.map((points, j) => [`dots${j}`, { d: dots(points, j >= 2 * LAYERS) }]));
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

function bars(r) {
  const out = {};
  const whisker = (p, se, y) => `M${at(1000 * Math.max(0, p - 2 * se))} ${y}H${at(1000 * Math.min(1, p + 2 * se))}`;
  for (let k = 0; k < K; k += 1) {
    out[`won${k}`] = { d: `M0 10H${at(1000 * r.share[k])}` };
    out[`avg${k}`] = { d: `M0 24H${at(1000 * r.mean[k])}` };
    out[`err${k}`] = { d: whisker(r.share[k], r.shareSe[k], 10) + whisker(r.mean[k], r.meanSe[k], 24) };
    out[`pi${k}`] = { d: `M${at(1000 * r.exact[k])} 1V33` };
    out[`pi-text${k}`] = { text: fixed(r.exact[k]) };
    out[`won-text${k}`] = { text: fixed(r.share[k]) };
    out[`avg-text${k}`] = { text: fixed(r.mean[k]) };
  }
  return out;
}

/** Every part that moves; sample `followed` shows its whole path. */
export function parts(s, r, followed = 0) {
  const svg = { "aria-label": `${names(s)}: they lie near the ${r.sharpness > 0.75 ? "corners" : r.sharpness < 0.5 ? "centre" : "middle ground"}.` };
  if (s.compact) return { svg, ...crowd(r) };
  const i = Math.min(followed, s.n - 1);
  const here = spot(r.y[i]);
  return {
    svg, ...crowd(r), ...bars(r),
    path: { d: line(journey(r.scores[i], 60).map(spot)) },
    ring: { d: dots([here]) },
    core: { d: dots([here], r.winners[i] === 2), class: `rp-core rp-k${r.winners[i]}` },
    grip: { style: `left:${at(here[0]) / 10}%;top:${at(here[1]) / 10}%` },
    changed: { text: `${r.changed} of ${s.n}` },
    sharpness: { text: fixed(r.sharpness) },
  };
}

function picture(p, t, s, live) {
  const path = (name, kind = "") => `<path ${kind && `class="${kind}"`} ${place(p, name)}/>`;
  const edges = [[0, 1], [1, 2], [2, 0]].map((pair) => pair.map((k) => CORNERS[k]));
  const borders = edges.map(([a, b]) => `M500 633.3L${(a[0] + b[0]) / 2} ${(a[1] + b[1]) / 2}`).join("");
  const crowdPaths = Array.from({ length: K * LAYERS }, (_, j) => path(`dots${j}`, `rp-dots rp-k${Math.floor(j / LAYERS)}`));
  const trailPaths = s.compact ? [0, 1, 2].map((k) => `<path class="rp-trail rp-k${k}" ${place(t, `trail${k}`)}/>`) : [];
  const corner = (k, kind) => `<span class="rp-tag rp-corner ${kind}"><i class="rp-k${k}">${SHAPES[k]}</i> ${
    s.compact ? [0, 1, 2].map((j) => Number(j === k)).join(" ") : `class ${k}`}</span>`;
  return `<div class="rp-fig" data-area>
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" ${place(p, "svg")}>
      <path class="rp-triangle" d="${line(CORNERS)}Z"/><path class="rp-border" d="${borders}"/>
      ${trailPaths.join("")}${crowdPaths.join("")}
      ${s.compact ? "" : path("path", "rp-path") + path("ring", "rp-ring") + path("core")}
    </svg>
    ${corner(2, "rp-apex")}${corner(0, "rp-west")}${corner(1, "rp-east")}
    ${s.compact ? "" : `<span class="rp-grip" ${place(p, "grip")} aria-hidden="true"${live && " data-grip"}></span>`}
  </div>`;
}

function row(p, k) {
  return `<tr><th scope="row"><i class="rp-k${k}" aria-hidden="true">${SHAPES[k]}</i> ${k}</th>
    <td>${say(p, `pi-text${k}`)}</td><td>${say(p, `won-text${k}`)}</td><td>${say(p, `avg-text${k}`)}</td>
    <td class="rp-bars"><svg viewBox="0 0 1000 34" preserveAspectRatio="none" aria-hidden="true">
      <path class="rp-won rp-k${k}" ${place(p, `won${k}`)}/><path class="rp-avg rp-k${k}" ${place(p, `avg${k}`)}/>
      <path class="rp-err" ${place(p, `err${k}`)}/><path class="rp-truth" ${place(p, `pi${k}`)}/></svg></td></tr>`;
}

function panel(p, s, live) {
  const lever = sliders(s.compact).map((slider) => sliderBox(slider, s[slider.key], live)).join("");
  return `<div class="rp-panel"><div class="rp-controls">${lever}
      ${buttonRow([["replay", "Replay"], ["new", "New noise"], ["follow", "Follow another"]], live)}</div>
    <table><thead><tr><th scope="col">class</th><th scope="col"><i class="rp-dash"></i>softmax</th>
      <th scope="col"><i class="rp-full"></i>winners</th><th scope="col"><i class="rp-open"></i>mean y</th><th scope="col">0 to 1</th></tr></thead>
      <tbody>${[0, 1, 2].map((k) => row(p, k)).join("")}</tbody></table>
    <p class="rp-verdict">Winners changed by τ: <strong>${say(p, "changed")}</strong>.
      Mean largest entry of y: <strong>${say(p, "sharpness")}</strong>.</p></div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const r = relax(s.logits, noise(s), s.tau);
  const p = parts(s, r);
  const body = s.compact
    ? `${picture(p, trails(r), s, live)}<div class="rp-bar-row">${buttonRow([["play", "Pause"]], live)}
        ${sliderBox(sliders(true)[0], s.tau, live)}</div>`
    : `<div class="rp-split">${picture(p, {}, s, live)}${panel(p, s, live)}</div>`;
  const kind = `rp-widget rp-gumbel-simplex${s.compact ? " rp-compact" : ""}`;
  return `<div class="${kind}" role="group" aria-label="${escape(title)}">${body}${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
