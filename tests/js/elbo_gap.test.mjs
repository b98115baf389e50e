import assert from "node:assert/strict";
import { test } from "node:test";

import { axis, clean, ledger, posterior } from "../../src/reparam/widgets/elbo_gap/model.js";
import { markup, parts, speech, still, verdict, xOf, zOf } from "../../src/reparam/widgets/elbo_gap/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("elbo_gap").entries()) {
  test(`golden ${i}: x ${row.state.x}, noise ${row.state.noise_sd}`, () => {
    const r = ledger(row.state);
    for (const key of ["evidence", "reconstruction", "kl", "elbo", "gap"]) near(r[key], row[key], key);
    near(r.best, row.posterior, "posterior");
  });
}

const grid = (low, high, n) => Array.from({ length: n }, (_, k) => low + ((high - low) * k) / (n - 1));
const states = (n) =>
  grid(-3, 3, n).flatMap((x) => grid(-3, 3, n).flatMap((mean) => grid(-4, 2, n).flatMap((log_var) =>
    [0.2, 1, 3].map((noise_sd) => clean({ x, mean, log_var, noise_sd })))));

test("the ledger balances everywhere, and the gap is never negative", () => {
  for (const s of states(9)) {
    const r = ledger(s);
    near(r.elbo + r.gap, r.evidence, "balance");
    near(r.byMean + r.byWidth, r.gap, "causes");
    assert.ok(r.byMean >= 0 && r.byWidth >= 0 && r.elbo <= r.evidence + 1e-12);
  }
});

test("at the posterior the bound is tight, inside every slider, and nowhere else", () => {
  for (const x of grid(-3, 3, 13)) {
    for (const noise_sd of [0.2, 0.7, 1, 3]) {
      const best = posterior({ x, noise_sd });
      const s = clean({ x, noise_sd, ...best });
      assert.deepEqual([s.mean, s.log_var], [best.mean, best.log_var], "no slider cuts the posterior off");
      assert.ok(ledger(s).gap < 1e-15);
      assert.equal(verdict(s)[0], "q is the posterior: the bound is tight.");
      for (const off of [{ mean: s.mean - 0.2 }, { log_var: s.log_var + 0.2 }]) {
        assert.match(verdict(clean({ ...s, ...off })).join(" "), /^The gap is (?!0\.00)/);
      }
    }
  }
});

test("the sentence names the causes, and its hundredths add up", () => {
  assert.deepEqual(verdict(clean({})), ["The gap is 1.55 nats:", "1.00 because q’s mean lies left of the posterior’s, 0.55 because q is too wide."]);
  assert.deepEqual(verdict(clean({ mean: 0.5, log_var: -4 })), ["The gap is 1.17 nats:", "q is too narrow."]);
  assert.deepEqual(verdict(clean({ mean: 0.5, log_var: -0.69 })), ["The gap is below 0.01 nats:", "q is all but the posterior."]);
  for (const s of states(6)) {
    const [what, why] = verdict(s).map((text) => text.match(/\d+\.\d\d/g)?.map((n) => Math.round(Number(n) * 100)) ?? []);
    if (why.length) assert.equal(why[0] + why[1], what[0]);
  }
});

test("the axis holds every bar in at most eight round ticks", () => {
  for (const s of states(7)) {
    const r = ledger(s);
    const { low, high, step } = axis([r.evidence, r.reconstruction, r.elbo]);
    assert.ok(low <= r.elbo && Math.max(0, r.reconstruction) <= high);
    assert.ok(Math.round((high - low) / step) + 1 <= 8, `${low} ${high} ${step}`);
    assert.ok([1, 2, 5].includes(Math.round(step / 10 ** Math.floor(Math.log10(step) + 1e-9))));
  }
});

test("every end of every control can be drawn", () => {
  for (const x of [-3, 3, 1e9, NaN, null]) {
    for (const mean of [-3, 0, 3, -1e9, "x"]) {
      for (const log_var of [-4, 2, 1e9, NaN]) {
        for (const noise_sd of [0.2, 3, 0, NaN]) {
          const s = clean({ x, mean, log_var, noise_sd });
          for (const live of ["", "x"]) sound(markup(s, "The gap", live), `${x} ${mean} ${log_var} ${noise_sd}`);
          sound(speech(s), "speech");
        }
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ title: '"><script>' }), "absurd");
});

test("the handles lie where the sliders are", () => {
  near(zOf(xOf(1.7) / 1000), 1.7, "position");
  const p = parts(clean({ mean: 1, log_var: 0 }));
  assert.match(p["grip-mean"].style, new RegExp(`^left:${(Math.round(xOf(1) * 10) / 10 / 10)}%`));
  assert.match(p["grip-width"].style, new RegExp(`^left:${(Math.round(xOf(2) * 10) / 10 / 10)}%`));
});
