import { ndtr, phi } from "../kit/normal.js";
import { clamp, fixed } from "../kit/text.js";

/** One family with one parameter θ: noise u goes in on the vertical axis, a sample z comes out of the cdf. */

export const RANGE = { theta: [0.4, 2.5], u: [0.02, 0.98] };
export const SLIDERS = [
  { key: "u", label: "u, noise", min: RANGE.u[0], max: RANGE.u[1], step: 0.005, show: (x) => fixed(x, 3) },
  { key: "theta", label: "θ, parameter", min: RANGE.theta[0], max: RANGE.theta[1], step: 0.01, show: fixed },
];

/** log Γ and its derivative: eight steps up, then Stirling's series. */
function stirling(a) {
  let [log, psi, x] = [0, 0, a];
  for (; x < a + 8; x += 1) [log, psi] = [log - Math.log(x), psi - 1 / x];
  const v = 1 / (x * x);
  log += (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + (1 / 12 - v * (1 / 360 - v * (1 / 1260 - v / 1680))) / x;
  psi += Math.log(x) - 1 / (2 * x) - v * (1 / 12 - v * (1 / 120 - v * (1 / 252 - v / 240)));
  return { log, psi };
}

/** F / p and -dF/dα / p of Gamma(α, 1), term by term of the series of F. */
function gammaSeries(z, a) {
  let [ratio, psi, mass, slope] = [z / a, stirling(a).psi + 1 / a, 0, 0];
  for (let n = 1; n < 400 && ratio > 1e-18 * mass; n += 1) {
    mass += ratio;
    slope += ratio * (psi - Math.log(z));
    ratio *= z / (a + n);
    psi += 1 / (a + n);
  }
  return { mass, slope };
}
const gammaDensity = (z, a) => (z > 0 ? Math.exp((a - 1) * Math.log(z) - z - stirling(a).log) : 0);

function poisson(z, mean) {
  let [term, sum] = [Math.exp(-mean), 0];
  for (let k = 0; k <= z; k += 1) {
    sum += term;
    term *= mean / (k + 1);
  }
  return sum;
}

const BUMP = { at: 1.5, sd: 0.5 };
const bump = (f, side) => (z) => f((z - side * BUMP.at) / BUMP.sd);
const [leftF, rightF] = [-1, 1].map((side) => bump(ndtr, side));
const [leftP, rightP] = [-1, 1].map((side) => bump((x) => phi(x) / BUMP.sd, side));

/** A location-scale family, from its standard cdf and density: -dF/dθ / p is z / θ whatever the family. */
const stretched = (F, p) => ({
  cdf: (z, t) => F(z / t),
  density: (z, t) => p(z / t) / t,
  slope: (z, t) => z / t,
});

/** Each family: what θ is, the z axis, the cdf, the density, and -dF/dθ / p. */
export const FAMILIES = {
  normal: { text: "normal", theta: "standard deviation", axis: [-6, 6], ...stretched(ndtr, phi) },
  logistic: {
    text: "logistic", theta: "scale", axis: [-10, 10],
    ...stretched((x) => 1 / (1 + Math.exp(-x)), (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2),
  },
  laplace: {
    text: "Laplace", theta: "scale", axis: [-9, 9],
    ...stretched((x) => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2), (x) => Math.exp(-Math.abs(x)) / 2),
  },
  gumbel: {
    text: "Gumbel", theta: "scale", axis: [-4, 10],
    ...stretched((x) => Math.exp(-Math.exp(-x)), (x) => Math.exp(-x - Math.exp(-x))),
  },
  exponential: {
    text: "exponential", theta: "rate", axis: [0, 10],
    cdf: (z, t) => -Math.expm1(-t * Math.max(z, 0)),
    density: (z, t) => (z < 0 ? 0 : t * Math.exp(-t * z)),
    slope: (z, t) => -z / t,
  },
  gamma: {
    text: "Gamma", theta: "shape", axis: [0, 8],
    cdf: (z, a) => (z > 0 ? Math.min(1, gammaSeries(z, a).mass * gammaDensity(z, a)) : 0),
    density: gammaDensity,
    slope: (z, a) => gammaSeries(z, a).slope,
  },
  mixture: {
    text: "mixture of two normals", theta: "odds of the right one", axis: [-3.5, 3.5],
    cdf: (z, t) => (leftF(z) + t * rightF(z)) / (1 + t),
    density: (z, t) => (leftP(z) + t * rightP(z)) / (1 + t),
    slope: (z, t) => (leftF(z) - rightF(z)) / (1 + t) / (leftP(z) + t * rightP(z)),
  },
  poisson: {
    text: "Poisson (discrete)", theta: "mean", axis: [-0.5, 7.5], discrete: true,
    cdf: (z, t) => poisson(Math.floor(z), t),
    density: () => 0,
    slope: () => 0,
  },
};

/** The smallest z with F(z) >= u. */
export function quantile(family, theta, u) {
  const { cdf, axis, discrete } = FAMILIES[family];
  if (discrete) {
    let k = 0;
    while (cdf(k, theta) < u && k < 100) k += 1;
    return k;
  }
  let [low, high] = [2 * axis[0], 2 * axis[1]];
  for (let k = 0; k < 100 && high - low > 1e-15 * Math.abs(low); k += 1) {
    const middle = (low + high) / 2;
    if (cdf(middle, theta) < u) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The sample, the density there, how fast the cdf moves, and how fast the sample does. */
export function point({ family, theta, u }) {
  const f = FAMILIES[family];
  const z = quantile(family, theta, u);
  const [p, slope] = [f.density(z, theta), f.slope(z, theta)];
  return { z, p, slope, rise: -slope * p };
}

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    family: Object.hasOwn(FAMILIES, s.family) ? s.family : "gamma",
    theta: clamp(s.theta, ...RANGE.theta, 1.2),
    u: clamp(s.u, ...RANGE.u, 0.7),
  };
}
