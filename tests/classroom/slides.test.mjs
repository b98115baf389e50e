// The decks in a browser, opened from a folder: quiet, nothing from outside, keys turn them, widgets live.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch } from "../../book/browser.mjs";
import { open } from "../site/harness.mjs";

const FOLDER = resolve(process.env.BOOK_SLIDES ?? fileURLToPath(new URL("../../_build/slides", import.meta.url)));
const DECKS = readdirSync(FOLDER).filter((name) => name.endsWith(".html"));

test("every deck", async (t) => {
  assert.ok(DECKS.length >= 3, "there are decks");
  const browser = await launch();
  for (const name of DECKS) {
    await t.test(name, async () => {
      const url = pathToFileURL(resolve(FOLDER, name)).href;
      const { page, faults, close } = await open(browser, url, { viewport: { width: 1280, height: 720 } });
      await page.waitForFunction(() => [...document.querySelectorAll(".rp-host")].every((host) => host.dataset.live || host.querySelector(".rp-host-note")));
      const total = await page.evaluate(() => Reveal.getHorizontalSlides().length);
      const now = () => page.evaluate(() => Reveal.getIndices().h);
      for (let slide = 0; slide < total; slide++) {
        assert.equal(await now(), slide, "the arrow turned one slide");
        const { text, wide, dead } = await page.evaluate(() => {
          const section = document.querySelector("section.present");
          return { text: section.innerText.trim(), wide: section.scrollWidth - section.clientWidth, dead: section.querySelectorAll(".rp-host:not([data-live])").length };
        });
        assert.ok(text.length > 5, `slide ${slide} says something`);
        assert.equal(wide, 0, `slide ${slide} does not scroll sideways: ${text.slice(0, 40)}`);
        assert.equal(dead, 0, `slide ${slide}: its widget is live`);
        await page.keyboard.press("ArrowRight");
      }
      const quiz = page.locator("section .rp-quiz input").first();
      const at = await quiz.evaluate((input) => Reveal.getIndices(input.closest("section")).h);
      await page.evaluate((h) => Reveal.slide(h), at);
      await quiz.check();
      await page.keyboard.press("ArrowDown");
      assert.equal(await now(), at, "an arrow inside a widget belongs to the widget");
      await page.keyboard.press("PageDown");
      assert.equal(await now(), Math.min(at + 1, total - 1), "a presenter's remote turns the slide all the same");
      await page.keyboard.press("d");
      assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
      await page.setViewportSize({ width: 390, height: 800 });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 390), "it fits a phone");
      assert.deepEqual(faults, []);
      await close();
    });
  }
  await browser.close();
});
