import assert from "node:assert/strict";
import { test } from "node:test";

import { atK, bound, clean, EVIDENCE, KS, laplace, measure, POSTERIOR, snr, WAYS, wake } from "../../src/reparam/widgets/iwae_bias/model.js";
import { decades, markup, parts, speech, still, three, verdict } from "../../src/reparam/widgets/iwae_bias/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("iwae_bias").entries()) {
  test(`golden ${i}: ${JSON.stringify(row.state)}`, () => {
    const table = laplace(row.state);
    for (const [way, { mean, sd }] of Object.entries(atK(table, row.state.k))) {
      assert.ok(Math.abs(mean - row[way].mean) < 1e-6, `${way} mean: ${mean}, ${row[way].mean}`);
      assert.ok(Math.abs(sd - row[way].sd) < 1e-6 * Math.max(1, row[way].sd), `${way} sd: ${sd}, ${row[way].sd}`);
    }
    assert.ok(Math.abs(bound(table, row.state.k) - row.bound) < 1e-6, "bound");
    near(wake(row.state), row.wake, "wake");
  });
}

const states = [-1.5, 0.2, 0.5, 2.5].flatMap((mu) =>
  [0.3, Math.SQRT1_2, 0.9, 1.5].flatMap((sigma) => [1, 7, 100].map((k) => clean({ mu, sigma, k }))));

test("total and DReG have one mean, which the path has at K = 1 only", () => {
  for (const s of states) {
    const { total, path, dreg } = atK(laplace(s), s.k);
    assert.ok(Math.abs(total.mean - dreg.mean) < 2e-4 * (1 + Math.abs(total.mean)), JSON.stringify(s));
    if (s.k === 1 || s.mu === 0.5) assert.ok(Math.abs(total.mean - path.mean) < 2e-4);
    else if (s.sigma !== POSTERIOR.sigma) assert.ok(Math.abs(path.mean - total.mean) > 0.01, JSON.stringify(s));
  }
});

test("the bound rises with K and stays below the evidence", () => {
  for (const s of states) {
    const table = laplace(s);
    const bounds = [1, 2, 5, 20, 100].map((k) => bound(table, k));
    for (const [j, value] of bounds.entries()) {
      assert.ok(value <= EVIDENCE + 1e-6);
      assert.ok(!j || value >= bounds[j - 1] - 1e-6);
    }
  }
});

test("at the posterior nothing is left but the score", () => {
  const r = measure(clean({ ...POSTERIOR, k: 9 }));
  assert.equal(snr(r.now.path), null);
  assert.equal(snr(r.now.dreg), null);
  assert.equal(snr(r.now.total), 0);
  assert.match(verdict(clean({ ...POSTERIOR, k: 9 }), r), /^q is the posterior/);
});

test("signal over noise falls for the total and rises for the others", () => {
  const s = clean({});
  const [first, last] = [4, KS.length - 1].map((j) => measure(s).curves[j]);
  assert.ok(snr(last.total) < snr(first.total));
  for (const way of ["path", "dreg"]) assert.ok(snr(last[way]) > snr(first[way]), way);
});

test("every end of every control can be drawn", () => {
  for (const s of states) {
    for (const live of ["", "x"]) sound(markup(s, "K", live), JSON.stringify(s));
    sound(speech(s), "speech");
    const [low, high] = decades(measure(s).curves);
    assert.ok(high > low && high - low <= 6);
  }
  sound(still({}), "nothing given");
  sound(still({ title: '"><script>', mu: NaN, sigma: 0, k: 1e9 }), "absurd");
});

test("numbers and sentences", () => {
  assert.deepEqual([0, 0.371234, -12.345, 0.00000123, 250].map(three), ["0", "0.371", "−12.3", "1.2·10⁻⁶", "250"]);
  const s = clean({ mu: 0.2, sigma: 0.9, k: 5 });
  assert.equal(verdict(s, measure(s)), "The path estimate is off by 0.327, 4.60 times the derivative. Its limit is the wake-phase gradient, 0.370.");
  assert.match(verdict(clean({ k: 1 }), measure(clean({ k: 1 }))), /^With K = 1 the bound is the ELBO/);
  assert.match(parts(s).bound.text, /^K = 5: bound −1\.5345, log p\(x\) = −1\.5155, gap 0\.0190$/);
  assert.ok(WAYS.every((way) => parts(s)[`spot-${way}`].d));
});
