import { softmax } from "./model.js";
import { spot } from "./triangle.js";

/** The log-density of the Concrete law at y, every entry of it above 0. */
export const concrete = (logits, y, tau) =>
  softmax(logits.map((logit, k) => logit - tau * Math.log(y[k]))).reduce((sum, p, k) => sum + Math.log(p / y[k]), Math.log(2 * tau * tau));

/** How many times as likely as under the uniform law the points of each region are, at least. */
export const LEVELS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
const FLOOR = LEVELS.map((times) => Math.log(2 * times));

/** A grid of points; those of the edges are evaluated inside, because the density may be infinite there. */
const CELLS = 22;
const GRID = Array.from({ length: CELLS + 1 }, (_, r) => Array.from({ length: CELLS + 1 - r }, (_, c) => {
  const counts = [CELLS - r - c, c, r];
  return { at: spot(counts.map((n) => n / CELLS)), y: counts.map((n) => (n + 0.15) / (CELLS + 0.45)) };
}));

/** The part of one triangle where the values, linear between its corners, reach the floor. */
function clip(corners, floor) {
  const out = [];
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % 3];
    const share = (floor - a.v) / (b.v - a.v);
    if (a.v >= floor) out.push(a.at);
    if (a.v >= floor !== b.v >= floor) out.push(a.at.map((x, axis) => x + share * (b.at[axis] - x)));
  });
  return out.length ? `M${out.map((p) => p.map(Math.round).join(" ")).join("L")}z` : "";
}

/** One region, triangle by triangle, pointing up and down in turn. */
const region = (grid, floor) => grid.slice(1).map((high, r) => high.map((_, k) => {
  const low = grid[r];
  return clip([low[k], low[k + 1], high[k]], floor) + (k ? clip([low[k], high[k], high[k - 1]], floor) : "");
}).join("")).join("");

/** The regions as paths, the widest first. */
export function regions(logits, tau) {
  const grid = GRID.map((row) => row.map((p) => ({ at: p.at, v: concrete(logits, p.y, tau) })));
  return FLOOR.map((floor) => region(grid, floor));
}
