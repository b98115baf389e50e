import { clamp, fixed } from "../kit/text.js";

/** One step of gradient descent on the negative ELBO of a VAE with six numbers, all derivatives by hand. */

export const SLIDERS = [
  { key: "x", label: "x, datum", min: -3, max: 3, step: 0.01, show: fixed },
  { key: "eps", label: "ε, noise", min: -3, max: 3, step: 0.01, show: fixed },
  { key: "lr", label: "learning rate", min: 0.001, max: 1, step: 0.01, log: true, show: (lr) => fixed(lr, 3) },
];
export const NAMES = ["a", "b", "c", "d", "w", "k"];
const named = (values) => Object.fromEntries(NAMES.map((name, k) => [name, values[k]]));
const [ENCODER, DECODER] = [[0.6, 0.1, -0.4, -0.2], [0.8, 0.1]];

/** Any values into a state that can be drawn. A weight under its own name, as a field sets it, wins over its row. */
export function clean(s) {
  const row = (given, otherwise, names) =>
    otherwise.map((value, k) => clamp(s[names[k]], -3, 3, clamp(Array.isArray(given) ? given[k] : NaN, -3, 3, value)));
  const [encoder, decoder] = [row(s.encoder, ENCODER, NAMES.slice(0, 4)), row(s.decoder, DECODER, NAMES.slice(4))];
  return {
    x: clamp(s.x, -3, 3, 1),
    eps: clamp(s.eps, -3, 3, 0.5),
    lr: clamp(s.lr, 0.001, 1, 0.1),
    encoder,
    decoder,
    ...named([...encoder, ...decoder]),
  };
}

/** Every number from the datum to the loss; `p` holds a, b, c, d, w, k. */
export function forward(p, x, eps) {
  const mean = p.a * x + p.b;
  const log_var = p.c * x + p.d;
  const sigma = Math.exp(log_var / 2);
  const z = mean + sigma * eps;
  const xhat = p.w * z + p.k;
  const reconstruction = -((x - xhat) ** 2) / 2 - Math.log(2 * Math.PI) / 2;
  const kl = (mean * mean + Math.expm1(log_var) - log_var) / 2;
  return { mean, log_var, sigma, z, xhat, reconstruction, kl, elbo: reconstruction - kl, loss: kl - reconstruction };
}

/** The derivatives of the loss, from its end back to the parameters. */
export function backward(p, x, eps, f) {
  const xhat = f.xhat - x;
  const z = xhat * p.w;
  const mean = z + f.mean;
  const log_var = (z * f.sigma * eps) / 2 + Math.expm1(f.log_var) / 2;
  return { xhat, z, mean, log_var, a: mean * x, b: mean, c: log_var * x, d: log_var, w: xhat * f.z, k: xhat };
}

/** The whole step: forward, backward, new parameters, forward again with the same noise. */
export function train({ x, eps, lr, encoder, decoder }) {
  const params = named([...encoder, ...decoder]);
  const before = forward(params, x, eps);
  const grad = backward(params, x, eps, before);
  const moved = Object.fromEntries(NAMES.map((name) => [name, params[name] - lr * grad[name]]));
  const square = NAMES.reduce((sum, name) => sum + grad[name] ** 2, 0);
  return { params, before, grad, moved, after: forward(moved, x, eps), square, promised: before.loss - lr * square };
}

/** The chain rule link by link, `[from, to]`: a slope is complete before it is passed on. */
export const LINKS = [
  ["loss", "reconstruction"], ["reconstruction", "xhat"], ["xhat", "w"], ["xhat", "k"], ["xhat", "z"], ["z", "mean"],
  ["loss", "kl"], ["kl", "mean"], ["mean", "a"], ["mean", "b"], ["z", "log_var"], ["kl", "log_var"], ["log_var", "c"], ["log_var", "d"],
];

/**
 * For each link the slope `above` of the loss in `from`, the `local` slope of `from` in `to`, their `product`, and in
 * `slopes` what has arrived everywhere so far: where two paths meet, their products add up.
 */
export function links({ x, eps }, { params: q, before: f }) {
  const local = {
    loss: { reconstruction: -1, kl: 1 },
    reconstruction: { xhat: x - f.xhat },
    xhat: { w: f.z, k: 1, z: q.w },
    z: { mean: 1, log_var: (f.sigma * eps) / 2 },
    kl: { mean: f.mean, log_var: Math.expm1(f.log_var) / 2 },
    mean: { a: x, b: 1 },
    log_var: { c: x, d: 1 },
  };
  let slopes = { loss: 1 };
  return LINKS.map(([from, to]) => {
    const [above, before, own] = [slopes[from], slopes[to], local[from][to]];
    const product = above * own;
    slopes = { ...slopes, [to]: (before ?? 0) + product };
    return { from, to, above, local: own, product, before, slopes };
  });
}
