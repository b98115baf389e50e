import { gumbels } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Gumbel-Softmax samples of three classes, and what their averages say. */

export const K = 3;
export const TAU = { key: "tau", label: "τ, temperature", min: 0.05, max: 10, step: 0.02, log: true, show: (x) => fixed(x, x < 1 ? 3 : 2) };
const LOGITS = Array.from({ length: K }, (_, k) => (
  { key: `logit${k}`, label: `logit ${k}`, min: -4, max: 4, step: 0.05, show: fixed }
));
export const SLIDERS = [TAU, ...LOGITS];

/** Any values into a state that can be drawn; the sliders see the logits one by one. */
export function clean(s) {
  const given = Array.isArray(s.logits) ? s.logits : [];
  const logits = Array.from({ length: K }, (_, k) => clamp(s[`logit${k}`] ?? given[k], -4, 4, 0));
  return {
    logits, ...Object.fromEntries(logits.map((v, k) => [`logit${k}`, v])),
    tau: clamp(s.tau, TAU.min, TAU.max, 1),
    n: Math.round(clamp(s.n, 2, 1000, 400)),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
    forward: s.forward === "straight-through" ? "straight-through" : "soft",
    density: s.density === "shown" ? "shown" : "hidden",
  };
}

export const noise = ({ seed, n }) => gumbels(seed, n * K);

/** softmax of `scores / tau`, the largest subtracted first so that nothing overflows. */
export function softmax(scores, tau = 1) {
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp((score - top) / tau));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

const argmax = (row) => row.indexOf(Math.max(...row));

/** logits + noise, one row of K per sample. */
export const perturb = (logits, g) =>
  Array.from({ length: g.length / K }, (_, i) => logits.map((logit, k) => logit + g[i * K + k]));

/** One sample for every temperature from infinity (the centre) to zero (a corner). */
export const journey = (scores, steps) =>
  Array.from({ length: steps + 1 }, (_, k) => softmax(scores, 10 ** (2 - (4.2 * k) / steps)));

/** Samples, winners, and per class: softmax, winners' share and mean of y with standard errors. */
export function relax(logits, g, tau) {
  const scores = perturb(logits, g);
  const y = scores.map((row) => softmax(row, tau));
  const winners = scores.map(argmax);
  const n = y.length;
  const share = Array(K).fill(0);
  for (const k of winners) share[k] += 1 / n;
  const mean = logits.map((_, k) => y.reduce((sum, row) => sum + row[k], 0) / n);
  const spread = logits.map((_, k) => y.reduce((sum, row) => sum + (row[k] - mean[k]) ** 2, 0) / (n - 1));
  return {
    scores, y, winners, share, mean,
    shareSe: share.map((p) => Math.sqrt(Math.max(0, p * (1 - p)) / n)),
    meanSe: spread.map((v) => Math.sqrt(v / n)),
    exact: softmax(logits),
    changed: y.filter((row, i) => argmax(row) !== winners[i]).length,
    sharpness: y.reduce((sum, row) => sum + Math.max(...row), 0) / n,
  };
}

/** How y moves when one logit rises, a row per logit: the backward pass, straight-through or not. */
export const jacobian = (y, tau) => y.map((mine, k) => y.map((p, j) => (mine * (Number(j === k) - p)) / tau));

/** The temperature at which `scores` comes closest to the point `target` of the simplex. */
export function nearestTau(scores, target) {
  const grid = Array.from({ length: 400 }, (_, k) => TAU.min * (TAU.max / TAU.min) ** (k / 399));
  const distance = (tau) => softmax(scores, tau).reduce((sum, p, k) => sum + (p - target[k]) ** 2, 0);
  return Number(grid.reduce((best, tau) => (distance(tau) < distance(best) ? tau : best)).toPrecision(3));
}
