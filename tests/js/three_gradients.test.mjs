import assert from "node:assert/strict";
import { test } from "node:test";

import { BASELINES, clean, COSTS, estimates, exact, legendre, measure, METHODS, noise, sweep } from "../../src/reparam/widgets/three_gradients/model.js";
import { decades, markup, parts, size, speech, still, verdict } from "../../src/reparam/widgets/three_gradients/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("three_gradients").entries()) {
  test(`golden ${i}: ${row.state.cost}, k = ${row.state.k}, baseline ${row.state.baseline}`, () => {
    const r = exact(row.state);
    near(r.gradient, row.gradient, "gradient");
    near(r.baseline, row.constant, "baseline");
    near(r.variance, row.variance, "variance");
    near(estimates(row.state, row, r.baseline), row.estimates, "estimates");
  });
}

test("the rule integrates polynomials of degree 2 n - 1 exactly", () => {
  for (const n of [2, 5, 32]) {
    const [x, w] = legendre(n);
    for (let degree = 0; degree < 2 * n; degree += 1) {
      near(x.reduce((sum, t, i) => sum + w[i] * t ** degree, 0), degree % 2 ? 0 : 2 / (degree + 1), `n = ${n}, degree ${degree}`);
    }
  }
});

test("estimates from many draws meet the exact mean and variance, except the pathwise one of a step", () => {
  for (const cost of Object.keys(COSTS)) {
    const s = clean({ cost, k: 0.8, mu: 0.3, sigma: 0.7, offset: 2, baseline: "mean" });
    const n = 200_000;
    const r = measure(s, noise({ seed: 3, n }), n);
    for (const m of METHODS) {
      const met = Math.abs(r.live[m].mean - r.gradient) <= 4.5 * r.live[m].se;
      assert.equal(met, !(cost === "step" && m === "pathwise"), `${cost}, ${m}`);
      const spread = r.live[m].se ** 2 * n;
      assert.ok(Math.abs(spread - r.variance[m]) <= 0.05 * r.variance[m] + 1e-12, `${cost}, ${m}: ${spread} against ${r.variance[m]}`);
    }
  }
});

test("only the score function feels an offset, and a baseline takes it back", () => {
  const at = (more) => exact(clean({ cost: "square", k: 1, ...more })).variance;
  const [plain, moved] = [at({}), at({ offset: 10 })];
  near([moved.pathwise, moved.measure], [plain.pathwise, plain.measure], "offset");
  assert.ok(moved.score > plain.score + 50);
  for (const baseline of ["mean", "best"]) near(at({ offset: 10, baseline }), at({ baseline }), baseline);
  assert.ok(at({ baseline: "best" }).score <= at({ baseline: "mean" }).score);
});

test("cos 10 z makes the path a hundred times worse", () => {
  const { score, pathwise } = exact(clean({ cost: "cosine", k: 10, mu: 0.5, sigma: 1 })).variance;
  near(pathwise / score, 100, "ratio");
});

test("more draws start with the same noise", () => {
  const [few, many] = [noise({ seed: 4, n: 6 }), noise({ seed: 4, n: 60 })];
  near([...few.eps], [...many.eps.slice(0, 6)], "eps");
  near([...few.w], [...many.w.slice(0, 6)], "w");
});

test("every end of every control can be drawn", () => {
  for (const cost of Object.keys(COSTS)) {
    for (const baseline of BASELINES) {
      for (const k of [0.1, 10, NaN]) {
        for (const mu of [-3, 0, 3, 1e9]) {
          for (const sigma of [0.1, 2, "wide"]) {
            for (const [n, offset] of [[2, -10], [1000, 10]]) {
              const s = clean({ cost, baseline, k, mu, sigma, offset, n, seed: n });
              sound(markup(s, "Three gradients", n === 2 ? "" : "x"), `${cost} ${baseline} ${k} ${mu} ${sigma}`);
              sound(speech(s), "speech");
            }
          }
        }
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ k: 1e9, cost: "<b>", baseline: 3, n: -1, seed: 1.5, title: '"><script>' }), "absurd");
});

test("the step's pathwise answer is called wrong, a flat comparison is not divided by zero", () => {
  const s = clean({ cost: "step", k: 1 });
  const r = measure(s, noise(s));
  assert.match(verdict(s, r), /0 ± 0.*wrong/);
  assert.equal(parts(s, r, sweep(s))["pathwise-mean"].text, "0 ± 0");
  const even = clean({ cost: "cosine", mu: 0 });
  assert.match(verdict(even, measure(even, noise(even))), /measure-valued has no variance/);
  assert.deepEqual(decades([{ score: 0, pathwise: 0, measure: 0 }]), [-1, 1]);
  assert.deepEqual([size(0), size(0.0012), size(12.34), size(-3e-8)], ["0", "1.2·10⁻³", "12.3", "\u22123.0·10⁻⁸"]);
});
