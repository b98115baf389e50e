import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, FAMILIES, point, quantile, RANGE } from "../../src/reparam/widgets/inverse_cdf/model.js";
import { markup, parts, speech, STEP, still, uOf, verdict } from "../../src/reparam/widgets/inverse_cdf/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("inverse_cdf").entries()) {
  test(`golden ${i}: ${row.state.family} at theta ${row.state.theta}, u ${row.state.u}`, () => {
    const r = point(row.state);
    for (const key of ["z", "p", "slope"]) near(r[key], row[key], key);
  });
}

const SMOOTH = Object.keys(FAMILIES).filter((name) => !FAMILIES[name].discrete);

test("the sample lies where the cdf has the height of the noise", () => {
  for (const family of SMOOTH) {
    for (const u of [...RANGE.u, 0.5]) {
      for (const theta of [...RANGE.theta, 1]) near(FAMILIES[family].cdf(quantile(family, theta, u), theta), u, family);
    }
  }
});

test("the implicit gradient is the slope of the quantile, and p the slope of the cdf", () => {
  for (const family of SMOOTH) {
    for (const u of [0.1, 0.6, 0.95]) {
      const s = { family, theta: 1.3, u };
      const r = point(s);
      const h = 1e-5;
      const { cdf } = FAMILIES[family];
      const rates = [
        [r.slope, (quantile(family, 1.3 + h, u) - quantile(family, 1.3 - h, u)) / (2 * h)],
        [r.p, (cdf(r.z + h, 1.3) - cdf(r.z - h, 1.3)) / (2 * h)],
        [r.rise, (cdf(r.z, 1.3 + h) - cdf(r.z, 1.3 - h)) / (2 * h)],
      ];
      for (const [exact, numeric] of rates) assert.ok(Math.abs(exact - numeric) < 1e-6 * (1 + Math.abs(exact)), `${family} ${u}: ${exact} ${numeric}`);
    }
  }
});

test("a discrete sample stays or jumps, and the reader is told", () => {
  const s = clean({ family: "poisson", theta: 1, u: 0.7 });
  assert.equal(point(s).slope, 0);
  assert.match(verdict(s, point(s)), /staircase.*stays at 1|jumps from 1 to 2/);
  const thetas = Array.from({ length: 100 }, (_, k) => 0.4 + 0.021 * k);
  const z = thetas.map((theta) => quantile("poisson", theta, 0.7));
  assert.ok(z.every((value, k) => Number.isInteger(value) && (!k || value >= z[k - 1])));
  assert.ok(new Set(z).size >= 3);
  // Every whole number on the axis is a step, and between two of them the staircase is level.
  const corners = parts(s, point(s)).curve.d.slice(1).split("L").map((spot) => spot.split(" ").map(Number));
  assert.equal(corners.length, 2 * 8 + 2);
  for (let k = 1; k < corners.length; k += 1) {
    assert.ok(corners[k][0] === corners[k - 1][0] || corners[k][1] === corners[k - 1][1], "neither level nor upright");
  }
});

test("moving the noise leaves the curves, moving the parameter leaves the noise", () => {
  const [a, b, c] = [{ u: 0.2 }, { u: 0.9 }, { u: 0.2, theta: 2 }].map((change) => {
    const s = clean(change);
    return parts(s, point(s));
  });
  assert.equal(a.curve.d, b.curve.d);
  assert.equal(a["grip-u"].style, c["grip-u"].style);
  assert.notEqual(a.curve.d, c.curve.d);
  for (const u of RANGE.u) {
    const s = clean({ u });
    const top = Number(/top:([\d.]+)%/.exec(parts(s, point(s))["grip-u"].style)[1]);
    assert.ok(Math.abs(uOf(top / 100) - u) < 2e-3);
  }
});

test("every end of every control can be drawn", () => {
  for (const family of Object.keys(FAMILIES)) {
    for (const theta of [...RANGE.theta, 1, 1e9, NaN]) {
      for (const u of [...RANGE.u, 0.5, -1, "x"]) {
        const s = clean({ family, theta, u });
        for (const live of ["", "x"]) sound(markup(s, "Inverse cdf", live), `${family} ${theta} ${u}`);
        sound(speech(s), "speech");
        assert.ok(Number.isFinite(quantile(family, s.theta + STEP, s.u)));
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ family: "<b>", theta: null, u: [], title: '"><script>' }), "absurd");
});
