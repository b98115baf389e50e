// Every page, served under a sub-path: quiet, accessible in both modes, readable on a phone and on paper.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { live, onEvery, open, PAGES } from "./harness.mjs";

const AXE = readFileSync(new URL("../../book/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** Serious faults that axe finds. A mode changes nothing but colours, a width everything but them. */
async function axe(page, options) {
  return page.evaluate(async (options) => {
    await document.fonts.ready;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame); // the page has settled
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"], ...options });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`));
  }, options);
}

async function mode(page, name) {
  await page.emulateMedia({ colorScheme: name });
  await page.waitForFunction((name) => document.documentElement.dataset.theme === name, name);
}

/** Leave one drawn formula of each kind: what has the same look on the same grounds in both modes tells axe nothing new. */
async function strip(page) {
  for (const name of ["dark", "light"]) {
    await mode(page, name);
    await page.evaluate(() => {
      const look = (node, ...names) => names.map((name) => getComputedStyle(node)[name]).join();
      for (const drawn of document.querySelectorAll(".katex-html")) {
        const kind = new Set([drawn.dataset.kind]);
        for (const node of drawn.querySelectorAll("*")) kind.add(look(node, "color", "fontSize", "opacity"));
        for (let node = drawn; node; node = node.parentElement) kind.add(look(node, "backgroundColor", "backgroundImage", "opacity"));
        drawn.dataset.kind = [...kind].join(" ");
      }
    });
  }
  await page.evaluate(() => {
    const kinds = new Set();
    for (const drawn of document.querySelectorAll(".katex-html")) {
      if (kinds.has(drawn.dataset.kind)) drawn.remove();
      kinds.add(drawn.dataset.kind);
    }
  });
}

/** Elements that stick out of a window of this width (boxes that scroll by themselves may). */
async function overflow(page, width) {
  await page.setViewportSize({ width, height: 800 });
  return page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return [];
    return [...document.querySelectorAll("body *")]
      .filter((node) => node.getBoundingClientRect().right > limit + 1 && !node.parentElement.closest("pre, .formula, .pst-scrollable-table-container"))
      .slice(0, 5)
      .map((node) => `${node.tagName}.${node.className}`);
  });
}

test("there are pages", () => assert.ok(PAGES.length > 1, "the site has no pages: run make book"));

onEvery("every page", PAGES, async ({ browser, url }) => {
  const { page, faults, close } = await open(browser, url, { viewport: { width: 1360, height: 900 } });
  await live(page);
  assert.equal(await page.locator(".rp-host:not([data-live])").count(), 0, "dead widgets");
  for (const width of [390, 320]) assert.deepEqual(await overflow(page, width), [], `overflow at ${width} px`);
  await page.setViewportSize({ width: 1360, height: 900 });

  await page.evaluate(AXE);
  await strip(page); // half of the page's elements
  assert.deepEqual(await axe(page), [], "axe, light");
  await page.locator(".katex-mathml").evaluateAll((all) => all.forEach((node) => node.remove())); // no mode or width changes what is said
  await mode(page, "dark");
  assert.deepEqual(await axe(page, { runOnly: ["color-contrast", "link-in-text-block"] }), [], "axe, dark");
  await page.setViewportSize({ width: 320, height: 800 });
  assert.deepEqual(await axe(page, { rules: { "color-contrast": { enabled: false } } }), [], "axe, phone");

  await page.emulateMedia({ media: "print", colorScheme: "light" });
  assert.ok(await page.locator("article").isVisible());
  assert.equal(await page.locator(".contents").isVisible(), false);
  for (const still of await page.locator(".rp-host-still").all()) assert.ok(await still.isVisible(), "a still picture in print");
  assert.deepEqual(faults, []);
  await close();
});
