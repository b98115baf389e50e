import { gumbels, normals } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Six estimates of d/dlogits E f(z), z categorical, on the same noise. */

export const DRAWS = 2000;
export const WAYS = ["score", "best", "loo", "relaxed", "through", "rebar"];
const whole = (x) => fixed(x, 0);
export const SLIDERS = [
  { key: "offset", label: "offset of f", min: -10, max: 10, step: 0.1, show: (x) => fixed(x, 1) },
  { key: "tau", label: "τ, temperature", min: 0.05, max: 5, step: 0.02, log: true, show: fixed },
  { key: "categories", label: "K, classes", min: 2, max: 10, step: 1, show: whole },
  { key: "n", label: "n, draws", min: 2, max: DRAWS, step: 0.01, log: true, show: whole },
];

function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += a[k] * b[k];
  return sum;
}

/** Each cost of a point z of the simplex and the rewards r and component k of its gradient. */
export const COSTS = {
  linear: { text: "r·z", f: dot, slope: (k, z, r) => r[k] },
  target: { text: "‖z − e₀‖²", f: (z) => dot(z, z) - 2 * z[0] + 1, slope: (k, z) => 2 * (z[k] - (k === 0)) },
  toy: { text: "(z₀ − 0.45)²", f: (z) => (z[0] - 0.45) ** 2, slope: (k, z) => (k ? 0 : 2 * (z[0] - 0.45)) },
};

/** Any values into a valid state. */
export function clean(s) {
  const ways = WAYS.filter((way) => s.ways?.includes?.(way));
  const round = (x, low, high, otherwise) => Math.round(clamp(x, low, high, otherwise));
  const seed = (x) => round(x, 0, 2 ** 31 - 1, 0);
  return {
    ways: ways.length ? ways : ["score"],
    cost: Object.hasOwn(COSTS, s.cost) ? s.cost : "linear",
    offset: clamp(s.offset, -10, 10, 0),
    categories: round(s.categories, 2, 10, 8),
    tau: clamp(s.tau, 0.05, 5, 0.5),
    n: round(s.n, 2, DRAWS, 10),
    problem: seed(s.problem),
    seed: seed(s.seed),
  };
}

/** Logits and rewards from N(0, 1); fewer classes are the first of more. */
export function task({ problem, categories }) {
  const x = [...normals(~problem, 20)];
  return { logits: x.slice(0, categories), rewards: x.slice(10, 10 + categories) };
}

/** Gumbel noise: `g` picks the classes, `v` redraws the scores of those that lost. */
export function noise({ seed, categories }) {
  const half = DRAWS * categories;
  const all = gumbels(seed, 2 * half);
  return { g: all.subarray(0, half), v: all.subarray(half) };
}

/** softmax of `scores / tau` into `out`. */
function softmax(scores, tau, out) {
  let [top, total] = [scores[0], 0];
  for (let k = 1; k < out.length; k += 1) if (scores[k] > top) top = scores[k];
  for (let k = 0; k < out.length; k += 1) total += out[k] = Math.exp((scores[k] - top) / tau);
  for (let k = 0; k < out.length; k += 1) out[k] /= total;
  return out;
}

/** By enumeration: the gradient, the best constant, and the variances of n-draw score functions. */
export function exact({ cost, offset, logits, rewards }) {
  const p = softmax(logits, 1, [...logits]);
  const corners = p.map((_, k) => p.map((_p, j) => Number(j === k)));
  const costs = corners.map((z) => COSTS[cost].f(z, rewards) + offset);
  const slopes = corners.map((z) => z.map((_, k) => COSTS[cost].slope(k, z, rewards)));
  const weight = p.map((x) => x * (1 - 2 * x + dot(p, p))); // p |s|^2 for the score s
  const mean = dot(p, costs);
  const gradient = costs.map((c, k) => p[k] * (c - mean));
  const truth = dot(gradient, gradient);
  const constant = dot(weight, costs) / weight.reduce((a, b) => a + b);
  const around = (b, w) => Math.max(0, dot(w, costs.map((c) => (c - b) ** 2)) - truth);
  // A U-statistic: the mean over pairs of (f - f')(s - s') / 2, with |s - s'|^2 = 2.
  const loo = (n) => ((n - 2) * around(mean, weight) + 2 * around(mean, p)) / (n * (n - 1));
  const variance = { score: (n) => around(0, weight) / n, best: (n) => around(constant, weight) / n, loo };
  return { p, costs, slopes, gradient, constant, variance };
}

