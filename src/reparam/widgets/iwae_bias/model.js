import { clamp, fixed } from "../kit/text.js";

/** p(z) = N(0, 1), p(x | z) = N(z, 1), x = 1, q = N(mu, sigma^2): exact means and noise of d/dmu for any K. */

export const SLIDERS = [
  { key: "mu", label: "q’s mean μ", min: -1.5, max: 2.5, step: 0.01, show: fixed },
  { key: "sigma", label: "q’s width σ", min: 0.3, max: 1.5, step: 0.01, show: fixed },
  { key: "k", label: "draws K", min: 1, max: 100, step: 0.01, log: true, show: (x) => fixed(x, 0) },
];
export const WAYS = ["total", "path", "dreg"];
export const POSTERIOR = { mu: 0.5, sigma: Math.SQRT1_2 };
export const EVIDENCE = -0.25 - Math.log(4 * Math.PI) / 2;
/** Where the curves are drawn; between whole numbers the formulas interpolate smoothly. */
export const KS = Array.from({ length: 25 }, (_, i) => 10 ** (i / 12));

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    mu: clamp(s.mu, -1.5, 2.5, 0.2),
    sigma: clamp(s.sigma, 0.3, 1.5, 0.9),
    k: Math.round(clamp(s.k, 1, 100, 5)),
  };
}

/** The limit of the path estimate: the derivative of E[log q] under the posterior. */
export const wake = ({ mu, sigma }) => (POSTERIOR.mu - mu) / sigma ** 2;

const NODES = 240;
const END = 8.5;
const STEP = 0.25; // of log s

/**
 * E[(s w)^p g exp(-s w)] over the noise, for every log s: all that any K needs. `none` is p = 0 less 1; each
 * way has `[once, twice]`, the terms of its mean and of its square.
 */
export function laplace({ mu, sigma }) {
  const rows = Array.from({ length: NODES + 1 }, (_, i) => {
    const e = END * ((2 * i) / NODES - 1);
    const z = mu + sigma * e;
    const logW = (e * e - z * z - (1 - z) ** 2 - Math.log(2 * Math.PI)) / 2 + Math.log(sigma);
    const path = 1 - 2 * z + e / sigma;
    return { logW, path, total: 1 - 2 * z, weight: (Math.exp(-e * e / 2) * 2 * END) / (NODES * Math.sqrt(2 * Math.PI)) };
  });
  const all = rows.map((row) => row.logW);
  const low = -Math.max(...all) - 40;
  const count = Math.ceil((4 - Math.min(...all) - low) / STEP) + 1;
  const out = { none: new Float64Array(count), logS: Float64Array.from({ length: count }, (_, j) => low + STEP * j) };
  for (const way of WAYS) out[way] = [new Float64Array(count), new Float64Array(count)];
  for (let j = 0; j < count; j += 1) {
    for (const { logW, path, total, weight } of rows) {
      const sw = Math.exp(out.logS[j] + logW);
      out.none[j] += weight * Math.expm1(-sw);
      if (sw > 700) continue; // exp(-sw) is 0
      const one = weight * sw * Math.exp(-sw);
      out.total[0][j] += one * total;
      out.total[1][j] += one * sw * total * total;
      out.path[0][j] += one * path;
      out.path[1][j] += one * sw * path * path;
      out.dreg[0][j] += one * sw * path;
      out.dreg[1][j] += one * sw ** 3 * path * path;
    }
  }
  return out;
}

/** Mean and standard deviation of one estimate of `k` draws, in one way. */
export function moments(table, way, k) {
  const [once, twice] = table[way];
  const [first, second] = way === "dreg" ? [1, 6] : [1, 1]; // (p - 1)! and (2p - 1)!
  let [mean, square] = [0, 0];
  for (let j = 0; j < once.length; j += 1) {
    const other = Math.max(0, 1 + table.none[j]);
    mean += k * once[j] * other ** (k - 1);
    square += k * twice[j] * other ** (k - 1);
    if (k > 1 && other > 0) square += k * (k - 1) * once[j] ** 2 * other ** (k - 2);
  }
  mean *= STEP / first;
  return { mean, sd: Math.sqrt(Math.max(0, (square * STEP) / second - mean * mean)) };
}

/** The bound E[log mean w] of `k` draws. */
export function bound(table, k) {
  let sum = 0;
  for (let j = 0; j < table.none.length; j += 1) {
    sum += Math.expm1(-k * Math.exp(table.logS[j])) - Math.expm1(k * Math.log1p(Math.max(-1 + 1e-16, table.none[j])));
  }
  return sum * STEP;
}

/** Signal over noise; null where there is neither. */
export function snr({ mean, sd }) {
  const signal = Math.abs(mean) < 1e-9 ? 0 : Math.abs(mean);
  return sd < 1e-9 ? null : signal / sd;
}

/** All three at one K. */
export const atK = (table, k) => Object.fromEntries(WAYS.map((way) => [way, moments(table, way, k)]));

/** What is shown: exact values at the state's K, and over the grid of K. */
export function measure(s) {
  const table = laplace(s);
  return {
    now: atK(table, s.k),
    curves: KS.map((k) => ({ k, ...atK(table, k) })),
    bound: bound(table, s.k),
    wake: wake(s),
  };
}
