import assert from "node:assert/strict";
import { test } from "node:test";

import { best, clean, DATA, draw, elbo, ESTIMATORS, gradient, NAMES, NOISE, START, STEPS, train } from "../../src/reparam/widgets/tiny_vae/model.js";
import { markup, parts, speech, still, verdict } from "../../src/reparam/widgets/tiny_vae/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("tiny_vae").entries()) {
  test(`golden ${i}: ${row.estimator}`, () => {
    near(gradient(row.params, row, row.estimator), row.grad, "gradient");
    near(elbo(row.params), row.elbo, "elbo");
    near(best().value, row.best, "best");
  });
}

/** The model whose bound is tight: the posterior of the best p(x). */
function top() {
  const { mean, sd } = best();
  const w = Math.sqrt(sd * sd - NOISE ** 2);
  return { a: w / sd ** 2, b: (-w * mean) / sd ** 2, v: Math.log(NOISE ** 2 / sd ** 2), w, k: mean };
}

test("the best is reached, and no step of any run lies above it", () => {
  near(elbo(top()), best().value, "the bound is tight");
  for (const name of NAMES) assert.ok(elbo({ ...top(), [name]: top()[name] + 0.01 }) < best().value, name);
  for (const kind of Object.keys(ESTIMATORS)) {
    for (const p of train(kind, 0.2, 5)) assert.ok(elbo(p) <= best().value + 1e-12);
  }
});

test("every estimate averages to the slope of the exact bound, within 4.5 standard errors", () => {
  const at = { a: 0.4, b: -0.2, v: -1, w: 1.1, k: 0.3 };
  const draws = Array.from({ length: 20000 }, (_, k) => draw(k + 1));
  for (const kind of Object.keys(ESTIMATORS)) {
    const grads = draws.map((noise) => gradient(at, noise, kind));
    for (const name of NAMES) {
      const h = 1e-5;
      const exact = -(elbo({ ...at, [name]: at[name] + h }) - elbo({ ...at, [name]: at[name] - h })) / (2 * h);
      const mean = grads.reduce((sum, g) => sum + g[name], 0) / draws.length;
      const variance = grads.reduce((sum, g) => sum + (g[name] - mean) ** 2, 0) / (draws.length - 1);
      const se = Math.sqrt(variance / draws.length);
      assert.ok(Math.abs(mean - exact) < 4.5 * se + 1e-8, `${kind} ${name}: ${mean} for ${exact}, se ${se}`);
    }
  }
});

test("the same seed is the same run, and it learns", () => {
  for (const kind of Object.keys(ESTIMATORS)) {
    const run = train(kind, 0.03, 7);
    assert.equal(run.length, STEPS + 1);
    assert.deepEqual(run[0], START);
    assert.deepEqual(train(kind, 0.03, 7), run);
    assert.notDeepEqual(train(kind, 0.03, 8)[1], run[1]);
    assert.ok(best().value - elbo(run[STEPS]) < 0.2, kind);
  }
});

test("every end of every control can be drawn", () => {
  for (const estimator of [...Object.keys(ESTIMATORS), "toString", null]) {
    for (const lr of [0.005, 0.2, NaN]) {
      for (const seed of [0, 2 ** 31 - 1]) {
        for (const step of [0, 1, STEPS, 1e9, NaN]) {
          const s = clean({ estimator, lr, seed, step });
          for (const live of ["", "x"]) sound(markup(s, "A VAE", live), `${estimator} ${lr} ${step}`);
          sound(speech(s), "speech");
        }
      }
    }
  }
  sound(still({ title: '"><script>' }), "absurd");
  assert.match(verdict(clean({ step: 0 })), /^After 0 steps the ELBO is −9\.\d\d nats/);
  assert.equal(Object.keys(parts(clean({}))).filter((name) => name.startsWith("run-")).length, 4);
  assert.equal(DATA.length, 16);
});
