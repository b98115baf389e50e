import assert from "node:assert/strict";
import { test } from "node:test";

import { axis, clean, distance, nearest, RANGE, SHAPES, sliders, spell, value } from "../../src/reparam/widgets/schedule_explorer/model.js";
import { ending, markup, parts, shown, speech, still } from "../../src/reparam/widgets/schedule_explorer/view.js";
import { golden, near, sound } from "./near.mjs";

for (const { state, at, value: expected, mean } of golden("schedule_explorer")) {
  test(`golden: ${spell(state)}`, () => {
    near(at.map((p) => value(state, p)), expected, "value");
    near(distance(state, { ...state, shape: "constant", end: 100 }), 100 - mean, "distance to 100");
  });
}

const RUNS = [
  { text: "1", shape: "constant", start: 1, end: 1, share: 1, elbo: [-30, -24, -23], kl: [0.1, 3, 4], se: 0.2 },
  { text: "linear:0:4@0.5,4", shape: "linear", start: 0, end: 4, share: 0.5, elbo: [-35, -26, -26.6], kl: [9, 1, 0.01], se: 0.2 },
];
const state = (more) => clean({ quantity: "beta", shape: "linear", start: 0, end: 1, share: 0.5, runs: RUNS, ...more });

test("every end of every control can be drawn, with and without runs", () => {
  for (const quantity of ["beta", "tau"]) {
    for (const shape of [...Object.keys(SHAPES), "x"]) {
      for (const end of [...RANGE[quantity], 1e9, -1e9, NaN, null]) {
        for (const runs of [RUNS, [], null]) {
          const s = state({ quantity, shape, start: RANGE[quantity][0], end, share: end, runs });
          for (const live of ["", "x"]) sound(markup(s, "Schedules", live), `${quantity} ${shape} ${end}`);
          sound(speech(s), "speech");
          assert.ok(sliders(s).every(({ key, min, max }) => s[key] >= min && s[key] <= max));
        }
      }
    }
  }
  sound(still({ ...state(), title: "Schedules" }), "still");
});

test("an exponential never touches zero", () => {
  const s = state({ shape: "exponential", start: 0, end: 0 });
  assert.deepEqual([s.start, s.end], [0.01, 0.01]);
});

test("the text is the option of the command", () => {
  assert.equal(spell(state()), "linear:0:1@0.5,1");
  assert.equal(spell(state({ share: 1, shape: "cosine", start: 0.1 + 0.2 })), "cosine:0.3:1");
  assert.equal(spell(state({ shape: "constant", end: 0.25 })), "0.25");
});

test("one run is shown, the nearest, and it is said how near", () => {
  assert.deepEqual(nearest(state({ runs: [] })), null);
  const exact = state({ start: 0, end: 4 });
  assert.deepEqual(nearest(exact), { k: 1, far: 0 });
  assert.equal(shown(exact, nearest(exact)), "This very schedule was run: β = linear:0:4@0.5,4.");
  assert.match(ending(exact, nearest(exact)), /KL is 0\.01 nats and its ELBO −26\.60 ± 0\.40\. The code is all but empty/);
  const own = state({ start: 1, end: 1.5, share: 1 });
  near(nearest(own), { k: 0, far: 0.25 }, "half-way between 0 and 0.5");
  assert.match(shown(own, nearest(own)), /nearest of 2 recorded runs: β = 1\. .* 0\.25 on average/);
  const p = parts(own);
  assert.notEqual(p.theirs.d, "");
  assert.equal(p.kl.d, parts(state({ shape: "constant", end: 1 })).kl.d, "the curve is the run's, not a mixture");
  assert.equal(parts(exact).theirs.d, "");
});

test("axes hold what they must and have few ticks", () => {
  for (const [low, high] of [[0, 0.1], [0, 8], [-43.2, -22.9], [0, 0], [-26.61, -26.6], [0, 7.99]]) {
    const box = axis(low, high);
    assert.ok(box.low <= low && box.high >= high && box.ticks.length >= 2 && box.ticks.length <= 6, `${low} ${high}`);
  }
});
