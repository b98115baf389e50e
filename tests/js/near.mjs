import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** Golden cases written by `make_golden.py`. */
export const golden = (name) => JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), "utf8"));

/** The same shape and numbers, to 1e-9 of their size. */
export function near(actual, expected, what) {
  if (typeof expected === "number") {
    const gap = Math.abs(actual - expected);
    assert.ok(gap <= 1e-9 * Math.max(1, Math.abs(expected)), `${what}: got ${actual}, expected ${expected}`);
    return;
  }
  assert.equal(Object.keys(actual).length, Object.keys(expected).length, `${what}: sizes differ`);
  for (const key of Object.keys(expected)) near(actual[key], expected[key], `${what}.${key}`);
}

const VOID = new Set(["input", "br"]);

/** Markup whose tags all close, whose numbers are numbers, and which carries no id and no script. */
export function sound(markup, what) {
  for (const wrong of [/NaN|Infinity|undefined|\[object/, /\sid=|\son[a-z]+=|<script|https?:/i]) {
    const found = markup.search(wrong);
    assert.equal(found, -1, `${what}: …${markup.slice(Math.max(0, found - 60), found + 30)}…`);
  }
  const open = [];
  for (const [, closing, name, rest] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^>"])*)>/gi)) {
    if (closing) assert.equal(open.pop(), name, `${what}: </${name}> closes another tag`);
    else if (!rest.endsWith("/") && !VOID.has(name)) open.push(name);
  }
  assert.deepEqual(open, [], `${what}: tags left open`);
}
