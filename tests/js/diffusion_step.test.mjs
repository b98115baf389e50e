import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, floor, RANGE, reading, signal, step } from "../../src/reparam/widgets/diffusion_step/model.js";
import { markup, parts, speech, still, valueOf, verdict, xOf } from "../../src/reparam/widgets/diffusion_step/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("diffusion_step").entries()) {
  test(`golden ${i}: level ${row.state.log_snr}, data ${row.state.x0}, noise ${row.state.eps}`, () => {
    const r = step(row.state);
    for (const key of ["x", "guess", "back", "error", "floor"]) near(r[key], row[key], key);
    near(reading(r.x, row.state.log_snr).density, row.density, "density");
  });
}

test("the guess is minus sigma times the slope of the log-density", () => {
  const h = 1e-5;
  for (const level of [...RANGE.log_snr, 0, 2.5]) {
    for (const x of [-1.5, -0.2, 0.1, 0.9, 2]) {
      const slope = (Math.log(reading(x + h, level).density) - Math.log(reading(x - h, level).density)) / (2 * h);
      const gap = Math.abs(reading(x, level).guess + signal(level)[1] * slope);
      assert.ok(gap < 1e-6 * (1 + Math.abs(slope)), `${level} ${x}: ${gap}`);
    }
  }
});

test("every floor lies between 0 and 1, and no guess is better on average", () => {
  for (const level of [...RANGE.log_snr, -3, 0, 1, 3]) {
    const least = floor(level);
    assert.ok(least > 0 && least < 1, `${level}: ${least}`);
    // Shrinking the best guess by a tenth raises the mean squared error by a hundredth of what it explains.
    let [worse, n] = [0, 3600];
    for (let k = 0; k <= n; k += 1) {
      const { density, guess } = reading((k / n - 0.5) * 18, level);
      worse += (density * (0.1 * guess) ** 2 * 18) / n;
    }
    near(worse, 0.01 * (1 - least), "loss of a tenth");
  }
});

test("the density has mass one at every level", () => {
  for (const level of [...RANGE.log_snr, 0]) {
    let mass = 0;
    for (let k = -900; k <= 900; k += 1) mass += 0.01 * reading(k / 100, level).density;
    near(mass, 1, `level ${level}`);
  }
});

test("at the noisy end the point is nearly the noise, and is guessed so", () => {
  const r = step(clean({ log_snr: -6, x0: 2, eps: 1.5 }));
  assert.ok(Math.abs(r.guess - 1.5) < 0.2 && r.floor < 0.01);
  assert.match(verdict(clean({ log_snr: -6 }), r), /Nearly all/);
  assert.match(verdict(clean({ log_snr: 6 }), step(clean({ log_snr: 6 }))), /Hardly any/);
});

test("moving the level leaves data and noise, moving the noise leaves the curves", () => {
  const [a, b, c] = [{ eps: 1 }, { eps: -1 }, { eps: 1, log_snr: -2 }].map((change) => {
    const s = clean(change);
    return parts(s, step(s));
  });
  for (const key of ["hill", "curve", "floor", "data"]) assert.deepEqual(a[key], b[key], key);
  assert.notEqual(a.hill.d, c.hill.d);
  assert.deepEqual(a.data, c.data);
  near(valueOf(xOf(1.7) / 1000), 1.7, "position");
});

test("every end of every control can be drawn", () => {
  for (const log_snr of [...RANGE.log_snr, 0, 1e9, NaN, "x"]) {
    for (const x0 of [...RANGE.x0, 0, null]) {
      for (const eps of [...RANGE.eps, 0, -1e9]) {
        const s = clean({ log_snr, x0, eps });
        for (const live of ["", "x"]) sound(markup(s, "One step", live), `${log_snr} ${x0} ${eps}`);
        sound(speech(s), "speech");
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ log_snr: "<b>", x0: {}, eps: Infinity, title: '"><script>' }), "absurd");
});
