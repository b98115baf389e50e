import { ndtr } from "../kit/normal.js";
import { normals } from "../kit/rng.js";
import { clamp, fixed } from "../kit/text.js";

/** Two columns of a table, each the mean of n runs: how often does their difference have the sign it should have? */

export const MOST = { n: 30, sets: 200 };
export const SLIDERS = [
  { key: "n", label: "seeds a column", min: 1, max: MOST.n, step: 1, show: (x) => fixed(x, 0) },
];
export const PAIRINGS = { apart: "other seeds in each column", paired: "the same seeds in both" };

/** Any values into a state that can be drawn. */
export function clean(s) {
  const given = Array.isArray(s.rows) ? s.rows : [];
  const rows = given.map((row) => ({ label: String(row?.label ?? ""), gain: clamp(row?.gain, -100, 100, 0) }));
  const whole = (x, low, high, otherwise) => Math.round(clamp(Number(x), low, high, otherwise));
  return {
    rows: rows.length ? rows : [{ label: "no gain", gain: 0 }],
    level_sd: clamp(s.level_sd, 0.001, 10, 0.1),
    level_df: whole(s.level_df, 1, 1000, 1),
    pair_sd: clamp(s.pair_sd, 0.001, 20, 0.1),
    pair_df: whole(s.pair_df, 1, 1000, 1),
    row: whole(s.row, 0, Math.max(0, rows.length - 1), 0),
    pairing: s.pairing === "paired" ? "paired" : "apart",
    n: whole(s.n, 1, MOST.n, 1),
    sets: whole(s.sets, 1, MOST.sets, 1),
    seed: whole(s.seed, 0, 1e6, 0),
  };
}

/** P(T < t) for Student's law with `df` degrees of freedom: a finite sum, for whole numbers. */
export function student(t, df) {
  const angle = Math.atan(t / Math.sqrt(df));
  const square = Math.cos(angle) ** 2;
  const odd = df % 2;
  let [term, sum] = [odd ? Math.cos(angle) : 1, 0];
  for (let k = odd ? 3 : 2; k <= df; k += 2) {
    sum += term;
    term *= square * ((k - 1) / k);
  }
  const inside = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return (1 + inside) / 2;
}

/** What can be said before any run: the difference of two means of n runs is normal around the gain. */
export function plan(s) {
  const { gain, label } = s.rows[s.row];
  const apart = s.pairing === "apart";
  const sd = apart ? Math.SQRT2 * s.level_sd : s.pair_sd;
  const df = apart ? s.level_df : s.pair_df;
  const se = sd / Math.sqrt(s.n);
  const ratio = Math.abs(gain) / se;
  return {
    gain, label, sd, df, se, ratio,
    flip: ndtr(-ratio),
    doubt: student(-ratio, df),
    need: gain === 0 ? null : Math.max(1, Math.ceil((2 * sd / gain) ** 2 - 1e-9)),
  };
}

/** Set number k: n runs a column around its mean (path 0, total at the gain), and the difference of the means. */
export function drawn(s, k) {
  const { gain, sd } = plan(s);
  const own = sd / 2; // half of the difference, with opposite signs in the two columns
  const common = Math.sqrt(Math.max(0, s.level_sd ** 2 - own ** 2));
  const eps = normals(s.seed * 1000 + k, 2 * s.n);
  const runs = Array.from({ length: s.n }, (_, i) => {
    const [apart, both] = [own * eps[2 * i], common * eps[2 * i + 1]];
    return { total: gain + both + apart, path: both - apart };
  });
  const mean = (key) => runs.reduce((sum, run) => sum + run[key], 0) / s.n;
  return { runs, total: mean("total"), path: mean("path"), difference: mean("total") - mean("path") };
}

/** Whether a difference has not the gain's sign. Of no gain at all, half are wrong: those below zero. */
export const wrong = (difference, gain) => (gain < 0 ? difference >= 0 : difference <= 0);

/** All sets so far, the last one in full. */
export function play(s) {
  const differences = Array.from({ length: s.sets }, (_, k) => drawn(s, k).difference);
  const { gain } = plan(s);
  return { last: drawn(s, s.sets - 1), differences, flipped: differences.filter((d) => wrong(d, gain)).length };
}
