import { normals, uniforms } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Three estimates of d/dmu E f(z), z ~ N(mu, sigma^2), with their exact variances by quadrature. */

export const SLIDERS = [
  { key: "k", label: "k", min: 0.1, max: 10, step: 0.01, log: true, show: (x) => fixed(x) },
  { key: "mu", label: "μ, mean", min: -3, max: 3, step: 0.01, show: (x) => fixed(x) },
  { key: "sigma", label: "σ, width", min: 0.1, max: 2, step: 0.01, show: (x) => fixed(x) },
  { key: "offset", label: "offset", min: -10, max: 10, step: 0.1, show: (x) => fixed(x, 1) },
  { key: "n", label: "draws n", min: 2, max: 1000, step: 0.01, log: true, show: (x) => fixed(x, 0) },
];
export const METHODS = ["score", "pathwise", "measure"];
export const BASELINES = ["none", "mean", "best"];

/** Each cost of z and k: f, its derivative almost everywhere, and where it jumps. */
export const COSTS = {
  square: { text: "(z − k)²", f: (z, k) => (z - k) ** 2, slope: (z, k) => 2 * (z - k) },
  bump: { text: "exp(−k z²)", f: (z, k) => Math.exp(-k * z * z), slope: (z, k) => -2 * k * z * Math.exp(-k * z * z) },
  cosine: { text: "cos kz", f: (z, k) => Math.cos(k * z), slope: (z, k) => -k * Math.sin(k * z) },
  step: { text: "1 if z > k, else 0", f: (z, k) => (z > k ? 1 : 0), slope: () => 0, jump: true },
};

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    cost: Object.hasOwn(COSTS, s.cost) ? s.cost : "cosine",
    baseline: BASELINES.includes(s.baseline) ? s.baseline : "none",
    k: clamp(s.k, 0.1, 10, 1),
    mu: clamp(s.mu, -3, 3, 0.5),
    sigma: clamp(s.sigma, 0.1, 2, 1),
    offset: clamp(s.offset, -10, 10, 0),
    n: Math.round(clamp(s.n, 2, 1000, 100)),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** Nodes and weights of the n-point Gauss-Legendre rule on [-1, 1], by Newton's method. */
export function legendre(n) {
  const [x, w] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i += 1) {
    let t = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let pass = 0; pass < 8; pass += 1) {
      let [p, last] = [t, 1];
      for (let j = 2; j <= n; j += 1) [p, last] = [((2 * j - 1) * t * p - (j - 1) * last) / j, p];
      slope = (n * (t * p - last)) / (t * t - 1);
      t -= p / slope;
    }
    x[i] = t;
    w[i] = 2 / ((1 - t * t) * slope * slope);
  }
  return [x, w];
}

const [X, W] = legendre(32);
const END = 9;

/** Nodes on [low, 9], in panels no wider than 1.5 and cut at `cut`, with weights that carry `density`. */
function rule(low, density, cut = NaN) {
  const edges = Array.from({ length: Math.round((END - low) / 1.5) + 1 }, (_, i) => low + 1.5 * i);
  if (cut > low && cut < END) edges.push(cut);
  edges.sort((a, b) => a - b);
  const nodes = [];
  edges.slice(1).forEach((b, i) => {
    const half = (b - edges[i]) / 2;
    X.forEach((x, j) => {
      const at = b - half * (1 - x);
      nodes.push([at, half * W[j] * density(at)]);
    });
  });
  return nodes;
}

const bell = (e) => Math.exp(-e * e / 2) / Math.sqrt(2 * Math.PI);
const rayleigh = (w) => w * Math.exp(-w * w / 2);
const SMOOTH = [rule(-END, bell), rule(0, rayleigh)];

/** Exact gradient, the constant that is subtracted for the score function, and the three variances of one draw. */
export function exact({ cost, baseline, k, mu, sigma, offset }) {
  const { f, slope, jump } = COSTS[cost];
  const cut = (k - mu) / sigma;
  const [normal, positive] = jump ? [rule(-END, bell, cut), rule(0, rayleigh, Math.abs(cut))] : SMOOTH;
  let [mean, best, gradient, path] = [0, 0, 0, 0];
  const rows = normal.map(([e, w]) => {
    const [value, rise] = [f(mu + sigma * e, k), slope(mu + sigma * e, k)];
    mean += w * value;
    best += w * value * e * e;
    gradient += w * value * (e / sigma);
    path += w * rise;
    return [e, w, value, rise];
  });
  const b = { none: 0, mean: mean + offset, best: best + offset }[baseline];
  const variance = { score: 0, pathwise: 0, measure: 0 };
  for (const [e, w, value, rise] of rows) {
    variance.score += w * (((value + offset - b) * e) / sigma - gradient) ** 2;
    variance.pathwise += w * (rise - path) ** 2;
  }
  const unit = sigma * Math.sqrt(2 * Math.PI);
  for (const [x, w] of positive) variance.measure += w * ((f(mu + sigma * x, k) - f(mu - sigma * x, k)) / unit - gradient) ** 2;
  return { gradient, baseline: b, variance };
}

/** `n` normal and `n` Rayleigh draws; more draws start with the same ones. */
export function noise({ seed, n }) {
  const uniform = uniforms(seed ^ 0x5bd1e995);
  return { eps: normals(seed, n), w: Float64Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(uniform()))) };
}

/** The estimates of every draw, by method. */
export function estimates({ cost, k, mu, sigma, offset }, { eps, w }, b) {
  const { f, slope } = COSTS[cost];
  const unit = sigma * Math.sqrt(2 * Math.PI);
  return {
    score: Array.from(eps, (e) => ((f(mu + sigma * e, k) + offset - b) * e) / sigma),
    pathwise: Array.from(eps, (e) => slope(mu + sigma * e, k)),
    measure: Array.from(w, (x) => (f(mu + sigma * x, k) - f(mu - sigma * x, k)) / unit),
  };
}

/** Mean and standard error of the mean. */
export function summary(values) {
  const n = values.length;
  const mean = values.reduce((a, v) => a + v, 0) / n;
  const square = values.reduce((a, v) => a + (v - mean) ** 2, 0);
  return { mean, se: Math.sqrt(square / (n - 1) / n) };
}

/** What is shown: exact values here, the estimates of the first `shown` draws. */
export function measure(state, draws, shown = state.n) {
  const truth = exact(state);
  const head = { eps: draws.eps.slice(0, shown), w: draws.w.slice(0, shown) };
  const all = estimates(state, head, truth.baseline);
  return { ...truth, shown, live: Object.fromEntries(METHODS.map((name) => [name, summary(all[name])])) };
}

/** The three variances over k, on a logarithmic grid from 0.1 to 10. */
export function sweep(state, points = 61) {
  return Array.from({ length: points }, (_, i) => {
    const k = 10 ** (-1 + (2 * i) / (points - 1));
    return { k, ...exact({ ...state, k }).variance };
  });
}
