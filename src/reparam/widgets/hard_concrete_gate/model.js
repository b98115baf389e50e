import { uniforms } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** A gate: a Concrete sample s in (0, 1), stretched to (gamma, zeta), then folded back into [0, 1]. */

export const MOST = 48;
export const SLIDERS = [
  { key: "log_alpha", label: "log α", min: -5, max: 5, step: 0.05, show: fixed },
  { key: "beta", label: "β, temperature", min: 0.1, max: 3, step: 0.01, log: true, show: (x) => fixed(x, 3) },
  { key: "gamma", label: "γ, lower end", min: -0.3, max: -0.01, step: 0.01, show: fixed },
  { key: "zeta", label: "ζ, upper end", min: 1.01, max: 1.3, step: 0.01, show: fixed },
];

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    log_alpha: clamp(s.log_alpha, -5, 5, 0),
    beta: clamp(s.beta, 0.1, 3, 2 / 3),
    gamma: clamp(s.gamma, -0.3, -0.01, -0.1),
    zeta: clamp(s.zeta, 1.01, 1.3, 1.1),
    n: Math.round(clamp(s.n, 1, MOST, 24)),
    seed: Math.round(clamp(s.seed, 0, 2 ** 31 - 1, 0)),
  };
}

/** One uniform for every gate; more gates keep the noise of the earlier ones. */
export function noise({ seed, n }) {
  const uniform = uniforms(seed);
  return Float64Array.from({ length: n }, () => uniform());
}

export const sigmoid = (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** The stretched sample, before it is folded. */
export const stretched = (s, u) =>
  s.gamma + (s.zeta - s.gamma) * sigmoid((Math.log(u) - Math.log1p(-u) + s.log_alpha) / s.beta);

const fold = (x) => Math.min(1, Math.max(0, x));

export const gate = (s, u) => fold(stretched(s, u));

/** Without noise: the gate that is used once training is over. */
export const evaluation = (s) => fold(s.gamma + (s.zeta - s.gamma) * sigmoid(s.log_alpha));

/** How far the noise must go for the stretched sample to be x, in logits. */
const reach = (s, x) => s.beta * (Math.log(x - s.gamma) - Math.log(s.zeta - x)) - s.log_alpha;

/** The density of the stretched sample at x in (gamma, zeta); between 0 and 1 it is the gate's. */
export function density(s, x) {
  const t = reach(s, x);
  return (s.beta * sigmoid(t) * sigmoid(-t) * (s.zeta - s.gamma)) / ((x - s.gamma) * (s.zeta - x));
}

/** The exact probabilities of 0, of the open interval, and of 1. */
export function masses(s) {
  const [zero, one] = [sigmoid(reach(s, 0)), sigmoid(-reach(s, 1))];
  return { zero, open: 1 - zero - one, one };
}

/** Gates at the noise u, and how many are 0, between, and 1. */
export function draw(s, u) {
  const z = Array.from(u, (v) => gate(s, v));
  const zero = z.filter((v) => v === 0).length;
  const one = z.filter((v) => v === 1).length;
  return { z, counts: { zero, open: z.length - zero - one, one } };
}
