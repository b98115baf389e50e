import { buttonRow, foot, radioBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { LEVELS, regions } from "./density.js";
import { clean, jacobian, journey, noise, relax, SLIDERS } from "./model.js";
import { caption, CORNERS, crowd, SHAPES, spot, triangle } from "./triangle.js";

const CLASSES = [0, 1, 2];

/** The sample that lies nearest to a point of the picture. */
export function nearest(r, [x, y]) {
  const far = (i) => spot(r.y[i]).reduce((sum, v, axis) => sum + (v - [x, y][axis]) ** 2, 0);
  return r.y.reduce((best, _, i) => (far(i) < far(best) ? i : best), 0);
}

const list = (values) => values.map((p) => fixed(p)).join(", ");

function sample(s, r, i) {
  const [y, k] = [r.y[i], r.winners[i]];
  const soft = `y = (${list(y)}); slope of y${"₀₁₂"[k]} in logit ${k}: ${fixed(jacobian(y, s.tau)[k][k])}.`;
  return s.forward === "soft"
    ? `Ringed sample: ${soft}`
    : `Ringed sample: forward z = (${CLASSES.map((j) => Number(j === k))}); backward, arrows show how y moves with each logit at ${soft}`;
}

export function speech(state) {
  const r = relax(state.logits, noise(state), state.tau);
  return `Temperature ${fixed(state.tau, 3)}: winners' shares ${list(r.share)}; softmax ${list(r.exact)}; mean of y ${list(r.mean)}; ` +
    `winners changed by tau: ${r.changed} of ${state.n}. ${sample(state, r, 0)}`;
}

function bars(r) {
  const out = {};
  const whisker = (p, se, y) => `M${at(1000 * Math.max(0, p - 2 * se))} ${y}H${at(1000 * Math.min(1, p + 2 * se))}`;
  for (const k of CLASSES) {
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

/** An arrow along a slope, at most a third of the picture long. */
function arrow(from, [dx, dy]) {
  const long = Math.hypot(dx, dy);
  if (long < 4) return "";
  const size = Math.min(1, 330 / long);
  const [x, y] = [from[0] + dx * size, from[1] + dy * size];
  const angle = Math.atan2(dy, dx);
  const barbs = [2.7, -2.7].map((turn) => [x + 22 * Math.cos(angle + turn), y + 22 * Math.sin(angle + turn)]);
  return line([from, [x, y], barbs[0], [x, y], barbs[1]]);
}

/** Straight-through: a corner forward, the slopes of y backward. */
function through(s, r, i, here) {
  const on = s.forward !== "soft";
  const out = { svg: { ...caption(s, r), class: on ? "rp-dim" : "" }, forward: { d: on ? line([here, CORNERS[r.winners[i]]]) : "" } };
  const slopes = jacobian(r.y[i], s.tau);
  for (const k of CLASSES) {
    const size = `stroke-width:${at(10 + 24 * Math.sqrt(r.share[k]))}px`;
    out[`hard${k}`] = { d: on && r.share[k] > 0 ? dots([CORNERS[k]], k === 2) : "", style: size };
    out[`slope${k}`] = { d: on ? arrow(here, spot(slopes[k])) : "" };
  }
  return out;
}

function shades(s) {
  const paths = s.density === "shown" ? regions(s.logits, s.tau) : LEVELS.map(() => "");
  return Object.fromEntries(paths.map((d, j) => [`shade${j}`, { d }]));
}

/** Every part that moves; sample `followed` shows its whole path. */
export function parts(s, r, followed = 0) {
  const i = Math.min(followed, s.n - 1);
  const here = spot(r.y[i]);
  const ringed = s.forward === "soft" ? here : CORNERS[r.winners[i]];
  return {
    ...crowd(r), ...bars(r), ...shades(s), ...through(s, r, i, here),
    path: { d: line(journey(r.scores[i], 60).map(spot)) },
    ring: { d: dots([ringed]) },
    core: { d: dots([ringed], r.winners[i] === 2), class: `rp-core rp-k${r.winners[i]}` },
    grip: { style: `left:${at(here[0]) / 10}%;top:${at(here[1]) / 10}%` },
    changed: { text: `${r.changed} of ${s.n}` },
    sharpness: { text: fixed(r.sharpness) },
    sample: { text: sample(s, r, i) },
  };
}

function picture(p, live) {
  const path = (name, kind = "") => `<path ${kind && `class="${kind}"`} ${place(p, name)}/>`;
  const under = LEVELS.map((_, j) => path(`shade${j}`, "rp-shade")).join("");
  const hard = CLASSES.map((k) => path(`hard${k}`, `rp-hard rp-k${k}`) + path(`slope${k}`, `rp-slope rp-k${k}`));
  const over = `${path("path", "rp-path")}${path("forward", "rp-forward")}${hard.join("")}${path("ring", "rp-ring")}${path("core")}`;
  return triangle(p, (k) => `class ${k}`, under, over, `<span class="rp-grip" ${place(p, "grip")} aria-hidden="true"${live && " data-grip"}></span>`);
}

function row(p, k) {
  return `<tr><th scope="row"><i class="rp-k${k}" aria-hidden="true">${SHAPES[k]}</i> ${k}</th>
    <td>${say(p, `pi-text${k}`)}</td><td>${say(p, `won-text${k}`)}</td><td>${say(p, `avg-text${k}`)}</td>
    <td class="rp-bars"><svg viewBox="0 0 1000 34" preserveAspectRatio="none" aria-hidden="true">
      <path class="rp-won rp-k${k}" ${place(p, `won${k}`)}/><path class="rp-avg rp-k${k}" ${place(p, `avg${k}`)}/>
      <path class="rp-err" ${place(p, `err${k}`)}/><path class="rp-truth" ${place(p, `pi${k}`)}/></svg></td></tr>`;
}

function panel(p, s, live) {
  const lever = SLIDERS.map((slider) => sliderBox(slider, s[slider.key], live)).join("");
  return `<div class="rp-panel"><div class="rp-controls">${lever}
      ${radioBox("forward", "forward", { soft: "y, relaxed", "straight-through": "z, straight-through" }, s.forward, live)}${radioBox("density", "density", { hidden: "hidden", shown: "shown, each shade doubles it" }, s.density, live)}
      ${buttonRow([["replay", "Replay"], ["new", "New noise"], ["follow", "Follow another"]], live)}</div>
    <table><thead><tr><th scope="col">class</th><th scope="col"><i class="rp-dash"></i>softmax</th>
      <th scope="col"><i class="rp-full"></i>winners</th><th scope="col"><i class="rp-open"></i>mean y</th><th scope="col">0 to 1</th></tr></thead>
      <tbody>${CLASSES.map((k) => row(p, k)).join("")}</tbody></table>
    <p class="rp-verdict">Winners changed by τ: <strong>${say(p, "changed")}</strong>.
      Mean largest entry of y: <strong>${say(p, "sharpness")}</strong>. ${say(p, "sample")}</p></div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s, relax(s.logits, noise(s), s.tau));
  return `<div class="rp-widget rp-gumbel-simplex" role="group" aria-label="${escape(title)}">
    <div class="rp-split">${picture(p, live)}${panel(p, s, live)}</div>${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
