import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, divergence, ESTIMATORS, floorOf, gradient, run, STEPS, TARGETS, walk } from "../../src/reparam/widgets/fit_q/model.js";
import { markup, nats, parts, speech, still, verdict } from "../../src/reparam/widgets/fit_q/view.js";
import { normals } from "../../src/reparam/widgets/kit/rng.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("fit_q").entries()) {
  test(`golden ${i}: ${row.target}, ${row.estimator}`, () => {
    const path = walk(row.target, row.estimator, row.lr, row.start, row.eps);
    near(path, row.path, "path");
    near(path.map((q) => divergence(row.target, q)), row.kl, "kl");
    near(floorOf(row.target), row.floor, "floor");
  });
}

const kinds = Object.keys(ESTIMATORS);
const exactOf = (target) => ({
  mu: TARGETS[target].mean,
  rho: TARGETS[target].precision.map((row, i) => -Math.log(row[i]) / 2),
});

test("at the posterior the path derivative is 0 at every draw, and the total is minus the score", () => {
  for (const target of ["line", "plane"]) {
    const q = exactOf(target);
    for (const e of normals(3, 50)) {
      const eps = q.mu.map((_, i) => e + i);
      const [path, total, score] = ["path", "total", "score"].map((kind) => gradient(target, q, eps, kind));
      for (const name of ["mu", "rho"]) {
        near(path[name], q.mu.map(() => 0), "path");
        near(total[name], score[name], "the score is all that is left");
      }
    }
    assert.ok(divergence(target, q) < 1e-15);
  }
});

test("path and total average to the slope of the exact KL, the score alone to 0, within 4.5 standard errors", () => {
  const q = { mu: [-0.3, 0.8], rho: [-0.4, 0.3] };
  const flat = normals(11, 80000);
  const h = 1e-5;
  for (const target of ["plane", "tilted"]) {
    for (const kind of kinds) {
      const grads = Array.from({ length: 40000 }, (_, k) => gradient(target, q, [flat[2 * k], flat[2 * k + 1]], kind));
      for (const name of ["mu", "rho"]) {
        for (const i of [0, 1]) {
          const at = (d) => divergence(target, { ...q, [name]: q[name].map((v, k) => v + (k === i ? d : 0)) });
          const exact = kind === "score" ? 0 : -(at(h) - at(-h)) / (2 * h);
          const values = grads.map((g) => g[name][i]);
          const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
          const se = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0)) / values.length;
          assert.ok(Math.abs(mean - exact) < 4.5 * se + 1e-8, `${target} ${kind} ${name}: ${mean} for ${exact}, se ${se}`);
        }
      }
    }
  }
});

test("the path run sticks, the total run hovers, the score alone learns nothing", () => {
  for (let seed = 0; seed < 8; seed += 1) {
    const last = (target, kind) => divergence(target, run(clean({ target, seed }), kind)[STEPS]);
    for (const target of ["line", "plane"]) {
      assert.ok(last(target, "path") < 1e-6, `${target} ${seed}`);
      assert.ok(last(target, "total") > 1e-4 && last(target, "total") < 1, `${target} ${seed}`);
    }
    assert.ok(last("tilted", "path") > floorOf("tilted"), "out of reach");
  }
  near(run(clean({ seed: 7 }), "total"), run(clean({ seed: 7 }), "total"), "same seed");
});

test("every end of every control can be drawn", () => {
  for (const target of [...Object.keys(TARGETS), "toString"]) {
    for (const estimator of [...kinds, null]) {
      for (const [lr, sigma] of [[0.005, 0.3], [0.1, 0.3], [0.1, 2], [NaN, NaN]]) {
        for (const seed of [0, 1, 2 ** 31 - 1]) {
          for (const step of [0, 1, STEPS, 1e9, NaN]) {
            const s = clean({ target, estimator, lr, sigma, seed, step });
            for (const live of ["", "x"]) sound(markup(s, "Fit", live), `${target} ${estimator} ${lr} ${sigma} ${step}`);
            sound(speech(s), "speech");
          }
        }
      }
    }
  }
  sound(still({ title: '"><script>' }), "absurd");
  assert.match(verdict(clean({ step: 0 })), /^After 0 steps KL\(q ‖ p\) is \d/);
  assert.match(verdict(clean({ target: "tilted" })), /cannot get below 0\.37\.$/);
  assert.equal(nats(3e-10), "below 10⁻⁸");
  assert.equal(nats(0.0042), "4·10⁻³");
  assert.equal(Object.keys(parts(clean({}))).filter((name) => name.startsWith("run-")).length, 3);
});
