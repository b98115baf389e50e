import { clamp, fixed } from "../kit/text.js";

/** Two normals q and p, their divergence in both directions, and its integrand. All in nats. */

const MEAN = { min: -3, max: 3, step: 0.01, show: fixed };
const SIGMA = { min: 0.2, max: 2, step: 0.01, show: fixed };
export const SLIDERS = [
  { key: "mean", label: "q’s mean", ...MEAN },
  { key: "sigma", label: "q’s deviation", ...SIGMA },
  { key: "mean_p", label: "p’s mean", ...MEAN },
  { key: "sigma_p", label: "p’s deviation", ...SIGMA },
];
export const DIRECTIONS = { "q-p": "KL(q ‖ p), over q", "p-q": "KL(p ‖ q), over p" };

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    mean: clamp(s.mean, -3, 3, 0.8),
    sigma: clamp(s.sigma, 0.2, 2, 0.6),
    mean_p: clamp(s.mean_p, -3, 3, 0),
    sigma_p: clamp(s.sigma_p, 0.2, 2, 1),
    direction: Object.hasOwn(DIRECTIONS, s.direction) ? s.direction : "q-p",
  };
}

/** `[a, b]`: the normal that the average is over, and the other one. */
export function pair(s) {
  const [q, p] = [{ mean: s.mean, sd: s.sigma }, { mean: s.mean_p, sd: s.sigma_p }];
  return s.direction === "p-q" ? [p, q] : [q, p];
}

export const density = (z, { mean, sd }) => Math.exp(-(((z - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI));

/** log a(z) - log b(z), a parabola. */
export const logRatio = (z, a, b) =>
  Math.log(b.sd / a.sd) - ((z - a.mean) / a.sd) ** 2 / 2 + ((z - b.mean) / b.sd) ** 2 / 2;

export const integrand = (z, a, b) => density(z, a) * logRatio(z, a, b);

/** The divergence and its two causes, never negative: no cancellation where a and b are close. */
export function divergence(a, b) {
  const wider = 2 * Math.log(a.sd / b.sd);
  const byMean = ((a.mean - b.mean) / b.sd) ** 2 / 2;
  const byWidth = Math.max(0, (Math.expm1(wider) - wider) / 2);
  return { byMean, byWidth, kl: byMean + byWidth };
}

/** Where the two densities cross: none, one or two points, in order. */
export function crossings(a, b) {
  const [wa, wb] = [1 / a.sd ** 2, 1 / b.sd ** 2];
  const two = wb - wa;
  const one = 2 * (wa * a.mean - wb * b.mean);
  const zero = 2 * Math.log(b.sd / a.sd) - wa * a.mean ** 2 + wb * b.mean ** 2;
  if (Math.abs(two) < 1e-12) return Math.abs(one) < 1e-12 ? [] : [-zero / one];
  const root = Math.sqrt(Math.max(0, one * one - 4 * two * zero));
  const far = -(one + (one < 0 ? -root : root)) / 2;
  const both = far === 0 ? [0, 0] : [far / two, zero / far];
  return both.sort((x, y) => x - y);
}

/** Simpson's rule. */
function area(f, low, high, n = 400) {
  const step = (high - low) / n;
  let sum = f(low) + f(high);
  for (let k = 1; k < n; k += 1) sum += (k % 2 ? 4 : 2) * f(low + k * step);
  return (sum * step) / 3;
}

/** The areas of the integrand above and below zero; their difference is the divergence. */
export function areas(a, b) {
  const [low, high] = [a.mean - 12 * a.sd, a.mean + 12 * a.sd];
  const cuts = [low, ...crossings(a, b).filter((z) => z > low && z < high), high];
  let [above, below] = [0, 0];
  for (let k = 1; k < cuts.length; k += 1) {
    const piece = area((z) => integrand(z, a, b), cuts[k - 1], cuts[k]);
    if (piece > 0) above += piece;
    else below -= piece;
  }
  return { above, below };
}
