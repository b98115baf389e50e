import { clamp, fixed } from "../kit/text.js";

/** A number that goes from `start` to `end` within the first `share` of a run, as reparam.schedules has it. */

export const SHAPES = { linear: "linear", exponential: "exponential", cosine: "cosine", constant: "constant" };
export const RANGE = { beta: [0, 8], tau: [0.05, 5] };
const FLOOR = 0.01; // an exponential never starts or ends at 0

export const sliders = ({ quantity }) => {
  const [min, max] = RANGE[quantity];
  return [
    { key: "start", label: "start", min, max, step: 0.05, show: fixed },
    { key: "end", label: "end", min, max, step: 0.05, show: fixed },
    { key: "share", label: "end reached at", min: 0.05, max: 1, step: 0.05, show: fixed },
  ];
};

/** Any values into a state that can be drawn. */
export function clean(s) {
  const quantity = s.quantity === "tau" ? "tau" : "beta";
  const shape = s.shape in SHAPES ? s.shape : "linear";
  const [low, high] = RANGE[quantity];
  const least = shape === "exponential" ? Math.max(low, FLOOR) : low;
  return {
    quantity, shape,
    start: clamp(s.start, least, high, 1),
    end: clamp(s.end, least, high, 1),
    share: clamp(s.share, 0.05, 1, 0.5),
    runs: Array.isArray(s.runs) ? s.runs : [],
  };
}

const PATHS = {
  constant: (a, b) => b,
  linear: (a, b, p) => a + (b - a) * p,
  exponential: (a, b, p) => a * (b / a) ** p,
  cosine: (a, b, p) => b + ((a - b) * (1 + Math.cos(Math.PI * p))) / 2,
};

/** The scheduled number after the share `p` of the run. */
export const value = ({ shape, start, end, share }, p) => (p < share ? PATHS[shape](start, end, p / share) : end);

/** The schedule as the command takes it. */
export function spell({ shape, start, end, share }) {
  const [a, b, at] = [start, end, share].map((x) => String(Number(x.toFixed(3))));
  if (shape === "constant") return b;
  return share < 1 ? `${shape}:${a}:${b}@${at},${b}` : `${shape}:${a}:${b}`;
}

/** The mean difference between two schedules, at the middles of 200 equal parts of the run. */
export function distance(a, b) {
  let sum = 0;
  for (let k = 0; k < 200; k += 1) sum += Math.abs(value(a, (k + 0.5) / 200) - value(b, (k + 0.5) / 200));
  return sum / 200;
}

/** The recorded run whose schedule is nearest: `{ k, far }`, the first one of equals; null without runs. */
export function nearest(s) {
  let best = null;
  s.runs.forEach((run, k) => {
    const far = distance(s, run);
    if (!best || far < best.far - 1e-12) best = { k, far };
  });
  return best;
}

/** Round numbers across [low, high], at least 2 of them: `{ low, high, ticks }` with the ends moved to ticks. */
export function axis(low, high, digits = 2) {
  const size = Math.max(high - low, 10 ** -digits);
  const power = 10 ** Math.floor(Math.log10(size / 3));
  const step = power * [1, 2, 5, 10].find((k) => k * power >= (size / 3) * (1 - 1e-9));
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const ticks = Array.from({ length: Math.max(2, last - first + 1) }, (_, k) => (first + k) * step);
  return { low: ticks[0], high: ticks.at(-1), ticks };
}
