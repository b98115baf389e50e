// Every widget on every page is live and answers to the keyboard, also at the ends of its range.
import assert from "node:assert/strict";
import { test } from "node:test";
import { live, open, PAGES, withSite } from "./harness.mjs";

const BROKEN = /\b(NaN|undefined|Infinity)\b/;
const TYPED = ["1e9", "-1e9", "0", "", "1/4", "0,25", "abc"];
const KEYS = ["Home", "ArrowLeft", "ArrowDown", "End", "ArrowRight", "ArrowUp", "PageDown"];

/** The next control that nobody has touched yet, if any: answering may add, disable or remove others. */
async function next(widget) {
  const found = await widget.evaluateHandle((node) => {
    const fresh = ".rp-host-live :is(input, select, button, textarea, summary):not([disabled], [data-driven])";
    const control = [...node.querySelectorAll(fresh)].find((node) => node.checkVisibility({ visibilityProperty: true }));
    control?.setAttribute("data-driven", "");
    return control;
  });
  return found.asElement();
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
