import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, COSTS, COUNTS, DRAWS, estimates, exact, measure, noise, SLIDERS, task, WAYS, winner } from "../../src/reparam/widgets/estimator_arena/model.js";
import { amount, decades, markup, overtaken, parts, plots, speech, still, verdict } from "../../src/reparam/widgets/estimator_arena/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("estimator_arena").entries()) {
  test(`golden ${i}: ${row.state.cost}, ${row.state.logits.length} classes, tau = ${row.state.tau}`, () => {
    const r = estimates(row.state, row);
    near(r.gradient, row.gradient, "gradient");
    near(r.constant, row.constant, "constant");
    for (const way of Object.keys(row.variance)) near(r.variance[way](row.state.n), row.variance[way], `variance of ${way}`);
    for (const way of WAYS) near([...r.draws[way]], row.draws[way], way);
  });
}

const run = (given) => {
  const s = clean({ ways: WAYS, ...given });
  return [s, measure(s, noise(s))];
};

test("four of the six are unbiased: their means over many draws meet the truth", () => {
  for (const cost of Object.keys(COSTS)) {
    for (const categories of [2, 8]) {
      const [s, r] = run({ cost, categories, tau: 0.4, offset: 1 });
      for (const way of ["score", "best", "loo", "rebar"]) {
        const gap = Math.abs(r.rows[way].mean.at(-1) - r.truth);
        assert.ok(gap <= 4.5 * r.rows[way].se(DRAWS) + 1e-12, `${cost}, ${categories}, ${way}: ${gap}`);
        assert.equal(r.rows[way].bias, 0);
      }
      assert.equal(s.ways.length, 6);
    }
  }
});

test("biases that are really there: straight-through of a curved cost, and a hot relaxed cost", () => {
  const [, curved] = run({ cost: "target", categories: 4, tau: 2 });
  assert.ok(curved.rows.through.bias > 8 * curved.rows.through.biasSe);
  const [, hot] = run({ tau: 5 });
  assert.ok(hot.rows.relaxed.bias > 8 * hot.rows.relaxed.biasSe);
});

test("the offset moves the score function alone", () => {
  const [[, low], [s, high]] = [run({ offset: 0 }), run({ offset: 5 })];
  for (const way of ["best", "loo", "relaxed", "through", "rebar"]) near(high.rows[way].mse(10), low.rows[way].mse(10), way);
  assert.ok(high.rows.score.mse(10) > 20 * low.rows.score.mse(10));
  assert.match(verdict(s, high), /the largest .* \(score function\): \d+ times as much/);
});

test("cooling can raise the bias: the case that the audit shows, eight classes and a curved cost", () => {
  const [hot, middle, cold] = [2, 0.5, 0.1].map((tau) => run({ cost: "target", tau })[1].rows.relaxed);
  assert.ok(middle.bias - hot.bias > 4.5 * Math.hypot(middle.biasSe, hot.biasSe));
  assert.ok(middle.bias - cold.bias > 2 * cold.biasSe);
});

test("a mean squared error falls like 1 / n until the bias is left", () => {
  const [, r] = run({ tau: 2 });
  near(r.rows.best.mse(2) / r.rows.best.mse(200), 100, "unbiased");
  assert.ok(r.rows.relaxed.mse(2000) > 0.9 * r.rows.relaxed.bias ** 2);
  assert.ok(r.rows.relaxed.mse(2) > r.rows.relaxed.mse(2000));
  const crossing = overtaken(r.rows.relaxed, r.rows.best);
  near(r.rows.relaxed.mse(crossing), r.rows.best.mse(crossing), "the crossing");
  assert.equal(overtaken(r.rows.best, r.rows.relaxed), null);
  assert.match(verdict(clean({ ways: WAYS, n: 2, tau: 2 }), r), new RegExp(`from n of about ${Math.ceil(crossing)} on`));
});

test("the leave-one-out mean of the first n draws is that of the estimates of n draws alone", () => {
  const s = clean({ categories: 3, ways: ["loo"], offset: 2 });
  const draws = noise(s);
  const r = measure(s, draws);
  for (const at of [0, 5, 30]) {
    const n = COUNTS[at];
    const few = estimates({ ...s, ...task(s) }, { g: draws.g.subarray(0, 3 * n), v: draws.v.subarray(0, 3 * n) });
    let mean = 0;
    for (let i = 0; i < n; i += 1) mean += few.draws.loo[3 * i + r.component] / n;
    near(r.rows.loo.mean[at], mean, `n = ${n}`);
  }
});

test("two draws of leave-one-out are half a difference of costs times a difference of scores", () => {
  const s = { cost: "linear", offset: 3, logits: [0.2, -0.4, 1], rewards: [1, -2, 0.5], tau: 1 };
  const r = exact(s);
  let second = 0;
  r.p.forEach((a, i) => r.p.forEach((b, j) => {
    if (i !== j) second += a * b * ((r.costs[i] - r.costs[j]) / 2) ** 2 * 2;
  }));
  near(r.variance.loo(2), second - r.gradient.reduce((sum, x) => sum + x * x, 0), "variance");
});

test("every end of every control can be drawn", () => {
  for (const cost of Object.keys(COSTS)) {
    for (const categories of [2, 10]) {
      for (const tau of [0.05, 5, NaN]) {
        for (const [n, offset] of [[2, -10], [DRAWS, 10], [1e9, "x"]]) {
          const s = clean({ ways: n === 2 ? ["relaxed"] : WAYS, cost, categories, tau, n, offset, problem: 7, seed: 3 });
          sound(markup(s, "Estimator arena", n === 2 ? "" : "x"), `${cost} ${categories} ${tau} ${n}`);
          sound(speech(s), "speech");
        }
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ ways: ["<b>"], cost: 3, categories: -1, seed: 1.5, title: '"><script>' }), "absurd");
});

test("what is not in the race is not drawn, and one always is", () => {
  const [s, r] = run({ ways: ["rebar", "score"] });
  assert.deepEqual(s.ways, ["score", "rebar"]);
  const picture = plots(s, r);
  for (const way of WAYS) assert.equal(picture.includes(`rp-curve rp-is-${way}`), s.ways.includes(way), way);
  assert.ok(plots(s, r, 0.5).length < picture.length);
  const p = parts(s, r);
  assert.equal(p["mse-relaxed"].text, "");
  assert.match(p[`mse-${winner(s, r)}`].text, /least$/);
  assert.deepEqual(clean({ ways: [] }).ways, ["score"]);
});

test("numbers are short, and the axes hold what they show", () => {
  assert.deepEqual([0, 0.0123, 1.5, 2e-12, 123.4].map(amount), ["0", "0.012", "1.5", "0", "120"]);
  assert.deepEqual(decades([[0, 0]]), [-1, 1]);
  assert.deepEqual(decades([[2e-9, 5]]), [-5, 1]);
  assert.deepEqual(SLIDERS.map((slider) => slider.show(slider.max)), ["10.0", "5.00", "10", "2000"]);
});
