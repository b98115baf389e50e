import assert from "node:assert/strict";
import { test } from "node:test";

import { backward, clean, forward, LINKS, links, NAMES, train } from "../../src/reparam/widgets/vae_step/model.js";
import { cards, FIELDS, link, markup, parts, speech, still, verdict, ways } from "../../src/reparam/widgets/vae_step/view.js";
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

test("every link of the chain rule is autograd's, and what arrives is the gradient", () => {
  for (const row of rows) {
    const s = clean(row.state);
    const all = links(s, train(s));
    assert.deepEqual(all.map(({ from, to }) => `${from} ${to}`).sort(), Object.keys(row.links).sort());
    for (const { from, to, above, local, product } of all) {
      near({ above, local }, row.links[`${from} ${to}`], `${from} ${to}`);
      near(product, row.links[`${from} ${to}`].above * row.links[`${from} ${to}`].local, `${from} ${to}, product`);
    }
    const { loss, reconstruction, kl, ...arrived } = all.at(-1).slopes;
    assert.deepEqual([loss, reconstruction, kl], [1, -1, 1]);
    near(arrived, row.grad, "arrived");
  }
});

test("each link is told with numbers that lead to its product", () => {
  const read = (text) => Number(text.replace(/[()]/g, "").replace("−", "-"));
  for (const { state } of rows) {
    const s = clean(state);
    links(s, train(s)).forEach(({ product, before, to }, k) => {
      const [, a, b, c] = link(s, k).match(/so far (\S+)\s· (\S+) = (−?[\d.]*\d)/).map(read);
      assert.ok(Math.abs(a * b - c) < 1e-4 * (1 + Math.abs(a) + Math.abs(b)) && Math.abs(c - product) <= 5.1e-5, link(s, k));
      if (before === undefined) return assert.ok(!link(s, k).includes("add up"));
      const [, d, e, f] = link(s, k).match(/add up: (\S+) ([+−] \S+) = (−?[\d.]*\d) /).map((text) => read(text.replace(" ", "")));
      assert.ok(Math.abs(d + e - f) < 1.6e-4 && Math.abs(f - train(s).grad[to]) <= 5.1e-5, link(s, k));
    });
  }
  const sheet = clean(rows[1].state);
  assert.equal(link(sheet, 1), "Link 2 of 14, from reconstruction to x̂. Local slope dreconstruction/dx̂ = x − x̂ = 0.8639. Product so far −1\u00a0· 0.8639 = −0.8639 = dx̂.");
  assert.match(link(sheet, 5), /^Link 6 of 14, from z to mean\. Local slope dz\/dmean = 1\. .* This is the first of two paths\.$/);
  assert.match(link(sheet, 7), /Local slope dKL\/dmean = mean = 1\. .*The two paths add up: −1\.0367 \+ 1 = −0\.0367 = dmean\.$/);
});

test("the pass lights one link and one number at a time, and hides what has not arrived", () => {
  const s = clean(rows[1].state);
  const r = train(s);
  const whole = parts(s, 4);
  const which = (shown, prefix, word) => Object.keys(shown).filter((key) => key.startsWith(prefix) && shown[key].class.split(" ").includes(word));
  LINKS.forEach(([from, to], k) => {
    const shown = parts(s, 4, k);
    assert.deepEqual(which(shown, "edge", "rp-link"), [`edge${ways[k][0]}`]);
    assert.equal(ways[k][1], NAMES.includes(to) ? 0.5 : 1, "a weight lies halfway along its edge");
    const lit = [...which(shown, "node-", "rp-now"), ...which(shown, "weight-", "rp-now")];
    assert.deepEqual(lit, [`${NAMES.includes(to) ? "weight" : "node"}-${to}`]);
    for (const key of Object.keys(r.grad)) {
      const arrives = LINKS.findLastIndex(([, end]) => end === key);
      assert.equal(shown[`row-${key}`].class.includes("rp-later"), arrives > k, `${key} at link ${k}`);
    }
    assert.equal(shown[`value-${from}`].text, whole[`value-${from}`].text, `${from} is complete before it is passed on`);
    assert.equal(shown.link.text, link(s, k));
  });
  assert.equal(parts(s, 4, 5)["value-mean"].text, "−1.04");
  assert.equal(parts(s, 4, 7)["value-mean"].text, "−0.04");
  assert.equal(parts(s, 4, 3)["value-z"].text, "·");
  const last = parts(s, 4, LINKS.length - 1);
  for (const key of Object.keys(whole).filter((name) => name.startsWith("value-"))) assert.deepEqual(last[key], whole[key]);
  assert.deepEqual([whole.walk.class, whole.link.text, last.walk.class], ["rp-off", "", ""]);
});

test("each number has one labelled field, and a weight that is typed goes into its row", () => {
  const s = clean({ ...clean({}), c: 1.25, k: 9 });
  assert.deepEqual([s.encoder, s.decoder], [[0.6, 0.1, 1.25, -0.2], [0.8, 3]]);
  assert.deepEqual(clean(s), s);
  assert.equal(train(s).params.c, 1.25);
  assert.deepEqual(clean({ encoder: [1, 2, 3, -1] }).encoder, [1, 2, 3, -1]);
  const html = markup(clean({}), "Step", "x");
  for (const { key, show } of FIELDS) {
    assert.equal(html.split(`<label class="rp-weight">${key}<input type="text"`).length, 2, key);
    assert.ok(html.includes(`data-key="${key}" value="${show(clean({})[key])}"`), key);
  }
  assert.deepEqual(FIELDS.map(({ key }) => key), NAMES);
  for (const key of ["x", "eps", "lr"]) assert.equal(html.split(`data-key="${key}"`).length, 3, `${key}: a slider and a field`);
  assert.equal(html.match(/<legend/g).length, 3);
  assert.ok(!/<input|<button|<legend/.test(still({})));
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
            for (const beat of [7, 13]) sound(JSON.stringify(parts(s, 4, beat)), `${x} ${eps} ${encoder}, link ${beat}`);
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
