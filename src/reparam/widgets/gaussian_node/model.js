import { normals } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** One Gaussian node z = mu + sigma eps, a cost f(z), and two estimates of its gradient. */

export const SLIDERS = [
  { key: "mu", label: "μ, mean", min: -3, max: 3, step: 0.01, show: fixed },
  { key: "sigma", label: "σ, width", min: 0.1, max: 3, step: 0.01, show: fixed },
];

const phi = (x) => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/** Each cost: f, its derivative almost everywhere, and the exact gradient of E f in mu and sigma. */
export const COSTS = {
  square: {
    text: "(z − 1)²",
    f: (z) => (z - 1) ** 2,
    slope: (z) => 2 * (z - 1),
    exact: (mu, sigma) => [2 * (mu - 1), 2 * sigma],
  },
  cosine: {
    text: "cos 3z",
    f: (z) => Math.cos(3 * z),
    slope: (z) => -3 * Math.sin(3 * z),
    exact: (mu, sigma) => {
      const damp = Math.exp(-4.5 * sigma * sigma);
      return [-3 * Math.sin(3 * mu) * damp, -9 * sigma * Math.cos(3 * mu) * damp];
    },
  },
  step: {
    text: "1 if z > 0, else 0",
    f: (z) => (z > 0 ? 1 : 0),
    slope: () => 0,
    exact: (mu, sigma) => [phi(mu / sigma) / sigma, (-mu / sigma ** 2) * phi(mu / sigma)],
  },
};

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    mu: clamp(s.mu, -3, 3, 0.5),
    sigma: clamp(s.sigma, 0.1, 3, 1),
    cost: Object.hasOwn(COSTS, s.cost) ? s.cost : "square",
    estimator: s.estimator === "score" ? "score" : "pathwise",
    n: Math.round(clamp(s.n, 2, 500, 32)),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** Mean and standard error of the mean. */
export function average(values) {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const square = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  return { mean, se: Math.sqrt(square / (n - 1) / n) };
}

/** Samples, costs, per-sample gradients in (mu, sigma), their averages and the exact values. */
export function estimate({ mu, sigma, cost, estimator }, eps) {
  const { f, slope, exact } = COSTS[cost];
  const z = Array.from(eps, (e) => mu + sigma * e);
  const [exactMu, exactSigma] = exact(mu, sigma);
  const weight = estimator === "pathwise" ? slope : f;
  const gradMu = z.map((x, i) => weight(x) * (estimator === "pathwise" ? 1 : eps[i] / sigma));
  const gradSigma = z.map((x, i) => weight(x) * (estimator === "pathwise" ? eps[i] : (eps[i] ** 2 - 1) / sigma));
  return {
    eps, z, f: z.map(f), slopes: z.map(slope), gradMu, gradSigma,
    mu: { ...average(gradMu), exact: exactMu },
    sigma: { ...average(gradSigma), exact: exactSigma },
  };
}

export const noise = ({ seed, n }) => normals(seed, n);
