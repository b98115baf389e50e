import assert from "node:assert/strict";
import { test } from "node:test";

import { areas, clean, crossings, density, divergence, pair } from "../../src/reparam/widgets/kl_explorer/model.js";
import { markup, parts, speech, still, verdict, xOf, zOf } from "../../src/reparam/widgets/kl_explorer/view.js";
import { golden, near, sound } from "./near.mjs";

for (const [i, row] of golden("kl_explorer").entries()) {
  test(`golden ${i}: ${JSON.stringify(row.state)}`, () => {
    const [a, b] = pair(row.state);
    const swapped = row.state.direction === "p-q";
    near([divergence(a, b).kl, divergence(b, a).kl], swapped ? row.kl.toReversed() : row.kl, "kl");
    const { above, below } = areas(a, b);
    assert.ok(Math.abs(above - row.above) < 1e-6 * Math.max(1, row.above), `above: ${above}, ${row.above}`);
    assert.ok(Math.abs(above - below - divergence(a, b).kl) < 1e-6 * Math.max(1, above), "above - below");
    near(crossings(a, b), row.crossings, "crossings");
  });
}

const ENDS = { mean: [-3, 0, 3], sigma: [0.2, 1, 2], mean_p: [-3, 0, 3], sigma_p: [0.2, 1, 2] };
const states = ["q-p", "p-q"].flatMap((direction) =>
  ENDS.mean.flatMap((mean) => ENDS.sigma.flatMap((sigma) => ENDS.mean_p.flatMap((mean_p) =>
    ENDS.sigma_p.map((sigma_p) => clean({ mean, sigma, mean_p, sigma_p, direction }))))));

test("the densities cross where the integrand changes its sign", () => {
  for (const s of states) {
    const [a, b] = pair(s);
    for (const z of crossings(a, b)) near(density(z, a), density(z, b), `at ${z}`);
    assert.equal(crossings(a, b).length, a.sd !== b.sd ? 2 : a.mean !== b.mean ? 1 : 0);
  }
});

test("a divergence is never negative, is 0 for equals, and turns round with its arguments", () => {
  for (const s of states) {
    const [a, b] = pair(s);
    const { kl, byMean, byWidth } = divergence(a, b);
    assert.ok(byMean >= 0 && byWidth >= 0 && (kl > 0) === (a.mean !== b.mean || a.sd !== b.sd));
    const { above, below } = areas(a, b);
    assert.ok(above >= 0 && below >= 0);
    assert.ok(Math.abs(above - below - kl) < 1e-6 * Math.max(1, above), JSON.stringify(s));
  }
});

test("the shown areas add up to the shown divergence", () => {
  for (const s of states) {
    const [above, below, kl] = parts(s).sum.text.split(/ [−=] /).map(Number);
    assert.ok(Math.abs(above - below - kl) < 1e-9, parts(s).sum.text);
    const exact = areas(...pair(s));
    assert.ok(Math.abs(below - exact.below) < (exact.above < 100 ? 0.0016 : 0.16), `${below} for ${exact.below}`);
  }
});

test("the sentence names the causes", () => {
  assert.equal(verdict(clean({ mean: 0, sigma: 1 })), "q and p agree, and both divergences are 0.");
  assert.match(verdict(clean({ mean: 1, sigma: 1 })), /^All of it comes from the distance of the means, .* p’s/);
  assert.equal(verdict(clean({ mean: 0, sigma: 0.5 })), "All of it comes from the widths: q is too narrow for p.");
  assert.equal(verdict(clean({ mean: 0, sigma: 0.5, direction: "p-q" })), "All of it comes from the widths: p is too wide for q.");
  assert.match(verdict(clean({})), /^0\.320 from the distance of the means, 0\.\d+ because q is too narrow for p\.$/);
});

test("every end of every control can be drawn", () => {
  for (const s of states) {
    for (const live of ["", "x"]) sound(markup(s, "The KL", live), JSON.stringify(s));
    sound(speech(s), "speech");
  }
  sound(still({}), "nothing given");
  sound(still({ title: '"><script>', mean: NaN, sigma: 0, sigma_p: 1e9, direction: "toString" }), "absurd");
});

test("the handles lie where the sliders are", () => {
  near(zOf(xOf(1.7) / 1000), 1.7, "position");
  const p = parts(clean({ mean: 1, mean_p: -2 }));
  assert.match(p["grip-q"].style, /^left:56\.3%|^left:56\.25%/);
  assert.match(p["grip-p"].style, /^left:37\.5%/);
});
