import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, drawn, MOST, plan, play, student, wrong } from "../../src/reparam/widgets/seed_table/model.js";
import { markup, nats, parts, percent, speech, still, tally, verdict } from "../../src/reparam/widgets/seed_table/view.js";
import { golden, sound } from "./near.mjs";

const rows = (...gains) => gains.map((gain, k) => ({ label: `row ${k}`, gain }));
const state = (changes = {}) => clean({
  rows: rows(0.36, -0.13, 0, 100, -0.001), level_sd: 0.1, level_df: 20, pair_sd: 0.12, pair_df: 16, ...changes,
});

for (const [i, { state: given, ...row }] of golden("seed_table").entries()) {
  test(`golden ${i}: ${JSON.stringify(given)}`, () => {
    const p = plan(clean({ ...given, rows: given.rows.map(([label, gain]) => ({ label, gain })) }));
    for (const [name, value] of Object.entries(row)) {
      assert.ok(Math.abs(p[name] - value) <= 1e-9 * Math.max(1, value), `${name}: ${p[name]}, ${value}`);
    }
    if (p.need !== null) {
      assert.ok(2 * p.sd <= Math.abs(p.gain) * Math.sqrt(p.need) * (1 + 1e-9), "that many are enough");
      assert.ok(p.need === 1 || 2 * p.sd > Math.abs(p.gain) * Math.sqrt(p.need - 1), "one less is not");
    }
  });
}

test("Student's law is symmetric, Cauchy's for one degree of freedom, nearly normal for many", () => {
  for (const df of [1, 2, 7, 100]) for (const t of [0, 0.3, 4]) assert.ok(Math.abs(student(t, df) + student(-t, df) - 1) < 1e-12);
  assert.ok(Math.abs(student(1, 1) - 0.75) < 1e-12);
  assert.ok(Math.abs(student(-1.96, 1000) - 0.025) < 2e-4);
});

test("sets of runs have the law that is drawn for them", () => {
  for (const pairing of ["apart", "paired"]) {
    const s = state({ pairing, n: 3, sets: MOST.sets, row: 1 });
    const { se, gain, flip } = plan(s);
    const { differences, flipped } = play(s);
    const mean = differences.reduce((a, b) => a + b, 0) / MOST.sets;
    const variance = differences.reduce((a, b) => a + (b - gain) ** 2, 0) / MOST.sets;
    assert.ok(Math.abs(mean - gain) < 4.5 * se / Math.sqrt(MOST.sets));
    assert.ok(Math.abs(variance / se ** 2 - 1) < 4.5 * Math.sqrt(2 / MOST.sets));
    assert.ok(Math.abs(flipped - MOST.sets * flip) < 4.5 * Math.sqrt(MOST.sets * flip * (1 - flip)));
    const runs = Array.from({ length: MOST.sets }, (_, k) => drawn(s, k).runs).flat();
    for (const [key, centre] of [["total", gain], ["path", 0]]) {
      const spread = runs.reduce((a, run) => a + (run[key] - centre) ** 2, 0) / runs.length;
      assert.ok(Math.abs(spread / s.level_sd ** 2 - 1) < 4.5 * Math.sqrt(2 / runs.length), `${pairing} ${key}`);
    }
    const together = runs.reduce((a, run) => a + (run.total - gain) * run.path, 0) / runs.length / s.level_sd ** 2;
    const want = 1 - plan(s).sd ** 2 / (2 * s.level_sd ** 2);
    assert.ok(Math.abs(together - want) < 4.5 * Math.sqrt((1 + want ** 2) / runs.length), `${pairing}: correlation ${together}, ${want}`);
  }
});

test("a set repeats, is kept when more are drawn, and keeps its runs when it has more seeds", () => {
  const s = state({ n: 4, sets: 7 });
  assert.deepEqual(play(s), play(s));
  assert.deepEqual(play(state({ n: 4, sets: 9 })).differences.slice(0, 7), play(s).differences);
  assert.deepEqual(drawn(state({ n: 9 }), 6).runs.slice(0, 4), drawn(s, 6).runs);
  assert.notDeepEqual(play(state({ n: 4, sets: 7, seed: 1 })).differences, play(s).differences);
});

test("the wrong sign is that of the other column", () => {
  assert.deepEqual([wrong(-0.1, 0.3), wrong(0.1, 0.3), wrong(0.1, -0.3), wrong(-0.1, -0.3)], [true, false, true, false]);
});

test("every end of every control can be drawn", () => {
  for (const row of [0, 1, 2, 3, 4]) {
    for (const pairing of ["apart", "paired"]) {
      for (const n of [1, MOST.n]) {
        for (const sets of [1, MOST.sets]) {
          const s = state({ row, pairing, n, sets, pair_sd: 0.001 });
          for (const live of ["", "x"]) sound(markup(s, "Seeds", live), JSON.stringify(s));
          sound(speech(s), "speech");
        }
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ title: '"><script>', rows: [{ gain: NaN, label: "<b>" }, null], level_sd: 1e9, pair_sd: -1, n: 1e9, row: "7", sets: 0 }), "absurd");
  assert.equal(clean({ rows: rows(1, 2), row: "1" }).row, 1, "a select speaks in strings");
});

test("numbers and sentences", () => {
  assert.deepEqual([0.0001, 0.0234, 0.5].map(percent), ["less than 0.1\u00a0%", "2.3\u00a0%", "50.0\u00a0%"]);
  assert.deepEqual([0.36, -0.0501, 0.0996].map(nats), ["0.36", "\u22120.050", "0.10"]);
  assert.match(verdict(state()), /^With one seed a column a difference of 0\.36 is 2\.5 standard errors\. If it is real, 0\.5\u00a0% of the re-runs/);
  assert.match(verdict(state({ row: 2 })), /^There is no difference to find/);
  assert.match(tally(state()), /^Set 1: difference 0\.\d+, the right sign\.$/);
  assert.match(tally(state({ row: 1, sets: 50 })), /^\d+ of 50 sets had the wrong sign\. The last: difference/);
  assert.equal(parts(state({ row: 4 })).need.text, "more than 9,999");
  assert.equal(parts(state({ row: 2 })).need.text, "no number");
  assert.equal(parts(state()).pairs.d, "");
  assert.ok(parts(state({ pairing: "paired" })).pairs.d);
});
