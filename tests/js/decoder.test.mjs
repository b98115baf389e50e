import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, decode, half, mean, prior, unpack } from "../../src/reparam/widgets/decoder/model.js";
import { latent, markup, parts, speech, still } from "../../src/reparam/widgets/decoder/view.js";
import { golden, near, sound } from "./near.mjs";

const cases = golden("decoder");

for (const [i, { state, z, pixels }] of cases.entries()) {
  test(`golden ${i}: ${state.activation}, ${state.precision}`, () => {
    const layers = unpack(state);
    z.forEach((point, k) => near(Array.from(decode(layers, state.activation, point)), pixels[k], "pixels"));
  });
}

test("half precision is read bit by bit", () => {
  const known = { 0: 0, 0x3c00: 1, 0xc000: -2, 0x3555: 0.333251953125, 0x7bff: 65504, 1: 2 ** -24, 0x0400: 2 ** -14 };
  for (const [bits, value] of Object.entries(known)) assert.equal(half(Number(bits)), value);
});

/** A state as the Python class sends it. */
const full = (row, more) => ({ ...row.state, size: Math.sqrt(row.pixels[0].length), means: [], labels: [], extent: 3, z1: 0, z2: 0, seed: 0, title: "Latents", ...more });

test("every end of every control can be drawn", () => {
  for (const row of cases) {
    for (const z1 of [-3, 3, 1e9, NaN, null]) {
      const s = clean(full(row, { z1, z2: -z1, means: [[0, 1], [2, -2], [0.5, 0.5]], labels: [0, 9, 9] }));
      const pixels = decode(unpack(s), s.activation, [s.z1, s.z2]);
      assert.ok(pixels.every((p) => p >= 0 && p <= 1));
      for (const live of ["", "x"]) sound(markup(s, pixels, "Latents", live), `${z1}`);
      sound(speech(s, pixels), "speech");
    }
    sound(still(full(row, { means: [[1, 1]] })), "means without labels");
  }
});

test("a huge logit saturates and stays a number", () => {
  const layer = { rows: 2, columns: 2, weight: [1e300, 0, -1e300, 0], bias: [0, 0] };
  assert.deepEqual(Array.from(decode([layer], "relu", [5, 0])), [1, 0]);
});

test("ink covers each pixel once, at its strength", () => {
  const s = clean(full(cases[0]));
  const p = parts(s, Float64Array.from([0, 1, 0.5, 1]));
  assert.equal(p.ink31.d, "M1 0h1v1h-1zM1 1h1v1h-1z");
  assert.equal(p.ink15.d, "M0 1h1v1h-1z");
  assert.equal(mean([0, 1, 0.5, 1]), 0.625);
});

test("the pad can be read backwards and noise comes from the prior", () => {
  near(latent({ extent: 3 }, 0.75, 0.25), [1.5, 1.5], "latent");
  assert.deepEqual(prior(4), prior(4));
  assert.notDeepEqual(prior(4), prior(5));
});
