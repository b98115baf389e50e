import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, exact, EULER, K, MOST, noise, run, WIDTH } from "../../src/reparam/widgets/gumbel_race/model.js";
import { markup, parts, speech, spot, still, verdict } from "../../src/reparam/widgets/gumbel_race/view.js";
import { golden, near, sound } from "./near.mjs";

const race = (s) => run(s.logits, s.law, noise(s));

for (const [i, row] of golden("gumbel_race").entries()) {
  test(`golden ${i}: ${row.law}`, () => {
    const r = run(row.logits, row.law, Float64Array.from(row.g));
    for (const key of ["winners", "wins", "share", "times", "reached", "target", "limit", "meanTime", "rate"]) near(r[key], row[key], key);
    assert.equal(r.winner, row.winners.at(-1));
  });
}

test("Gumbel shares tend to softmax, normal shares to their own limit and away from it", () => {
  const logits = [1, 0.5, 0, -1];
  const n = 200_000;
  const fair = run(logits, "gumbel", noise({ law: "gumbel", n, seed: 5 }));
  fair.z.forEach((z, k) => assert.ok(Math.abs(z) < 4.5, `runner ${k}: ${z}`));
  assert.ok(Math.abs(fair.meanTime * fair.rate - 1) < 4.5 / Math.sqrt(n));
  const bell = run(logits, "normal", noise({ law: "normal", n, seed: 5 }));
  bell.share.forEach((p, k) => assert.ok(Math.abs(p - bell.limit[k]) < 4.5 * bell.se[k]));
  assert.ok(Math.max(...bell.z.map(Math.abs)) > 8);
});

test("both kinds of noise have Gumbel's mean and variance, and the limits are laws", () => {
  for (const law of ["gumbel", "normal"]) {
    const g = noise({ law, n: 50_000, seed: 1 });
    const mean = g.reduce((a, b) => a + b, 0) / g.length;
    const variance = g.reduce((a, b) => a + (b - mean) ** 2, 0) / g.length;
    assert.ok(Math.abs(mean - EULER) < (5 * WIDTH) / Math.sqrt(g.length));
    assert.ok(Math.abs(variance / WIDTH ** 2 - 1) < 0.03);
    near(exact([3, -3, 0, 1], law).reduce((a, b) => a + b, 0), 1, "sum");
  }
});

test("more races keep the earlier ones, and the winner is first on the track", () => {
  for (const law of ["gumbel", "normal"]) {
    const few = race(clean({ law, n: 7 }));
    const many = race(clean({ law, n: 107 }));
    assert.deepEqual(many.winners.slice(0, 7), few.winners);
    assert.equal(many.reached.indexOf(1), many.winner);
    assert.equal(many.times.indexOf(Math.min(...many.times)), many.winner);
  }
});

test("a common shift of the logits changes no winner", () => {
  const g = noise({ law: "gumbel", n: 500, seed: 2 });
  assert.deepEqual(run([1, 0, -1, 0.5], "gumbel", g).winners, run([2, 1, 0, 1.5], "gumbel", g).winners);
});

test("while the race is on, the counts wait and nobody has won", () => {
  const s = clean({});
  const r = race(s);
  const [start, middle, end] = [0, 0.5, 1].map((t) => parts(s, r, t));
  assert.equal(start.runner0.d.startsWith(`M${spot(0)} `), true);
  assert.equal(middle.share0, undefined);
  assert.equal(middle.medal0.text + middle.medal1.text + middle.medal2.text + middle.medal3.text, "");
  assert.equal(end[`medal${r.winner}`].text, "first");
  assert.match(end.share0.text, /±/);
});

test("one race is not sure of its share: the standard error is that of the exact law", () => {
  const s = clean({ logits: [0, 0, 0, 0], n: 1 });
  near(race(s).se, [0, 1, 2, 3].map(() => Math.sqrt(3) / 4), "se");
  assert.equal(parts(s, race(s))[`share${race(s).winner}`].text, "1.000 ± 0.866");
});

test("the verdict waits for enough races", () => {
  const few = clean({ n: 3 });
  assert.match(verdict(few, race(few)), /Too few/);
  const bell = clean({ law: "normal", n: MOST });
  assert.match(verdict(bell, race(bell)), /more races do not help/);
});

test("every end of every control can be drawn", () => {
  for (const law of ["gumbel", "normal", "cauchy", null]) {
    for (const logits of [[-3, 3, 0, 1], [1e9, -1e9, NaN, 0], [], "abc", null, [3, 3, 3, 3], [-3, -3, -3, -3]]) {
      for (const n of [1, 2, 300, NaN, -5]) {
        const s = clean({ law, logits, n, seed: 2 });
        for (const live of ["", "x"]) sound(markup(s, "Race", live), `${law} ${logits} ${n}`);
        sound(speech(s), "speech");
      }
    }
  }
  assert.equal(clean({ n: 1e9 }).n, MOST);
  assert.deepEqual(clean({ ...clean({ logits: [1, 2, 3, 0] }), logit1: 1e9 }).logits, [1, 3, 3, 0]);
  assert.equal(K, 4);
  sound(still({}), "nothing given");
});