/** The estimate of every draw, by way: `[draws * K]` numbers each. */
export function estimates(s, { g, v }) {
  const { logits, rewards, tau, offset } = s;
  const { f, slope } = COSTS[s.cost];
  const truth = exact(s);
  const { p, costs, slopes, constant } = truth;
  const [K, S] = [logits.length, g.length / logits.length];
  const out = Object.fromEntries(WAYS.map((way) => [way, new Float64Array(S * K)]));
  const winners = new Uint8Array(S);
  const [h, y, own, relaxed, removed] = WAYS.map(() => new Float64Array(K));
  const total = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
  let sum = 0;

  /** The gradient of f(y) in h, where y = softmax(h / tau): y_k (slope_k - slope . y) / tau. */
  const back = (into) => {
    softmax(h, tau, y);
    for (let k = 0; k < K; k += 1) into[k] = slope(k, y, rewards);
    const mean = dot(y, into);
    for (let k = 0; k < K; k += 1) into[k] = (y[k] * (into[k] - mean)) / tau;
  };
  for (let i = 0; i < S; i += 1) {
    const from = i * K;
    let won = 0;
    for (let k = 0; k < K; k += 1) {
      h[k] = logits[k] + g[from + k];
      if (h[k] > h[won]) won = k;
    }
    winners[i] = won;
    sum += costs[won];
    back(relaxed);
    const path = dot(y, slopes[won]);
    for (let k = 0; k < K; k += 1) out.through[from + k] = (y[k] * (slopes[won][k] - path)) / tau;

    // Redrawn given the winner: its score is a Gumbel of the whole sum, the others are cut off at it.
    const top = total + v[from + won];
    for (let k = 0; k < K; k += 1) {
      const free = logits[k] + v[from + k];
      h[k] = k === won ? top : Math.min(free, top) - Math.log1p(Math.exp(-Math.abs(free - top)));
      own[k] = k === won ? 0 : Math.exp(h[k] - free); // the rest of its slope goes by the top
    }
    back(removed);
    let shared = 0;
    for (let k = 0; k < K; k += 1) shared += removed[k] * (1 - own[k]);
    const left = costs[won] - offset - f(y, rewards);
    for (let k = 0; k < K; k += 1) {
      const score = (k === won) - p[k];
      out.score[from + k] = costs[won] * score;
      out.best[from + k] = (costs[won] - constant) * score;
      out.relaxed[from + k] = relaxed[k];
      out.rebar[from + k] = left * score + relaxed[k] - removed[k] * own[k] - p[k] * shared;
    }
  }
  for (let at = 0; at < S * K; at += 1) {
    const won = winners[Math.floor(at / K)];
    out.loo[at] = (costs[won] - (sum - costs[won]) / (S - 1)) * ((at % K === won) - p[at % K]);
  }
  return { ...truth, winners, draws: out };
}

/** Where curves are drawn. */
export const COUNTS = [...new Set(Array.from({ length: 90 }, (_, i) => Math.round(2 * (DRAWS / 2) ** (i / 89))))];

/** Means of the first n draws in component `k`; leave-one-out knows only those n. */
function running({ draws, winners, costs, p }, way, k) {
  let [sum, cost, score, at] = [0, 0, 0, 0];
  return COUNTS.map((n) => {
    for (; at < n; at += 1) {
      cost += costs[winners[at]];
      score += (winners[at] === k) - p[k];
      sum += draws[way === "loo" ? "score" : way][at * p.length + k];
    }
    return way === "loo" ? (sum - (cost * score) / n) / (n - 1) : sum / n;
  });
}

/** All that is shown: exact where enumeration can, else from all draws. */
export function measure(state, noises) {
  const r = estimates({ ...state, ...task(state) }, noises);
  const { gradient } = r;
  const component = gradient.reduce((best, x, k) => (Math.abs(x) > Math.abs(gradient[best]) ? k : best), 0);
  const rows = {};
  for (const way of WAYS) {
    const [draws, K] = [r.draws[way], gradient.length];
    const [away, variances] = [new Float64Array(K), new Float64Array(K)]; // of the draws from the truth
    for (let i = 0; i < draws.length; i += K) {
      for (let k = 0; k < K; k += 1) {
        const gap = draws[i + k] - gradient[k];
        away[k] += gap / DRAWS;
        variances[k] += (gap * gap) / DRAWS;
      }
    }
    for (let k = 0; k < K; k += 1) variances[k] = Math.max(0, variances[k] - away[k] ** 2);
    const one = variances.reduce((a, b) => a + b);
    const biasSe = way === "relaxed" || way === "through" ? Math.sqrt(one / DRAWS) : 0;
    const bias = biasSe ? Math.sqrt(Math.max(0, dot(away, away) - biasSe ** 2)) : 0; // less what is noise
    const variance = r.variance[way] ?? ((n) => one / n);
    const se = (n) => Math.sqrt(variances[component] / n);
    rows[way] = { bias, biasSe, variance, se, mse: (n) => bias ** 2 + variance(n), mean: running(r, way, component) };
  }
  return { gradient, truth: gradient[component], component, rows };
}

/** Who has the least mean squared error. */
export const winner = ({ ways, n }, r) => ways.reduce((best, way) => (r.rows[way].mse(n) < r.rows[best].mse(n) ? way : best));
