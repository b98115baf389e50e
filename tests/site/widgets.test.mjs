// Every widget on every page is live and answers to the keyboard, also at the ends of its range.
import assert from "node:assert/strict";
import { test } from "node:test";
import { live, open, PAGES, withSite } from "./harness.mjs";

const BROKEN = /\b(NaN|undefined|Infinity)\b/;
const TYPED = ["1e9", "-1e9", "0", "", "1/4", "0,25", "abc"];
const KEYS = ["Home", "ArrowLeft", "ArrowDown", "End", "ArrowRight", "ArrowUp", "PageDown"];

/** The next control that nobody has touched yet, if any: answering may add, disable or remove others. */
async function next(widget) {
  const fresh = ".rp-host-live :is(input, select, button, textarea, summary):not([disabled], [data-driven])";
  for (const control of await widget.locator(fresh).elementHandles()) {
    if (!(await control.isVisible())) continue;
    await control.evaluate((node) => node.setAttribute("data-driven", ""));
    return control;
  }
  return null;
}

/** Drive one control the way a hand on the keyboard would; returns what was done, for the message. */
async function drive(control, type) {
  await control.focus();
  if (type === "range") for (const key of KEYS) await control.press(key);
  else if (type === "button" || type === "submit" || type === "summary") await control.press("Enter");
  else if (type === "checkbox") await control.press("Space");
  else if (type === "radio") for (const key of ["Space", "ArrowDown"]) await control.press(key);
  else if (type === "select-one") for (const key of ["End", "Home"]) await control.press(key);
  else {
    for (const text of TYPED) {
      if (type === "number" && !/^-?[\de.]*$/.test(text)) continue;
      if (!(await control.evaluate((node) => node.isConnected && !node.disabled && !node.readOnly))) return;
      await control.fill(text);
      await control.press("Enter");
    }
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

test("every widget is live and survives the keyboard", async (t) => {
  await withSite(async ({ browser, url }) => {
    let driven = 0;
    for (const path of PAGES) {
      const { page, faults, close } = await open(browser, url + path);
      const block = page.locator("#rp-widgets");
      const models = (await block.count()) ? Object.keys(JSON.parse(await block.textContent()).models) : [];
      await live(page);
      const mounted = await page.locator(".rp-host[data-live]").evaluateAll((hosts) => hosts.map((host) => host.dataset.model));
      assert.deepEqual(new Set(mounted), new Set(models), `${path}: every model is mounted`);
      assert.equal(await page.locator(".rp-host:not([data-live])").count(), 0, `${path}: no widget is dead`);

      for (const widget of await page.locator(".rp-host").all()) {
        const name = `${path}: ${await widget.getAttribute("aria-label")}`;
        let count = 0;
        for (let control; (control = await next(widget)) && count < 60; count++) {
          const type = await control.evaluate((node) => node.type ?? node.tagName.toLowerCase());
          await drive(control, type);
          await check(widget, `${name}, control ${count} (${type})`);
        }
        assert.ok(count > 0, `${name} has a control`);
        driven += count;
      }
      assert.deepEqual(faults, [], path);
      await close();
    }
    t.diagnostic(`${driven} controls driven`);
  });
});
