// On every page, opened from a folder, every widget is live and answers to the keyboard, also at the ends of its range.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromFolder, live, onEvery, open, PAGES, withSite } from "./harness.mjs";

const BROKEN = /\b(NaN|undefined|Infinity)\b/;
const TYPED = ["1e9", "-1e9", "0", "", "1/4", "0,25", "abc"];
const KEYS = {
  range: ["Home", "ArrowLeft", "ArrowDown", "End", "ArrowRight", "ArrowUp", "PageDown"],
  button: ["Enter"],
  submit: ["Enter"],
  summary: ["Enter"],
  checkbox: ["Space"],
  radio: ["Space", "ArrowDown"],
  "select-one": ["End", "Home"],
};
const STAYS = ["range", "select-one", "checkbox"]; // an answer or a button may put something else in their place

/** Focus the next control that nobody has touched yet; its type, or null. Answering may add, disable or remove others. */
function next(widget) {
  return widget.evaluate((node) => {
    const fresh = ".rp-host-live :is(input, select, button, textarea, summary):not([disabled], [data-driven])";
    const control = [...node.querySelectorAll(fresh)].find((node) => node.checkVisibility({ visibilityProperty: true }));
    if (!control) return null;
    control.setAttribute("data-driven", "");
    control.focus();
    globalThis.driven = control;
    return document.activeElement === control ? (control.type ?? "summary") : "out of reach";
  });
}

/** Drive the control in focus the way a hand on the keyboard would. */
async function drive(page, type) {
  for (const key of KEYS[type] ?? []) await page.keyboard.press(key);
  if (STAYS.includes(type)) assert.ok(await page.evaluate(() => document.activeElement === globalThis.driven), "the focus stays");
  if (KEYS[type]) return;
  for (const text of TYPED) {
    if (type === "number" && !/^-?[\de.]*$/.test(text)) continue;
    const ready = await page.evaluate(() => {
      const { driven } = globalThis;
      if (!driven.isConnected || driven.disabled || driven.readOnly) return false;
      driven.focus();
      driven.select();
      return true;
    });
    if (!ready) return;
    await page.keyboard.insertText(text);
    await page.keyboard.press("Enter");
  }
}

async function check(widget, what) {
  const { text, marks } = await widget.evaluate((node) => ({
    text: node.querySelector(".rp-host-live").innerText,
    marks: node.querySelector(".rp-host-live").innerHTML.match(/="[^"]*\b(NaN|undefined|Infinity)\b[^"]*"/g) ?? [],
  }));
  assert.doesNotMatch(text, BROKEN, what);
  assert.deepEqual(marks, [], what);
}

onEvery("from a folder every widget is live and survives the keyboard", PAGES, async ({ t, browser, path }) => {
  const { page, faults, close } = await open(browser, fromFolder(path));
  const block = page.locator("#rp-widgets");
  const models = (await block.count()) ? Object.keys(JSON.parse(await block.textContent()).models) : [];
  await live(page);
  const mounted = await page.locator(".rp-host[data-live]").evaluateAll((hosts) => hosts.map((host) => host.dataset.model));
  assert.deepEqual(new Set(mounted), new Set(models), "every model is mounted");
  assert.equal(await page.locator(".rp-host:not([data-live])").count(), 0, "no widget is dead");

  let driven = 0;
  for (const widget of await page.locator(".rp-host").all()) {
    const name = await widget.getAttribute("aria-label");
    let count = 0;
    for (let type; (type = await next(widget)) && count < 60; count++) {
      assert.notEqual(type, "out of reach", `${name}, control ${count}`);
      await drive(page, type);
      await check(widget, `${name}, control ${count} (${type})`);
    }
    assert.ok(count > 0, `${name} has a control`);
    driven += count;
  }
  assert.deepEqual(faults, []);
  await close();
  t.diagnostic(`${driven} controls driven`);
});

test("the backward pass of one VAE step plays, stops, and goes by link with the keyboard", async (t) => {
  const path = "chapters/one-step-by-hand.html";
  if (!PAGES.includes(path)) return t.skip("this site has no such page");
  await withSite(async ({ browser, url }) => {
    for (const reducedMotion of ["no-preference", "reduce"]) {
      const { page, faults, close } = await open(browser, url + path, { reducedMotion });
      await live(page);
      const step = page.locator(".rp-host-live .rp-vae-step");
      const told = (n) => step.locator(".rp-told", { hasText: `Link ${n} of 14` }).waitFor({ timeout: 5000 });
      const play = step.locator('[data-action="play"]');
      await play.press("Enter");
      await told(1);
      if (reducedMotion === "reduce") {
        assert.equal(await play.innerText(), "Play on", "no motion: each press is one link");
        await page.waitForTimeout(3500);
        await told(1);
        await play.press("Enter");
      } else {
        assert.equal(await play.innerText(), "Pause");
        await told(2);
        await play.press("Enter");
        assert.equal(await play.innerText(), "Play on");
        await page.waitForTimeout(3500);
      }
      await told(2);
      await page.keyboard.press("ArrowRight");
      await told(3);
      await page.keyboard.press("ArrowLeft");
      await told(2);
      await step.locator('[data-action="on"]').press("Enter");
      await told(3);
      await step.getByRole("group", { name: "x̂ = w · z + k" }).getByLabel("w").fill("2");
      await page.keyboard.press("Enter");
      await step.locator(".rp-here .rp-result", { hasText: "−0.2136" }).waitFor({ timeout: 5000 });
      for (let k = 0; k < 12; k++) await step.locator('[data-action="on"]').press("Enter");
      await told(14);
      assert.equal(await play.innerText(), "Play backward");
      await step.locator('[data-action="next"]').press("Enter");
      await step.locator(".rp-told", { hasText: /^$/ }).waitFor({ state: "attached", timeout: 5000 }); // another card ends the pass
      assert.deepEqual(faults, []);
      await close();
    }
  });
});
