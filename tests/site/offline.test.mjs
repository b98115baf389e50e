// The book opened from a folder, and its search.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { live, open, PAGES, SITE, withSite } from "./harness.mjs";

async function found(page, word) {
  await page.locator("#search-results li a").first().waitFor();
  const titles = await page.locator("#search-results li").allInnerTexts();
  assert.ok(titles.length > 0, `search finds ${word}`);
}

test("from file:// every page is quiet and its widgets are live", async () => {
  await withSite(async ({ browser }) => {
    for (const path of PAGES) {
      const { page, faults, close } = await open(browser, pathToFileURL(`${SITE}/${path}`).href);
      await live(page);
      assert.equal(await page.locator(".rp-host:not([data-live])").count(), 0, path);
      assert.deepEqual(faults, [], path);
      await close();
    }
  });
});

test("the front page leads into the book", async () => {
  await withSite(async ({ browser, url }) => {
    const { page, close } = await open(browser, `${url}index.html`);
    await page.waitForURL(/chapters\/index\.html$/);
    await close();
  });
});

test("search finds a word, served and from file://, by keyboard", async () => {
  await withSite(async ({ browser, url }) => {
    for (const start of [url + PAGES[0], pathToFileURL(`${SITE}/${PAGES[0]}`).href]) {
      const { page, faults, close } = await open(browser, start, { viewport: { width: 1360, height: 900 } });
      await live(page); // Chromium drops keys pressed before the first frame is drawn; no reader is that fast
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      await page.keyboard.press("Control+k");
      await page.locator("form.find input:focus").waitFor();
      await page.keyboard.type("Gumbel");
      await page.keyboard.press("Enter");
      await found(page, "Gumbel");
      assert.deepEqual(faults, [], start);
      await close();
    }
  });
});
