import { clamp, fixed } from "../kit/text.js";

/** Data in two clusters on a line, one noise level, and the exact mean of the noise given the noisy point. */

export const WEIGHTS = [0.4, 0.6];
export const CENTRES = [-1.2, 0.8];
export const WIDTH = 0.2;
export const RANGE = { log_snr: [-6, 6], x0: [-2, 2], eps: [-3, 3] };
const slider = (key, label, step, digits) => ({ key, label, min: RANGE[key][0], max: RANGE[key][1], step, show: (x) => fixed(x, digits) });
export const SLIDERS = [slider("log_snr", "λ, level", 0.1, 1), slider("x0", "x₀, data", 0.02, 2), slider("eps", "ε, noise", 0.02, 2)];

/** Any values into a state that can be drawn. */
export function clean(s) {
  const held = (key, otherwise) => clamp(s[key], ...RANGE[key], otherwise);
  return { log_snr: held("log_snr", 1), x0: held("x0", 0.8), eps: held("eps", -1) };
}

/** Shares of data and noise, whose squares sum to 1. */
export const signal = (level) => [1 / Math.sqrt(1 + Math.exp(-level)), 1 / Math.sqrt(1 + Math.exp(level))];

/** Density of the noisy point and the best guess of its noise. */
export function reading(x, level) {
  const [alpha, sigma] = signal(level);
  const v = (alpha * WIDTH) ** 2 + sigma ** 2;
  const off = CENTRES.map((m) => x - alpha * m);
  const logs = off.map((d, k) => Math.log(WEIGHTS[k]) - (d * d) / (2 * v));
  const top = Math.max(...logs);
  const shares = logs.map((each) => Math.exp(each - top));
  const total = shares[0] + shares[1];
  const guess = (sigma / v) * ((shares[0] * off[0] + shares[1] * off[1]) / total);
  return { density: (Math.exp(top) * total) / Math.sqrt(2 * Math.PI * v), guess };
}

/** The smallest mean squared error at a level, 1 - E[guess^2]: the trapezoid rule is exact to rounding for such curves. */
export function floor(level) {
  const [reach, n] = [9, 1800];
  let explained = 0;
  for (let k = 0; k <= n; k += 1) {
    const { density, guess } = reading(((2 * k) / n - 1) * reach, level);
    explained += density * guess * guess;
  }
  return 1 - (explained * 2 * reach) / n;
}

/** Everything the reader sees as a number. */
export function step({ log_snr, x0, eps }) {
  const [alpha, sigma] = signal(log_snr);
  const x = alpha * x0 + sigma * eps;
  const { guess } = reading(x, log_snr);
  return { alpha, sigma, x, guess, back: (x - sigma * guess) / alpha, error: (eps - guess) ** 2, floor: floor(log_snr) };
}
