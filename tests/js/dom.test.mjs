import assert from "node:assert/strict";
import { test } from "node:test";

import { bind, patcher } from "../../src/reparam/widgets/shared/dom.js";

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
  return { self, source, drawn, spoken, end, context, paint: () => frames.splice(0).forEach((run) => run()) };
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

test("a change from outside is drawn; a quiet one is neither saved nor spoken", (t) => {
  const { self, source, drawn, spoken, paint } = bound(t);
  source.set("b", 3);
  paint();
  assert.deepEqual(drawn, [{ a: 1, b: 3 }]);
  self.set({ a: 4 }, true);
  paint();
  t.mock.timers.tick(1000);
  assert.deepEqual(drawn.at(-1), { a: 4, b: 3 });
  assert.equal(source.get("a"), 1);
  assert.equal(source.saves, 0);
  assert.equal(spoken.textContent, "");
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
