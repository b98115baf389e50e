import { clamp, fixed } from "../kit/text.js";
import { normals } from "../kit/rng.js";

/**
 * A diagonal Gaussian q is fitted to a Gaussian p by stochastic ascent on E[log p(z) - log q(z)], one draw a
 * step. Parameters are q's means `mu` and log-deviations `rho`. The KL of every step is exact.
 */

export const TARGETS = {
  line: { mean: [0.5], precision: [[1 / 0.64]] },
  plane: { mean: [0.5, -0.4], precision: [[1 / 0.64, 0], [0, 1 / 1.44]] },
  tilted: { mean: [0.5, -0.4], precision: [[1 / 0.4816, -0.72 / 0.4816], [-0.72 / 0.4816, 1 / 0.4816]] },
};
export const PLACES = { line: "1-D", plane: "2-D", tilted: "2-D, correlated" };
export const ESTIMATORS = { path: "path", total: "total", score: "score alone" };
export const START = [-1.5, 1.2];
export const STEPS = 300;
export const REACH = { rho: [-3, 1.5], mu: [-50, 50] };
export const SLIDERS = [
  { key: "step", label: "step", min: 0, max: STEPS, step: 1, show: (n) => fixed(n, 0) },
  { key: "lr", label: "learning rate", min: 0.005, max: 0.1, step: 0.01, log: true, show: (lr) => fixed(lr, 3) },
  { key: "sigma", label: "first σ", min: 0.3, max: 2, step: 0.01, show: fixed },
];

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    target: Object.hasOwn(TARGETS, s.target) ? s.target : "line",
    estimator: Object.hasOwn(ESTIMATORS, s.estimator) ? s.estimator : "path",
    step: Math.round(clamp(s.step, 0, STEPS, STEPS)),
    lr: clamp(s.lr, 0.005, 0.1, 0.05),
    sigma: clamp(s.sigma, 0.3, 2, 1.5),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** The gradient of log p(z) at z. */
const pull = ({ mean, precision }, z) =>
  precision.map((row) => -row.reduce((sum, value, k) => sum + value * (z[k] - mean[k]), 0));

/** One draw's estimate of the gradient of the ELBO; `score` is the part that `path` leaves out of `total`. */
export function gradient(target, { mu, rho }, eps, estimator) {
  const sigma = rho.map(Math.exp);
  const slope = pull(TARGETS[target], mu.map((m, i) => m + sigma[i] * eps[i]));
  const keep = { total: [1, 0], path: [1, 1], score: [0, -1] }[estimator];
  return {
    mu: mu.map((_, i) => keep[0] * slope[i] + (keep[1] * eps[i]) / sigma[i]),
    rho: mu.map((_, i) => keep[0] * (slope[i] * sigma[i] * eps[i] + 1) + keep[1] * (eps[i] ** 2 - 1)),
  };
}

/** x - 1 - log x at x = e^d, without cancellation near d = 0. */
const excess = (d) => (Math.abs(d) < 1e-4 ? (d * d) / 2 + d ** 3 / 6 : Math.expm1(d) - d);

/** KL(q || p) in nats. */
export function divergence(target, { mu, rho }) {
  const { mean, precision } = TARGETS[target];
  const off = mu.map((m, i) => m - mean[i]);
  const diagonal = precision.reduce((product, row, i) => product * row[i], 1);
  const determinant = mu.length === 1 ? diagonal : diagonal - precision[0][1] * precision[1][0];
  const far = off.reduce((sum, d, i) => sum + d * precision[i].reduce((part, value, k) => part + value * off[k], 0), 0);
  const wide = rho.reduce((sum, r, i) => sum + excess(2 * r + Math.log(precision[i][i])), 0);
  return (far + wide + Math.log(diagonal / determinant)) / 2;
}

/** The least KL that a diagonal q can reach: 0 unless the target is correlated. */
export function floorOf(target) {
  const { mean, precision } = TARGETS[target];
  return divergence(target, { mu: mean, rho: precision.map((row, i) => -Math.log(row[i]) / 2) });
}

/** Step by step along given noise, `[steps][D]`: the parameters after each step, the start first. */
export function walk(target, estimator, lr, start, noise) {
  const path = [start];
  for (const eps of noise) {
    const now = path.at(-1);
    const grad = gradient(target, now, eps, estimator);
    const next = (name) => now[name].map((value, i) => clamp(value + lr * grad[name][i], ...REACH[name], value));
    path.push({ mu: next("mu"), rho: next("rho") });
  }
  return path;
}

/** A whole run: the same seed gives the same noise to every estimator. */
export function run({ target, lr, sigma, seed }, estimator) {
  const dims = TARGETS[target].mean.length;
  const flat = normals(seed, STEPS * dims);
  const noise = Array.from({ length: STEPS }, (_, k) => Array.from(flat.slice(k * dims, (k + 1) * dims)));
  const start = { mu: START.slice(0, dims), rho: Array(dims).fill(Math.log(sigma)) };
  return walk(target, estimator, lr, start, noise);
}
