import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { clean, decode, mean, sliders, unpack } from "./model.js";

/** Ink is laid on in LEVELS strengths, one stroke each: a picture is LEVELS paths, not a thousand boxes. */
const LEVELS = 32;
const CLASSES = 8;

const spot = (s, [x, y]) => [500 + (x / s.extent) * 500, 500 - (y / s.extent) * 500];

/** Latent under a point of the pad. */
export const latent = (s, x, y) => [(2 * x - 1) * s.extent, (1 - 2 * y) * s.extent].map((v) => Math.round(v * 100) / 100);

/** Pixels as runs of equal strength; strength 0 is bare paper. */
function image(pixels, size) {
  const d = Array(LEVELS + 1).fill("");
  const level = (i) => Math.round(pixels[i] * LEVELS);
  for (let i = 0; i < pixels.length; ) {
    let end = i + 1;
    while (end % size && level(end) === level(i)) end += 1;
    d[level(i)] += `M${i % size} ${Math.floor(i / size)}h${end - i}v1h${i - end}z`;
    i = end;
  }
  return Object.fromEntries(d.slice(1).map((path, k) => [`ink${k}`, { d: path }]));
}

export const speech = (s, pixels) => `Latent ${fixed(s.z1)}, ${fixed(s.z2)}: mean pixel ${fixed(mean(pixels), 3)}.`;

export function parts(s, pixels) {
  const [x, y] = spot(s, [s.z1, s.z2]);
  return {
    pad: { "aria-label": `Latent pad, ${fixed(s.z1)} across and ${fixed(s.z2)} up; the arrow keys move the point` },
    image: { "aria-label": `The decoder's picture, ${s.size} by ${s.size} pixels, at latent ${fixed(s.z1)}, ${fixed(s.z2)}; mean pixel ${fixed(mean(pixels), 3)}` },
    cross: { d: `M${at(x)} 0V1000M0 ${at(y)}H1000` },
    grip: { style: `left:${at(x) / 10}%;top:${at(y) / 10}%` },
    readout: { text: `z = (${fixed(s.z1)}, ${fixed(s.z2)})` },
    mean: { text: fixed(mean(pixels), 3) },
    ...image(pixels, s.size),
  };
}

/** The encoded means as faint marks by label, each label written once, at its middle. */
function cloud(s) {
  const groups = new Map();
  s.means.forEach((point, i) => {
    const k = s.labels.length ? s.labels[i] : -1;
    groups.set(k, [...(groups.get(k) ?? []), spot(s, point)]);
  });
  const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const kind = (k) => `rp-k${k < 0 ? "none" : k % CLASSES}`;
  const marks = [...groups].map(([k, points]) => `<path class="rp-dots ${kind(k)}${k >= CLASSES ? " rp-square" : ""}" d="${dots(points)}"/>`);
  const texts = [...groups].filter(([k]) => k >= 0).map(([k, points]) => {
    const [x, y] = [0, 1].map((axis) => middle(points.map((point) => point[axis])));
    return `<span class="rp-tag rp-digit ${kind(k)}" style="left:${at(x) / 10}%;top:${at(y) / 10}%">${k}</span>`;
  });
  return { marks: marks.join(""), texts: texts.join("") };
}

function pad(p, s, live) {
  const { marks, texts } = cloud(s);
  const ring = (radius) => line(Array.from({ length: 73 }, (_, k) => spot(s, [radius * Math.cos((k * Math.PI) / 36), radius * Math.sin((k * Math.PI) / 36)])));
  // Live, the pad is what the keyboard drives; still, it is a picture.
  const role = live ? 'role="application" tabindex="0" data-area' : 'role="img"';
  return `<div class="rp-fig rp-pad" ${role} ${place(p, "pad")}>
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
      <path class="rp-axis" d="M500 0V1000M0 500H1000"/><path class="rp-ring" d="${ring(1)}${ring(2)}"/>
      ${marks}<path class="rp-cross" ${place(p, "cross")}/></svg>
    <span aria-hidden="true">${texts}<span class="rp-tag rp-x">z₁ →</span><span class="rp-tag rp-y">z₂ ↑</span>
    <span class="rp-grip" ${place(p, "grip")}></span></span></div>`;
}

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, pixels, title, live = "") {
  const p = parts(s, pixels);
  const ink = Array.from({ length: LEVELS }, (_, k) => `<path fill-opacity="${(k + 1) / LEVELS}" ${place(p, `ink${k}`)}/>`);
  return `<div class="rp-widget rp-decoder" role="group" aria-label="${escape(title)}">
    <div class="rp-split">${pad(p, s, live)}<svg class="rp-image" viewBox="0 0 ${s.size} ${s.size}" role="img" ${place(p, "image")}>${ink.join("")}</svg></div>
    <div class="rp-below"><div class="rp-controls">${sliders(s.extent).map((slider) => sliderBox(slider, s[slider.key], live)).join("")}</div>
      <div>${buttonRow([["replay", "Replay"], ["new", "New noise"]], live)}
      <p class="rp-verdict">${say(p, "readout")}, mean pixel <strong>${say(p, "mean")}</strong>.
      Rings: one and two standard deviations of the prior.</p></div></div>${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export function still(state) {
  const s = clean(state);
  return markup(s, decode(unpack(s), s.activation, [s.z1, s.z2]), state.title ?? "");
}
