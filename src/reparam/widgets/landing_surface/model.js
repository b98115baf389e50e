import { clamp, fixed } from "../kit/text.js";

/** log p(z|x) - log q_t(z) for the posterior N(0, 1) and q_t = N(a t, e^(2 b t)): the exact posterior is t = 0. */

export const LINES = { both: [1, 0.5], mean: [1, 0], width: [0, 0.5] };
export const CHOICES = { both: "mean and width", mean: "mean", width: "width" };
export const SLIDERS = [
  { key: "t", label: "place t", min: -1, max: 1, step: 0.01, show: fixed },
  { key: "z", label: "draw z", min: -3, max: 3, step: 0.01, show: fixed },
];

/** Any values into a state that can be drawn. */
export function clean(s) {
  return {
    line: Object.hasOwn(LINES, s.line) ? s.line : "both",
    t: clamp(s.t, -1, 1, 0.6),
    z: clamp(s.z, -3, 3, 1.5),
  };
}

/** q's mean and standard deviation at a place on the line. */
export function placeOf({ line, t }) {
  const [a, b] = LINES[line];
  return { mean: a * t, sigma: Math.exp(b * t) };
}

export function height(line, t, z) {
  const { mean, sigma } = placeOf({ line, t });
  return (((z - mean) / sigma) ** 2 - z * z) / 2 + LINES[line][1] * t;
}

/** Height, slope in z, the two parts of the derivative in t at fixed noise, and that derivative's exact mean. */
export function slopes({ line, t, z }) {
  const [a, b] = LINES[line];
  const { mean, sigma } = placeOf({ line, t });
  const eps = (z - mean) / sigma;
  const in_z = eps / sigma - z;
  return {
    height: height(line, t, z),
    in_z,
    path: in_z * (a + b * sigma * eps),
    score: (a * eps) / sigma + b * (eps * eps - 1),
    exact: -(a * a * t) - b * Math.expm1(2 * b * t),
  };
}
