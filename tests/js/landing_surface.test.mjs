import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, height, LINES, placeOf, slopes } from "../../src/reparam/widgets/landing_surface/model.js";
import { markup, parts, speech, still, valueOf, verdict, xOf } from "../../src/reparam/widgets/landing_surface/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("landing_surface").entries()) {
  test(`golden ${i}: ${row.state.line}`, () => near(slopes(row.state), row.slopes, "slopes"));
}

const lines = Object.keys(LINES);
const grid = (low, high, n) => Array.from({ length: n }, (_, k) => low + ((high - low) * k) / (n - 1));

test("the slopes are those of the surface, along z, along t, and along both at fixed noise", () => {
  const h = 1e-6;
  for (const line of lines) {
    for (const t of grid(-1, 1, 7)) {
      for (const z of grid(-3, 3, 7)) {
        const r = slopes({ line, t, z });
        const eps = (z - placeOf({ line, t }).mean) / placeOf({ line, t }).sigma;
        const moved = (d) => {
          const q = placeOf({ line, t: t + d });
          return height(line, t + d, q.mean + q.sigma * eps);
        };
        const close = (slope, up, down, what) => assert.ok(Math.abs(slope - (up - down) / (2 * h)) < 1e-6, what);
        close(r.in_z, height(line, t, z + h), height(line, t, z - h), "z");
        close(-r.score, height(line, t + h, z), height(line, t - h, z), "t");
        close(r.path - r.score, moved(h), moved(-h), "total");
      }
    }
  }
});

test("at the posterior the surface is flat and the path derivative 0; the score is not", () => {
  for (const line of lines) {
    for (const z of grid(-3, 3, 13)) {
      const r = slopes({ line, t: 0, z });
      near([r.height, r.in_z, r.path, r.exact], [0, 0, 0, 0], `${line} ${z}`);
    }
    assert.ok(Math.abs(slopes({ line, t: 0, z: 2 }).score) > 1);
  }
  assert.match(verdict(clean({ t: 0, z: -1, line: "mean" })), /path derivative is 0 at every z; minus the score is 1\.00\.$/);
});

test("the read-out's numbers add up", () => {
  const s = clean({});
  const r = slopes(s);
  const p = parts(s);
  const number = (name) => Number(p[name].text.replace("−", "-"));
  assert.ok(Math.abs(number("path") + number("score") - number("total")) < 0.011);
  assert.ok(Math.abs(number("exact") - r.exact) < 0.006);
  assert.match(verdict(s), /^One draw gives/);
});

test("every end of every control can be drawn", () => {
  for (const line of [...lines, "toString", null]) {
    for (const t of [-1, 0, 1, 1e9, NaN, "x"]) {
      for (const z of [-3, 0, 3, -1e9, NaN]) {
        const s = clean({ line, t, z });
        for (const live of ["", "x"]) sound(markup(s, "The surface", live), `${line} ${t} ${z}`);
        sound(speech(s), "speech");
      }
    }
  }
  sound(still({ title: '"><script>' }), "absurd");
  near(valueOf("z", xOf("z", 1.7) / 1000), 1.7, "position");
  near(valueOf("t", xOf("t", -0.3) / 1000), -0.3, "position");
});
