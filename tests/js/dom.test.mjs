import assert from "node:assert/strict";
import { test } from "node:test";

import { bind, patcher } from "../../src/reparam/widgets/kit/dom.js";
import { last } from "../../src/reparam/widgets/kit/last.js";

/** A model as notebooks give it: every `set` is announced at once. */
function model(values) {
  const heard = new Map();
  return {
    heard,
    saves: 0,
    get: (key) => values[key],
    set(key, value) {
      values[key] = value;
      for (const listener of heard.get(`change:${key}`) ?? []) listener();
    },
    on: (type, listener) => heard.set(type, [...(heard.get(type) ?? []), listener]),
    off: (type, listener) => heard.set(type, heard.get(type).filter((other) => other !== listener)),
    save_changes() {
      this.saves += 1;
    },
  };
}

/** Binds `a` and `b` to a page without controls, with frames run by hand. */
function bound(context) {
  const frames = [];
  globalThis.requestAnimationFrame = (run) => frames.push(run);
  globalThis.cancelAnimationFrame = () => {};
  globalThis.matchMedia = () => ({ matches: false });
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const end = new AbortController();
  const spoken = { textContent: "" };
  const root = { querySelector: () => spoken, querySelectorAll: () => [] };
  const source = model({ a: 1, b: 2 });
  const drawn = [];
  const self = bind({
    model: source, page: { root, on() {}, signal: end.signal }, keys: ["a", "b"], sliders: [],
    clean: (s) => ({ a: Math.min(9, s.a), b: s.b }), draw: (s) => drawn.push({ ...s }), speech: (s) => `${s.a} ${s.b}`,
  });
  return { self, source, drawn, spoken, end, context, paint: (now) => frames.splice(0).forEach((run) => run(now)) };
}

test("values set together arrive together, cleaned, drawn once and saved once", (t) => {
  const { self, source, drawn, spoken, paint } = bound(t);
  self.set({ a: 5, b: 6 });
  self.set({ a: 70, b: 8 });
  paint();
  assert.deepEqual(drawn, [{ a: 9, b: 8 }]);
  assert.deepEqual([source.get("a"), source.get("b")], [9, 8]);
  assert.equal(spoken.textContent, "");
  t.mock.timers.tick(1000);
  assert.equal(source.saves, 1);
  assert.equal(spoken.textContent, "9 8");
});

test("a change from outside is drawn; one that is only shown is neither saved nor spoken", (t) => {
  const { self, source, drawn, spoken, paint } = bound(t);
  source.set("b", 3);
  paint();
  assert.deepEqual(drawn, [{ a: 1, b: 3 }]);
  self.show({ a: 4 });
  paint();
  t.mock.timers.tick(1000);
  assert.deepEqual(drawn.at(-1), { a: 4, b: 3 });
  assert.equal(source.get("a"), 1);
  assert.equal(source.saves, 0);
  assert.equal(spoken.textContent, "");
});

test("a run changes the state frame by frame and is saved and spoken once, at its end", (t) => {
  const { self, source, drawn, spoken, paint } = bound(t);
  self.play(100, (share) => ({ b: share }), { a: 3 });
  assert.deepEqual(self.state, { a: 3, b: 0 });
  for (const now of [0, 50]) paint(now);
  assert.equal(self.state.b, 0.5);
  assert.equal(source.get("b"), 2);
  t.mock.timers.tick(1000);
  assert.equal(spoken.textContent, "");
  for (const now of [100, 116]) paint(now);
  assert.deepEqual(drawn.at(-1), { a: 3, b: 1 });
  t.mock.timers.tick(1000);
  assert.deepEqual([source.get("b"), spoken.textContent], [1, "3 1"]);
});

test("the reader's change cuts a run short: the state stays, what was only shown is shown whole", (t) => {
  const { self, paint } = bound(t);
  let shown = 1;
  self.play(100, (share) => void (shown = share));
  for (const now of [0, 50]) paint(now);
  assert.equal(shown, 0.5);
  self.set({ a: 4 });
  assert.equal(shown, 1);
  self.glide(100, { b: 4 });
  for (const now of [200, 250]) paint(now);
  self.set({ a: 5 });
  for (const now of [300, 400]) paint(now);
  assert.deepEqual([shown, self.state], [1, { a: 5, b: 3 }]);
});

test("a change from outside ends a run too, and a run of no length is its end", (t) => {
  const { self, source, paint } = bound(t);
  self.glide(100, { b: 4 });
  paint(0);
  source.set("b", 7);
  for (const now of [50, 100]) paint(now);
  assert.equal(self.state.b, 7);
  self.play(0, (share) => ({ b: share }));
  assert.equal(self.state.b, 1);
});

test("what depends on some keys is computed when they change, and only then", () => {
  let calls = 0;
  const sum = last(["x", "list"], ({ x, list }) => {
    calls += 1;
    return list.reduce((a, b) => a + b, x);
  });
  assert.deepEqual([sum({ x: 1, list: [2], y: 0 }), sum({ x: 1, list: [2], y: 5 }), sum({ x: 1, list: [3], y: 5 })], [3, 3, 4]);
  assert.equal(calls, 2);
});

test("closing leaves no listener and no timer behind", (t) => {
  const { self, source, spoken, end } = bound(t);
  self.set({ a: 2 });
  end.abort();
  t.mock.timers.tick(1000);
  assert.equal(source.saves, 0);
  assert.equal(spoken.textContent, "");
  assert.equal([...source.heard.values()].flat().length, 0);
});

test("a patch touches only what changed", () => {
  const touched = [];
  const node = { dataset: { part: "x" }, setAttribute: (key, value) => touched.push([key, value]) };
  const patch = patcher({ querySelectorAll: () => [node] });
  patch({ x: { d: "M0", class: "a" }, absent: { d: "M1" } });
  patch({ x: { d: "M0", class: "b", text: "t" } });
  assert.deepEqual(touched, [["d", "M0"], ["class", "a"], ["class", "b"]]);
  assert.equal(node.textContent, "t");
});
