import assert from "node:assert/strict";
import { test } from "node:test";

import { breath, clean, journey, nearestTau, noise, perturb, phaseOf, relax, softmax } from "../../src/reparam/widgets/gumbel_simplex/model.js";
import { markup, nearest, parts, speech, spot, still, trails, weights } from "../../src/reparam/widgets/gumbel_simplex/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("gumbel_simplex").entries()) {
  test(`golden ${i}: tau ${row.tau}`, () => {
    const r = relax(row.logits, Float64Array.from(row.g), row.tau);
    for (const key of ["y", "winners", "share", "mean", "meanSe", "exact", "sharpness"]) near(r[key], row[key], key);
    assert.equal(r.changed, 0);
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
  near(breath(phaseOf(1)), 1, "start");
  for (let k = 0; k < 100; k += 1) assert.ok(breath(k / 50) >= 0.0699 && breath(k / 50) <= 6.001);
  assert.ok(Number.isFinite(phaseOf(10)) && Number.isFinite(phaseOf(0.05)));
});

test("every end of every control can be drawn", () => {
  for (const tau of [0.05, 10, 0, -1, 1e9, NaN, "x"]) {
    for (const logits of [[-4, 4, 0], [1e9, -1e9, NaN], [], "abc", null, [4, 4, 4]]) {
      for (const compact of [true, false]) {
        const s = clean({ tau, logits, compact, n: 60, seed: 2 });
        for (const live of ["", "x"]) sound(markup(s, "Simplex", live), `${tau} ${logits} ${compact}`);
        sound(speech(s), "speech");
      }
    }
  }
  assert.deepEqual(softmax([1e308, 0, -1e308], 0.05), [1, 0, 0]);
  sound(still({}), "nothing given");
});

test("logits typed into one slider replace that logit only", () => {
  assert.deepEqual(clean({ ...clean({ logits: [1, 2, 3] }), logit1: 1e9 }).logits, [1, 4, 3]);
});

test("a highlighted sample beyond the end and a tiny crowd are welcome", () => {
  const s = clean({ n: 2 });
  const r = relax(s.logits, noise(s), s.tau);
  sound(JSON.stringify([parts(s, r, 99), trails(r)]), "parts");
});
