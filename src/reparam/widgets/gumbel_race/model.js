import { ndtr } from "../kit/normal.js";
import { gumbels, normals } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Four runners with rates exp(logit): the first to arrive wins, and its time is exp(-(logit + noise)). */

export const K = 4;
export const MOST = 10000;
export const SLIDERS = Array.from({ length: K }, (_, k) => (
  { key: `logit${k}`, label: `logit ℓ${"₀₁₂₃"[k]}`, min: -3, max: 3, step: 0.05, show: fixed }
));

/** Gumbel's mean and standard deviation: the normal noise gets the same two. */
export const EULER = 0.5772156649015329;
export const WIDTH = Math.PI / Math.sqrt(6);

/** Any values into a state that can be drawn; the sliders see the logits one by one. */
export function clean(s) {
  const given = Array.isArray(s.logits) ? s.logits : [];
  const logits = Array.from({ length: K }, (_, k) => clamp(s[`logit${k}`] ?? given[k], -3, 3, 0));
  return {
    logits, ...Object.fromEntries(logits.map((logit, k) => [`logit${k}`, logit])),
    law: s.law === "normal" ? "normal" : "gumbel",
    n: Math.round(clamp(s.n, 1, MOST, 100)),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** Noise for n races, K numbers each; more races keep the noise of the earlier ones. */
export const noise = ({ law, n, seed }) =>
  law === "gumbel" ? gumbels(seed, n * K) : normals(seed, n * K).map((eps) => EULER + WIDTH * eps);

export function softmax(logits) {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** The shares of infinitely many races: softmax for Gumbel noise, an integral for normal noise. */
export function exact(logits, law) {
  if (law === "gumbel") return softmax(logits);
  const [step, out] = [0.05, Array(K).fill(0)];
  for (let x = -8; x < 8.01; x += step) {
    const weight = (step * Math.exp(-x * x / 2)) / Math.sqrt(2 * Math.PI);
    logits.forEach((mine, k) => {
      out[k] += logits.reduce((p, other, j) => (j === k ? p : p * ndtr(x + (mine - other) / WIDTH)), weight);
    });
  }
  return out;
}

/** All races: who won each, shares with the standard errors of their exact law, and the last race in full. */
export function run(logits, law, g) {
  const n = g.length / K;
  const scores = Array.from({ length: n }, (_, i) => logits.map((logit, k) => logit + g[i * K + k]));
  const winners = scores.map((row) => row.indexOf(Math.max(...row)));
  const wins = Array(K).fill(0);
  for (const k of winners) wins[k] += 1;
  const share = wins.map((count) => count / n);
  const [target, limit] = [softmax(logits), exact(logits, law)];
  const last = scores[n - 1];
  return {
    n, winners, wins, share, target, last,
    times: last.map((score) => Math.exp(-score)),
    reached: last.map((score) => Math.exp(score - Math.max(...last))),
    winner: winners[n - 1],
    se: limit.map((p) => Math.sqrt((p * (1 - p)) / n)),
    z: share.map((p, k) => (p - target[k]) / Math.sqrt((target[k] * (1 - target[k])) / n)),
    limit,
    meanTime: scores.reduce((sum, row) => sum + Math.exp(-Math.max(...row)), 0) / n,
    rate: logits.reduce((sum, logit) => sum + Math.exp(logit), 0),
  };
}
