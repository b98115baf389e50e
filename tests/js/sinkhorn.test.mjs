import assert from "node:assert/strict";
import { test } from "node:test";

import { best, clean, columnSums, error, exponential, iterate, MOST, N, perturbed, rowSums, solve } from "../../src/reparam/widgets/sinkhorn/model.js";
import { markup, parts, small, speech, still, verdict } from "../../src/reparam/widgets/sinkhorn/view.js";
import { golden, near, sound } from "./near.mjs";

/** Scores whose largest entries of rows 0 and 1 collide. */
const SCORES = [[2, 1.6, 0.1, -0.5, 0.3], [1.8, 0.4, 0.9, -0.2, 0], [0.2, 1.1, 1.7, 1.4, -0.6], [-0.4, 0.6, 1.5, 0.8, 1.2], [0.7, -0.3, 0.5, 1.3, 1.6]];

for (const [i, row] of golden("sinkhorn").entries()) {
  test(`golden ${i}: tau ${row.tau}, ${row.n_iters} iterations`, () => {
    const x = row.scores.map((scores, k) => scores.map((v, j) => v + row.g[k * N + j]));
    const y = exponential(iterate(x, row.tau, row.n_iters).at(-1));
    near(y, row.y, "y");
    near(rowSums(y), row.rowSums, "row sums");
    near(best(x), { columns: row.columns, total: row.total, lead: row.lead }, "best");
  });
}

test("columns are made last and sum to one, row sums come closer at every iteration", () => {
  const s = clean({ scores: SCORES, tau: 0.5, n_iters: 7 });
  const r = solve(s);
  near(columnSums(r.y), Array(N).fill(1), "columns");
  near(error(r.y), r.errors[6], "error");
  r.errors.slice(1).forEach((e, k) => assert.ok(e < r.errors[k] || e < 1e-14));
});

test("the colder, the more of the matrix lies on the best matching, and greedy rows collide", () => {
  const mass = [2, 0.5, 0.2, 0.05].map((tau) => solve(clean({ scores: SCORES, tau, n_iters: MOST })).mass);
  mass.slice(1).forEach((m, k) => assert.ok(m > mass[k]));
  assert.ok(mass[3] > 0.9);
  const r = solve(clean({ scores: SCORES, tau: 0.5, n_iters: 0 }));
  assert.equal(r.collides, true);
  assert.deepEqual(r.match.columns.slice(0, 2), [1, 0]);
  assert.equal(solve(clean({ scores: SCORES, tau: 0.5, n_iters: 10 })).agrees, true);
});

test("a constant added to a row or a column moves nothing", () => {
  const moved = SCORES.map((row, i) => row.map((v, j) => v + i - 0.5 * j));
  const [a, b] = [SCORES, moved].map((x) => exponential(iterate(x, 0.7, MOST).at(-1)));
  a.forEach((row, i) => row.forEach((v, j) => assert.ok(Math.abs(v - b[i][j]) < 1e-6)));
  assert.deepEqual(best(SCORES).columns, best(moved).columns);
});

test("noise is repeated by its seed, and off means none", () => {
  const s = clean({ scores: SCORES, seed: 4 });
  assert.deepEqual(perturbed(s), SCORES);
  assert.deepEqual(perturbed({ ...s, noise: "on" }), perturbed({ ...s, noise: "on" }));
  assert.notDeepEqual(perturbed({ ...s, noise: "on" }), perturbed({ ...s, noise: "on", seed: 5 }));
});

test("the picture outlines the best matching, and says what the numbers are", () => {
  const s = clean({ scores: SCORES, tau: 0.5 });
  const r = solve(s);
  const p = parts(s, r);
  r.match.columns.forEach((j, i) => assert.equal(p[`cell${i}${j}`].class, "rp-cell rp-best"));
  assert.equal(Object.values(p).filter((part) => part.class === "rp-cell rp-best").length, N);
  assert.match(verdict(clean({ n_iters: 0 }), r), /Before the first/);
  assert.match(verdict(s, { ...r, agrees: false, collides: true }), /collide/);
  assert.deepEqual([small(0.0123), small(1.2e-4), small(0)], ["0.012", "about 10⁻⁴", "below 10⁻⁹"]);
  assert.equal(small(1.01e-9), "about 10⁻⁹");
});

test("every end of every control can be drawn", () => {
  const wild = [[1e9, NaN, -1e9, "x", null], [], "abc", [5, -5, 5, -5, 5]];
  for (const scores of [SCORES, wild, "abc", null, undefined, SCORES.map((row) => row.map(() => 5))]) {
    for (const tau of [0.05, 5, 0, NaN, 1e9]) {
      for (const [n_iters, noise] of [[0, "on"], [1, "off"], [40, "on"], [1e9, "loud"], [NaN, null]]) {
        const s = clean({ scores, tau, n_iters, noise, seed: 2 });
        for (const live of ["", "x"]) sound(markup(s, "Sinkhorn", live), `${scores} ${tau} ${n_iters}`);
        sound(speech(s), "speech");
      }
    }
  }
  sound(still({}), "nothing given");
});
