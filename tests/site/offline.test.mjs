// The book without JavaScript, and its search, also from a folder.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromFolder, live, onEvery, open, PAGES, withSite } from "./harness.mjs";

const READ = PAGES.filter((path) => path !== "search.html"); // that one says that it needs JavaScript

async function found(page, word) {
  await page.locator("#search-results li a").first().waitFor();
  const titles = await page.locator("#search-results li").allInnerTexts();
  assert.ok(titles.length > 0, `search finds ${word}`);
}

test("the front page leads into the book", async () => {
  await withSite(async ({ browser, url }) => {
    const { page, close } = await open(browser, `${url}index.html`);
    await page.waitForURL(/chapters\/index\.html$/);
    await close();
  });
});

test("search finds a word, served and from file://, by keyboard", async () => {
  await withSite(async ({ browser, url }) => {
    for (const start of [url + PAGES[0], fromFolder(PAGES[0])]) {
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

onEvery("without JavaScript every page reads, with its still pictures", READ, async ({ browser, url }) => {
  const { page, faults, close } = await open(browser, url, { javaScriptEnabled: false });
  assert.ok((await page.locator("article").innerText()).length > 150, "it has text");
  const block = page.locator("#rp-widgets");
  const { models } = (await block.count()) ? JSON.parse(await block.textContent()) : { models: {} };
  const widgets = await page.locator(".rp-host").evaluateAll((hosts) =>
    hosts.map((host) => {
      const still = host.querySelector(".rp-host-still");
      const visible = Boolean(still?.checkVisibility({ visibilityProperty: true }));
      return { model: host.dataset.model, name: host.getAttribute("aria-label"), visible, text: still?.textContent ?? "" };
    }),
  );
  for (const { model, name, visible, text } of widgets) {
    assert.ok(name, "a widget has a name");
    assert.ok(visible, `${name}: a still picture is visible`);
    assert.ok(text.trim().length > 20, `${name}: a still picture says what it shows`);
    const { state } = models[model];
    const right = state.choices?.find(({ correct }) => correct)?.feedback ?? state.answer;
    if (right != null) {
      const plain = (words) => words.replace(/[_^]\{([^}]*)\}/g, "$1").replace(/[`*\s]+/g, " ");
      assert.ok(plain(text).includes(plain(String(right))), `${name}: a quiz shows its answer: ${right}`);
    }
  }
  const images = await page.locator("article img").evaluateAll((all) => all.map(({ alt, src }) => [alt, src]));
  for (const [alt, src] of images) assert.ok(alt, `${src} has an alt text`);
  const shut = await page.locator("article details").evaluateAll((folds) =>
    folds.filter((fold) => {
      if (!fold.open) fold.querySelector("summary").click();
      return !fold.open;
    }).length,
  );
  assert.equal(shut, 0, "folds that do not open");
  assert.deepEqual(faults, []);
  await close();
});
