import { buttonRow, foot, sliderBox } from "../kit/controls.js";
import { at, dots, line, place, say, tag } from "../kit/svg.js";
import { escape, fixed } from "../kit/text.js";
import { axis, clean, frameAt, now, sliders, TERMS, unpack } from "./model.js";

/** Pictures are laid on in LEVELS strengths of ink, one path each, PER_ROW of them side by side. */
const LEVELS = 24;
const PER_ROW = 5;

/** Boxes of 1000 by 100: epochs to the right, nats upward. */
const xOf = (s, epoch) => 100 + (870 * (epoch - 1)) / (s.elbo.length - 1);
const yOf = (box, v) => 94 - (86 * (v - box.low)) / (box.high - box.low);
const boxes = (s) => ({ bound: axis([...s.elbo, ...s.reconstruction]), price: axis([0, ...s.kl]) });
const HOME = { elbo: "bound", reconstruction: "bound", kl: "price" };

const curve = (s, name, to) => line(s[name].slice(0, to).map((v, k) => [xOf(s, k + 1), yOf(boxes(s)[HOME[name]], v)]));

/** How the sheet is laid out: originals above what was drawn, a pixel of paper between pictures. */
export function layout(s) {
  const [pitch, rows] = [s.side + 1, s.originals ? 2 : 1];
  const columns = Math.min(PER_ROW, s.count);
  const height = Math.ceil(s.count / columns) * rows;
  const corner = (k, row) => [(k % columns) * pitch, (Math.floor(k / columns) * rows + row) * pitch];
  return { width: columns * pitch - 1, height: height * pitch - 1, rows, corner };
}

/** Ink of all pictures, `pixels` of one row kind at a time: each level's path. */
function ink(s, kinds) {
  const { corner, rows } = layout(s);
  const d = Array(LEVELS + 1).fill("");
  kinds.forEach((pixels, kind) => {
    const level = (i) => Math.round((pixels[i] * LEVELS) / 255);
    for (let i = 0; i < pixels.length; ) {
      const [k, inside] = [Math.floor(i / s.side ** 2), i % s.side ** 2];
      let end = i + 1;
      while (end % s.side && level(end) === level(i)) end += 1;
      const [x, y] = corner(k, rows === 2 ? kind : 0);
      d[level(i)] += `M${x + (inside % s.side)} ${y + Math.floor(inside / s.side)}h${end - i}v1h${i - end}z`;
      i = end;
    }
  });
  return Object.fromEntries(d.slice(1).map((path, k) => [`ink${k}`, { d: path }]));
}

const from = (s) => s.frames[frameAt(s.frames, s.epoch)];

/** Whose pictures these are; where they are older than the epoch, it says so. */
export function about(s) {
  const when = from(s) === 0 ? "before training" : `after epoch ${from(s)}`;
  const also = s.originals ? `, below the ${s.count === 1 ? "original" : "originals"}` : "";
  const late = from(s) === s.epoch ? "" : "; the next ones were recorded later";
  return `The ${s.name} ${when}${also}${late}.`;
}

export function speech(s) {
  const t = now(s);
  return `After epoch ${s.epoch} of ${s.elbo.length}: ELBO ${fixed(t.elbo)}, reconstruction ${fixed(t.reconstruction)}, KL ${fixed(t.kl)} nats. ${about(s)}`;
}

/** Every part that moves; `record` is what `unpack` returned. */
export function parts(s, { sheets, originals }) {
  const [t, box] = [now(s), boxes(s)];
  const x = at(xOf(s, s.epoch));
  const sheet = sheets[frameAt(s.frames, s.epoch)];
  const out = {
    bound: { "aria-label": `Reconstruction and ELBO up to epoch ${s.epoch} of ${s.elbo.length}: ${fixed(t.reconstruction)} and ${fixed(t.elbo)} nats; the distance between the curves is the KL.` },
    price: { "aria-label": `KL up to epoch ${s.epoch} of ${s.elbo.length}: ${fixed(t.kl)} nats.` },
    sheet: { "aria-label": `${s.count} pictures of ${s.side} by ${s.side} pixels. ${about(s)}` },
    "now-bound": { d: `M${x} 0V100` },
    "now-price": { d: `M${x} 0V100` },
    when: { text: `After epoch ${s.epoch} of ${s.elbo.length}` },
    about: { text: about(s) },
    ...ink(s, originals ? [originals, sheet] : [sheet]),
  };
  for (const name of TERMS) {
    out[name] = { d: curve(s, name, s.epoch) };
    out[`${name}-here`] = { d: dots([[xOf(s, s.epoch), yOf(box[HOME[name]], t[name])]]) };
    out[`${name}-value`] = { text: fixed(t[name]) };
  }
  return out;
}

function chart(p, s, name, terms) {
  const box = boxes(s)[name];
  const grid = box.ticks.map((v) => `M100 ${at(yOf(box, v))}H970`).join("");
  const paths = terms.map((term) => (
    `<path class="rp-whole rp-${term}" d="${curve(s, term)}"/><path class="rp-curve rp-${term}" ${place(p, term)}/><path class="rp-here rp-${term}" ${place(p, `${term}-here`)}/>`));
  return `<div class="rp-fig rp-${name}"><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" ${place(p, name)}>
    <path class="rp-grid" d="${grid}"/><path class="rp-now" ${place(p, `now-${name}`)}/>${paths.join("")}</svg>
    ${box.ticks.map((v) => tag(fixed(v, box.digits), 0, yOf(box, v), "rp-left")).join("")}</div>`;
}

function pictures(p, s) {
  const { width, height } = layout(s);
  const paths = Array.from({ length: LEVELS }, (_, k) => `<path fill-opacity="${at((k + 1) / LEVELS * 100) / 100}" ${place(p, `ink${k}`)}/>`);
  return `<svg class="rp-sheet" viewBox="0 0 ${width} ${height}" role="img" ${place(p, "sheet")}>${paths.join("")}</svg>
    <p class="rp-verdict">${say(p, "about")}</p>`;
}

const term = (p, name, label) => `<i class="rp-key rp-${name}"></i>${label} <strong>${say(p, `${name}-value`)}</strong>`;

/** The whole widget as markup; `live` as in the controls. */
export function markup(s, record, title, live = "") {
  const p = parts(s, record);
  return `<div class="rp-widget rp-training-replay" role="group" aria-label="${escape(title)}">
    <div class="rp-split"><div>
      <p class="rp-name">nats per test image, by epoch</p>
      ${chart(p, s, "bound", ["reconstruction", "elbo"])}${chart(p, s, "price", ["kl"])}</div>
      <div>${pictures(p, s)}</div></div>
    <div class="rp-controls">${sliders(s.elbo.length).map((slider) => sliderBox(slider, s[slider.key], live)).join("")}
      ${buttonRow([["play", "Play"], ["back", "Back"], ["forward", "Forward"]], live)}</div>
    <p class="rp-verdict">${say(p, "when")}: ${term(p, "elbo", "ELBO")} = ${term(p, "reconstruction", "reconstruction")} − ${term(p, "kl", "KL")}</p>
    ${foot(live)}</div>`;
}

/** The first picture of the live widget, without controls and without a page. */
export function still(state) {
  const s = clean(state);
  return markup(s, unpack(s), state.title ?? "");
}
