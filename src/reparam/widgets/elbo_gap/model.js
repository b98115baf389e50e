import { clamp, fixed } from "../kit/text.js";

/** The bound in closed form: p(z) = N(0, 1), p(x|z) = N(z, s^2), q(z) = N(m, e^v). All in nats. */

export const SLIDERS = [
  { key: "mean", label: "q’s mean", min: -3, max: 3, step: 0.01, show: fixed },
  { key: "log_var", label: "q’s log_var", min: -4, max: 2, step: 0.01, show: fixed },
  { key: "x", label: "datum x", min: -3, max: 3, step: 0.01, show: fixed },
];

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    x: clamp(s.x, -3, 3, 1),
    mean: clamp(s.mean, -3, 3, -0.5),
    log_var: clamp(s.log_var, -4, 2, 0.5),
    noise_sd: clamp(s.noise_sd, 0.2, 3, 1),
  };
}

/** The exact posterior, normal again. */
export function posterior({ x, noise_sd }) {
  const evidence = 1 + noise_sd * noise_sd;
  return { mean: x / evidence, log_var: Math.log((noise_sd * noise_sd) / evidence) };
}

/** (e^d - 1 - d) / 2, the price of a variance that is e^d times too wide, without cancellation. */
const spread = (d) => (Math.expm1(d) - d) / 2;

/** Every term of the ledger; the gap comes from its own closed form, not from the difference. */
export function ledger(s) {
  const noise = s.noise_sd * s.noise_sd;
  const best = posterior(s);
  const evidence = -(Math.log(2 * Math.PI * (1 + noise)) + (s.x * s.x) / (1 + noise)) / 2;
  const reconstruction = -(Math.log(2 * Math.PI * noise) + ((s.x - s.mean) ** 2 + Math.exp(s.log_var)) / noise) / 2;
  const kl = s.mean ** 2 / 2 + spread(s.log_var);
  const byMean = (s.mean - best.mean) ** 2 / Math.exp(best.log_var) / 2;
  const byWidth = spread(s.log_var - best.log_var);
  return { evidence, reconstruction, kl, elbo: reconstruction - kl, gap: byMean + byWidth, byMean, byWidth, best };
}

export const density = (z, mean, sd) => Math.exp(-(((z - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI));
export const sdOf = (log_var) => Math.exp(log_var / 2);

/** A round axis around `values` that holds 0: ends, and the distance of its ticks. */
export function axis(values) {
  const [low, high] = [Math.min(-3, ...values), Math.max(0, ...values)];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((k) => k * power >= rough * (1 - 1e-9));
  return { low: Math.floor(low / step - 1e-9) * step, high: Math.ceil(high / step - 1e-9) * step, step };
}
