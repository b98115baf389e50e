import assert from "node:assert/strict";
import { test } from "node:test";

import { best, clean, law, MOST, noise, orders, plackettLuce, repeats, run, tally } from "../../src/reparam/widgets/top_k_race/model.js";
import { markup, parts, ROWS, speech, spot, still, verdict } from "../../src/reparam/widgets/top_k_race/view.js";
import { golden, near, sound } from "./near.mjs";

const race = (s) => run(s.logits, s.k, noise(s));
const named = (rows) => Object.fromEntries(rows.map(({ who, p }) => [who.join(","), p]));

for (const [i, row] of golden("top_k_race").entries()) {
  test(`golden ${i}: ${row.logits.length} runners, k ${row.k}`, () => {
    const r = run(row.logits, row.k, Float64Array.from(row.g));
    near(r.orders, row.orders, "orders");
    near(r.times, row.times, "times");
    for (const count of ["ordered", "sets"]) near(named(law(row.logits, row.k, count)), row[count], count);
    near(repeats(row.logits, row.k), row.repeats, "repeats");
  });
}

test("the law sums to one, the likeliest first, and a set is the sum of its orders", () => {
  const logits = [1, 0.5, 0, -1, 0.3];
  for (const k of [1, 2, 3]) {
    for (const count of ["ordered", "sets"]) {
      const rows = law(logits, k, count);
      near(rows.reduce((sum, { p }) => sum + p, 0), 1, "sum");
      rows.slice(1).forEach(({ p }, i) => assert.ok(p <= rows[i].p + 1e-12));
    }
  }
  near(named(law(logits, 2, "sets"))["0,3"], plackettLuce(logits, [0, 3]) + plackettLuce(logits, [3, 0]), "set");
  assert.equal(orders(5, 3).length, 60);
});

test("the shares of many races tend to the law, in order and as sets", () => {
  for (const count of ["ordered", "sets"]) {
    const s = { ...clean({ logits: [1, 0.5, 0, -0.5, 0.2], k: 2, count, seed: 4 }), n: 200_000 };
    for (const row of tally(s, race(s), 99)) assert.ok(Math.abs(row.z) < 4.5, `${row.who}: ${row.z}`);
  }
});

test("nobody is placed twice, and the places are the runners in order of their times", () => {
  const s = clean({ k: 3, logits: [0, 0, 1, 1, 2], n: 500 });
  const r = race(s);
  for (const order of r.orders) assert.equal(new Set(order).size, 3);
  const byTime = s.logits.map((_, i) => i).sort((a, b) => r.times[a] - r.times[b]);
  assert.deepEqual(r.last, byTime.slice(0, 3));
  assert.deepEqual(best([1, 2, 2, 0], 3), [1, 2, 0]);
});

test("fewer places are the head of the same order, and more races keep the earlier ones", () => {
  const [one, two, three] = [1, 2, 3].map((k) => race(clean({ k, n: 50 })).orders);
  three.forEach((order, i) => assert.deepEqual([order.slice(0, 1), order.slice(0, 2)], [one[i], two[i]]));
  assert.deepEqual(race(clean({ n: 80 })).orders.slice(0, 50), two);
});

test("what does not fit into the table is in its last line", () => {
  const s = clean({ logits: [1, 0, 0, 0, 0], k: 3, n: 300 });
  const lines = tally(s, race(s), ROWS);
  assert.equal(lines.length, ROWS);
  assert.equal(lines.at(-1).others, 60 - ROWS + 1);
  near(lines.reduce((sum, row) => sum + row.p, 0), 1, "p");
  assert.equal(lines.reduce((sum, row) => sum + row.wins, 0), 300);
});

test("one race is not sure of its share: the standard error is that of the exact law", () => {
  const s = clean({ logits: [0, 0, 0, 0], k: 1, n: 1 });
  const lines = tally(s, race(s), ROWS);
  near(lines.map((row) => row.se), [0, 1, 2, 3].map(() => Math.sqrt(3) / 4), "se");
  const won = lines.findIndex((row) => row.wins);
  assert.equal(parts(s, race(s))[`share${won}`].text, "1.000 ± 0.866");
});

test("while the race is on, the counts wait; the last place ends it", () => {
  const s = clean({ k: 2 });
  const r = race(s);
  const [start, middle, end] = [0, 0.5, 1].map((t) => parts(s, r, t));
  assert.equal(start.runner0.d.startsWith(`M${spot(0)} `), true);
  assert.equal(middle.share0, undefined);
  assert.equal(end[`medal${r.last[0]}`].text, "1st");
  assert.equal(end[`medal${r.last[1]}`].text, "2nd");
  assert.match(end.product.text, /×/);
  assert.match(verdict(clean({ n: 2 }), tally(clean({ n: 2 }), race(clean({ n: 2 })), ROWS)), /Too few/);
});

test("every end of every control can be drawn", () => {
  for (const logits of [[-3, 3, 0, 1], [1e9, -1e9, NaN, 0, 3], [], "abc", null, [3, 3, 3, 3, 3], [-3, -3, -3, 3]]) {
    for (const k of [1, 2, 3, 1e9, NaN]) {
      for (const [n, count] of [[1, "sets"], [300, "ordered"], [-5, "pairs"]]) {
        const s = clean({ logits, k, n, count, seed: 2 });
        for (const live of ["", "x"]) sound(markup(s, "Race", live), `${logits} ${k} ${n}`);
        sound(speech(s), "speech");
      }
    }
  }
  assert.equal(clean({ n: 1e9 }).n, MOST);
  assert.deepEqual(clean({ ...clean({ logits: [1, 2, 3, 0] }), logit1: 1e9 }).logits, [1, 3, 3, 0]);
  sound(still({}), "nothing given");
});
