import assert from "node:assert/strict";
import { test } from "node:test";

import { axis, clean, frameAt, now, unpack } from "../../src/reparam/widgets/training_replay/model.js";
import { about, layout, markup, parts, speech, still } from "../../src/reparam/widgets/training_replay/view.js";
import { golden, near, sound } from "./near.mjs";

const cases = golden("training_replay");

for (const [i, { state, from, sheets, target }] of cases.entries()) {
  test(`golden ${i}: the pictures of every epoch, byte by byte`, () => {
    const record = unpack(state);
    assert.deepEqual(record.sheets.map((sheet) => Array.from(sheet)), sheets);
    assert.deepEqual(Array.from(record.originals ?? []), target);
    from.forEach((epoch, k) => assert.equal(state.frames[frameAt(state.frames, k + 1)], epoch));
    near(now({ ...state, epoch: 2 }), { elbo: -29, reconstruction: -26.5, kl: 2.5 }, "terms");
  });
}

test("every epoch can be drawn, and what is not one too", () => {
  for (const { state } of cases) {
    const record = unpack(state);
    for (const epoch of [1, 2, 3, 4, 5, 6, 0, 7, 1e9, -1e9, 2.5, NaN, null, "3"]) {
      const s = clean({ ...state, epoch });
      assert.ok(Number.isInteger(s.epoch) && s.epoch >= 1 && s.epoch <= 6);
      for (const live of ["", "x"]) sound(markup(s, record, "A run", live), `epoch ${epoch}`);
      sound(speech(s), "speech");
    }
    sound(still({ ...state, title: "A run" }), "still");
  }
});

test("the curve ends at the epoch and the pictures say how old they are", () => {
  const s = clean({ ...cases[1].state, epoch: 3 });
  const p = parts(s, unpack(s));
  assert.equal(p.elbo.d.match(/[ML]/g).length, 3);
  assert.equal(about(s), "The reconstructions after epoch 2, below the originals; the next ones were recorded later.");
  assert.equal(about({ ...s, epoch: 5 }), "The reconstructions after epoch 5, below the originals.");
  assert.match(about({ ...s, epoch: 1 }), /before training/);
  assert.match(speech(s), /^After epoch 3 of 6: ELBO −28\.00, reconstruction −25\.00, KL 3\.00 nats\./);
});

test("ink covers each pixel once, originals above what was drawn", () => {
  const state = { ...cases[1].state, count: 7, side: 3, epoch: 1, frames: [0] };
  const record = { sheets: [new Uint8Array(63).fill(255)], originals: new Uint8Array(63) };
  const { width, height } = layout(clean(state));
  assert.deepEqual([width, height], [19, 15]);
  const p = parts(clean(state), record);
  const runs = [...p.ink23.d.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)].map(([, x, y, w]) => [x, y, w].map(Number));
  assert.equal(runs.reduce((sum, [, , w]) => sum + w, 0), 63);
  assert.deepEqual(new Set(runs.map(([, y]) => y)), new Set([4, 5, 6, 12, 13, 14]));
  assert.ok(runs.every(([x, , w]) => x + w <= width));
  assert.equal(p.ink0.d, "");
});

test("axes hold every value", () => {
  for (const values of [[-43, -20], [0, 0], [0, 4.4], [-98.48, -98.47]]) {
    const box = axis(values);
    assert.ok(box.low <= Math.min(...values) && box.high >= Math.max(...values) && box.ticks.length >= 2);
  }
});
