import { gumbels } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Runners with rates exp(logit): the first k to arrive, in order, are k draws without replacement. */

export const MOST = 10000;
const LOGITS = Array.from({ length: 5 }, (_, i) => (
  { key: `logit${i}`, label: `logit ℓ${"₀₁₂₃₄"[i]}`, min: -3, max: 3, step: 0.05, show: fixed }
));
const PLACES = { key: "k", label: "k, places", min: 1, max: 3, step: 1, show: (x) => fixed(x, 0) };
export const sliders = (runners) => [PLACES, ...LOGITS.slice(0, runners)];

/** Any values into a state that can be drawn; the sliders see the logits one by one. */
export function clean(s) {
  const given = Array.isArray(s.logits) ? s.logits : [];
  const logits = Array.from({ length: given.length > 4 ? 5 : 4 }, (_, i) => clamp(s[`logit${i}`] ?? given[i], -3, 3, 0));
  return {
    logits, ...Object.fromEntries(logits.map((logit, i) => [`logit${i}`, logit])),
    k: Math.round(clamp(s.k, 1, 3, 2)),
    count: s.count === "sets" ? "sets" : "ordered",
    n: Math.round(clamp(s.n, 1, MOST, 200)),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** Noise for n races, one number per runner; more races keep the noise of the earlier ones. */
export const noise = ({ logits, n, seed }) => gumbels(seed, n * logits.length);

/** The k largest scores, best first; a tie goes to the lower number. */
export const best = (scores, k) => scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);

/** The chances of those still in the race, once `gone` have arrived. */
export function chances(logits, gone) {
  const rest = logits.map((logit, i) => (gone.includes(i) ? -Infinity : logit));
  const powers = rest.map((logit) => Math.exp(logit - Math.max(...rest)));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** The probability of an order: each place is drawn from the chances of those who are left. */
export const plackettLuce = (logits, order) =>
  order.reduce((p, i, place) => p * chances(logits, order.slice(0, place))[i], 1);

/** Every order of k out of n runners, lexicographically. */
export const orders = (n, k) =>
  k ? orders(n, k - 1).flatMap((head) => Array.from({ length: n }, (_, i) => i).filter((i) => !head.includes(i)).map((i) => [...head, i])) : [[]];

const sorted = (order) => [...order].sort();

/** The exact law of what is counted, the likeliest first: `{ who, p }`. */
export function law(logits, k, count) {
  const found = new Map();
  for (const order of orders(logits.length, k)) {
    const who = count === "sets" ? sorted(order) : order;
    const entry = found.get(`${who}`) ?? { who, p: 0 };
    entry.p += plackettLuce(logits, order);
    found.set(`${who}`, entry);
  }
  return [...found.values()].sort((a, b) => Math.round((b.p - a.p) * 1e12));
}

/** How likely k draws with replacement name somebody twice: what the race never does. */
export function repeats(logits, k) {
  const p = chances(logits, []);
  return 1 - orders(logits.length, k).reduce((sum, order) => sum + order.reduce((q, i) => q * p[i], 1), 0);
}

/** All races: the order of each, and the last one in full. */
export function run(logits, k, g) {
  const size = logits.length;
  const found = [];
  let scores = [];
  for (let i = 0; i < g.length; i += size) {
    scores = logits.map((logit, j) => logit + g[i + j]);
    found.push(best(scores, k));
  }
  const last = found.at(-1);
  return {
    orders: found, last,
    times: scores.map((score) => Math.exp(-score)),
    pace: scores.map((score) => Math.exp(score - scores[last.at(-1)])),
  };
}

/** Shares beside the law, with its standard errors, in `rows` lines: the last one may hold all the others. */
export function tally(s, r, rows) {
  const counts = new Map();
  for (const order of r.orders) {
    const key = `${s.count === "sets" ? sorted(order) : order}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const all = law(s.logits, s.k, s.count).map(({ who, p }) => ({ who, p, wins: counts.get(`${who}`) ?? 0 }));
  const few = all.length > rows ? all.slice(0, rows - 1) : all;
  const rest = all.slice(few.length);
  const add = (key) => rest.reduce((sum, row) => sum + row[key], 0);
  const lines = rest.length ? [...few, { who: [], others: rest.length, p: add("p"), wins: add("wins") }] : few;
  return lines.map((row) => {
    const [share, se] = [row.wins / s.n, Math.sqrt((row.p * (1 - row.p)) / s.n)];
    return { ...row, share, se, z: (share - row.p) / se };
  });
}
