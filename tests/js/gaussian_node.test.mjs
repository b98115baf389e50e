import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, COSTS, estimate, noise } from "../../src/reparam/widgets/gaussian_node/model.js";
import { markup, parts, speech, still, verdict, xOf, zOf } from "../../src/reparam/widgets/gaussian_node/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("gaussian_node").entries()) {
  test(`golden ${i}: ${row.state.cost}, ${row.state.estimator}`, () => {
    const r = estimate(row.state, row.eps);
    for (const key of ["z", "f", "gradMu", "gradSigma", "mu", "sigma"]) near(r[key], row[key], key);
  });
}

test("both estimators meet the exact gradient, except the one that cannot", () => {
  for (const cost of Object.keys(COSTS)) {
    for (const estimator of ["pathwise", "score"]) {
      const s = clean({ mu: 0.3, sigma: 0.7, cost, estimator });
      const r = estimate(s, noise({ seed: 5, n: 200_000 }));
      for (const e of [r.mu, r.sigma]) {
        const met = Math.abs(e.mean - e.exact) <= 4.5 * e.se;
        assert.equal(met, !(cost === "step" && estimator === "pathwise"), `${cost}, ${estimator}`);
      }
    }
  }
});

test("the step's pathwise gradient is 0 plus or minus 0, and the widget says so", () => {
  const s = clean({ cost: "step" });
  const r = estimate(s, noise(s));
  assert.ok(r.gradMu.every((g) => Math.abs(g) === 0));
  assert.equal(Math.abs(r.mu.mean), 0);
  assert.equal(r.mu.se, 0);
  assert.ok(r.mu.exact > 0.3);
  assert.match(verdict(s, r), /0 ± 0.*wrong/);
  assert.equal(parts(s, r)["mu-mean"].text, "0.00 ± 0.00");
});

test("a slider moves the lines and leaves the noise", () => {
  const [a, b] = [clean({ mu: -1 }), clean({ mu: 2, sigma: 0.5 })].map((s) => parts(s, estimate(s, noise(s))));
  assert.equal(a.noise.d, b.noise.d);
  assert.notEqual(a.fan.d, b.fan.d);
});

test("every end of every control can be drawn", () => {
  for (const cost of Object.keys(COSTS)) {
    for (const estimator of ["pathwise", "score"]) {
      for (const mu of [-3, 0, 3, 1e9, NaN]) {
        for (const sigma of [0.1, 3, -1, "wide", null]) {
          for (const n of [2, 500]) {
            const s = clean({ mu, sigma, cost, estimator, n, seed: n });
            for (const live of ["", "x"]) sound(markup(s, "One node", live), `${cost} ${estimator} ${mu} ${sigma}`);
            sound(speech(s), "speech");
          }
        }
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ mu: 1e9, sigma: "x", cost: "<b>", estimator: 3, n: -1, seed: 1.5, title: '"><script>' }), "absurd");
});

test("samples outside the picture are not drawn, and the reader is told", () => {
  const s = clean({ mu: 0, sigma: 3, cost: "square" });
  const eps = [-1, 0, 1.5, 3];
  const p = parts(s, estimate(s, eps)); // z = -3, 0, 4.5, 9; cost 16, 1, 12.25, 64
  assert.equal(p.points.d.match(/M/g).length, 3);
  assert.equal(p.hidden.text, "1 outside, counted");
  assert.equal(p.sticks.d.match(/M/g).length, 4);
});

test("falling noise ends where the samples are", () => {
  const s = clean({});
  const r = estimate(s, noise(s));
  for (const t of [0, 0.3, 1]) sound(JSON.stringify(parts(s, r, t)).replaceAll("null", "NaN"), `t = ${t}`);
  near(zOf(xOf(1.7) / 1000), 1.7, "position");
});
