import { clamp, fixed } from "../kit/text.js";
import { normals, uniforms } from "../kit/rng.js";

/**
 * A VAE with five numbers that trains in the page. p(z) = N(0, 1), p(x|z) = N(w z + k, NOISE^2) and
 * q(z|x) = N(a x + b, e^v). Everything is Gaussian, so the bound of each step is known exactly.
 */

export const DATA = [-2.48, -1.61, -1.12, -0.75, -0.43, -0.14, 0.12, 0.37, 0.63, 0.88, 1.14, 1.43, 1.75, 2.12, 2.61, 3.48];
export const NOISE = 0.5;
export const NAMES = ["a", "b", "v", "w", "k"];
export const START = { a: 0, b: 0, v: 0, w: 0.5, k: -1 };
export const STEPS = 300;
export const ESTIMATORS = {
  pathwise: "pathwise",
  score: "score function",
  baseline: "score function with baseline",
  "measure-valued": "measure-valued",
};
export const SLIDERS = [
  { key: "step", label: "step", min: 0, max: STEPS, step: 1, show: (n) => fixed(n, 0) },
  { key: "lr", label: "learning rate", min: 0.005, max: 0.2, step: 0.01, log: true, show: (lr) => fixed(lr, 3) },
];

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    estimator: Object.hasOwn(ESTIMATORS, s.estimator) ? s.estimator : "pathwise",
    step: Math.round(clamp(s.step, 0, STEPS, STEPS)),
    lr: clamp(s.lr, 0.005, 0.2, 0.03),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

const LOG_TWO_PI = Math.log(2 * Math.PI);
const average = (f) => DATA.reduce((sum, x) => sum + f(x), 0) / DATA.length;

/** log p(x|z) as a function of the residual. */
const logLikelihood = (r) => -((r / NOISE) ** 2 + LOG_TWO_PI) / 2 - Math.log(NOISE);

/** The exact average ELBO, in nats per datum. */
export function elbo({ a, b, v, w, k }) {
  const variance = Math.exp(v);
  return average((x) => {
    const mean = a * x + b;
    const kl = (mean * mean + Math.expm1(v) - v) / 2;
    return logLikelihood(x - w * mean - k) - (w * w * variance) / NOISE ** 2 / 2 - kl;
  });
}

/** The largest average log p(x) of any model of this kind, and the model: mean and deviation of p(x). */
export function best() {
  const mean = average((x) => x);
  const variance = average((x) => (x - mean) ** 2);
  return { mean, sd: Math.sqrt(variance), value: -(1 + LOG_TWO_PI + Math.log(variance)) / 2 };
}

/** Two draws per datum: normal `eps`, and Rayleigh `wide` for the measure-valued differences. */
export function draw(seed) {
  const eps = normals(seed, DATA.length);
  const uniform = uniforms(seed ^ 0x5bd1e995);
  return { eps, wide: Float64Array.from(eps, () => Math.sqrt(-2 * Math.log(uniform()))) };
}

/** The estimated gradient of the negative ELBO, averaged over the data; the KL needs no draw. */
export function gradient(p, { eps, wide }, estimator) {
  const sigma = Math.exp(p.v / 2);
  const means = DATA.map((x) => p.a * x + p.b);
  const at = (i, e) => logLikelihood(DATA[i] - p.w * (means[i] + sigma * e) - p.k);
  const rewards = DATA.map((_, i) => at(i, eps[i]));
  const total = rewards.reduce((sum, r) => sum + r, 0);
  const grad = { a: 0, b: 0, v: 0, w: 0, k: 0 };
  DATA.forEach((x, i) => {
    const [e, n] = [eps[i], DATA.length];
    const z = means[i] + sigma * e;
    const pull = (x - p.w * z - p.k) / NOISE ** 2;
    let [byMean, bySigma] = [pull * p.w, pull * p.w * e];
    if (estimator === "score" || estimator === "baseline") {
      const gain = rewards[i] - (estimator === "baseline" ? (total - rewards[i]) / (n - 1) : 0);
      [byMean, bySigma] = [(gain * e) / sigma, (gain * (e * e - 1)) / sigma];
    } else if (estimator === "measure-valued") {
      const far = Math.sign(e) * Math.hypot(e, wide[i]);
      byMean = (at(i, wide[i]) - at(i, -wide[i])) / (sigma * Math.sqrt(2 * Math.PI));
      bySigma = (at(i, far) - at(i, e)) / sigma;
    }
    const dMean = means[i] - byMean;
    grad.a += (dMean * x) / n;
    grad.b += dMean / n;
    grad.v += (Math.expm1(p.v) - bySigma * sigma) / 2 / n;
    grad.w -= (pull * z) / n;
    grad.k -= pull / n;
  });
  return grad;
}

/** Adam from START: the parameters after each step, `STEPS + 1` of them. Same seed, same run. */
export function train(estimator, lr, seed) {
  let now = START;
  const memory = Object.fromEntries(NAMES.map((name) => [name, [0, 0]]));
  const path = [now];
  for (let t = 1; t <= STEPS; t += 1) {
    const grad = gradient(now, draw((Math.imul(seed, 7919) + t) | 0), estimator);
    const next = {};
    for (const name of NAMES) {
      const [first, second] = memory[name];
      const g = grad[name];
      memory[name] = [0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g];
      const size = memory[name][0] / (1 - 0.9 ** t);
      next[name] = now[name] - (lr * size) / (Math.sqrt(memory[name][1] / (1 - 0.999 ** t)) + 1e-8);
    }
    path.push((now = next));
  }
  return path;
}
