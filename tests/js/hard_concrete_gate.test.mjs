import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, density, draw, evaluation, gate, masses, MOST, noise, SLIDERS, stretched } from "../../src/reparam/widgets/hard_concrete_gate/model.js";
import { markup, parts, speech, still, xOf } from "../../src/reparam/widgets/hard_concrete_gate/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("hard_concrete_gate").entries()) {
  test(`golden ${i}: ${JSON.stringify(row.state)}`, () => {
    near(row.u.map((u) => gate(row.state, u)), row.z, "z");
    near(masses(row.state), row.masses, "masses");
    near(row.at.map((z) => density(row.state, z)), row.density, "density");
    near(evaluation(row.state), row.evaluation, "evaluation");
  });
}

const CORNERS = SLIDERS.reduce((all, { key, min, max }) => all.flatMap((s) => [{ ...s, [key]: min }, { ...s, [key]: max }]), [{}]);

test("the density and the two masses make one", () => {
  for (const change of [{}, ...CORNERS, { log_alpha: 1.2, beta: 0.4 }]) {
    const s = clean(change);
    const steps = 20_000;
    let inside = 0;
    for (let k = 0; k < steps; k += 1) inside += density(s, (k + 0.5) / steps) / steps;
    const p = masses(s);
    assert.ok(Math.abs(inside - p.open) < 2e-5, `${JSON.stringify(change)}: ${inside} and ${p.open}`);
    near(p.zero + p.open + p.one, 1, "sum");
    assert.ok(Math.min(p.zero, p.open, p.one) >= 0);
  }
});

test("the counts follow the masses, and a gate is folded where its stretched sample is outside", () => {
  const s = clean({ log_alpha: 0.7, beta: 0.5, gamma: -0.2, zeta: 1.05 });
  const n = 200_000;
  const u = noise({ seed: 3, n });
  const { counts, z } = draw(s, u);
  for (const [kind, p] of Object.entries(masses(s))) {
    assert.ok(Math.abs(counts[kind] / n - p) < 4.5 * Math.sqrt((p * (1 - p)) / n), kind);
  }
  for (let i = 0; i < 1000; i += 1) assert.equal(z[i] === 0, stretched(s, u[i]) <= 0);
});

test("the same noise opens further with log alpha, and gates keep their noise when more are drawn", () => {
  const u = noise({ seed: 1, n: 200 });
  const [shut, open] = [-2, 2].map((log_alpha) => draw(clean({ log_alpha }), u).z);
  shut.forEach((z, i) => assert.ok(z <= open[i]));
  assert.deepEqual(noise({ seed: 1, n: 12 }), u.slice(0, 12));
});

test("the tallest bars reach the top of the picture, and nothing is drawn before its turn", () => {
  const s = clean({ log_alpha: -5, beta: 0.1 });
  const u = noise(s);
  assert.equal(parts(s, u, 0)["pipe-open"].d + parts(s, u, 0)["pipe-zero"].d, "");
  assert.equal(parts(s, u, 0)["n-zero"].text, "…");
  assert.match(parts(s, u)["n-zero"].text, /of 24/);
  assert.ok(Number(parts(s, u)["atom-zero"].d.split("V")[1]) < 30);
  assert.ok(xOf(s.gamma) > 0 && xOf(s.zeta) < 1000);
});

test("every end of every control can be drawn", () => {
  for (const change of [...CORNERS, { log_alpha: 1e9, beta: NaN, gamma: 0, zeta: "x" }, { log_alpha: null, beta: 0 }]) {
    for (const n of [1, 24, 1e9]) {
      const s = clean({ ...change, n, seed: 5 });
      for (const live of ["", "x"]) sound(markup(s, "Gate", live), JSON.stringify(s));
      sound(speech(s), "speech");
    }
  }
  assert.equal(clean({ n: 1e9 }).n, MOST);
  sound(still({}), "nothing given");
  for (const u of [2 ** -54, 1 - 2 ** -53]) for (const s of CORNERS) assert.ok(gate(s, u) >= 0 && gate(s, u) <= 1);
});
