import { buttonRow, foot, selectBox, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { axis, clean, nearest, SHAPES, sliders, spell, value } from "./model.js";

const SYMBOL = { beta: "β", tau: "τ" };
const MAX_TICKS = 6;
const CURVES = [["kl", "KL"], ["elbo", "ELBO"]];

/** Boxes of 1000 by 100: the share of the run to the right, the number upward. */
const xOf = (share) => 90 + 880 * share;
const yOf = ({ low, high }, v) => 94 - (86 * (v - low)) / (high - low);

const digits = ({ ticks }) => Math.max(0, -Math.floor(Math.log10(ticks[1] - ticks[0]) + 1e-9));

/** One curve of a run, an epoch's number at its end. */
const track = (box, numbers) => line(numbers.map((v, k) => [xOf((k + 1) / numbers.length), yOf(box, v)]));

/** A schedule as a polyline that meets its corner. */
function ramp(box, s) {
  const shares = Array.from({ length: 101 }, (_, k) => k / 100);
  return line([...shares, s.share].sort((a, b) => a - b).map((p) => [xOf(p), yOf(box, value(s, p))]));
}

/** The curves share one axis over all runs, so that runs can be compared. */
function range(runs, name) {
  const all = runs.flatMap((run) => run[name]);
  return axis(Math.min(...all, name === "kl" ? 0 : Infinity), Math.max(...all));
}

/** Which run is shown, and how near it is. */
export function shown(s, near) {
  if (!near) return "";
  const text = `${SYMBOL[s.quantity]} = ${s.runs[near.k].text}`;
  if (near.far < 1e-9) return `This very schedule was run: ${text}.`;
  return `Shown is the nearest of ${s.runs.length} recorded runs: ${text}. Its schedule differs from yours by ${fixed(near.far)} on average.`;
}

/** How that run ended. */
export function ending(s, near) {
  if (!near) return "";
  const run = s.runs[near.k];
  const kl = run.kl.at(-1);
  const empty = kl < 0.1 ? " The code is all but empty: posterior collapse." : "";
  return `After ${run.kl.length} epochs its KL is ${fixed(kl)} nats and its ELBO ${fixed(run.elbo.at(-1))} ± ${fixed(2 * run.se)}.${empty}`;
}

export function speech(s) {
  const near = nearest(s);
  return `Schedule ${spell(s)}. ${shown(s, near)} ${ending(s, near)}`.trim();
}

/** Every part that moves. */
export function parts(s) {
  const near = nearest(s);
  const run = near && s.runs[near.k];
  const box = axis(0, Math.max(value(s, 0), s.end, run ? value(run, 0) : 0, run ? run.end : 0, 0.1));
  const out = {
    chart: { "aria-label": `The schedule over the run: ${fixed(value(s, 0))} at the start, ${fixed(value(s, 0.5))} half-way, ${fixed(s.end)} at the end.` },
    mine: { d: ramp(box, s) },
    theirs: { d: run && near.far > 1e-9 ? ramp(box, run) : "" },
    option: { text: `--${s.quantity} ${spell(s)}` },
    shown: { text: shown(s, near) },
    ending: { text: ending(s, near) },
    grid: { d: box.ticks.map((t) => `M${xOf(0)} ${at(yOf(box, t))}H${xOf(1)}`).join("") },
  };
  for (let k = 0; k < MAX_TICKS; k += 1) {
    const tick = box.ticks[k];
    out[`tick${k}`] = tick === undefined
      ? { text: "", style: "top:0%" }
      : { text: fixed(tick, digits(box)), style: `top:${at(yOf(box, tick))}%` };
  }
  for (const [name, label] of run ? CURVES : []) {
    const [frame, numbers] = [range(s.runs, name), run[name]];
    out[name] = { d: track(frame, numbers) };
    out[`${name}-end`] = { d: dots([[xOf(1), yOf(frame, numbers.at(-1))]]) };
    out[`${name}-chart`] = { "aria-label": `${label} of the run ${run.text} on test images, epoch by epoch: ${fixed(numbers[0])} after the first, ${fixed(numbers.at(-1))} after the last.` };
  }
  return out;
}

const box = (p, name, inside, labels) => `<div class="rp-fig"><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" ${place(p, name)}>${inside}</svg>${labels}</div>`;

function schedule(p, s) {
  const path = (name) => `<path class="rp-${name}" ${place(p, name)}/>`;
  const ticks = Array.from({ length: MAX_TICKS }, (_, k) => say(p, `tick${k}`, "rp-tag rp-left"));
  return `<p class="rp-name">${SYMBOL[s.quantity]} over the run, from its first step to its last</p>
    ${box(p, "chart", `${path("grid")}${path("theirs")}${path("mine")}`, ticks.join(""))}
    <p class="rp-verdict">The option: <code>${say(p, "option")}</code></p>`;
}

/** The curve of the run shown, over those of all the others. */
function curve(p, s, [name, label]) {
  const frame = range(s.runs, name);
  const grid = frame.ticks.map((t) => `M${xOf(0)} ${at(yOf(frame, t))}H${xOf(1)}`).join("");
  const others = s.runs.map((run) => track(frame, run[name])).join("");
  const inside = `<path class="rp-grid" d="${grid}"/><path class="rp-others" d="${others}"/>
    <path class="rp-curve rp-${name}" ${place(p, name)}/><path class="rp-here rp-${name}" ${place(p, `${name}-end`)}/>`;
  const ticks = frame.ticks.map((t) => tag(fixed(t, digits(frame)), 0, yOf(frame, t), "rp-left"));
  return `<p class="rp-name">${label} of the run shown, nats per test image, by epoch</p>${box(p, `${name}-chart`, inside, ticks.join(""))}`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, title, live = "") {
  const p = parts(s);
  const recorded = s.runs.length
    ? `<div>${CURVES.map((names) => curve(p, s, names)).join("")}</div>`
    : "";
  const buttons = [...(s.runs.length ? [["next", "Next recorded run"]] : []), ["reset", "Reset"]];
  return `<div class="rp-widget rp-schedule-explorer" role="group" aria-label="${escape(title)}">
    <div class="rp-split"><div class="rp-controls">${selectBox("shape", "shape", SHAPES, s.shape, live)}
      ${sliders(s).map((slider) => sliderBox(slider, s[slider.key], live)).join("")}${buttonRow(buttons, live)}
      ${schedule(p, s)}</div>${recorded}</div>
    <p class="rp-verdict"><strong>${say(p, "shown")}</strong> ${say(p, "ending")}</p>
    ${s.runs.length ? `<p class="rp-note">Thin in the upper picture: the schedule of the run shown, where it is not yours. Thin below: the other recorded runs. No curve is made up between two runs.</p>` : ""}
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export const still = (state) => markup(clean(state), state.title ?? "");
