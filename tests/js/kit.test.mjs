import assert from "node:assert/strict";
import { test } from "node:test";

import { fromHandle, toHandle } from "../../src/reparam/widgets/kit/controls.js";
import { ndtr, phi } from "../../src/reparam/widgets/kit/normal.js";
import { rich } from "../../src/reparam/widgets/kit/rich.js";
import { gumbels, normals, uniforms } from "../../src/reparam/widgets/kit/rng.js";
import { at, dots, line } from "../../src/reparam/widgets/kit/svg.js";
import { clamp, escape, fixed, nice, parseNumber, short } from "../../src/reparam/widgets/kit/text.js";

const N = 200_000;

/** Largest distance between the draws and a distribution function; 1.95 / sqrt(n) has probability 0.001. */
function kolmogorov(draws, cdf) {
  const sorted = Float64Array.from(draws).sort();
  return sorted.reduce((worst, x, i) => Math.max(worst, Math.abs(cdf(x) - i / sorted.length), Math.abs(cdf(x) - (i + 1) / sorted.length)), 0);
}

const mean = (xs, f = (x) => x) => xs.reduce((sum, x) => sum + f(x), 0) / xs.length;

test("the normal law", () => {
  const known = [[0, 0.5], [1.5, 0.9331927987311419], [-1.5, 0.06680720126885807], [-5, 2.866515718791939e-7], [9, 1], [-9, 0]];
  for (const [x, share] of known) assert.ok(Math.abs(ndtr(x) - share) < 1e-15, String(x));
  for (const x of [-3, 0, 0.7]) assert.ok(Math.abs((ndtr(x + 1e-4) - ndtr(x - 1e-4)) / 2e-4 - phi(x)) < 1e-8, String(x));
});

for (const seed of [0, 1, 12345]) {
  test(`noise of seed ${seed} has its distribution`, () => {
    const normal = normals(seed, N);
    assert.ok(kolmogorov(normal, ndtr) < 1.95 / Math.sqrt(N));
    assert.ok(Math.abs(mean(normal)) < 4.5 / Math.sqrt(N));
    assert.ok(Math.abs(mean(normal, (x) => x * x) - 1) < 4.5 * Math.sqrt(2 / N));
    const gumbel = gumbels(seed, N);
    assert.ok(kolmogorov(gumbel, (x) => Math.exp(-Math.exp(-x))) < 1.95 / Math.sqrt(N));
    assert.ok(Math.abs(mean(gumbel) - 0.5772156649) < (4.5 * Math.PI) / Math.sqrt(6 * N));
    assert.ok(Math.abs(mean(gumbel, (x) => x * x) - (Math.PI ** 2 / 6 + 0.5772156649 ** 2)) < 4.5 * Math.sqrt(11 / N));
    // Neighbours in a stream share nothing: this would see a wrong Box-Muller pairing.
    assert.ok(Math.abs(mean(normal, (x) => x) - mean(normal.map((x, i) => x * normal[(i + 1) % N]))) < 9 / Math.sqrt(N));
  });
}

test("neighbouring seeds are unrelated, one seed repeats, and draws are a prefix", () => {
  const [a, b] = [normals(7, N), normals(8, N)];
  assert.ok(Math.abs(mean(a.map((x, i) => x * b[i]))) < 4.5 / Math.sqrt(N));
  assert.deepEqual(normals(7, 5), normals(7, 5));
  assert.deepEqual(normals(7, 5), normals(7, 6).slice(0, 5));
  assert.deepEqual(gumbels(7, 5), gumbels(7, 6).slice(0, 5));
  const uniform = uniforms(0);
  for (let i = 0; i < N; i += 1) {
    const u = uniform();
    assert.ok(u > 0 && u < 1);
  }
});

test("numbers are read as people write them", () => {
  const good = { "0.25": 0.25, "0,25": 0.25, "1/4": 0.25, " 1 / 4 ": 0.25, "2.5e-1": 0.25, ".25": 0.25, "−3": -3, "-3/4": -0.75, "+2": 2, "5.": 5, "1e9": 1e9, "0": 0 };
  for (const [text, value] of Object.entries(good)) assert.equal(parseNumber(text), value, text);
  for (const text of ["", "  ", "abc", "1/0", "1/2/3", "1,000.5", "1 2", "--1", "1e999", "NaN", "Infinity", "0x10", "1/", "/2", "e5", "."]) {
    assert.equal(parseNumber(text), null, text);
  }
});

test("numbers are shown without minus zero", () => {
  assert.equal(fixed(-0.001), "0.00");
  assert.equal(fixed(-0), "0.00");
  assert.equal(fixed(-1.5), "−1.50");
  assert.equal(short(123.4), "123");
  assert.equal(short(-2.5e7), "−2.5e7");
  assert.equal(short(3.14159), "3.14");
});

test("scales are round and large enough", () => {
  for (const x of [1e-6, 0.11, 0.2, 1, 1.01, 4.2, 7.6, 99, 12345]) assert.ok(nice(x) >= x * (1 - 1e-9) && nice(x) <= 2.01 * x, `${x}`);
  assert.equal(nice(0), 1);
  assert.equal(nice(NaN), 1);
});

test("clamping turns anything into a number of the range", () => {
  assert.equal(clamp(1e9, 0, 3, 1), 3);
  assert.equal(clamp(-Infinity, 0, 3, 1), 0);
  for (const odd of [NaN, null, undefined, "2", {}, []]) assert.equal(clamp(odd, 0, 3, 1), 1);
});

test("a log slider keeps its ends", () => {
  const slider = { min: 0.05, max: 10, log: true };
  assert.equal(fromHandle(slider, toHandle(slider, 0.05)), 0.05);
  assert.equal(fromHandle(slider, toHandle(slider, 10)), 10);
  assert.equal(fromHandle(slider, 400), 10);
  assert.equal(fromHandle(slider, NaN), 0.05);
});

test("rich text renders four things and escapes the rest", () => {
  assert.equal(rich("a `x < *y*` b"), "a <code>x &lt; *y*</code> b");
  assert.equal(rich("*same* noise, 2*3*4, a * b * c"), "<em>same</em> noise, 2*3*4, a * b * c");
  assert.equal(rich("x_{i} and s^{2}"), "x<sub>i</sub> and s<sup>2</sup>");
  assert.equal(rich('<img src=x onerror="a">'), "&lt;img src=x onerror=&quot;a&quot;&gt;");
  assert.equal(rich("x_{<b>}"), "x<sub>&lt;b&gt;</sub>");
  assert.equal(escape(`<&>"'`), "&lt;&amp;&gt;&quot;&#39;");
});

test("paths stay finite", () => {
  assert.equal(line([[0, 0], [1.26, 2]]), "M0 0L1.3 2");
  assert.equal(dots([[1, 2]]), "M1 2l.01 0");
  assert.equal(at(1e30), 1e5);
});
