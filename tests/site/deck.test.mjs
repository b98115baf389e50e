// The deck in a browser: by keyboard, with dates that outlast the page, on paper, and its package for Anki.
import assert from "node:assert/strict";
import { test } from "node:test";
import { live, open, PAGES, withSite } from "./harness.mjs";

const PATH = "chapters/deck.html";

test("the deck keeps its dates, prints as a sheet, and offers its package", async (t) => {
  if (!PAGES.includes(PATH)) return t.skip("this site has no deck");
  await withSite(async ({ browser, url }) => {
    const { page, faults, close } = await open(browser, url + PATH);
    await live(page);
    const deck = page.locator(".rp-host-live .rp-deck");
    const left = async () => Number.parseInt(await deck.locator(".rp-count").innerText(), 10);
    const all = await left();
    const rows = await page.locator(".rp-host-still tbody td:first-child").count();
    assert.equal(all, rows, "every card of the sheet is due for a new reader");

    const question = await deck.locator(".rp-card").innerText();
    await deck.locator('[data-action="flip"]').focus();
    await page.keyboard.press("2");
    assert.equal(await left(), all, "an answer before the card is turned over does not count");
    await page.keyboard.press("f");
    assert.notEqual(await deck.locator(".rp-card").innerText(), question);
    await page.keyboard.press("2");
    assert.equal(await left(), all - 1);
    await page.keyboard.press("f");
    await page.keyboard.press("1");
    assert.equal(await left(), all - 1, "a card that was not known stays in the round");
    await page.reload({ waitUntil: "load" });
    await live(page);
    assert.equal(await left(), all - 1, "the date of the known card outlasts the page");

    await deck.locator("select").selectOption({ index: 1 });
    assert.ok((await left()) < 12, "one chapter alone");
    await deck.locator('[data-action="early"]').press("Enter");
    const chapter = await left();
    await deck.locator('[data-action="forget"]').press("Enter");
    await deck.locator('[data-action="forget"]').press("Enter");
    assert.equal(await left(), chapter);
    assert.deepEqual(await page.evaluate(() => Object.values(localStorage).includes("{}")), true);

    await page.emulateMedia({ media: "print" });
    const sheet = page.locator(".rp-host-still .rp-sheet");
    assert.ok(await sheet.isVisible());
    assert.ok(await sheet.evaluate((node) => node.scrollHeight <= node.clientHeight + 1), "the whole sheet is printed");

    const file = await page.request.get(new URL(await page.locator("a[download$='.apkg'], a[href$='.apkg']").getAttribute("href"), page.url()).href);
    assert.equal((await file.body()).subarray(0, 2).toString(), "PK");
    assert.deepEqual(faults, []);
    await close();
  });
});
