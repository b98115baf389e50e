import { gumbels } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Scores of rows against columns, made into a matrix whose rows and columns sum to one. */

export const N = 5;
export const MOST = 40;
export const TAU = { key: "tau", label: "τ, temperature", min: 0.05, max: 5, step: 0.02, log: true, show: (x) => fixed(x, 3) };
export const SLIDERS = [TAU, { key: "n_iters", label: "iterations", min: 0, max: MOST, step: 1, show: (x) => fixed(x, 0) }];

const grid = (f) => Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => f(i, j)));

/** Any values into a state that can be drawn. */
export function clean(s) {
  const given = Array.isArray(s.scores) ? s.scores : [];
  return {
    scores: grid((i, j) => clamp(given[i]?.[j], -5, 5, 0)),
    tau: clamp(s.tau, TAU.min, TAU.max, 0.5),
    n_iters: Math.round(clamp(s.n_iters, 0, MOST, 10)),
    noise: s.noise === "on" ? "on" : "off",
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** The scores with their noise, if there is any. */
export function perturbed({ scores, noise, seed }) {
  const g = noise === "on" ? gumbels(seed, N * N) : new Float64Array(N * N);
  return grid((i, j) => scores[i][j] + g[i * N + j]);
}

function logsumexp(values) {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

const rows = (m) => m.map((row) => {
  const all = logsumexp(row);
  return row.map((v) => v - all);
});

const turn = (m) => grid((i, j) => m[j][i]);

/** The logarithms before the first and after each of `steps` iterations: rows divided first, then columns. */
export function iterate(x, tau, steps) {
  const top = Math.max(...x.flat());
  const out = [grid((i, j) => (x[i][j] - top) / tau)];
  for (let k = 0; k < steps; k += 1) out.push(turn(rows(turn(rows(out[k])))));
  return out;
}

export const exponential = (log) => log.map((row) => row.map(Math.exp));
export const rowSums = (m) => m.map((row) => row.reduce((a, b) => a + b, 0));
export const columnSums = (m) => rowSums(turn(m));

/** How far a row sum is from one, at most. */
export const error = (m) => Math.max(...rowSums(m).map((sum) => Math.abs(sum - 1)));

const permutations = (items) =>
  items.length ? items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((tail) => [item, ...tail])) : [[]];
const ALL = permutations(Array.from({ length: N }, (_, i) => i));

/** The matching with the largest total out of all 120, its total, and how far the next one is behind. */
export function best(x) {
  const ranked = ALL.map((columns) => ({ columns, total: columns.reduce((sum, j, i) => sum + x[i][j], 0) })).sort((a, b) => b.total - a.total);
  return { ...ranked[0], lead: ranked[0].total - ranked[1].total };
}

/** Everything the picture needs: the matrix at this iteration, its sums, the best matching, all errors. */
export function solve(s) {
  const x = perturbed(s);
  const path = iterate(x, s.tau, MOST).map(exponential);
  const y = path[s.n_iters];
  const match = best(x);
  const heads = y.map((row) => row.indexOf(Math.max(...row)));
  return {
    x, y, match, heads,
    rowSums: rowSums(y), columnSums: columnSums(y), errors: path.slice(1).map(error),
    mass: match.columns.reduce((sum, j, i) => sum + y[i][j], 0) / rowSums(y).reduce((a, b) => a + b, 0),
    agrees: heads.every((j, i) => j === match.columns[i]),
    collides: new Set(heads).size < N,
  };
}
