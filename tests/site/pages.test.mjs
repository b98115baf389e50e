// Every page, served under a sub-path: quiet, accessible in both modes, readable on a phone and on paper.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { live, open, PAGES, withSite } from "./harness.mjs";

const AXE = readFileSync(new URL("../../book/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

async function axe(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame); // the page has settled
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`));
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

test("every page", async (t) => {
  assert.ok(PAGES.length > 1, "the site has no pages: run make book");
  await withSite(async ({ browser, url }) => {
    for (const path of PAGES) {
      await t.test(path, async () => {
        const { page, faults, close } = await open(browser, url + path, { viewport: { width: 1360, height: 900 } });
        await live(page);
        assert.deepEqual(await axe(page), [], "axe, light");
        await page.emulateMedia({ colorScheme: "dark" });
        await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
        assert.deepEqual(await axe(page), [], "axe, dark");
        for (const width of [390, 320]) assert.deepEqual(await overflow(page, width), [], `overflow at ${width} px`);
        assert.deepEqual(await axe(page), [], "axe, phone");

        await page.emulateMedia({ media: "print", colorScheme: "light" });
        assert.ok(await page.locator("article").isVisible());
        assert.equal(await page.locator(".contents").isVisible(), false);
        for (const still of await page.locator(".rp-host-still").all()) assert.ok(await still.isVisible(), "a still picture in print");
        assert.deepEqual(faults, []);
        await close();
      });
    }
  });
});

test("without JavaScript every page reads, with its still pictures", async () => {
  await withSite(async ({ browser, url }) => {
    for (const path of PAGES.filter((name) => name !== "search.html")) {
      const { page, faults, close } = await open(browser, url + path, { javaScriptEnabled: false });
      assert.ok((await page.locator("article").innerText()).length > 150, `${path} has text`);
      const block = page.locator("#rp-widgets");
      const { models } = (await block.count()) ? JSON.parse(await block.textContent()) : { models: {} };
      for (const widget of await page.locator(".rp-host").all()) {
        const still = widget.locator(".rp-host-still");
        assert.ok(await still.isVisible(), `${path}: a still picture is visible`);
        assert.ok((await still.textContent()).trim().length > 20, `${path}: a still picture says what it shows`);
        assert.ok(await widget.getAttribute("aria-label"), `${path}: a widget has a name`);
        const { state } = models[await widget.getAttribute("data-model")];
        const right = state.choices?.find(({ correct }) => correct)?.feedback ?? state.answer;
        if (right != null) {
          const plain = (text) => text.replace(/[_^]\{([^}]*)\}/g, "$1").replace(/[`*\s]+/g, " ");
          assert.ok(plain(await still.textContent()).includes(plain(String(right))), `${path}: a quiz shows its answer: ${right}`);
        }
      }
      for (const image of await page.locator("article img").all()) {
        assert.ok(await image.getAttribute("alt"), `${path}: ${await image.getAttribute("src")} has an alt text`);
      }
      for (const fold of await page.locator("article details").all()) {
        const opened = await fold.evaluate((node) => {
          node.querySelector("summary").click();
          return node.open;
        });
        assert.ok(opened, `${path}: a fold opens`);
      }
      assert.deepEqual(faults, []);
      await close();
    }
  });
});
