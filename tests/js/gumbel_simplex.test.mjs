import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, jacobian, journey, nearestTau, noise, perturb, relax, softmax } from "../../src/reparam/widgets/gumbel_simplex/model.js";
import { concrete, LEVELS, regions } from "../../src/reparam/widgets/gumbel_simplex/density.js";
import { CORNERS, spot, weights } from "../../src/reparam/widgets/gumbel_simplex/triangle.js";
import { markup, nearest, parts, speech, still } from "../../src/reparam/widgets/gumbel_simplex/view.js";
import * as compact from "../../src/reparam/widgets/gumbel_simplex/compact/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("gumbel_simplex").entries()) {
  test(`golden ${i}: tau ${row.tau}`, () => {
    const r = relax(row.logits, Float64Array.from(row.g), row.tau);
    for (const key of ["y", "winners", "share", "mean", "meanSe", "exact", "sharpness"]) near(r[key], row[key], key);
    assert.equal(r.changed, 0);
    near(jacobian(r.y[0], row.tau), row.slopes, "slopes");
    near(row.at.map((y) => concrete(row.logits, y, row.tau)), row.density, "density");
  });
}

test("no temperature changes a winner, and the count would see it", () => {
  const s = clean({ n: 1000 });
  for (const tau of [0.05, 0.3, 1, 4, 10]) assert.equal(relax(s.logits, noise(s), tau).changed, 0);
  assert.ok(relax(s.logits, noise(s), -1).changed > 900);
});

test("the winners' shares are softmax, the mean of y is not", () => {
  const logits = [1, 0.3, -0.5];
  const r = relax(logits, noise({ seed: 3, n: 200_000 }), 1);
  r.share.forEach((p, k) => assert.ok(Math.abs(p - r.exact[k]) < 4.5 * r.shareSe[k]));
  assert.ok(Math.abs(r.mean[0] - r.exact[0]) > 8 * r.meanSe[0]);
});

test("a path leads from the centre to the winner's corner", () => {
  const [row] = perturb([1, 0.3, -0.5], [0.2, -0.4, 1.1]);
  const path = journey(row, 60);
  path[0].forEach((p) => assert.ok(Math.abs(p - 1 / 3) < 0.01));
  near(path.at(-1), [1, 0, 0], "corner");
});

test("the picture can be read backwards", () => {
  near(weights(spot([0.2, 0.5, 0.3])), [0.2, 0.5, 0.3], "weights");
  const s = clean({ tau: 0.8 });
  const r = relax(s.logits, noise(s), s.tau);
  assert.equal(nearest(r, spot(r.y[17])), 17);
  assert.ok(Math.abs(Math.log(nearestTau(r.scores[17], r.y[17]) / 0.8)) < 0.02);
});

test("a breath starts where tau is and stays in range", () => {
  const { breath, phaseOf } = compact;
  near(breath(phaseOf(1)), 1, "start");
  for (let k = 0; k < 100; k += 1) assert.ok(breath(k / 50) >= 0.0699 && breath(k / 50) <= 6.001);
  assert.ok(Number.isFinite(phaseOf(10)) && Number.isFinite(phaseOf(0.05)));
});

/** The area of a path made of closed polygons. */
const area = (d) => d.split("z").filter(Boolean).reduce((sum, ring) => {
  const points = ring.slice(1).split("L").map((p) => p.split(" ").map(Number));
  return sum + Math.abs(points.reduce((twice, [x, y], k) => {
    const [u, v] = points[(k + 1) % points.length];
    return twice + x * v - u * y;
  }, 0)) / 2;
}, 0);

