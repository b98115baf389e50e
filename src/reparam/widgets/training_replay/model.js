import { clamp, fixed } from "../kit/text.js";

/** A recorded run: one number of each term an epoch, and 8-bit pictures of some epochs. */

export const TERMS = ["elbo", "reconstruction", "kl"];

export const sliders = (last) => [{ key: "epoch", label: "epoch", min: 1, max: last, step: 1, show: (x) => fixed(x, 0) }];

/** Any values into a state that can be drawn; the record itself was checked when it was made. */
export function clean(s) {
  return { ...s, epoch: Math.round(clamp(s.epoch, 1, s.elbo.length, s.elbo.length)) };
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** The record's pictures: `sheets[k]` are all pixels of `frames[k]`, `originals` those to be drawn, if any. */
export function unpack({ packed, originals, frames, side, count }) {
  const size = side * side * count;
  const all = bytes(packed);
  const sheets = frames.map((_, k) => all.subarray(k * size, (k + 1) * size));
  return { sheets, originals: originals ? bytes(originals) : null };
}

/** The pictures to show: of the latest recorded epoch that is not later than `epoch`. */
export const frameAt = (frames, epoch) => Math.max(0, frames.findLastIndex((k) => k <= epoch));

/** The terms after `epoch`. */
export const now = (s) => Object.fromEntries(TERMS.map((name) => [name, s[name][s.epoch - 1]]));

/** Round numbers that hold all `values`: `{ low, high, ticks }`. */
export function axis(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = Math.max(high - low, 0.01) / 3;
  const power = 10 ** Math.floor(Math.log10(size));
  const step = power * [1, 2, 5, 10].find((k) => k * power >= size * (1 - 1e-9));
  const first = Math.floor(low / step + 1e-9);
  const count = Math.max(2, Math.ceil(high / step - 1e-9) - first + 1);
  const ticks = Array.from({ length: count }, (_, k) => (first + k) * step);
  return { low: ticks[0], high: ticks.at(-1), ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}
