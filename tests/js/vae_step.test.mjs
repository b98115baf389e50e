import assert from "node:assert/strict";
import { test } from "node:test";

import { backward, clean, forward, NAMES, train } from "../../src/reparam/widgets/vae_step/model.js";
import { cards, markup, parts, speech, still, verdict } from "../../src/reparam/widgets/vae_step/view.js";
import { golden, near, sound } from "./near.mjs";

const rows = golden("vae_step");

for (const [i, row] of rows.entries()) {
  test(`golden ${i}: x ${row.state.x}, eps ${row.state.eps}, lr ${row.state.lr}`, () => {
    const r = train(clean(row.state));
    for (const key of ["params", "before", "grad", "moved", "after"]) near(r[key], row[key], key);
  });
}

test("the derivatives are slopes: central differences at the same noise", () => {
  for (const { state } of rows) {
    const { params, grad } = train(clean(state));
    for (const name of NAMES) {
      const at = (h) => forward({ ...params, [name]: params[name] + h }, state.x, state.eps).loss;
      const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
      assert.ok(Math.abs(slope - grad[name]) < 1e-6 * (1 + Math.abs(slope)), `${name}: ${slope}, ${grad[name]}`);
    }
  }
});

test("a short step lowers the loss as promised, and the card says so", () => {
  for (const { state } of rows) {
    const s = clean({ ...state, lr: 0.001 });
    const r = train(s);
    const [fall, promised] = [r.before.loss - r.after.loss, r.before.loss - r.promised];
    if (r.square === 0 || r.square > 100) continue; // a flat place; a step that is not short
    assert.ok(fall > 0 && Math.abs(fall - promised) < 0.2 * promised, `${fall}, ${promised}`);
  }
  assert.equal(verdict(train(clean({}))), "The loss fell from 1.2393 to 1.1529.");
  assert.match(verdict(train(clean({ x: 3, eps: 3, lr: 1, decoder: [3, 3] }))), /rose .*too long|overflowed/);
});

test("the six cards hold every number, with formulas whose numbers are put in", () => {
  const s = clean({});
  const r = train(s);
  const all = cards(s, r);
  assert.deepEqual(all.map(([name]) => name), ["Encode", "Sample", "Decode", "Score", "Gradients", "Update"]);
  const row = (key) => all.flatMap(([, , list]) => list).find(([name]) => name === key);
  assert.deepEqual(row("mean").slice(2, 5), ["a · x + b", "0.6 · 1 + 0.1", r.before.mean]);
  assert.deepEqual(row("log_var").slice(2, 4), ["c · x + d", "−0.4 · 1 − 0.2"]);
  assert.equal(row("d-a")[4], r.grad.a);
  assert.equal(row("new-k")[4], r.moved.k);
  assert.equal(parts(s, 0)["result-mean"].text, "0.7000");
  for (const value of [...Object.values(r.before), ...Object.values(r.grad), ...Object.values(r.moved), r.after.loss]) {
    assert.ok(all.some(([, , list]) => list.some(([, , , , shown]) => shown === value)), `${value}`);
  }
});

/** Numbers put into a formula, computed again: products before sums, `²`, `exp` and `/`. */
function compute(put) {
  const script = put.replaceAll("−", "-").replaceAll("·", "*").replaceAll("²", "**2").replaceAll("exp", "Math.exp")
    .replace(/^-\(([^()]|\([^()]*\))*\)\*\*2/, (square) => `-(${square.slice(1)})`);
  return Function(`return ${script}`)();
}

test("the numbers put in lead to the number shown", () => {
  for (const { state } of rows) {
    const s = clean(state);
    for (const [, , list] of cards(s, train(s))) {
      for (const [key, , , put, value] of list) {
        const gap = Math.abs(compute(put) - value);
        // Four decimals go in: a product of such numbers is good to their sizes.
        assert.ok(gap < 1e-3 * (1 + Math.abs(value)) + 3e-4, `${key}: ${put} is not ${value}`);
      }
    }
  }
});

test("one card lies open in the live widget, all six in the still", () => {
  const open = (html) => html.match(/class="rp-step"/g).length;
  assert.equal(open(markup(clean({}), "Step", "x")), 1);
  assert.equal(open(still({})), 6);
  for (let at = 0; at < 6; at += 1) {
    const shown = parts(clean({}), at);
    assert.deepEqual([0, 1, 2, 3, 4, 5].filter((k) => shown[`card${k}`].class === "rp-step"), [at]);
    assert.match(speech(clean({}), at), new RegExp(`^Step ${at + 1} of 6, ${cards(clean({}), train(clean({})))[at][0]}: `));
  }
});

test("the map hides what is not yet computed, then shows the way back", () => {
  const s = clean({});
  assert.equal(parts(s, 0)["value-z"].text, "·");
  assert.equal(parts(s, 1)["value-z"].text, "1.07");
  assert.equal(parts(s, 4)["value-mean"].text, "0.67");
  assert.equal(parts(s, 4)["value-x"].text, "–");
  assert.equal(parts(s, 5)["value-loss"].text, "1.15");
});

test("every end of every control can be drawn", () => {
  const corners = [[3, 3, 3, 3], [-3, -3, -3, -3], [3, -3, -3, 3], [0, 0, 0, 0], "abc", [1e9, NaN, null]];
  for (const x of [-3, 0, 3, 1e9, NaN]) {
    for (const eps of [-3, 0, 3, "x"]) {
      for (const lr of [0.001, 1, -1, NaN]) {
        for (const encoder of corners) {
          for (const decoder of [[3, 3], [-3, 3], [0, 0], undefined]) {
            const s = clean({ x, eps, lr, encoder, decoder });
            for (let at = -1; at < 6; at += 1) sound(JSON.stringify(parts(s, at)), `${x} ${eps} ${lr} ${encoder}`);
            sound(speech(s, 5), "speech");
          }
        }
        const s = clean({ x, eps, lr, encoder: corners[0], decoder: [3, 3] });
        for (const live of ["", "x"]) sound(markup(s, "Step", live), `${x} ${eps} ${lr}`);
      }
    }
  }
  sound(still({}), "nothing given");
  sound(still({ title: '"><script>', encoder: { length: 4 } }), "absurd");
});

test("nothing is lost at the datum and the noise of zero", () => {
  const s = clean({ x: 0, eps: 0, encoder: [1, 0, 1, 0], decoder: [1, 0] });
  const { before, grad } = train(s);
  near(before.kl, 0, "kl");
  assert.deepEqual(Object.values(backward(train(s).params, 0, 0, before)).map(Math.abs), Object.values(grad).map(() => 0));
  assert.equal(verdict(train(s)), "The loss did not change in four decimals.");
});