test("the shaded regions are nested and as large as the density says", () => {
  const whole = (920 * 860) / 2;
  for (const [logits, tau] of [[[1, 0.3, -0.5], 0.4], [[0, 0, 0], 1.5], [[2, -1, 0], 4]]) {
    const sizes = regions(logits, tau).map(area);
    sizes.slice(1).forEach((size, k) => assert.ok(size <= sizes[k]));
    const cells = 300;
    const counts = LEVELS.map(() => 0);
    for (let a = 0; a < cells; a += 1) {
      for (let b = 0; a + b < cells; b += 1) {
        const y = [a, b, cells - 1 - a - b].map((n) => (n + 1 / 3) / cells);
        LEVELS.forEach((times, k) => (counts[k] += concrete(logits, y, tau) >= Math.log(2 * times)));
      }
    }
    const total = (cells * (cells + 1)) / 2;
    sizes.forEach((size, k) => assert.ok(Math.abs(size / whole - counts[k] / total) < 0.02, `${tau}, level ${k}: ${size / whole} and ${counts[k] / total}`));
  }
});

test("the density integrates to one, and a warm one is high in the centre", () => {
  const cells = 400;
  let sum = 0;
  for (let a = 0; a < cells; a += 1) {
    for (let b = 0; a + b < cells; b += 1) {
      const up = [a, b, cells - 1 - a - b].map((n) => (n + 1 / 3) / cells);
      const down = [a, b, cells - 2 - a - b].map((n) => (n + 2 / 3) / cells);
      for (const y of a + b < cells - 1 ? [up, down] : [up]) sum += Math.exp(concrete([0.4, 0, -0.3], y, 1.6)) / cells ** 2 / 2;
    }
  }
  assert.ok(Math.abs(sum - 1) < 1e-3, `${sum}`);
  assert.ok(concrete([0, 0, 0], [1 / 3, 1 / 3, 1 / 3], 4) > concrete([0, 0, 0], [0.98, 0.01, 0.01], 4));
});

test("straight-through: a corner forward, slopes of y backward, nothing of either when soft", () => {
  const s = clean({ forward: "straight-through", tau: 0.8 });
  const r = relax(s.logits, noise(s), s.tau);
  const p = parts(s, r, 5);
  const [x, y] = CORNERS[r.winners[5]];
  assert.ok(p.forward.d.endsWith(`L${x} ${y}`));
  assert.ok(p.ring.d.startsWith(`M${x} ${y}`));
  for (const k of [0, 1, 2]) assert.match(p[`slope${k}`].d, /^M.*L/);
  assert.match(p.sample.text, /forward z = \((1,0,0|0,1,0|0,0,1)\)/);
  const soft = parts({ ...s, forward: "soft" }, r, 5);
  assert.equal(soft.forward.d + soft.slope0.d + soft.hard0.d + soft.shade0.d, "");
  jacobian(r.y[5], 0.8).forEach((row) => near(row.reduce((a, b) => a + b, 0), 0, "a slope stays on the triangle"));
});

test("every end of every control can be drawn", () => {
  for (const tau of [0.05, 10, 0, -1, 1e9, NaN, "x"]) {
    for (const logits of [[-4, 4, 0], [1e9, -1e9, NaN], [], "abc", null, [4, 4, 4]]) {
      for (const [forward, density] of [["soft", "hidden"], ["straight-through", "shown"], [null, 3]]) {
        const s = clean({ tau, logits, forward, density, n: 60, seed: 2 });
        for (const live of ["", "x"]) {
          sound(markup(s, "Simplex", live), `${tau} ${logits} ${forward}`);
          sound(compact.markup(s, "Simplex", live), `${tau} ${logits}, compact`);
        }
        sound(speech(s) + compact.speech(s), "speech");
      }
    }
  }
  assert.deepEqual(softmax([1e308, 0, -1e308], 0.05), [1, 0, 0]);
  sound(still({}), "nothing given");
  sound(compact.still({}), "nothing given, compact");
});

test("logits typed into one slider replace that logit only", () => {
  assert.deepEqual(clean({ ...clean({ logits: [1, 2, 3] }), logit1: 1e9 }).logits, [1, 4, 3]);
});

test("a highlighted sample beyond the end and a tiny crowd are welcome", () => {
  const s = clean({ n: 2 });
  const r = relax(s.logits, noise(s), s.tau);
  sound(JSON.stringify([parts(s, r, 99), compact.trails(r)]), "parts");
});
